package import RunModel

/// What is put on the audit trail about a run: who did what, why, and what it changed.
package struct AuditDraft: Sendable {
  package var run: RunID
  package var actor: Actor
  /// `agent_run.dispatched`, `.routed`, `.started`, `.cancel_requested`, `.stop_sent`, `.completed`, `.failed`,
  /// `.canceled`, `.answered`, `.retried`, `.approval_requested`, `.approved`, `.rejected`.
  package var eventType: String
  package var before: RunStatus?
  package var after: RunStatus?
  package var data: JSONObject
  package var rationale: String?
  package var contract: ContractID?
  package var runtime: RuntimeID?
  package var time: Timestamp

  package init(
    _ eventType: String, run: RunID, by actor: Actor, before: RunStatus? = nil, after: RunStatus? = nil,
    data: JSONObject = [:], rationale: String? = nil, contract: ContractID? = nil, runtime: RuntimeID? = nil,
    time: Timestamp
  ) {
    self.eventType = eventType
    self.run = run
    self.actor = actor
    self.before = before
    self.after = after
    self.data = data
    self.rationale = rationale
    self.contract = contract
    self.runtime = runtime
    self.time = time
  }
}
