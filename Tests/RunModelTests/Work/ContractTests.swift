import RunModel
import Testing

@Suite struct ContractTests {
  private var full: Contract {
    var contract = Contract(title: "T")
    contract.contractId = Sample.contract
    contract.runId = Sample.run
    contract.prompt = "Do it"
    contract.acceptanceCriteria = [.init(id: "AC-1", text: "a"), .init(id: "X", text: "b")]
    contract.labels = ["l"]
    contract.priority = 7
    contract.taskClass = "c"
    contract.risk = .critical
    contract.requires = [.canCreatePR]
    contract.runtime = "local"
    contract.repository = "/r"
    contract.base = "main"
    contract.allowedPaths = ["src"]
    contract.verify = ["make"]
    contract.dependsOn = ["GH-1"]
    contract.timeoutSeconds = 1.5
    contract.externalRef = "GH-2"
    contract.externalURL = "https://example.org/2"
    contract.metadata = ["command": ["a", "b"]]
    return contract
  }

  @Test("The members are exactly the contract's, and everything reads back")
  func roundTrip() throws {
    let json = try JSONValue(parsing: full.jsonBytes)
    #expect(Set(json.object?.keys ?? []) == Set(Contract.keys))
    #expect(try Contract(json: json) == full)
    #expect(Contract(title: "T").jsonText == #"{"title":"T","priority":100}"#)
    #expect(Contract(title: "T").effectivePrompt == "T" && full.effectivePrompt == "Do it")
  }

  @Test("A title is enough, and null counts as absent")
  func defaults() throws {
    let contract = try Contract(json: ["title": "T", "prompt": nil, "labels": nil, "risk": nil, "priority": nil])
    #expect(contract == Contract(title: "T"))
    #expect(contract.priority == 100)
  }

  @Test("Criteria may be texts and get their numbers")
  func criteria() throws {
    let contract = try Contract(json: [
      "title": "T", "acceptanceCriteria": ["a", ["text": "b"], ["id": "X", "text": "c"]],
    ])
    #expect(contract.acceptanceCriteria.map(\.id) == ["AC-1", "AC-2", "X"])
  }

  @Test(
    "A wrong contract is an error that names the member",
    arguments: [
      (#"[]"#, "JSON object"), (#""x""#, "JSON object"), (#"{}"#, "\"title\""), (#"{"title":" "}"#, "\"title\""),
      (#"{"title":1}"#, "\"title\" must be text"), (#"{"title":"T","titel":"x"}"#, "Did you mean \"title\"?"),
      (#"{"title":"T","Priority":1}"#, "Did you mean \"priority\"?"),
      (#"{"title":"T","acceptance_criteria":[]}"#, "Did you mean \"acceptanceCriteria\"?"),
      (#"{"title":"T","zzzzzzzz":1}"#, "Unknown key \"zzzzzzzz\" in the contract."),
      (#"{"title":"T","priority":0}"#, "1 to 1000"), (#"{"title":"T","priority":1001}"#, "1 to 1000"),
      (#"{"title":"T","priority":1.5}"#, "whole number"), (#"{"title":"T","priority":"9"}"#, "\"priority\""),
      (#"{"title":"T","risk":"huge"}"#, "low, medium, high or critical"), (#"{"title":"T","risk":1}"#, "\"risk\""),
      (#"{"title":"T","requires":["canCreatePr"]}"#, "Did you mean \"canCreatePR\"?"),
      (#"{"title":"T","requires":"canCreatePR"}"#, "array of texts"), (#"{"title":"T","labels":[1]}"#, "\"labels\""),
      (#"{"title":"T","verify":"make"}"#, "\"verify\""), (#"{"title":"T","timeoutSeconds":0}"#, "above 0"),
      (#"{"title":"T","timeoutSeconds":"1"}"#, "above 0"), (#"{"title":"T","metadata":[]}"#, "\"metadata\""),
      (#"{"title":"T","contractId":"x"}"#, "ULID"), (#"{"title":"T","runId":"x"}"#, "ULID"),
      (#"{"title":"T","acceptanceCriteria":"x"}"#, "must be an array"),
      (#"{"title":"T","acceptanceCriteria":["a",{}]}"#, "Entry 2"),
      (#"{"title":"T","acceptanceCriteria":[{"text":"a","txt":"b"}]}"#, "Entry 1"),
      (#"{"title":"T","acceptanceCriteria":[{"text":"a","id":1}]}"#, "Entry 1"),
    ])
  func refused(text: String, words: String) throws {
    let json = try JSONValue(parsing: text)
    let error = #expect(throws: ContractError.self) { try Contract(json: json) }
    #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
  }

  @Test("Nothing is suggested when nothing is near")
  func nearest() {
    #expect(Nearest.nearest(to: "titel", among: ["title", "base"]) == "title")
    #expect(Nearest.nearest(to: "qqqqqq", among: ["title", "base"]) == nil)
    #expect(Nearest.nearest(to: "x", among: []) == nil)
    #expect(Nearest.hint(for: "bse", among: ["base"]) == " Did you mean \"base\"?")
  }

  @Test("Risks are in order")
  func risks() {
    #expect(Contract.Risk.allCases.sorted() == [.low, .medium, .high, .critical])
    #expect(Contract.Risk.high < .critical && !(Contract.Risk.high < .high))
  }
}
