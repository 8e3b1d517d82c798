import RunModel
import Testing

@testable import Orchestration

@Suite("The audit chain")
struct AuditChainTests {
  static func vectors() -> [AuditRecord] {
    var first = AuditRecord(
      actorType: "system", eventType: "agent_run.started", createdAt: Timestamp("2026-01-01T00:00:00.000Z")!)
    first.tenantId = "00000000-0000-0000-0000-000000000001"
    first.correlationId = "c1"
    first.eventData = ["b": 1, "a": "x/é"]
    first.seal(after: nil)
    var second = first
    second.eventType = "agent_run.completed"
    second.runtimeProvider = "codex"
    second.createdAt = Timestamp("2026-01-01T00:00:01.000Z")!
    second.eventData = .null
    second.seal(after: (first.seq, first.eventHash))
    return [first, second]
  }

  @Test("The hashes are those of the contract's test vectors")
  func testVectors() {
    let records = Self.vectors()
    #expect(records[0].eventHash == "1c6cf7f1252c6d6e0e37b7dc20645c8f3caf83ce61e76128e6a615f633166609")
    #expect(records[1].eventHash == "9d3c061312ed2f5fb50420dc0a76e90b460e8c0a2f74a9141f54913fbf10c41b")
    #expect(records.map(\.seq) == [1, 2])
  }

  @Test("Canonical JSON sorts keys at every depth by UTF-16 unit and prints numbers as JavaScript does")
  func canonicalJSON() throws {
    let value = try JSONValue(
      parsing: #"{"b":[{"z":1.0,"a":-0.0}],"\uFFFF":1e21,"😀":9007199254740993,"a":1.5e-7,"é/":"\u0001\"/é"}"#)
    #expect(
      String(decoding: AuditChain.canonical(value), as: UTF8.self)
        == "{\"a\":1.5e-7,\"b\":[{\"a\":0,\"z\":1}],\"é/\":\"\\u0001\\\"/é\",\"😀\":9007199254740992,\"\u{FFFF}\":1e+21}"
    )
  }

  @Test("A whole trail verifies, also after a round trip through its JSON text")
  func wholeTrail() throws {
    let trail = try Self.vectors().map { try JSONValue(parsing: $0.json.jsonText) }
    let verified = try AuditChain.verify(trail)
    #expect(verified.count == 2)
    #expect(verified.lastHash == Self.vectors()[1].eventHash)
  }

  @Test("Reduced records keep the chain verifiable")
  func reduced() throws {
    let records = Self.vectors()
    let verified = try AuditChain.verify([records[0].link, records[1].json])
    #expect(verified.count == 2)
    #expect(verified.reduced == 1)
  }

  @Test(
    "Any change breaks the chain at the record that was changed",
    arguments: [
      ("event_data", JSONValue.object(["a": "x/é", "b": 2])), ("rationale", "because"), ("actor_id", "mallory"),
      ("previous_hash", "00"), ("event_hash", "00"), ("seq", 3), ("note", "slipped in"),
      ("created_at", "2026-01-01T00:00:00.001Z"),
    ])
  func tampered(member: String, value: JSONValue) throws {
    var object = try #require(Self.vectors()[0].json.object)
    object[member] = value
    let broken = #expect(throws: AuditChain.Break.self) {
      try AuditChain.verify([.object(object), Self.vectors()[1].json])
    }
    #expect(broken?.seq == 1)
  }

  @Test("A record left out, doubled or swapped is the first broken one")
  func reordered() {
    let records = Self.vectors().map(\.json)
    func firstBroken(_ trail: [JSONValue]) -> UInt64? {
      do {
        try AuditChain.verify(trail)
        return nil
      } catch { return error.seq }
    }
    #expect(firstBroken([records[1]]) == 1)
    #expect(firstBroken([records[0], records[0]]) == 2)
    #expect(firstBroken([records[1], records[0]]) == 1)
    #expect(firstBroken(records) == nil)
  }

  @Test("A member that is there a second time breaks the chain, whichever of the two a reader takes")
  func doubledMember() throws {
    for value: JSONValue in ["because", nil] {
      var object = try #require(Self.vectors()[0].json.object)
      object.append("rationale", value)
      let broken = #expect(throws: AuditChain.Break.self) { try AuditChain.verify([.object(object)]) }
      #expect(broken?.reason == "it has the member \"rationale\" twice")
    }
  }

  @Test("A reduced record that was changed shows in the record after it")
  func tamperedLink() {
    let records = Self.vectors()
    let broken = #expect(throws: AuditChain.Break.self) {
      try AuditChain.verify([
        ["seq": 1, "previous_hash": nil, "event_hash": "1234"], records[1].json,
      ])
    }
    #expect(broken?.seq == 2)
  }
}
