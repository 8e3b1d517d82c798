package import RunModel

/// A runtime that this orchestrator may send runs to.
package struct Registration: Sendable {
  package var runtime: any AgentRuntime
  /// `simulated`, `mock`, `local`.
  package var kind: String
  /// Why it cannot take a contract for what it is (no repository, no command); nil when it can.
  package var refusal: @Sendable (Contract) -> String?
  /// What is wrong with it, and the way out; nil when it is healthy.
  package var complaint: @Sendable () async -> String?

  /// How long a live run may be silent before it is called stalled.
  package var quietSeconds: Double

  package init(
    _ runtime: any AgentRuntime, kind: String, quietSeconds: Double = 120,
    refusal: @escaping @Sendable (Contract) -> String? = { _ in nil },
    complaint: @escaping @Sendable () async -> String? = { nil }
  ) {
    self.runtime = runtime
    self.kind = kind
    self.quietSeconds = quietSeconds
    self.refusal = refusal
    self.complaint = complaint
  }
}
