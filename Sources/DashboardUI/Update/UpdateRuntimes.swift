import RunModel
import TerminalKit

/// The runtimes screen.
extension DashboardState {
  var chosenRuntime: RuntimeSummary? { runtimes[safe: runtimeCursor] }

  /// What the pane and the sparklines show, at arrival and once a second.
  mutating func redrawRuntimes() {
    history.advance(to: boardTime)
    runtimesPage.shownAt = now
    guard runtimesPage.isOpen, let runtime = chosenRuntime?.runtimeId else { return }
    runtimesPage.live = timeline.live(on: runtime, board)
    runtimesPage.failures = timeline.failures(on: runtime, board)
  }

  mutating func settleRuntimes() {
    guard screen == .runtimes, (now - runtimesPage.shownAt).milliseconds >= pulseInterval else { return }
    redrawRuntimes()
  }

  /// enter: the pane of the runtime under the cursor, or none again.
  mutating func toggleRuntimePane() {
    guard chosenRuntime != nil else { return }
    runtimesPage.isOpen.toggle()
    runtimesPage.top = 0
    if runtimesPage.isOpen, !runtimesPage.askedHealth {
      runtimesPage.askedHealth = true
      // What lies further back is seldom worth reading all events for.
      emit(.fetchHealth(after: board.seq > 50_000 ? board.seq - 50_000 : 0))
    }
    redrawRuntimes()
  }

  mutating func moveRuntimes(_ action: Action) {
    let before = runtimeCursor
    if runtimesPage.isOpen, action == .pageDown || action == .pageUp || action == .halfDown || action == .halfUp {
      let pane = runtimesLayout.pane
      let count = runtimePaneLines(width: pane.width).count
      runtimesPage.top = Self.scrolled(runtimesPage.top, action, page: pane.height, count: count)
      return
    }
    let page = max(1, layout.body.height / 2)
    runtimeCursor = Self.moved(runtimeCursor, action, page: page, count: runtimes.count)
    if runtimeCursor != before {
      runtimesPage.top = 0
      redrawRuntimes()
    }
  }

  /// D on a runtime: the form with that one chosen.
  mutating func dispatchToChosen() {
    if screen == .runtimes, let runtime = chosenRuntime { form.runtimes = [runtime.runtimeId] }
    show(.dispatch)
  }

  mutating func clickRuntime(_ mouse: Input.Mouse) {
    let layout = runtimesLayout
    guard layout.rows.contains(mouse.at),
      let index = runtimeIndex(atRow: mouse.at.y - layout.rows.y, height: layout.rows.height)
    else { return }
    runtimeCursor = index
    redrawRuntimes()
    if mouse.action == .doubleClick { toggleRuntimePane() }
  }
}

extension Timeline {
  private static let mostShown = 50

  /// The latest started first.
  func live(on runtime: RuntimeID, _ board: RunBoard) -> [RunID] {
    let found = live.filter { run in board.place(of: run).map { board.runs[$0].runtimeId == runtime } ?? false }
    return Array(found.sorted { $0 > $1 }.prefix(Self.mostShown))
  }

  /// The latest ended first.
  func failures(on runtime: RuntimeID, _ board: RunBoard) -> [RunID] {
    var found: [RunID] = []
    for run in latestEnded {
      guard let place = board.place(of: run), board.runs[place].status == .failed,
        board.runs[place].runtimeId == runtime
      else { continue }
      found.append(run)
      if found.count == 10 { break }
    }
    return found
  }
}
