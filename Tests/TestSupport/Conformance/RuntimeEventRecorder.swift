package import Orchestration
package import RunModel
import Synchronization

/// Keeps every event of a runtime and lets a test wait for one.
package final class RuntimeEventRecorder: Sendable {
  private struct State {
    var events: [RuntimeEvent] = []
    var waiting: [(id: Int, matches: @Sendable (RuntimeEvent) -> Bool, CheckedContinuation<RuntimeEvent?, Never>)] = []
    var nextId = 0
  }

  private let state = Mutex(State())

  package init(_ runtime: any AgentRuntime) {
    runtime.onEvent { [self] in record($0) }
  }

  package func events(of run: RunID? = nil) -> [RuntimeEvent] {
    state.withLock { state in state.events.filter { run == nil || $0.runId == run } }
  }

  /// The first event, past or to come, that matches; throws after `limit`.
  @discardableResult
  package func first(
    within limit: Duration = .seconds(300), _ what: String = "the event",
    where matches: @escaping @Sendable (RuntimeEvent) -> Bool
  ) async throws -> RuntimeEvent {
    let id = state.withLock { state in
      state.nextId += 1
      return state.nextId
    }
    let watchdog = Task {
      try await Task.sleep(for: limit)
      giveUp(id)
    }
    defer { watchdog.cancel() }
    let found = await withCheckedContinuation { continuation in
      let past = state.withLock { state -> RuntimeEvent? in
        if let past = state.events.first(where: matches) { return past }
        state.waiting.append((id, matches, continuation))
        return nil
      }
      if let past { continuation.resume(returning: past) }
    }
    guard let found else {
      let seen = events().suffix(12).map { "\($0.kind)" }.joined(separator: "\n  ")
      throw ConformanceFailure("\(what) did not come within \(limit). The last events:\n  \(seen)")
    }
    return found
  }

  /// How the run ended.
  @discardableResult
  package func end(of run: RunID, within limit: Duration = .seconds(300)) async throws -> TaskEnd {
    let event = try await first(within: limit, "the end of \(run)") { event in
      if case .ended = event.kind { event.runId == run } else { false }
    }
    guard case .ended(let end) = event.kind else { throw ConformanceFailure("no end in \(event)") }
    return end
  }

  /// The lines of output so far, both streams.
  package func lines(of run: RunID) -> [String] {
    events(of: run).compactMap { if case .output(_, let text, _) = $0.kind { text } else { nil } }
  }

  private func record(_ event: RuntimeEvent) {
    let woken = state.withLock { state -> [CheckedContinuation<RuntimeEvent?, Never>] in
      state.events.append(event)
      let found = state.waiting.filter { $0.matches(event) }
      state.waiting.removeAll { waiting in found.contains { $0.id == waiting.id } }
      return found.map(\.2)
    }
    for continuation in woken { continuation.resume(returning: event) }
  }

  private func giveUp(_ id: Int) {
    let waiting = state.withLock { state -> CheckedContinuation<RuntimeEvent?, Never>? in
      guard let place = state.waiting.firstIndex(where: { $0.id == id }) else { return nil }
      return state.waiting.remove(at: place).2
    }
    waiting?.resume(returning: nil)
  }
}
