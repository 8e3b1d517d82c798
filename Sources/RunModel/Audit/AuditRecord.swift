/// One record of the audit trail: who did what to what, why and when, chained to the record before it.
///
/// The JSON names are the contract's, in snake case. `seq` and `event_hash` are not part of what is hashed.
package struct AuditRecord: Sendable, Equatable {
  /// 1, 2, 3 …
  package var seq: UInt64 = 0
  package var tenantId: String?
  package var divisionId: String?
  package var workspaceId: String?
  /// `human`, `agent`, `service`, `routine` or `system`.
  package var actorType: String
  package var actorId: String?
  /// `agent_run.started`, …
  package var eventType: String
  package var subjectTable: String?
  package var subjectId: String?
  package var beforeState: JSONValue = .null
  package var afterState: JSONValue = .null
  package var eventData: JSONValue = .null
  package var rationale: String?
  package var correlationId: String?
  package var runtimeProvider: String
  package var createdAt: Timestamp
  /// Nil in the first record.
  package var previousHash: String?
  /// SHA-256 in lower-case hexadecimal; empty until it is sealed.
  package var eventHash = ""

  package init(
    actorType: String, eventType: String, createdAt: Timestamp, runtimeProvider: String = "pre_execution"
  ) {
    self.actorType = actorType
    self.eventType = eventType
    self.createdAt = createdAt
    self.runtimeProvider = runtimeProvider
  }

  /// What the hash covers.
  package var hashed: JSONObject {
    func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
    return [
      "tenant_id": text(tenantId), "division_id": text(divisionId), "workspace_id": text(workspaceId),
      "actor_type": .string(actorType), "actor_id": text(actorId), "event_type": .string(eventType),
      "subject_table": text(subjectTable), "subject_id": text(subjectId), "before_state": beforeState,
      "after_state": afterState, "event_data": eventData, "rationale": text(rationale),
      "correlation_id": text(correlationId), "runtime_provider": .string(runtimeProvider),
      "created_at": .string(createdAt.description), "previous_hash": text(previousHash),
    ]
  }

  /// The record in the form that travels: all members, `seq` first and `event_hash` last.
  package var json: JSONValue {
    var object: JSONObject = ["seq": .int(Int64(clamping: seq))]
    for (name, value) in hashed { object.append(name, value) }
    object.append("event_hash", .string(eventHash))
    return .object(object)
  }
}

extension AuditRecord {
  /// Nil for a reduced record, which has only its links, and for what is none at all.
  package init?(json: JSONValue) {
    guard let object = json.object, let seq = object["seq"]?.int, let type = object["event_type"]?.string,
      let created = object["created_at"]?.string.flatMap({ Timestamp($0) })
    else { return nil }
    func text(_ name: String) -> String? { object[name]?.string }
    self.init(
      actorType: text("actor_type") ?? "", eventType: type, createdAt: created,
      runtimeProvider: text("runtime_provider") ?? "")
    self.seq = UInt64(clamping: seq)
    tenantId = text("tenant_id")
    divisionId = text("division_id")
    workspaceId = text("workspace_id")
    actorId = text("actor_id")
    subjectTable = text("subject_table")
    subjectId = text("subject_id")
    beforeState = object["before_state"] ?? .null
    afterState = object["after_state"] ?? .null
    eventData = object["event_data"] ?? .null
    rationale = text("rationale")
    correlationId = text("correlation_id")
    previousHash = text("previous_hash")
    eventHash = text("event_hash") ?? ""
  }

  /// The run that the record is about, if it is about one.
  package var run: RunID? { subjectTable == "agent_runs" ? subjectId.flatMap { RunID($0) } : nil }
}
