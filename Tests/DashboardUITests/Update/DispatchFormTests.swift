import RunModel
import Testing
import TerminalKit

@testable import DashboardUI

@Suite struct DispatchFormTests {
  private let size = Size(width: 80, height: 24)

  private func form(_ size: Size = Size(width: 80, height: 24)) -> DashboardState {
    var state = Sample.state(size)
    state.press("D")
    return state
  }

  private func effect<T>(_ effects: [Effect], _ pick: (Effect) -> T?) -> T? { effects.lazy.compactMap(pick).first }

  @Test("What a role may not give is said in the form, and is not reviewed as if it could be dispatched")
  func role() {
    var state = form(Size(width: 120, height: 40))
    state.focus(.title)
    state.type("Fix it")
    state.focus(.verify)
    state.type("make test")
    _ = state.update(.role(.operator))
    #expect(drawDashboard(state).text.contains("Verify commands are code"))
    state.press("ctrl-d")
    #expect(!state.form.isReviewing && state.form.focus == .verify)
    #expect(state.toasts.last?.text.contains("admin's token") == true)
    _ = state.update(.role(.admin))
    state.press("ctrl-d")
    #expect(state.form.isReviewing)
  }

  @Test("Every field goes into the contract, and comes back from it")
  func fields() throws {
    var state = form()
    let written: [(DispatchForm.Field, String)] = [
      (.title, "Fix it"), (.prompt, "Do\nit"), (.criteria, "one\n\n two "), (.labels, "API, webhook"),
      (.repository, ""), (.base, "main"), (.paths, "src\ndocs"), (.verify, "make\nmake test"), (.priority, ""),
      (.count, ""), (.dependsOn, "GH-1 GH-2"), (.timeout, "2h"),
    ]
    for (field, text) in written {
      state.focus(field)
      for character in text { _ = state.update(.input(.key(character == "\n" ? .enter : .character(character)))) }
    }
    state.focus(.needs)
    state.press("right", "space")
    state.focus(.runtimes)
    state.press("down", "space")
    let draft = state.form.draft()
    #expect(draft.contract.title == "Fix it")
    #expect(draft.contract.prompt == "Do\nit")
    #expect(draft.contract.acceptanceCriteria.map(\.id) == ["AC-1", "AC-2"])
    #expect(draft.contract.acceptanceCriteria.map(\.text) == ["one", "two"])
    #expect(draft.contract.labels == ["api", "webhook"])
    #expect(draft.contract.repository == "/home/ana/shop")
    #expect(draft.contract.base == "main")
    #expect(draft.contract.allowedPaths == ["src", "docs"])
    #expect(draft.contract.verify == ["make", "make test"])
    #expect(draft.contract.dependsOn == ["GH-1", "GH-2"])
    #expect(draft.contract.timeoutSeconds == 7200)
    #expect(draft.contract.requires == [.canCreatePR])
    #expect(draft.runtimes == ["vibe"])
    var other = DispatchForm(directory: "")
    other.load(draft)
    #expect(other.draft() == draft)
    #expect(WorkDraft(kept: try #require(draft.json)) == draft)
  }

  @Test("Members without a field survive; the reference does not, or the same work would not be taken in again")
  func carried() {
    var contract = Contract(title: "x")
    contract.metadata = ["command": ["make"]]
    contract.externalRef = "GH-3"
    contract.externalURL = "https://example.com"
    var form = DispatchForm(directory: "/r")
    form.load(WorkDraft(contract: contract))
    #expect(form.draft().contract.metadata == contract.metadata)
    #expect(form.draft().contract.externalURL == contract.externalURL)
    #expect(form.draft().contract.externalRef == nil)
  }

  @Test(
    "Enter is a new line in long texts and the review elsewhere; ctrl-d is the review anywhere",
    arguments: [
      ("title", true), ("prompt", false), ("verify", false), ("labels", true), ("needs", true), ("timeout", true),
    ])
  func enter(name: String, reviews: Bool) throws {
    var state = form()
    state.type("Fix")
    state.focus(try #require(DispatchForm.Field.allCases.first { "\($0)" == name }))
    let footer = drawDashboard(state).text.split(separator: "\n").last.map(String.init) ?? ""
    #expect(footer.contains("new line") == !reviews)
    state.press("enter")
    #expect(state.form.isReviewing == reviews)
    if !reviews {
      state.press("ctrl-d")
      #expect(state.form.isReviewing)
    }
    #expect(!state.press("ctrl-d").contains { if case .dispatch = $0 { true } else { false } }, "only enter does it")
  }

  @Test("Up and down at the edge of a text go to the neighbour, and the focused field is always in view")
  func arrows() {
    var state = form()
    state.focus(.prompt)
    for _ in 0..<5 { state.press("a", "enter") }
    state.press("ctrl-home", "up")
    #expect(state.form.focus == .title)
    for _ in 0..<60 {
      state.press(state.form.focus.completes ? "tab" : "down")
      let layout = state.formLayout
      guard let block = layout[state.form.focus] else { continue }
      #expect(block.y >= state.form.top && block.y < state.form.top + layout.area.height)
      #expect(drawDashboard(state).text.contains("▌"))
    }
    #expect(state.form.focus == .timeout)
  }

  @Test("A click focuses, puts the cursor and toggles; the wheel scrolls without moving the focus")
  func mouse() throws {
    var state = form()
    func click(_ field: DispatchForm.Field, row: Int = 0, column: Int = 0) throws {
      let layout = state.formLayout
      let rect = layout.rect(try #require(layout[field]), top: state.form.top)
      _ = state.update(.input(.mouse(.init(.press, at: Point(x: rect.x + column, y: rect.y + row)))))
    }
    state.type("Fix the login")
    try click(.title, column: 4)
    #expect(state.form.title.cursor == 4)
    try click(.needs, column: state.needX(2) + 1)
    #expect(state.form.needs == [.supportsWebhooks])
    try click(.runtimes, row: 2)
    #expect(state.form.runtimes == ["vibe"])
    #expect(state.form.focus == .runtimes)
    let top = state.form.top
    _ = state.update(.input(.mouse(.init(.wheelDown, at: Point(x: 20, y: 10)))))
    #expect(state.form.top > top)
    #expect(state.form.focus == .runtimes)
  }

  @Test("Bad numbers, an unknown repository and an unknown base are told at their fields")
  func errors() {
    var state = form(Size(width: 120, height: 40))
    state.type("Fix")
    state.focus(.count)
    state.type("x")
    state.focus(.base)
    state.type("nope")
    _ = state.update(
      .failed(
        Problem(.ineligible, "The base \"nope\" is no commit.", member: "base"),
        .dryRun(generation: state.form.generation)))
    #expect(state.form.complaint(.base) == "The base \"nope\" is no commit.")
    #expect(state.form.complaint(.repository) == nil)
    state.focus(.repository)
    state.press("ctrl-u")
    state.type("/x")
    let asked = effect(state.update(.tick(Sample.now + .seconds(1)))) {
      if case .inspectRepository(let question) = $0 { question } else { nil }
    }
    #expect(asked == RepositoryQuestion(path: "/x", base: "nope"))
    let facts = RepositoryFacts(
      question: state.form.repositoryQuestion,
      problem: Problem(.invalid, "There is no folder /x.", member: "repository"))
    _ = state.update(.repository(facts))
    let text = drawDashboard(state).text
    #expect(text.contains("There is no folder /x."))
    #expect(text.contains("A whole number from 1 to 1000"))
    state.type("y")
    #expect(state.form.complaint(.repository) == nil, "an answer about another path is stale")
    state.press("ctrl-d")
    #expect(!state.form.isReviewing)
    #expect(state.form.focus == .count)
  }

  @Test("Tab completes a repository while there is something to complete, then goes on; down lists what is known")
  func completion() {
    var state = form()
    state.preferences.repositories = ["/home/ana/api"]
    state.focus(.repository)
    state.press("ctrl-u")
    let typed = state.type("/home/ana/s")
    #expect(
      effect(typed) { if case .listFolders(let prefix) = $0, prefix == "/home/ana/s" { prefix } else { nil } } != nil)
    _ = state.update(
      .folders(
        FolderListing(
          prefix: "/home/ana/s",
          folders: [
            .init(path: "/home/ana/shop", isRepository: true), .init(path: "/home/ana/site", isRepository: false),
          ])))
    state.press("tab")
    #expect(state.form.completion != nil, "two go on differently")
    state.press("down", "enter")
    #expect(state.form.repository.text == "/home/ana/site/")
    state.press("ctrl-u")
    state.type("/home/ana/a")
    state.press("tab")
    #expect(state.form.repository.text == "/home/ana/api")
    state.press("tab")
    #expect(state.form.focus == .base)
    _ = state.update(
      .repository(RepositoryFacts(question: state.form.repositoryQuestion, branch: "main", refs: ["main", "v1"])))
    state.press("down", "down", "tab")
    #expect(state.form.base.text == "v1")
  }

  @Test("A remote orchestrator's repositories are not looked for here")
  func remote() {
    var state = Sample.state(size)
    state.isHere = false
    let effects = state.press("D")
    #expect(effect(effects) { if case .inspectRepository = $0 { true } else { nil } } == nil)
  }

  @Test("What was dispatched is kept, and ctrl-p and ctrl-n go through it and back to what was being written")
  func history() {
    var state = Sample.state(size)
    for title in ["One", "Two"] {
      state.press("D")
      state.type(title)
      state.press("ctrl-d", "enter")
      _ = state.update(.dispatched([DispatchOutcome(runId: Sample.id(70), title: title, decision: .init())]))
    }
    #expect(state.preferences.drafts.map(\.contract.title) == ["Two", "One"])
    #expect(state.preferences.repositories == ["/home/ana/shop"])
    state.press("D")
    state.type("Three")
    state.press("ctrl-p", "ctrl-p", "ctrl-p")
    #expect(state.form.title.text == "One")
    state.press("ctrl-n", "ctrl-n", "ctrl-n")
    #expect(state.form.title.text == "Three")
    state.press("ctrl-r")
    state.type("on")
    state.press("enter")
    #expect(state.form.title.text == "One")
    #expect(state.form.picker == nil)
  }

  @Test("A form is saved as a template, applied by name and forgotten; one too long is refused")
  func templates() {
    var state = form()
    state.type("Fix the bug in X")
    state.press("ctrl-t")
    state.type("bug")
    let effects = state.press("enter")
    #expect(effects.contains { if case .keep = $0 { true } else { false } })
    #expect(state.preferences.templates.map(\.name) == ["bug"])
    #expect(Preferences(json: (try? JSONValue(parsing: state.preferences.jsonBytes)) ?? .null) == state.preferences)
    state.press("ctrl-u", "esc")
    state.type(":template bug")
    state.press("enter")
    #expect(state.screen == .dispatch)
    #expect(state.form.title.text == "Fix the bug in X")
    _ = state.update(
      .templates([WorkTemplate(name: "file", draft: WorkDraft(contract: Contract(title: "F")), file: "/t/file.yaml")]))
    state.press("ctrl-t", "down", "delete")
    #expect(state.templates.map(\.name) == ["bug", "file"])
    state.press("up", "delete")
    #expect(state.templates.map(\.name) == ["file"])
    state.press("esc")
    _ = state.form.edit(.prompt) { $0.insert(String(repeating: "long ", count: 20_000)) }
    state.press("ctrl-t")
    state.type("huge")
    state.press("enter")
    #expect(state.preferences.templates.isEmpty)
  }

  @Test("The editor takes the long text that has the focus, else the prompt")
  func editor() {
    var state = form()
    state.focus(.verify)
    state.type("make")
    guard case .edit("make")? = state.press("ctrl-o").first else {
      Issue.record("no editor")
      return
    }
    _ = state.update(.edited("make\nmake test\n"))
    #expect(state.form.verify.text == "make\nmake test")
    #expect(state.form.prompt.text.isEmpty)
  }

  @Test("Random keys, pastes, clicks and answers never trap, and the cursor stays on the screen", arguments: 1...10)
  func random(seed: Int) {
    var random = Seeded(UInt64(seed))
    var state = form(
      Size(width: Int.random(in: 60...200, using: &random), height: Int.random(in: 12...60, using: &random)))
    let keys: [Key] = [
      .enter, .enter, .tab, .shiftTab, .escape, .up, .down, .left, .right, .backspace, .delete, .pageUp, .pageDown,
      .ctrl("d"), .ctrl("r"), .ctrl("t"), .ctrl("p"), .ctrl("n"), .ctrl("f"), .ctrl("_"), .ctrl("k"), .ctrl("y"),
      .altEnter, .character("x"), .character(" "), .character("1"), .character("n"), .character("日"),
    ]
    for step in 0..<250 {
      if state.screen != .dispatch {
        state.layers = []
        state.press("D")
      }
      switch Int.random(in: 0..<14, using: &random) {
      case 0: _ = state.update(.input(.paste(BatchSample.text)))
      case 1:
        let at = Point(x: Int.random(in: 0..<200, using: &random), y: Int.random(in: 0..<60, using: &random))
        _ = state.update(
          .input(.mouse(.init([.press, .wheelUp, .wheelDown].randomElement(using: &random) ?? .press, at: at))))
      case 2:
        _ = state.update(
          .work(ContractIntake.survey(Array(BatchSample.text.utf8)), generation: state.form.batch?.generation ?? 0))
      case 3:
        _ = state.update(
          .dryRun(
            generation: state.form.batch?.generation ?? state.form.generation,
            [DispatchOutcome(title: "x", decision: .init())]))
      case 4: _ = state.update(.dispatched([DispatchOutcome(runId: Sample.id(70), title: "x", decision: .init())]))
      case 5:
        _ = state.update(
          .input(
            .resize(
              Size(width: Int.random(in: 60...200, using: &random), height: Int.random(in: 12...60, using: &random)))))
      default: _ = state.update(.input(.key(keys.randomElement(using: &random) ?? .enter)))
      }
      let frame = drawDashboard(state)
      if let cursor = frame.cursor { #expect(frame.bounds.contains(cursor), "seed \(seed) step \(step)") }
    }
  }

  @Test("A megabyte pasted is in the field, is not sent with the questions, and every frame stays whole")
  func largePaste() throws {
    var state = form()
    state.type("Fix")
    state.press("tab")
    _ = state.update(.input(.paste(String(repeating: "all work and no play ", count: 50_000))))
    #expect(
      state.form.prompt.characters.count == 50_000 * 21 - 1
        || state.form.prompt.characters.count == TextField.longestText)
    state.type("end")
    #expect(drawDashboard(state).size == size)
    let request = try #require(
      effect(state.update(.tick(Sample.now + .seconds(2)))) {
        if case .dryRun(let request, _) = $0 { request } else { nil }
      })
    #expect(request.jsonBytes.count < 2000)
  }
}
