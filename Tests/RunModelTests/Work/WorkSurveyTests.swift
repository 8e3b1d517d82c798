import RunModel
import Testing

@Suite struct WorkSurveyTests {
  private func survey(_ text: String) -> [WorkSurvey.Item] { ContractIntake.survey(Array(text.utf8)).items }

  private func message(_ item: WorkSurvey.Item) -> String? {
    if case .wrong(let error) = item.finding { error.message } else { nil }
  }

  @Test("What is wrong with one item names its line and key, and hides none of the others")
  func array() {
    let items = survey(
      """
      [
        {"title": "One"},
        {
          "title": "Two",
          "priorty": 5
        },
        {"title": "Three", "priority": "high", "metadata": {"priority": 1}},
        {"title": "Four", "requires": ["canCreatePr"]},
        {"prompt": "no title"},
        {"title": "Six" "x": 1},
        {"title": "Seven"}
      ]
      """)
    #expect(items.map(\.line) == [2, 5, 7, 8, 9, 10, 11])
    #expect(items.map(\.title) == ["One", "Two", "Three", "Four", "item 5", "item 6", "Seven"])
    #expect(message(items[1])?.contains("Did you mean \"priority\"?") == true)
    #expect(message(items[2])?.contains("1 to 1000") == true)
    #expect(message(items[3])?.contains("Did you mean \"canCreatePR\"?") == true)
    #expect(message(items[5])?.contains("not JSON") == true)
    #expect(message(items[0]) == nil && message(items[6]) == nil)
  }

  @Test("JSON lines are read line by line, with what is broken in its place")
  func lines() {
    let items = survey("{\"title\": \"A\"}\n\n{\"title\": \n{\"title\": \"C\"}\nhello\n")
    #expect(items.map(\.line) == [1, 3, 4, 5])
    #expect(items.map { message($0) == nil } == [true, false, true, false])
  }

  @Test("One object, or several over many lines, are read as they stand")
  func objects() {
    #expect(survey("  {\"title\":\n \"A\"}  ").map(\.title) == ["A"])
    #expect(survey("{\"title\":\n\"A\"}\n{\"title\":\n\"B }\"}").map(\.title) == ["A", "B }"])
    #expect(survey("").isEmpty && survey("[]").isEmpty && survey(" \n").isEmpty)
    #expect(survey("hello").count == 1)
  }

  @Test("Closed issues, pull requests and issues that come again are left out with the reason")
  func issues() {
    let items = survey(
      """
      [{"number": 1, "title": "A", "state": "OPEN"}, {"number": 2, "title": "B", "state": "closed"},
       {"number": 3, "title": "C", "url": "https://github.com/a/b/pull/3"}, {"number": 1, "title": "A again"}]
      """)
    let reasons = items.map { if case .leftOut(let reason) = $0.finding { reason } else { "" } }
    #expect(
      reasons == ["the same issue comes again in line 2", "the issue is closed", "it is a pull request", ""])
  }

  @Test("It finds what the strict reader finds, up to its bound", arguments: [3, 10_001])
  func many(count: Int) throws {
    let issues = JSONValue.array(
      (1...count).map { ["number": .int(Int64($0)), "title": .string("Issue [\($0)] \"{\""), "body": "- [ ] a"] })
    let survey = ContractIntake.survey(issues.jsonBytes)
    #expect(survey.isCut == (count > WorkSurvey.most))
    let found = survey.items.compactMap { if case .contract(let contract) = $0.finding { contract } else { nil } }
    #expect(found == Array(try ContractIntake.parse(issues.jsonBytes).map(\.contract).prefix(WorkSurvey.most)))
  }

  @Test("No bytes trap it", arguments: 1...8)
  func anything(seed: Int) {
    var random = Seeded(UInt64(seed))
    let likely = Array("[]{}\",:\\\n 1a".utf8)
    for _ in 0..<300 {
      let bytes = (0..<Int.random(in: 0...60, using: &random)).map { _ in likely.randomElement(using: &random) ?? 0 }
      let survey = ContractIntake.survey(bytes)
      #expect(survey.items.allSatisfy { $0.line >= 1 })
    }
  }
}
