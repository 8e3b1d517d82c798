import DashboardUI
import Orchestration
import RunClient
import RunModel

/// Parts of the audit trail for the dashboard, checked here and not taken from the orchestrator's word.
enum AuditPortions {
  static func read(_ portion: AuditPortion, _ client: RunClient) async throws -> AuditPart {
    let size = UInt64(AuditPortion.size)
    // One record more in front: what the first one links to.
    switch portion {
    case .latest: return try await part(client.audit(tail: Int(size) + 1), dropping: size)
    case .first: return try await part(client.audit(limit: Int(size)), dropping: size)
    case .before(let seq):
      let first = seq > size ? seq - size : 1
      return try await part(
        client.audit(after: first > 1 ? first - 2 : 0, limit: Int(seq - first) + (first > 1 ? 1 : 0)),
        dropping: seq - first)
    case .after(let seq):
      return try await part(client.audit(after: seq > 0 ? seq - 1 : 0, limit: Int(size) + 1), after: seq)
    }
  }

  /// Of the records read the last `count`, or those after a seq; the one before them only lends its hash.
  private static func part(_ stream: AuditStream, dropping count: UInt64 = .max, after: UInt64? = nil) async throws
    -> AuditPart
  {
    var records: [AuditRecord] = []
    var complaints: [UInt64: String] = [:]
    for try await lines in stream {
      for line in lines {
        guard let record = line.record, let object = line.json.object else { continue }
        var complaint: String?
        if let before = records.last {
          if record.seq != before.seq + 1 {
            complaint = "record \(before.seq + 1) is missing before it"
          } else if record.previousHash != before.eventHash {
            complaint = "its previous_hash is not the hash of the record before it"
          }
        } else if record.seq == 1, record.previousHash != nil {
          complaint = "the first record links to another one"
        }
        if AuditChain.hash(of: object) != record.eventHash { complaint = "its content does not match its event_hash" }
        if let complaint { complaints[record.seq] = complaint }
        records.append(record)
      }
    }
    if let after { records.removeAll { $0.seq <= after } }
    if UInt64(records.count) > count { records.removeFirst(records.count - Int(count)) }
    let kept = records.first?.seq ?? .max
    return AuditPart(records: records, complaints: complaints.filter { $0.key >= kept })
  }

  /// The whole chain from its first record on; no records are kept.
  static func verify(_ client: RunClient) async throws -> AuditTrail {
    var trail = AuditTrail()
    var verifier = AuditChain.Verifier()
    reading: for try await lines in try await client.audit() {
      for line in lines {
        do { try verifier.check(line.json) } catch {
          trail.broken = error.reason
          trail.brokenAt = error.seq
          break reading
        }
      }
    }
    trail.checked = verifier.count
    return trail
  }
}
