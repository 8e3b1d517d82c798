package import RunModel

/// What people say to work that needs their consent.
extension Orchestrator {
  package func approve(_ run: RunID, why: String, by actor: Actor) async throws -> Run {
    let now = environment.now()
    let known = try known(run)
    let approval = live[run]?.approval ?? known.approval
    let answer = try environment.approvals.settled(isShared: access.isShared).approve(
      approval, of: run.shortName, isQueued: live[run]?.machine.phase == .queued, by: actor)
    try Self.checkRationale(why)
    // The same word at the same time is put on record once.
    guard answer == .takes, live[run]?.approving.insert(actor.id).inserted == true else {
      return try await settled(run)
    }
    defer { live[run]?.approving.remove(actor.id) }
    var entry = JournalEntry([
      RunEvent(
        type: .approvalApproved, run: run, time: now, data: ["by": .string(actor.id), "why": .string(why)])
    ])
    entry.audit = [word("agent_run.approved", on: run, approval, why: why, by: actor, at: now)]
    try await journal.record(entry)
    // It counts once it is durable; meanwhile the run may have been canceled, or its contract have been changed.
    if live[run]?.approval?.requestedAt == approval?.requestedAt {
      live[run]?.approval?.given.append(.init(by: actor.id, why: why, at: now))
    }
    enqueue(run)
    schedule()
    tellWaits(of: [run])
    return try await settled(run)
  }

  package func reject(_ run: RunID, why: String, by actor: Actor) async throws -> Run {
    let now = environment.now()
    let known = try known(run)
    let approval = live[run]?.approval ?? known.approval
    let answer = try environment.approvals.reject(
      approval, of: run.shortName, isQueued: live[run]?.machine.phase == .queued, by: actor)
    try Self.checkRationale(why)
    guard answer == .takes, var entry = live[run] else { return try await settled(run) }
    let before = entry
    let actions = try entry.machine.receive(.stopRequested(.cancel(reason: why, force: false)))
    entry.canceledBy = actor
    entry.approval?.rejection = .init(by: actor.id, why: why, at: now)
    live[run] = entry
    var record = JournalEntry([
      RunEvent(
        type: .approvalRejected, run: run, time: now, data: ["by": .string(actor.id), "why": .string(why)])
    ])
    record.audit = [word("agent_run.rejected", on: run, approval, why: why, by: actor, at: now)]
    do {
      try await journal.record(record)
    } catch {
      // Nothing is on record: the run waits on, unless it has moved meanwhile.
      if live[run]?.machine == entry.machine { live[run] = before }
      throw error
    }
    perform(actions.filter { $0 != .recordCancelRequest }, on: run)
    return try await settled(run)
  }

  /// The run when all that was noted of it is durable.
  private func settled(_ run: RunID) async throws -> Run {
    try await journal.flush()
    return try known(run)
  }

  private static func checkRationale(_ why: String) throws(Problem) {
    if why.allSatisfy(\.isWhitespace) { throw Problem(.invalid, "Say why: the rationale goes on the audit trail.") }
  }

  private func word(
    _ type: String, on run: RunID, _ approval: Approval?, why: String, by actor: Actor, at now: Timestamp
  ) -> AuditDraft {
    AuditDraft(
      type, run: run, by: actor, before: .queued, data: approval?.requestData ?? [:], rationale: why,
      contract: live[run]?.contract.contractId, time: now)
  }

  /// The request as it goes on record beside the run's `queued`.
  func approvalRequest(_ approval: Approval, for run: RunID, _ contract: Contract, by actor: Actor) -> JournalEntry {
    let data = approval.requestData
    return JournalEntry(
      [RunEvent(type: .approvalRequested, run: run, time: approval.requestedAt, data: data)],
      audit: [
        AuditDraft(
          "agent_run.approval_requested", run: run, by: actor, before: .queued, data: data,
          contract: contract.contractId, runtime: contract.runtime, time: approval.requestedAt)
      ])
  }
}
