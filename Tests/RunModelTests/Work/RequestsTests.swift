import RunModel
import Testing

@Suite struct RequestsTests {
  @Test("A request reads back as it was written")
  func roundTrip() throws {
    let request = DispatchRequest(
      contracts: [Contract(title: "A"), Contract(title: "B")], runtimes: ["local", "mock"], count: 3, dryRun: true)
    let back = try DispatchRequest(json: JSONValue(parsing: request.jsonBytes))
    #expect(back.contracts == request.contracts && back.runtimes == request.runtimes)
    #expect(back.count == 3 && back.dryRun)
    #expect(
      DispatchRequest(contracts: [Contract(title: "A")]).jsonText == #"{"contracts":[{"title":"A","priority":100}]}"#)
  }

  @Test("One contract or an array of them is a request too")
  func bare() throws {
    #expect(try DispatchRequest(json: ["title": "A"]).contracts.map(\.title) == ["A"])
    let list = try DispatchRequest(json: [["title": "A"], ["title": "B"]])
    #expect(list.contracts.map(\.title) == ["A", "B"] && list.count == 1 && !list.dryRun)
  }

  @Test(
    "A wrong request is an error that names what, and never runs what was to be dry",
    arguments: [
      (#"{"contracts":[{"title":"A"}],"dryRun":"yes"}"#, "\"dryRun\" must be true or false"),
      (#"{"contracts":[{"title":"A"}],"count":"3"}"#, "\"count\""),
      (#"{"contracts":[{"title":"A"}],"count":0}"#, "\"count\""),
      (#"{"contracts":[{"title":"A"}],"count":100001}"#, "\"count\""),
      (#"{"contracts":[{"title":"A"}],"runtimes":"local"}"#, "\"runtimes\""),
      (#"{"contracts":[{"title":"A"}],"runtimes":[1]}"#, "\"runtimes\""),
      (#"{"contracts":[{"title":"A"}],"runtime":["x"]}"#, "Did you mean \"runtimes\"?"),
      (#"{"contracts":{"title":"A"}}"#, "\"contracts\" must be an array"),
      (#"{"contracts":[{"title":"A"},{}]}"#, "item 2: The contract needs a \"title\"."),
      (#"[{"title":"A"},{"titel":"B"}]"#, "item 2: Unknown key"), (#"{}"#, "The contract needs"),
    ])
  func refused(text: String, words: String) throws {
    let json = try JSONValue(parsing: text)
    let error = #expect(throws: ContractError.self) { try DispatchRequest(json: json) }
    #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
  }

  @Test("An outcome reads back, with its run or dry")
  func outcomes() throws {
    let decision = RoutingDecision(
      runtimeId: "local", considered: [.init(runtimeId: "local", eligible: true, reasons: ["free"])], waitsFor: ["x"])
    for outcome in [
      DispatchOutcome(
        runId: Sample.run, contractId: Sample.contract, title: "T", status: .queued, runtimeId: "local",
        decision: decision), DispatchOutcome(title: "T", decision: RoutingDecision()),
    ] {
      #expect(try DispatchOutcome(json: JSONValue(parsing: outcome.jsonBytes)) == outcome)
      #expect(
        try JSONValue(parsing: outcome.jsonBytes).object?.keys == [
          "runId", "contractId", "title", "status", "runtimeId", "decision",
        ])
    }
  }

  @Test("A problem reads back as it was written", arguments: Problem.Code.allCases)
  func problems(code: Problem.Code) throws {
    let problem = Problem(code, "Because. Do this.")
    let json = try JSONValue(parsing: problem.jsonBytes)
    #expect(Problem(json: json) == problem)
    #expect(json["status"]?.int == Int64(code.httpStatus))
    #expect((400..<600).contains(code.httpStatus) && [1, 4].contains(code.exitCode))
  }
}
