package import RunModel
package import TerminalKit

/// What a failed effect was for; results and failures of what nobody waits for any more are dropped.
package enum Errand: Sendable, Equatable {
  case detail(RunID), artifacts(RunID), patch(RunID), backlog(RunID), runAudit(RunID)
  case openLink(String)
  case runtimes
  case health
  case audit(AuditPortion), verifyAudit
  case approval(RunID)
  case dispatch
  case dryRun(generation: Int)
  /// Work brought in: reading or dispatching it.
  case batch(generation: Int)
  case cancel(RunID), retry(RunID), answer(RunID)
  case followUp(RunID), message(RunID), pullRequest(RunID)
  /// Copying, saving, the editor.
  case here
}

/// What happens to the dashboard.
package enum Message: Sendable {
  case input(Input)
  /// The time; send one before each frame and whenever `nextTick` comes.
  case tick(Timestamp)
  case snapshot(Snapshot)
  /// The first runs of the snapshot to come, so that there is something to see at once.
  case glimpse(Snapshot)
  /// In order, following the snapshot or the events before.
  case events([RunEvent])
  case link(LinkState)
  /// What the token may do.
  case role(AccessRole)
  /// The orchestrator cannot record anything, and why; nil when it can.
  case outage(StoreOutage?)
  case detail(RunID, RunDetail)
  case artifacts(RunID, Artifacts)
  case patch(RunID, [UInt8], PatchOptions = PatchOptions())
  /// The last events of one run, ascending.
  case backlog(RunID, [RunEvent])
  /// One run's audit records, with how the chain stands.
  case runAudit(RunID, AuditTrail)
  case runtimes([RuntimeSummary])
  /// The latest events of runtimes falling ill and getting well, ascending.
  case health([RunEvent])
  case audit(AuditPortion, AuditPart)
  /// What checking the whole chain has shown.
  case auditVerified(AuditTrail)
  case dispatched([DispatchOutcome])
  case dryRun(generation: Int, [DispatchOutcome])
  case retried(RunID, DispatchOutcome)
  /// The run whose work is taken further, and what came of it.
  case followedUp(RunID, DispatchOutcome)
  /// The run with the pull request that is open for it now.
  case pullRequest(Run)
  /// A live session has taken what was said.
  case messaged(RunID, isReview: Bool)
  case failed(Problem, Errand)
  /// The prompt as it comes back from $EDITOR.
  case edited(String)
  /// The file that the screen was saved to.
  case saved(path: String)
  case repository(RepositoryFacts)
  case folders(FolderListing)
  /// Those of the configuration folder.
  case templates([WorkTemplate])
  case work(WorkSurvey, generation: Int)
  case batchDispatched([DispatchOutcome], generation: Int)
  case setTheme(Theme)
  /// How far a replay is.
  case replay(ReplayStatus)
  /// How another orchestrator is.
  case orchestrator(OrchestratorSight)
  /// The themes there are now, as a file of the user's changed.
  case themes([Theme], broken: [ThemeFault])
  /// A word for the person.
  case note(String)
}

/// What the dashboard asks of the world.
package enum Effect: Sendable {
  case quit, suspend, redraw
  /// To this file, or to one named after the time; never over another.
  case saveScreen(ScreenFormat, path: String?)
  /// The reason goes on the audit trail.
  case cancel([RunID], reason: String, force: Bool)
  case retry([RunID])
  /// `remember`: likewise, for the rest of the run, what is asked in the same way.
  case answer(RunID, attentionId: String, answer: String, remember: Bool)
  /// Into the run's live session. `isReview`: comments on its diff.
  case message(RunID, text: String, isReview: Bool)
  case fetchDetail(RunID), fetchArtifacts(RunID)
  case fetchPatch(RunID, PatchOptions = PatchOptions())
  /// A new run that goes on where an ended one stopped.
  case followUp(RunID, prompt: String)
  /// The same for what has waited: however many dashboards of a person send it, it is one run.
  case followUpOnce(RunID, prompt: String)
  /// Push a succeeded run's branch, and open a pull request for it.
  case openPullRequest(RunID)
  case fetchBacklog(RunID, limit: Int)
  case fetchRuntimes
  case fetchAudit(AuditPortion), verifyAudit
  /// The rationale goes on the audit trail.
  case approve([RunID], why: String), reject([RunID], why: String)
  /// Of the events after this seq, those about the health of runtimes.
  case fetchHealth(after: UInt64)
  case dispatch(DispatchRequest)
  case dryRun(DispatchRequest, generation: Int)
  /// To the clipboard, by OSC 52; not sanitised.
  case copy(String)
  /// To the clipboard, by a program.
  case copyWithTool(String)
  /// Open $EDITOR on this text; `Message.edited` brings it back.
  case edit(String)
  /// What there is to know of a repository on this machine.
  case inspectRepository(RepositoryQuestion)
  case listFolders(prefix: String)
  case fetchTemplates
  /// Work from a file, or pasted.
  case readWork(WorkSource, generation: Int)
  case dispatchBatch(DispatchRequest, generation: Int)
  /// Open an address with the desktop's own program.
  case openLink(String)
  case fetchRunAudit(RunID)
  /// Open $EDITOR on a file of a worktree, at a line.
  case openFile(worktree: String, path: String, line: Int)
  case bell
  /// By the means of the rules, which is not the bell.
  case notify(RunNotification)
  /// Turn to another orchestrator, by name or by address.
  case connect(String)
  /// Ask the other orchestrators how they are.
  case lookAround
  /// Fetch what was recorded of a run, or of all, and play it.
  case startReplay(RunID?)
  case replayCommand(Replay.Command)
  /// Back to the orchestrator that one came from.
  case leaveReplay
  /// Store what is remembered.
  case keep(Preferences)
}
