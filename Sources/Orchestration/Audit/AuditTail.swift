import RunModel

/// The end of the trail, where the next record is chained on.
struct AuditTail {
  private static let tenant = "00000000-0000-0000-0000-000000000001"
  private var last: (seq: UInt64, hash: String)?

  /// `last`: the last stored record.
  init(last: StoredAuditRecord?) { self.last = last.map { ($0.seq, $0.hash) } }

  mutating func append(_ draft: AuditDraft) -> StoredAuditRecord {
    func state(_ status: RunStatus?) -> JSONValue { status.map { ["status": .string($0.rawValue)] } ?? .null }
    var record = AuditRecord(
      actorType: draft.actor.kind.rawValue, eventType: draft.eventType, createdAt: draft.time,
      runtimeProvider: draft.runtime?.rawValue ?? "pre_execution")
    record.tenantId = Self.tenant
    record.actorId = draft.actor.id
    var run: RunID?
    switch draft.subject {
    case .run(let id):
      run = id
      record.subjectTable = "agent_runs"
      record.subjectId = id.description
    case .token(let id):
      record.subjectTable = "access_tokens"
      record.subjectId = id.description
    case .runtime(let id):
      record.subjectTable = "agent_runtimes"
      record.subjectId = id.rawValue
    case .none: break
    }
    record.beforeState = state(draft.before)
    record.afterState = state(draft.after)
    record.eventData = draft.data.isEmpty ? .null : .object(draft.data)
    record.rationale = draft.rationale
    record.correlationId = draft.contract?.description
    record.seal(after: last)
    last = (record.seq, record.eventHash)
    return StoredAuditRecord(seq: record.seq, run: run, hash: record.eventHash, json: record.json.jsonBytes)
  }
}

extension AuditDraft {
  /// The record for a trail that ends with `last`, where no journal writes.
  package func sealed(after last: StoredAuditRecord?) -> StoredAuditRecord {
    var tail = AuditTail(last: last)
    return tail.append(self)
  }
}
