package import RunModel

/// The runs that wait for a slot, in order: priority descending, then as they were created, which their ids tell whatever
/// the clock was set to meanwhile.
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
    var run: RunID

    static func < (a: Self, b: Self) -> Bool {
      if a.priority != b.priority { return a.priority > b.priority }
      return a.run < b.run
    }
  }

  private var lanes: [Demands: Lane] = [:]
  private var entries: [RunID: (demands: Demands, place: Place)] = [:]

  package init() {}

  package var count: Int { entries.count }
  package func contains(_ run: RunID) -> Bool { entries[run] != nil }

  package mutating func insert(_ run: RunID, priority: Int, demands: Demands) {
    let place = Place(priority: priority, run: run)
    if let known = entries[run], known.demands == demands, known.place == place { return }
    remove(run)
    entries[run] = (demands, place)
    lanes[demands, default: Lane()].insert(place)
  }

  @discardableResult package mutating func remove(_ run: RunID) -> Bool {
    guard let (demands, _) = entries.removeValue(forKey: run) else { return false }
    let known = entries
    lanes[demands]?.forgetOne { known[$0.run]?.demands == demands && known[$0.run]?.place == $0 }
    if lanes[demands]?.count == 0 { lanes[demands] = nil }
    return true
  }

  /// The first run, in order, of those lanes that `canStart` lets pass.
  package func first(where canStart: (Demands) -> Bool) -> RunID? {
    var best: Place?
    for (demands, lane) in lanes {
      guard let next = lane.first, best.map({ next < $0 }) ?? true, canStart(demands) else { continue }
      best = next
    }
    return best?.run
  }

  /// A binary heap, the next first. What has left the queue stays in it until it comes to the top or is most of it, so
  /// that taking one out anywhere costs no search; the top is always one that waits.
  private struct Lane: Sendable {
    private var heap: [Place] = []
    /// Of those that wait.
    private(set) var count = 0

    var first: Place? { heap.first }

    mutating func insert(_ place: Place) {
      count += 1
      heap.append(place)
      rise(heap.count - 1)
    }

    /// One of them waits no more; `waits` tells which still do.
    mutating func forgetOne(_ waits: (Place) -> Bool) {
      count -= 1
      if heap.count > 2 * count + 64 {
        heap = heap.filter(waits).sorted()
        return
      }
      while let top = heap.first, !waits(top) {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        sink()
      }
    }

    private mutating func rise(_ start: Int) {
      var child = start
      while child > 0, heap[child] < heap[(child - 1) / 2] {
        heap.swapAt(child, (child - 1) / 2)
        child = (child - 1) / 2
      }
    }

    private mutating func sink() {
      var parent = 0
      while true {
        var least = parent
        for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
          if heap[child] < heap[least] { least = child }
        }
        if least == parent { return }
        heap.swapAt(parent, least)
        parent = least
      }
    }
  }
}
