import Foundation
import RunClient
import RunModel
import Synchronization

/// What clients were told through the crashes of one round: acknowledged dispatches and cancels, and every event as it
/// arrived.
final class CrashLedger: Sendable {
  private struct State {
    var dispatched: [String: [RunID]] = [:]
    /// Asked for, with no answer: sent again in the next life.
    var unanswered: [String: DispatchRequest] = [:]
    var canceled: Set<RunID> = []
    /// What each life's follower received.
    var received: [[UInt8]] = []
    var events = 0
    var waiting: (count: Int, continuation: CheckedContinuation<Void, Never>)?
    var kills: [String: Int] = [:]
  }

  private let state = Mutex(State())

  var dispatched: [String: [RunID]] { state.withLock { $0.dispatched } }
  var runs: [RunID] { dispatched.values.flatMap { $0 } }
  var canceled: Set<RunID> { state.withLock { $0.canceled } }
  var received: [[UInt8]] { state.withLock { $0.received } }
  var kills: [String: Int] { state.withLock { $0.kills } }
  var events: Int { state.withLock { $0.events } }

  func killed(_ what: String) { state.withLock { $0.kills[what, default: 0] += 1 } }

  // MARK: Clients

  func dispatch(_ request: DispatchRequest, _ client: RunClient) async -> Bool {
    let key = request.idempotencyKey ?? ""
    state.withLock { $0.unanswered[key] = request }
    do {
      let runs = try await client.dispatch(request).compactMap(\.runId)
      state.withLock { state in
        state.unanswered[key] = nil
        state.dispatched[key] = runs
      }
      return true
    } catch { return false }
  }

  func sendAgain(_ client: RunClient) async -> Bool {
    for request in state.withLock({ Array($0.unanswered.values) }) {
      guard await dispatch(request, client) else { return false }
    }
    return true
  }

  func cancel(_ run: RunID, force: Bool, _ client: RunClient) async -> Bool {
    do {
      let answer = try await client.cancel(run.description, reason: "crash test", force: force)
      // One that had ended already is answered as it is.
      if answer.cancellation != nil { state.withLock { _ = $0.canceled.insert(run) } }
      return true
    } catch { return false }
  }

  // MARK: Events

  /// Until the link breaks.
  func follow(_ client: RunClient) async {
    let life = state.withLock { state in
      state.received.append([])
      state.events = 0
      return state.received.count - 1
    }
    do {
      for try await part in try await client.eventLines(EventQuery(follow: true)) {
        let ready = state.withLock { state -> CheckedContinuation<Void, Never>? in
          state.received[life] += part
          state.events += part.count { $0 == UInt8(ascii: "\n") }
          guard let waiting = state.waiting, state.events >= waiting.count else { return nil }
          state.waiting = nil
          return waiting.continuation
        }
        ready?.resume()
      }
    } catch {
      // The orchestrator was killed: what came until then is what counts.
    }
  }

  /// Returns when the follower of this life has received so many events, or five seconds have gone by without.
  func wait(forEvents count: Int) async {
    let deadline = Task {  // canceled below
      try await Task.sleep(for: .seconds(5))
      let late = state.withLock { state in
        defer { state.waiting = nil }
        return state.waiting?.continuation
      }
      late?.resume()
    }
    await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
      let isReady = state.withLock { state in
        if state.events >= count { return true }
        state.waiting = (count, continuation)
        return false
      }
      if isReady { continuation.resume() }
    }
    deadline.cancel()
  }
}
