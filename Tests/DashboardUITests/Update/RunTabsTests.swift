import RunModel
import TerminalKit
import Testing

@testable import DashboardUI

/// The keys of the run screen's tabs, pressed.
@Suite struct RunTabsTests {
  private let size = Size(width: 120, height: 40)

  private func outputs(_ state: inout DashboardState, _ texts: [String], from seq: UInt64 = 3000) {
    let events = texts.enumerated().map { place, text in
      Sample.event(seq + UInt64(place), .output, Sample.id(5), place, ["stream": "stdout", "text": .string(text)])
    }
    _ = state.update(.events(events))
  }

  private func current(_ state: DashboardState) -> String? { state.log?[state.eventsCursor]?.text }

  // MARK: Events

  @Test("e and E go from error to error, and say when there is none further")
  func errors() {
    var state = Sample.opened(size, .events)
    outputs(&state, ["a.c:3: error: no semicolon", "fine", "Traceback (most recent call last):", "done", "failed: 0"])
    state.press("E")
    #expect(current(state)?.hasPrefix("Traceback") == true)
    state.press("E")
    #expect(current(state)?.hasPrefix("a.c:3") == true)
    state.press("e", "e")
    #expect(current(state)?.hasPrefix("Traceback") == true)
    #expect(state.toasts.last?.text == "No error below")
  }

  @Test("m marks the line, u and U go from mark to mark")
  func marks() {
    var state = Sample.opened(size, .events)
    outputs(&state, ["one", "two", "three", "four"])
    state.press("k", "m", "k", "k", "m", "G", "U")
    #expect(current(state) == "three")
    state.press("U")
    #expect(current(state) == "one")
    state.press("u")
    #expect(current(state) == "three")
    #expect(drawDashboard(state).text.contains("●"))
    state.press("m", "g", "u", "u")
    #expect(state.toasts.last?.text == "No mark below")
  }

  @Test("F chooses types, several at once, with how many there are; enter shows one alone, all shows everything")
  func types() {
    var state = Sample.opened(size, .events)
    let total = state.log?.count ?? 0
    state.press("F")
    #expect(drawDashboard(state).text.contains("Events shown"))
    let names = state.eventTypes.map(\.name)
    #expect(names.first == "all" && names.contains("tool"))
    for _ in 0..<(names.firstIndex(of: "stderr") ?? 0) { state.press("down") }
    state.press("space", "down", "space", "esc")
    let chosen = Set((0..<(state.log?.count ?? 0)).compactMap { state.log?[$0]?.label })
    #expect(chosen == ["stderr", names[(names.firstIndex(of: "stderr") ?? 0) + 1]])
    state.press("F", "enter")
    #expect(state.log?.count == total)
    state.press("F", "down", "enter")
    #expect(state.log?.types == [names[1]])
  }

  @Test("A search says which match of how many it is at, and n N go round")
  func search() {
    var state = Sample.opened(size, .events)
    outputs(&state, ["needle", "hay", "Needle", "hay", "NEEDLE"])
    state.press("/")
    state.type("needle")
    state.press("enter")
    #expect(state.matchPlace == "1 of 3")
    state.press("n", "n")
    #expect(state.matchPlace == "3 of 3")
    #expect(drawDashboard(state).text.contains("/3 of 3"))
    state.press("n")
    #expect(state.matchPlace == "1 of 3")
    state.press("N")
    #expect(current(state) == "NEEDLE")
    outputs(&state, ["another needle"], from: 4000)
    #expect(state.matchPlace == "3 of 4")
  }

  @Test("Enter opens the event whole as a tree, keys fold it, escape closes it and only then leaves")
  func opened() {
    var state = Sample.opened(size, .events)
    outputs(&state, ["the last"])
    state.press("enter")
    #expect(drawDashboard(state).text.contains("awf.run.output"))
    let rows = state.tree?.rows.count ?? 0
    state.press("G", "left", "left")
    #expect((state.tree?.rows.count ?? 0) < rows)
    state.press("right")
    #expect(state.tree?.rows.count == rows)
    state.press("esc")
    #expect(state.tree == nil && state.screen == .run)
    state.press("esc")
    #expect(state.screen == .runs)
  }

  @Test("y copies the line that the cursor is on")
  func copiesLine() {
    var state = Sample.opened(size, .events)
    outputs(&state, ["one", "two"])
    #expect(state.press("k", "y").contains { if case .copy("one") = $0 { true } else { false } })
  }

  @Test("g at the top of a log that begins later than its run asks for what came before, once")
  func earlier() {
    var state = Sample.opened(size, .events)
    state.press("g")
    #expect(drawDashboard(state).text.contains("There are earlier events"))
    func asked(_ effects: [Effect]) -> Int {
      effects.compactMap { if case .fetchBacklog(_, let limit) = $0 { limit } else { nil } }.first ?? 0
    }
    #expect(asked(state.press("g")) == 10_000)
    #expect(asked(state.press("g")) == 0)
    #expect(drawDashboard(state).text.contains("Reading earlier events"))
    let here = current(state)
    let first = Sample.event(5, .queued, Sample.id(5), -900, ["title": "first of all"])
    _ = state.update(.backlog(Sample.id(5), [first] + Sample.backlog(Sample.id(5))))
    #expect(current(state) == here)
    state.press("g")
    #expect(current(state) == "first of all")
    #expect(!state.hasEarlierEvents)
  }

  @Test("Colours of an agent's output become roles; every other sequence stays visible")
  func colors() {
    let red = LogLine(
      Sample.event(1, .output, Sample.id(5), 0, ["text": "\u{1B}[1;31merr\u{1B}[0m ok \u{1B}[2J\u{1B}[38;5;9mx"]))
    #expect(red.text == "err ok \u{1B}[2Jx")
    #expect(red.styled?.first == Span("err", .outputError, .bold))
    #expect(red.styled?.last == Span("x", .text))
    #expect(AgentColors.spans("\u{1B}[", .text).map(\.text) == ["\u{1B}["])
  }

  // MARK: Files

  @Test("Folders fold and unfold, tell how much is in them, and a folder is reviewed as a whole")
  func files() {
    var state = Sample.opened(size, .files)
    let rows = state.open?.files.rows.count ?? 0
    state.press("left")
    #expect(state.open?.files.rows.count == rows - 1)
    state.press("right", "right", "left")
    #expect(state.open?.files.cursor == 0)
    #expect(drawDashboard(state).text.contains("was docs/old.md"))
    state.press("space")
    #expect(state.open?.files.reviewed == ["docs/webhooks.md"])
    #expect(drawDashboard(state).text.contains("✔ 1 of 5 reviewed"))
    let changed = Sample.patch.replacing("+# Webhooks", with: "+# Web hooks")
    _ = state.update(.patch(Sample.id(5), Array(changed.utf8)))
    #expect(state.open?.files.reviewed == [])
  }

  @Test("A folder that holds nothing but a folder is drawn with it, and odd paths do not trap")
  func tree() {
    var tree = FileTree()
    let paths = ["a/b/c/d.txt", "a/b/c/e.txt", "a-b.txt", "/rooted", "x//y", "", "é/ü/ö.txt", "a/b/z/q"]
    tree.set(paths.map { FileRow(path: $0, change: .modified, added: .max, removed: .max) }, reviewed: [])
    let folders = tree.rows.compactMap { if case .folder(let folder, _) = $0 { folder.name } else { nil } }
    #expect(folders == ["a/b", "c", "z", "x", "é/ü"])
    #expect(tree.rows.count { if case .file = $0 { true } else { false } } == paths.count)
  }

  // MARK: Evidence and audit

  @Test("8 shows the evidence as a tree, and y copies a value or a container's path")
  func evidence() {
    var state = Sample.opened(size, .overview)
    state.press("8")
    #expect(drawDashboard(state).text.contains("The run has given no evidence"))
    var artifacts = Sample.artifacts
    artifacts.evidence = ["verify": [["command": "npm test", "exitCode": 1, "output": "a\nb\nc"]], "ok": false]
    _ = state.update(.artifacts(Sample.id(5), artifacts))
    #expect(drawDashboard(state).text.contains("3 lines"))
    #expect(state.press("y").contains { if case .copy("verify") = $0 { true } else { false } })
    state.press("j", "j")
    #expect(state.press("y").contains { if case .copy("npm test") = $0 { true } else { false } })
    let rows = state.tree?.rows.count ?? 0
    state.press("j", "j", "enter")
    #expect(state.tree?.rows.count == rows + 3)
    _ = state.update(.artifacts(Sample.id(5), artifacts))
    #expect(state.tree?.rows.count == rows + 3)
  }

  @Test("9 asks for the run's audit records, shows who did what and why, and says where the chain breaks")
  func audit() {
    var state = Sample.opened(size, .overview)
    #expect(state.press("9").contains { if case .fetchRunAudit = $0 { true } else { false } })
    _ = state.update(.runAudit(Sample.id(5), Sample.trail))
    let text = drawDashboard(state).text
    #expect(text.contains("cancel_requested") && text.contains("wrong branch") && text.contains("chain of 41 verified"))
    state.press("enter")
    #expect(state.tree != nil)
    #expect(drawDashboard(state).text.contains("previous_hash"))
    state.press("esc")
    var broken = Sample.trail
    broken.broken = "its content does not match its event_hash"
    broken.brokenAt = 40
    _ = state.update(.runAudit(Sample.id(5), broken))
    #expect(drawDashboard(state).text.contains("✖"))
    _ = state.update(.failed(Problem(.unavailable, "The link broke."), .runAudit(Sample.id(5))))
    #expect(state.open?.audit.problem == "The link broke.")
  }

  // MARK: Tests, commands, note, link

  @Test("n goes to the next failure, F shows the failed ones alone, enter scrolls the output")
  func tests() {
    var state = Sample.opened(size, .tests)
    #expect(state.records(.tests).first?.name == "npm test")
    state.press("j", "n")
    #expect(state.open?.recordCursor[.tests] == 0)
    state.press("F")
    #expect(state.records(.tests).map(\.name) == ["npm test"])
    state.press("F", "enter", "k", "k")
    #expect(state.open?.outputUp == 2)
    state.press("esc")
    #expect(state.open?.readsOutput == false && state.screen == .run)
  }

  @Test("While there are no artifacts the commands are those that the agent tells of")
  func liveCommands() {
    var state = Sample.state(size)
    state.openRun(Sample.id(5), .commands)
    _ = state.update(.backlog(Sample.id(5), Sample.backlog(Sample.id(5))))
    #expect(state.records(.commands).map(\.name) == ["npm test -- retry"])
    #expect(drawDashboard(state).text.contains("exit 0"))
  }

  @Test("A note is searched")
  func note() {
    var state = Sample.opened(Size(width: 80, height: 14), .handoff)
    state.press("/")
    state.type("runbook")
    state.press("enter")
    #expect(drawDashboard(state).text.contains("runbook"))
    #expect(state.open?.noteMatch != nil)
  }

  @Test("o opens the pull request; where nothing opens it, it is copied")
  func link() {
    var state = Sample.opened(size, .overview)
    #expect(state.press("o").isEmpty)
    var artifacts = Sample.artifacts
    artifacts.prURL = "https://example.com/pr/7"
    _ = state.update(.artifacts(Sample.id(5), artifacts))
    guard case .openLink(let address)? = state.press("o").first else {
      Issue.record("no link")
      return
    }
    let effects = state.update(.failed(Problem(.unavailable, "xdg-open is not installed"), .openLink(address)))
    #expect(effects.contains { if case .copy("https://example.com/pr/7") = $0 { true } else { false } })
  }

  @Test("A pull request is shown for a run that has no branch here, too")
  func foreignRequest() {
    var state = Sample.opened(size, .overview)
    let queued = Sample.event(
      1001, .queued, Sample.id(500), 0, ["contractId": .string("\(Sample.contract(1))"), "title": "Far away"])
    _ = state.update(.events([queued]))
    state.openRun(Sample.id(500), .overview)
    var artifacts = Artifacts()
    artifacts.prURL = "https://example.com/pr/7"
    #expect(!drawDashboard(state).text.contains("https://example.com/pr/7"))
    _ = state.update(.artifacts(Sample.id(500), artifacts))
    #expect(drawDashboard(state).text.contains("https://example.com/pr/7"))
  }

  @Test("All nine tabs keep their numbers in 80 columns")
  func titles() {
    let state = Sample.opened(Size(width: 80, height: 24), .events)
    let line = drawDashboard(state).text.split(separator: "\n", omittingEmptySubsequences: false)[2]
    for number in 1...9 { #expect(line.contains("\(number)\(RunTab.allCases[number - 1].shortTitle)")) }
    #expect(line.hasSuffix("⇣ follows"))
  }
}
