import FoundationEssentials
import GRDB
import Orchestration
import RunModel

/// The statements, each prepared once for a connection.
extension Database {
  func insert(_ batch: RecordBatch) throws {
    try insertAll("INSERT INTO events (seq, run, type, json) VALUES (?, ?, ?, ?)", batch.events) {
      [Int64(clamping: $0.seq), $0.run?.ulid.blob, $0.type.rawValue, Data($0.json)]
    }
    // An upsert keeps `place`, and so the order of dispatch.
    try insertAll(
      """
      INSERT INTO runs (run, contract, last_seq, json) VALUES (?, ?, ?, ?)
      ON CONFLICT (run) DO UPDATE SET contract = excluded.contract, last_seq = excluded.last_seq, json = excluded.json
      """, batch.runs
    ) {
      [$0.run.ulid.blob, $0.contract.ulid.blob, Int64(clamping: $0.lastSeq), Data($0.json)]
    }
    try insertAll(
      "INSERT INTO contracts (contract, json) VALUES (?, ?) ON CONFLICT (contract) DO UPDATE SET json = excluded.json",
      batch.contracts
    ) { [$0.id.ulid.blob, Data($0.json)] }
    for (run, detail) in batch.details {
      let parts: [(RunPart, [UInt8]?)] = [
        (.decision, detail.decision), (.artifacts, detail.artifacts), (.patch, detail.patch),
        (.position, detail.position), (.start, detail.start),
      ]
      // GRDB binds empty data as NULL, which is not what an empty patch is.
      try insertAll(
        """
        INSERT INTO run_parts (run, part, body) VALUES (?, ?, coalesce(?, x''))
        ON CONFLICT (run, part) DO UPDATE SET body = excluded.body
        """, parts.filter { $0.1 != nil }
      ) { [run.ulid.blob, $0.0.rawValue, $0.1.map { Data($0) }] }
    }
    try insertAll("INSERT INTO audit (seq, run, hash, json) VALUES (?, ?, ?, ?)", batch.audit) {
      [Int64(clamping: $0.seq), $0.run?.ulid.blob, $0.hash, Data($0.json)]
    }
    try insertAll(
      "INSERT INTO answers (key, json) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET json = excluded.json",
      batch.answers
    ) { [$0.key, Data($0.json)] }
    if !batch.answers.isEmpty {
      // A key that is stored again keeps its place.
      try cachedStatement(sql: "DELETE FROM answers WHERE rowid <= (SELECT max(rowid) FROM answers) - ?")
        .execute(arguments: [RecordBatch.answersKept])
    }
    try insertAll(
      """
      INSERT INTO tokens (token, hash, json) VALUES (?, ?, ?) ON CONFLICT (token) DO UPDATE SET json = excluded.json
      """, batch.tokens
    ) { [$0.id.ulid.blob, Data($0.hash), Data($0.json)] }
  }

  private func insertAll<Item>(
    _ sql: String, _ items: [Item], _ arguments: (Item) -> [(any DatabaseValueConvertible)?]
  ) throws {
    if items.isEmpty { return }
    let statement = try cachedStatement(sql: sql)
    for item in items {
      statement.setUncheckedArguments(StatementArguments(arguments(item)))
      try statement.execute()
    }
  }

  /// `order`: `ASC` or `DESC`.
  func events(
    order: String, after: UInt64, through: UInt64, run: RunID?, limit: Int, bytes: Int = .max
  ) throws -> [StoredEvent] {
    var arguments: [(any DatabaseValueConvertible)?] = [Int64(clamping: after), Int64(clamping: through)]
    if let run { arguments.append(run.ulid.blob) }
    arguments.append(max(0, limit))
    let statement = try cachedStatement(
      sql: """
        SELECT seq, run, type, json FROM events WHERE seq > ? AND seq <= ?\(run == nil ? "" : " AND run = ?")
        ORDER BY seq \(order) LIMIT ?
        """)
    let rows = try Row.fetchCursor(statement, arguments: StatementArguments(arguments))
    var events: [StoredEvent] = []
    var left = bytes
    while left > 0, let row = try rows.next() {
      events.append(
        StoredEvent(
          seq: row.seq(0), run: try row.run(1), type: EventType(rawValue: row[2]), json: try row.bytes(3)))
      left -= events.last?.json.count ?? 0
    }
    return events
  }

  func tokens() throws -> [StoredToken] {
    let rows = try Row.fetchCursor(
      try cachedStatement(sql: "SELECT token, hash, json FROM tokens ORDER BY place"))
    var tokens: [StoredToken] = []
    while let row = try rows.next() {
      guard let id = try row.ulid(0) else { continue }
      tokens.append(StoredToken(id: TokenID(id), hash: try row.bytes(1), json: try row.bytes(2)))
    }
    return tokens
  }

  func audit(_ clause: String, _ arguments: StatementArguments) throws -> [StoredAuditRecord] {
    let rows = try Row.fetchCursor(
      try cachedStatement(sql: "SELECT seq, run, hash, json FROM audit \(clause)"), arguments: arguments)
    var records: [StoredAuditRecord] = []
    while let row = try rows.next() {
      records.append(StoredAuditRecord(seq: row.seq(0), run: try row.run(1), hash: row[2], json: try row.bytes(3)))
    }
    return records
  }
}
