/// What may be changed from this dashboard, and the word for what may not.
extension DashboardState {
  /// Why nothing can be changed from here; nil when it can.
  var refusal: String? {
    if replay != nil { return "This is a replay: what happened cannot be changed" }
    return isReadOnly ? "This dashboard is read-only: nothing is changed from here" : nil
  }
}

extension Action {
  /// Whether it asks the orchestrator to do something.
  var changesRuns: Bool {
    switch self {
    case .dispatch, .cancel, .forceCancel, .retry, .answer, .message, .sendComments: true
    case .approve, .reject: true
    // An editor in a run's worktree can change what the agent works on.
    case .editFile: true
    default: false
    }
  }
}

extension Effect {
  /// Whether it asks the orchestrator to do something: what a read-only dashboard and a replay never send.
  package var changesRuns: Bool {
    switch self {
    case .cancel, .retry, .answer, .message, .dispatch, .dispatchBatch, .followUp, .openFile: true
    case .approve, .reject: true
    case .quit, .suspend, .redraw, .saveScreen, .fetchDetail, .fetchArtifacts, .fetchPatch, .fetchBacklog,
      .fetchRuntimes, .fetchHealth, .fetchAudit, .verifyAudit, .fetchRunAudit, .dryRun, .copy, .copyWithTool, .edit,
      .openLink, .bell, .notify, .connect, .lookAround, .startReplay, .replayCommand, .leaveReplay, .keep,
      .inspectRepository, .listFolders, .fetchTemplates, .readWork:
      false
    }
  }
}
