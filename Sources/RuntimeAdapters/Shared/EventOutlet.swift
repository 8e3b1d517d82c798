import Orchestration
import Synchronization

/// The handlers that `onEvent` registered; each event goes to all of them, in order.
final class EventOutlet: Sendable {
  private let handlers = Mutex<[@Sendable (RuntimeEvent) -> Void]>([])
  private let pace = Mutex(Pace())

  /// Not the closure by itself: each look at a closure in a generic container wraps what is stored there once more, without
  /// end.
  private struct Pace {
    var ready: (@Sendable () async -> Void)?
  }

  func add(_ handler: @escaping @Sendable (RuntimeEvent) -> Void) {
    handlers.withLock { $0.append(handler) }
  }

  /// As `PacedRuntime` has it.
  func pace(by ready: @escaping @Sendable () async -> Void) { pace.withLock { $0.ready = ready } }

  /// Returns when there is room for more.
  func ready() async { await pace.withLock { $0.ready }?() }

  func send(_ event: RuntimeEvent) {
    for handler in current { handler(event) }
  }

  func send(_ events: some Sequence<RuntimeEvent>) {
    let handlers = current
    for event in events {
      for handler in handlers { handler(event) }
    }
  }

  private var current: [@Sendable (RuntimeEvent) -> Void] { handlers.withLock { $0 } }
}
