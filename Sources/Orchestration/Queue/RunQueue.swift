package import RunModel

/// The runs that wait for a slot, in order: priority descending, then created ascending.
///
/// Runs with the same demands share a lane, so that finding the next startable run costs the number of lanes, not of
/// runs: 100,000 queued behind one busy runtime are one look.
package struct RunQueue: Sendable {
  /// What routing depends on.
  package struct Demands: Hashable, Sendable {
    package var runtime: RuntimeID?
    package var requires: Set<Capability>
    /// The runtimes that refuse the contract for what it is.
    package var refusedBy: Set<RuntimeID>

    package init(runtime: RuntimeID?, requires: Set<Capability>, refusedBy: Set<RuntimeID>) {
      self.runtime = runtime
      self.requires = requires
      self.refusedBy = refusedBy
    }
  }

  private struct Place: Comparable {
    var priority: Int
    var created: Timestamp
    var run: RunID

    static func < (a: Self, b: Self) -> Bool {
      if a.priority != b.priority { return a.priority > b.priority }
      if a.created != b.created { return a.created < b.created }
      return a.run < b.run
    }
  }

  private var lanes: [Demands: [Place]] = [:]
  private var entries: [RunID: (Demands, Place)] = [:]

  package init() {}

  package var count: Int { entries.count }
  package func contains(_ run: RunID) -> Bool { entries[run] != nil }

  package mutating func insert(_ run: RunID, priority: Int, created: Timestamp, demands: Demands) {
    remove(run)
    let place = Place(priority: priority, created: created, run: run)
    entries[run] = (demands, place)
    var lane = lanes.removeValue(forKey: demands) ?? []
    // Lanes are kept in reverse, so that the next run is the cheap one to take.
    lane.insert(place, at: lane.partitioningIndex { $0 < place })
    lanes[demands] = lane
  }

  @discardableResult package mutating func remove(_ run: RunID) -> Bool {
    guard let (demands, place) = entries.removeValue(forKey: run), var lane = lanes.removeValue(forKey: demands) else {
      return false
    }
    let index = lane.partitioningIndex { $0 <= place }
    if index < lane.count, lane[index] == place { lane.remove(at: index) }
    if !lane.isEmpty { lanes[demands] = lane }
    return true
  }

  /// The first run, in order, of those lanes that `canStart` lets pass.
  package func first(where canStart: (Demands) -> Bool) -> RunID? {
    var best: Place?
    for (demands, lane) in lanes {
      guard let next = lane.last, best.map({ next < $0 }) ?? true, canStart(demands) else { continue }
      best = next
    }
    return best?.run
  }
}

extension Array {
  /// The first index whose element satisfies `belongs`, which must be false, then true along the array.
  fileprivate func partitioningIndex(where belongs: (Element) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if belongs(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
