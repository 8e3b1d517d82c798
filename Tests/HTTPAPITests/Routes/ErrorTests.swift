import HTTPAPI
import RunModel
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(20))) struct ErrorTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var method = "GET"
    var path: String
    var body: String?
    var status = 400
    var words: String
    var testDescription: String { "\(method) \(path) \(body ?? "")" }

    init(_ method: String = "GET", _ path: String, _ body: String? = nil, _ status: Int = 400, _ words: String) {
      self.method = method
      self.path = path
      self.body = body
      self.status = status
      self.words = words
    }
  }

  static let cases: [Case] = [
    Case("GET", "/", nil, 404, "/openapi.json"),
    Case("GET", "/v1", nil, 404, "/openapi.json"),
    Case("GET", "/v1/runs/", nil, 404, "/openapi.json"),
    Case("GET", "/v1/runs/1/nothing", nil, 404, "/v1/runs/1/nothing"),
    Case("DELETE", "/v1/runs", nil, 405, "GET, HEAD, OPTIONS, POST"),
    Case("POST", "/v1/events", "{}", 405, "GET, HEAD, OPTIONS"),
    Case("PATCH", "/healthz", nil, 405, "PATCH"),
    Case("GET", "/v1/runs/1/cancel", nil, 405, "OPTIONS, POST"),
    Case("GET", "/v1/runs?status=runing", nil, 400, "Did you mean \"running\"?"),
    Case("GET", "/v1/runs?limit=0", nil, 400, "\"limit\" must be a whole number from 1 to 10000"),
    Case("GET", "/v1/runs?limit=ten", nil, 400, "\"ten\""),
    Case("GET", "/v1/runs?limit=1&limit=2", nil, 400, "once"),
    Case("GET", "/v1/runs?statuss=running", nil, 400, "Did you mean \"status\"?"),
    Case("GET", "/v1/runs?before=nothing", nil, 404, "nothing"),
    Case("GET", "/v1/runs/nothing", nil, 404, "No run ends in \"nothing\""),
    Case("GET", "/v1/runs/0", nil, 404, "No run ends in"),
    Case("POST", "/v1/runs", nil, 400, "needs a body"),
    Case("POST", "/v1/runs", #"{"title":}"#, 400, "at byte 9"),
    Case("POST", "/v1/runs", #"{"titel":"x"}"#, 400, "Did you mean \"title\"?"),
    Case("POST", "/v1/runs", #"{"contracts":[]}"#, 400, "no contract"),
    Case("POST", "/v1/runs", #"{"contracts":[{"title":"x"}],"dryrun":true}"#, 400, "Did you mean \"dryRun\"?"),
    Case("POST", "/v1/runs", "[1]", 400, "must be a JSON object"),
    Case("POST", "/v1/runs?x=1", "{}", 400, "Unknown parameter \"x\""),
    Case("POST", "/v1/runs/1/cancel", "{}", 400, "\"reason\""),
    Case("POST", "/v1/runs/1/cancel", #"{"reason":" "}"#, 400, "\"reason\""),
    Case("POST", "/v1/runs/1/cancel", #"{"reason":1}"#, 400, "\"reason\" must be text"),
    Case("POST", "/v1/runs/1/cancel", #"{"reason":"r","force":"yes"}"#, 400, "\"force\" must be true or false"),
    Case("POST", "/v1/runs/1/cancel", #"{"reason":"r","froce":true}"#, 400, "Did you mean \"force\"?"),
    Case("POST", "/v1/runs/1/cancel", "[]", 400, "must be an object"),
    Case("POST", "/v1/runs/1/cancel", "not json", 400, "not JSON"),
    Case("POST", "/v1/runs/nothing/cancel", #"{"reason":"r"}"#, 404, "No run"),
    Case("POST", "/v1/runs/1/answer", "{}", 400, "\"answer\""),
    Case("POST", "/v1/runs/1/retry", #"{"a":1}"#, 400, "no body"),
    Case("GET", "/v1/events?after=-1", nil, 400, "\"after\""),
    Case("GET", "/v1/events?follow=maybe", nil, 400, "\"follow\" must be true or false"),
    Case("GET", "/v1/events?tail=5", nil, 400, "exactly one \"run\""),
    Case("GET", "/v1/events?tail=5&run=1&run=2", nil, 400, "exactly one \"run\""),
    Case("GET", "/v1/events?tail=5&run=1&after=2", nil, 400, "not with \"after\""),
    Case("GET", "/v1/events?run=nothing", nil, 404, "No run"),
    Case("GET", "/v1/events?after=5&follow=true", nil, 409, "The last event here is 4"),
    Case("GET", "/v1/events?after=5", nil, 409, "another record"),
    Case("GET", "/v1/events?after=9223372036854775807", nil, 409, "The last event here is 4"),
    Case("GET", "/v1/events?after=9223372036854775808", nil, 400, "\"after\""),
    Case("GET", "/v1/events?after=99999999999999999999999999", nil, 400, "\"after\""),
    Case("GET", "/v1/audit?after=4", nil, 409, "The last audit record here is 3"),
    Case("GET", "/v1/runs?limit=-1", nil, 400, "\"limit\""),
    Case("GET", "/v1/runs?limit=1e3", nil, 400, "\"limit\""),
    Case("GET", "/v1/audit?run=nothing", nil, 404, "No run"),
    Case("GET", "/v1/snapshot?since=1", nil, 400, "Unknown parameter \"since\""),
  ]

  @Test("Every error is a problem document that says what and the way out", arguments: cases)
  func errors(_ expected: Case) async throws {
    try await TestServer.with(Sample.service()) { _, client in
      let answer = try await client.ask(expected.method, expected.path, body: expected.body)
      #expect(answer.status == expected.status)
      #expect(answer.headers["content-type"] == "application/problem+json")
      #expect(try answer.json["status"]?.int == Int64(expected.status))
      #expect(try answer.problem?.detail.contains(expected.words) == true, "\(answer.text)")
      if expected.status == 405 { #expect(answer.headers["allow"] != nil) }
    }
  }

  @Test("The service's problems keep their status", arguments: Problem.Code.allCases)
  func serviceProblems(code: Problem.Code) async throws {
    let service = Sample.service()
    service.fail(with: Problem(code, "Because."))
    try await TestServer.with(service) { _, client in
      for (method, path) in [
        ("GET", "/v1/runs/1"), ("GET", "/v1/runs/1/diff"), ("POST", "/v1/runs/1/retry"), ("GET", "/v1/audit"),
        ("POST", "/v1/runs"),
      ] {
        let answer = try await client.ask(method, path, body: method == "POST" ? #"{"title":"x"}"# : nil)
        #expect(answer.status == code.httpStatus)
        #expect(try answer.problem == Problem(code, "Because."))
      }
    }
  }

  @Test("A body past 16 MB is refused, announced or not, and one just below is read")
  func tooLarge() async throws {
    try await TestServer.with(Sample.service()) { _, client in
      let large = #"{"title":"x","prompt":""# + String(repeating: "y", count: 17 * 1024 * 1024) + #""}"#
      let answer = try await client.ask("POST", "/v1/runs", body: large)
      #expect(answer.status == 413)
      #expect(try answer.problem?.code == .tooLarge)
      let fitting = #"{"title":"x","prompt":""# + String(repeating: "y", count: 15 * 1024 * 1024) + #""}"#
      #expect(try await client.ask("POST", "/v1/runs", body: fitting).status == 201)
    }
  }

  @Test("A Last-Event-ID that is none is refused, and one beyond the end is told to come from elsewhere")
  func lastEventID() async throws {
    try await TestServer.with(Sample.service()) { _, client in
      for (seq, status) in [("abc", 400), ("-1", 400), ("5", 409), ("18446744073709551615", 409), ("4", 200)] {
        let answer = try await client.ask("GET", "/v1/events?follow=false", headers: ["Last-Event-ID": seq])
        #expect(answer.status == status)
      }
    }
  }
}
