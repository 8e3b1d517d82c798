import RunModel
import Testing
import TerminalKit

@testable import DashboardUI

@Suite struct OutageTests {
  private func rows(_ state: DashboardState) -> [Substring] { drawDashboard(state).text.split(separator: "\n") }

  @Test("That nothing is recorded shows on every screen as long as it lasts, and its end is said")
  func banner() {
    var state = Sample.state(Size(width: 80, height: 24))
    _ = state.update(.outage(Sample.outage))
    let words = "store: the disk is full, nothing is recorded since"
    for key in ["1", "2", "3", "4", "5", "enter", "D"] {
      state.press(key)
      #expect(rows(state)[1].contains(words), "\(key): \(rows(state)[1])")
      #expect(rows(state)[1].contains("agents go on"))
    }
    _ = state.update(.outage(nil))
    #expect(!drawDashboard(state).text.contains(words))
    #expect(drawDashboard(state).text.contains("can be written again"))
  }

  @Test("A snapshot tells of it by itself, and of its end")
  func snapshot() {
    var state = DashboardState(size: Size(width: 80, height: 24), now: Sample.now)
    var snapshot = Snapshot(seq: 0, runs: [], runtimes: [])
    snapshot.outage = Sample.outage
    _ = state.update(.snapshot(snapshot))
    #expect(state.outage == Sample.outage)
    snapshot.outage = nil
    _ = state.update(.snapshot(snapshot))
    #expect(state.outage == nil)
  }

  @Test("A clock that jumps forth and back leaves times as they are: nothing is stuck, nothing is negative")
  func clockJumps() {
    var state = Sample.state(Size(width: 120, height: 40))
    let before = drawDashboard(state).text
    state.toast("a word", .info)
    _ = state.update(.tick(Sample.now + .seconds(86_400)))
    #expect(state.toasts.isEmpty)
    state.toast("another word", .info)
    _ = state.update(.tick(Sample.now + .seconds(1)))
    #expect(state.now == Sample.now + .seconds(1))
    // It is shown for as long as it would have been.
    #expect(state.toasts.map(\.text) == ["another word"])
    _ = state.update(.tick(Sample.now + .seconds(6)))
    #expect(state.toasts.isEmpty)
    // Far before any run began.
    _ = state.update(.tick(Sample.now + .seconds(-864_000)))
    #expect(state.now == Sample.now + .seconds(-864_000))
    // Every screen can be drawn then, and says nothing negative.
    for key in ["2", "3", "4", "5", "1", "enter", "2", "1", "esc"] {
      state.press(key)
      let text = drawDashboard(state).text
      #expect(!text.contains("-0:") && !text.contains("-1:") && !text.contains("-1 s"), "\(key)")
    }
    _ = state.update(.tick(Sample.now))
    #expect(drawDashboard(state).text == before)
  }
}
