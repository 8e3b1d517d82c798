import GRDB
import RunModel

/// The tables and how they came about. A migration that has shipped is never edited; a new one follows it.
enum StoreSchema {
  /// As the last migration leaves them.
  static let tables = ["events", "runs", "contracts", "run_parts", "audit", "answers", "tokens", "identity", "marks"]

  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1 events, runs, contracts, audit") { db in
      // Ids are ULIDs as 16 bytes. No index on (run, seq): it would cost 60 % of the commit rate, and one run's events
      // lie between its first and last seq, which every caller knows. JSON comes last, so that a scan by run does not
      // touch its pages.
      try db.execute(
        sql: """
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
          """)
    }
    migrator.registerMigration("2 tokens") { db in
      try db.execute(
        sql: """
          CREATE TABLE tokens (
            place INTEGER PRIMARY KEY,
            token BLOB NOT NULL UNIQUE,
            hash BLOB NOT NULL UNIQUE,
            json BLOB NOT NULL);
          """)
    }
    migrator.registerMigration("3 identity") { db in
      try db.execute(sql: "CREATE TABLE identity (id TEXT NOT NULL)")
      try db.execute(
        sql: "INSERT INTO identity (id) VALUES (?)", arguments: [ULIDGenerator().next().description])
    }
    migrator.registerMigration("4 marks") { db in
      // What retention knows of a run: when somebody first looked at its end, and what was removed of it.
      try db.execute(
        sql: """
          CREATE TABLE marks (
            run BLOB PRIMARY KEY NOT NULL,
            seen INTEGER,
            removals BLOB);
          """)
    }
    return migrator
  }

  /// Called once on a store that was restored from a backup, before it is put in place: what must not be the same in two
  /// stores that go on from one moment is made anew.
  static func beginAnew(_ db: Database) throws {
    // A place in the order of one is none in that of the other. One of an older version gets its id when it is migrated.
    guard try db.tableExists("identity") else { return }
    try db.execute(sql: "UPDATE identity SET id = ?", arguments: [ULIDGenerator().next().description])
  }
}

/// What `run_parts.part` means; stored, so the numbers stay.
enum RunPart: Int64, CaseIterable {
  case decision = 1
  case artifacts = 2
  case patch = 3
  case position = 4
  case start = 5
}
