import RunModel
import Testing
import TerminalKit

@testable import DashboardUI

@Suite struct SwitchingTests {
  private func state() -> DashboardState {
    var state = Sample.state(Size(width: 120, height: 40))
    state.orchestrators = [
      OrchestratorSight(name: "local", address: "unix:/run/a"),
      OrchestratorSight(name: "big", address: "https://big.example.org:7777"),
    ]
    return state
  }

  private func asked(_ effects: [Effect]) -> [String] {
    effects.compactMap { if case .connect(let name) = $0 { name } else { nil } }
  }

  @Test(
    "O lists the orchestrators, asks how they are, and enter or a number turns to one",
    arguments: [["j", "enter"], ["2"]])
  func choosing(keys: [String]) {
    var state = state()
    let looked = state.press("O").contains { if case .lookAround = $0 { true } else { false } }
    #expect(looked)
    var sight = OrchestratorSight(name: "big", address: "https://big.example.org:7777")
    sight.link = .answers
    sight.running = 12
    sight.attention = 2
    _ = state.update(.orchestrator(sight))
    let text = drawDashboard(state).text
    #expect(text.contains("12 running") && text.contains("▲ 2") && text.contains("you are here"))
    #expect(keys.flatMap { asked(state.press($0)) } == ["big"])
    #expect(state.layers.isEmpty)
  }

  @Test("The one that one is at is said to be that, and asks for nothing")
  func same() {
    var state = state()
    #expect(asked(state.press("O", "enter")).isEmpty)
    #expect(state.toasts.last?.text.contains("already") == true)
    state.type(":connect http://127.0.0.1:9")
    #expect(asked(state.press("enter")) == ["http://127.0.0.1:9"])
  }

  @Test("A click on a row turns to it; one beside the list does nothing")
  func clicking() throws {
    var state = state()
    state.press("O")
    let frame = drawDashboard(state)
    let y = try #require((0..<40).first { frame.line($0).contains("big.example") })
    #expect(asked(state.update(.input(.mouse(.init(.press, at: Point(x: 1, y: 1)))))).isEmpty)
    #expect(asked(state.update(.input(.mouse(.init(.press, at: Point(x: 60, y: y)))))) == ["big"])
  }

  @Test("What comes after is empty and connecting, keeps the person's settings, and finds the old place again")
  func successor() {
    var state = state()
    state.isReadOnly = true
    state.press("j", "j")
    let selection = state.selection
    var next = state.successor(at: "big")
    #expect(next.board.runs.isEmpty)
    #expect(next.link == .connecting)
    #expect(next.isReadOnly)
    #expect(next.orchestrators == state.orchestrators)
    #expect(drawDashboard(next).text.contains("connecting"))
    _ = next.update(.snapshot(Snapshot(seq: 1, runs: [Sample.run(77, "Elsewhere")], runtimes: [])))
    #expect(next.selection == Sample.id(77))
    var back = next.successor(at: "local")
    _ = back.update(.snapshot(Snapshot(seq: 1, runs: Sample.runs, runtimes: [])))
    #expect(back.selection == selection)
  }
}
