import RunModel
import Testing

@Suite struct ContractIntakeTests {
  private func parse(_ text: String) throws(ContractError) -> [IntakeItem] {
    try ContractIntake.parse(Array(text.utf8))
  }

  @Test(
    "Contracts come as an object, an array or lines",
    arguments: [
      (#"{"title":"A"}"#, ["A"], [""]), (#"[{"title":"A"},{"title":"B"}]"#, ["A", "B"], ["item 1", "item 2"]),
      ("{\"title\":\"A\"}\n\n{\"title\":\"B\"}\r\n", ["A", "B"], ["line 1", "line 3"]), ("[]", [], []), ("", [], []),
      (" \n\t", [], []), ("\u{FEFF}{\"title\":\"A\"}", ["A"], [""]), ("{\n\"title\":\n\"A\"}\n", ["A"], [""]),
    ])
  func forms(text: String, titles: [String], places: [String]) throws {
    let items = try parse(text)
    #expect(items.map(\.contract.title) == titles)
    #expect(items.map(\.place) == places)
    #expect(items.allSatisfy { $0.origin == .contract })
  }

  @Test(
    "An error names the item",
    arguments: [
      (#"{"titel":"A"}"#, "Unknown key \"titel\" in the contract. Did you mean \"title\"?"),
      (#"[{"title":"A"},{"title":1}]"#, "item 2: \"title\" must be text."),
      ("{\"title\":\"A\"}\n{\"title\":\"B\"}\n{\"title\":\"C\",\"risk\":\"x\"}", "line 3: \"risk\" must be"),
      ("{\"title\":\"A\"}\n\n{\"title\":}", "line 3: Expected a value, at character 10."),
      ("{\"title\":\"A\"}\n7", "line 2: A contract must be a JSON object."),
      ("{\n  \"title\": \"A\",\n  oops\n}", "line 3: Expected a string, at character 3."),
      ("not json", "line 1: "), ("7", "A contract must be a JSON object."), ("[7]", "item 1: A contract must"),
      (#"{"title":"A"} {"title":"B"}"#, "line 1: Something follows the JSON value"),
      (#"[{"number":0,"title":"A"}]"#, "item 1: An issue's \"number\""),
      (#"[{"number":5,"title":" "}]"#, "item 1: Issue 5 needs a \"title\"."),
      (#"[{"number":5,"title":"A","labels":[{"id":1}]}]"#, "item 1: \"labels\" of issue 5"),
      (#"[{"number":5,"title":"A","body":7}]"#, "item 1: \"body\" of issue 5 must be text."),
    ])
  func errors(text: String, message: String) {
    let error = #expect(throws: ContractError.self) { try parse(text) }
    #expect(error?.message.hasPrefix(message) == true, "\(error?.message ?? "")")
  }

  @Test("A contract is classified by its labels")
  func classified() throws {
    let contract = try #require(try parse(#"{"title":"A","labels":["Auth"],"risk":"low"}"#).first).contract
    #expect(contract.taskClass == "auth_policy" && contract.risk == .high && contract.labels == ["Auth"])
  }

  static let gh = #"""
    [{"body":"Please.\r\n\r\n- [ ] It works\r\n- [x] It is tested  \r\nDone.","labels":[{"id":"L1","name":"Auth",
    "description":"","color":"d73a4a"},{"id":"L2","name":"P1","description":"","color":"000000"}],"number":102,
    "state":"OPEN","title":"Fix the login","url":"https://github.com/o/r/issues/102"},
    {"body":"","labels":[],"number":7,"state":"CLOSED","title":"Old","url":"https://github.com/o/r/issues/7"}]
    """#

  @Test("An issue as gh prints it becomes a contract")
  func ghIssue() throws {
    let items = try parse(Self.gh)
    #expect(items.count == 1)
    let item = try #require(items.first)
    #expect(item.origin == .githubIssue && item.place == "item 1")
    let contract = item.contract
    #expect(contract.title == "Fix the login")
    #expect(contract.prompt?.hasPrefix("Fix the login\n\nPlease.") == true)
    #expect(contract.externalRef == "GH-102" && contract.externalURL == "https://github.com/o/r/issues/102")
    #expect(contract.labels == ["auth", "p1"] && contract.priority == 80)
    #expect(contract.taskClass == "auth_policy" && contract.risk == .high)
    #expect(
      contract.acceptanceCriteria == [.init(id: "AC-1", text: "It works"), .init(id: "AC-2", text: "It is tested")])
  }

  @Test("The REST form means the same, and pull requests are skipped")
  func rest() throws {
    let items = try parse(
      #"""
      [{"url":"https://api.github.com/repos/o/r/issues/3","html_url":"https://github.com/o/r/issues/3","id":1,
        "number":3,"title":"A","user":{"login":"x"},"labels":[{"name":"docs"},"Low"],"state":"open","locked":false,
        "body":null,"pull_request":null},
       {"url":"https://api.github.com/repos/o/r/issues/4","html_url":"https://github.com/o/r/pull/4","number":4,
        "title":"B","labels":[],"state":"open","body":"x","pull_request":{"url":"u"}},
       {"number":5,"title":"C","labels":[],"state":"OPEN","url":"https://github.com/o/r/pull/5"},
       {"number":6,"title":"D","labels":[],"state":"closed","html_url":"https://github.com/o/r/issues/6"}]
      """#)
    #expect(items.count == 1)
    let contract = try #require(items.first).contract
    #expect(contract.externalURL == "https://github.com/o/r/issues/3" && contract.externalRef == "GH-3")
    #expect(contract.prompt == nil && contract.effectivePrompt == "A" && contract.priority == 40)
    #expect(contract.taskClass == "documentation_architecture" && contract.risk == .low)
  }

  @Test("One issue alone, and issues as lines, are taken too; of the same issue the last counts")
  func lines() throws {
    #expect(try parse(#"{"number":1,"title":"A"}"#).map(\.contract.externalRef) == ["GH-1"])
    let items = try parse(
      "{\"number\":1,\"title\":\"A\"}\n{\"title\":\"plain\"}\n{\"number\":1,\"title\":\"A again\"}\n")
    #expect(items.map(\.contract.title) == ["plain", "A again"])
    #expect(items.map(\.place) == ["line 2", "line 3"])
  }

  @Test(
    "The priority comes from the labels",
    arguments: [
      ([], 50), (["p0"], 100), (["critical"], 100), (["urgent"], 100), (["P1"], 80), (["high"], 80), (["p2"], 60),
      (["medium"], 60), (["p3"], 40), (["low"], 40), (["low", "p0"], 100), (["priority: 90"], 90),
      (["priority:90"], 90), (["Priority:  7"], 7), (["p0", "priority: 5"], 5), (["priority: 0"], 1),
      (["priority: -5"], 1), (["priority: 5000"], 1000), (["priority: 99999999999999999999"], 1000),
      (["priority: high"], 50), (["priority:"], 50), (["priority: 9x", "p2"], 60), (["p4"], 50),
    ] as [([String], Int)])
  func priorities(labels: [String], expected: Int) throws {
    let json: JSONValue = ["number": 1, "title": "A", "labels": .array(labels.map { ["name": .string($0)] })]
    #expect(try ContractIntake.parse(json.jsonBytes).first?.contract.priority == expected)
  }

  @Test("Criteria are the task list's lines, outside of code")
  func criteria() throws {
    let body = """
      - [ ] one
        - [x] two, indented
      * [X] three
      + [ ]   four
      - not one
      - [] not one
      -[ ] not one
      - [ ]
      text - [ ] not one
      ```
      - [ ] code
      ```
      ~~~
      ```
      - [ ] code
      ~~~
      - [x] five `code`
      """
    let json: JSONValue = ["number": 1, "title": "A", "body": .string(body)]
    let contract = try #require(try ContractIntake.parse(json.jsonBytes).first).contract
    #expect(
      contract.acceptanceCriteria.map(\.text) == ["one", "two, indented", "three", "four", "five `code`"])
    #expect(contract.acceptanceCriteria.map(\.id) == ["AC-1", "AC-2", "AC-3", "AC-4", "AC-5"])
  }
}
