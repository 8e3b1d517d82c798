import FoundationEssentials
import GRDB
import Glibc
import RunModel

/// Brings a store of an older version up to date: on a copy, which takes the store's place when it is whole. The old
/// store stays beside it as a backup; whatever goes wrong before leaves it untouched, and in place.
struct StoreMigration {
  let path: String
  var migrator = StoreSchema.migrator
  var now: () -> Timestamp = { .now }

  /// Backups of older versions that are kept.
  static let kept = 3

  /// Does nothing for a store that is new or up to date. Throws for a newer one.
  func run(tell: @escaping (StoreProgress) -> Void) throws {
    guard StoreFile.size(path) > 0 else { return }
    let found = try StoreFile.open(untouched: path)
    let applied = try found.read(migrator.appliedIdentifiers)
    if try found.read(migrator.hasBeenSuperseded) {
      throw Problem(
        .unavailable,
        "The store \(path) was written by a newer flightdeck. Use that version, or another folder with --state.")
    }
    if applied.isEmpty { return }
    if try found.read(migrator.hasCompletedMigrations) {
      try found.read { try StoreFile.demandReadable($0, path) }
      return try found.close()
    }
    try found.close()
    let old = try DatabaseQueue(path: path)
    let version = applied.compactMap { Int($0.prefix { $0.isNumber }) }.max() ?? applied.count
    try StoreFile.demandSpace(
      2 * (StoreFile.size(path) + StoreFile.size(path + "-wal")), in: StoreFile.folder(of: path),
      to: "bring the store up to date")
    // All of it into the one file, which is what becomes the backup.
    try old.writeWithoutTransaction { db in _ = try Row.fetchAll(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
    let fresh = path + ".migrating"
    do {
      let copy = try StoreFile.copy(old, to: fresh, progress: tell)
      _ = try StoreFile.check(copy, path, progress: tell)
      tell(StoreProgress("migrating"))
      try migrator.migrate(copy)
      let complaints = try copy.read { db in try String.fetchAll(db, sql: "PRAGMA integrity_check(3)") }
      guard complaints == ["ok"] else {
        throw Problem(.internal, "The migrated store is not whole: \(complaints.joined(separator: "; ")).")
      }
      try copy.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA journal_mode = DELETE") }
      try copy.close()
      try old.close()
      guard StoreFile.size(path + "-wal") == 0 else {
        throw Problem(.unavailable, "Another program has the store \(path) open. Close it and try again.")
      }
      StoreFile.unlinkLog(of: path)
      try StoreFile.sync(fresh)
      try keep(as: StoreFile.backup(path, version: version, at: now()), tell)
      try StoreFile.rename(fresh, to: path)
      try StoreFile.sync(StoreFile.folder(of: path))
    } catch {
      StoreFile.remove(fresh)
      if case let problem as Problem = StoreProblem(path: path).translate(error) {
        throw Problem(
          problem.code,
          "The store of version \(version) could not be brought up to date, and is as it was: \(problem.detail)")
      }
      throw error
    }
    prune()
  }

  /// The old file gets a second name; where that cannot be, its content a second place.
  private func keep(as backup: String, _ tell: @escaping (StoreProgress) -> Void) throws {
    if link(path, backup) == 0 { return }
    let old = try StoreFile.open(readOnly: path)
    try StoreFile.copy(old, to: backup, progress: tell).close()
    try old.close()
    try StoreFile.sync(backup)
  }

  private func prune() {
    let folder = StoreFile.folder(of: path)
    let prefix = String(path.dropFirst(folder.count + 1)) + ".v"
    // A folder that cannot be read keeps what it has.
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    let backups = names.filter { $0.hasPrefix(prefix) && $0.hasSuffix(".bak") }
      .sorted { $0.drop { $0 != "-" } < $1.drop { $0 != "-" } }
    for name in backups.dropLast(Self.kept) { unlink("\(folder)/\(name)") }
  }
}

extension StoreFile {
  /// An empty log that an outside reader has left: the next file of this name is not to find it.
  static func unlinkLog(of path: String) {
    unlink(path + "-wal")
    unlink(path + "-shm")
  }
}
