import RunModel
import Testing
import TerminalKit

@testable import DashboardUI

/// What must be readable where room is short, and true.
@Suite("Words on the screens") struct PlainWordsTests {
  static let small = Size(width: 80, height: 24)
  static let large = Size(width: 120, height: 40)

  private func text(_ state: DashboardState) -> String { drawDashboard(state).text }

  @Test("A cancel under way stands in the run's header on every tab, and is told when it is asked for")
  func canceling() {
    var state = Sample.state(Self.small)
    state.select(8)
    state.press("enter")
    for tab in 1...9 {
      state.press("\(tab)")
      let title = text(state).split(separator: "\n").first { $0.contains("Replace the date picker") } ?? ""
      #expect(title.contains("stop sent, ending"), "tab \(tab)")
    }
    var other = Sample.state(Self.small)
    other.select(5)
    other.press("x", "x")
    #expect(other.toasts.last?.text == "Canceling \(Sample.id(5).shortName)")
  }

  @Test("Answers that are long leave the room to the time, the type and what is asked", arguments: [small, large])
  func rightPart(_ size: Size) throws {
    var state = Sample.state(size)
    state.select(5)
    state.press("enter", "2")
    let options: [JSONValue] = [
      "Allow once", "Allow for remainder of this session", "Always allow", "Deny and tell it what to do instead",
    ]
    let data: JSONObject = ["attentionId": "q9", "question": "Run npm test?", "options": .array(options)]
    _ = state.update(.backlog(Sample.id(5), [Sample.event(700, .attention, Sample.id(5), -1, data)]))
    let line = try #require(text(state).split(separator: "\n").first { $0.contains("Allow once") })
    #expect(line.contains("question") && line.contains("Run npm test?"))
    #expect(line.contains(/[0-9]{2}:[0-9]{2}:[0-9]{2}/))
  }

  @Test("The form shows all runtimes where there is room, and how many there are where there is none")
  func runtimes() {
    let many = (1...10).map { number in
      RuntimeSummary(
        runtimeId: RuntimeID("agent-\(number)"), kind: "local", capabilities: RuntimeCapabilities(maxParallelTasks: 1))
    }
    func form(_ size: Size) -> String {
      var state = Sample.state(size)
      _ = state.update(.runtimes(many))
      state.press("D")
      state.focus(.runtimes)
      return text(state)
    }
    let roomy = form(Self.large)
    for runtime in many { #expect(roomy.contains(runtime.runtimeId.rawValue)) }
    #expect(!roomy.contains("of 10"))
    #expect(form(Self.small).contains("1–5 of 10"))
  }

  @Test("The slots on Queue and Pulse are read again when runs start and end", arguments: ["3", "5"])
  func slots(_ screen: String) {
    var state = Sample.state(Self.large)
    state.press(screen)
    var effects = state.update(
      .events([Sample.event(1500, .started, Sample.id(9), 1, ["runtimeId": "local"])]))
    effects += state.update(.tick(Sample.now + .seconds(3)))
    #expect(effects.contains { if case .fetchRuntimes = $0 { true } else { false } })
  }

  @Test("o opens the pull request of the run under the cursor, and says when there is none")
  func pullRequest() {
    func opened(_ address: String?) -> (DashboardState, [Effect]) {
      var state = DashboardState(size: Self.small, now: Sample.now)
      let runs = Sample.runs.map { run in
        var run = run
        if run.runId == Sample.id(2), let address { run.pullRequest = PullRequest(url: address) }
        return run
      }
      _ = state.update(.link(.live))
      _ = state.update(.snapshot(Snapshot(seq: 1000, runs: runs, runtimes: Sample.runtimes)))
      state.select(2)
      let effects = state.press("o")
      return (state, effects)
    }
    let address = "https://example.org/pull/7"
    #expect(opened(address).1.contains { if case .openLink(address) = $0 { true } else { false } })
    #expect(opened(nil).0.toasts.last?.text == "This run has no pull request")
  }

  @Test("A change without a patch is not said to be none")
  func noPatch() {
    var state = Sample.state(Self.small)
    state.select(6)
    state.press("d")
    _ = state.update(.patch(Sample.id(6), []))
    #expect(text(state).contains("2 files changed, and the runtime gave no patch of it."))
    #expect(!text(state).contains("Nothing has changed"))
  }

  @Test("Leaving the tour says that its runs end, and a live dashboard that they go on")
  func leavingTheTour() {
    var state = Sample.state(Self.small)
    state.press("q")
    #expect(text(state).contains("go on without it"))
    state.isDemo = true
    #expect(text(state).contains("nothing of it stays") && !text(state).contains("without it"))
    #expect(Tour.Step.allCases.count == 11)
    var tour = Tour(state)
    for _ in 1..<11 { tour.next(state) }
    #expect(tour.text(isDemo: true).contains("Nothing of this tour stays"))
    #expect(!tour.text(isDemo: false).contains("stays"))
  }

  @Test("A wrong configuration is told with its reason on a narrow screen, and no more once it is right")
  func configuration() {
    var state = Sample.state(Self.small)
    let reason = "/home/ana/.config/flightdeck/some/where/config.yaml:19: The command is missing."
    func event(_ seq: UInt64, _ type: EventType, _ data: JSONObject) -> RunEvent {
      RunEvent(seq: seq, type: type, run: nil, time: Sample.now, data: data)
    }
    _ = state.update(.events([event(1500, .configurationRejected, ["reason": .string(reason)])]))
    #expect(text(state).split(separator: "\n")[1].contains("config.yaml:19: The command is missing."))
    _ = state.update(.events([event(1501, .configurationApplied, [:])]))
    #expect(state.toasts.map(\.kind) == [.good])
  }

  @Test("An event whose type is not ours says its members in words; artifacts that are the same are told once")
  func events() {
    let run = Sample.id(5)
    func line(_ data: JSONObject) -> String { LogLine(Sample.event(1, "awf.runtime.vibe.more", run, 0, data)).text }
    #expect(line(["commands": [1, 2, 3], "mode": "plan"]) == "commands: 3, mode: plan")
    #expect(
      line(["session_info": ["title": "Retry", "tags": []], "on": true])
        == "session info: title Retry, tags 0, on: true")
    #expect(line([:]).isEmpty)
    var log = RunLog(run: run)
    let told = [1, 1, 2, 2].enumerated().map { place, files in
      Sample.event(UInt64(place + 1), .artifacts, run, place, ["files": .int(Int64(files))])
    }
    log.load(Array(told.prefix(2)))
    #expect(log.total == 1)
    for event in told.dropFirst(2) { log.append(event) }
    #expect(log.total == 2)
  }

  @Test("The trail says what was answered, and two ways of always are told apart by their own words")
  func answered() {
    var record = AuditRecord(
      actorType: "human", eventType: "agent_run.answered", createdAt: Sample.now, runtimeProvider: "vibe")
    record.eventData = ["answer": "Keep it", "question": "Drop it?"]
    #expect(answerWords(record) == "Keep it")
    record.eventType = "agent_run.started"
    #expect(answerWords(record) == nil)
    let detail = AttentionDetail(
      tool: .execute, title: "Run", command: "ls", choices: [.allowOnce, .allowAlways, .allowAlways])
    let items = AnswerDialog.items(
      Attention(
        attentionId: "a", question: "May I?", options: ["Once", "This session", "Always"], since: Sample.now,
        detail: detail))
    #expect(Set(items.map(\.note)).count == items.count)
    #expect(waitWords("approval pending") == "approval pending" && waitWords("GH-1") == "waits for GH-1")
  }

  @Test("A run that asks has its answer first among the keys of every tab", arguments: [small, large])
  func answerFirst(_ size: Size) {
    var state = Sample.state(size)
    state.select(4)
    state.press("enter")
    for tab in ["1", "2", "4"] {
      state.press(tab)
      #expect(text(state).split(separator: "\n").last?.contains("a answer") == true, "tab \(tab)")
    }
  }

  @Test("In wide mode no number is cut", arguments: [80, 100, 120, 160])
  func wholeNumbers(_ width: Int) {
    let every = RunColumn.allCases.map { ColumnChoice($0) }
    for scrolled in 0..<12 {
      let table = RunTable(wide: every, width: width, runtimeName: 7, scrolled: scrolled)
      if let last = table.cells.last, last.column.isRight { #expect(last.width == last.column.width) }
    }
  }

  @Test("A question that has gone offers no answer any more")
  func gone() {
    var state = Sample.asking(Self.large)
    state.select(5)
    state.press("a")
    _ = state.update(.events([Sample.event(3000, .resolved, Sample.id(5), 1, ["attentionId": "p5", "answer": "Yes"])]))
    let footer = text(state).split(separator: "\n").last ?? ""
    #expect(!footer.contains("once") && footer.contains("not now"))
  }
}
