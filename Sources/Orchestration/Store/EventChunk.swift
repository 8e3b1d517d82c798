package import RunModel

/// Consecutive events, encoded once for every subscriber as Server-Sent Events: `id: <seq>\ndata: <json>\n\n` each.
package struct EventChunk: Sendable {
  package struct Entry: Sendable {
    package var seq: UInt64
    package var run: RunID?
    package var type: EventType
    /// Where its frame begins in `frames`, where its JSON begins, and where its JSON ends.
    package var start: Int
    package var jsonStart: Int
    package var jsonEnd: Int
  }

  package private(set) var frames: [UInt8] = []
  package private(set) var entries: [Entry] = []

  package init() {}

  package init(_ events: [StoredEvent]) {
    frames.reserveCapacity(events.reduce(0) { $0 + $1.json.count + 40 })
    for event in events { append(event) }
  }

  package mutating func append(_ event: StoredEvent) {
    let start = frames.count
    frames.append(contentsOf: "id: \(event.seq)\ndata: ".utf8)
    let jsonStart = frames.count
    frames.append(contentsOf: event.json)
    entries.append(
      Entry(seq: event.seq, run: event.run, type: event.type, start: start, jsonStart: jsonStart, jsonEnd: frames.count)
    )
    frames.append(contentsOf: "\n\n".utf8)
  }

  package var firstSeq: UInt64 { entries.first?.seq ?? 0 }
  package var lastSeq: UInt64 { entries.last?.seq ?? 0 }
  package var isEmpty: Bool { entries.isEmpty }
  package func json(of entry: Entry) -> ArraySlice<UInt8> { frames[entry.jsonStart..<entry.jsonEnd] }
}
