import HTTPAPI
import Logging
import Orchestration
import RunModel
import Synchronization

/// An orchestrator that only talks: a snapshot, then `rate` events a second for ever.
final class SyntheticService: RunService {
  private let state: Snapshot
  private let source: EventSource
  private let rate: Double
  /// What every run changed; nil: nothing is known.
  private let patch: [UInt8]?
  private let progress = Mutex<(start: ContinuousClock.Instant?, cursor: UInt64)>((nil, 0))

  init(runs: [Run], rate: Double, patch: [UInt8]? = nil) {
    let seq = (runs.map(\.lastSeq).max() ?? 0) + 1
    state = Snapshot(seq: seq, runs: runs, runtimes: [])
    source = EventSource(runs: runs.filter { !$0.status.isTerminal }.map(\.runId))
    self.rate = rate
    self.patch = patch
  }

  /// How far the subscriber has got.
  var cursor: UInt64 { progress.withLock { $0.cursor } }

  /// Serves on a socket while `body` runs.
  func whileServing<Result>(
    on socket: String, _ body: (ServerAddress) async throws -> Result
  ) async throws -> Result {
    let address = ServerAddress.unix(path: socket)
    let server = APIServer(
      service: self, version: "bench", logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() })
    let (ready, isReady) = AsyncStream<Void>.makeStream()
    let serving = Task {
      defer { isReady.finish() }
      try await server.run(listening: [address]) { _ in isReady.finish() }
    }
    for await _ in ready {}
    do {
      let result = try await body(address)
      server.shutdown()
      _ = await serving.result
      return result
    } catch {
      server.shutdown()
      _ = await serving.result
      throw error
    }
  }

  func snapshot() async -> Snapshot { state }

  func events(after cursor: UInt64, wait: Bool) async throws -> EventChunk? {
    while true {
      let start = progress.withLock { progress in
        progress.cursor = cursor
        let start = progress.start ?? .now
        progress.start = start
        return start
      }
      let due = state.seq + UInt64(start.duration(to: .now).inSeconds * rate)
      if due > cursor { return source.chunk(after: cursor, through: min(due, cursor + 1024)) }
      guard wait else { return EventChunk() }
      try await Task.sleep(for: rate > 0 ? .milliseconds(5) : .seconds(3600))
    }
  }

  func lastSeq() async -> UInt64 { state.seq }
  func runtimes() async -> [RuntimeSummary] { [] }
  func runs(_ query: RunQuery) async -> RunPage { RunPage(runs: []) }
  func audit(after seq: UInt64, limit: Int, run: RunID?) async throws -> [JSONValue] { [] }
  func lastAuditSeq() async throws -> UInt64 { 0 }
  func lastEvents(of run: RunID, limit: Int) async throws -> EventChunk { EventChunk() }

  // What the measured dashboards do not ask for, or do well without.
  private static let refusal = Problem(.notFound, "A synthetic orchestrator keeps nothing.")
  func resolve(_ text: String) async throws -> RunID {
    guard let run = RunID(text) else { throw Self.refusal }
    return run
  }
  func detail(of run: RunID) async throws -> RunDetail { throw Self.refusal }
  func artifacts(of run: RunID) async throws -> Artifacts { throw Self.refusal }
  func patch(of run: RunID, _ options: PatchOptions) async throws -> [UInt8] {
    guard let patch else { throw Self.refusal }
    return patch
  }
  func dispatch(_ request: DispatchRequest, by actor: Actor) async throws -> [DispatchOutcome] { throw Self.refusal }
  func cancel(_ run: RunID, reason: String, force: Bool, by actor: Actor) async throws -> Run { throw Self.refusal }
  func answer(_ run: RunID, attentionId: String?, answer: String, remember: Bool, by actor: Actor) async throws -> Run {
    throw Self.refusal
  }
  func message(_ run: RunID, text: String, idempotencyKey: String?, by actor: Actor) async throws -> Run {
    throw Self.refusal
  }
  func followUp(_ run: RunID, prompt: String, title: String?, idempotencyKey: String?, by actor: Actor) async throws
    -> DispatchOutcome
  { throw Self.refusal }
  func approve(_ run: RunID, why: String, by actor: Actor) async throws -> Run { throw Self.refusal }
  func reject(_ run: RunID, why: String, by actor: Actor) async throws -> Run { throw Self.refusal }
  func retry(_ run: RunID, idempotencyKey: String?, by actor: Actor) async throws -> DispatchOutcome {
    throw Self.refusal
  }
}
