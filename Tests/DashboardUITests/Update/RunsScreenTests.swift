import RunModel
import Testing
import TerminalKit

@testable import DashboardUI

@Suite struct RunsScreenTests {
  private let size = Size(width: 120, height: 40)

  private func kept(_ effects: [Effect]) -> Preferences? {
    effects.reversed().lazy.compactMap { if case .keep(let preferences) = $0 { preferences } else { nil } }.first
  }

  private func columns(_ state: DashboardState) -> [RunColumn] { state.columns.map(\.column) }

  private func header(_ state: DashboardState) -> String? {
    guard case .group(let group)? = state.list.row(state.cursor) else { return nil }
    return state.list.groups[group].key
  }

  // MARK: Columns

  @Test("The chooser shows, hides, moves and resizes columns at once, and they are kept")
  func chooser() throws {
    var state = Sample.state(size)
    let hidden = kept(state.press("C", "G", "k", "space"))
    #expect(hidden?.columns?.map(\.column).last == .ended)
    state.press("K", "[")
    #expect(columns(state).last == .ended, "what is hidden was passed")
    state.press("g", "J")
    #expect(columns(state).prefix(2) == [.title, .run])
    state.press("]")
    #expect(columns(state).prefix(3) == [.title, .runtime, .run])
    state.press("[", "K", "j", "j", "+", "+", "=", "-")
    #expect(state.columns[2] == ColumnChoice(.runtime, width: 9))
    let again = Preferences(json: try JSONValue(parsing: state.preferences.jsonBytes))
    #expect(again.columns == state.columns)
    let restored = DashboardState(size: size, now: Sample.now, preferences: again)
    #expect(restored.columns == state.columns)
    #expect(kept(state.press("r"))?.columns == nil)
    #expect(columns(state) == RunColumn.standard)
    state.press("esc")
    #expect(state.layers.isEmpty)
  }

  @Test("The title stays, whatever is pressed or typed")
  func title() {
    var state = Sample.state(size)
    state.press("C", "j", "space")
    #expect(columns(state).contains(.title))
    state.press("enter")
    state.type(":columns run,files")
    state.press("enter")
    #expect(columns(state) == [.run, .title, .files])
    state.type(":columns fils")
    state.press("enter")
    #expect(columns(state) == [.run, .title, .files])
    #expect(drawDashboard(state).text.contains("Did you mean \"files\"?"))
    state.type(":columns standard")
    state.press("enter")
    #expect(columns(state) == RunColumn.standard)
  }

  @Test("A configuration gives the columns of those who chose none")
  func configured() throws {
    var state = Sample.state(size)
    state.standardColumns = try ColumnChoice.list(["title", "branch:20"])
    #expect(columns(state) == [.title, .branch])
    #expect(drawDashboard(state).text.contains("BRANCH"))
    #expect(throws: Problem.self) { try ColumnChoice.list(["title", "title"]) }
    #expect(throws: Problem.self) { try ColumnChoice.list(["title:2000"]) }
  }

  @Test("Cells never touch, leave the screen or hide the title, at any width", arguments: [60, 80, 99, 120, 160, 300])
  func cells(width: Int) {
    let every = RunColumn.allCases.map { ColumnChoice($0) }
    for choices in [ColumnChoice.standard, every, Array(every.reversed())] {
      for table in [
        RunTable(choices, width: width, runtimeName: 7),
        RunTable(wide: choices, width: width, runtimeName: 7, scrolled: 0),
        RunTable(wide: choices, width: width, runtimeName: 7, scrolled: 5),
      ] {
        var end = 2
        for cell in table.cells {
          #expect(cell.x > end && cell.width > 0, "\(table.cells)")
          end = cell.x + cell.width
        }
        #expect(end < width)
      }
      #expect((RunTable(choices, width: width, runtimeName: 7)[.title]?.width ?? 0) >= 14)
    }
  }

  @Test("Wide mode shows every column, scrolls with the arrows and needs no preview")
  func wide() {
    var state = Sample.state(size)
    state.press("W")
    #expect(state.layout.preview.isEmpty)
    var seen: Set<RunColumn> = []
    for _ in 0..<30 {
      seen.formUnion(state.table.cells.map(\.column))
      state.press("right")
    }
    #expect(seen == Set(RunColumn.allCases))
    #expect(!state.table.hasMore)
    #expect(state.table.cells.first?.column == .run)
    for _ in 0..<30 { state.press("left") }
    #expect(state.wideLeft == 0)
    state.press("W")
    #expect(!state.layout.preview.isEmpty)
  }

  @Test("A click on a head sorts by it, and again inverts; a click on a group's header folds it")
  func mouse() throws {
    var state = Sample.batches(size)
    let head = try #require(state.table[.files])
    let at = Point(x: head.x + head.width - 1, y: state.layout.columns.y)
    _ = state.update(.input(.mouse(Input.Mouse(.press, at: at))))
    #expect(state.list.sort == RunSort(column: .files))
    _ = state.update(.input(.mouse(Input.Mouse(.press, at: at))))
    #expect(state.list.sort == RunSort(column: .files, isInverted: true))
    state.press("b")
    let rows = state.list.rowCount
    let first = Point(x: 10, y: state.layout.rows.y)
    _ = state.update(.input(.mouse(Input.Mouse(.press, at: first))))
    #expect(state.list.groups.first?.isFolded == true)
    #expect(state.list.rowCount < rows)
    _ = state.update(.input(.mouse(Input.Mouse(.press, at: first))))
    #expect(state.list.rowCount == rows)
  }

  // MARK: Groups

  @Test("b goes through the groupings and back to none; the run under the cursor stays")
  func groupings() {
    var state = Sample.batches(size)
    state.press("j", "j")
    let run = state.selection
    for grouping in [RunGrouping.runtime, .status, .batch, .label, .none] {
      state.press("b")
      #expect(state.list.grouping == grouping)
      #expect(state.selection == run)
      #expect(state.list.row(state.cursor) == run.flatMap { state.board.place(of: $0) }.map { .run($0) })
    }
  }

  @Test("← goes to the header and folds, → and enter unfold; what is folded is counted and not shown")
  func folding() {
    var state = Sample.batches(size)
    state.type(":group batch")
    state.press("enter", "G")
    #expect(header(state) == nil)
    state.press("left")
    #expect(header(state) == "")
    let before = state.list.rowCount
    state.press("left")
    #expect(state.list.rowCount == before - 3)
    #expect(state.list.visible.count == 10)
    state.press("right")
    #expect(state.list.rowCount == before)
    state.press("enter")
    #expect(state.list.rowCount == before - 3)
    #expect(header(state) == "" && state.selection == nil)
    // No run is under the cursor, so nothing happens to any.
    #expect(state.press("x", "d", "r").isEmpty)
    #expect(state.layers.isEmpty)
    state.press("enter")
    #expect(state.list.rowCount == before)
  }

  @Test("Headers count by status as events come, and the run under the cursor keeps its place in its new group")
  func liveGroups() {
    var state = Sample.batches(size)
    state.type(":group status")
    state.press("enter", "G", "g", "j", "j", "j")
    let run = state.selection
    #expect(run != nil)
    let failed = state.list.groups.first { $0.key == "failed" }?.total ?? 0
    if let run { _ = state.update(.events([Sample.event(2000, .failed, run, 1, ["reason": "no"])])) }
    _ = state.update(.tick(Sample.now + .seconds(3)))
    #expect(state.list.groups.first { $0.key == "failed" }?.total == failed + 1)
    #expect(state.selection == run)
    #expect(state.list.row(state.cursor) == run.flatMap { state.board.place(of: $0) }.map { .run($0) })
  }

  @Test("Space on a header marks its runs and again unmarks them; ranges pass headers and take folded groups whole")
  func marks() {
    var state = Sample.batches(size)
    state.type(":group batch")
    state.press("enter", "g", "space")
    let first = state.list.groups[0].total
    #expect(state.marks.count == first)
    state.press("space")
    #expect(state.marks.isEmpty)
    state.press("j", "space", "G", "v")
    #expect(state.marks.count == 10)
    state.press("U")
    #expect(state.marks.isEmpty)
    state.press("g", "left", "j", "j", "space", "g", "v")
    #expect(state.marks.count == first + 1)
    // Marks hold when a filter hides them.
    state.type("/is:marked")
    state.press("enter")
    #expect(state.list.visible.count == first + 1)
    state.press("G", "space")
    _ = state.update(.tick(Sample.now + .seconds(3)))
    #expect(state.list.visible.count == state.marks.count)
  }

  @Test("From run to run the headers are passed over")
  func turnRun() {
    var state = Sample.batches(size)
    state.press("b", "g", "j", "enter")
    var seen: [RunID] = []
    for _ in 0..<20 {
      if let run = state.open?.id, seen.last != run { seen.append(run) }
      state.press("]")
    }
    #expect(seen == state.visibleRuns)
  }

  // MARK: Filter

  @Test("Tab completes fields, statuses, runtimes and labels, and goes on through what fits")
  func completion() {
    var state = Sample.batches(size)
    func prompt() -> String { if case .filter(let prompt)? = state.layers.last { prompt.field.text } else { "" } }
    state.type("/st")
    state.press("tab")
    #expect(prompt() == "status:")
    state.press("tab")
    #expect(prompt() == "status:attention")
    state.press("tab", "tab")
    #expect(prompt() == "status:running")
    state.press("shift-tab")
    #expect(prompt() == "status:queued")
    #expect(state.visibleRuns.count == 2, "what is completed is in force")
    state.type(" !runtime:v")
    state.press("tab")
    #expect(prompt() == "status:queued !runtime:vibe")
    state.type(" label:fr")
    state.press("tab")
    #expect(prompt() == "status:queued !runtime:vibe label:frontend")
    #expect(state.filterOffers("is:").offers == RunCondition.allCases.map(\.rawValue))
    #expect(state.filterOffers("title:\"a b").offers.isEmpty)
    #expect(state.filterOffers("~a").offers.isEmpty)
  }

  @Test("↑ and ↓ go through the filters that were used, and back to what was being typed")
  func history() {
    var state = Sample.state(size)
    for text in ["tls", "status:failed"] {
      state.type("/\(text)")
      state.press("enter", "esc")
    }
    #expect(state.preferences.filters == ["status:failed", "tls"])
    state.type("/da")
    state.press("up")
    #expect(state.list.filter.text == "status:failed")
    state.press("up", "up")
    #expect(state.list.filter.text == "tls")
    state.press("down", "down")
    #expect(state.list.filter.text == "da")
  }

  @Test("A filter on time follows the clock")
  func timeFilter() {
    var state = Sample.batches(size)
    state.type("/is:stalled")
    state.press("enter")
    #expect(state.visibleRuns == [Sample.id(5)])
    #expect((state.nextTick.map { ($0 - Sample.now).milliseconds } ?? 99_999) <= 2000)
    _ = state.update(.tick(Sample.now + .seconds(200)))
    #expect(state.visibleRuns.count > 1)
    _ = state.update(.events([Sample.event(2000, .output, Sample.id(5), 200, ["text": "back"])]))
    _ = state.update(.tick(Sample.now + .seconds(203)))
    #expect(!state.visibleRuns.contains(Sample.id(5)))
  }

  // MARK: Views

  @Test("A view keeps filter, order, groups and columns; taking it brings them back, the standard one clears them")
  func views() throws {
    var state = Sample.state(size)
    state.type("/status:running")
    state.press("enter")
    state.type(":sort title")
    state.press("enter", "I", "b")
    state.type(":columns run,title,cost")
    state.press("enter", "S", "s")
    state.type("Mine")
    let preferences = try #require(kept(state.press("enter")))
    #expect(preferences.views.map(\.name) == ["Mine"])
    state.press("esc")
    #expect(drawDashboard(state).text.contains("view Mine"))
    state.type(":view standard")
    state.press("enter")
    #expect(state.list.filter.isEmpty && state.list.sort == RunSort() && state.list.grouping == .none)
    #expect(columns(state) == RunColumn.standard)
    var again = DashboardState(
      size: size, now: Sample.now, preferences: Preferences(json: try JSONValue(parsing: preferences.jsonBytes)))
    _ = again.update(.snapshot(Snapshot(seq: 1000, runs: Sample.runs, runtimes: Sample.runtimes)))
    again.press("S", "j", "enter")
    #expect(again.list.filter.text == "status:running" && again.list.grouping == .runtime)
    #expect(again.list.sort == RunSort(column: .title, isInverted: true))
    #expect(columns(again) == [.run, .title, .cost])
    #expect(again.currentView?.isChanged == false)
    again.press("I")
    #expect(again.currentView?.isChanged == true)
  }

  @Test("A view is deleted by a second press only, and the standard one never")
  func deleteView() {
    var state = Sample.state(size)
    state.type(":save-view One")
    state.press("enter")
    #expect(state.preferences.views.count == 1)
    state.press("S", "d", "esc")
    #expect(state.preferences.views.count == 1)
    #expect(state.layers.count == 1)
    state.press("d", "d")
    #expect(state.preferences.views.isEmpty)
    state.press("g", "d", "d", "esc")
    #expect(state.views.count == 1)
    state.press("S", "s")
    state.type("standard")
    state.press("enter")
    #expect(state.preferences.views.isEmpty)
  }

  // MARK: Time

  @Test("What is left is told from the latest progress, not before there is enough of it, and not when a run is silent")
  func remaining() {
    var state = Sample.state(size)
    let id = Sample.id(6)
    func left(at offset: Int) -> String? {
      _ = state.update(.tick(Sample.now + .seconds(offset)))
      return state.board[id].flatMap { state.remaining($0) }.map { Format.remaining($0.milliseconds) }
    }
    func report(_ progress: Double, _ offset: Int) {
      let seq = state.board.seq + 1
      _ = state.update(.events([Sample.event(seq, .progress, id, offset, ["progress": .double(progress)])]))
    }
    #expect(left(at: 0) == nil)
    report(0.04, 0)
    #expect(left(at: 1) == nil, "too little is done")
    report(0.5, 10)
    report(0.6, 20)
    #expect(left(at: 20) != nil)
    // 1 % a second of late, after a slow start: 30 % are 30 s.
    for second in 21...30 { report(0.6 + Double(second - 20) / 100, second) }
    #expect(left(at: 30) == "~30s")
    #expect(left(at: 40) == "~20s")
    #expect(left(at: 70) == nil, "overdue: nothing is invented")
    report(0.71, 71)
    #expect(left(at: 300) == nil)
    #expect(state.board[id].map { state.isStalled($0) } == true)
  }

  @Test("A run that says nothing for two minutes gets a mark beside its progress and in the preview")
  func stall() {
    var state = Sample.batches(size)
    state.press("j", "j")
    #expect(state.selection == Sample.id(5))
    let text = drawDashboard(state).text
    #expect(text.contains("◷  63%"))
    #expect(text.contains("◷ quiet 5 min"))
  }
}
