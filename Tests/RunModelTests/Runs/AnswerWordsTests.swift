import RunModel
import Testing

@Suite("What an answer means")
struct AnswerWordsTests {
  private func permission(
    _ options: [(String, AttentionDetail.Choice)] = [
      ("Yes", .allowOnce), ("Yes, and don't ask again", .allowAlways), ("No", .rejectOnce),
    ]
  ) -> Attention {
    Attention(
      attentionId: "a", question: "May I?", options: options.map(\.0), kind: "permission", since: Sample.time,
      detail: AttentionDetail(tool: .edit, choices: options.map(\.1)))
  }

  @Test(
    "An option is meant by its text, its number, a keyword or a beginning of its own",
    arguments: [
      ("Yes", "Yes"), ("yes", "Yes"), ("2", "Yes, and don't ask again"), ("allow", "Yes"),
      ("ALWAYS", "Yes, and don't ask again"), ("reject", "No"), ("n", "No"), ("Yes,", "Yes, and don't ask again"),
    ])
  func words(_ word: String, _ meant: String) throws {
    #expect(try permission().answer(meant: word) == GivenAnswer(meant))
  }

  @Test("What is unknown or could be several is refused with the list", arguments: ["maybe", "y", "4", "0", ""])
  func refused(_ word: String) throws {
    let problem = #expect(throws: Problem.self) { try permission().answer(meant: word) }
    #expect(
      problem?.detail.hasSuffix(
        "They are: Yes (allow), Yes, and don't ask again (always), No (reject); or their numbers, from 1 on.") == true)
    #expect(problem?.detail.contains(word == "y" ? "could be several" : "none of the options") == true)
  }

  @Test(
    "Where the agent only knows once, always is that and remembered; where it does not know once, allow is not always")
  func always() throws {
    let once = permission([("Allow", .allowOnce), ("Deny", .rejectAlways)])
    #expect(try once.answer(meant: "always") == GivenAnswer("Allow", remember: true))
    #expect(try once.answer(meant: "reject") == GivenAnswer("Deny"))
    let ever = permission([("Trust me", .allowAlways), ("Deny", .rejectOnce)])
    #expect(throws: Problem.self) { try ever.answer(meant: "allow") }
    #expect(try ever.answer(meant: "always") == GivenAnswer("Trust me"))
  }

  @Test("In a plain question the keywords are words like any other, and without options any text is the answer")
  func plain() throws {
    var plain = Attention(attentionId: "a", question: "?", options: ["allow all", "stop"], since: Sample.time)
    #expect(try plain.answer(meant: "allow") == GivenAnswer("allow all"))
    #expect(throws: Problem.self) { try plain.answer(meant: "reject") }
    #expect(plain.allowing == nil && plain.allowingAlways == nil && plain.rejecting == nil && !plain.isPermission)
    plain.options = []
    #expect(try plain.answer(meant: "7 of them") == GivenAnswer("7 of them"))
  }
}
