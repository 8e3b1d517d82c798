import FoundationEssentials
import Glibc
import Logging
import RunModel

/// `<state>/suspect`: whoever read the store's file whole has found it damaged, noted for the orchestrator that works on it or
/// the next one, which looks for itself.
struct StoreSuspicion: Sendable {
  let state: String

  private var path: String { state + "/suspect" }

  /// Without the note the next backup finds the same.
  func note() {
    _ = FileManager.default.createFile(atPath: path, contents: Data(), attributes: [.posixPermissions: 0o600])
  }

  /// Looks whenever there is a new note. A store that is damaged keeps it, so that the next start looks again; what is found
  /// whole, as another was put in its place, does not. Ends by cancellation.
  func follow(
    logger: Logger, sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
    examine: @Sendable () async throws -> Void
  ) async throws {
    var seen: timespec?
    while true {
      var status = stat()
      if stat(path, &status) == 0,
        seen.map({ $0.tv_sec != status.st_mtim.tv_sec || $0.tv_nsec != status.st_mtim.tv_nsec }) ?? true
      {
        seen = status.st_mtim
        do {
          try await examine()
          unlink(path)
          logger.notice("the store was suspected to be damaged, and is whole")
        } catch is CancellationError {
          throw CancellationError()
        } catch {
          logger.error("the store is not whole", metadata: ["problem": "\(error)"])
        }
      }
      try await sleep(.seconds(2))
    }
  }
}
