import FoundationEssentials
import Glibc
import Logging
import Orchestration
import RunModel

/// Removes once a day what the configuration lets go, at a calm moment.
struct DailyRetention: Sendable {
  let orchestrator: Orchestrator
  let state: String
  let logger: Logger

  private static let interval = Duration.seconds(86_400)
  /// Calm: fewer events than this in a minute. After an hour of waiting for it any moment will do.
  private static let calm: UInt64 = 3000
  private static let patience = 60
  /// When it last ran, by its own time of change.
  private var note: String { state + "/retention" }

  /// Until the task is canceled.
  func run() async throws {
    var waited = 0
    var seq = await orchestrator.lastSeq()
    while true {
      try await Task.sleep(for: .seconds(60))
      let now = await orchestrator.lastSeq()
      let isCalm = now - min(now, seq) < Self.calm
      seq = now
      guard isDue else { continue }
      waited += 1
      guard isCalm || waited > Self.patience else { continue }
      waited = 0
      do { _ = try await orchestrator.collectByPolicy() } catch {
        logger.error("retention failed", metadata: ["error": "\(error)"])
      }
      // Tried again tomorrow, whatever came of it.
      if !FileManager.default.createFile(atPath: note, contents: nil) {
        logger.warning("retention cannot be noted", metadata: ["path": "\(note)"])
      }
    }
  }

  /// A clock that was set back makes it due as well.
  private var isDue: Bool {
    var status = stat()
    guard stat(note, &status) == 0 else { return true }
    let age = Int64(time(nil)) - Int64(status.st_mtim.tv_sec)
    return age < 0 || age >= Self.interval.components.seconds
  }
}
