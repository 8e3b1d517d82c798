import GRDB
package import RunModel

/// Whether an orchestrator could work on a store, found without changing anything.
package enum StoreExamination {
  /// The cause of a problem with a store that is.
  package static let damaged = StoreProblem.damaged
  /// Larger ones are looked at as a start does, and not page by page: that would take more than a few seconds.
  private static let mostBytes: Int64 = 512 << 20

  /// What is wrong with the store of `folder`; nil when nothing is, or there is none. `isHeld`: an orchestrator works on it.
  package static func complaint(about folder: String, isHeld: Bool) -> Problem? {
    let path = "\(folder)/\(StoreBackup.name)"
    guard StoreFile.size(path) > 0 else { return nil }
    do {
      let database = try isHeld ? StoreFile.open(readOnly: path) : StoreFile.open(untouched: path)
      try StoreFile.demandKnown(database, path)
      guard try database.read(StoreSchema.migrator.hasCompletedMigrations) else { return nil }
      try database.read { db in
        try StoreFile.demandReadable(db, path)
        guard StoreFile.size(path) < mostBytes else { return }
        let complaints = try String.fetchAll(db, sql: "PRAGMA quick_check(1)")
        guard complaints == ["ok"] else {
          throw StoreProblem(path: path).problem(.SQLITE_CORRUPT, "SQLite's check fails")
        }
      }
      try database.close()
      return nil
    } catch {
      let problem = StoreProblem(path: path).translate(error)
      return problem as? Problem ?? Problem(.unavailable, "The store \(path) cannot be looked at: \(error)")
    }
  }
}
