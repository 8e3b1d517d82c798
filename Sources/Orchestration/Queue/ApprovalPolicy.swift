package import RunModel

/// Which work people must consent to before it starts, and who may.
package struct ApprovalPolicy: Sendable, Hashable {
  package var required: Set<Contract.Risk>
  /// Whether people may approve what they asked for; nil: where one person works alone, and not on a shared server.
  package var ownRequests: Bool?

  package init(required: Set<Contract.Risk> = [.high, .critical], ownRequests: Bool? = true) {
    self.required = required
    self.ownRequests = ownRequests
  }

  /// The policy where it is known whether others than the operator may come in.
  func settled(isShared: Bool) -> ApprovalPolicy {
    ApprovalPolicy(required: required, ownRequests: ownRequests ?? !isShared)
  }

  /// What the contract, already classified, has to be granted; nil when it may start as it is.
  func request(for contract: Contract, by actor: Actor, at now: Timestamp) -> Approval? {
    guard let risk = contract.risk, required.contains(risk) else { return nil }
    return Approval(
      risk: risk, taskClass: contract.taskClass ?? "general_task", needed: risk.approvalsNeeded,
      requestedBy: actor.id, requestedAt: now)
  }

  /// What a person's word comes to.
  enum Answer: Equatable {
    /// To be put on record.
    case takes
    /// They have said so before.
    case known
  }

  /// Throws a `Problem` that says why this person's approval does not count.
  func approve(_ approval: Approval?, of name: String, isQueued: Bool, by actor: Actor) throws(Problem) -> Answer {
    let approval = try pending(approval, of: name, isQueued: isQueued) { approval in
      approval.rejection == nil && approval.given.contains { $0.by == actor.id } && !approval.isPending
    }
    guard let approval else { return .known }
    try admit(actor, to: approval, of: name)
    if approval.given.contains(where: { $0.by == actor.id }) {
      throw Problem(
        .forbidden,
        "Run \(name) is \(approval.risk.rawValue) and needs \(approval.needed) different people; \(actor.id) has approved it already. Another person must."
      )
    }
    return .takes
  }

  /// As for `approve`.
  func reject(_ approval: Approval?, of name: String, isQueued: Bool, by actor: Actor) throws(Problem) -> Answer {
    guard try pending(approval, of: name, isQueued: isQueued, isKnown: { $0.rejection != nil }) != nil else {
      return .known
    }
    guard actor.kind == .human else { throw notHuman(name) }
    return .takes
  }

  /// The approval that waits, nil when `isKnown` says that this has been settled just so.
  private func pending(
    _ approval: Approval?, of name: String, isQueued: Bool, isKnown: (Approval) -> Bool
  ) throws(Problem) -> Approval? {
    guard let approval, approval.needed > 0 else { throw Problem(.conflict, "Run \(name) needs no approval.") }
    if isKnown(approval) { return nil }
    if let rejection = approval.rejection {
      throw Problem(.conflict, "Run \(name) was rejected by \(rejection.by): \(rejection.why)")
    }
    guard approval.isPending else {
      let people = approval.given.map(\.by).joined(separator: " and ")
      throw Problem(
        .conflict, "Run \(name) waits for no approval: \(people) approved it. flightdeck cancel stops it.")
    }
    guard isQueued else { throw Problem(.conflict, "Run \(name) waits for no approval: it has ended.") }
    return approval
  }

  private func admit(_ actor: Actor, to approval: Approval, of name: String) throws(Problem) {
    guard actor.kind == .human else { throw notHuman(name) }
    if ownRequests == false, approval.requestedBy == actor.id {
      throw Problem(
        .forbidden,
        "Run \(name) was asked for by \(actor.id), who may not approve it here (approvals.ownRequests is false, as by default where others hold tokens). Another person must."
      )
    }
  }

  private func notHuman(_ name: String) -> Problem {
    Problem(.forbidden, "Only a person may decide on run \(name).")
  }
}
