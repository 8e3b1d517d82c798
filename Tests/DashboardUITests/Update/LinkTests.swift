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

  @Test("A link that is refused tells how old the screen is and why, for as long as it is", arguments: [80, 120, 200])
  func refused(width: Int) {
    var state = Sample.state(Size(width: width, height: 24))
    let since = state.now
    _ = state.update(.link(.refused(since: since, reason: "The token \"ana\" was revoked at 12:51.")))
    for _ in 0..<25 {
      #expect(state.nextTick.map { $0 <= state.now + .seconds(1) } == true)
      _ = state.update(.tick(state.now + .seconds(1)))
    }
    let lines = drawDashboard(state).text.split(separator: "\n")
    #expect(lines[0].contains("✖ refused, 25 s old: not let in"))
    #expect(lines[1].contains("The token \"ana\" was revoked at 12:51."))
    _ = state.update(.link(.live))
    #expect(!drawDashboard(state).text.contains("revoked at 12:51"))
  }

  @Test("What to do about an orchestrator of one's own that stays away is said, and nothing turns as if it went on")
  func gone() {
    var state = Sample.state(Size(width: 120, height: 24))
    let since = state.now
    _ = state.update(.link(.lost(since: since, nextTry: nil)))
    #expect(state.layout.banner.isEmpty)
    _ = state.update(.tick(since + .seconds(6)))
    let text = drawDashboard(state).text
    #expect(text.contains("start it: flightdeck serve"))
    #expect(text.contains("◌ stop sent, ending"))
    // Of another machine's nobody here can start it.
    state.isHere = false
    #expect(state.layout.banner.isEmpty)
  }

  @Test(
    "The header of another orchestrator says which one and as what, at any width, and cuts no word",
    arguments: [60, 80, 100, 120, 140])
  func header(width: Int) {
    var state = Sample.state(Size(width: width, height: 24))
    state.place = "https://build-3.example.org:7443"
    state.isHere = false
    _ = state.update(.role(.operator))
    _ = state.update(
      .events([
        Sample.event(2000, .output, Sample.id(5), 0, ["stream": "stdout", "text": "", "dropped": 1_200_000])
      ]))
    let line = String(drawDashboard(state).text.split(separator: "\n")[0])
    #expect(line.contains(width >= 80 ? "build-3.example.org:7443" : "build-3.exa…"), "\(line)")
    #expect(line.contains("as operator") && line.contains("▲ 1") && line.contains("12:51"), "\(line)")
    #expect(line.filter { $0 == "…" }.count <= (width >= 80 ? 0 : 1), "\(line)")
    state.place = "local"
    state.isHere = true
    _ = state.update(.role(.admin))
    #expect(drawDashboard(state).text.split(separator: "\n")[0].contains("local") == (width >= 110))
  }

  @Test("One that waits for an approval is told of once: it needs you, and is not queued")
  func approvals() {
    var state = Pages.queued(Size(width: 120, height: 24))
    let waiting = state.board.runs.count { $0.awaitsApproval }
    #expect(waiting > 0 && state.board.awaitingApproval == waiting)
    let queued = state.board.count(.queued) - waiting
    #expect(drawDashboard(state).text.contains("◔ \(queued) queued"))
    for run in state.board.runs where run.awaitsApproval {
      _ = state.update(.events([Sample.event(state.board.seq + 1, .canceled, run.runId, 1, [:])]))
    }
    #expect(state.board.awaitingApproval == 0)
  }

  @Test("The words of a configuration that is not taken over show beside the name of its file, at 80 columns too")
  func banner() {
    var state = Sample.state(Size(width: 80, height: 24))
    state.configurationProblem = "/home/ana/a/very/long/way/to/the/configuration/config.yaml:3: \"them\" is not known."
    #expect(drawDashboard(state).text.contains("the old settings stay: config.yaml:3: \"them\" is not known."))
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
