import GRDB

/// The tables and how they came about. A migration that has shipped is never edited; a new one follows it.
enum StoreSchema {
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
    return migrator
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
