package import RunModel

/// A runtime that this orchestrator may send runs to.
package struct Registration: Sendable {
  package var runtime: any AgentRuntime
  /// `simulated`, `mock`, `local`.
  package var kind: String
  /// Why it cannot take a contract for what it is (no repository, no command); nil when it can.
  package var refusal: @Sendable (Contract) -> String?
  /// Whether it is there for such a contract at all: see `Router.Candidate.isMeant`.
  package var isMeant: @Sendable (Contract) -> Bool
  /// What a mere look finds wrong with it, where its check costs more than that; nil in turn when that is nothing.
  package var complaint: (@Sendable () async -> String?)?
  /// Why no run can begin in this repository at this base (nil: HEAD); nil when one can. Only runtimes that need a
  /// repository have it, so that nothing is looked at for the others.
  package var inspect: (@Sendable (_ repository: String, _ base: String?) async -> Problem?)?

  /// What its agents may do unasked.
  package var permissions: PermissionPolicy

  /// How long a live run may be silent before it is called stalled.
  package var quietSeconds: Double

  package init(
    _ runtime: any AgentRuntime, kind: String, quietSeconds: Double = 120,
    permissions: PermissionPolicy = PermissionPolicy(),
    refusal: @escaping @Sendable (Contract) -> String? = { _ in nil },
    isMeant: @escaping @Sendable (Contract) -> Bool = { _ in true },
    complaint: (@Sendable () async -> String?)? = nil,
    inspect: (@Sendable (_ repository: String, _ base: String?) async -> Problem?)? = nil
  ) {
    self.complaint = complaint
    self.inspect = inspect
    self.runtime = runtime
    self.kind = kind
    self.quietSeconds = quietSeconds
    self.permissions = permissions
    self.refusal = refusal
    self.isMeant = isMeant
  }
}
