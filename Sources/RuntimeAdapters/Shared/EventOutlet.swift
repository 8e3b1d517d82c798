import Orchestration
import Synchronization

/// The handlers that `onEvent` registered; each event goes to all of them, in order.
final class EventOutlet: Sendable {
  private let handlers = Mutex<[@Sendable (RuntimeEvent) -> Void]>([])

  func add(_ handler: @escaping @Sendable (RuntimeEvent) -> Void) {
    handlers.withLock { $0.append(handler) }
  }

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
