package import RunModel

/// Which part of the trail is asked for.
package enum AuditPortion: Sendable, Equatable {
  case latest
  /// Those before this seq, or after it.
  case before(UInt64)
  case after(UInt64)
  case first

  /// Records read at once.
  package static let size = 500
}

/// A part of the trail, each record checked: its content against its hash, and its link to the record before it.
package struct AuditPart: Sendable {
  package var records: [AuditRecord]
  /// What is wrong with a record, by its seq.
  package var complaints: [UInt64: String]

  package init(records: [AuditRecord], complaints: [UInt64: String] = [:]) {
    self.records = records
    self.complaints = complaints
  }
}

/// The audit screen: the part of the trail that is read, one stretch without a gap, and where the person is in it.
struct AuditPage: Sendable {
  /// Ascending.
  private(set) var records: [AuditRecord] = []
  private(set) var complaints: [UInt64: String] = [:]
  /// The last record there is, as far as known: what is read may end before it.
  private(set) var last: UInt64 = 0
  private(set) var filter = ""
  /// Places in `records` that the filter lets through; nil when it lets all through.
  private var chosen: [Int]?
  /// The seq of the record under the cursor; nil follows the newest.
  var cursorSeq: UInt64?
  /// Rows below the top of the list, held while records come.
  var top = 0
  var isLoaded = false
  var asked: AuditPortion?
  var problem: String?
  var isStale = false
  var askedAt = Timestamp(milliseconds: 0)
  var showsDetail = true
  var detailTop = 0
  /// What checking the whole chain has shown.
  var whole: AuditTrail?
  var isVerifying = false

  /// Kept at most; what is far from where one reads is let go, and read again when it is wanted.
  static let most = 5000

  var count: Int { chosen?.count ?? records.count }
  subscript(index: Int) -> AuditRecord? {
    chosen.map { $0[safe: index].flatMap { records[safe: $0] } } ?? records[safe: index]
  }

  var reachesFirst: Bool { isLoaded && (records.first?.seq ?? 1) <= 1 }
  var reachesLast: Bool { (records.last?.seq ?? 0) >= last }

  var cursor: Int {
    guard let seq = cursorSeq else { return max(0, count - 1) }
    return max(0, min(index(ofSeq: seq), count - 1))
  }

  /// The first row whose seq is not below `seq`.
  func index(ofSeq seq: UInt64) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if (self[middle]?.seq ?? .max) < seq { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Takes in what was asked for. False when it does not join what is there: another trail, to be read anew.
  mutating func take(_ part: AuditPart, _ portion: AuditPortion, titles: (RunID) -> String?) -> Bool {
    isLoaded = true
    problem = nil
    switch portion {
    case .latest, .first:
      records = part.records
      complaints = part.complaints
      last = max(portion == .latest ? 0 : last, part.records.last?.seq ?? 0)
    case .before(let seq):
      guard records.first?.seq == seq, part.records.last.map({ $0.seq + 1 == seq }) ?? true else { return true }
      records = part.records + records
      complaints.merge(part.complaints) { $1 }
      if records.count > Self.most { drop(records.suffix(records.count - Self.most)) { $0.removeLast($1) } }
    case .after(let seq):
      guard records.last?.seq ?? 0 == seq else { return true }
      if let first = part.records.first, let end = records.last {
        if first.seq != seq + 1 { return true }
        if first.previousHash != end.eventHash, part.complaints[first.seq] == nil { return false }
      }
      records += part.records
      complaints.merge(part.complaints) { $1 }
      last = max(last, records.last?.seq ?? 0)
      if part.records.count < AuditPortion.size { last = records.last?.seq ?? last }
      if records.count > Self.most { drop(records.prefix(records.count - Self.most)) { $0.removeFirst($1) } }
    }
    setFilter(filter, titles: titles)
    return true
  }

  private mutating func drop(_ gone: ArraySlice<AuditRecord>, _ remove: (inout [AuditRecord], Int) -> Void) {
    for record in gone { complaints[record.seq] = nil }
    remove(&records, gone.count)
  }

  /// Words that a record must all have: in actor, event, rationale, run, title or hash.
  mutating func setFilter(_ text: String, titles: (RunID) -> String?) {
    filter = text
    let words = text.lowercased().split(separator: " ").map(String.init)
    guard !words.isEmpty else {
      chosen = nil
      return
    }
    chosen = records.indices.filter { place in
      let record = records[place]
      let hay = [
        record.actorType, record.actorId ?? "", record.eventType, record.rationale ?? "", record.subjectId ?? "",
        record.eventHash, record.runtimeProvider, record.run.flatMap(titles) ?? "",
      ].joined(separator: "\n").lowercased()
      return words.allSatisfy { hay.contains($0) }
    }
  }
}
