import RunModel
import TerminalKit
import Testing

@testable import DashboardUI

@Suite("The link and what may be done over it") struct LinkTests {
  @Test("What is started again is said to be, and what failed without it is said no longer than that")
  func starting() {
    var state = Sample.state(Size(width: 80, height: 24))
    let since = state.now
    _ = state.update(.link(.lost(since: since, nextTry: nil)))
    _ = state.update(.failed(Problem(.unavailable, "Nobody answered."), .cancel(Sample.id(1))))
    _ = state.update(.link(.starting(since: since)))
    // Between its tries the feed says so again.
    _ = state.update(.link(.lost(since: since, nextTry: nil)))
    #expect(drawDashboard(state).text.contains("starting it again"))
    #expect(drawDashboard(state).text.contains("Nobody answered."))
    _ = state.update(.link(.live))
    #expect(drawDashboard(state).text.contains("● live"))
    #expect(!drawDashboard(state).text.contains("Nobody answered."))
    _ = state.update(.link(.starting(since: since)))
    _ = state.update(.failed(Problem(.unavailable, "It does not start."), .here))
    #expect(drawDashboard(state).text.contains("✖ lost") && drawDashboard(state).text.contains("It does not start."))
  }

  @Test("A viewer is offered nothing that takes an operator, and is told so who tries")
  func viewer() {
    var state = Sample.state(Size(width: 120, height: 40))
    func footer() -> String { String(drawDashboard(state).text.split(separator: "\n").last ?? "") }
    #expect(footer().contains("dispatch"))
    _ = state.update(.role(.viewer))
    #expect(!footer().contains("dispatch") && !footer().contains("cancel"))
    state.press("D")
    #expect(state.screen == .runs && drawDashboard(state).text.contains("role is viewer"))
    _ = state.update(.role(.operator))
    #expect(footer().contains("dispatch"))
  }
}
