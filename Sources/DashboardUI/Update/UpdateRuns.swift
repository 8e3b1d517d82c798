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

  /// Finds the selected run, or the header, again after rows moved. It stays on its line of the screen when it can.
  mutating func refindSelection() {
    guard list.rowCount > 0 else {
      selection = nil
      selectedGroup = nil
      cursor = 0
      top = 0
      return
    }
    if let wanted = wantedSelection, let index = board.place(of: wanted).flatMap({ list.index(ofRunAt: $0) }) {
      wantedSelection = nil
      cursorTouched = true
      selectedGroup = nil
      cursor = index
    } else if !cursorTouched {
      cursor = list.grouping == .none ? 0 : min(1, list.rowCount - 1)
      top = 0
    } else if let index = selectedIndex {
      let row = cursor - top
      cursor = index
      // On another screen nobody sees the rows: they are scrolled no further than they must, on coming back. From the top on,
      // what comes in above is what one must see, and moves the cursor down.
      let height = layout.rows.height
      if screen == .runs, top > 0 || index >= height, index < top || index >= top + height || isActing {
        top = index - row
      }
    } else {
      cursor = min(cursor, list.rowCount - 1)
    }
    select(cursor)
    keepCursorVisible()
    schedulePreview()
  }

  /// The row of what is selected; of the group's header when the run is folded away.
  private var selectedIndex: Int? {
    if let selectedGroup { return list.index(ofGroup: selectedGroup) }
    guard let selection, let place = board.place(of: selection) else { return nil }
    return list.index(ofRunAt: place) ?? list.header(ofRunAt: place)
  }

  private mutating func select(_ index: Int) {
    switch list.row(index) {
    case .run(let place):
      selection = board.runs[place].runId
      selectedGroup = nil
    case .group(let group):
      selection = nil
      selectedGroup = list.groups[group].key
    case nil:
      selection = nil
      selectedGroup = nil
    }
  }

  mutating func keepCursorVisible() {
    guard screen == .runs else { return }
    let height = max(1, layout.rows.height)
    top = min(max(top, cursor - height + 1), cursor)
    top = max(0, min(top, list.rowCount - height))
  }

  /// After the size changed: what a smaller screen had scrolled out above comes back.
  mutating func resizeRows() {
    var home = self
    home.screens = [.runs]
    if cursor < home.layout.rows.height { top = 0 }
    keepCursorVisible()
  }

  mutating func moveCursor(to index: Int) {
    guard list.rowCount > 0 else { return }
    cursorTouched = true
    wantedSelection = nil
    actingUntil = now + .milliseconds(1500)
    cursor = min(max(0, index), list.rowCount - 1)
    select(cursor)
    // The header above the first run comes into sight with it.
    if cursor == 1, top == 1, case .group? = list.row(0) { top = 0 }
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
    log = RunLog(run: selection, bound: RunLog.preview)
    emit(.fetchBacklog(selection, limit: 200))
  }

  // MARK: Order and choice

  mutating func setSort(_ sort: RunSort) {
    list.setSort(sort, board)
    refindSelection()
  }

  mutating func turnSort(_ step: Int) {
    let shown = Set(table.cells.compactMap(\.column.sort))
    let columns = SortColumn.allCases.filter { $0 == .state || $0 == list.sort.column || shown.contains($0) }
    let place = columns.firstIndex(of: list.sort.column) ?? 0
    setSort(RunSort(column: columns[(place + step + columns.count) % columns.count]))
  }

  mutating func setFilter(_ text: String) {
    if list.hasChanges, list.settle(board) { refindSelection() }
    let filter = RunFilter(text)
    if filter.dependsOnTime || filter.dependsOnMarks {
      _ = list.setSurroundings(
        FilterSurroundings(
          now: boardTime, quietTimes: quietTimes, marked: Set(marks.compactMap { board.place(of: $0) })), board)
    }
    list.setFilter(filter, board)
    refindSelection()
  }

  mutating func mark(_ action: Action) {
    if screen == .queue {
      markQueued(action)
      return
    }
    let row = list.row(cursor)
    if action == .mark, case .group(let group)? = row {
      markGroup(group)
      actingUntil = now + .milliseconds(1500)
      return
    }
    guard row != nil else { return }
    switch action {
    case .mark:
      guard let selection else { return }
      if marks.remove(selection) == nil {
        marks.insert(selection)
        lastMark = selection
      }
      moveCursor(to: cursor + 1)
    case .markRange:
      let anchor =
        lastMark.flatMap { board.place(of: $0) }.flatMap { list.index(ofRunAt: $0) } ?? cursor
      for index in min(anchor, cursor)...max(anchor, cursor) {
        switch list.row(index) {
        case .run(let place): marks.insert(board.runs[place].runId)
        case .group(let group) where list.groups[group].isFolded:
          marks.formUnion(list.places(ofGroup: group).map { board.runs[Int($0)].runId })
        case .group, nil: break
        }
      }
      lastMark = selection ?? lastMark
    default: marks = []
    }
    actingUntil = now + .milliseconds(1500)
  }

  /// What an action on runs is about: the marked ones, else the current one.
  var targets: [RunID] {
    if screen == .runs || screen == .queue, !marks.isEmpty {
      return marks.sorted { (board.place(of: $0) ?? 0) < (board.place(of: $1) ?? 0) }
    }
    return currentRun.map { [$0.runId] } ?? []
  }

  // MARK: Moving

  mutating func move(_ action: Action) {
    switch screen {
    case .runs where action == .left || action == .right: moveSideways(action)
    case .runs:
      moveCursor(to: Self.moved(cursor, action, page: layout.rows.height, count: list.rowCount))
    case .runtimes:
      moveRuntimes(action)
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
    guard !takeClick(mouse), layers.isEmpty, !isTooSmall else { return }
    if screen == .dispatch { return takeInForm(mouse) }
    let layout = layout
    switch mouse.action {
    case .wheelUp, .wheelDown:
      for _ in 0..<3 { move(mouse.action == .wheelUp ? .up : .down) }
    case .press, .doubleClick:
      if layout.tabs.contains(mouse.at) {
        for tab in tabSpans where mouse.at.x >= tab.x && mouse.at.x < tab.x + tab.width { perform(tab.action) }
      } else if screen == .runs, layout.rows.contains(mouse.at) {
        let index = top + mouse.at.y - layout.rows.y
        guard index < list.rowCount else { return }
        moveCursor(to: index)
        if case .group(let group)? = list.row(index) {
          fold(group)
        } else if mouse.action == .doubleClick {
          perform(.open)
        }
      } else if screen == .runs, layout.columns.contains(mouse.at) {
        guard let column = table.column(at: mouse.at.x - layout.columns.x)?.sort else { return }
        setSort(RunSort(column: column, isInverted: list.sort.column == column && !list.sort.isInverted))
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
