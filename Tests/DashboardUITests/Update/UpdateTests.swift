import RunModel
import Testing
import TerminalKit

@testable import DashboardUI

@Suite struct UpdateTests {
  private let size = Size(width: 120, height: 40)

  private func started(_ seq: UInt64, _ number: Int) -> RunEvent {
    Sample.event(seq, .started, Sample.id(number), 1, ["runtimeId": "local"])
  }

  // MARK: Joining

  @Test("A glimpse is shown with the counts of all; the snapshot that follows keeps the place of the cursor")
  func glimpse() {
    let runs = (1...300).map { Sample.ended($0, "Run \($0)", .succeeded) { _ in } }
    var glimpse = Snapshot(seq: 300, runs: runs, runtimes: [])
    glimpse.runs = Array(runs.suffix(100))
    var state = DashboardState(size: size, now: Sample.now)
    _ = state.update(.glimpse(glimpse))
    #expect(state.list.visible.count == 100 && state.board.count(.succeeded) == 300)
    #expect(drawDashboard(state).text.contains("the latest 100 of 300, the rest is coming"))
    state.press("j", "j")
    let selected = state.selection
    _ = state.update(.snapshot(Snapshot(seq: 300, runs: runs, runtimes: [])))
    #expect(state.list.visible.count == 300 && state.selection == selected && state.cursor == 2)
    // A part of the new is no better than all of the old.
    _ = state.update(.glimpse(glimpse))
    #expect(state.list.visible.count == 300)
  }

  // MARK: Cancel

  @Test("x x cancels the selected run with the reason filled in")
  func cancelTwice() {
    var state = Sample.state(size)
    let run = state.selection
    let effects = state.press("x", "x")
    guard case .cancel(let runs, let reason, false)? = effects.first else {
      Issue.record("\(effects)")
      return
    }
    #expect(runs == [run])
    #expect(reason == "No longer needed")
    #expect(state.layers.isEmpty)
  }

  @Test("Letters other than x replace the filled-in reason; then x is a letter, and enter does it")
  func cancelReason() {
    var state = Sample.state(size)
    state.press("x")
    state.type("fix elsewhere")
    let effects = state.press("enter")
    guard case .cancel(_, "fix elsewhere", false)? = effects.last else {
      Issue.record("\(effects)")
      return
    }
    state.press("j", "x", "up")
    #expect(state.preferences.reasons.first == "fix elsewhere")
  }

  @Test("X forces, and the second X does it; escape lets the run be")
  func force() {
    var state = Sample.state(size)
    guard case .cancel(_, _, true)? = state.press("X", "X").first else {
      Issue.record("no forced cancel")
      return
    }
    #expect(state.press("x", "esc").isEmpty)
    #expect(state.layers.isEmpty)
  }

  @Test("Marked runs that have ended are left out, and a run that ends under the dialog is not canceled")
  func endedOnes() {
    var state = Sample.state(size)
    state.press("G", "space", "g", "space", "x")
    guard case .cancel(let dialog)? = state.layers.last else {
      Issue.record("no dialog")
      return
    }
    #expect(dialog.runs.count == 1)
    #expect(dialog.endedCount == 1)
    _ = state.update(.events([Sample.event(2000, .succeeded, dialog.runs[0], 2, [:])]))
    #expect(state.press("x").isEmpty)
  }

  @Test("A paste into the dialog is a reason, never keys")
  func paste() {
    var state = Sample.state(size)
    state.press("x")
    #expect(state.update(.input(.paste("xxx\nq"))).isEmpty)
    guard case .cancel(let dialog)? = state.layers.last else {
      Issue.record("the dialog is gone")
      return
    }
    #expect(dialog.reason.text == "xxx q")
    state.press("esc")
    #expect(state.update(.input(.paste("Qxx"))).isEmpty)
    #expect(state.layers.isEmpty)
  }

  // MARK: Quit and back

  @Test("q asks on the first screen, escape does nothing there, ctrl-c and Q leave at once")
  func quitting() {
    var state = Sample.state(size)
    #expect(state.press("esc", "esc").isEmpty)
    #expect(state.layers.isEmpty)
    #expect(state.press("q").isEmpty)
    #expect(state.layers.count == 1)
    #expect(state.press("esc").isEmpty)
    for keys in [
      ["q", "q"], ["q", "enter"], ["Q"], ["ctrl-c"], ["x", "ctrl-c"], ["D", "Q", "ctrl-c"], ["/", "ctrl-c"],
    ] {
      var state = Sample.state(size)
      let effects = keys.flatMap { state.press($0) }
      #expect(effects.contains { if case .quit = $0 { true } else { false } }, "\(keys)")
    }
  }

  @Test("q and escape go back from every other screen", arguments: ["q", "esc"])
  func back(key: String) {
    var state = Sample.state(size)
    state.press("enter")
    #expect(state.screen == .run)
    state.press(key)
    #expect(state.screen == .runs)
    state.press("2", key)
    #expect(state.screen == .runs)
    #expect(state.layers.isEmpty)
  }

  // MARK: Rows hold still

  @Test("While someone moves the cursor no row moves; afterwards the selection is still the same run")
  func stability() {
    var state = Sample.state(size)
    state.press("j", "j")
    let run = state.selection
    let rows = state.visibleRuns
    let line = state.cursor - state.top
    let queued = Sample.event(
      2001, .queued, Sample.id(90), 1, ["contractId": .string(Sample.contract(90).description), "title": "New"])
    _ = state.update(.events([started(2000, 9), queued, started(2002, 90)]))
    #expect(state.visibleRuns == rows)
    #expect(state.nextTick != nil)
    _ = state.update(.tick(Sample.now + .seconds(2)))
    #expect(state.visibleRuns != rows)
    #expect(state.selection == run)
    #expect(state.visibleRuns[state.cursor] == run)
    #expect(state.board.count(.running) == 7)
    _ = line
  }

  @Test("With more runs than rows the selected run keeps its line of the screen")
  func anchor() {
    var state = DashboardState(size: Size(width: 80, height: 24), now: Sample.now)
    let runs = (1...300).map { number in Sample.run(number, "Run \(number)") }
    _ = state.update(.snapshot(Snapshot(seq: 500, runs: runs, runtimes: [])))
    state.press("pgdn", "pgdn", "j")
    let line = state.cursor - state.top
    let run = state.selection
    _ = state.update(.events((1...40).map { started(UInt64(600 + $0), 301 - $0) }))
    _ = state.update(.tick(Sample.now + .seconds(3)))
    #expect(state.selection == run)
    #expect(state.cursor - state.top == line)
  }

  @Test("A watcher who has touched nothing sees what is first")
  func untouched() {
    var state = Sample.state(size)
    let event = Sample.event(2000, .attention, Sample.id(6), -100, ["attentionId": "q9", "question": "Which one?"])
    let effects = state.update(.events([event]))
    #expect(state.selection == Sample.id(6))
    #expect(effects.contains { if case .bell = $0 { true } else { false } })
  }

  // MARK: Results that come late

  @Test("What was fetched for another run is dropped")
  func stale() {
    var state = Sample.opened(size, .overview)
    let other = Sample.id(6)
    _ = state.update(.artifacts(other, Artifacts(handoffNote: "not mine")))
    _ = state.update(.patch(other, Array("diff".utf8)))
    _ = state.update(.failed(Problem(.notFound, "gone"), .artifacts(other)))
    #expect(state.open?.artifacts == Sample.artifacts)
    #expect(state.open?.patch?.files.count == 5)
    #expect(state.open?.artifactsProblem == nil)
    _ = state.update(.dryRun(generation: state.form.generation - 1, [DispatchOutcome(title: "old", decision: .init())]))
    #expect(state.form.outcomes.isEmpty)
  }

  @Test("The backlog and the live events join without gap or double")
  func backlog() {
    var state = Sample.state(size)
    let run = Sample.id(5)
    state.openRun(run, .events)
    func output(_ seq: UInt64) -> RunEvent { Sample.event(seq, .output, run, 0, ["text": .string("\(seq)")]) }
    _ = state.update(.events([output(3001), output(3002)]))
    _ = state.update(.backlog(run, [output(2999), output(3000), output(3001)]))
    _ = state.update(.events([output(3003)]))
    #expect(
      (0..<(state.log?.count ?? 0)).compactMap { state.log?[$0]?.text } == ["2999", "3000", "3001", "3002", "3003"])
  }

  @Test("A log is bounded, and a reader who scrolled up stays at the same line")
  func bounded() {
    var state = Sample.state(size)
    let run = Sample.id(5)
    state.openRun(run, .events)
    func outputs(_ range: ClosedRange<UInt64>) -> [RunEvent] {
      range.map { Sample.event($0, .output, run, 0, ["text": .string("\($0)")]) }
    }
    _ = state.update(.backlog(run, outputs(2000...24_000)))
    state.press("k")
    let top = state.log?[state.eventsTop]?.seq
    _ = state.update(.events(outputs(24_001...30_000)))
    #expect(state.log?[state.eventsTop]?.seq == top)
    #expect((state.log?.total ?? 0) <= RunLog.longest * 5 / 4)
    state.press("p")
    _ = state.update(.events(outputs(30_001...30_010)))
    #expect(drawDashboard(state).text.contains("paused, 10 new"))
    state.press("f", "f")
    #expect(drawDashboard(state).text.contains("30010"))
  }

  // MARK: Dispatch

  @Test("A title, enter, enter is a dispatch; the new run is selected when it appears")
  func dispatch() throws {
    var state = Sample.state(size)
    state.press("D")
    state.type("Fix Q")
    #expect(state.press("enter").contains { if case .dryRun = $0 { true } else { false } })
    #expect(state.form.isReviewing)
    let effects = state.press("enter")
    guard case .dispatch(let request)? = effects.first else {
      Issue.record("\(effects)")
      return
    }
    #expect(request.contracts.map(\.title) == ["Fix Q"])
    #expect(request.contracts.first?.repository == "/home/ana/shop")
    #expect(state.press("enter").isEmpty, "no second dispatch while the first is under way")
    let new = Sample.id(77)
    _ = state.update(.dispatched([DispatchOutcome(runId: new, title: "Fix Q", runtimeId: "local", decision: .init())]))
    #expect(state.screen == .runs)
    let queued = Sample.event(
      2001, .queued, new, 1, ["contractId": .string(Sample.contract(77).description), "title": "Fix Q"])
    _ = state.update(.events([queued]))
    _ = state.update(.tick(Sample.now + .seconds(2)))
    #expect(state.selection == new)
    #expect(state.form.title.text.isEmpty)
  }

  @Test("The dry run waits until the typing rests, and asks once")
  func debounce() {
    var state = Sample.state(size)
    state.press("D")
    state.type("Fix")
    func asks(_ offset: Int) -> Int {
      state.update(.tick(Sample.now + .milliseconds(offset))).filter { if case .dryRun = $0 { true } else { false } }
        .count
    }
    #expect(asks(100) == 0)
    #expect(asks(260) == 1)
    #expect(asks(600) == 0)
  }

  @Test("A form that is not right does not go on, and a refused dispatch keeps what was written")
  func invalid() {
    var state = Sample.state(size)
    #expect(!state.press("D", "enter").contains { if case .dispatch = $0 { true } else { false } })
    #expect(!state.form.isReviewing)
    state.type("Fix")
    state.focus(.count)
    state.press("backspace", "enter")
    #expect(state.form.focus == .count)
    #expect(!state.form.isReviewing)
    state.type("2")
    state.press("enter", "enter")
    _ = state.update(.failed(Problem(.ineligible, "No runtime has canCreatePR."), .dispatch))
    #expect(drawDashboard(state).text.contains("No runtime has canCreatePR."))
    #expect(state.form.title.text == "Fix")
    #expect(!state.form.isSending)
  }

  @Test("ctrl-o takes the prompt to the editor and back")
  func editor() {
    var state = Sample.state(size)
    state.press("D", "tab")
    state.type("abc")
    guard case .edit("abc")? = state.press("ctrl-o").first else {
      Issue.record("no editor")
      return
    }
    _ = state.update(.edited("one\ntwo\n"))
    #expect(state.form.prompt.text == "one\ntwo")
  }

  // MARK: Answers, retry, palette, theme

  @Test("An answer names its question, and is not sent when the question has gone")
  func answer() {
    var state = Sample.state(size)
    guard case .answer(_, "q1", "keep it as a backup", false)? = state.press("a", "2", "enter").first else {
      Issue.record("no answer")
      return
    }
    state.press("a")
    _ = state.update(.events([Sample.event(2000, .resolved, Sample.id(4), 1, ["attentionId": "q1"])]))
    #expect(state.press("enter").isEmpty)
  }

  @Test("r r retries an ended run; a live one only says so")
  func retry() {
    var state = Sample.state(size)
    #expect(state.press("r").isEmpty)
    #expect(state.layers.isEmpty)
    state.press("G")
    state.press("r")
    _ = state.update(.tick(state.now))
    #expect(state.nextTick.map { $0 <= state.now + .milliseconds(400) } == true)
    _ = state.update(.tick(state.now + .milliseconds(400)))
    guard case .retry(let runs)? = state.press("r").first else {
      Issue.record("no retry")
      return
    }
    #expect(runs == [Sample.id(1)])
  }

  @Test(
    "A command line that was meant for another window starts no run", arguments: ["grep -r\n", "rr", "cargo run\n"])
  func typedInto(words: String) {
    var state = Sample.state(size)
    state.press("G")
    var effects: [Effect] = []
    for character in words {
      effects += state.press(character == "\n" ? "enter" : character == " " ? "space" : "\(character)")
    }
    #expect(!effects.contains { $0.changesRuns })
    // Slowly, too: a letter that does not mean yes means no.
    var slow = Sample.state(size)
    slow.press("G", "r")
    _ = slow.update(.tick(slow.now))
    _ = slow.update(.tick(slow.now + .seconds(1)))
    slow.press("e")
    #expect(slow.layers.isEmpty)
  }

  @Test(
    "The palette does what is typed",
    arguments: [":theme flightdeck-light", ":sort title", ":filter tls", ":runtimes", ":dispatch", ":help", ":quit"])
  func palette(command: String) {
    var state = Sample.state(size)
    state.type(command)
    let effects = state.press("enter")
    switch command {
    case ":theme flightdeck-light": #expect(state.theme.slug == "flightdeck-light")
    case ":sort title": #expect(state.list.sort.column == .title)
    case ":filter tls": #expect(state.visibleRuns == [Sample.id(1)])
    case ":runtimes": #expect(state.screen == .runtimes)
    case ":dispatch": #expect(state.screen == .dispatch)
    case ":help": #expect(state.layers.count == 1)
    default: #expect(effects.contains { if case .quit = $0 { true } else { false } })
    }
  }

  @Test("Enter on a file shows it in the diff, hunk and file keys go on from there")
  func filesToDiff() {
    var state = Sample.opened(size, .files)
    state.press("j", "enter")
    #expect(state.open?.tab == .diff)
    #expect(state.open?.diff.top == state.open?.patch?.files[1].firstLine)
    state.press(")")
    #expect(state.open?.diff.top == state.open?.patch?.files[2].firstLine)
    state.press("(", "(", "}")
    #expect(state.open?.diff.top == state.open?.patch?.hunks[0].line)
  }

  // MARK: Idle

  @Test("Nothing moves when nothing runs: the next tick is the minute's")
  func idle() {
    var state = DashboardState(size: size, now: Sample.now)
    _ = state.update(.link(.live))
    _ = state.update(.snapshot(Snapshot(seq: 9, runs: Sample.runs.filter { $0.status.isTerminal }, runtimes: [])))
    _ = state.update(.tick(Sample.now))
    #expect(!state.isAnimating)
    #expect((state.nextTick.map { ($0 - Sample.now).milliseconds } ?? 0) > 10_000)
    #expect(Sample.state(size).isAnimating)
  }
}
