import NIOCore
import ServiceLifecycle
import Synchronization

/// The signal that the server closes: endless streams end on it, so that the rest can drain.
final class Closing: Sendable {
  private struct State {
    var isClosed = false
    var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
    var nextWaiter: UInt64 = 0
  }

  private let state = Mutex(State())

  var isClosed: Bool { state.withLock { $0.isClosed } }

  func close() {
    let waiters = state.withLock { state in
      state.isClosed = true
      defer { state.waiters.removeAll() }
      return state.waiters.values.map { $0 }
    }
    for waiter in waiters { waiter.resume() }
  }

  /// Returns when the server closes or the task is canceled.
  func wait() async {
    let id = state.withLock { state in
      state.nextWaiter += 1
      return state.nextWaiter
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { (waiter: CheckedContinuation<Void, Never>) in
        let isOver = state.withLock { state in
          if state.isClosed || Task.isCancelled { return true }
          state.waiters[id] = waiter
          return false
        }
        if isOver { waiter.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiters.removeValue(forKey: id) }?.resume()
    }
  }
}

/// Turns the group's graceful shutdown into `Closing`, and into the end of every connection that has not drained after
/// `grace`: a client that no longer reads would hold the server for ever.
struct ClosingService: Service {
  let closing: Closing
  let connections: Connections
  let eventLoop: any EventLoop
  let grace: TimeAmount

  func run() async throws {
    do { try await gracefulShutdown() } catch is CancellationError {}
    closing.close()
    let connections = connections
    eventLoop.scheduleTask(in: grace) { connections.close() }
  }
}
