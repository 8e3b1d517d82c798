import GRDB
import RunModel

/// What SQLite itself says of a store that nobody holds.
enum StoreCheck {
  /// Everything that is wrong with it; empty when nothing is.
  static func complaints(about folder: String) throws -> [String] {
    var configuration = Configuration()
    configuration.readonly = true
    let queue = try DatabaseQueue(path: folder + "/flightdeck.sqlite", configuration: configuration)
    defer { try? queue.close() }  // the process ends soon
    return try queue.read { db in
      let integrity = try String.fetchAll(db, sql: "PRAGMA integrity_check").filter { $0 != "ok" }
      let keys = try Row.fetchAll(db, sql: "PRAGMA foreign_key_check").map { "\($0)" }
      let events = try Row.fetchOne(db, sql: "SELECT count(*), coalesce(max(seq), 0) FROM events")
      let gap = events.map { ($0[0] as Int64) == ($0[1] as Int64) } == true ? [] : ["events have a gap"]
      return integrity + keys + gap
    }
  }

  static func change(_ folder: String, _ sql: String) throws {
    let queue = try DatabaseQueue(path: folder + "/flightdeck.sqlite")
    try queue.writeWithoutTransaction { db in
      try db.execute(sql: sql)
      try db.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)")
    }
    try queue.close()
  }
}

/// Randomness that is the same for a seed on every machine.
struct Dice: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func roll(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }
  mutating func chance(_ percent: Int) -> Bool { roll(1...100) <= percent }
}
