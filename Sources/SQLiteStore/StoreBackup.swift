import FoundationEssentials
import GRDB
import Glibc
package import Orchestration
package import RunModel

/// Backups of a store, made while an orchestrator works, and put back while none does.
package enum StoreBackup {
  package static let name = "flightdeck.sqlite"

  /// Copies the store of `folder` to `path` as of one moment, checks the copy whole, and only then gives it its name.
  ///
  /// Throws `Problem(.notFound)` when there is no store, `.conflict` when something is at `path` and is not to be
  /// replaced.
  package static func make(
    of folder: String, to path: String, replacing: Bool = false, progress: @escaping (StoreProgress) -> Void = { _ in }
  ) throws -> StoreSummary {
    let store = "\(folder)/\(name)"
    let problems = StoreProblem(path: path)
    guard StoreFile.exists(store) else { throw Problem(.notFound, "There is no store in \(folder).") }
    guard replacing || !StoreFile.exists(path) else {
      throw Problem(.conflict, "\(path) is there already. Choose another name, or replace it with --force.")
    }
    if isSame(store, path) { throw Problem(.invalid, "\(path) is the store itself. Choose another name.") }
    try StoreFile.demandSpace(
      StoreFile.size(store) + StoreFile.size(store + "-wal"), in: StoreFile.folder(of: path), to: "back the store up")
    let fresh = path + ".new"
    do {
      let source = try source(store)
      let copy = try StoreFile.copy(source, to: fresh, progress: progress)
      try source.close()
      let summary: StoreSummary
      // The copy is the store as of one moment: what is wrong with what it holds is wrong with the store.
      do { summary = try StoreFile.check(copy, store, progress: progress) } catch { throw blamed(on: store, error) }
      try copy.close()
      try StoreFile.sync(fresh)
      try StoreFile.rename(fresh, to: path)
      try StoreFile.sync(StoreFile.folder(of: path))
      return summary
    } catch let error as DatabaseError where [.SQLITE_NOTADB, .SQLITE_CORRUPT].contains(error.resultCode) {
      StoreFile.remove(fresh)
      throw blamed(on: store, error)
    } catch {
      StoreFile.remove(fresh)
      throw problems.translate(error)
    }
  }

  private static func source(_ store: String) throws -> DatabaseQueue {
    do { return try StoreFile.open(readOnly: store) } catch {
      // Where nothing can be written nobody writes, and a store without a log needs no file made beside it to be read.
      guard access(StoreFile.folder(of: store), W_OK) != 0 else { throw StoreProblem(path: store).translate(error) }
      do { return try StoreFile.open(untouched: store) } catch {
        throw Problem(
          .unavailable,
          "The store \(store) cannot be read where it is: its log has to be read too, which needs a folder that can be "
            + "written to. Copy \(StoreFile.folder(of: store)) to a disk with room, and name the copy with --state.")
      }
    }
  }

  private static func blamed(on store: String, _ error: any Error) -> any Error {
    guard var problem = StoreProblem(path: store).translate(error) as? Problem else { return error }
    problem.detail += " No backup was made; what is wrong is in the store, not in the copy."
    return problem
  }

  /// Checks a backup whole. Throws a `Problem` that says what is wrong with it.
  package static func check(_ path: String, progress: @escaping (StoreProgress) -> Void = { _ in }) throws
    -> StoreSummary
  {
    guard StoreFile.exists(path) else { throw Problem(.notFound, "There is no file \(path).") }
    do {
      let database = try StoreFile.open(readOnly: path)
      try StoreFile.demandKnown(database, path)
      return try StoreFile.check(database, path, progress: progress)
    } catch let error as DatabaseError where [.SQLITE_NOTADB, .SQLITE_CORRUPT].contains(error.resultCode) {
      throw Problem(
        .invalid,
        "\(path) is not a backup, or not a whole one (\(error.message ?? "\(error.resultCode)")). Name a file that "
          + "flightdeck backup has made; nothing was changed.")
    } catch { throw StoreProblem(path: path).translate(error) }
  }

  /// The runs that a store's file knows.
  package static func runs(in path: String) throws -> Set<RunID> {
    do {
      return try StoreFile.open(readOnly: path).read { db in
        var runs: Set<RunID> = []
        let rows = try Row.fetchCursor(db, sql: "SELECT run FROM runs")
        while let row = try rows.next() { if let run = try row.run(0) { runs.insert(run) } }
        return runs
      }
    } catch { throw StoreProblem(path: path).translate(error) }
  }

  /// Puts a backup in the place of the store of `folder`. What was there is kept beside, in one file; its path is returned,
  /// nil when there was nothing. The restored audit trail goes on with a record of the restore.
  ///
  /// Tokens that were revoked since stay revoked, as far as this folder knows of it; they are counted.
  ///
  /// Throws `Problem(.conflict)` while an orchestrator holds the store. Ended at any moment, it has either put the backup
  /// in place, will have once the store is opened, or has changed nothing.
  package static func restore(
    _ path: String, into folder: String, by actor: Actor = .system, now: Timestamp = .now,
    progress: @escaping (StoreProgress) -> Void = { _ in }
  ) throws -> (summary: StoreSummary, replaced: String?, revoked: Int) {
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch { throw Problem(.unavailable, "The state folder \(folder) cannot be made: \(error).") }
    let lock = try StoreLock(folder: folder)
    defer { withExtendedLifetime(lock) {} }
    let store = "\(folder)/\(name)"
    if isSame(store, path) { throw Problem(.invalid, "\(path) is the store itself.") }
    let summary = try check(path, progress: progress)
    try StoreFile.demandSpace(summary.bytes, in: folder, to: "restore the store")
    let fresh = store + ".restoring"
    let revoked = try revoked(in: folder)
    // Two restores within a second keep two stores.
    var time = now
    while StoreFile.exists(aside(store, at: time)) { time = time + .seconds(1) }
    let old = StoreFile.exists(store) ? aside(store, at: time) : nil
    let oldEnd = old.flatMap { _ in lastRecord(of: store) }
    do {
      let source = try StoreFile.open(readOnly: path)
      let copy = try StoreFile.copy(source, to: fresh, progress: progress)
      try source.close()
      let count = try copy.write { db in
        try StoreSchema.beginAnew(db)
        let count = try revoke(revoked, in: db)
        var data: JSONObject = [
          "file": .string(path), "lastSeq": .int(Int64(clamping: summary.lastSeq)),
          "replaced": old.map { .string($0) } ?? .null, "revokedTokens": .int(Int64(count)),
        ]
        if let oldEnd {
          data.append("replacedAuditSeq", .int(Int64(clamping: oldEnd.seq)))
          data.append("replacedAuditHash", .string(oldEnd.hash))
        }
        var batch = RecordBatch()
        batch.audit = [
          AuditDraft("store.restored", on: .none, by: actor, data: data, time: now)
            .sealed(after: try db.audit("ORDER BY seq DESC LIMIT 1", []).first)
        ]
        try db.insert(batch)
        return count
      }
      try copy.close()
      try StoreFile.date(fresh, time)
      try StoreFile.sync(fresh)
      try StoreFile.rename(fresh, to: store + restored)
      try StoreFile.sync(folder)
      return (summary, try finish(store), count)
    } catch {
      StoreFile.remove(fresh)
      throw StoreProblem(path: store).translate(error)
    }
  }

  /// What the list beside the store says, and the store that is to be replaced, where it can still be read.
  private static func revoked(in folder: String) throws(Problem) -> [TokenID: Timestamp] {
    let list = RevokedTokens(folder: folder)
    let store = "\(folder)/\(name)"
    if StoreFile.exists(store) {
      // A store that cannot be read is what a restore is for.
      let known = try? StoreFile.open(untouched: store).read { db in
        try db.tableExists("tokens") ? db.tokens().revoked : [:]
      }
      try list.add(known ?? [:])
    }
    return try list.read()
  }

  /// Returns how many were good.
  private static func revoke(_ revoked: [TokenID: Timestamp], in db: Database) throws -> Int {
    guard try db.tableExists("tokens") else { return 0 }
    var batch = RecordBatch()
    for token in try db.tokens() {
      guard let time = revoked[token.id], let json = try? JSONValue(parsing: token.json),  // one lets nobody in
        var summary = TokenSummary(json: json), summary.revokedAt == nil
      else { continue }
      summary.revokedAt = time
      batch.tokens.append(StoredToken(id: token.id, hash: token.hash, json: summary.jsonBytes))
    }
    try db.insert(batch)
    return batch.tokens.count
  }

  /// The end of the audit trail of a store that is to be replaced; nil where it cannot be read any more.
  private static func lastRecord(of store: String) -> StoredAuditRecord? {
    try? StoreFile.open(untouched: store).read { db in try db.audit("ORDER BY seq DESC LIMIT 1", []).first }
  }

  private static let kept = ".before-restore-"

  private static func aside(_ store: String, at time: Timestamp) -> String { store + kept + StoreFile.stamp(time) }

  /// The stores that restores have replaced and migrations have left behind, with what they take, the oldest first.
  package static func keptCopies(in folder: String) -> [(path: String, bytes: Int64)] {
    // A folder that cannot be read has none that anybody could name.
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { file in
      file.hasPrefix(name + kept) && !file.hasSuffix("-wal") && !file.hasSuffix("-shm")
        || file.hasPrefix(name + ".v") && file.hasSuffix(".bak")
    }.sorted().map { file in
      let path = "\(folder)/\(file)"
      return (path, StoreFile.size(path) + StoreFile.size(path + "-wal"))
    }
  }

  /// What a restored store is called until it is in place.
  private static let restored = ".restored"

  /// Puts a restored store in place that was not yet; returns where the replaced one is. Each step may be the last before
  /// the plug is pulled: the next call goes on from there.
  @discardableResult
  static func finish(_ store: String) throws(Problem) -> String? {
    let waiting = store + restored
    var status = stat()
    guard stat(waiting, &status) == 0 else { return nil }
    let aside = aside(
      store,
      at: Timestamp(milliseconds: Int64(status.st_mtim.tv_sec) * 1000 + Int64(status.st_mtim.tv_nsec) / 1_000_000))
    // The log goes first: a store without its log is old, a log without its store would be read into the new one.
    if StoreFile.exists(store + "-wal") { try StoreFile.rename(store + "-wal", to: aside + "-wal") }
    if StoreFile.exists(store) { try StoreFile.rename(store, to: aside) }
    unlink(store + "-shm")
    try StoreFile.rename(waiting, to: store)
    try StoreFile.sync(StoreFile.folder(of: store))
    guard StoreFile.exists(aside) else { return nil }
    fold(aside)
    return aside
  }

  /// The log of a store that is kept goes into its one file, so that whoever moves that has all of it. Where the store is
  /// damaged it may stay beside it: no reason not to have restored another.
  private static func fold(_ path: String) {
    guard StoreFile.exists(path + "-wal"), let kept = try? DatabaseQueue(path: path) else { return }
    try? kept.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA journal_mode = DELETE") }
    try? kept.close()
  }

  private static func isSame(_ one: String, _ other: String) -> Bool {
    var first = stat()
    var second = stat()
    return stat(one, &first) == 0 && stat(other, &second) == 0 && first.st_ino == second.st_ino
      && first.st_dev == second.st_dev
  }
}
