import Crypto
import FoundationEssentials
package import RunModel

/// One link of the audit trail, with the names of design 1. Its hash covers every field but `seq`.
package struct AuditRecord: Sendable, Equatable {
  package var seq: UInt64
  package var tenantId: String?
  package var divisionId: String?
  package var workspaceId: String?
  /// human, agent, service, routine or system.
  package var actorType: String
  package var actorId: String?
  package var eventType: String
  package var subjectTable: String?
  package var subjectId: String?
  package var beforeState: JSONValue?
  package var afterState: JSONValue?
  package var eventData: JSONValue?
  package var rationale: String?
  package var correlationId: String?
  package var runtimeProvider: String
  package var createdAt: Timestamp
  /// The hash of the record before; nil on the first.
  package var previousHash: String?

  package init(seq: UInt64, actorType: String, eventType: String, createdAt: Timestamp, previousHash: String?) {
    self.seq = seq
    self.actorType = actorType
    self.eventType = eventType
    self.createdAt = createdAt
    self.previousHash = previousHash
    runtimeProvider = "pre_execution"
  }

  /// The hashed members, those without a value left out.
  private var members: JSONObject {
    var object = JSONObject()
    func add(_ key: String, _ text: String?) { if let text { object.append(key, .string(text)) } }
    func add(_ key: String, _ value: JSONValue?) { if let value { object.append(key, value) } }
    add("tenant_id", tenantId)
    add("division_id", divisionId)
    add("workspace_id", workspaceId)
    add("actor_type", actorType)
    add("actor_id", actorId)
    add("event_type", eventType)
    add("subject_table", subjectTable)
    add("subject_id", subjectId)
    add("before_state", beforeState)
    add("after_state", afterState)
    add("event_data", eventData)
    add("rationale", rationale)
    add("correlation_id", correlationId)
    add("runtime_provider", runtimeProvider)
    add("created_at", createdAt.description)
    add("previous_hash", previousHash)
    return object
  }

  /// SHA-256 over the canonical JSON, lower-case hexadecimal.
  package var hash: String { Self.hash(of: members) }

  package var json: JSONValue {
    var object: JSONObject = ["seq": .int(Int64(seq))]
    for name in Self.names { object.append(name, members[name] ?? .null) }
    object.append("event_hash", .string(hash))
    return .object(object)
  }

  static let names = [
    "tenant_id", "division_id", "workspace_id", "actor_type", "actor_id", "event_type", "subject_table", "subject_id",
    "before_state", "after_state", "event_data", "rationale", "correlation_id", "runtime_provider", "created_at",
    "previous_hash",
  ]

  /// The canonical form hashes an absent member as null.
  static func hash(of members: JSONObject) -> String {
    var whole = JSONObject()
    for name in names { whole.append(name, members[name] ?? .null) }
    let digest = SHA256.hash(data: JSONValue.object(whole).canonical.jsonBytes)
    return digest.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
  }
}

extension JSONValue {
  /// Keys sorted at every depth, by code units as JavaScript sorts them.
  package var canonical: JSONValue {
    switch self {
    case .object(let object):
      .object(
        JSONObject(
          object.members.sorted { $0.key.utf16.lexicographicallyPrecedes($1.key.utf16) }
            .map { (key: $0.key, value: $0.value.canonical) }))
    case .array(let elements): .array(elements.map(\.canonical))
    default: self
    }
  }
}
