import RunModel

/// What may be changed from this dashboard, and the word for what may not.
extension DashboardState {
  /// Why nothing can be changed from here; nil when it can.
  var refusal: String? {
    if replay != nil { return "This is a replay: what happened cannot be changed" }
    return isReadOnly ? "This dashboard is read-only: nothing is changed from here" : nil
  }
}

extension DashboardState {
  /// Why this action would not be done from here; nil when it would.
  func refusalWords(for action: Action) -> String? {
    guard let needed = action.neededRole else { return nil }
    if let refusal { return refusal }
    guard let role, role < needed else { return nil }
    return "Your token's role is \(role.rawValue), and this takes \(needed.rawValue): ask an admin for another"
  }
}

extension Action {
  /// Who may have the orchestrator do it; nil for what it is not asked for.
  var neededRole: AccessRole? {
    guard changesRuns else { return nil }
    return switch self {
    case .approve, .reject: .approver
    // An editor is opened on this machine, by nobody's leave.
    case .editFile: .viewer
    default: .operator
    }
  }

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
    case .cancel, .retry, .answer, .message, .dispatch, .dispatchBatch, .followUp, .followUpOnce, .openFile,
      .openPullRequest:
      true
    case .approve, .reject: true
    case .quit, .suspend, .redraw, .saveScreen, .fetchDetail, .fetchArtifacts, .fetchPatch, .fetchBacklog,
      .fetchRuntimes, .fetchHealth, .fetchAudit, .verifyAudit, .fetchRunAudit, .dryRun, .copy, .copyWithTool, .edit,
      .openLink, .bell, .notify, .connect, .lookAround, .startReplay, .replayCommand, .leaveReplay, .keep,
      .inspectRepository, .listFolders, .fetchTemplates, .readWork:
      false
    }
  }
}
