package import Orchestration
package import RunModel
import Synchronization

/// Plays agents: seeded, plausible, touching nothing. Every artifact string begins with `[PREVIEW]`.
///
/// One task ticks for all live runs, from 10 to 50 times a second, and ends when none is left. What happens next lies
/// in a heap, so the cost follows the number of events. Runs that ended stay known, a few hundred bytes each.
package final class SimulatedRuntime: WorkspaceRuntime, ForceCancelingRuntime, AnswerableRuntime, AdoptingRuntime,
  PacedRuntime
{
  package static let kind = "simulated"

  private struct State {
    var live: [RunID: SimulatedRun] = [:]
    /// When something happens in which run; an entry that its run has outrun says nothing.
    var due = DueHeap()
    /// The order in which live runs take turns to speak; those that ended are taken out on the way.
    var turns: [RunID] = []
    var turn = 0
    var ended: [RunID: Ended] = [:]
    var isTicking = false
    var lastTick = 0.0
    /// Events owed to `eventsPerSecond`; fractions add up.
    var owed = 0.0
  }

  /// What must be kept of a run that ended: all else follows from its id.
  private struct Ended {
    var title: String
    var repository: String?
    var end: TaskEnd
    var progress: Double
  }

  package let runtimeId: RuntimeID
  private let configuration: Configuration
  private let clock: SimulationClock
  private let now: @Sendable () -> Timestamp
  private let outlet = EventOutlet()
  private let state = Mutex(State())

  package init(
    _ configuration: Configuration = Configuration(), clock: any Clock<Duration> = ContinuousClock(),
    now: @escaping @Sendable () -> Timestamp = { .now }
  ) {
    self.configuration = configuration
    runtimeId = configuration.id
    self.clock = SimulationClock(clock)
    self.now = now
  }

  package func onEvent(_ handler: @escaping @Sendable (RuntimeEvent) -> Void) { outlet.add(handler) }

  package func pace(by ready: @escaping @Sendable () async -> Void) { outlet.pace(by: ready) }

  package func getCapabilities() async throws -> RuntimeCapabilities {
    RuntimeCapabilities(supportsStreaming: true, maxParallelTasks: configuration.maxParallelTasks)
  }

  package func startTask(_ contract: Contract) async throws -> StartedTask {
    guard let run = contract.runId else { throw Problem(.internal, "The contract carries no run id.") }
    let time = clock.seconds()
    let isNew = state.withLock { state in
      guard state.live[run] == nil, state.ended[run] == nil else { return false }
      let new = SimulatedRun(
        run, title: contract.title, repository: contract.repository, configuration: configuration, time: time)
      add(new, to: &state, time: time)
      return true
    }
    guard isNew else { throw Problem(.conflict, "The run \(run) has been started already.") }
    return StartedTask(runId: run, runtimeSessionId: "sim-\(run.shortName.lowercased())")
  }

  /// What is played needs no process, so it goes on; after a restart of the machine it ends as anything else would.
  package func adopt(_ contract: Contract, run: Run, _ adoption: Adoption) async throws -> Bool {
    if adoption.followsRestart { return false }
    let time = clock.seconds()
    state.withLock { state in
      guard state.live[run.runId] == nil, state.ended[run.runId] == nil else { return }
      let adopted = SimulatedRun(
        run.runId, title: contract.title, repository: contract.repository, configuration: configuration, time: time,
        progress: run.progress, isWaiting: run.attention != nil)
      add(adopted, to: &state, time: time)
    }
    if run.cancellation != nil { try await cancelTask(run.runId, reason: run.cancellation?.reason ?? "") }
    return true
  }

  package func getStatus(_ run: RunID) async throws -> TaskStatus {
    try find(run) { live in
      TaskStatus(status: .running, progress: live.progress)
    } ended: { ended in
      let status: RunStatus =
        switch ended.end.outcome {
        case .succeeded: .succeeded
        case .failed: .failed
        case .canceled: .canceled
        }
      return TaskStatus(status: status, progress: ended.progress)
    }
  }

  package func cancelTask(_ run: RunID, reason: String) async throws { try cancel(run, force: false) }

  package func forceCancelTask(_ run: RunID, reason: String) async throws { try cancel(run, force: true) }

  package func getArtifacts(_ run: RunID) async throws -> Artifacts {
    try find(run) {
      $0.artifacts
    } ended: {
      self.work(of: run, $0).artifacts($0.end.outcome, progress: $0.progress)
    }
  }

  package func patch(of run: RunID) async throws -> [UInt8] {
    try find(run) {
      $0.patch
    } ended: {
      self.work(of: run, $0).patch($0.end.outcome, progress: $0.progress)
    }
  }

  /// Nil: a simulated run works nowhere.
  package func workspace(of run: RunID) async throws -> Workspace? {
    try find(run) { _ in
      nil
    } ended: { _ in
      nil
    }
  }

  package func answer(_ run: RunID, attentionId: String, answer: String) async throws {
    _ = try find(run) { _ in
    } ended: { _ in
    }
    let time = clock.seconds()
    let wasAnswered = change(run) { live, emit in
      attentionId == SimulatedRun.attentionId && live.answer(answer, time: time, emit)
    }
    guard wasAnswered == true else {
      throw Problem(.conflict, "Nothing in the run \(run) waits for an answer under \"\(attentionId)\".")
    }
  }

  private func cancel(_ run: RunID, force: Bool) throws {
    _ = try find(run) { _ in
    } ended: { _ in
    }
    let time = clock.seconds()
    let moment = now()
    var random = SeededGenerator(seed: configuration.seed ^ run.ulid.low ^ 0xCA)
    let seconds = force ? 0 : 0.05 + 0.2 * random.unit()
    _ = change(run) { live, emit in
      live.cancel(time: time, now: moment, after: seconds, emit)
      if force {
        live.hurry(time: time)
        live.advance(to: time, speaks: false, now: moment, emit)
      }
      return true
    }
  }

  private func work(of run: RunID, _ ended: Ended) -> SimulatedWork {
    SimulatedWork(title: ended.title, seed: configuration.seed ^ run.ulid.low, repository: ended.repository)
  }

  private func find<Result: Sendable>(
    _ run: RunID, live: (SimulatedRun) -> Result, ended: (Ended) -> Result
  ) throws -> Result {
    let found = state.withLock { state in
      state.live[run].map(live) ?? state.ended[run].map(ended)
    }
    guard let found else { throw Problem(.notFound, "The runtime \(runtimeId) has no run \(run).") }
    return found
  }

  /// Changes a live run and sends what comes of it, in order with its other events: under the lock.
  private func change(
    _ run: RunID, _ body: (inout SimulatedRun, (RuntimeEvent) -> Void) -> Bool
  ) -> Bool? {
    state.withLock { state in
      guard var live = state.live[run] else { return nil }
      let result = body(&live) { outlet.send($0) }
      settle(live, &state)
      return result
    }
  }

  private func settle(_ run: SimulatedRun, _ state: inout State) {
    if let end = run.end {
      state.live[run.run] = nil
      state.ended[run.run] = Ended(
        title: run.title, repository: run.repository, end: end, progress: run.progress)
    } else {
      state.live[run.run] = run
      state.due.insert(run.run, at: due(run))
    }
  }

  /// With a rate for all, only what must happen happens by itself.
  private func due(_ run: SimulatedRun) -> Double { configuration.eventsPerSecond == nil ? run.due : run.turnsAt }

  private func add(_ run: SimulatedRun, to state: inout State, time: Double) {
    settle(run, &state)
    if configuration.eventsPerSecond != nil { state.turns.append(run.run) }
    guard !state.isTicking else { return }
    state.isTicking = true
    state.lastTick = time
    state.owed = 0
    Task { await tick() }
  }

  /// Ticks while anything lives.
  private func tick() async {
    while true {
      await outlet.ready()
      guard let pause = step() else { return }
      do { try await clock.sleep(seconds: pause) } catch {
        state.withLock { $0.isTicking = false }
        return
      }
    }
  }

  /// Seconds until the next; nil when nothing lives any more.
  private func step() -> Double? {
    let time = clock.seconds()
    let moment = now()
    return state.withLock { state in
      let handler: (RuntimeEvent) -> Void = { self.outlet.send($0) }
      while let next = state.due.first, next.time <= time {
        state.due.removeFirst()
        guard var live = state.live[next.run], due(live) <= time else { continue }
        live.advance(to: time, speaks: configuration.eventsPerSecond == nil, now: moment, handler)
        settle(live, &state)
      }
      if let rate = configuration.eventsPerSecond { fill(rate, time: time, &state, handler) }
      state.lastTick = time
      if state.turns.count > 2 * state.live.count + 16 || state.live.isEmpty {
        state.turns.removeAll { state.live[$0] == nil }
        state.turn = 0
      }
      guard !state.live.isEmpty else {
        state.isTicking = false
        return nil
      }
      return pause(state, time: time)
    }
  }

  private func pause(_ state: State, time: Double) -> Double {
    var next = state.due.first?.time ?? .infinity
    if let rate = configuration.eventsPerSecond { next = min(next, time + 1 / rate) }
    // A cancel or an answer does not wake the task: it is noticed within a tenth of a second.
    return min(0.1, max(0.02, next - time))
  }

  /// Gives out the events that are owed, each live run in its turn.
  private func fill(_ rate: Double, time: Double, _ state: inout State, _ emit: (RuntimeEvent) -> Void) {
    // After a pause of the whole machine nobody wants the backlog of more than a second.
    state.owed = min(rate, state.owed + rate * (time - state.lastTick))
    var idle = 0
    while state.owed >= 1, idle < state.turns.count {
      if state.turn >= state.turns.count { state.turn = 0 }
      let run = state.turns[state.turn]
      state.turn += 1
      guard var live = state.live[run], !live.isWaiting, !live.isCanceling else {
        idle += 1
        continue
      }
      idle = 0
      // Some at a time for each, so that the look-up is paid for by many.
      for _ in 0..<max(1, min(16, Int(state.owed))) {
        live.speak(time: time, emit)
        state.owed -= 1
      }
      state.live[run] = live
    }
  }
}

/// A binary heap, the earliest first.
private struct DueHeap {
  private var entries: [(time: Double, run: RunID)] = []

  var first: (time: Double, run: RunID)? { entries.first }

  mutating func insert(_ run: RunID, at time: Double) {
    entries.append((time, run))
    var child = entries.count - 1
    while child > 0, entries[(child - 1) / 2].time > entries[child].time {
      entries.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func removeFirst() {
    entries.swapAt(0, entries.count - 1)
    entries.removeLast()
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < entries.count {
        if entries[child].time < entries[least].time { least = child }
      }
      if least == parent { return }
      entries.swapAt(parent, least)
      parent = least
    }
  }
}

/// Any clock, read as seconds since the start.
private struct SimulationClock: Sendable {
  let seconds: @Sendable () -> Double
  private let sleepFor: @Sendable (Duration) async throws -> Void

  init(_ clock: some Clock<Duration>) {
    let start = clock.now
    seconds = { start.duration(to: clock.now) / .seconds(1) }
    sleepFor = { try await clock.sleep(for: $0) }
  }

  func sleep(seconds: Double) async throws { try await sleepFor(.seconds(clamping: seconds)) }
}
