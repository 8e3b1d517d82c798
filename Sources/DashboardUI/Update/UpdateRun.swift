import RunModel
import TerminalKit

/// One row of the files tab: from the patch when it is there, else from the artifacts' list.
struct FileRow: Sendable {
  var path: String
  var oldPath: String?
  var change: PatchFile.Change
  var added: Int?
  var removed: Int?
  var isBinary = false
}

/// One row of the commands and the tests tab.
struct RecordRow: Sendable {
  var name: String
  var test: TestRecord?
}

/// The run screen and its tabs.
extension DashboardState {
  mutating func openRun(_ run: RunID, _ tab: RunTab) {
    if open?.id != run { open = OpenRun(id: run) }
    if screen != .run { screens.append(.run) }
    if log?.run != run { log = RunLog(run: run) }
    previewAt = nil
    emit(.fetchBacklog(run, limit: 5000))
    fetch(run)
    showTab(tab)
  }

  mutating func showTab(_ tab: RunTab) {
    guard let open else { return }
    self.open?.tab = tab
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
    let index = cursor + step
    guard list.visible.indices.contains(index) else { return }
    cursorTouched = true
    cursor = index
    let run = board.runs[Int(list.visible[index])].runId
    selection = run
    openRun(run, tab)
  }

  var filePaths: [FileRow] {
    if let patch = open?.patch, !patch.files.isEmpty {
      return patch.files.map {
        FileRow(
          path: $0.path, oldPath: $0.oldPath == $0.newPath ? nil : $0.oldPath, change: $0.change, added: $0.added,
          removed: $0.removed, isBinary: $0.isBinary)
      }
    }
    return (open?.artifacts?.filesChanged ?? []).map { FileRow(path: $0, change: .modified) }
  }

  /// Commands in the order they ran; tests with those that failed first.
  func records(_ tab: RunTab) -> [RecordRow] {
    guard let artifacts = open?.artifacts else { return [] }
    if tab == .commands {
      return artifacts.commandsRun.map { command in
        RecordRow(name: command, test: artifacts.testsRun.first { $0.name == command })
      }
    }
    func rank(_ status: TestRecord.Status) -> Int {
      switch status {
      case .failed, .error: 0
      case .skipped: 1
      case .passed: 2
      }
    }
    return artifacts.testsRun.enumerated()
      .sorted { (rank($0.element.status), $0.offset) < (rank($1.element.status), $1.offset) }
      .map { RecordRow(name: $0.element.name, test: $0.element) }
  }

  // MARK: Moving

  mutating func moveInTab(_ action: Action) {
    guard let open else { return }
    let height = layout.body.height
    switch open.tab {
    case .overview, .handoff:
      let count = page(open.tab, width: layout.body.width).count
      let top = open.tops[open.tab] ?? 0
      self.open?.tops[open.tab] = Self.scrolled(top, action, page: height, count: count)
    case .events: moveEvents(action, height)
    case .files:
      let count = filePaths.count
      self.open?.fileCursor = Self.moved(open.fileCursor, action, page: height, count: count)
    case .commands, .tests:
      let count = records(open.tab).count
      self.open?.recordCursor[open.tab] =
        Self.moved(open.recordCursor[open.tab] ?? 0, action, page: height / 2, count: count)
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

  /// Lines of the log that may show: while paused, those that were there then.
  var shownLogCount: Int {
    guard let log else { return 0 }
    return open?.events.pausedAt.map { log.index(ofSeq: $0 + 1) } ?? log.count
  }

  var eventsTop: Int {
    guard let log, let pane = open?.events else { return 0 }
    let end = max(0, shownLogCount - layout.body.height)
    return pane.isFollowing ? end : min(log.index(ofSeq: pane.topSeq), max(0, shownLogCount - 1))
  }

  private mutating func moveEvents(_ action: Action, _ height: Int) {
    switch action {
    case .left, .right:
      let left = (open?.events.left ?? 0) + (action == .left ? -8 : 8)
      open?.events.left = max(0, min(8192, left))
    case .bottom: open?.events.isFollowing = true
    default:
      let end = max(0, shownLogCount - height)
      let target = Self.scrolled(eventsTop, action, page: height, count: shownLogCount)
      let goesDown = action == .down || action == .halfDown || action == .pageDown
      setEventsTop(target, following: goesDown && target >= end)
    }
  }

  private mutating func setEventsTop(_ index: Int, following: Bool = false) {
    open?.events.isFollowing = following
    open?.events.topSeq = log?[index]?.seq ?? 0
  }

  // MARK: The tabs' own keys

  mutating func performInTab(_ action: Action) {
    guard screen == .run, let open else { return }
    switch (open.tab, action) {
    case (.events, .follow):
      if open.events.isFollowing { setEventsTop(eventsTop) } else { self.open?.events.isFollowing = true }
      self.open?.events.pausedAt = nil
    case (.events, .pause):
      self.open?.events.pausedAt = open.events.pausedAt == nil ? (log?[(log?.count ?? 0) - 1]?.seq ?? 0) : nil
    case (.events, .wrap): self.open?.events.wraps.toggle()
    case (.events, .timestamps):
      let all = EventsPane.Times.allCases
      self.open?.events.times = all[((all.firstIndex(of: open.events.times) ?? 0) + 1) % all.count]
    case (.events, .eventTypes):
      guard let log else { return }
      let seq = log[eventsTop]?.seq ?? 0
      let all = LogFilter.allCases
      self.log?.setFilter(all[((all.firstIndex(of: log.filter) ?? 0) + 1) % all.count])
      if !open.events.isFollowing { self.open?.events.topSeq = seq }
    case (.events, .search): layers.append(.search(TextField()))
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
    case .events:
      guard let log, !open.events.search.isEmpty, log.count > 0 else { return }
      let wanted = open.events.search.lowercased()
      var index = eventsTop
      for _ in 0..<log.count {
        index = (index + step + log.count) % log.count
        if log[index]?.text.lowercased().contains(wanted) == true {
          setEventsTop(index)
          return
        }
      }
      toast("\"\(open.events.search)\" is not in these events", .info)
    case .overview, .files, .commands, .tests, .handoff: break
    }
  }
}
