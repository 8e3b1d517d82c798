package import RunModel

/// Checks a trail, record by record, and names the first that does not fit.
package struct AuditChain: Sendable {
  /// Where a trail is broken.
  package struct Break: Error, Equatable, CustomStringConvertible {
    package var seq: Int64
    package var problem: String
    package var description: String { "Record \(seq): \(problem)" }
  }

  package private(set) var count = 0
  private var lastHash: String?
  private var lastSeq: Int64 = 0

  package init() {}

  /// Takes the next record: whole, or reduced to `{seq, previous_hash, event_hash}`.
  package mutating func check(_ record: JSONValue) throws(Break) {
    let seq = record["seq"]?.int ?? lastSeq + 1
    guard let object = record.object, let hash = object["event_hash"]?.string else {
      throw Break(seq: seq, problem: "It is no audit record: event_hash is missing.")
    }
    if count > 0 || seq == 1 {
      guard seq == lastSeq + 1 else {
        throw Break(seq: seq, problem: "Record \(lastSeq + 1) should be here: one is missing or out of order.")
      }
      guard object["previous_hash"]?.string == lastHash else {
        throw Break(seq: seq, problem: "It does not follow the record before it (previous_hash differs).")
      }
    }
    if object["event_type"] != nil, AuditRecord.hash(of: object) != hash {
      throw Break(seq: seq, problem: "It was changed after it was written (event_hash differs).")
    }
    lastHash = hash
    lastSeq = seq
    count += 1
  }
}
