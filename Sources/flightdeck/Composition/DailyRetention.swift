import Glibc
import Logging
import Orchestration
import RunModel

/// Removes once a day what the configuration lets go, at a calm moment.
struct DailyRetention: Sendable {
  /// When it last ran, by its own time of change.
  let note: String
  let logger: Logger
  /// Of the last event.
  let seq: @Sendable () async -> UInt64
  let collect: @Sendable () async throws -> Void
  var now: @Sendable () -> Timestamp = { .now }
  var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }

  private static let interval: Int64 = 86_400_000
  /// Calm: fewer events than this in a minute. After an hour of waiting for it any moment will do.
  private static let calm: UInt64 = 3000
  private static let patience = 60

  init(
    note: String, logger: Logger, seq: @escaping @Sendable () async -> UInt64,
    collect: @escaping @Sendable () async throws -> Void
  ) {
    self.note = note
    self.logger = logger
    self.seq = seq
    self.collect = collect
  }

  init(_ orchestrator: Orchestrator, state: String, logger: Logger) {
    self.init(
      note: state + "/retention", logger: logger, seq: { await orchestrator.lastSeq() },
      collect: { _ = try await orchestrator.collectByPolicy() })
  }

  /// Until the task is canceled.
  func run() async throws {
    var waited = 0
    var last = await seq()
    while true {
      try await sleep(.seconds(60))
      let now = await seq()
      let isCalm = now - min(now, last) < Self.calm
      last = now
      guard isDue else { continue }
      waited += 1
      guard isCalm || waited > Self.patience else { continue }
      waited = 0
      do { try await collect() } catch {
        logger.error("retention failed", metadata: ["error": "\(error)"])
      }
      // Tried again tomorrow, whatever came of it.
      if !write() { logger.warning("retention cannot be noted", metadata: ["path": "\(note)"]) }
    }
  }

  private func write() -> Bool {
    let descriptor = open(note, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    let time = now().milliseconds
    let moment = timespec(tv_sec: Int(time / 1000), tv_nsec: Int(time % 1000) * 1_000_000)
    return futimens(descriptor, [moment, moment]) == 0
  }

  /// A clock that was set back makes it due as well.
  private var isDue: Bool {
    var status = stat()
    guard stat(note, &status) == 0 else { return true }
    let age = now().milliseconds - Int64(status.st_mtim.tv_sec) * 1000 - Int64(status.st_mtim.tv_nsec) / 1_000_000
    return age < 0 || age >= Self.interval
  }
}
