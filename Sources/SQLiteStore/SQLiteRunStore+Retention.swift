import FoundationEssentials
import GRDB
package import Orchestration
package import RunModel

extension SQLiteRunStore: RetentionStore {
  package func firstSeq() async throws -> UInt64 {
    try await read { db in UInt64(clamping: try Int64.fetchOne(db, sql: "SELECT min(seq) FROM events") ?? 1) }
  }

  package func measureEvents(through seq: UInt64) async throws -> (count: Int, bytes: Int64) {
    try await read { db in
      let row = try Row.fetchOne(
        db, sql: "SELECT count(*), coalesce(sum(length(json) + length(type) + 32), 0) FROM events WHERE seq <= ?",
        arguments: [Int64(clamping: seq)])
      guard let row else { return (0, 0) }
      return (row[0] as Int, row[1] as Int64)
    }
  }

  package func removeEvents(through seq: UInt64, limit: Int) async throws -> Int {
    try await change { db in
      // The lowest come first, so that what is left has no gap; the last stays, as the order goes on from it.
      try db.execute(
        sql: """
          DELETE FROM events WHERE seq <= min(?, (SELECT max(seq) - 1 FROM events))
            AND seq < (SELECT min(seq) + ? FROM events)
          """, arguments: [Int64(clamping: seq), limit])
      return db.changesCount
    }
  }

  /// An answer's age is that of the first run in it: the id begins with the time.
  private static let oldAnswers = """
    json_valid(CAST(json AS TEXT)) AND coalesce(
      json_extract(CAST(json AS TEXT), '$.outcomes[0].runId'), json_extract(CAST(json AS TEXT), '$[0].runId')) < ?
    """

  package func countAnswers(before time: Timestamp) async throws -> Int {
    try await read { db in
      try Int.fetchOne(
        db, sql: "SELECT count(*) FROM answers WHERE \(Self.oldAnswers)", arguments: [Self.firstID(at: time)]) ?? 0
    }
  }

  package func removeAnswers(before time: Timestamp, limit: Int) async throws -> Int {
    try await change { db in
      try db.execute(
        sql: "DELETE FROM answers WHERE rowid IN (SELECT rowid FROM answers WHERE \(Self.oldAnswers) LIMIT ?)",
        arguments: [Self.firstID(at: time), limit])
      return db.changesCount
    }
  }

  private static func firstID(at time: Timestamp) -> String {
    ULID(high: UInt64(max(0, time.milliseconds)) << 16, low: 0).description
  }

  package func marks() async throws -> [RunID: RetentionMark] {
    try await read { db in
      var marks: [RunID: RetentionMark] = [:]
      let rows = try Row.fetchCursor(db, sql: "SELECT run, seen, removals FROM marks")
      while let row = try rows.next() { if let run = try row.run(0) { marks[run] = try row.mark() } }
      return marks
    }
  }

  package func mark(of run: RunID) async throws -> RetentionMark {
    try await read { db in
      let statement = try db.cachedStatement(sql: "SELECT run, seen, removals FROM marks WHERE run = ?")
      return try Row.fetchOne(statement, arguments: [run.ulid.blob])?.mark() ?? RetentionMark()
    }
  }

  package func markSeen(_ run: RunID, at time: Timestamp) async throws {
    try await change { db in
      try db.execute(
        sql:
          "INSERT INTO marks (run, seen) VALUES (?, ?) ON CONFLICT (run) DO UPDATE SET seen = coalesce(seen, excluded.seen)",
        arguments: [run.ulid.blob, time.milliseconds])
    }
  }

  package func mark(_ run: RunID, _ removals: RetentionMark.Removals) async throws {
    let json = Data(removals.jsonBytes)
    try await change { db in
      try db.execute(
        sql:
          "INSERT INTO marks (run, removals) VALUES (?, ?) ON CONFLICT (run) DO UPDATE SET removals = excluded.removals",
        arguments: [run.ulid.blob, json])
    }
  }
}

extension Row {
  fileprivate func mark() throws -> RetentionMark {
    var mark = RetentionMark(seen: (self[1] as Int64?).map { Timestamp(milliseconds: $0) })
    let json = try bytes(2)
    if !json.isEmpty { mark.removals = RetentionMark.Removals(json: try JSONValue(parsing: json)) }
    return mark
  }
}
