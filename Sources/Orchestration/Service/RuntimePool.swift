import RunModel

/// The runtimes known, their slots and how their runs went.
struct RuntimePool {
  private(set) var registrations: [RuntimeID: Registration] = [:]
  private var summaries: [RuntimeID: RuntimeSummary] = [:]
  /// Run times of the runs that ended last, in milliseconds.
  private var durations: [RuntimeID: [Int64]] = [:]

  mutating func add(_ registration: Registration, capabilities: RuntimeCapabilities) {
    let id = registration.runtime.runtimeId
    registrations[id] = registration
    summaries[id] = RuntimeSummary(runtimeId: id, kind: registration.kind, capabilities: capabilities)
    summaries[id]?.quietSeconds = registration.quietSeconds
    summaries[id]?.converses = registration.runtime is any ConversingRuntime
    summaries[id]?.limits = (registration.runtime as? any LimitingRuntime)?.limits ?? []
  }

  subscript(id: RuntimeID) -> (any AgentRuntime)? { registrations[id]?.runtime }
  func isSimulated(_ id: RuntimeID) -> Bool { registrations[id]?.kind == "simulated" }
  var ids: [RuntimeID] { summaries.keys.sorted() }

  var all: [RuntimeSummary] {
    summaries.values.sorted { $0.runtimeId < $1.runtimeId }.map { summary in
      var summary = summary
      let sorted = (durations[summary.runtimeId] ?? []).sorted()
      if !sorted.isEmpty { summary.medianMilliseconds = sorted[sorted.count / 2] }
      return summary
    }
  }

  /// `faults`: what was found wrong with its repository, by runtime.
  func candidates(for contract: Contract, faults: [RuntimeID: Problem] = [:]) -> [Router.Candidate] {
    summaries.values.map { summary in
      let refusal = registrations[summary.runtimeId]?.refusal(contract) ?? faults[summary.runtimeId]?.detail
      return Router.Candidate(summary: summary, refusal: refusal)
    }
  }

  func demands(of contract: Contract, faults: [RuntimeID: Problem] = [:]) -> RunQueue.Demands {
    RunQueue.Demands(
      runtime: contract.runtime, requires: Set(contract.requires),
      refusedBy: Set(registrations.filter { $0.value.refusal(contract) != nil }.keys).union(faults.keys))
  }

  /// Whether some runtime could start a run with these demands now.
  func canStart(_ demands: RunQueue.Demands) -> Bool {
    summaries.values.contains { summary in
      summary.health == .healthy && summary.slotsUsed < summary.capabilities.maxParallelTasks
        && (demands.runtime == nil || demands.runtime == summary.runtimeId)
        && !demands.refusedBy.contains(summary.runtimeId)
        && demands.requires.allSatisfy(summary.capabilities.has)
    }
  }

  func freeSlots(of id: RuntimeID) -> Int {
    summaries[id].map { max(0, $0.capabilities.maxParallelTasks - $0.slotsUsed) } ?? 0
  }

  mutating func takeSlot(_ id: RuntimeID) { summaries[id]?.slotsUsed += 1 }
  mutating func freeSlot(_ id: RuntimeID) { summaries[id]?.slotsUsed -= 1 }

  mutating func count(_ run: Run) {
    guard let id = run.runtimeId, summaries[id] != nil else { return }
    switch run.status {
    case .succeeded: summaries[id]?.succeeded += 1
    case .failed: summaries[id]?.failed += 1
    case .canceled: summaries[id]?.canceled += 1
    case .queued, .running: return
    }
    // A clock that was set back meanwhile says nothing of how long it took.
    guard let started = run.startedAt, let ended = run.endedAt, ended >= started else { return }
    durations[id, default: []].append((ended - started).milliseconds)
    if let excess = durations[id].map({ $0.count - 100 }), excess > 0 { durations[id]?.removeFirst(excess) }
  }

  /// True when that is news.
  mutating func setComplaint(_ complaint: String?, of id: RuntimeID) -> Bool {
    guard let summary = summaries[id], summary.healthReason != complaint else { return false }
    summaries[id]?.health = complaint == nil ? .healthy : .degraded
    summaries[id]?.healthReason = complaint
    return true
  }
}
