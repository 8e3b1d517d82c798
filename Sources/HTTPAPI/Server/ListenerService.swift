import Hummingbird
import Logging
import Orchestration
import RunModel
import ServiceLifecycle
import Synchronization

/// One address: its failure to bind reads as a person would say it, and a socket whose name is taken away under it (a clean-up
/// of temporary files, a session's end) gets it back.
struct ListenerService: Service {
  let listener: Listener
  let application: Application<APIResponder>
  /// Another one for the same address; nil when the server is no more.
  let again: @Sendable () throws -> Application<APIResponder>?
  let interval: Duration
  let logger: Logger

  func run() async throws {
    guard case .unix(let path) = listener.address else { return try await serve(application) }
    // The one without a name serves those who are connected until they leave.
    try await withThrowingDiscardingTaskGroup { group in
      group.addTask { try await serve(application) }
      let (losses, tell) = AsyncStream.makeStream(of: Void.self)
      group.addTask {
        do { try await cancelWhenGracefulShutdown { try await watch(path, tell) } } catch {}  // only ever canceled
        tell.finish()
      }
      for await _ in losses {
        group.addTask { await serveAgain(path) }
      }
    }
  }

  private func serve(_ application: Application<APIResponder>) async throws {
    listener.mask?.narrow()
    defer { listener.mask?.restore() }
    do { try await application.run() } catch is CancellationError {} catch { throw listener.problem(error) }
  }

  private func serveAgain(_ path: String) async {
    do {
      try listener.reclaim()
      guard let application = try again() else { return }
      try await serve(application)
    } catch {
      logger.error("the socket cannot be made anew", metadata: ["socket": "\(path)", "error": "\(error)"])
      // Tried again at the next look.
      listener.isMissing.withLock { $0 = false }
    }
  }

  private func watch(_ path: String, _ losses: AsyncStream<Void>.Continuation) async throws {
    var isTold = false
    while true {
      try await Task.sleep(for: interval)
      guard let made = listener.made.withLock({ $0 }) else { continue }
      guard let found = FileStatus(path: path) else {
        if listener.isMissing.withLock({ missing in
          defer { missing = true }
          return !missing
        }) {
          logger.warning("the socket was taken away and is made anew", metadata: ["socket": "\(path)"])
          losses.yield()
        }
        continue
      }
      guard found.device != made.device || found.number != made.number else {
        isTold = false
        continue
      }
      // What somebody else has put there is theirs.
      if !isTold { logger.warning("something else lies where the socket was", metadata: ["socket": "\(path)"]) }
      isTold = true
    }
  }
}
