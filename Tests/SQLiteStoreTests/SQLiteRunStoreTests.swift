import Foundation
import GRDB
import Orchestration
import RunModel
import TestSupport
import Testing

@testable import SQLiteStore

@Suite struct SQLiteRunStoreTests {
  private typealias Sample = RunStoreConformance

  @Test("SQLite keeps the store's promises", arguments: RunStoreConformance.allCases)
  func conforms(promise: RunStoreConformance) async throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let store = try SQLiteRunStore(folder: folder.path)
    try await promise.run(on: store)
    try store.close()
  }

  @Test("Memory keeps the store's promises", arguments: RunStoreConformance.allCases)
  func memoryConforms(promise: RunStoreConformance) async throws {
    try await promise.run(on: InMemoryRunStore())
  }

  @Test("SQLite lets go of what is old", arguments: RetentionConformance.allCases)
  func lets(promise: RetentionConformance) async throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let store = try SQLiteRunStore(folder: folder.path)
    try await promise.run(on: store)
    try store.close()
  }

  @Test("Memory lets go of what is old", arguments: RetentionConformance.allCases)
  func memoryLets(promise: RetentionConformance) async throws {
    try await promise.run(on: InMemoryRunStore())
  }

  @Test("A reopened store finds everything")
  func reopen() async throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    var batch = RecordBatch()
    batch.events = (1...3).map { Sample.event($0, run: Sample.runID(1)) }
    batch.runs = [
      StoredRun(run: Sample.runID(1), contract: Sample.contractID(1), lastSeq: 3, json: Array("{}".utf8))
    ]
    batch.contracts = [(Sample.contractID(1), Array("c".utf8))]
    batch.details = [(Sample.runID(1), StoredDetail(decision: [1], artifacts: [2], patch: [3]))]
    batch.audit = [StoredAuditRecord(seq: 1, run: Sample.runID(1), hash: "h", json: Array("{}".utf8))]
    batch.answers = [("key", Array("a".utf8))]
    let name: StoreID
    do {
      let store = try SQLiteRunStore(folder: folder.path)
      try await store.commit(batch)
      name = try await store.id()
      let size = try #require(await store.size())
      #expect(size.bytes > 0 && size.free > 0)
      try store.close()
    }
    let store = try SQLiteRunStore(folder: folder.path)
    #expect(try await store.id() == name)
    #expect(try await store.lastSeq() == 3)
    #expect(try await store.events(after: 0, through: .max, run: nil, limit: 10) == batch.events)
    #expect(try await store.runs() == batch.runs)
    #expect(try await store.contract(Sample.contractID(1)) == Array("c".utf8))
    #expect(try await store.detail(of: Sample.runID(1)) == batch.details[0].detail)
    #expect(try await store.lastAudit() == batch.audit[0])
    #expect(try await store.answer(forIdempotencyKey: "key") == Array("a".utf8))
  }

  @Test("A store that was closed is one file with all in it, also after several have read at once")
  func closed() async throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    var last: UInt64 = 0
    for _ in 0..<3 {
      let store = try SQLiteRunStore(folder: folder.path)
      var batch = RecordBatch()
      batch.events = (1...200).map { Sample.event(last + $0) }
      try await store.commit(batch)
      last += 200
      try await withThrowingTaskGroup(of: UInt64.self) { [last] group in
        for _ in 0..<20 { group.addTask { try await store.lastSeq() } }
        for try await seq in group { #expect(seq == last) }
      }
      try store.close()
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["flightdeck.sqlite", "lock"])
    }
    let alone = try TemporaryFolder()
    defer { withExtendedLifetime(alone) {} }
    try FileManager.default.copyItem(
      atPath: folder.path + "/flightdeck.sqlite", toPath: alone.path + "/flightdeck.sqlite")
    let copy = try SQLiteRunStore(folder: alone.path)
    #expect(try await copy.lastSeq() == last)
    try copy.close()
  }

  @Test("The writing connection syncs fully on every commit")
  func synchronousFull() async throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    #expect(try await SQLiteRunStore(folder: folder.path).synchronous() == 2)
  }

  @Test("The record is the user's alone, wherever it lies")
  func permissions() async throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let store = try SQLiteRunStore(folder: folder.path)
    for name in ["flightdeck.sqlite", "flightdeck.sqlite-wal", "lock"] {
      let attributes = try FileManager.default.attributesOfItem(atPath: folder.path + "/" + name)
      #expect(attributes[.posixPermissions] as? Int == 0o600, "\(name)")
    }
    try store.close()
  }

  @Test("A commit ends even when the task that asked for it is canceled")
  func canceledCommit() async throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let store = try SQLiteRunStore(folder: folder.path)
    var batch = RecordBatch()
    batch.events = (1...2000).map { Sample.event($0) }
    let task = Task { [batch] in try await store.commit(batch) }
    task.cancel()
    try await task.value
    #expect(try await store.lastSeq() == 2000)
  }

  @Test("A second store on the same folder is refused and names the holder")
  func locked() async throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let first = try SQLiteRunStore(folder: folder.path)
    let problem = #expect(throws: Problem.self) { try SQLiteRunStore(folder: folder.path) }
    #expect(problem?.code == .conflict)
    #expect(problem?.detail.contains("process \(ProcessInfo.processInfo.processIdentifier)") == true)
    var batch = RecordBatch()
    batch.events = [Sample.event(1)]
    try await first.commit(batch)
    #expect(try await first.lastSeq() == 1)
  }

  @Test("The folder is free again when the store is gone")
  func unlocked() async throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    do { try SQLiteRunStore(folder: folder.path).close() }
    try SQLiteRunStore(folder: folder.path).close()
  }

  @Test("A file that is no database is an error that says so and leaves it alone")
  func damaged() throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let garbage = Data(repeating: 0x41, count: 8192)
    try garbage.write(to: URL(fileURLWithPath: folder.path + "/flightdeck.sqlite"))
    let problem = #expect(throws: Problem.self) { try SQLiteRunStore(folder: folder.path) }
    #expect(problem?.code == .unavailable)
    #expect(problem?.detail.contains("damaged") == true)
    #expect(try Data(contentsOf: URL(fileURLWithPath: folder.path + "/flightdeck.sqlite")) == garbage)
  }

  @Test("A store of a newer version is an error that says so")
  func newer() throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    do { try SQLiteRunStore(folder: folder.path).close() }
    let queue = try DatabaseQueue(path: folder.path + "/flightdeck.sqlite")
    try queue.write { db in try db.execute(sql: "INSERT INTO grdb_migrations VALUES ('99 of the future')") }
    try queue.close()
    let problem = #expect(throws: Problem.self) { try SQLiteRunStore(folder: folder.path) }
    #expect(problem?.detail.contains("newer flightdeck") == true)
  }

  @Test("A state folder that cannot be made is an error that names it")
  func noFolder() throws {
    let problem = #expect(throws: Problem.self) { try SQLiteRunStore(folder: "/proc/nowhere/state") }
    #expect(problem?.code == .unavailable)
    #expect(problem?.detail.contains("/proc/nowhere/state") == true)
  }

  @Test(
    "A full disk is an error, loses nothing, and the store goes on once there is space", .enabled(if: Disk.canMount))
  func fullDisk() async throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let disk = try Disk(at: folder.path, megabytes: 4)
    defer { disk.unmount() }
    let ballast = URL(fileURLWithPath: folder.path + "/ballast")
    try Data(count: 1_500_000).write(to: ballast)
    let store = try SQLiteRunStore(folder: folder.path)
    var acknowledged: UInt64 = 0
    var problem: Problem?
    while problem == nil {
      var batch = RecordBatch()
      batch.events = (1...500).map { Sample.event(acknowledged + $0) }
      do {
        try await store.commit(batch)
        acknowledged += 500
      } catch let error as Problem { problem = error }
    }
    #expect(problem?.code == .unavailable)
    #expect(problem?.detail.contains("full") == true)
    #expect(acknowledged > 0)
    #expect(try await store.lastSeq() == acknowledged)
    try FileManager.default.removeItem(at: ballast)
    var batch = RecordBatch()
    batch.events = [Sample.event(acknowledged + 1)]
    try await store.commit(batch)
    #expect(try await store.lastSeq() == acknowledged + 1)
    try store.close()
  }

  @Test(
    "SQLite's errors become problems with the way out",
    arguments: [
      (ResultCode.SQLITE_FULL, Problem.Code.unavailable, "Free some space"),
      (.SQLITE_READONLY_DBMOVED, .unavailable, "read only"),
      (.SQLITE_CORRUPT, .unavailable, "backup"),
      (.SQLITE_NOTADB, .unavailable, "damaged"),
      (.SQLITE_CANTOPEN, .unavailable, "folder"),
      (.SQLITE_BUSY, .unavailable, "Another program"),
      (.SQLITE_IOERR_FSYNC, .unavailable, "Check the disk"),
      (.SQLITE_TOOBIG, .tooLarge, "1 GB"),
      (.SQLITE_CONSTRAINT_PRIMARYKEY, .conflict, "already holds"),
      (.SQLITE_NOMEM, .unavailable, "out of memory"),
    ])
  func problems(code: ResultCode, expected: Problem.Code, words: String) {
    let problem = StoreProblem(path: "/state/flightdeck.sqlite").problem(code, "out of memory")
    #expect(problem.code == expected)
    #expect(problem.detail.contains(words))
    #expect(problem.detail.contains("/state/flightdeck.sqlite"))
  }
}

/// A small disk of its own, where this user may mount one.
private struct Disk {
  let path: String

  static let canMount: Bool = {
    guard getuid() == 0, let folder = try? TemporaryFolder(), let disk = try? Disk(at: folder.path, megabytes: 1) else {
      return false
    }
    disk.unmount()
    return true
  }()

  init(at path: String, megabytes: Int) throws {
    guard mount("tmpfs", path, "tmpfs", 0, "size=\(megabytes)m") == 0 else {
      throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EPERM)
    }
    self.path = path
  }

  func unmount() { umount2(path, Int32(2)) }
}
