import RunModel
import TerminalKit

/// The runs screen: cursor, order, filter, marks.
extension DashboardState {
  /// Puts rows in order unless someone is acting on them; then it waits.
  mutating func settleRows() {
    guard list.hasChanges, !isActing else { return }
    guard list.changeCount <= 64 || (now - settledAt).milliseconds >= 100 else { return }
    settledAt = now
    if list.settle(board) { refindSelection() }
  }

  /// Finds the selected run again after rows moved. It stays on its line of the screen when it can.
  mutating func refindSelection() {
    let visible = list.visible
    guard !visible.isEmpty else {
      selection = nil
      cursor = 0
      top = 0
      return
    }
    if let wanted = wantedSelection, let place = board.place(of: wanted), visible.contains(Int32(place)) {
      selection = wanted
      wantedSelection = nil
      cursorTouched = true
    }
    if !cursorTouched {
      cursor = 0
      top = 0
    } else if let selection, let place = board.place(of: selection), let index = visible.firstIndex(of: Int32(place)) {
      let row = cursor - top
      cursor = index
      let height = layout.rows.height
      if index < top || index >= top + height || isActing { top = index - row }
    } else {
      cursor = min(cursor, visible.count - 1)
    }
    selection = board.runs[Int(visible[cursor])].runId
    keepCursorVisible()
    schedulePreview()
  }

  mutating func keepCursorVisible() {
    guard screen == .runs else { return }
    let height = max(1, layout.rows.height)
    top = min(max(top, cursor - height + 1), cursor)
    top = max(0, min(top, list.visible.count - height))
  }

  mutating func moveCursor(to index: Int) {
    guard !list.visible.isEmpty else { return }
    cursorTouched = true
    wantedSelection = nil
    actingUntil = now + .milliseconds(1500)
    cursor = min(max(0, index), list.visible.count - 1)
    selection = board.runs[Int(list.visible[cursor])].runId
    keepCursorVisible()
    schedulePreview()
  }

  // MARK: The preview

  mutating func schedulePreview() {
    guard screen == .runs, !layout.preview.isEmpty, let selection, log?.run != selection else {
      previewAt = nil
      return
    }
    if log == nil { turnPreview() } else { previewAt = previewAt ?? now + .milliseconds(120) }
  }

  mutating func turnPreview() {
    guard screen == .runs, !layout.preview.isEmpty, let selection, log?.run != selection else { return }
    log = RunLog(run: selection)
    emit(.fetchBacklog(selection, limit: 200))
  }

  // MARK: Order and choice

  mutating func setSort(_ sort: RunSort) {
    list.setSort(sort, board)
    refindSelection()
  }

  mutating func turnSort(_ step: Int) {
    let columns = SortColumn.allCases
    let place = columns.firstIndex(of: list.sort.column) ?? 0
    setSort(RunSort(column: columns[(place + step + columns.count) % columns.count]))
  }

  mutating func setFilter(_ text: String) {
    if list.hasChanges, list.settle(board) { refindSelection() }
    list.setFilter(RunFilter(text), board)
    refindSelection()
  }

  mutating func mark(_ action: Action) {
    guard let selection else { return }
    switch action {
    case .mark:
      if marks.remove(selection) == nil {
        marks.insert(selection)
        lastMark = selection
      }
      moveCursor(to: cursor + 1)
    case .markRange:
      let anchor =
        lastMark.flatMap { board.place(of: $0) }.flatMap { list.visible.firstIndex(of: Int32($0)) } ?? cursor
      for index in min(anchor, cursor)...max(anchor, cursor) {
        marks.insert(board.runs[Int(list.visible[index])].runId)
      }
      lastMark = selection
    default: marks = []
    }
    actingUntil = now + .milliseconds(1500)
  }

  /// What an action on runs is about: the marked ones, else the current one.
  var targets: [RunID] {
    if screen == .runs, !marks.isEmpty {
      return marks.sorted { (board.place(of: $0) ?? 0) < (board.place(of: $1) ?? 0) }
    }
    return currentRun.map { [$0.runId] } ?? []
  }

  // MARK: Moving

  mutating func move(_ action: Action) {
    switch screen {
    case .runs:
      moveCursor(to: Self.moved(cursor, action, page: layout.rows.height, count: list.visible.count))
    case .runtimes:
      let page = max(1, layout.body.height / 2)
      runtimeCursor = Self.moved(runtimeCursor, action, page: page, count: runtimes.count)
    case .queue, .audit, .pulse: moveOnPage(action)
    case .run: moveInTab(action)
    case .dispatch: break
    }
  }

  /// Where a cursor at `index` of `count` goes.
  static func moved(_ index: Int, _ action: Action, page: Int, count: Int) -> Int {
    let target =
      switch action {
      case .up: index - 1
      case .down: index + 1
      case .top: 0
      case .bottom: count - 1
      case .halfDown: index + max(1, page / 2)
      case .halfUp: index - max(1, page / 2)
      case .pageDown: index + max(1, page - 1)
      case .pageUp: index - max(1, page - 1)
      default: index
      }
    return max(0, min(target, count - 1))
  }

  // MARK: Mouse

  mutating func take(_ mouse: Input.Mouse) {
    guard layers.isEmpty, !isTooSmall else { return }
    let layout = layout
    switch mouse.action {
    case .wheelUp, .wheelDown:
      for _ in 0..<3 { move(mouse.action == .wheelUp ? .up : .down) }
    case .press, .doubleClick:
      if layout.tabs.contains(mouse.at) {
        for tab in tabSpans where mouse.at.x >= tab.x && mouse.at.x < tab.x + tab.width { perform(tab.action) }
      } else if screen == .runs, layout.rows.contains(mouse.at) {
        let index = top + mouse.at.y - layout.rows.y
        guard index < list.visible.count else { return }
        moveCursor(to: index)
        if mouse.action == .doubleClick { perform(.open) }
      } else if screen == .run, let open, open.tab == .files, layout.body.contains(mouse.at) {
        let index = listTop(open.files.cursor, open.files.rows.count, layout.body.height) + mouse.at.y - layout.body.y
        guard index < open.files.rows.count else { return }
        self.open?.files.cursor = index
        if mouse.action == .doubleClick { perform(.open) }
      } else if layout.body.contains(mouse.at) {
        clickOnPage(mouse)
      }
    }
  }

  /// The first row of a list that shows `cursor` near its middle once it does not fit.
  func listTop(_ cursor: Int, _ count: Int, _ height: Int) -> Int {
    max(0, min(cursor - height / 2, count - height))
  }
}
