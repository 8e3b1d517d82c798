import HTTPAPI
import RunModel
import TestSupport
import Testing

/// Bodies that are JSON of the wrong kind, or want to be too much.
@Suite(.timeLimit(.minutes(20))) struct BodyTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var body: [UInt8]
    var status = 400
    var words: String
    var testDescription: String { name }

    init(_ name: String, _ body: String, _ words: String, status: Int = 400) {
      self.init(name, Array(body.utf8), words, status: status)
    }
    init(_ name: String, _ body: [UInt8], _ words: String, status: Int = 400) {
      self.name = name
      self.body = body
      self.status = status
      self.words = words
    }
  }

  private static func repeated(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }

  static let cases: [Case] = [
    Case("10,000 levels of arrays", repeated("[", 10_000) + repeated("]", 10_000), "deeper than 128"),
    Case("10,000 levels of objects", repeated("{\"a\":", 10_000) + "1" + repeated("}", 10_000), "deeper than 128"),
    Case("10,000 levels that never close", repeated("[", 10_000), "deeper than 128"),
    Case("a number beyond counting", #"{"title":"x","priority":1e999}"#, "too large"),
    Case("a number of 100,000 digits", #"{"title":"x","priority":\#(repeated("9", 100_000))}"#, "The number 999"),
    Case("a priority beyond 64 bits", #"{"title":"x","priority":9223372036854775808}"#, "\"priority\""),
    Case("a time-out without end", #"{"title":"x","timeoutSeconds":1e300}"#, "\"timeoutSeconds\""),
    Case("a member twice", #"{"title":"x","title":"y"}"#, "\"title\" is there twice"),
    Case("a member twice, written in two ways", #"{"title":"x","t\u0069tle":"y"}"#, "\"title\" is there twice"),
    Case("a member twice deep within", #"{"title":"x","metadata":{"a":[{"b":1,"b":2}]}}"#, "\"b\" is there twice"),
    Case("not UTF-8", Array(#"{"title":""#.utf8) + [0xFF, 0xC0, 0x80] + Array(#""}"#.utf8), "not UTF-8"),
    Case("a surrogate as bytes", Array(#"{"title":""#.utf8) + [0xED, 0xA0, 0x80] + Array(#""}"#.utf8), "not UTF-8"),
    Case("UTF-16", [0xFF, 0xFE, 0x7B, 0, 0x7D, 0], "not UTF-8"),
    Case("NUL in a title", #"{"title":"a\u0000b"}"#, "NUL"),
    Case("NUL in a path", #"{"title":"a","repository":"/tmp\u0000/x"}"#, "NUL"),
    Case("NUL in a command", #"{"title":"a","metadata":{"command":["sh","\u0000"]}}"#, "NUL"),
    Case("NUL in a name", #"{"title":"a","metadata":{"\u0000":1}}"#, "NUL"),
    Case("two million values", "[" + repeated("0,", 2_000_000) + "0]", "values", status: 413),
    Case("a key of a megabyte", #"{"\#(repeated("k", 1_000_000))":1}"#, "Unknown key"),
    Case("half a body", #"{"title":"x""#, "not JSON"),
    Case("two bodies", #"{"title":"x"}{"title":"y"}"#, "follows"),
    Case("a bare text", #""x""#, "JSON object"),
    Case("null", "null", "JSON object"),
  ]

  @Test("A bad body is told what is wrong with it, and nothing is done", arguments: cases)
  func bodies(_ example: Case) async throws {
    let service = Sample.service()
    try await TestServer.with(service) { _, client in
      let answer = try await client.ask("POST", "/v1/runs", bytes: example.body)
      #expect(answer.status == example.status, "\(answer.text.prefix(500))")
      #expect(try answer.problem?.detail.contains(example.words) == true, "\(answer.text.prefix(500))")
      #expect(answer.body.count < 20_000, "what was sent is not sent back")
    }
    #expect(service.calls == [])
  }

  /// Every member of every body, with a value of every kind that is not its own.
  static let wrongTypes: [(path: String, body: String)] = {
    let kinds: [(name: String, values: [String])] = [
      ("text", ["1", "1.5", "true", "[]", "{}", "[\"x\"]"]), ("texts", ["1", "true", "\"x\"", "{}", "[1]", "[null]"]),
      ("number", ["\"1\"", "true", "[]", "{}", "0", "-1"]), ("object", ["1", "\"x\"", "[]", "true"]),
      ("bool", ["1", "\"true\"", "[]", "{}"]),
    ]
    let contract: [(String, String)] = [
      ("contractId", "text"), ("runId", "text"), ("title", "text"), ("prompt", "text"), ("taskClass", "text"),
      ("risk", "text"), ("runtime", "text"), ("repository", "text"), ("base", "text"), ("externalRef", "text"),
      ("externalURL", "text"), ("labels", "texts"), ("allowedPaths", "texts"), ("verify", "texts"),
      ("dependsOn", "texts"), ("requires", "texts"), ("priority", "number"), ("timeoutSeconds", "number"),
      ("metadata", "object"),
    ]
    let request: [(String, String)] = [
      ("runtimes", "texts"), ("count", "number"), ("dryRun", "bool"), ("tolerant", "bool"),
    ]
    let others: [(path: String, good: String, members: [(String, String)])] = [
      ("/v1/runs", #""title":"t","#, contract), ("/v1/runs", #""contracts":[{"title":"t"}],"#, request),
      ("/v1/runs/1/cancel", #""reason":"r","#, [("reason", "text"), ("force", "bool")]),
      ("/v1/runs/1/approve", "", [("why", "text")]), ("/v1/runs/1/reject", "", [("why", "text")]),
      ("/v1/runs/1/answer", #""answer":"a","#, [("attentionId", "text"), ("answer", "text"), ("remember", "bool")]),
      ("/v1/runs/1/message", "", [("text", "text")]),
      ("/v1/runs/1/follow-up", #""prompt":"p","#, [("prompt", "text"), ("title", "text")]),
    ]
    return others.flatMap { path, good, members in
      members.flatMap { name, kind in
        (kinds.first { $0.name == kind }?.values ?? []).map { value in
          // The member itself is not given twice.
          let rest = good.hasPrefix("\"\(name)\"") ? "" : good
          return (path, "{\(rest)\"\(name)\":\(value)}")
        }
      }
    }
  }()

  @Test("A value of the wrong kind is refused in every member of every body, by name, and nothing is done")
  func wrongKinds() async throws {
    let service = Sample.service()
    #expect(Self.wrongTypes.count > 150)
    try await TestServer.with(service) { _, client in
      for (path, body) in Self.wrongTypes {
        let answer = try await client.ask("POST", path, body: body)
        #expect(answer.status == 400, "\(path) \(body): \(answer.text)")
        let name = try #require(body.split(separator: "\"").last { body.contains("\"\($0)\":") })
        #expect(try answer.problem?.detail.isEmpty == false, "\(name)")
      }
    }
    #expect(service.calls == [])
  }

  @Test("A compressed body is refused as such")
  func compressed() async throws {
    try await TestServer.with(Sample.service()) { _, client in
      for coding in ["gzip", "deflate", "br", "zstd"] {
        let answer = try await client.ask("POST", "/v1/runs", body: "{}", headers: ["Content-Encoding": coding])
        #expect(answer.status == 415)
        #expect(try answer.problem?.detail.contains("uncompressed") == true)
      }
    }
  }

  @Test("A lone surrogate, which no UTF-8 can hold, becomes the mark of what cannot be read")
  func surrogate() async throws {
    let service = Sample.service()
    try await TestServer.with(service) { _, client in
      let answer = try await client.ask("POST", "/v1/runs", body: #"{"title":"a\ud800b"}"#)
      #expect(answer.status == 201)
    }
    guard case .dispatch(let titles, _, _, _)? = service.calls.first else {
      Issue.record("nothing was dispatched")
      return
    }
    #expect(titles == ["a\u{FFFD}b"])
  }

  @Test("A body in chunks is read as one that tells its length, and refused past 16 MB")
  func chunks() async throws {
    try await TestServer.with(Sample.service()) { server, _ in
      let address = server.addresses[0]
      let (small, large) = try await onThread {
        func ask(_ chunk: String, times: Int, then last: String) throws -> String {
          let connection = try RawConnection(address)
          connection.send(
            "POST /v1/runs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n")
          let size = String(chunk.utf8.count, radix: 16)
          for _ in 0..<times where !connection.send("\(size)\r\n\(chunk)\r\n") { break }
          connection.send("\(String(last.utf8.count, radix: 16))\r\n\(last)\r\n0\r\n\r\n")
          return try connection.readToEnd()
        }
        return (
          try ask(" ", times: 1000, then: #"{"title":"x"}"#),
          try ask(BodyTests.repeated(" ", 1 << 20), times: 17, then: #"{"title":"x"}"#)
        )
      }
      #expect(small.hasPrefix("HTTP/1.1 201"), "\(small)")
      #expect(large.hasPrefix("HTTP/1.1 413"), "\(large)")
    }
  }
}
