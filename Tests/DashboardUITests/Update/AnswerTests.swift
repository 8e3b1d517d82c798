import RunModel
import TerminalKit
import Testing

@testable import DashboardUI

@Suite("Answering agents")
struct AnswerTests {
  private let size = Size(width: 120, height: 40)

  private func given(_ effects: [Effect]) -> (run: RunID, id: String, answer: String, remember: Bool)? {
    for effect in effects {
      if case .answer(let run, let id, let answer, let remember) = effect { return (run, id, answer, remember) }
    }
    return nil
  }

  private func dialog(_ state: DashboardState) -> AnswerDialog? {
    if case .answer(let dialog)? = state.layers.last { dialog } else { nil }
  }

  private func asking(_ number: Int, _ size: Size = Size(width: 120, height: 40)) -> DashboardState {
    var state = Sample.asking(size)
    _ = state.update(.tick(Sample.now))
    state.select(number)
    state.press("a")
    return state
  }

  @Test(
    "A question that its runtime can hand no answer to is not offered for one, and says why", arguments: [120, 200])
  func unanswerable(width: Int) {
    var state = Sample.state(Size(width: width, height: 50))
    state.select(4)
    #expect(drawDashboard(state).text.contains("a answers"))
    var runtimes = state.runtimes
    for place in runtimes.indices where runtimes[place].runtimeId == "local" { runtimes[place].takesAnswers = false }
    _ = state.update(.runtimes(runtimes))
    #expect(!drawDashboard(state).text.contains("a answers"))
    #expect(drawDashboard(state).text.contains("local reads no answers"))
    #expect(state.press("a").isEmpty && state.layers.isEmpty)
    #expect(state.toasts.last?.text.contains("stdin: answers") == true)
  }

  @Test("Those that ask come first in the list")
  func first() {
    var state = Sample.asking(size)
    _ = state.update(.tick(Sample.now + .seconds(30)))
    let asking = Set([4, 5, 6].map { Sample.id($0) })
    let top = (0..<3).compactMap { row -> RunID? in
      guard case .run(let place)? = state.list.row(row) else { return nil }
      return state.board.runs[place].runId
    }
    #expect(Set(top) == asking)
  }

  @Test(
    "One key gives an answer: once, for always, not",
    arguments: [
      ("o", "Yes"), ("A", "Yes, and don't ask again for edits"), ("r", "No, tell me what to do instead"),
      ("enter", "Yes"),
    ])
  func keys(_ key: String, _ answer: String) throws {
    var state = asking(5)
    let sent = try #require(given(state.press(key)))
    #expect(sent.run == Sample.id(5) && sent.id == "p5" && sent.answer == answer && !sent.remember)
  }

  @Test("The key that opens the dialog, pressed again, allows nothing")
  func again() {
    var state = asking(5)
    #expect(given(state.press("a")) == nil)
    #expect(dialog(state)?.run == Sample.id(5))
  }

  @Test("Where the agent only knows once, always is remembered here, and says what for")
  func remembered() throws {
    var state = asking(6)
    #expect(drawDashboard(state).text.contains("Always in this run: allow execute: npm install"))
    let sent = try #require(given(state.press("A")))
    #expect(sent.answer == "Allow" && sent.remember)
  }

  @Test("The next one that asks comes up by itself, and takes no key that was meant for the one before")
  func next() throws {
    var state = asking(5)
    #expect(given(state.press("o")) != nil)
    #expect(dialog(state)?.run == Sample.id(4))
    #expect(given(state.press("enter")) == nil)
    _ = state.update(.tick(Sample.now + .seconds(1)))
    #expect(given(state.press("enter"))?.run == Sample.id(4))
    #expect(dialog(state)?.run == Sample.id(6))
    _ = state.update(.tick(Sample.now + .seconds(2)))
    #expect(given(state.press("r"))?.answer == "Deny")
    #expect(state.layers.isEmpty)
  }

  @Test("A run that asks anew comes up again")
  func anew() {
    var state = asking(5)
    state.press("o")
    _ = state.update(
      .events([
        Sample.event(3000, .resolved, Sample.id(5), 1, ["attentionId": "p5"]),
        Sample.event(3001, .attention, Sample.id(5), 2, ["attentionId": "p8", "question": "And this?"]),
      ]))
    state.press("tab", "tab")
    #expect(dialog(state)?.attention.question == "And this?")
  }

  @Test("Tab passes to the next one and answers nothing")
  func tab() {
    var state = asking(5)
    #expect(given(state.press("tab")) == nil)
    #expect(dialog(state)?.run == Sample.id(4))
    state.press("tab")
    #expect(dialog(state)?.run == Sample.id(6))
    // All have come up: it begins anew, and those that were passed over count as they did.
    state.press("tab")
    #expect(dialog(state)?.run == Sample.id(4))
    #expect(drawDashboard(state).text.contains("and 2 others"))
  }

  @Test("What was passed over does not come up by itself, and can be come back to")
  func passedOver() {
    var state = asking(5)
    state.press("tab")
    #expect(dialog(state)?.run == Sample.id(4))
    #expect(given(state.press("enter")) != nil)
    _ = state.update(.tick(Sample.now + .seconds(1)))
    #expect(dialog(state)?.run == Sample.id(6))
    state.press("tab")
    #expect(dialog(state)?.run == Sample.id(5))
  }

  @Test("What another has answered meanwhile takes no answer and says so")
  func gone() {
    var state = asking(5)
    _ = state.update(.events([Sample.event(3000, .resolved, Sample.id(5), 1, ["attentionId": "p5", "by": "bob"])]))
    #expect(drawDashboard(state).text.contains("It has been answered meanwhile"))
    #expect(given(state.press("o")) == nil)
  }

  @Test("A long diff is scrolled to its end, and how much is below is said")
  func scrolling() {
    var state = Sample.state(Size(width: 80, height: 24))
    var detail = Sample.askedEdit
    let lines = (1...60).map { "+line \($0)" }.joined(separator: "\n")
    detail.diff = "@@ -0,0 +1,60 @@\n\(lines)\n"
    let attention = Attention(
      attentionId: "p", question: "May I?", options: ["Yes", "No"], kind: "permission", since: Sample.now,
      detail: detail)
    state.layers.append(.answer(AnswerDialog(run: Sample.id(5), attention: attention)))
    let first = drawDashboard(state).text
    #expect(first.contains("line 1 ") && first.contains("more lines") && !first.contains("line 60"))
    for _ in 0..<20 { state.press("pgdn") }
    let last = drawDashboard(state).text
    #expect(last.contains("line 60") && !last.contains("more lines"))
    #expect(last.contains("Yes") && last.contains("No"))
    for _ in 0..<20 { state.press("pgup") }
    #expect(drawDashboard(state).text == first)
  }

  @Test("Read-only it is looked at, without keys that answer")
  func readOnly() {
    var state = Sample.asking(size)
    state.isReadOnly = true
    state.select(5)
    state.press("a")
    let text = drawDashboard(state).text
    #expect(text.contains("May I write the retry loop?") && text.contains("await post(url, event)"))
    #expect(text.contains("nothing is changed from here") && !text.contains("enter  answer"))
    #expect(given(state.press("o", "enter", "r")) == nil)
  }

  @Test(
    "In the smallest terminal there is room for the question, what is asked and the answers; below it no key answers")
  func small() {
    let smallest = asking(5, Size(width: 60, height: 12))
    let text = drawDashboard(smallest).text
    #expect(text.contains("May I write") && text.contains("edit") && text.contains("o  Yes") && text.contains("enter"))
    var tiny = asking(5)
    _ = tiny.update(.input(.resize(Size(width: 50, height: 10))))
    #expect(given(tiny.press("o", "enter", "r", "A")) == nil)
  }

  @Test("A diff's lines are told by the counts of its hunks, not by what they look like")
  func diff() {
    let rows = AskedDiff.rows("--- a\n+++ b\n@@ -1,2 +1,1 @@\n--- old\n keep\nafter\n", width: 40)
    let roles = rows.map { row in if case .diff(_, _, let role) = row { role } else { Role.text } }
    #expect(roles == [.diffMeta, .diffMeta, .diffHunk, .diffRemoved, .diffContext, .diffMeta])
  }

  @Test("The log tells a plan in a line, what was allowed by a rule, and what was said to the agent")
  func lines() {
    let plan = LogLine(Sample.event(1, .plan, Sample.id(5), 0, ["entries": Sample.plan.json]))
    #expect(plan.label == "plan" && plan.text.hasPrefix("2 of 5") && plan.text.contains("▶ dead letter"))
    let rule = PermissionRule(.allow, tools: [.edit], paths: ["src"])
    let allowed = LogLine(
      Sample.event(
        2, .resolved, Sample.id(5), 0,
        ["answer": "Yes", "by": "policy", "tool": "edit", "paths": ["src/a"], "rule": rule.json]))
    #expect(allowed.text == "Yes  edit src/a" && allowed.detail == "by policy")
    let kept = LogLine(
      Sample.event(3, .resolved, Sample.id(5), 0, ["answer": "Yes", "by": "ada", "remember": rule.json]))
    #expect(kept.text == "Yes, and from now on allow edit in src")
    let said = LogLine(Sample.event(4, .message, Sample.id(5), 0, ["text": "Mind the tests", "by": "ada"]))
    #expect(said.label == "message" && said.text == "Mind the tests" && said.detail == "by ada")
  }

  // MARK: Messages

  private func told(_ effects: [Effect]) -> (run: RunID, text: String, isReview: Bool)? {
    for effect in effects {
      if case .message(let run, let text, let isReview) = effect { return (run, text, isReview) }
    }
    return nil
  }

  private func goesOn(_ effects: [Effect]) -> String? {
    for effect in effects {
      switch effect {
      case .followUp(_, let prompt), .followUpOnce(_, let prompt): return prompt
      default: break
      }
    }
    return nil
  }

  @Test("A message goes to the live session where there is one, and the dialog says so before")
  func session() throws {
    var state = Sample.conversing(size)
    state.select(5)
    state.press("M")
    #expect(drawDashboard(state).text.contains("into the live session"))
    #expect(state.press("enter").isEmpty)
    state.type("Mind the tests")
    let sent = try #require(told(state.press("enter")))
    #expect(sent.run == Sample.id(5) && sent.text == "Mind the tests" && !sent.isReview)
    #expect(state.layers.isEmpty)
    _ = state.update(.messaged(Sample.id(5), isReview: false))
    #expect(state.toasts.last?.kind == .good)
  }

  @Test("Where no session takes it the message waits for the end and goes on as a new run, once; comments stay")
  func later() {
    var state = Sample.state(size)
    state.select(5)
    state.preferences.comments[Sample.id(5)] = [
      LineComment(path: "a", side: .new, first: 1, last: 1, quote: [], text: "Why?")
    ]
    state.press("M")
    #expect(drawDashboard(state).text.contains("goes out as a new run"))
    state.type("And the docs")
    #expect(told(state.press("enter")) == nil)
    let effects = state.update(.events([Sample.event(3000, .succeeded, Sample.id(5), 5, ["exitCode": 0])]))
    #expect(goesOn(effects) == "And the docs")
    let outcome = DispatchOutcome(runId: Sample.id(77), title: "Follow up", decision: RoutingDecision())
    _ = state.update(.followedUp(Sample.id(5), outcome))
    #expect(state.preferences.comments[Sample.id(5)].count == 1)
  }

  @Test("Comments on the diff go to the live session, and are gone once it has them")
  func review() throws {
    var state = Sample.conversing(size)
    state.select(5)
    state.press("enter")
    state.preferences.comments[Sample.id(5)] = [
      LineComment(path: "a", side: .new, first: 1, last: 1, quote: [], text: "Why?")
    ]
    state.press("d", "S")
    #expect(drawDashboard(state).text.contains("into the live session"))
    let sent = try #require(told(state.press("enter")))
    #expect(sent.isReview && sent.text.contains("Why?"))
    _ = state.update(.failed(Problem(.conflict, "The session is closed."), .message(Sample.id(5))))
    #expect(state.preferences.comments[Sample.id(5)].count == 1)
    _ = state.update(.messaged(Sample.id(5), isReview: true))
    #expect(state.preferences.comments[Sample.id(5)].isEmpty && state.layers.isEmpty)
  }
}
