import RunModel

/// The runtimes known, their slots, how well they are and how their runs went.
struct RuntimePool {
  /// Those that are given runs; one that was removed is not among them, though its runs may still go on.
  private(set) var registrations: [RuntimeID: Registration] = [:]
  private var summaries: [RuntimeID: RuntimeSummary] = [:]
  private var breakers: [RuntimeID: Breaker] = [:]
  /// What of a runtime's settings is in force: grows with each registration, so that a late answer finds nobody.
  private var generations: [RuntimeID: Int] = [:]
  /// Those of which it is being found out whether they or a contract are at fault: nothing starts there meanwhile.
  private var suspects: [RuntimeID: Int] = [:]
  /// How runs ended, also under an id that is not configured now: it may be again.
  private var endings: [RuntimeID: Endings] = [:]

  private struct Endings {
    var succeeded = 0
    var failed = 0
    var canceled = 0
    /// Run times of the latest, in milliseconds.
    var durations: [Int64] = []
  }

  /// Adds it, or puts it in the place of the one with its id.
  mutating func add(_ registration: Registration, capabilities: RuntimeCapabilities) {
    let id = registration.runtime.runtimeId
    registrations[id] = registration
    generations[id, default: 0] += 1
    var summary = RuntimeSummary(runtimeId: id, kind: registration.kind, capabilities: capabilities)
    summary.slotsUsed = summaries[id]?.slotsUsed ?? 0
    summary.quietSeconds = registration.quietSeconds
    summary.takesAnswers = (registration.runtime as? any AnswerableRuntime)?.takesAnswers ?? false
    summary.converses = registration.runtime is any ConversingRuntime
    summary.limits = (registration.runtime as? any LimitingRuntime)?.limits ?? []
    summaries[id] = summary
    let isCheap = (registration.runtime as? any CheckableRuntime)?.isCheapToCheck ?? false
    breakers[id] = Breaker(pace: isCheap ? .quick : .usual)
  }

  /// Takes no run any more; true when it is gone, false while runs of it go on.
  mutating func remove(_ id: RuntimeID) -> Bool {
    registrations[id] = nil
    breakers[id] = nil
    generations[id, default: 0] += 1
    guard let used = summaries[id]?.slotsUsed, used > 0 else {
      summaries[id] = nil
      return true
    }
    summaries[id]?.health = .lost
    summaries[id]?.healthReason =
      "it was removed from the configuration; it goes when its \(used == 1 ? "run has" : "\(used) runs have") ended"
    summaries[id]?.breaker = BreakerStanding()
    return false
  }

  subscript(id: RuntimeID) -> (any AgentRuntime)? { registrations[id]?.runtime }
  func isSimulated(_ id: RuntimeID) -> Bool { (registrations[id]?.kind ?? summaries[id]?.kind) == "simulated" }
  func generation(of id: RuntimeID) -> Int { generations[id] ?? 0 }
  func summary(of id: RuntimeID) -> RuntimeSummary? { summaries[id].map(counted) }
  func checkable(_ id: RuntimeID) -> (any CheckableRuntime)? { self[id] as? any CheckableRuntime }
  /// Those that are given runs.
  var ids: [RuntimeID] { registrations.keys.sorted() }

  var all: [RuntimeSummary] { summaries.values.sorted { $0.runtimeId < $1.runtimeId }.map(counted) }

  private func counted(_ summary: RuntimeSummary) -> RuntimeSummary {
    guard let endings = endings[summary.runtimeId] else { return summary }
    var summary = summary
    summary.succeeded = endings.succeeded
    summary.failed = endings.failed
    summary.canceled = endings.canceled
    let sorted = endings.durations.sorted()
    if !sorted.isEmpty { summary.medianMilliseconds = sorted[sorted.count / 2] }
    return summary
  }

  /// `faults`: what was found wrong with its repository, by runtime.
  func candidates(for contract: Contract, faults: [RuntimeID: Problem] = [:], at now: Timestamp) -> [Router.Candidate] {
    summaries.values.map { summary in
      let id = summary.runtimeId
      let refusal = registrations[id]?.refusal(contract) ?? faults[id]?.detail
      // One that was removed is there for nothing more.
      var candidate = Router.Candidate(
        summary: summary, refusal: refusal, trouble: summary.trouble(at: now),
        isMeant: registrations[id]?.isMeant(contract) ?? false,
        worksInRepository: contract.repository == nil ? nil : worksInRepositories(id))
      // The run that is tried is routed as any other.
      if let breaker = breakers[id], breaker.admits { candidate.summary.health = .healthy }
      if suspects[id] != nil, candidate.summary.health == .healthy {
        candidate.summary.health = .degraded
        candidate.trouble = "it is being checked after a failed start"
      }
      return candidate
    }
  }

  func demands(of contract: Contract, faults: [RuntimeID: Problem] = [:], at now: Timestamp) -> RunQueue.Demands {
    let all = candidates(for: contract, faults: faults, at: now)
    let refusing = all.filter { $0.refusal != nil || Router.misfit(of: contract, at: $0, among: all) != nil }
    return RunQueue.Demands(
      runtime: contract.runtime, requires: Set(contract.requires), refusedBy: Set(refusing.map(\.summary.runtimeId)))
  }

  private func worksInRepositories(_ id: RuntimeID) -> Bool {
    !isSimulated(id) && (registrations[id]?.inspect != nil || summaries[id]?.capabilities.canCreateBranch ?? false)
  }

  /// Whether some runtime could start a run with these demands now.
  func canStart(_ demands: RunQueue.Demands) -> Bool {
    registrations.keys.contains { id in
      guard let summary = summaries[id], fits(summary, demands), breakers[id]?.admits ?? false, suspects[id] == nil
      else { return false }
      return summary.slotsUsed < summary.capabilities.maxParallelTasks
    }
  }

  /// Load and health aside.
  private func fits(_ summary: RuntimeSummary, _ demands: RunQueue.Demands) -> Bool {
    (demands.runtime == nil || demands.runtime == summary.runtimeId)
      && !demands.refusedBy.contains(summary.runtimeId) && demands.requires.allSatisfy(summary.capabilities.has)
  }

  func freeSlots(of id: RuntimeID) -> Int {
    summaries[id].map { max(0, $0.capabilities.maxParallelTasks - $0.slotsUsed) } ?? 0
  }

  mutating func takeSlot(_ id: RuntimeID) {
    summaries[id]?.slotsUsed += 1
    breakers[id]?.startBegan()
  }

  /// True when that was the last run of a runtime that had been removed.
  mutating func freeSlot(_ id: RuntimeID) -> Bool {
    summaries[id]?.slotsUsed -= 1
    guard registrations[id] == nil, let used = summaries[id]?.slotsUsed, used <= 0 else { return false }
    summaries[id] = nil
    return true
  }

  mutating func count(_ run: Run) {
    guard let id = run.runtimeId else { return }
    switch run.status {
    case .succeeded: endings[id, default: Endings()].succeeded += 1
    case .failed: endings[id, default: Endings()].failed += 1
    case .canceled: endings[id, default: Endings()].canceled += 1
    case .queued, .running: return
    }
    // A cancel says nothing of how long the work takes, nor does a clock that was set back meanwhile.
    guard run.status != .canceled, let started = run.startedAt, let ended = run.endedAt, ended >= started else {
      return
    }
    endings[id]?.durations.append((ended - started).milliseconds)
    if let excess = endings[id].map({ $0.durations.count - 100 }), excess > 0 {
      endings[id]?.durations.removeFirst(excess)
    }
  }

  // MARK: Health

  func breaker(of id: RuntimeID) -> Breaker? { breakers[id] }

  mutating func suspect(_ id: RuntimeID) { suspects[id, default: 0] += 1 }
  mutating func suspectNoMore(_ id: RuntimeID) {
    let left = (suspects[id] ?? 0) - 1
    suspects[id] = left > 0 ? left : nil
  }

  /// Lets the breaker see something; true when what is told of the runtime has changed by it.
  mutating func update(
    _ id: RuntimeID, at now: Duration, _ wall: Timestamp, _ change: (inout Breaker) -> Void
  ) -> Bool {
    guard var breaker = breakers[id], let old = summaries[id] else { return false }
    change(&breaker)
    breakers[id] = breaker
    let reason = breaker.reason
    summaries[id]?.health = reason == nil ? .healthy : .degraded
    summaries[id]?.healthReason = reason
    summaries[id]?.breaker = breaker.standing(at: now, wall)
    return old.healthReason != reason
  }

  /// What a check has found; true when its capabilities are others than were known.
  mutating func take(_ check: RuntimeCheck, of id: RuntimeID) -> Bool {
    summaries[id]?.agent = check.agentWords
    guard let known = summaries[id]?.capabilities, known != check.capabilities else { return false }
    summaries[id]?.capabilities = check.capabilities
    return true
  }
}
