import RunModel
import TerminalKit
import Testing

@testable import DashboardUI

/// What was dropped is shown where nobody can miss it.
@Suite struct DropsTests {
  private func dropping(_ lines: Int64, _ seq: UInt64) -> Message {
    .events([
      Sample.event(seq, .output, Sample.id(1), 3, ["stream": "stdout", "text": "", "dropped": .int(lines)])
    ])
  }

  @Test(
    "The header says that lines are being dropped, on every screen and size, and stops a minute after",
    arguments: [Size(width: 80, height: 24), Size(width: 120, height: 40), Size(width: 200, height: 50)])
  func header(size: Size) {
    var state = Sample.state(size)
    #expect(!drawDashboard(state).text.contains("dropped"))
    _ = state.update(dropping(12_000, 2000))
    _ = state.update(dropping(500, 2001))
    for key in ["1", "2", "3", "4", "5"] {
      state.press(key)
      let line = drawDashboard(state).text.split(separator: "\n")[0]
      #expect(line.contains("⚠ 12k"), "\(line)")
    }
    #expect(state.nextTick.map { $0 <= state.now + .seconds(61) } ?? false)
    _ = state.update(.tick(state.now + .seconds(62)))
    #expect(!drawDashboard(state).text.split(separator: "\n")[0].contains("⚠"))
  }

  @Test("The pulse tells all that was ever dropped, also from a snapshot; the events tab that run's")
  func pulse() {
    var state = Sample.state(Size(width: 120, height: 40))
    _ = state.update(dropping(1_500_000, 2000))
    state.press("5")
    #expect(drawDashboard(state).text.contains("1.5M output lines dropped"))
    _ = state.update(.snapshot(Snapshot(seq: 3000, runs: state.board.runs, runtimes: [])))
    #expect(state.drops.total == 1_500_000)
  }
}
