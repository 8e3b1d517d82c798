import FoundationEssentials
import GRDB
import Glibc
package import Orchestration
package import RunModel
import Synchronization

/// `RunStore` on one SQLite file, `<folder>/flightdeck.sqlite`: write-ahead log, synchronous FULL.
///
/// One connection writes, up to four read beside it. The folder belongs to this store while it lives (`StoreLock`).
package final class SQLiteRunStore: RunStore {
  private let pool: DatabasePool
  private let lock: StoreLock
  private let problems: StoreProblem
  private let revoked: RevokedTokens
  private let damage = Mutex(DamageHandler())

  /// Not the closure by itself: each look at a closure in a generic container wraps what is stored there once more.
  private struct DamageHandler {
    var call: (@Sendable (Problem) -> Void)?
  }

  /// Opens the store, and makes it when there is none; one of an older version is brought up to date, with a backup of the
  /// old one beside it, and `progress` tells of that. Throws `Problem(.conflict)` while another orchestrator holds the
  /// folder, `Problem(.unavailable)` for a damaged, unreadable or newer store.
  package convenience init(folder: String, progress: @escaping (StoreProgress) -> Void = { _ in }) throws {
    try self.init(folder: folder, migrator: StoreSchema.migrator, progress: progress)
  }

  init(folder: String, migrator: DatabaseMigrator, progress: @escaping (StoreProgress) -> Void = { _ in }) throws {
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw Problem(
        .unavailable, "The state folder \(folder) cannot be made: \(error). Choose another with --state.")
    }
    lock = try StoreLock(folder: folder)
    let path = folder + "/flightdeck.sqlite"
    problems = StoreProblem(path: path)
    revoked = RevokedTokens(folder: folder)
    try StoreBackup.finish(path)
    // Made here with mode 0600, which SQLite passes on to the log beside it; what is wrong with it, opening will tell.
    let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    if descriptor >= 0 { Glibc.close(descriptor) }
    do {
      try StoreMigration(path: path, migrator: migrator).run(tell: progress)
      pool = try Self.openPool(path, migrator)
      // Those that were revoked before there was such a list.
      try revoked.add(
        try pool.writeWithoutTransaction { db in try db.tableExists("tokens") ? db.tokens().revoked : [:] })
    } catch { throw problems.translate(error) }
  }

  /// Ends every connection; the last writes the log back into the file, and nothing else is left beside it.
  package func close() throws {
    // The pool ends its writer first, and readers may neither write the log back nor remove it: they go before.
    pool.releaseMemory()
    do { try pool.close() } catch { throw problems.translate(error) }
  }

  private static func openPool(_ path: String, _ migrator: DatabaseMigrator) throws -> DatabasePool {
    var configuration = Configuration()
    configuration.label = "flightdeck"
    configuration.maximumReaderCount = 4
    // For a backup tool or a curious person beside us; two orchestrators never meet here.
    configuration.busyMode = .timeout(5)
    configuration.foreignKeysEnabled = false
    configuration.prepareDatabase { db in
      guard !db.configuration.readonly else { return }
      // 1000 pages keep the stall of a checkpoint under some 20 ms.
      try db.execute(sql: "PRAGMA wal_autocheckpoint = 1000; PRAGMA journal_size_limit = 67108864")
    }
    let pool = try DatabasePool(path: path, configuration: configuration)
    try migrator.migrate(pool)
    // GRDB sets NORMAL after `prepareDatabase`; NORMAL loses acknowledged commits when the power goes.
    try pool.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA synchronous = FULL") }
    return pool
  }

  /// `PRAGMA synchronous` of the writing connection: 2 is FULL.
  func synchronous() async throws -> Int? {
    try await pool.writeWithoutTransaction { db in try Int.fetchOne(db, sql: "PRAGMA synchronous") }
  }

  // MARK: - Writing

  /// A commit that has begun ends, whatever becomes of the task that asked: half of the system may already count on it.
  package func commit(_ batch: RecordBatch) async throws {
    if batch.isEmpty { return }
    let problems = problems
    // First: of a list that is ahead of the store nobody comes in who should not.
    if !batch.tokens.isEmpty { try revoked.add(batch.tokens.revoked) }
    try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
      pool.asyncWriteWithoutTransaction { db in
        do {
          try db.inTransaction(.immediate) {
            try db.insert(batch)
            return .commit
          }
          done.resume()
        } catch { done.resume(throwing: problems.translate(error)) }
      }
    }
  }

  /// A change of its own, apart from the journal's commits.
  func change<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
    do { return try await pool.write(body) } catch { throw translate(error) }
  }

  // MARK: - Reading

  func read<Value: Sendable>(_ value: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
    do { return try await pool.read(value) } catch { throw translate(error) }
  }

  package func onDamage(_ handler: @escaping @Sendable (Problem) -> Void) { damage.withLock { $0.call = handler } }

  private func translate(_ error: any Error) -> any Error {
    let problem = problems.translate(error)
    if let problem = problem as? Problem, problem.cause == StoreProblem.damaged {
      damage.withLock { $0.call }?(problem)
    }
    return problem
  }

  package func id() async throws -> StoreID {
    let text = try await read { db in try String.fetchOne(db, sql: "SELECT id FROM identity") }
    guard let id = text.flatMap({ StoreID($0) }) else {
      throw Problem(.unavailable, "The store does not say which it is: it is damaged. Restore it from a backup.")
    }
    return id
  }

  package func size() async -> (bytes: Int64, free: Int64)? {
    var bytes: Int64 = 0
    var status = stat()
    for end in ["", "-wal", "-shm"] where stat(pool.path + end, &status) == 0 { bytes += Int64(status.st_size) }
    var disk = statvfs()
    guard statvfs(pool.path, &disk) == 0 else { return nil }
    return (bytes, Int64(clamping: disk.f_bavail) * Int64(clamping: disk.f_frsize))
  }

  package func lastSeq() async throws -> UInt64 {
    try await read { db in UInt64(clamping: try Int64.fetchOne(db, sql: "SELECT max(seq) FROM events") ?? 0) }
  }

  package func events(after: UInt64, through: UInt64, run: RunID?, limit: Int) async throws -> [StoredEvent] {
    try await read { db in
      try db.events(order: "ASC", after: after, through: through, run: run, limit: limit)
    }
  }

  package func lastEvents(of run: RunID, after: UInt64, through: UInt64, limit: Int) async throws -> [StoredEvent] {
    try await read { db in
      try db.events(order: "DESC", after: after, through: through, run: run, limit: limit).reversed()
    }
  }

  package func events(
    after: UInt64, through: UInt64, run: RunID?, limit: Int, bytes: Int
  ) async throws -> [StoredEvent] {
    try await read { db in
      try db.events(order: "ASC", after: after, through: through, run: run, limit: limit, bytes: bytes)
    }
  }

  package func lastEvents(
    of run: RunID, after: UInt64, through: UInt64, limit: Int, bytes: Int
  ) async throws -> [StoredEvent] {
    try await read { db in
      try db.events(order: "DESC", after: after, through: through, run: run, limit: limit, bytes: bytes).reversed()
    }
  }

  package func runs() async throws -> [StoredRun] {
    try await read { db in
      let statement = try db.cachedStatement(sql: "SELECT run, contract, last_seq, json FROM runs ORDER BY place")
      let rows = try Row.fetchCursor(statement)
      var runs: [StoredRun] = []
      while let row = try rows.next() {
        guard let run = try row.run(0), let contract = try row.ulid(1) else { continue }
        runs.append(
          StoredRun(run: run, contract: ContractID(contract), lastSeq: row.seq(2), json: try row.bytes(3)))
      }
      return runs
    }
  }

  package func contract(_ id: ContractID) async throws -> [UInt8]? {
    try await read { db in
      let statement = try db.cachedStatement(sql: "SELECT json FROM contracts WHERE contract = ?")
      return try Data.fetchOne(statement, arguments: [id.ulid.blob]).map { Array($0) }
    }
  }

  package func detail(of run: RunID) async throws -> StoredDetail {
    try await read { db in
      let statement = try db.cachedStatement(sql: "SELECT part, body FROM run_parts WHERE run = ?")
      let rows = try Row.fetchCursor(statement, arguments: [run.ulid.blob])
      var detail = StoredDetail()
      while let row = try rows.next() {
        switch RunPart(rawValue: row[0]) {
        case .decision: detail.decision = try row.bytes(1)
        case .artifacts: detail.artifacts = try row.bytes(1)
        case .patch: detail.patch = try row.bytes(1)
        case .position: detail.position = try row.bytes(1)
        case .start: detail.start = try row.bytes(1)
        case nil: break
        }
      }
      return detail
    }
  }

  package func audit(after: UInt64, limit: Int) async throws -> [StoredAuditRecord] {
    try await read { db in try db.audit("WHERE seq > ? ORDER BY seq LIMIT ?", [Int64(clamping: after), max(0, limit)]) }
  }

  package func lastAudit() async throws -> StoredAuditRecord? {
    try await read { db in try db.audit("ORDER BY seq DESC LIMIT 1", []).first }
  }

  package func tokens() async throws -> [StoredToken] {
    try await read { db in try db.tokens() }
  }

  package func answer(forIdempotencyKey key: String) async throws -> [UInt8]? {
    try await read { db in
      let statement = try db.cachedStatement(sql: "SELECT json FROM answers WHERE key = ?")
      return try Data.fetchOne(statement, arguments: [key]).map { Array($0) }
    }
  }
}
