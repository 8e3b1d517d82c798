import RunModel
import Synchronization

/// Lets a run's reports through once its start is on record, and holds them until then: an adapter may report before
/// `startTask` has returned. Also translates the ids of a runtime that answered with one of its own.
final class EventGate: Sendable {
  private struct State {
    /// With the kinds of reports that have come of each.
    var open: [RunID: ReportedKinds] = [:]
    var aliases: [RunID: RunID] = [:]
    var held: [RunID: [RuntimeEvent]] = [:]
    var heldCount = 0
  }

  /// Reports held for runs not (yet) known, past which further ones are dropped: no adapter can grow our memory.
  private static let bound = 100_000
  private let state = Mutex(State())

  /// `pass` is called in order, at once or when the run opens; it must not block.
  func receive(_ event: RuntimeEvent, pass: (RuntimeEvent) -> Void) {
    state.withLock { state in
      var event = event
      event.runId = state.aliases[event.runId] ?? event.runId
      if let place = state.open.index(forKey: event.runId) {
        state.open.values[place].formUnion(ReportedKinds(event.kind))
        pass(event)
      } else if state.heldCount < Self.bound {
        state.held[event.runId, default: []].append(event)
        state.heldCount += 1
      }
    }
  }

  /// `reported`: what had been reported before, by an earlier orchestrator.
  func open(
    _ run: RunID, knownAs alias: RunID? = nil, reported: ReportedKinds = [], pass: (RuntimeEvent) -> Void
  ) {
    state.withLock { state in
      state.open[run, default: []].formUnion(reported)
      if let alias, alias != run { state.aliases[alias] = run }
      for name in [run, alias] {
        guard let name, let held = state.held.removeValue(forKey: name) else { continue }
        state.heldCount -= held.count
        for var event in held {
          event.runId = run
          state.open[run, default: []].formUnion(ReportedKinds(event.kind))
          pass(event)
        }
      }
    }
  }

  /// What has been reported of the run.
  @discardableResult func close(_ run: RunID) -> ReportedKinds {
    state.withLock { state in
      let reported = state.open.removeValue(forKey: run) ?? []
      if state.aliases.values.contains(run) { state.aliases = state.aliases.filter { $0.value != run } }
      if let held = state.held.removeValue(forKey: run) { state.heldCount -= held.count }
      return reported
    }
  }
}
