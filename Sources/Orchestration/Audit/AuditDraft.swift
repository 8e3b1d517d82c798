package import RunModel

/// What is put on the audit trail: who did what, to what, why, and what it changed.
package struct AuditDraft: Sendable {
  package enum Subject: Sendable, Hashable {
    case run(RunID)
    case token(TokenID)
    case runtime(RuntimeID)
    /// It is about nothing that has an id: a refusal.
    case none
  }

  package var subject: Subject
  package var actor: Actor
  /// `agent_run.dispatched`, `.routed`, `.started`, `.cancel_requested`, `.stop_sent`, `.completed`, `.failed`,
  /// `.canceled`, `.answered`, `.messaged`, `.retried`, `.approval_requested`, `.approved`, `.rejected`, `.collected`, `.kept`,
  /// `.pull_request_opened`, `.pull_request_failed`; `access_token.created`, `.revoked`; `access.refused`;
  /// `agent_runtime.registered`, `.changed`, `.removed`, `.degraded`, `.recovered`; `configuration.applied`, `.rejected`;
  /// `store.restored`.
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
    subject = .run(run)
    self.actor = actor
    self.before = before
    self.after = after
    self.data = data
    self.rationale = rationale
    self.contract = contract
    self.runtime = runtime
    self.time = time
  }

  package init(
    _ eventType: String, on subject: Subject, by actor: Actor, data: JSONObject = [:], rationale: String? = nil,
    time: Timestamp
  ) {
    self.eventType = eventType
    self.subject = subject
    if case .runtime(let id) = subject { runtime = id }
    self.actor = actor
    self.data = data
    self.rationale = rationale
    self.time = time
  }
}
