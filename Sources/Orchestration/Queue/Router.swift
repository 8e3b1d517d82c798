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
    /// Whether it is there for such a contract at all, right or wrong; false for one that runs the contract's own command
    /// where the contract has none.
    package var isMeant: Bool

    package init(
      summary: RuntimeSummary, refusal: String? = nil, trouble: String? = nil, isMeant: Bool = true,
      worksInRepository: Bool? = nil
    ) {
      self.worksInRepository = worksInRepository
      self.summary = summary
      self.refusal = refusal
      self.trouble = trouble
      self.isMeant = isMeant
    }

    /// Whether it works in the contract's repository: it makes worktrees or branches there. Nil for a contract that names
    /// none.
    package var worksInRepository: Bool?

    /// What it makes is no work, so that it is for those who ask for it, or have nothing else.
    var isSimulated: Bool { summary.kind == "simulated" }
    /// A contract that may go there is not played by a simulated runtime, whatever is wrong with it.
    var isReal: Bool { !isSimulated && isMeant }
    /// A contract that names a repository is for those who work there, while there are any.
    func isHome(to contract: Contract) -> Bool {
      worksInRepository == true && isReal && contract.requires.allSatisfy(summary.capabilities.has)
    }

    var healthy: Candidate {
      var copy = self
      copy.summary.health = .healthy
      return copy
    }
  }

  /// Of the eligible ones, the runtime with most free slots wins, then the first by name. A simulated one is eligible only
  /// where none that does real work is there for the contract, one that does not work in the contract's repository only
  /// where none does, or where the contract is pinned to it. `waits`: what else holds the contract back, such as an
  /// approval or another contract; then none is chosen.
  package static func route(_ contract: Contract, among candidates: [Candidate], waits: [WaitReason] = [])
    -> RoutingDecision
  {
    var decision = RoutingDecision(waitsFor: waits.map(\.text))
    var best: (index: Int, free: Int, isSimulated: Bool)?
    var busy: [String] = []
    var free: [RuntimeID: Int] = [:]
    for candidate in candidates.sorted(by: { $0.summary.runtimeId < $1.summary.runtimeId }) {
      let runtime = candidate.summary
      var reasons = obstacles(for: contract, at: candidate, among: candidates)
      let slots = runtime.capabilities.maxParallelTasks - runtime.slotsUsed
      free[runtime.runtimeId] = slots
      if reasons.isEmpty, slots <= 0 {
        reasons.append("\(runtime.slotsUsed) of \(runtime.capabilities.maxParallelTasks) slots in use")
        busy.append(WaitReason.slot(runtime.runtimeId).text)
      } else if runtime.health != .healthy, obstacles(for: contract, at: candidate.healthy, among: candidates).isEmpty {
        busy.append(WaitReason.health(runtime.runtimeId, reason: runtime.healthReason).text)
      }
      if reasons.isEmpty, slots > best?.free ?? 0 {
        best = (decision.considered.count, slots, candidate.isSimulated)
      }
      decision.considered.append(.init(runtimeId: runtime.runtimeId, eligible: reasons.isEmpty, reasons: reasons))
    }
    if let pinned = contract.runtime, !candidates.contains(where: { $0.summary.runtimeId == pinned }) {
      busy.append(WaitReason.health(pinned, reason: "it is not configured").text)
    }
    if let best, waits.isEmpty {
      decision.runtimeId = decision.considered[best.index].runtimeId
      var reasons = [contract.runtime != nil ? "pinned by the contract" : "most free slots (\(best.free))"]
      if best.isSimulated, contract.runtime == nil {
        reasons.append("simulated, as no runtime that does real work is configured for it")
      }
      decision.considered[best.index].reasons = reasons
    } else if best == nil {
      decision.waitsFor += busy
    }
    for index in decision.considered.indices
    where decision.considered[index].eligible && decision.considered[index].reasons.isEmpty {
      let isEqual = free[decision.considered[index].runtimeId] == best?.free
      let why =
        isEqual ? "eligible, with as many free slots: the first by name is taken" : "eligible, with fewer free slots"
      decision.considered[index].reasons = waits.isEmpty ? [why] : ["eligible"] + waits.map(\.sentence)
    }
    return decision
  }

  /// Why this runtime could never take the contract as things stand, load aside.
  package static func obstacles(for contract: Contract, at candidate: Candidate, among all: [Candidate]) -> [String] {
    let runtime = candidate.summary
    var reasons: [String] = []
    if let misfit = misfit(of: contract, at: candidate, among: all) { reasons.append(misfit) }
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
  /// Why others are there for such a contract, which goes to this runtime only when it is pinned there; nil where it does.
  package static func misfit(of contract: Contract, at candidate: Candidate, among all: [Candidate]) -> String? {
    guard contract.runtime == nil else { return nil }
    let id = candidate.summary.runtimeId
    if candidate.isSimulated {
      let real = all.filter(\.isReal).map(\.summary.runtimeId).min()
      return real.map { "it is simulated, and \($0) is there for real work: pin the contract to \(id) to try it" }
    }
    guard candidate.worksInRepository == false else { return nil }
    let home = all.filter { $0.isHome(to: contract) }.map(\.summary.runtimeId).min()
    return home.map { "it does not work in the repository, as \($0) does: pin the contract to \(id) to send it there" }
  }
}
