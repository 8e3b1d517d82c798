import FoundationEssentials
import GRDB
import Glibc
import Orchestration
import RunModel

/// How far a long work on a store's file is.
package struct StoreProgress: Sendable, Hashable {
  /// `copying`, `checking`, `migrating`.
  package var what: String
  /// In [0, 1]; nil where that is not known.
  package var share: Double?

  package init(_ what: String, share: Double? = nil) {
    self.what = what
    self.share = share
  }
}

/// What a store's file holds, as a check of the whole of it has found.
package struct StoreSummary: Sendable, Hashable {
  package var bytes: Int64 = 0
  package var lastSeq: UInt64 = 0
  /// Events before this one were removed by gc; 1 when none were.
  package var firstSeq: UInt64 = 1
  package var runs = 0
  package var auditRecords: UInt64 = 0
  /// The hash of the last audit record.
  package var lastHash: String?
}

/// Work on a store's file as a whole: copied from under those who use it, checked, put in place.
enum StoreFile {
  /// The names beside the database file.
  static func backup(_ path: String, version: Int, at time: Timestamp) -> String {
    "\(path).v\(version)-\(stamp(time)).bak"
  }

  /// `20260131T120000Z`: sorts as the times do.
  static func stamp(_ time: Timestamp) -> String {
    String(time.description.prefix(19)).filter { $0 != "-" && $0 != ":" } + "Z"
  }

  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  static func size(_ path: String) -> Int64 {
    var status = stat()
    return stat(path, &status) == 0 ? Int64(status.st_size) : 0
  }

  static func freeBytes(_ folder: String) -> Int64? {
    var space = statvfs()
    guard statvfs(folder, &space) == 0 else { return nil }
    return Int64(clamping: UInt64(space.f_bavail) * UInt64(space.f_frsize))
  }

  static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// Throws unless the folder has room for so many bytes, and a little more.
  static func demandSpace(_ bytes: Int64, in folder: String, to doing: String) throws(Problem) {
    let needed = bytes + 16 << 20
    guard let free = freeBytes(folder), free < needed else { return }
    throw Problem(
      .unavailable,
      "To \(doing), \(needed >> 20) MB are needed in \(folder), and \(free >> 20) MB are free. Free some space; nothing "
        + "has been changed.")
  }

  static func open(readOnly path: String) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(10)
    return try DatabaseQueue(path: path, configuration: configuration)
  }

  /// Opens a store so that its file stays as it is, byte for byte, whatever is found in it.
  static func open(untouched path: String) throws -> DatabaseQueue {
    guard size(path + "-wal") == 0, !exists(path + "-journal") else { return try open(readOnly: path) }
    // Without a log the file alone says everything: SQLite need not even look for others that use it.
    var configuration = Configuration()
    configuration.readonly = true
    let allowed = Set("/-_.~".utf8)
    let name = path.utf8.map { byte in
      let isPlain =
        allowed.contains(byte) || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
        || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
      if isPlain { return String(UnicodeScalar(byte)) }
      let digits = String(byte, radix: 16)
      return digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
    }
    return try DatabaseQueue(path: "file:\(name.joined())?immutable=1", configuration: configuration)
  }

  /// Copies a database into a new file, mode 0600, that needs no other file beside it: as of one moment, whoever writes
  /// meanwhile. Whatever was at `path` is replaced.
  static func copy(
    _ source: some DatabaseReader, to path: String, progress: @escaping (StoreProgress) -> Void
  ) throws -> DatabaseQueue {
    remove(path)
    let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else {
      throw Problem(.unavailable, "\(path) cannot be written: \(String(cString: strerror(errno))).")
    }
    close(descriptor)
    let target = try DatabaseQueue(path: path)
    do {
      try target.writeWithoutTransaction { target in
        try source.read { source in
          // Begins the reading: without it every commit of another process would begin the copy anew.
          _ = try Int64.fetchOne(source, sql: "SELECT count(*) FROM sqlite_master")
          try source.backup(to: target, pagesPerStep: 1024) { step in
            progress(
              StoreProgress(
                "copying",
                share: step.totalPageCount == 0
                  ? 1 : Double(step.totalPageCount - step.remainingPageCount) / Double(step.totalPageCount)))
          }
        }
        try target.execute(sql: "PRAGMA journal_mode = DELETE")
      }
      return target
    } catch {
      try? target.close()  // it is given up
      remove(path)
      throw error
    }
  }

  /// Removes a database that is ours alone, with what may lie beside it.
  static func remove(_ path: String) {
    for suffix in ["", "-wal", "-shm", "-journal"] { unlink(path + suffix) }
  }

  /// Makes sure that a file, or a folder's names, are on the disk.
  static func sync(_ path: String) throws(Problem) {
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0, fsync(descriptor) == 0 else {
      let cause = String(cString: strerror(errno))
      if descriptor >= 0 { close(descriptor) }
      throw Problem(.unavailable, "\(path) cannot be put safely on the disk: \(cause).")
    }
    close(descriptor)
  }

  /// Says when a file was made, for whoever names another after it.
  static func date(_ path: String, _ time: Timestamp) throws(Problem) {
    let moment = timespec(
      tv_sec: Int(time.milliseconds / 1000), tv_nsec: Int(time.milliseconds % 1000) * 1_000_000)
    guard utimensat(AT_FDCWD, path, [moment, moment], 0) == 0 else {
      throw Problem(.unavailable, "\(path) cannot be dated: \(String(cString: strerror(errno))).")
    }
  }

  static func rename(_ from: String, to path: String) throws(Problem) {
    guard Glibc.rename(from, path) == 0 else {
      throw Problem(.unavailable, "\(from) cannot be put in place as \(path): \(String(cString: strerror(errno))).")
    }
  }

  // MARK: - Checking

  /// Looks at everything: SQLite's own check, the order of the events without a gap, the audit chain.
  static func check(
    _ database: some DatabaseReader, _ path: String, progress: @escaping (StoreProgress) -> Void
  ) throws -> StoreSummary {
    progress(StoreProgress("checking"))
    return try database.read { db in
      guard try StoreSchema.migrator.appliedIdentifiers(db).isEmpty == false else {
        throw Problem(.invalid, "\(path) is no store of flightdeck.")
      }
      let complaints = try String.fetchAll(db, sql: "PRAGMA integrity_check(3)")
      guard complaints == ["ok"] else { throw damage(of: path, complaints) }
      var summary = StoreSummary()
      let pages = try Int64.fetchOne(db, sql: "PRAGMA page_count") ?? 0
      summary.bytes = pages * (try Int64.fetchOne(db, sql: "PRAGMA page_size") ?? 0)
      summary.runs = try Int.fetchOne(db, sql: "SELECT count(*) FROM runs") ?? 0
      if let row = try Row.fetchOne(db, sql: "SELECT min(seq), max(seq), count(*) FROM events"), row[2] as Int64 > 0 {
        summary.firstSeq = row.seq(0)
        summary.lastSeq = row.seq(1)
        let count = row.seq(2)
        guard summary.lastSeq - summary.firstSeq + 1 == count else {
          throw Problem(
            .unavailable,
            "\(path) is damaged: of the events \(summary.firstSeq) to \(summary.lastSeq) only \(count) are there.",
            cause: StoreProblem.damaged)
        }
      }
      var verifier = AuditChain.Verifier()
      let records = try Row.fetchCursor(db, sql: "SELECT json FROM audit ORDER BY seq")
      while let record = try records.next() {
        do throws(AuditChain.Break) {
          guard let json = try? JSONValue(parsing: record.bytes(0)) else {  // the next line says so
            throw AuditChain.Break(seq: verifier.count + 1, reason: "it is not JSON")
          }
          try verifier.check(json)
        } catch {
          throw Problem(
            .unavailable, "The audit trail in \(path) does not verify: \(error)", cause: StoreProblem.damaged)
        }
      }
      summary.auditRecords = verifier.count
      summary.lastHash = verifier.lastHash
      return summary
    }
  }

  /// What SQLite's own check says, without the headings that it puts between its findings.
  private static func damage(of path: String, _ complaints: [String]) -> Problem {
    let found = complaints.flatMap { $0.split(separator: "\n") }.filter { !$0.hasPrefix("***") }
    return Problem(
      .unavailable,
      "\(path) is damaged: \(found.isEmpty ? "SQLite's check fails" : found.joined(separator: "; ")).",
      cause: StoreProblem.damaged)
  }

  /// Reads what a start reads: a store in which that is damaged is refused before anything is written to it.
  static func demandReadable(_ db: Database, _ path: String) throws {
    for table in StoreSchema.tables { _ = try Row.fetchOne(db, sql: "SELECT * FROM \(table) LIMIT 1") }
    for table in ["runs", "tokens", "marks"] {
      let complaints = try String.fetchAll(db, sql: "PRAGMA quick_check('\(table)')")
      guard complaints == ["ok"] else {
        throw StoreProblem(path: path).problem(.SQLITE_CORRUPT, complaints.first ?? "SQLite's check says nothing")
      }
    }
    for table in ["events", "audit"] {
      _ = try Row.fetchOne(db, sql: "SELECT * FROM \(table) ORDER BY seq DESC LIMIT 1")
    }
  }

  /// Throws for a store that a newer program has written.
  static func demandKnown(_ database: some DatabaseReader, _ path: String) throws {
    if try database.read(StoreSchema.migrator.hasBeenSuperseded) {
      throw Problem(
        .unavailable,
        "The store \(path) was written by a newer flightdeck. Use that version, or another folder with --state.")
    }
  }
}
