package import Orchestration
package import RunModel
import Synchronization

/// A `RunService` that answers from what a test put in, records what was asked, and hands out events as they are
/// published.
package final class FakeRunService: RunService {
  package enum Call: Sendable, Equatable {
    case patch(RunID, PatchOptions)
    case followUp(RunID, prompt: String, title: String?, key: String?, by: Actor)
    case dispatch(titles: [String], dryRun: Bool, key: String?, by: Actor)
    case cancel(RunID, reason: String, force: Bool, by: Actor)
    case answer(RunID, attentionId: String?, answer: String, remember: Bool = false, by: Actor)
    case message(RunID, text: String, key: String?, by: Actor)
    case approve(RunID, why: String, by: Actor)
    case reject(RunID, why: String, by: Actor)
    case retry(RunID, key: String? = nil, by: Actor)
    case collect(CollectionRequest, by: Actor)
  }

  private struct State {
    var runs: [Run] = []
    var runtimes: [RuntimeSummary] = []
    var store: StoreID?
    var artifacts = Artifacts()
    var patch: [UInt8] = []
    var audit: [JSONValue] = []
    var firstSeq: UInt64 = 1
    var events: [StoredEvent] = []
    var calls: [Call] = []
    var failure: Problem?
    var outage: StoreOutage?
    var chunkBytes = 256 * 1024
    var bytesHandedOut = 0
    var isClosed = false
    var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
    var nextWaiter: UInt64 = 0
    var observers: [(minimum: Int?, maximum: Int?, continuation: CheckedContinuation<Void, Never>)] = []
  }

  private let state = Mutex(State())

  package init() {}

  // MARK: - What a test sets and looks at

  package var calls: [Call] { state.withLock { $0.calls } }
  package var bytesHandedOut: Int { state.withLock { $0.bytesHandedOut } }

  package func set(
    runs: [Run]? = nil, runtimes: [RuntimeSummary]? = nil, artifacts: Artifacts? = nil, patch: [UInt8]? = nil,
    audit: [JSONValue]? = nil, chunkBytes: Int? = nil, store: StoreID? = nil,
    firstSeq: UInt64? = nil
  ) {
    state.withLock { state in
      state.store = store ?? state.store
      state.firstSeq = firstSeq ?? state.firstSeq
      state.runs = runs ?? state.runs
      state.runtimes = runtimes ?? state.runtimes
      state.artifacts = artifacts ?? state.artifacts
      state.patch = patch ?? state.patch
      state.audit = audit ?? state.audit
      state.chunkBytes = chunkBytes ?? state.chunkBytes
    }
  }

  /// Makes everything that may throw do so.
  package func fail(with problem: Problem?) { state.withLock { $0.failure = problem } }

  /// Begins or ends one, and wakes who waits for events.
  package func set(outage: StoreOutage?) {
    let waiters = state.withLock { state in
      state.outage = outage
      return Self.takeWaiters(&state)
    }
    for waiter in waiters { waiter.resume() }
  }

  package var outage: StoreOutage? { state.withLock { $0.outage } }

  package func publish(_ events: [RunEvent]) {
    let waiters = state.withLock { state in
      state.events += events.map { StoredEvent(seq: $0.seq, run: $0.run, type: $0.type, json: $0.jsonBytes) }
      return Self.takeWaiters(&state)
    }
    for waiter in waiters { waiter.resume() }
  }

  /// As a service that shuts down: `events` answers nil from now on.
  package func close() {
    let waiters = state.withLock { state in
      state.isClosed = true
      return Self.takeWaiters(&state)
    }
    for waiter in waiters { waiter.resume() }
  }

  private static func takeWaiters(_ state: inout State) -> [CheckedContinuation<Void, Never>] {
    defer { state.waiters.removeAll() }
    return state.waiters.values.map { $0 }
  }

  /// Returns once at least `minimum` and at most `maximum` callers wait for an event.
  package func untilWaiting(atLeast minimum: Int? = nil, atMost maximum: Int? = nil) async {
    await withCheckedContinuation { continuation in
      state.withLock { $0.observers.append((minimum, maximum, continuation)) }
      tellObservers()
    }
  }

  private func tellObservers() {
    let satisfied = state.withLock { state in
      let count = state.waiters.count
      func holds(_ minimum: Int?, _ maximum: Int?) -> Bool { count >= minimum ?? 0 && count <= maximum ?? .max }
      let satisfied = state.observers.filter { holds($0.minimum, $0.maximum) }.map(\.continuation)
      state.observers.removeAll { holds($0.minimum, $0.maximum) }
      return satisfied
    }
    for continuation in satisfied { continuation.resume() }
  }

  private func check() throws {
    if let failure = state.withLock({ $0.failure }) { throw failure }
  }

  // MARK: - RunService

  package func snapshot() async -> Snapshot {
    state.withLock { Snapshot(store: $0.store, seq: $0.events.last?.seq ?? 0, runs: $0.runs, runtimes: $0.runtimes) }
  }

  package func runs(_ query: RunQuery) async -> RunPage {
    state.withLock { state in
      var runs = Array(state.runs.reversed())
      if let before = query.before, let place = runs.firstIndex(where: { $0.runId == before }) {
        runs.removeSubrange(...place)
      }
      runs.removeAll { run in
        !query.statuses.isEmpty && !query.statuses.contains(run.status)
          || query.runtime != nil && run.runtimeId != query.runtime
      }
      let page = Array(runs.prefix(query.limit))
      return RunPage(runs: page, next: page.count < runs.count ? page.last?.runId : nil)
    }
  }

  package func resolve(_ text: String) async throws -> RunID {
    try check()
    let found = state.withLock { $0.runs.filter { $0.runId.description.hasSuffix(text.uppercased()) } }
    guard found.count == 1 else {
      throw Problem(
        .notFound,
        found.isEmpty
          ? "No run ends in \"\(text)\"." : "Runs ending in \"\(text)\": \(found.map(\.runId.shortName).sorted()).")
    }
    return found[0].runId
  }

  private func find(_ run: RunID) throws -> Run {
    try check()
    guard let found = state.withLock({ $0.runs.first { $0.runId == run } }) else {
      throw Problem(.notFound, "There is no run \(run).")
    }
    return found
  }

  package func detail(of run: RunID) async throws -> RunDetail {
    var contract = Contract(title: try find(run).title)
    contract.contractId = try find(run).contractId
    contract.acceptanceCriteria = [.init(id: "AC-1", text: "It works")]
    contract.requires = [.supportsStreaming]
    return RunDetail(
      run: try find(run), contract: contract, decision: Self.decision, mergeCommand: "git merge awf/fix-4MZK9",
      assessment: Assessment(
        verdict: .passWithNotes, score: Score(d1: 25, d2: 25, d3: 18, d4: 25),
        criteria: [
          CriterionResult(
            id: "AC-1", text: "It works", proof: .proven, evidence: .init(kind: .command, name: "make test"))
        ], notes: ["1 changed file is outside allowedPaths"], reasons: ["a", "b", "c", "d"]))
  }

  private static let decision = RoutingDecision(
    runtimeId: "local",
    considered: [
      .init(runtimeId: "local", eligible: true, reasons: ["most free slots"]),
      .init(runtimeId: "mock", eligible: false, reasons: ["canCreatePR is false"]),
    ], waitsFor: [])

  package func artifacts(of run: RunID) async throws -> Artifacts {
    _ = try find(run)
    return state.withLock { $0.artifacts }
  }

  package func patch(of run: RunID, _ options: PatchOptions) async throws -> [UInt8] {
    _ = try find(run)
    if options != PatchOptions() { state.withLock { $0.calls.append(.patch(run, options)) } }
    return state.withLock { $0.patch }
  }

  package func dispatch(_ request: DispatchRequest, by actor: Actor) async throws -> [DispatchOutcome] {
    try check()
    state.withLock {
      $0.calls.append(
        .dispatch(
          titles: request.contracts.map(\.title), dryRun: request.dryRun, key: request.idempotencyKey, by: actor))
    }
    return request.contracts.enumerated().map { place, contract in
      let ulid = ULID(high: 0x0190_0000_0000_0000, low: UInt64(place))
      return request.dryRun
        ? DispatchOutcome(title: contract.title, decision: Self.decision)
        : DispatchOutcome(
          runId: RunID(ulid), contractId: ContractID(ulid), title: contract.title, status: .queued, runtimeId: "local",
          decision: Self.decision)
    }
  }

  package func cancel(_ run: RunID, reason: String, force: Bool, by actor: Actor) async throws -> Run {
    let found = try find(run)
    state.withLock { $0.calls.append(.cancel(run, reason: reason, force: force, by: actor)) }
    return found
  }

  package func answer(
    _ run: RunID, attentionId: String?, answer: String, remember: Bool, by actor: Actor
  ) async throws -> Run {
    let found = try find(run)
    state.withLock {
      $0.calls.append(.answer(run, attentionId: attentionId, answer: answer, remember: remember, by: actor))
    }
    return found
  }

  package func message(_ run: RunID, text: String, idempotencyKey: String?, by actor: Actor) async throws -> Run {
    let found = try find(run)
    state.withLock { $0.calls.append(.message(run, text: text, key: idempotencyKey, by: actor)) }
    return found
  }

  package func openPullRequest(_ run: RunID, by actor: Actor) async throws -> Run { try find(run) }

  package func approve(_ run: RunID, why: String, by actor: Actor) async throws -> Run {
    let found = try find(run)
    state.withLock { $0.calls.append(.approve(run, why: why, by: actor)) }
    return found
  }

  package func reject(_ run: RunID, why: String, by actor: Actor) async throws -> Run {
    let found = try find(run)
    state.withLock { $0.calls.append(.reject(run, why: why, by: actor)) }
    return found
  }

  package func retry(_ run: RunID, idempotencyKey: String?, by actor: Actor) async throws -> DispatchOutcome {
    let found = try find(run)
    state.withLock { $0.calls.append(.retry(run, key: idempotencyKey, by: actor)) }
    return DispatchOutcome(
      runId: run, contractId: found.contractId, title: found.title, status: .queued, decision: Self.decision)
  }

  package func firstSeq() async throws -> UInt64 { state.withLock { $0.firstSeq } }

  package func collect(_ request: CollectionRequest, by actor: Actor) async throws -> CollectionReport {
    try check()
    state.withLock { $0.calls.append(.collect(request, by: actor)) }
    var report = CollectionReport(dryRun: request.dryRun)
    report.items = [.init(.worktree, run: RunID(ULID(high: 1, low: 1)), title: "t", what: "/w", bytes: 5, reason: "r")]
    report.kept = [.init(.events, what: "events from 7 on", reason: "r")]
    return report
  }

  package func followUp(
    _ run: RunID, prompt: String, title: String?, idempotencyKey: String?, by actor: Actor
  ) async throws -> DispatchOutcome {
    let found = try find(run)
    state.withLock { $0.calls.append(.followUp(run, prompt: prompt, title: title, key: idempotencyKey, by: actor)) }
    return DispatchOutcome(
      runId: run, contractId: found.contractId, title: title ?? found.title, status: .queued, decision: Self.decision)
  }

  package func storeID() async -> StoreID? { state.withLock { $0.store } }

  package func runtimes() async -> [RuntimeSummary] { state.withLock { $0.runtimes } }

  package func lastSeq() async -> UInt64 { state.withLock { $0.events.last?.seq ?? 0 } }

  package func events(after cursor: UInt64, wait: Bool) async throws -> EventChunk? {
    let known = outage
    while true {
      try check()
      try Task.checkCancellation()
      let ready: EventChunk?? = state.withLock { state in
        if state.isClosed { return .some(nil) }
        // Seqs here are gapless from 1.
        guard cursor < UInt64(state.events.count) else { return wait ? nil : .some(EventChunk()) }
        var chunk = EventChunk()
        for event in state.events[Int(cursor)...] {
          if chunk.frames.count >= state.chunkBytes { break }
          chunk.append(event)
        }
        state.bytesHandedOut += chunk.frames.count
        return .some(chunk)
      }
      if let ready { return ready }
      await park(after: cursor)
      if outage != known { return EventChunk() }
    }
  }

  private func park(after cursor: UInt64) async {
    let id = state.withLock { state in
      state.nextWaiter += 1
      return state.nextWaiter
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { (waiter: CheckedContinuation<Void, Never>) in
        let isOver = state.withLock { state in
          if state.isClosed || Task.isCancelled || cursor < UInt64(state.events.count) { return true }
          state.waiters[id] = waiter
          return false
        }
        if isOver { waiter.resume() }
        tellObservers()
      }
    } onCancel: {
      state.withLock { $0.waiters.removeValue(forKey: id) }?.resume()
      tellObservers()
    }
  }

  package func lastEvents(of run: RunID, limit: Int) async throws -> EventChunk {
    _ = try find(run)
    return EventChunk(state.withLock { $0.events.filter { $0.run == run }.suffix(limit) })
  }

  package func lastAuditSeq() async throws -> UInt64 {
    state.withLock { UInt64(clamping: $0.audit.last?["seq"]?.int ?? 0) }
  }

  package func audit(after seq: UInt64, limit: Int, run: RunID?) async throws -> [JSONValue] {
    try check()
    return state.withLock { state in
      Array(state.audit.filter { UInt64($0["seq"]?.int ?? 0) > seq }.prefix(limit)).map { record in
        run == nil || record["subject_id"]?.string == run?.description
          ? record
          : [
            "seq": record["seq"] ?? nil, "previous_hash": record["previous_hash"] ?? nil,
            "event_hash": record["event_hash"] ?? nil,
          ]
      }
    }
  }
}
