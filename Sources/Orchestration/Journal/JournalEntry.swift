package import RunModel

/// What one party wants recorded together: all of it is durable, or none.
package struct JournalEntry: Sendable {
  /// Their `seq` is given when they are written.
  package var events: [RunEvent] = []
  package var audit: [AuditDraft] = []
  package var contracts: [Contract] = []
  package var details: [(run: RunID, detail: StoredDetail)] = []
  package var answer: (key: String, json: [UInt8])?
  package var tokens: [StoredToken] = []
  /// How far the runtime's own record of a run is told with these events.
  package var position: (run: RunID, place: ReportPosition)?

  package init(_ events: [RunEvent] = [], audit: [AuditDraft] = []) {
    self.events = events
    self.audit = audit
  }
}

extension JournalEntry {
  /// About the bytes that it takes while it waits.
  var weight: Int {
    var weight = events.reduce(64) { $0 + $1.weight } + audit.count * 512 + (answer?.json.count ?? 0)
    for contract in contracts { weight += 512 + (contract.prompt?.utf8.count ?? 0) }
    for (_, detail) in details {
      weight += (detail.decision?.count ?? 0) + (detail.artifacts?.count ?? 0) + (detail.patch?.count ?? 0)
    }
    return weight
  }
}

extension RunEvent {
  /// An output event without its line.
  var emptied: RunEvent {
    RunEvent(
      source: source, type: .output, run: run, time: time,
      data: ["stream": type == .output ? data["stream"] ?? "stderr" : "stderr", "text": ""])
  }

  /// So many lines were not kept, of which this is the last, emptied.
  static func dropped(_ count: Int, like last: RunEvent) -> RunEvent {
    var event = last
    event.data["dropped"] = .int(Int64(count))
    return event
  }

  /// So many lines of the run were not kept before this.
  static func dropped(_ count: Int, of run: RunID, at time: Timestamp) -> RunEvent {
    RunEvent(
      type: .output, run: run, time: time, data: ["stream": "stderr", "text": "", "dropped": .int(Int64(count))])
  }
}
