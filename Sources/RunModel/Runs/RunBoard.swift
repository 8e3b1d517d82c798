/// All runs known, as of a seq: what a snapshot carries and what events are folded into.
package struct RunBoard: Sendable {
  /// In the order of dispatch.
  package private(set) var runs: [Run] = []
  /// The last event folded in.
  package private(set) var seq: UInt64 = 0
  private var places: [RunID: Int] = [:]
  private var counts: [RunStatus: Int] = [:]
  package private(set) var needingAttention = 0
  /// Of those, the queued ones that nobody has approved yet.
  package private(set) var awaitingApproval = 0
  /// More than `runs` has as long as the rest of a snapshot is on its way.
  package private(set) var total = 0

  package init() {}

  package init(runs: [Run], seq: UInt64) {
    self.runs = runs
    self.seq = seq
    total = runs.count
    places.reserveCapacity(runs.count)
    for (place, run) in runs.enumerated() {
      places[run.runId] = place
      counts[run.status, default: 0] += 1
      if run.needsAttention { needingAttention += 1 }
      if run.awaitsApproval { awaitingApproval += 1 }
    }
  }

  /// What is known of a snapshot whose runs have not all come yet; the counts are those of the whole.
  package init(glimpse: Snapshot) {
    self.init(runs: glimpse.runs, seq: glimpse.seq)
    counts = glimpse.counts
    needingAttention = glimpse.needingAttention
    total = counts.values.reduce(0) { Int(Int64($0).plus(Int64($1))) }
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
      let before = (runs[place].status, runs[place].needsAttention, runs[place].awaitsApproval)
      runs[place].apply(event)
      let after = (runs[place].status, runs[place].needsAttention, runs[place].awaitsApproval)
      if before.0 != after.0 {
        counts[before.0, default: 0] -= 1
        counts[after.0, default: 0] += 1
      }
      if before.1 != after.1 { needingAttention += after.1 ? 1 : -1 }
      if before.2 != after.2 { awaitingApproval += after.2 ? 1 : -1 }
      return place
    }
    guard let run = Run(queuedBy: event) else { return nil }
    places[id] = runs.count
    runs.append(run)
    total += 1
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
  /// Which record `seq` belongs to; nil when the orchestrator does not tell.
  package var store: StoreID?
  package var seq: UInt64
  /// In the order of dispatch; on the wire those that a screen shows first come first.
  package var runs: [Run]
  package var runtimes: [RuntimeSummary]
  /// Of all runs, also of those that are still on their way.
  package var counts: [RunStatus: Int]
  package var needingAttention: Int
  /// Why nothing is recorded since, while that is so.
  package var outage: StoreOutage?
  /// Why a changed configuration is not taken over, while it is not.
  package var configurationProblem: String?

  package init(store: StoreID? = nil, seq: UInt64, runs: [Run], runtimes: [RuntimeSummary]) {
    self.store = store
    self.seq = seq
    self.runs = runs
    self.runtimes = runtimes
    counts = [:]
    needingAttention = 0
    for run in runs {
      counts[run.status, default: 0] += 1
      if run.needsAttention { needingAttention += 1 }
    }
  }

  /// The places of `runs` in the order in which they travel: the live ones, then the latest first.
  package var travelOrder: [Int] {
    runs.indices.filter { !runs[$0].status.isTerminal } + runs.indices.reversed().filter { runs[$0].status.isTerminal }
  }

  /// Puts the runs back in the order of dispatch. In place, as 100,000 runs are not to be in memory twice.
  package mutating func restoreOrder() {
    let order = runs.indices.sorted {
      (runs[$0].firstSeq, runs[$0].runId) < (runs[$1].firstSeq, runs[$1].runId)
    }
    var from = order
    for place in from.indices {
      var source = from[place]
      // What was there has been swapped away by an earlier step: it is where that step put it.
      while source < place { source = from[source] }
      from[place] = source
      runs.swapAt(place, source)
    }
  }
}

extension Snapshot: JSONWritable {
  package func write(to json: inout JSONWriter) {
    json.object { json in
      writeHead(to: &json)
      json.member("runs", travelOrder.map { runs[$0] })
    }
  }

  /// All but the runs.
  package func writeHead(to json: inout JSONWriter) {
    if let store { json.member("store", store.description) }
    json.member("seq", Int64(clamping: seq))
    json.member("runtimes", runtimes)
    json.member("counts", .object(JSONObject(RunStatus.allCases.map { ($0.rawValue, .int(Int64(counts[$0] ?? 0))) })))
    json.member("needingAttention", needingAttention)
    if let outage { json.member("outage", outage) }
    if let configurationProblem { json.member("configurationProblem", configurationProblem) }
  }

  package init(from reader: inout JSONReader) throws(JSONError) {
    var snapshot = Snapshot(seq: 0, runs: [], runtimes: [])
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "store": snapshot.store = StoreID(try reader.string())
      case "seq": snapshot.seq = UInt64(clamping: try reader.int())
      case "runtimes":
        try reader.array { reader throws(JSONError) in
          if let runtime = RuntimeSummary(json: try reader.value()) { snapshot.runtimes.append(runtime) }
        }
      case "counts":
        let counts = try reader.value()
        for status in RunStatus.allCases { snapshot.counts[status] = counts[status.rawValue]?.int.map(Int.init) }
      case "needingAttention": snapshot.needingAttention = Int(try reader.int())
      case "outage": snapshot.outage = StoreOutage(json: try reader.value())
      case "configurationProblem": snapshot.configurationProblem = try reader.value().string
      case "runs":
        try reader.array { reader throws(JSONError) in snapshot.runs.append(try Run(from: &reader)) }
      default: try reader.skip()
      }
    }
    snapshot.restoreOrder()
    self = snapshot
  }
}
