package import RunModel

/// AWFAgentRuntime v1.0: the seven members by which the orchestrator knows an agent runtime, and nothing else.
///
/// Every adapter passes the conformance suite of `TestSupport`.
package protocol AgentRuntime: Sendable {
  /// Short and stable: audit records, routing, capability look-ups.
  var runtimeId: RuntimeID { get }

  /// Starts the contract, which carries the run's id in `runId`, and returns once the runtime has taken it.
  ///
  /// Throws a `Problem` when it cannot be started; then nothing is left behind, no process, no worktree.
  func startTask(_ contract: Contract) async throws -> StartedTask

  /// Throws `Problem(.notFound)` for a run this runtime never started.
  func getStatus(_ run: RunID) async throws -> TaskStatus

  /// Asks the run to stop and returns; the end comes as an `ended` event when its processes are gone. Idempotent; on
  /// a terminal run a no-op. Throws `Problem(.notFound)` for an unknown run.
  func cancelTask(_ run: RunID, reason: String) async throws

  /// What the run has made so far; for a terminal run, the final word. Throws `Problem(.notFound)` for an unknown run.
  func getArtifacts(_ run: RunID) async throws -> Artifacts

  /// Registers the receiver of events for the adapter's lifetime. It is called from any thread, in order for each run,
  /// never blocks, and may be called for a run before `startTask` has returned.
  func onEvent(_ handler: @escaping @Sendable (RuntimeEvent) -> Void)

  /// Stable while the adapter lives.
  func getCapabilities() async throws -> RuntimeCapabilities
}

/// What `startTask` answers.
package struct StartedTask: Sendable, Hashable {
  /// Ours; a runtime that answers with another id gets an alias.
  package var runId: RunID
  /// The runtime's own handle, for correlation in logs and audit.
  package var runtimeSessionId: String

  package init(runId: RunID, runtimeSessionId: String) {
    self.runId = runId
    self.runtimeSessionId = runtimeSessionId
  }
}

/// What `getStatus` answers; progress is in [0, 1].
package struct TaskStatus: Sendable, Hashable {
  package var status: RunStatus
  package var progress: Double

  package init(status: RunStatus, progress: Double) {
    self.status = status
    self.progress = progress
  }
}

/// A runtime that works in a folder of this machine, where the orchestrator runs `verify` and reads the diff.
package protocol WorkspaceRuntime: AgentRuntime {
  /// Nil when the run has none (any more).
  func workspace(of run: RunID) async throws -> Workspace?
  /// A patch from the merge base to the work, as `git apply` takes it, binaries included; empty without a change.
  func patch(of run: RunID) async throws -> [UInt8]
  /// The same in another form. Throws a `Problem` that says why where it cannot be had.
  func patch(of run: RunID, _ options: PatchOptions) async throws -> [UInt8]
}

extension WorkspaceRuntime {
  /// For runtimes that know one form alone.
  package func patch(of run: RunID, _ options: PatchOptions) async throws -> [UInt8] {
    guard options == PatchOptions() else {
      throw Problem(.conflict, "The runtime \(runtimeId) gives its diffs in one form alone; it stays as it is.")
    }
    return try await patch(of: run)
  }
}

/// A runtime that can end a run's processes at once, without the grace that `cancelTask` gives.
package protocol ForceCancelingRuntime: AgentRuntime {
  func forceCancelTask(_ run: RunID, reason: String) async throws
}

/// A runtime whose agents ask questions.
package protocol AnswerableRuntime: AgentRuntime {
  /// Whether an answer reaches its agents at all, as it is set up; true unless the runtime says otherwise.
  var takesAnswers: Bool { get }
  /// Hands the answer to the agent. Throws `Problem(.conflict)` when nothing waits under that id.
  func answer(_ run: RunID, attentionId: String, answer: String) async throws
}

extension AnswerableRuntime {
  package var takesAnswers: Bool { true }
}

/// A runtime whose agents take a message while they work, unasked.
package protocol ConversingRuntime: AgentRuntime {
  /// Hands the message to the run's live session; returns once the agent has it, or it waits there for its next turn. Throws
  /// `Problem(.conflict)` that says why when the session takes none (any more).
  func send(_ message: String, to run: RunID) async throws
}

/// A runtime whose runs outlive the orchestrator, or can be taken up again.
package protocol AdoptingRuntime: AgentRuntime {
  /// Takes up a run that an earlier orchestrator started: events follow as if it had been started here, without those
  /// already recorded. False when nothing is left of it; the orchestrator then ends it as failed.
  func adopt(_ contract: Contract, run: Run, _ adoption: Adoption) async throws -> Bool
  /// Whether an agent has begun with a run whose start is not on record: it is adopted then, and not started again.
  func hasBegun(_ run: RunID) async throws -> Bool
}

extension AdoptingRuntime {
  /// For runtimes whose starts end with the orchestrator.
  package func hasBegun(_ run: RunID) async throws -> Bool { false }
}

/// What is known of a run that is taken up, beside its fold.
package struct Adoption: Sendable, Hashable {
  /// How far the runtime's own record of the run has been told: what follows is told now. Nil when nothing was.
  package var position: ReportPosition?
  /// The machine was restarted since the run began: no process of it is left, and its pids are others' by now.
  package var followsRestart: Bool

  package init(position: ReportPosition? = nil, followsRestart: Bool = false) {
    self.position = position
    self.followsRestart = followsRestart
  }
}

/// A runtime that can try again to commit what it could not when the run ended (`TaskEnd.uncommitted`).
package protocol KeepingRuntime: AgentRuntime {
  /// The commit that holds the work now; nil when nothing had changed. Throws when it still cannot be committed, and
  /// `Problem(.notFound)` when there is nothing left to commit it from.
  func keepWork(of run: Run) async throws -> String?
}

/// A runtime that can wait before it reports more, as what it has not reported lies where it costs no memory of ours.
package protocol PacedRuntime: AgentRuntime {
  /// `ready` returns as soon as there is room for more reports. Called once, before the first run.
  func pace(by ready: @escaping @Sendable () async -> Void)
}

/// A runtime that bounds what its runs may use.
package protocol LimitingRuntime: AgentRuntime {
  /// The limits of runs that start now, and what holds each.
  var limits: [LimitHolding] { get }
  /// Those under which this run was started. Throws `Problem(.notFound)` for an unknown run.
  func limits(of run: RunID) async throws -> [LimitHolding]
}

/// Where a run works.
package struct Workspace: Sendable, Hashable {
  /// Absolute path of the worktree.
  package var path: String
  package var branch: String?
  /// The commit that the branch began at; nil outside git.
  package var base: String?
  /// The operator's checkout that the worktree belongs to.
  package var repository: String?
  /// Where the repository keeps the worktree's HEAD, as it was when the worktree was made; nil for one that was made before
  /// this was recorded.
  package var gitFolder: String?

  package init(
    path: String, branch: String? = nil, base: String? = nil, repository: String? = nil, gitFolder: String? = nil
  ) {
    self.gitFolder = gitFolder
    self.path = path
    self.branch = branch
    self.base = base
    self.repository = repository
  }
}
