import RunModel
import Testing
import TerminalKit

@testable import DashboardUI

@Suite struct ApprovalTests {
  private let size = Size(width: 120, height: 40)

  private func queue() -> DashboardState {
    var state = Pages.queued(size)
    state.press("3")
    return state
  }

  @Test("a asks for the rationale, and approves with it; it is remembered")
  func approve() {
    var state = queue()
    #expect(state.press("a", "enter").isEmpty)
    #expect(state.toasts.contains { $0.text.contains("Say why") })
    state.type("the keys are old")
    let effects = state.press("enter")
    var found = false
    for case .approve(let runs, let why) in effects {
      #expect(runs == [Sample.id(11)])
      #expect(why == "the keys are old")
      found = true
    }
    #expect(found)
    #expect(state.toasts.last?.text == "Approving \(Sample.id(11).shortName)")
    #expect(state.preferences.rationales == ["the keys are old"])
    state.press("j", "a", "up")
    guard case .approval(let dialog)? = state.layers.last else {
      Issue.record("no dialog")
      return
    }
    #expect(dialog.why.text == "the keys are old")
  }

  @Test("R rejects the marked ones that wait for an approval; the others are left out")
  func reject() {
    var state = queue()
    state.press("space", "space", "space", "R")
    state.type("not this quarter")
    let effects = state.press("enter")
    var rejected: [RunID] = []
    for case .reject(let runs, _) in effects { rejected = runs }
    #expect(Set(rejected) == [Sample.id(11), Sample.id(12)])
    #expect(state.marks.count == 1)
  }

  @Test("Where no approval is pending a and R say so", arguments: ["a", "R"])
  func nothing(key: String) {
    var state = queue()
    state.press("G", key)
    #expect(state.layers.isEmpty)
    #expect(state.toasts.contains { $0.text.contains("No approval") })
  }

  @Test("On the runs screen a approves what waits for it, and esc lets it wait")
  func runs() {
    var state = queue()
    state.press("enter", "a")
    guard case .approval? = state.layers.last else {
      Issue.record("no dialog")
      return
    }
    #expect(drawDashboard(state).text.contains("security policy"))
    #expect(state.press("esc").isEmpty)
    #expect(state.layers.isEmpty)
  }

  @Test("What was decided under the dialog is not decided twice")
  func meanwhile() {
    var state = queue()
    state.press("a")
    state.type("fine")
    _ = state.update(.events([Sample.event(2000, .canceled, Sample.id(11), 1, [:])]))
    let effects = state.press("enter")
    #expect(!effects.contains { if case .approve = $0 { true } else { false } })
  }
}
