import Foundation
import GRDB
import Orchestration
import RunModel
import Synchronization
import TestSupport
import Testing

@testable import SQLiteStore

@Suite("Backups", .timeLimit(.minutes(20))) struct StoreBackupTests {
  private typealias Sample = RunStoreConformance

  private final class Load: Sendable {
    private let state = Mutex((written: UInt64(20_000), isDone: false))
    var written: UInt64 { state.withLock { $0.written } }
    var isDone: Bool { state.withLock { $0.isDone } }
    func wrote(_ seq: UInt64) { state.withLock { $0.written = seq } }
    func end() { state.withLock { $0.isDone = true } }
  }

  private static func row(_ number: UInt64, _ seq: UInt64) -> StoredRun {
    StoredRun(run: Sample.runID(number), contract: Sample.contractID(number), lastSeq: seq, json: Array("{}".utf8))
  }

  /// Events 1 to `events`, and as many audit records as runs.
  private static func fill(_ store: SQLiteRunStore, events: UInt64, runs: UInt64 = 3) async throws {
    var batch = RecordBatch()
    batch.events = (1...events).map { Sample.event($0, run: Sample.runID($0 % runs)) }
    batch.runs = (0..<runs).map { row($0, events) }
    var chain = AuditRecords()
    batch.audit = (0..<runs).map { _ in chain.next() }
    try await store.commit(batch)
  }

  @Test("A backup made while thousands of events a second arrive holds a gapless prefix of the order, and verifies")
  func underLoad() async throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let store = try SQLiteRunStore(folder: folder.path)
    try await Self.fill(store, events: 20_000)
    let load = Load()
    let path = folder.path
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        var seq: UInt64 = 20_000
        while !load.isDone, seq < 400_000 {
          var batch = RecordBatch()
          batch.events = (1...500).map { Sample.event(seq + $0, run: Sample.runID($0 % 3)) }
          batch.runs = (0..<3).map { Self.row($0, seq + 500) }
          try await store.commit(batch)
          seq += 500
          load.wrote(seq)
        }
      }
      group.addTask {
        defer { load.end() }
        for number in 1...3 {
          let before = load.written
          let target = "\(path)/backup-\(number).sqlite"
          var shares: [Double] = []
          let summary = try StoreBackup.make(of: path, to: target) { if let share = $0.share { shares.append(share) } }
          let after = load.written
          // What was acknowledged before it began is in it, and it is cut between two commits.
          #expect(summary.lastSeq >= before && summary.lastSeq <= after + 500 && summary.lastSeq % 500 == 0)
          #expect(summary.firstSeq == 1 && summary.runs == 3 && summary.auditRecords == 3)
          #expect(shares.last == 1 && shares == shares.sorted())
          #expect(try StoreBackup.check(target) == summary)
          let attributes = try FileManager.default.attributesOfItem(atPath: target)
          #expect(attributes[.posixPermissions] as? Int == 0o600)
        }
      }
      try await group.waitForAll()
    }
    #expect(load.written > 20_000)
    let names = try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasPrefix("backup") }.sorted()
    #expect(names == ["backup-1.sqlite", "backup-2.sqlite", "backup-3.sqlite"])
    try store.close()
  }

  @Test("What is there is not replaced unasked, the store itself never, and a failure leaves nothing behind")
  func refusals() async throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let store = try SQLiteRunStore(folder: folder.path)
    try await Self.fill(store, events: 10)
    let path = folder.path + "/b.sqlite"
    try "mine".write(toFile: path, atomically: true, encoding: .utf8)
    var problem = #expect(throws: Problem.self) { try StoreBackup.make(of: folder.path, to: path) }
    #expect(problem?.code == .conflict && problem?.detail.contains("--force") == true)
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "mine")
    _ = try StoreBackup.make(of: folder.path, to: path, replacing: true)
    #expect(try StoreBackup.check(path).lastSeq == 10)
    let own = folder.path + "/flightdeck.sqlite"
    #expect(throws: Problem.self) { try StoreBackup.make(of: folder.path, to: own, replacing: true) }
    #expect(throws: Problem.self) { try StoreBackup.make(of: folder.path, to: folder.path + "/none/b") }
    problem = #expect(throws: Problem.self) { try StoreBackup.make(of: folder.path + "/none", to: path + "2") }
    #expect(problem?.code == .notFound)
    #expect(try await store.lastSeq() == 10)
    try store.close()
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).allSatisfy { !$0.hasSuffix(".new") })
  }

  @Test("A restored store holds what the backup held; what it replaced is kept, and can be put back")
  func restores() async throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let backup = folder.path + "/b.sqlite"
    do {
      let store = try SQLiteRunStore(folder: folder.path)
      try await Self.fill(store, events: 10)
      _ = try StoreBackup.make(of: folder.path, to: backup)
      var batch = RecordBatch()
      batch.events = [Sample.event(11)]
      try await store.commit(batch)
      // Held: nothing is touched.
      let problem = #expect(throws: Problem.self) { try StoreBackup.restore(backup, into: folder.path) }
      #expect(problem?.code == .conflict && problem?.detail.contains("process") == true)
      try store.close()
    }
    // The lock goes with the value, and with a child that another test is just starting.
    func patiently<Result>(_ body: () throws -> Result) async throws -> Result {
      while true {
        do { return try body() } catch let problem as Problem where problem.code == .conflict { await Task.yield() }
      }
    }
    func look<Result>(_ body: (SQLiteRunStore) async throws -> Result) async throws -> Result {
      let opened = try await patiently { try SQLiteRunStore(folder: folder.path) }
      let result = try await body(opened)
      try opened.close()
      return result
    }
    let identity = try await look { try await $0.id() }
    let (summary, replaced, _) = try await patiently { try StoreBackup.restore(backup, into: folder.path) }
    #expect(summary.lastSeq == 10)
    // Its order goes on in its own way, so that a place in the other's is none here.
    #expect(try await look { try await $0.id() } != identity)
    let kept = try #require(replaced)
    #expect(kept.contains("flightdeck.sqlite.before-restore-2"))
    #expect(try StoreBackup.check(kept).lastSeq == 11)
    #expect(try await look { try await $0.lastSeq() } == 10)
    #expect(try await look { try await $0.synchronous() } == 2)
    _ = try await patiently { try StoreBackup.restore(kept, into: folder.path) }
    #expect(try await look { try await $0.lastSeq() } == 11)
    // Into a place where there was nothing.
    let other = folder.path + "/other"
    #expect(try StoreBackup.restore(backup, into: other).replaced == nil)
    #expect(try StoreBackup.check(other + "/flightdeck.sqlite").lastSeq == 10)
  }

  @Test("The log of the replaced store goes with it, and is never read into the restored one")
  func logOfTheOld() async throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let crashed = folder.path + "/crashed"
    let backup = folder.path + "/b.sqlite"
    do {
      let store = try SQLiteRunStore(folder: folder.path)
      try await Self.fill(store, events: 10)
      _ = try StoreBackup.make(of: folder.path, to: backup)
      var batch = RecordBatch()
      batch.events = (11...500).map { Sample.event($0) }
      try await store.commit(batch)
      // As a killed orchestrator leaves it: most of it in the log.
      try FileManager.default.createDirectory(atPath: crashed, withIntermediateDirectories: true)
      for suffix in ["", "-wal"] {
        try FileManager.default.copyItem(
          atPath: folder.path + "/flightdeck.sqlite" + suffix, toPath: crashed + "/flightdeck.sqlite" + suffix)
      }
      try store.close()
    }
    let replaced = try #require(try StoreBackup.restore(backup, into: crashed).replaced)
    let store = try SQLiteRunStore(folder: crashed)
    #expect(try await store.lastSeq() == 10)
    try store.close()
    // All of it in the one file, which may be moved.
    #expect(!FileManager.default.fileExists(atPath: replaced + "-wal"))
    let moved = folder.path + "/moved.sqlite"
    try FileManager.default.moveItem(atPath: replaced, toPath: moved)
    #expect(try StoreBackup.check(moved).lastSeq == 500)
  }

  @Test(
    "A restore is a record on the restored trail: who, when, from which file, what it replaced; and its chain is whole")
  func restoreOnRecord() async throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let backup = folder.path + "/b.sqlite"
    let state = folder.path + "/s"
    do {
      let store = try SQLiteRunStore(folder: folder.path)
      try await Self.fill(store, events: 10)
      _ = try StoreBackup.make(of: folder.path, to: backup)
      try store.close()
    }
    let now = Timestamp(milliseconds: 1_700_000_000_000)
    var copies: [String] = []
    for round in 0..<3 {
      let (_, replaced, _) = try StoreBackup.restore(backup, into: state, by: Actor(.human, "ada"), now: now)
      #expect((replaced == nil) == (round == 0))
      if let replaced { copies.append(replaced) }
      let queue = try DatabaseQueue(path: state + "/flightdeck.sqlite")
      let last = try #require(try await queue.read { db in try db.audit("ORDER BY seq DESC LIMIT 1", []).first })
      try queue.close()
      let record = try JSONValue(parsing: last.json)
      #expect(last.seq == 4 && record["event_type"] == "store.restored" && record["actor_id"] == "ada")
      #expect(record["created_at"]?.string == now.description)
      #expect(record["event_data"]?["file"]?.string == backup)
      #expect(record["event_data"]?["replaced"]?.string == replaced)
      #expect((record["event_data"]?["replacedAuditSeq"] == 4) == (round > 0))
      #expect(try StoreBackup.check(state + "/flightdeck.sqlite").auditRecords == 4)
    }
    // Two within one moment keep two.
    #expect(Set(copies).count == 2)
    #expect(StoreBackup.keptCopies(in: state).map(\.path) == copies)
    #expect(StoreBackup.keptCopies(in: state).allSatisfy { $0.bytes > 4096 })
  }

  @Test(
    "Damage that a backup finds is said of the store, not of the copy, and an orchestrator at work can be told to look")
  func damageIsTheStores() async throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let store = try SQLiteRunStore(folder: folder.path)
    try await Self.fill(store, events: 2000)
    let told = Mutex<[Problem]>([])
    store.onDamage { problem in told.withLock { $0.append(problem) } }
    let path = folder.path + "/flightdeck.sqlite"
    #expect(StoreExamination.complaint(about: folder.path, isHeld: true) == nil)
    try await store.examine()
    #expect(told.withLock { $0.isEmpty })
    let queue = try DatabaseQueue(path: path)
    try await queue.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
    try queue.close()
    let size = try #require(try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    try file.seek(toOffset: UInt64(size / 2 / 4096 * 4096))
    try file.write(contentsOf: Data(repeating: 0x5A, count: 61_440))
    try file.close()
    let problem = #expect(throws: Problem.self) {
      try StoreBackup.make(of: folder.path, to: folder.path + "/b.sqlite")
    }
    #expect(problem?.detail.contains("\(path) is damaged") == true, "\(problem?.detail ?? "")")
    #expect(problem?.detail.contains(".new") == false && problem?.detail.contains("***") == false)
    #expect(problem?.cause == "it is damaged")
    #expect(StoreExamination.complaint(about: folder.path, isHeld: true)?.detail.contains("is damaged") == true)
    await #expect(throws: Problem.self) { try await store.examine() }
    #expect(told.withLock { $0.count } == 1)
    try? store.close()  // it is damaged
  }

  @Test("A newer store, and one with a damaged page, are seen to be of no use without being changed")
  func examination() async throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    #expect(StoreExamination.complaint(about: folder.path, isHeld: false) == nil)
    do {
      let store = try SQLiteRunStore(folder: folder.path)
      try await Self.fill(store, events: 10)
      try store.close()
    }
    #expect(StoreExamination.complaint(about: folder.path, isHeld: false) == nil)
    let path = folder.path + "/flightdeck.sqlite"
    let queue = try DatabaseQueue(path: path)
    try await queue.write { db in try db.execute(sql: "INSERT INTO grdb_migrations VALUES ('99 of the future')") }
    try queue.close()
    let before = try Data(contentsOf: URL(fileURLWithPath: path))
    #expect(StoreExamination.complaint(about: folder.path, isHeld: false)?.detail.contains("newer flightdeck") == true)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
  }

  @Test(
    "A restore that was cut short after the backup was checked and copied is finished by the next opening",
    arguments: 0...3)
  func cutShort(steps: Int) async throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let store = folder.path + "/flightdeck.sqlite"
    do {
      let open = try SQLiteRunStore(folder: folder.path)
      try await Self.fill(open, events: 10)
      _ = try StoreBackup.make(of: folder.path, to: store + ".restored")
      var batch = RecordBatch()
      batch.events = [Sample.event(11)]
      try await open.commit(batch)
      try open.close()
    }
    // What `finish` does, as far as it came.
    let aside = folder.path + "/flightdeck.sqlite.before-restore-x"
    if steps > 0 { _ = FileManager.default.createFile(atPath: store + "-wal", contents: Data(count: 100)) }
    if steps > 1 { #expect(rename(store + "-wal", aside + "-wal") == 0) }
    if steps > 2 { #expect(rename(store, aside) == 0) }
    let reopened = try SQLiteRunStore(folder: folder.path)
    #expect(try await reopened.lastSeq() == 10)
    try reopened.close()
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(!names.contains("flightdeck.sqlite.restored"))
    let old = try #require(
      names.first { $0.contains("before-restore") && !$0.hasSuffix("-wal") && !$0.hasSuffix("-shm") })
    try? FileManager.default.removeItem(atPath: folder.path + "/" + old + "-wal")  // the test's own stand-in
    #expect(try StoreBackup.check(folder.path + "/" + old).lastSeq == 11)
  }

  @Test(
    "What is no backup, is damaged, has a broken chain or a gap, or is of a newer version is refused before anything is touched"
  )
  func badBackups() async throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    do {
      let store = try SQLiteRunStore(folder: folder.path)
      try await Self.fill(store, events: 2000)
      try store.close()
    }
    let good = folder.path + "/good.sqlite"
    _ = try StoreBackup.make(of: folder.path, to: good)
    func bad(_ name: String, _ words: String, _ spoil: (String) throws -> Void) throws {
      let path = folder.path + "/\(name).sqlite"
      try FileManager.default.copyItem(atPath: good, toPath: path)
      try spoil(path)
      let problem = #expect(throws: Problem.self, "\(name)") { try StoreBackup.restore(path, into: folder.path) }
      #expect(problem?.detail.contains(words) == true, "\(name): \(problem?.detail ?? "")")
    }
    func sql(_ statement: String) -> (String) throws -> Void {
      { path in
        let queue = try DatabaseQueue(path: path)
        try queue.write { db in try db.execute(sql: statement) }
        try queue.close()
      }
    }
    try bad("text", "is not a backup, or not a whole one") {
      try "no database at all, but text".write(toFile: $0, atomically: true, encoding: .utf8)
    }
    try bad("page", "damaged") { path in
      let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
      for page in 3..<12 {
        try file.seek(toOffset: UInt64(page * 4096))
        try file.write(contentsOf: Data(repeating: 0x5A, count: 4096))
      }
      try file.close()
    }
    try bad("gap", "only 1999 are there", sql("DELETE FROM events WHERE seq = 77"))
    try bad(
      "chain", "does not verify",
      sql("UPDATE audit SET json = replace(CAST(json AS TEXT), 'started', 'ended') WHERE seq = 2"))
    try bad("newer", "newer flightdeck", sql("INSERT INTO grdb_migrations VALUES ('99 of the future')"))
    try bad("other", "no store of flightdeck") { path in
      try FileManager.default.removeItem(atPath: path)
      let queue = try DatabaseQueue(path: path)
      try queue.write { db in try db.execute(sql: "CREATE TABLE other (x)") }
      try queue.close()
    }
    let store = try SQLiteRunStore(folder: folder.path)
    #expect(try await store.lastSeq() == 2000)
    try store.close()
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(!names.contains { $0.contains("before-restore") || $0.contains("restoring") || $0.hasSuffix(".restored") })
  }
}
