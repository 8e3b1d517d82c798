import RunModel

extension Journal {
  /// An entry that waits to be stored, and who waits for it.
  struct Pending {
    var entry: JournalEntry
    var bytes: Int
    var waiter: CheckedContinuation<Void, any Error>?
    /// Its waiter waits for the end of an outage too.
    var isPatient = false

    init(_ entry: JournalEntry, waiter: CheckedContinuation<Void, any Error>? = nil, isPatient: Bool = false) {
      self.entry = entry
      self.waiter = waiter
      self.isPatient = isPatient
      bytes = entry.weight
    }
  }

  /// What waits to be stored, with what is known of the room for it.
  struct Queue {
    var pending: [Pending] = []
    var events = 0
    /// Of what waits here, and of what else was charged.
    var bytes = 0
    /// Those who wait for room.
    var rooms: [CheckedContinuation<Void, Never>] = []
    /// Lines dropped and not told yet, with the last of them.
    var dropped: [RunID: (count: Int, last: RunEvent)] = [:]
    var droppedLines = 0
    var isClosed = false
    /// Why nothing can be stored, while it cannot.
    var outage: StoreOutage?
    /// What is stored was found damaged: nothing new is taken in until another store is in its place.
    var damage: StoreOutage?
    var obstacle: StoreOutage? { outage ?? damage }
    /// So many entries are to be tried one by one: they failed together for what one of them holds.
    var singles = 0

    var hasRoom: Bool { isClosed || (bytes <= Bounds.journalRoom && events <= Bounds.journalEvents / 2) }

    mutating func append(_ entry: Pending) {
      pending.append(entry)
      events += entry.entry.events.count
      bytes += entry.bytes
    }

    /// Takes out what somebody waits for who is not to wait for the end of an outage.
    mutating func withdraw() -> [CheckedContinuation<Void, any Error>] {
      var left: [Pending] = []
      var waiters: [CheckedContinuation<Void, any Error>] = []
      for entry in pending {
        if let waiter = entry.waiter, !entry.isPatient {
          waiters.append(waiter)
          events -= entry.entry.events.count
          bytes -= entry.bytes
        } else {
          left.append(entry)
        }
      }
      pending = left
      return waiters
    }

    mutating func takeRooms() -> [CheckedContinuation<Void, Never>] {
      guard hasRoom else { return [] }
      defer { rooms = [] }
      return rooms
    }
  }
}
