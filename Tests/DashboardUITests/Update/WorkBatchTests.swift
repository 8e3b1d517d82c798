import RunModel
import Testing
import TerminalKit

@testable import DashboardUI

@Suite struct WorkBatchTests {
  private let size = Size(width: 120, height: 40)

  /// The form with this pasted, read and decided upon.
  private func preview(_ text: String) throws -> DashboardState {
    var state = Sample.state(size)
    state.press("D")
    let effects = state.update(.input(.paste(text)))
    guard case .readWork(.pasted(let pasted), let generation)? = effects.first else {
      Issue.record("\(effects)")
      return state
    }
    let asked = state.update(.work(ContractIntake.survey(Array(pasted.utf8)), generation: generation))
    for effect in asked {
      guard case .dryRun(let request, generation) = effect else { continue }
      #expect(request.isTolerant)
      _ = state.update(.dryRun(generation: generation, request.contracts.map(BatchSample.outcome)))
    }
    return state
  }

  @Test("A paste of work opens the preview: what is right is chosen, what is wrong is named with its line")
  func paste() throws {
    let state = try preview(BatchSample.text)
    let batch = try #require(state.form.batch)
    #expect(batch.rows.map(\.isIncluded) == [true, true, false, false, true, false])
    #expect(batch.faultCount == 2)
    #expect(batch.rows[batch.cursor].item.line == 5)
    let text = drawDashboard(state).text
    #expect(text.contains("Did you mean \"priority\"?"))
    #expect(text.contains("already queued: updates"))
    #expect(text.contains("the issue is closed"))
    #expect(text.contains("3 to dispatch"))
    #expect(state.form.title.text.isEmpty)
  }

  @Test("Space leaves rows out, n goes to what is wrong, U takes all or none, enter dispatches what is chosen")
  func keys() throws {
    var state = try preview(BatchSample.text)
    state.press("g", "space")
    #expect(state.form.batch?.rows[0].isIncluded == false)
    state.press("n")
    #expect(state.form.batch?.cursor == 2)
    state.press("space")
    #expect(state.form.batch?.rows[2].isIncluded == false, "what is wrong cannot be taken in")
    state.press("U")
    #expect(state.form.batch?.chosen.count == 3)
    state.press("U")
    #expect(state.form.batch?.chosen.count == 0)
    #expect(state.press("enter").isEmpty)
    state.press("U")
    guard case .dispatchBatch(let request, let generation)? = state.press("enter").first else {
      Issue.record("no dispatch")
      return
    }
    #expect(request.contracts.map(\.title) == ["Fix the login", "Write the docs", "Speed it up"])
    #expect(request.contracts.allSatisfy { $0.repository == "/home/ana/shop" })
    #expect(request.contracts[0].prompt?.contains("It fails") == true)
    #expect(state.press("enter").isEmpty, "no second dispatch while the first is under way")
    _ = state.update(
      .batchDispatched(
        [DispatchOutcome(runId: Sample.id(70), title: "a", status: .queued, decision: .init())], generation: generation)
    )
    #expect(state.screen == .runs)
    #expect(state.form.batch == nil)
  }

  @Test("What is no work is text, and what was meant as text can be had as text")
  func text() throws {
    var state = Sample.state(size)
    state.press("D", "tab")
    _ = state.update(.input(.paste("[1] see the list\n{x}")))
    #expect(state.form.prompt.text == "[1] see the list\n{x}")
    state = try preview(BatchSample.text)
    state.press("t")
    #expect(state.form.batch == nil)
    #expect(state.form.title.text.contains("Fix the login"))
  }

  @Test("A file is read by :import and ctrl-f, and one that cannot be read says why")
  func file() {
    var state = Sample.state(size)
    state.type(":import /tmp/work.json")
    guard case .readWork(.file("/tmp/work.json"), let generation)? = state.press("enter").last else {
      Issue.record("not read")
      return
    }
    _ = state.update(.failed(Problem(.notFound, "There is no file /tmp/work.json."), .batch(generation: generation)))
    #expect(drawDashboard(state).text.contains("There is no file /tmp/work.json."))
    state.press("esc", "ctrl-f")
    state.type("/tmp/other.json")
    #expect(
      state.press("enter").contains { if case .readWork(.file("/tmp/other.json"), _) = $0 { true } else { false } })
  }

  @Test("Ten thousand issues are shown row by row, and only the visible ones are drawn")
  func many() throws {
    let issues = JSONValue.array(
      (1...10_000).map { ["number": .int(Int64($0)), "title": .string("Issue \($0)"), "body": "- [ ] done"] })
    var state = try preview(issues.jsonText)
    #expect(state.form.batch?.rows.count == 10_000)
    state.press("G")
    let text = drawDashboard(state).text
    #expect(text.contains("Issue 10000"))
    #expect(!text.contains("Issue 9900 "))
  }

  @Test("An answer to an earlier question, or to none, changes nothing")
  func stale() throws {
    var state = try preview(BatchSample.text)
    let generation = try #require(state.form.batch?.generation)
    state.press("esc")
    _ = state.update(.work(ContractIntake.survey([]), generation: generation))
    _ = state.update(.batchDispatched([], generation: generation))
    #expect(state.form.batch == nil)
    #expect(state.screen == .dispatch)
  }
}

enum BatchSample {
  static let text = """
    [
      {"number": 102, "title": "Fix the login", "body": "It fails.\\n- [ ] it works\\n- [ ] tests", "labels": [{"name": "auth"}, {"name": "p1"}]},
      {"title": "Write the docs", "labels": ["docs"], "priority": 40},
      {"title": "Rename it",
        "priorty": 3},
      {"number": 9, "title": "Done already", "state": "CLOSED"},
      {"number": 12, "title": "Speed it up", "body": ""},
      {"title": "Deploy", "dependsOn": ["GH-999"]}
    ]
    """

  /// What a plausible orchestrator says of each.
  static func outcome(_ contract: Contract) -> DispatchOutcome {
    switch contract.externalRef {
    case "GH-12":
      return DispatchOutcome(
        runId: Sample.id(9), contractId: Sample.contract(9), title: contract.title, status: .queued, decision: .init())
    default:
      if contract.dependsOn == ["GH-999"] {
        return DispatchOutcome(
          title: contract.title, decision: .init(),
          problem: Problem(
            .invalid, "\"Deploy\" depends on \"GH-999\", which is neither a contract id nor a reference known here."))
      }
      return DispatchOutcome(
        title: contract.title,
        decision: RoutingDecision(
          runtimeId: "vibe",
          considered: [
            .init(runtimeId: "local", eligible: false, reasons: ["3 of 3 slots in use"]),
            .init(runtimeId: "vibe", eligible: true, reasons: ["most free slots (6)"]),
          ]))
    }
  }

  static func state(_ size: Size) -> DashboardState {
    var state = Sample.state(size)
    state.press("D")
    for effect in state.update(.input(.paste(text))) {
      guard case .readWork(_, let generation) = effect else { continue }
      for asked in state.update(.work(ContractIntake.survey(Array(text.utf8)), generation: generation)) {
        guard case .dryRun(let request, _) = asked else { continue }
        _ = state.update(.dryRun(generation: generation, request.contracts.map(outcome)))
      }
    }
    return state
  }
}
