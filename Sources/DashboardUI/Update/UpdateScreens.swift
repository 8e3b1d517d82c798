import RunModel
import TerminalKit

/// The screens beside the runs: which there are, and moving among them.
extension DashboardState {
  static let pages: [Screen] = [.runs, .runtimes, .queue, .audit, .pulse]

  /// The screen `step` further in the row of tabs.
  mutating func turnScreen(_ step: Int) {
    let count = Self.pages.count
    let place = Self.pages.firstIndex(of: screen) ?? 0
    show(Self.pages[(place + step + count) % count])
  }

  /// What a screen wants as soon as it is looked at.
  mutating func arrivedAtPage() {
    switch screen {
    case .queue:
      queue.list.reset(board)
      refindQueued()
    case .runtimes: redrawRuntimes()
    case .pulse:
      pulse.rows = []
      redrawPulse()
    case .audit: arriveAtAudit()
    case .runs, .run, .dispatch: break
    }
  }

  /// The run that keys are about on these screens.
  var runOnPage: Run? {
    switch screen {
    case .queue: queue.selection.flatMap { board[$0] }
    case .pulse: pulse.rows[safe: pulse.cursor].flatMap { board[$0] }
    case .audit: auditRecord?.run.flatMap { board[$0] }
    case .runs, .runtimes, .run, .dispatch: nil
    }
  }

  mutating func moveOnPage(_ action: Action) {
    switch screen {
    case .queue:
      moveQueue(to: Self.moved(queue.cursor, action, page: queueRows.height, count: queue.list.count))
    case .pulse:
      moveTimeline(to: Self.moved(pulse.cursor, action, page: timelineRows.height, count: pulse.rows.count))
    case .audit: moveTrail(action)
    case .runs, .runtimes, .run, .dispatch: break
    }
  }

  /// After the size changed.
  mutating func keepPageVisible() {
    switch screen {
    case .queue: keepQueueVisible()
    case .pulse: keepTimelineVisible()
    case .audit: keepAuditVisible()
    case .runs, .runtimes, .run, .dispatch: break
    }
  }

  mutating func openOnPage() {
    switch screen {
    case .queue: if let run = queue.selection { openRun(run, .overview) }
    case .pulse: if let run = pulse.rows[safe: pulse.cursor] { openRun(run, .overview) }
    case .audit:
      guard let run = auditRecord?.run else { return }
      if board[run] == nil {
        toast("The run of this record is not known any more", .info)
      } else {
        openRun(run, .overview)
      }
    case .runs, .runtimes, .run, .dispatch: break
    }
  }

  /// A click on the body of one of these screens.
  mutating func clickOnPage(_ mouse: Input.Mouse) {
    switch screen {
    case .queue:
      guard queueRows.contains(mouse.at), let index = queueIndex(atRow: mouse.at.y - queueRows.y) else { return }
      moveQueue(to: index)
      if mouse.action == .doubleClick { openOnPage() }
    case .runtimes: clickRuntime(mouse)
    case .pulse:
      guard timelineRows.contains(mouse.at) else { return clickWindow(mouse.at) }
      let index = pulse.top + mouse.at.y - timelineRows.y
      guard index < pulse.rows.count else { return }
      moveTimeline(to: index)
      if mouse.action == .doubleClick { openOnPage() }
    case .audit:
      let rows = auditLayout.rows
      guard rows.contains(mouse.at), audit.top + mouse.at.y - rows.y < audit.count else { return }
      moveTrail(to: audit.top + mouse.at.y - rows.y)
      if mouse.action == .doubleClick { openOnPage() }
    case .runs, .run, .dispatch: break
    }
  }
}
