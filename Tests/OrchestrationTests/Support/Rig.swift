import Logging
import Orchestration
import RunModel
import TestSupport
import Testing

/// An orchestrator at work on a store in memory.
struct Rig {
  let store: InMemoryRunStore
  let runtime: ScriptedRuntime
  let verifier: ScriptedVerifier
  let orchestrator: Orchestrator

  /// Runs `body` beside the working orchestrator, then shuts it down.
  static func with(
    store: InMemoryRunStore = InMemoryRunStore(), runtime: ScriptedRuntime = ScriptedRuntime(),
    others: [ScriptedRuntime] = [], verifier: ScriptedVerifier = ScriptedVerifier(),
    approvals: ApprovalPolicy = ApprovalPolicy(), _ body: (Rig) async throws -> Void
  ) async throws {
    let orchestrator = try await Orchestrator.restore(
      from: store, registrations: ([runtime] + others).map { Registration($0, kind: "mock") }, verifier: verifier,
      approvals: approvals, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
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
      cursor = chunk.lastSeq
    }
    throw Problem(.internal, "the stream ended before \(type)")
  }

  func run(_ id: RunID) async throws -> Run {
    try #require(await orchestrator.runs(RunQuery(limit: 10_000)).runs.first { $0.runId == id })
  }
}
