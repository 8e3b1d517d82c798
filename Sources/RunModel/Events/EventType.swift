/// An event's `type`; those we do not know are kept and shown.
package struct EventType: RawRepresentable, Hashable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
  package let rawValue: String
  package init(rawValue: String) { self.rawValue = rawValue }
  package init(stringLiteral value: String) { rawValue = value }
  package var description: String { rawValue }

  package static let queued: Self = "awf.run.queued"
  /// Ours beside the contract's list: what a queued run waits for has changed (`waitsFor`).
  package static let waiting: Self = "awf.run.waiting"
  package static let started: Self = "awf.run.started"
  package static let progress: Self = "awf.run.progress"
  package static let output: Self = "awf.run.output"
  /// Ours: lines of output that are lost for good (`lines`, and the `limit` in bytes that they were beyond, if it was one).
  package static let outputCut: Self = "awf.run.output_cut"
  package static let tool: Self = "awf.run.tool"
  /// Ours: tokens and cost, as the runtime reports them.
  package static let usage: Self = "awf.run.usage"
  /// Ours: what the agent says that it will do (`entries: [{text, status}]`); the whole each time it changes.
  package static let plan: Self = "awf.run.plan"
  package static let attention: Self = "awf.run.attention"
  package static let resolved: Self = "awf.run.resolved"
  /// Ours: a person has said something to the agent, unasked (`text`, `by`).
  package static let message: Self = "awf.run.message"
  package static let cancelRequested: Self = "awf.run.cancel_requested"
  /// Ours: the stop has been sent to the run's processes (`stopSentAt`).
  package static let stopSent: Self = "awf.run.stop_sent"
  /// Ours: the agent has ended and the verify commands run (`command`, `index`, `count`).
  package static let verifying: Self = "awf.run.verifying"
  package static let canceled: Self = "awf.run.canceled"
  package static let succeeded: Self = "awf.run.succeeded"
  package static let failed: Self = "awf.run.failed"
  /// Ours: the work of an ended run that could not be committed is, after all (`commit`, `branch`, `message`).
  package static let kept: Self = "awf.run.kept"
  package static let artifacts: Self = "awf.run.artifacts"
  /// Ours: a pull request for the work is open (`url`, `branch`), or could not be opened (`reason`, `command`).
  package static let pullRequest: Self = "awf.run.pull_request"
  /// Ours: which live runs change the same files as this one (`conflicts`, `files`); the whole each time it changes.
  package static let conflict: Self = "awf.run.conflict"
  package static let approvalRequested: Self = "awf.approval.requested"
  package static let approvalApproved: Self = "awf.approval.approved"
  package static let approvalRejected: Self = "awf.approval.rejected"
  package static let runtimeRegistered: Self = "awf.runtime.registered"
  package static let runtimeDegraded: Self = "awf.runtime.degraded"
  package static let runtimeLost: Self = "awf.runtime.lost"
  /// Ours: a changed configuration is taken over (`changes`, `later`), or is not (`reason`) and the old one stays.
  package static let configurationApplied: Self = "awf.configuration.applied"
  package static let configurationRejected: Self = "awf.configuration.rejected"
  /// Ours: what was not recorded when it happened is, from here on (`since`, `cause`, `dropped`).
  package static let storeRecovered: Self = "awf.store.recovered"

  /// Ours, in the order of a run's life.
  package static let known: [Self] = [
    .queued, .waiting, .approvalRequested, .approvalApproved, .approvalRejected, .started, .progress, .output,
    .outputCut,
    .tool, .usage, .plan, .attention, .resolved, .message, .conflict, .cancelRequested, .stopSent, .verifying,
    .canceled,
    .succeeded, .failed, .kept, .artifacts, .pullRequest, .runtimeRegistered, .runtimeDegraded, .runtimeLost,
    .configurationApplied, .configurationRejected, .storeRecovered,
  ]

  /// The name a runtime's own event gets, so that none can forge ours.
  package static func custom(_ type: String, of runtime: RuntimeID) -> Self {
    Self(rawValue: "awf.runtime.\(runtime).\(type)")
  }

  /// Without the prefix that ours share: `output`, `approval.requested`.
  package var shortName: String {
    if rawValue.hasPrefix("awf.run.") { return String(rawValue.dropFirst(8)) }
    return rawValue.hasPrefix("awf.approval.") ? String(rawValue.dropFirst(4)) : rawValue
  }
}
