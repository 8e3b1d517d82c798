import RunModel
import TerminalKit
import Testing

@testable import DashboardUI

/// Nothing moves when nothing happens.
@Suite struct IdleTests {
  private static let ways: [[String]] = [
    [], ["2"], ["3"], ["4"], ["5"], ["enter"], ["enter", "2"], ["enter", "3"], ["enter", "4"], ["enter", "5"],
    ["enter", "6"],
    ["enter", "7"], ["enter", "8"], ["enter", "9"], ["D"], ["?"], [":"], ["/"], ["q"], ["enter", "2", "/"], ["r"],
  ]

  @Test("With nothing running, each screen waits for the next minute and draws the same until then", arguments: ways)
  func idle(keys: [String]) {
    let ended = Sample.runs.filter(\.status.isTerminal)
    var state = DashboardState(size: Size(width: 120, height: 40), now: Sample.now, directory: "/home/ana/shop")
    _ = state.update(.link(.live))
    _ = state.update(.snapshot(Snapshot(seq: 1000, runs: ended, runtimes: Sample.runtimes)))
    for key in keys { state.press(key) }
    let minute = Timestamp(milliseconds: (Sample.now.milliseconds / 60_000 + 2) * 60_000)
    // Everything that was asked for is answered, and what comes to rest does.
    if let run = state.open?.id, let known = state.board[run] {
      _ = state.update(.detail(run, Sample.detail(known)))
      _ = state.update(.artifacts(run, Sample.artifacts))
      _ = state.update(.patch(run, Array(Sample.patch.utf8)))
    }
    if let run = state.openRun { _ = state.update(.backlog(run, Sample.backlog(run))) }
    for second in 0..<20 { _ = state.update(.tick(minute + .seconds(second))) }
    let frame = drawDashboard(state)
    // Charts whose right edge is now move with the clock, once a second at most.
    let movesWithClock = state.screen == .runtimes || state.screen == .pulse
    if movesWithClock {
      #expect(state.nextTick.map { ($0 - state.now).milliseconds >= 1000 } ?? true, "\(keys)")
      return
    }
    let next = state.nextTick
    #expect(
      next.map { ($0 - state.now).milliseconds >= 30_000 } ?? true, "\(keys): again in \(String(describing: next))")
    for second in 20..<50 {
      #expect(state.update(.tick(minute + .seconds(second))).isEmpty)
      #expect(drawDashboard(state) == frame, "\(keys) after \(second) s")
    }
  }
}
