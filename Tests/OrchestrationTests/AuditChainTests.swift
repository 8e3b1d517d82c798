import Orchestration
import RunModel
import Testing

@Suite struct AuditChainTests {
  private func vectors() throws -> [AuditRecord] {
    let start = try #require(Timestamp("2026-01-01T00:00:00.000Z"))
    var first = AuditRecord(
      seq: 1, actorType: "system", eventType: "agent_run.started", createdAt: start, previousHash: nil)
    first.tenantId = "00000000-0000-0000-0000-000000000001"
    first.correlationId = "c1"
    first.eventData = ["b": 1, "a": "x/é"]
    var second = first
    second.seq = 2
    second.eventType = "agent_run.completed"
    second.runtimeProvider = "codex"
    second.createdAt = start + .seconds(1)
    second.eventData = nil
    second.previousHash = first.hash
    return [first, second]
  }

  @Test("The test vectors of design 1 give their hashes")
  func hashes() throws {
    #expect(
      try vectors().map(\.hash) == [
        "1c6cf7f1252c6d6e0e37b7dc20645c8f3caf83ce61e76128e6a615f633166609",
        "9d3c061312ed2f5fb50420dc0a76e90b460e8c0a2f74a9141f54913fbf10c41b",
      ])
  }

  @Test("A whole trail, and one with reduced records, verifies")
  func verifies() throws {
    var chain = AuditChain()
    let records = try vectors().map(\.json)
    for record in records { try chain.check(record) }
    #expect(chain.count == 2)
    var reduced = AuditChain()
    try reduced.check([
      "seq": 1, "previous_hash": nil, "event_hash": records[0]["event_hash"] ?? .null,
    ])
    try reduced.check(records[1])
  }

  @Test("A changed, a missing and a moved record are named")
  func broken() throws {
    let records = try vectors().map(\.json)
    var changed = records[1].object ?? [:]
    changed["rationale"] = "forged"
    var chain = AuditChain()
    try chain.check(records[0])
    #expect(throws: AuditChain.Break.self) { try chain.check(.object(changed)) }
    var unlinked = records[1].object ?? [:]
    unlinked["previous_hash"] = "0"
    #expect {
      try chain.check(.object(unlinked))
    } throws: { ($0 as? AuditChain.Break)?.seq == 2 }
    #expect(throws: AuditChain.Break.self) { try chain.check(records[0]) }
  }
}
