import Crypto
package import RunModel

extension AuditRecord {
  /// Gives the record its place after `previous` and its hash.
  package mutating func seal(after previous: (seq: UInt64, hash: String)?) {
    seq = (previous?.seq ?? 0) + 1
    previousHash = previous?.hash
    eventHash = AuditChain.hash(of: hashed)
  }

  /// The record for those who may not read it but verify the chain: its links alone.
  package var link: JSONValue { AuditChain.link(of: json) }
}

/// The rules of the hash chain.
package enum AuditChain {
  /// The members that a hash covers; absent ones count as null.
  package static let hashedMembers = [
    "tenant_id", "division_id", "workspace_id", "actor_type", "actor_id", "event_type", "subject_table", "subject_id",
    "before_state", "after_state", "event_data", "rationale", "correlation_id", "runtime_provider", "created_at",
    "previous_hash",
  ]

  private static let known = Set(hashedMembers + ["seq", "event_hash"])

  /// `{seq, previous_hash, event_hash}` of a record.
  package static func link(of record: JSONValue) -> JSONValue {
    [
      "seq": record["seq"] ?? .null, "previous_hash": record["previous_hash"] ?? .null,
      "event_hash": record["event_hash"] ?? .null,
    ]
  }

  /// SHA-256, in lower-case hexadecimal, of the canonical JSON of a record's hashed members.
  package static func hash(of record: JSONObject) -> String {
    var covered = JSONObject()
    for name in hashedMembers { covered.append(name, record[name] ?? .null) }
    return hexadecimal(SHA256.hash(data: canonical(.object(covered))))
  }

  /// Canonical JSON: keys sorted at every depth as JavaScript sorts them (by UTF-16 unit), no white space, numbers as
  /// JavaScript prints them.
  package static func canonical(_ value: JSONValue) -> [UInt8] {
    var json = JSONWriter()
    json.value(sorted(value))
    return json.bytes
  }

  private static func sorted(_ value: JSONValue) -> JSONValue {
    switch value {
    case .null, .bool, .double, .string: value
    // JavaScript has no other numbers: a whole one past 2^53 prints as the nearest that it can hold.
    case .int(let whole): .double(Double(whole))
    case .array(let elements): .array(elements.map(sorted))
    case .object(let object):
      .object(
        JSONObject(
          object.sorted { $0.key.utf16.lexicographicallyPrecedes($1.key.utf16) }
            .map { (key: $0.key, value: sorted($0.value)) }))
    }
  }

  static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// Where a chain breaks first.
  package struct Break: Error, Sendable, Hashable, CustomStringConvertible {
    /// The seq that the record has or should have.
    package var seq: UInt64
    package var reason: String

    package init(seq: UInt64, reason: String) {
      self.seq = seq
      self.reason = reason
    }

    package var description: String { "Record \(seq) is broken: \(reason)." }
  }

  /// Checks a whole trail from its first record; throws at the first that is broken. Returns how far it came.
  @discardableResult
  package static func verify(_ records: some Sequence<JSONValue>) throws(Break) -> Verifier {
    var verifier = Verifier()
    for record in records { try verifier.check(record) }
    return verifier
  }

  /// Checks a trail record by record, from the first one on.
  ///
  /// A record with only `seq`, `previous_hash` and `event_hash` is a reduced one: its links are checked, its hash is
  /// taken on trust, and a change to it shows in no record but those that are whole.
  package struct Verifier: Sendable {
    /// Records checked.
    package private(set) var count: UInt64 = 0
    /// Of these, reduced ones.
    package private(set) var reduced: UInt64 = 0
    /// The last record's hash; nil before the first.
    package private(set) var lastHash: String?

    package init() {}

    package mutating func check(_ record: JSONValue) throws(Break) {
      let place = count + 1
      func broken(_ reason: String) -> Break { Break(seq: place, reason: reason) }
      guard let object = record.object else { throw broken("it is not a JSON object") }
      guard object["seq"]?.int == Int64(clamping: place) else {
        let seq = object["seq"].map(\.jsonText) ?? "none"
        throw broken("its seq is \(seq); a record is missing, doubled or out of order")
      }
      guard let hash = object["event_hash"]?.string else { throw broken("it has no event_hash") }
      guard (object["previous_hash"] ?? .null) == (lastHash.map { .string($0) } ?? .null) else {
        throw broken("its previous_hash is not the hash of the record before it")
      }
      if let stranger = object.keys.first(where: { !AuditChain.known.contains($0) }) {
        throw broken("it has a member \"\(stranger)\" that no hash covers")
      }
      // One reader takes the first of two, another the last; the hash covers the first.
      var names = Set<String>()
      if let twice = object.keys.first(where: { !names.insert($0).inserted }) {
        throw broken("it has the member \"\(twice)\" twice")
      }
      if names.isSubset(of: ["seq", "previous_hash", "event_hash"]) {
        reduced += 1
      } else if AuditChain.hash(of: object) != hash {
        throw broken("its content does not match its event_hash")
      }
      count = place
      lastHash = hash
    }
  }
}
