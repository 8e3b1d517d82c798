import Foundation
import GRDB
import Orchestration
import RunModel
import TestSupport
import Testing

@testable import SQLiteStore

@Suite("Migrations", .timeLimit(.minutes(20))) struct StoreMigrationTests {
  private typealias Sample = RunStoreConformance

  /// A store as version 1 made it, with a little of everything in it.
  static let version1 = """
    CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
    INSERT INTO grdb_migrations VALUES ('1 events, runs, contracts, audit');
    CREATE TABLE events (
      seq INTEGER PRIMARY KEY,
      run BLOB,
      type TEXT NOT NULL,
      json BLOB NOT NULL);
    CREATE TABLE runs (
      place INTEGER PRIMARY KEY,
      run BLOB NOT NULL UNIQUE,
      contract BLOB NOT NULL,
      last_seq INTEGER NOT NULL,
      json BLOB NOT NULL);
    CREATE TABLE contracts (
      contract BLOB PRIMARY KEY NOT NULL,
      json BLOB NOT NULL);
    CREATE TABLE run_parts (
      run BLOB NOT NULL,
      part INTEGER NOT NULL,
      body BLOB NOT NULL,
      PRIMARY KEY (run, part));
    CREATE TABLE audit (
      seq INTEGER PRIMARY KEY,
      run BLOB,
      hash TEXT NOT NULL,
      json BLOB NOT NULL);
    CREATE TABLE answers (
      key TEXT PRIMARY KEY NOT NULL,
      json BLOB NOT NULL);
    INSERT INTO events VALUES
      (1, X'01900000000000000000000000000001', 'awf.run.queued', CAST('{"n":1}' AS BLOB)),
      (2, X'01900000000000000000000000000001', 'awf.run.started', CAST('{"n":2}' AS BLOB)),
      (3, NULL, 'awf.runtime.registered', CAST('{"n":3}' AS BLOB));
    INSERT INTO runs VALUES
      (1, X'01900000000000000000000000000001', X'01900000000000010000000000000001', 2, CAST('{"r":1}' AS BLOB));
    INSERT INTO contracts VALUES (X'01900000000000010000000000000001', CAST('{"title":"x"}' AS BLOB));
    INSERT INTO run_parts VALUES
      (X'01900000000000000000000000000001', 1, CAST('{}' AS BLOB)), (X'01900000000000000000000000000001', 3, X'');
    INSERT INTO answers VALUES ('key', CAST('[]' AS BLOB));
    """

  /// `records`: of an audit trail that verifies.
  static func makeVersion1(in folder: String, records: Int = 3, events: Int = 3) throws {
    let queue = try DatabaseQueue(path: folder + "/flightdeck.sqlite")
    var chain = AuditRecords()
    try queue.writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA journal_mode = WAL")
      try db.execute(sql: version1)
      for _ in 0..<records {
        let record = chain.next()
        try db.execute(
          sql: "INSERT INTO audit VALUES (?, NULL, ?, ?)",
          arguments: [Int64(record.seq), record.hash, Data(record.json)])
      }
      for seq in 4..<max(4, events + 1) {
        try db.execute(
          sql: "INSERT INTO events VALUES (?, NULL, 'awf.run.output', ?)",
          arguments: [seq, Data(repeating: 0x20, count: 300)])
      }
    }
    try queue.close()
  }

  private static func files(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  }

  @Test("A store of version 1 comes up to date with everything in it, and the old one is kept beside it, whole")
  func migrates() async throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    try Self.makeVersion1(in: folder.path)
    var told: [String] = []
    do {
      let store = try SQLiteRunStore(folder: folder.path) { told.append($0.what) }
      #expect(Set(told) == ["copying", "checking", "migrating"])
      let run = Sample.runID(1)
      #expect(try await store.lastSeq() == 3)
      #expect(try await store.events(after: 0, through: .max, run: run, limit: 9).map(\.seq) == [1, 2])
      #expect(try await store.runs().map(\.lastSeq) == [2])
      #expect(try await store.contract(Sample.contractID(1)) == Array(#"{"title":"x"}"#.utf8))
      #expect(try await store.detail(of: run).patch == [])
      #expect(try await store.lastAudit()?.seq == 3)
      #expect(try await store.answer(forIdempotencyKey: "key") == Array("[]".utf8))
      var batch = RecordBatch()
      batch.events = [Sample.event(4)]
      try await store.commit(batch)
      #expect(try await store.synchronous() == 2)
      try store.close()
    }

    let backup = try #require(try Self.files(folder.path).first { $0.hasSuffix(".bak") })
    #expect(backup.hasPrefix("flightdeck.sqlite.v1-2"))
    let attributes = try FileManager.default.attributesOfItem(atPath: folder.path + "/" + backup)
    #expect(attributes[.posixPermissions] as? Int == 0o600 || attributes[.posixPermissions] as? Int == 0o644)
    let summary = try StoreBackup.check(folder.path + "/" + backup)
    #expect(summary.lastSeq == 3 && summary.runs == 1 && summary.auditRecords == 3)
    let old = try DatabaseQueue(path: folder.path + "/" + backup)
    let migrations = try await old.read { try String.fetchAll($0, sql: "SELECT identifier FROM grdb_migrations") }
    #expect(migrations.count == 1)
    try old.close()
    // Up to date: nothing more is copied.
    var again: [String] = []
    try SQLiteRunStore(folder: folder.path) { again.append($0.what) }.close()
    #expect(again.isEmpty)
  }

  @Test("A new store and one that is up to date make no backup")
  func fresh() throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    for _ in 0..<2 { try SQLiteRunStore(folder: folder.path) { _ in Issue.record("told") }.close() }
    #expect(try Self.files(folder.path).filter { $0.contains("flightdeck.sqlite") } == ["flightdeck.sqlite"])
  }

  @Test("A migration that fails leaves the old store as it was, in place, and nothing beside it")
  func fails() async throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    try Self.makeVersion1(in: folder.path)
    let before = try Data(contentsOf: URL(fileURLWithPath: folder.path + "/flightdeck.sqlite"))
    var migrator = StoreSchema.migrator
    migrator.registerMigration("98 good") { db in try db.execute(sql: "DROP TABLE answers") }
    migrator.registerMigration("99 bad") { db in try db.execute(sql: "ALTER TABLE nowhere ADD COLUMN x") }
    let problem = #expect(throws: Problem.self) { try SQLiteRunStore(folder: folder.path, migrator: migrator) }
    #expect(problem?.detail.contains("is as it was") == true)
    #expect(try Data(contentsOf: URL(fileURLWithPath: folder.path + "/flightdeck.sqlite")) == before)
    #expect(try Self.files(folder.path) == ["flightdeck.sqlite", "lock"])
    let store = try SQLiteRunStore(folder: folder.path)
    #expect(try await store.answer(forIdempotencyKey: "key") != nil)
    try store.close()
  }

  @Test("A damaged store is not migrated, and neither is one whose audit chain is broken")
  func damaged() throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    try Self.makeVersion1(in: folder.path)
    let queue = try DatabaseQueue(path: folder.path + "/flightdeck.sqlite")
    try queue.write { db in try db.execute(sql: "DELETE FROM audit WHERE seq = 2") }
    try queue.close()
    let problem = #expect(throws: Problem.self) { try SQLiteRunStore(folder: folder.path) }
    #expect(problem?.detail.contains("audit trail") == true)
    #expect(try Self.files(folder.path).contains { $0.hasSuffix(".bak") || $0.hasSuffix(".migrating") } == false)
  }

  @Test("The last three backups stay")
  func pruned() throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    for day in 1...5 {
      _ = FileManager.default.createFile(
        atPath: folder.path + "/flightdeck.sqlite.v\(11 - day)-2025010\(day)T000000Z.bak", contents: nil)
    }
    try Self.makeVersion1(in: folder.path)
    try SQLiteRunStore(folder: folder.path).close()
    let backups = try Self.files(folder.path).filter { $0.hasSuffix(".bak") }.sorted {
      $0.drop { $0 != "-" } < $1.drop { $0 != "-" }
    }
    #expect(backups.count == 3)
    #expect(backups.first == "flightdeck.sqlite.v7-20250104T000000Z.bak")
    #expect(backups.last?.hasPrefix("flightdeck.sqlite.v1-") == true)
  }

  @Test(
    "Without room for it the migration is not begun, and the error says how much is needed",
    .enabled(if: MountRight.isGiven, "\(MountRight.words)")
  )
  func full() throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    try #require(mount("tmpfs", folder.path, "tmpfs", 0, "size=8m") == 0)
    defer { umount2(folder.path, 2) }
    try Self.makeVersion1(in: folder.path, events: 3000)
    let before = try Data(contentsOf: URL(fileURLWithPath: folder.path + "/flightdeck.sqlite"))
    let problem = #expect(throws: Problem.self) { try SQLiteRunStore(folder: folder.path) }
    #expect(problem?.code == .unavailable && problem?.detail.contains("MB are needed") == true)
    #expect(try Data(contentsOf: URL(fileURLWithPath: folder.path + "/flightdeck.sqlite")) == before)
  }
}

/// An audit trail that verifies.
struct AuditRecords {
  private var last: (seq: UInt64, hash: String)?

  mutating func next() -> StoredAuditRecord {
    var record = AuditRecord(
      actorType: "system", eventType: "agent_run.started", createdAt: Timestamp(milliseconds: 1_767_225_600_000),
      runtimeProvider: "pre_execution")
    record.seal(after: last)
    last = (record.seq, record.eventHash)
    return StoredAuditRecord(seq: record.seq, run: nil, hash: record.eventHash, json: record.json.jsonBytes)
  }
}
