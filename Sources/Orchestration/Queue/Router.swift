package import RunModel

/// Decides where a contract goes, and says why for each runtime.
package enum Router {
  /// A runtime as routing sees it.
  package struct Candidate: Sendable {
    package var summary: RuntimeSummary
    /// Why this runtime cannot take this contract whatever its load: no repository, no command.
    package var refusal: String?
    /// What is wrong with it and when it is tried again; nil: as the summary says.
    package var trouble: String?

    package init(summary: RuntimeSummary, refusal: String? = nil, trouble: String? = nil) {
      self.summary = summary
      self.refusal = refusal
      self.trouble = trouble
    }

    /// What it makes is no work, so that it is for those who ask for it, or have nothing else.
    var isSimulated: Bool { summary.kind == "simulated" }

    var healthy: Candidate {
      var copy = self
      copy.summary.health = .healthy
      return copy
    }
  }

  /// Of the eligible ones, the runtime with most free slots wins, then the first by name; a simulated one only where no
  /// other could ever take the contract. `waits`: what else holds the contract back, such as an approval or another
  /// contract; then none is chosen.
  package static func route(_ contract: Contract, among candidates: [Candidate], waits: [WaitReason] = [])
    -> RoutingDecision
  {
    var decision = RoutingDecision(waitsFor: waits.map(\.text))
    var best: (index: Int, free: Int, isSimulated: Bool)?
    var busy: [String] = []
    let real = contract.runtime == nil ? standIn(for: contract, among: candidates) : nil
    for candidate in candidates.sorted(by: { $0.summary.runtimeId < $1.summary.runtimeId }) {
      let runtime = candidate.summary
      var reasons = obstacles(for: contract, at: candidate)
      if let real, candidate.isSimulated {
        reasons.append(
          "it is simulated, and \(real) can do the work: pin the contract to \(runtime.runtimeId) to try it")
      }
      let free = runtime.capabilities.maxParallelTasks - runtime.slotsUsed
      if reasons.isEmpty, free <= 0 {
        reasons.append("\(runtime.slotsUsed) of \(runtime.capabilities.maxParallelTasks) slots in use")
        busy.append(WaitReason.slot(runtime.runtimeId).text)
      } else if runtime.health != .healthy, obstacles(for: contract, at: candidate.healthy).isEmpty {
        if real == nil || !candidate.isSimulated {
          busy.append(
            WaitReason.health(runtime.runtimeId, reason: runtime.healthReason).text)
        }
      }
      if reasons.isEmpty, free > best?.free ?? 0 { best = (decision.considered.count, free, candidate.isSimulated) }
      decision.considered.append(.init(runtimeId: runtime.runtimeId, eligible: reasons.isEmpty, reasons: reasons))
    }
    if let pinned = contract.runtime, !candidates.contains(where: { $0.summary.runtimeId == pinned }) {
      busy.append(WaitReason.health(pinned, reason: "it is not configured").text)
    }
    if let best, waits.isEmpty {
      decision.runtimeId = decision.considered[best.index].runtimeId
      var reasons = [contract.runtime != nil ? "pinned by the contract" : "most free slots (\(best.free))"]
      if best.isSimulated, contract.runtime == nil {
        reasons.append("simulated, as no other runtime could take it")
      }
      decision.considered[best.index].reasons = reasons
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

  /// The first that is not simulated and could take the contract, were it well and idle.
  private static func standIn(for contract: Contract, among candidates: [Candidate]) -> RuntimeID? {
    candidates.filter { !$0.isSimulated && obstacles(for: contract, at: $0.healthy).isEmpty }
      .map(\.summary.runtimeId).min()
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
    let trouble = (candidate.trouble ?? runtime.healthReason).map { ": \($0)" } ?? ""
    if runtime.health == .lost { reasons.append("it is lost\(trouble)") }
    if runtime.health == .degraded { reasons.append("it is degraded\(trouble)") }
    return reasons
  }
}
