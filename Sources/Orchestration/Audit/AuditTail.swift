import RunModel

/// The end of the trail, where the next record is chained on.
struct AuditTail {
  private static let tenant = "00000000-0000-0000-0000-000000000001"
  private var seq: UInt64
  private var hash: String?

  /// `last`: the last stored record.
  init(last: StoredAuditRecord?) {
    seq = last?.seq ?? 0
    hash = last?.hash
  }

  mutating func append(_ draft: AuditDraft) -> StoredAuditRecord {
    seq += 1
    var record = AuditRecord(
      seq: seq, actorType: draft.actor.kind.rawValue, eventType: draft.eventType, createdAt: draft.time,
      previousHash: hash)
    record.tenantId = Self.tenant
    record.actorId = draft.actor.id
    record.subjectTable = "agent_runs"
    record.subjectId = draft.run.description
    record.beforeState = draft.before.map { ["status": .string($0.rawValue)] }
    record.afterState = draft.after.map { ["status": .string($0.rawValue)] }
    record.eventData = draft.data.isEmpty ? nil : .object(draft.data)
    record.rationale = draft.rationale
    record.correlationId = draft.contract?.description
    if let runtime = draft.runtime { record.runtimeProvider = runtime.rawValue }
    let hash = record.hash
    self.hash = hash
    return StoredAuditRecord(seq: seq, run: draft.run, hash: hash, json: record.json.jsonBytes)
  }
}
