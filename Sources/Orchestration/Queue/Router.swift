package import RunModel

/// Decides where a contract goes, and says why for each runtime.
package enum Router {
  /// A runtime as routing sees it.
  package struct Candidate: Sendable {
    package var summary: RuntimeSummary
    /// Why this runtime cannot take this contract whatever its load: no repository, no command.
    package var refusal: String?

    package init(summary: RuntimeSummary, refusal: String? = nil) {
      self.summary = summary
      self.refusal = refusal
    }
  }

  /// Of the eligible ones, the runtime with most free slots wins, then the first by name. `waits`: what else holds the
  /// contract back, such as an approval or another contract; then none is chosen.
  package static func route(_ contract: Contract, among candidates: [Candidate], waits: [WaitReason] = [])
    -> RoutingDecision
  {
    var decision = RoutingDecision(waitsFor: waits.map(\.text))
    var best: (index: Int, free: Int)?
    var busy: [String] = []
    for candidate in candidates.sorted(by: { $0.summary.runtimeId < $1.summary.runtimeId }) {
      let runtime = candidate.summary
      var reasons = obstacles(for: contract, at: candidate)
      let free = runtime.capabilities.maxParallelTasks - runtime.slotsUsed
      if reasons.isEmpty, free <= 0 {
        reasons.append("\(runtime.slotsUsed) of \(runtime.capabilities.maxParallelTasks) slots in use")
        busy.append(WaitReason.slot(runtime.runtimeId).text)
      } else if runtime.health != .healthy, wouldTake(contract, candidate) {
        busy.append(WaitReason.health(runtime.runtimeId).text)
      }
      if reasons.isEmpty, free > best?.free ?? 0 { best = (decision.considered.count, free) }
      decision.considered.append(.init(runtimeId: runtime.runtimeId, eligible: reasons.isEmpty, reasons: reasons))
    }
    if let best, waits.isEmpty {
      decision.runtimeId = decision.considered[best.index].runtimeId
      decision.considered[best.index].reasons = [
        contract.runtime != nil ? "pinned by the contract" : "most free slots (\(best.free))"
      ]
    } else if best == nil {
      decision.waitsFor += busy
    }
    for index in decision.considered.indices
    where decision.considered[index].eligible && decision.considered[index].reasons.isEmpty {
      decision.considered[index].reasons =
        waits.isEmpty ? ["eligible, with fewer free slots"] : ["eligible"] + waits.map(\.sentence)
    }
    return decision
  }

  /// Whether only its health is in the way.
  private static func wouldTake(_ contract: Contract, _ candidate: Candidate) -> Bool {
    var healthy = candidate
    healthy.summary.health = .healthy
    return obstacles(for: contract, at: healthy).isEmpty
  }

  /// Why this runtime could never take the contract as things stand, load aside.
  package static func obstacles(for contract: Contract, at candidate: Candidate) -> [String] {
    let runtime = candidate.summary
    var reasons: [String] = []
    if let pinned = contract.runtime, pinned != runtime.runtimeId {
      reasons.append("the contract is pinned to \(pinned)")
    }
    for capability in contract.requires where !runtime.capabilities.has(capability) {
      reasons.append("\(capability.rawValue) is false")
    }
    if let refusal = candidate.refusal { reasons.append(refusal) }
    if runtime.health == .lost { reasons.append("it is lost\(runtime.healthReason.map { ": \($0)" } ?? "")") }
    if runtime.health == .degraded { reasons.append("it is degraded\(runtime.healthReason.map { ": \($0)" } ?? "")") }
    return reasons
  }
}
