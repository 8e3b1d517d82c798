import RunModel
import Testing
import TerminalKit

@testable import DashboardUI

/// What was written and has not been sent yet outlives the dashboard.
@Suite("Words that are kept") struct KeptWordsTests {
  private let size = Size(width: 120, height: 40)
  private let run = Sample.id(5)

  /// As the next sitting reads them.
  private func read(_ preferences: Preferences) throws -> Preferences {
    var json = JSONWriter()
    preferences.write(to: &json)
    return Preferences(json: try JSONValue(parsing: json.bytes))
  }

  private func goesOn(_ effects: [Effect]) -> [String] {
    effects.compactMap { effect -> String? in
      if case .followUpOnce(run, let prompt) = effect { prompt } else { nil }
    }
  }

  private func promised() -> DashboardState {
    var state = Sample.state(size)
    state.select(5)
    state.press("M")
    state.type("And the docs")
    state.press("enter")
    return state
  }

  /// The next sitting; the run has ended meanwhile, or goes on.
  private func reopened(_ state: DashboardState, ended: Bool) throws -> (state: DashboardState, effects: [Effect]) {
    var next = DashboardState(size: size, now: Sample.now, preferences: try read(state.preferences))
    let runs = Sample.runs.map { run in
      var run = run
      if run.runId == self.run, ended { run.status = .succeeded }
      return run
    }
    _ = next.update(.link(.live))
    let effects = next.update(.snapshot(Snapshot(seq: 2000, runs: runs, runtimes: Sample.runtimes)))
    return (next, effects)
  }

  private let outcome = DispatchOutcome(runId: Sample.id(77), title: "Follow up", decision: RoutingDecision())

  @Test("Words that wait for the end of a run go out at the next sitting, if it has ended by then, and once")
  func nextSitting() throws {
    let opened = try reopened(promised(), ended: true)
    var state = opened.state
    #expect(goesOn(opened.effects) == ["And the docs"])
    let again = state.update(.snapshot(Snapshot(seq: 2001, runs: state.board.runs, runtimes: Sample.runtimes)))
    #expect(goesOn(again).isEmpty)
    _ = state.update(.followedUp(run, outcome))
    #expect(state.preferences.messagesToSend.isEmpty)
    let last = try reopened(state, ended: true)
    #expect(goesOn(last.effects).isEmpty)
  }

  @Test("They wait on while the run works")
  func waiting() throws {
    let opened = try reopened(promised(), ended: false)
    var state = opened.state
    #expect(goesOn(opened.effects).isEmpty)
    let ended = state.update(.events([Sample.event(3000, .succeeded, run, 5, ["exitCode": 0])]))
    #expect(goesOn(ended) == ["And the docs"])
  }

  @Test("What nobody could take now is kept; what was refused is in the dialog again")
  func failures() throws {
    var state = try reopened(promised(), ended: true).state
    _ = state.update(.failed(Problem(.unavailable, "Nobody answers."), .followUp(run)))
    #expect(state.preferences.messagesToSend[run] == ["And the docs"])
    let again = state.update(.snapshot(Snapshot(seq: 2001, runs: state.board.runs, runtimes: Sample.runtimes)))
    #expect(goesOn(again) == ["And the docs"])
    _ = state.update(.failed(Problem(.conflict, "The branch is gone."), .followUp(run)))
    #expect(state.preferences.messagesToSend.isEmpty)
    state.select(5)
    state.press("M")
    #expect(state.messageDialog?.text.text == "And the docs")
  }

  @Test("Comments that wait go out together with the words")
  func comments() throws {
    var state = promised()
    state.keep { $0.reviewsToSend[run] = ["Work through this comment."] }
    let opened = try reopened(state, ended: true)
    #expect(goesOn(opened.effects) == ["And the docs\n\nWork through this comment."])
  }

  @Test("Whoever leaves while words wait is told so, and leaves with the same key", arguments: ["Q", "ctrl-c"])
  func leaving(_ key: String) {
    var state = promised()
    func leaves(_ effects: [Effect]) -> Bool { effects.contains { if case .quit = $0 { true } else { false } } }
    #expect(!leaves(state.press(key)))
    #expect(drawDashboard(state).text.contains("waits for its end"))
    #expect(leaves(state.press(key)))
  }

  @Test("A form that was left, or stands open at the end, is there again; once it is sent it is not")
  func form() throws {
    var state = Sample.state(size)
    state.press("D")
    #expect(state.close().isEmpty)
    state.press("tab")
    state.type("Mind the tests")
    // Without a title it is no contract yet.
    let effects = state.close()
    #expect(effects.contains { if case .keep = $0 { true } else { false } })
    let untitled = DashboardState(size: size, now: Sample.now, preferences: try read(state.preferences))
    #expect(untitled.form.title.text.isEmpty && untitled.form.prompt.text == "Mind the tests")
    state.press("shift-tab")
    state.type("Fix the login")
    state.press("esc")
    var next = DashboardState(
      size: size, now: Sample.now, preferences: try read(state.preferences), directory: "/home/ana/shop")
    #expect(next.form.title.text == "Fix the login" && next.form.prompt.text == "Mind the tests")
    next.form.isSending = true
    _ = next.update(.dispatched([outcome]))
    #expect(next.preferences.unsent == nil)
    #expect(next.close().isEmpty)
  }

  @Test("A reason that was given once is no reason for the next cancel; ↑ brings it back")
  func reasons() {
    var state = Sample.state(size)
    state.select(5)
    func reason(_ state: DashboardState) -> String? {
      if case .cancel(let dialog)? = state.layers.last { dialog.reason.text } else { nil }
    }
    state.press("x", "tab")
    state.press("ctrl-u")
    state.type("asdf")
    state.press("enter")
    #expect(state.preferences.reasons.first?.hasSuffix("asdf") == true)
    state.select(6)
    state.press("x")
    #expect(reason(state) == "No longer needed")
    state.press("up")
    #expect(reason(state)?.hasSuffix("asdf") == true)
  }
}
