import RunModel
import TerminalKit

/// The run screen and its tabs.
extension DashboardState {
  mutating func openRun(_ run: RunID, _ tab: RunTab) {
    if open?.id != run { open = OpenRun(id: run) }
    if screen != .run { screens.append(.run) }
    if log?.run != run { log = RunLog(run: run) }
    log?.open()
    previewAt = nil
    emit(.fetchBacklog(run, limit: 5000))
    fetch(run)
    showTab(tab)
  }

  mutating func showTab(_ tab: RunTab) {
    guard let open else { return }
    self.open?.tab = tab
    self.open?.readsOutput = false
    layNote()
    askAudit()
    let isLive = board[open.id]?.status.isTerminal == false
    if tab == .diff || tab == .files, isLive, let asked = open.askedAt, (now - asked).milliseconds >= 2000 {
      self.open?.askedAt = now
      emit(.fetchArtifacts(open.id))
      emit(.fetchPatch(open.id, open.diff.wanted))
    }
  }

  /// The run above or below in the list, without going back to it.
  mutating func turnRun(_ step: Int) {
    guard let tab = open?.tab else { return }
    var index = cursor + step
    // Headers are passed over.
    while case .group? = list.row(index) { index += step }
    guard case .run(let place)? = list.row(index) else { return }
    cursorTouched = true
    cursor = index
    let run = board.runs[place].runId
    selection = run
    selectedGroup = nil
    openRun(run, tab)
  }

  /// Enter, in a tab that has something to open.
  mutating func openInTab() {
    guard let open else { return }
    if tree != nil {
      tree?.toggle()
      return
    }
    switch open.tab {
    case .files: openFile()
    case .events: openEvent()
    case .commands, .tests: openRecord()
    case .audit: openAuditRecord()
    case .overview, .diff, .handoff, .evidence: break
    }
  }

  /// The pull request, else where the contract comes from.
  mutating func openLink() {
    guard let run = currentRun else { return }
    let request = run.pullRequest?.url ?? open?.artifacts?.prURL
    guard let address = request ?? open?.detail?.contract.externalURL else {
      toast("This run has no pull request", .info)
      return
    }
    toast("Opening \(address)", .info)
    emit(.openLink(address))
  }

  // MARK: Moving

  mutating func moveInTab(_ action: Action) {
    guard let open else { return }
    let height = layout.body.height
    if tree != nil {
      moveTree(action)
      return
    }
    switch open.tab {
    case .overview, .handoff:
      let count = page(open.tab, width: layout.body.width).count
      let top = open.tops[open.tab] ?? 0
      self.open?.tops[open.tab] = Self.scrolled(top, action, page: height, count: count)
    case .events: moveEvents(action)
    case .evidence: break
    case .audit: moveAudit(action)
    case .files: moveFiles(action, height)
    case .commands, .tests: moveRecords(action, height)
    case .diff: moveInDiff(action)
    }
  }

  /// Where a page whose top is at `top` goes; `last` rows of it are the least that stay in sight.
  static func scrolled(_ top: Int, _ action: Action, page: Int, count: Int, last: Int? = nil) -> Int {
    let end = max(0, count - (last ?? page))
    let target =
      switch action {
      case .up: top - 1
      case .down: top + 1
      case .top: 0
      case .bottom: end
      case .halfDown: top + max(1, page / 2)
      case .halfUp: top - max(1, page / 2)
      case .pageDown: top + max(1, page - 1)
      case .pageUp: top - max(1, page - 1)
      default: top
      }
    return max(0, min(target, end))
  }

  // MARK: The tabs' own keys

  mutating func performInTab(_ action: Action) {
    guard screen == .run, let open else { return }
    switch (open.tab, action) {
    case (.events, _): performInEvents(action)
    case (.files, _): performInFiles(action)
    case (.commands, _), (.tests, _): performInRecords(action)
    case (.handoff, .search): layers.append(.search(TextField()))
    case (_, .nextMatch): goToMatch(1)
    case (_, .previousMatch): goToMatch(-1)
    case (.diff, _): performInDiff(action)
    default: break
    }
  }

  mutating func goToMatch(_ step: Int) {
    guard let open else { return }
    switch open.tab {
    case .diff: goToDiffMatch(step)
    case .events: goToEvent(step)
    case .handoff: goToNoteMatch(step)
    case .overview, .files, .commands, .tests, .evidence, .audit: break
    }
  }
}
