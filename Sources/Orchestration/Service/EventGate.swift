import RunModel
import Synchronization

/// Lets a run's reports through once its start is on record, and holds them until then: an adapter may report before
/// `startTask` has returned. Also translates the ids of a runtime that answered with one of its own.
final class EventGate: Sendable {
  private struct State {
    var open: Set<RunID> = []
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
      if state.open.contains(event.runId) {
        pass(event)
      } else if state.heldCount < Self.bound {
        state.held[event.runId, default: []].append(event)
        state.heldCount += 1
      }
    }
  }

  func open(_ run: RunID, knownAs alias: RunID? = nil, pass: (RuntimeEvent) -> Void) {
    state.withLock { state in
      state.open.insert(run)
      if let alias, alias != run { state.aliases[alias] = run }
      for name in [run, alias] {
        guard let name, let held = state.held.removeValue(forKey: name) else { continue }
        state.heldCount -= held.count
        for var event in held {
          event.runId = run
          pass(event)
        }
      }
    }
  }

  func close(_ run: RunID) {
    state.withLock { state in
      state.open.remove(run)
      if state.aliases.values.contains(run) { state.aliases = state.aliases.filter { $0.value != run } }
      if let held = state.held.removeValue(forKey: run) { state.heldCount -= held.count }
    }
  }
}
