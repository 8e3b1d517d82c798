/// All runs known, as of a seq: what a snapshot carries and what events are folded into.
package struct RunBoard: Sendable {
  /// In the order of dispatch.
  package private(set) var runs: [Run] = []
  /// The last event folded in.
  package private(set) var seq: UInt64 = 0
  private var places: [RunID: Int] = [:]
  private var counts: [RunStatus: Int] = [:]
  package private(set) var needingAttention = 0

  package init() {}

  package init(runs: [Run], seq: UInt64) {
    self.runs = runs
    self.seq = seq
    places.reserveCapacity(runs.count)
    for (place, run) in runs.enumerated() {
      places[run.runId] = place
      counts[run.status, default: 0] += 1
      if run.needsAttention { needingAttention += 1 }
    }
  }

  package subscript(run: RunID) -> Run? { places[run].map { runs[$0] } }
  package func place(of run: RunID) -> Int? { places[run] }
  package func count(_ status: RunStatus) -> Int { counts[status] ?? 0 }

  /// Folds one event in; returns the place of the run that it changed, nil for an event of no known run or seen before.
  @discardableResult package mutating func apply(_ event: RunEvent) -> Int? {
    guard event.seq > seq else { return nil }
    seq = event.seq
    guard let id = event.run else { return nil }
    if let place = places[id] {
      let before = (runs[place].status, runs[place].needsAttention)
      runs[place].apply(event)
      let after = (runs[place].status, runs[place].needsAttention)
      if before.0 != after.0 {
        counts[before.0, default: 0] -= 1
        counts[after.0, default: 0] += 1
      }
      if before.1 != after.1 { needingAttention += after.1 ? 1 : -1 }
      return place
    }
    guard let run = Run(queuedBy: event) else { return nil }
    places[id] = runs.count
    runs.append(run)
    counts[.queued, default: 0] += 1
    return runs.count - 1
  }

  /// The runs whose id ends in `text`, which may be a whole id; case does not matter. Newest first.
  package func runs(endingIn text: String) -> [Run] {
    let wanted = text.uppercased()
    // Every id ends in nothing, but nobody means all of them.
    if wanted.isEmpty { return [] }
    if let id = RunID(wanted) { return self[id].map { [$0] } ?? [] }
    return runs.reversed().filter { $0.runId.description.hasSuffix(wanted) }
  }
}

/// State as of a seq, from which a client joins the event stream without a gap.
package struct Snapshot: Sendable {
  package var seq: UInt64
  package var runs: [Run]
  package var runtimes: [RuntimeSummary]

  package init(seq: UInt64, runs: [Run], runtimes: [RuntimeSummary]) {
    self.seq = seq
    self.runs = runs
    self.runtimes = runtimes
  }
}

extension Snapshot: JSONWritable {
  package func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("seq", Int64(seq))
      json.member("runtimes", runtimes)
      json.member("runs", runs)
    }
  }

  package init(from reader: inout JSONReader) throws(JSONError) {
    var snapshot = Snapshot(seq: 0, runs: [], runtimes: [])
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "seq": snapshot.seq = UInt64(clamping: try reader.int())
      case "runtimes":
        try reader.array { reader throws(JSONError) in
          if let runtime = RuntimeSummary(json: try reader.value()) { snapshot.runtimes.append(runtime) }
        }
      case "runs":
        try reader.array { reader throws(JSONError) in snapshot.runs.append(try Run(from: &reader)) }
      default: try reader.skip()
      }
    }
    self = snapshot
  }
}
