import RunModel
import Synchronization

/// Lets a run's reports through once its start is on record, and holds them until then: an adapter may report before
/// `startTask` has returned. Also translates the ids of a runtime that answered with one of its own.
final class EventGate: Sendable {
  private struct State {
    /// With the kinds of reports that have come of each.
    var open: [RunID: ReportedKinds] = [:]
    var aliases: [RunID: RunID] = [:]
    var held: [RunID: Held] = [:]
    var heldBytes = 0
    /// Starts under way: only while there are any can a report of an unknown run be worth holding.
    var starts = 0
  }

  private struct Held {
    var events: [RuntimeEvent] = []
    var bytes = 0
    /// Lines left out under the bound.
    var dropped = 0
  }

  private let state = Mutex(State())

  /// About the bytes of what is held.
  var heldBytes: Int { state.withLock { $0.heldBytes } }

  /// A start is under way: reports may come of a run that is not open yet, under a name that is not known yet.
  func expect() { state.withLock { $0.starts += 1 } }

  /// It has come to its end; what was held for nobody is let go.
  func expectNoMore() {
    state.withLock { state in
      state.starts -= 1
      guard state.starts <= 0 else { return }
      state.starts = 0
      state.held = [:]
      state.heldBytes = 0
    }
  }

  /// `pass` is called in order, at once or when the run opens; it must not block.
  func receive(_ event: RuntimeEvent, pass: (RuntimeEvent) -> Void) {
    state.withLock { state in
      var event = event
      event.runId = state.aliases[event.runId] ?? event.runId
      if let place = state.open.index(forKey: event.runId) {
        state.open.values[place].formUnion(ReportedKinds(event.kind))
        pass(event)
      } else if state.starts > 0 {
        let bytes = event.weight
        // Lines leave half of the room to what says how a run stands; its end is not to be missed at all.
        let room = event.isLine ? Bounds.heldReports / 2 : event.type == "ended" ? .max : Bounds.heldReports
        if state.heldBytes + bytes > room {
          state.held[event.runId, default: Held()].dropped += 1
          return
        }
        state.held[event.runId, default: Held()].events.append(event)
        state.held[event.runId, default: Held()].bytes += bytes
        state.heldBytes += bytes
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
      for name in Set([run, alias ?? run]) {
        guard let held = state.held.removeValue(forKey: name) else { continue }
        state.heldBytes -= held.bytes
        for var event in held.events {
          event.runId = run
          state.open[run, default: []].formUnion(ReportedKinds(event.kind))
          pass(event)
        }
        if held.dropped > 0 {
          pass(RuntimeEvent(run, .output(stream: .stderr, text: "", dropped: held.dropped)))
        }
      }
    }
  }

  /// What has been reported of the run.
  @discardableResult func close(_ run: RunID) -> ReportedKinds {
    state.withLock { state in
      let reported = state.open.removeValue(forKey: run) ?? []
      if state.aliases.values.contains(run) { state.aliases = state.aliases.filter { $0.value != run } }
      if let held = state.held.removeValue(forKey: run) { state.heldBytes -= held.bytes }
      return reported
    }
  }
}
