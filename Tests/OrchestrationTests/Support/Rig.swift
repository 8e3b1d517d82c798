import Logging
import Orchestration
import RunModel
import Synchronization
import TestSupport
import Testing

/// The clocks of a test: what they say is what it sets.
final class RigClock: Sendable {
  private struct State {
    var now: Timestamp?
    var machine = MachineTime(boot: "first", milliseconds: 1_000_000)
    var sleeps: [Duration] = []
    var skipped: Set<Duration> = []
  }

  private let state = Mutex(State())

  /// The wall clock; the real one until it is set.
  func set(_ now: Timestamp) { state.withLock { $0.now = now } }
  /// Who wants to sleep so long is let go at once.
  func skip(_ durations: Set<Duration>) { state.withLock { $0.skipped = durations } }
  func restartMachine() { state.withLock { $0.machine = MachineTime(boot: "second", milliseconds: 5) } }
  func pass(_ duration: Duration) { state.withLock { $0.machine.milliseconds += duration.milliseconds } }

  var now: @Sendable () -> Timestamp { { self.state.withLock { $0.now } ?? .now } }
  var machine: Machine { Machine { self.state.withLock { $0.machine } } }
  /// How long somebody wanted to sleep; who wants to sleep not at all is let go.
  var sleeps: [Duration] { state.withLock { $0.sleeps } }
  var sleep: @Sendable (Duration) async throws -> Void {
    { duration in
      let isSkipped = self.state.withLock { state in
        state.sleeps.append(duration)
        return state.skipped.contains(duration)
      }
      if duration > .zero, !isSkipped { try await Task.sleep(for: .seconds(3600)) }  // ends by cancellation
    }
  }
}

/// An orchestrator at work on a store in memory.
struct Rig {
  let store: InMemoryRunStore
  let runtime: ScriptedRuntime
  let verifier: ScriptedVerifier
  let orchestrator: Orchestrator

  /// Runs `body` beside the working orchestrator, then shuts it down.
  static func with(
    store: InMemoryRunStore = InMemoryRunStore(), runtime: ScriptedRuntime = ScriptedRuntime(),
    others: [any AgentRuntime] = [], verifier: ScriptedVerifier = ScriptedVerifier(),
    approvals: ApprovalPolicy = ApprovalPolicy(), permissions: PermissionPolicy = PermissionPolicy(),
    clock: RigClock = RigClock(), _ body: (Rig) async throws -> Void
  ) async throws {
    let orchestrator = try await Orchestrator.restore(
      from: store,
      registrations: ([runtime as any AgentRuntime] + others).map {
        Registration($0, kind: "mock", permissions: permissions)
      }, verifier: verifier,
      approvals: approvals, ids: ULIDGenerator(now: clock.now), now: clock.now, sleep: clock.sleep,
      machine: clock.machine, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let (ready, isReady) = AsyncStream<Void>.makeStream()
    async let work: Void = orchestrator.run { isReady.yield() }
    for await _ in ready { break }
    do {
      try await body(Rig(store: store, runtime: runtime, verifier: verifier, orchestrator: orchestrator))
    } catch {
      await orchestrator.shutDown()
      try await work
      throw error
    }
    await orchestrator.shutDown()
    try await work
  }

  let human = Actor(.human, "ada")

  func dispatch(_ title: String = "x", _ change: (inout Contract) -> Void = { _ in }) async throws -> RunID {
    var contract = Contract(title: title)
    change(&contract)
    let outcomes = try await orchestrator.dispatch(DispatchRequest(contracts: [contract]), by: human)
    return try #require(outcomes.first?.runId)
  }

  /// Waits for the event, in the order of the stream, and returns all up to it.
  @discardableResult
  func wait(for type: EventType, of run: RunID, after: UInt64 = 0) async throws -> [RunEvent] {
    var seen: [RunEvent] = []
    var cursor = after
    while let chunk = try await orchestrator.events(after: cursor, wait: true) {
      for entry in chunk.entries {
        let event = try RunEvent(parsing: Array(chunk.json(of: entry)))
        seen.append(event)
        if event.type == type, event.run == run { return seen }
      }
      // An empty one says only that something else has changed.
      cursor = max(cursor, chunk.lastSeq)
    }
    throw Problem(.internal, "the stream ended before \(type)")
  }

  func run(_ id: RunID) async throws -> Run {
    try #require(await orchestrator.runs(RunQuery(limit: 10_000)).runs.first { $0.runId == id })
  }
}

/// Until something is so that no event tells of; the suite's limit ends a wait in vain.
func until(_ isSo: () -> Bool) async throws {
  while !isSo() { try await Task.sleep(for: .milliseconds(2)) }
}
