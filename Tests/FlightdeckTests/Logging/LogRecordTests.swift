import Logging
import RunModel
import Testing

@testable import flightdeck

@Suite("Log records")
struct LogRecordTests {
  private func record(_ message: String, _ metadata: [(name: String, value: String)] = []) -> LogRecord {
    LogRecord(
      time: Timestamp(milliseconds: 1_700_000_000_123), level: .warning, label: "flightdeck", message: message,
      metadata: metadata)
  }

  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  @Test("A record is one JSON object on one line, with the run as a member of its own")
  func json() throws {
    let bytes = record("two\nlines \"q\" \\ é", [("error", "e"), ("run", "01ARZ3NDEKTSV4RRFFQ69G5FAV")]).json
    #expect(bytes.last == UInt8(ascii: "\n") && bytes.count { $0 == UInt8(ascii: "\n") } == 1)
    let json = try JSONValue(parsing: bytes)
    #expect(json["time"] == "2023-11-14T22:13:20.123Z")
    #expect(json["level"] == "warning" && json["label"] == "flightdeck")
    #expect(json["message"] == "two\nlines \"q\" \\ é")
    #expect(json["runId"] == "01ARZ3NDEKTSV4RRFFQ69G5FAV")
    #expect(json["metadata"] == ["error": "e"])
  }

  @Test("For a person and for the journal it is one line as well, the journal's with its priority and no time")
  func lines() {
    let record = record("a\nb", [("n", "1"), ("why", "two words"), ("none", "")])
    #expect(text(record.text()) == "2023-11-14T22:13:20.123Z warning a\\nb n=1 why=\"two words\" none=\"\"\n")
    #expect(text(record.journal) == "<4>warning a\\nb n=1 why=\"two words\" none=\"\"\n")
  }

  @Test("Nothing that a terminal would obey or that nobody sees is written as it is, in any form")
  func controls() throws {
    var hostile = ""
    for value in Array(UInt32(0)...0x9F) + [0xAD, 0x61C, 0x200B, 0x200E, 0x202E, 0x2066, 0xFEFF, 0xE0041] {
      if let scalar = Unicode.Scalar(value) { hostile.unicodeScalars.append(scalar) }
    }
    let record = record(hostile, [(hostile, hostile)])
    for form in [record.json, record.text(), record.journal] {
      let body = text(Array(form.dropLast()))
      let bad = body.unicodeScalars.first {
        $0.value < 0x20 || (0x7F...0x9F).contains($0.value) || $0.value == 0x202E || $0.value == 0x2066
          || $0.value == 0x200B || $0.value >= 0xE0000 || $0.value == 0xFEFF
      }
      #expect(bad == nil)
    }
    #expect(try JSONValue(parsing: record.json)["message"]?.string == hostile)
  }

  @Test("A record has a longest length, whatever comes")
  func bounded() throws {
    let long = String(repeating: "\u{1}", count: 3 << 20)
    let many = (0..<5000).map { (name: "key\($0)", value: long) }
    let record = record(long, [("run", long)] + many.prefix(500))
    for form in [record.json, record.text(), record.journal] { #expect(form.count <= LogRecord.longest) }
    #expect(throws: Never.self) { try JSONValue(parsing: record.json) }
  }

  @Test(
    "Secrets are left out, by the name that they go under",
    arguments: [
      ("Authorization: Bearer abc.def", "Authorization: Bearer [redacted]"),
      ("authorization=bearer xyz next", "authorization=bearer [redacted] next"),
      ("GET /v1/events?token=s3cret&after=1", "GET /v1/events?token=[redacted]&after=1"),
      (#"{"password": "hunter2", "n": 1}"#, #"{"password": "[redacted]", "n": 1}"#),
      ("API_KEY=abc", "API_KEY=abc"), ("apikey=abc", "apikey=[redacted]"),
      ("the token of this orchestrator", "the token of this orchestrator"),
      ("inputTokens: 12", "inputTokens: 12"), ("token=", "token="), ("", ""),
    ])
  func redaction(text: String, wanted: String) { #expect(Redaction.text(text) == wanted) }

  @Test("A value under a secret's name is left out whole")
  func secretKeys() throws {
    for name in ["token", "API_TOKEN", "client-secret", "dbPassword", "Set-Cookie", "x.api.key"] {
      #expect(Redaction.isSecret(name), "\(name)")
      #expect(!text(record("m", [(name, "s3cret value")]).json).contains("s3cret"))
    }
    for name in ["inputTokens", "run", "status", "path"] { #expect(!Redaction.isSecret(name), "\(name)") }
  }
}
