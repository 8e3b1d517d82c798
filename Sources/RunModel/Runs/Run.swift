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
  @Rare package var attention: Attention?
  /// What it must have been granted before it starts; nil for work that needs no consent.
  @Rare package var approval: Approval?
  @Rare package var cancellation: Cancellation?
  @Rare package var proof: CancelProof?
  /// Until it is committed after all.
  @Rare package var uncommitted: Uncommitted?
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
  /// How it was judged at its end; nil before, and for one that was canceled.
  package var verdict: Verdict?
  package var score: Score?
  /// Live runs of the same repository that change the same files, and the first files that it shares with each.
  package var conflicts: [Conflict] = []
  /// How many of its files others change too, those that `conflicts` does not name included.
  package var conflictingFiles = 0
  /// Why it ended as it did.
  package var reason: String?
  package var exitCode: Int?
  /// The latest word: a progress message, a tool call or what is being verified.
  package var activity: String?
  package var isVerifying = false
  /// What the agent says that it will do, as it last said it.
  package var plan: [PlanEntry] = []
  /// What people have said to answer likewise for the rest of this run, the latest last.
  package var remembered: [PermissionRule] = []
  package var waitsFor: [String] = []
  package var branch: String?
  package var worktree: String?
  /// The base as recorded at the start: a commit.
  package var base: String?
  /// The snapshot commit on the branch.
  package var commit: String?
  /// What became of asking for its work to be merged; nil when nobody has asked.
  @Rare package var pullRequest: PullRequest?
  package var externalRef: String?
  package var labels: [String] = []
  package var inputTokens: Int64?
  package var outputTokens: Int64?
  package var costUSD: Double?
  /// Lines of output that no event has, those of `outputCut` among them.
  package var outputDropped: Int64 = 0
  /// Lines that the runtime's log has not either.
  @Rare package var outputCut: OutputCut?
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

  /// Whether it waits for a person: with a question, or for an approval.
  package var needsAttention: Bool { (attention != nil || awaitsApproval) && !status.isTerminal }
  package var awaitsApproval: Bool { status == .queued && approval?.isPending == true }
  package var waits: [WaitReason] { waitsFor.map(WaitReason.init) }
}
