/// A run as everyone sees it: the fold of its events. The orchestrator and every client fold with the same code
/// (`apply`), so that no screen can show what the record does not say.
package struct Run: Sendable, Hashable {
  package internal(set) var runId: RunID
  package var contractId: ContractID
  package var title: String
  package var status: RunStatus = .queued
  /// In [0, 1]; 1 when it succeeded.
  package var progress = 0.0
  /// False until the agent reports one: a screen then says "working" and invents nothing.
  package var progressKnown = false
  package var runtimeId: RuntimeID?
  /// The runtime that the run was asked to go to, if one was named.
  package var pin: RuntimeID?
  package var runtimeSessionId: String?
  package var attention: Attention?
  package var cancellation: Cancellation?
  package var proof: CancelProof?
  package var priority = 100
  package var attempt = 1
  package var retryOf: RunID?
  /// The first run of the request that dispatched this one, when the request made several.
  package var batch: RunID?
  package var createdAt: Timestamp
  package var startedAt: Timestamp?
  package var endedAt: Timestamp?
  package var lastEventAt: Timestamp
  package var filesChanged: Int?
  package var added: Int?
  package var removed: Int?
  package var testsPassed: Int?
  package var testsTotal: Int?
  /// Why it ended as it did.
  package var reason: String?
  package var exitCode: Int?
  /// The latest word: a progress message, a tool call or what is being verified.
  package var activity: String?
  package var isVerifying = false
  package var waitsFor: [String] = []
  package var branch: String?
  package var worktree: String?
  /// The base as recorded at the start: a commit.
  package var base: String?
  /// The snapshot commit on the branch.
  package var commit: String?
  package var externalRef: String?
  package var labels: [String] = []
  package var inputTokens: Int64?
  package var outputTokens: Int64?
  package var costUSD: Double?
  package var outputDropped: Int64 = 0
  /// The seq of its first and its latest event.
  package var firstSeq: UInt64
  package var lastSeq: UInt64

  package init(runId: RunID, contractId: ContractID, title: String, createdAt: Timestamp, seq: UInt64 = 0) {
    self.runId = runId
    self.contractId = contractId
    self.title = title
    self.createdAt = createdAt
    lastEventAt = createdAt
    firstSeq = seq
    lastSeq = seq
  }

  package var needsAttention: Bool { attention != nil && !status.isTerminal }
}
