import Orchestration
import Synchronization

/// The handlers that `onEvent` registered; each event goes to all of them, in order.
final class EventOutlet: Sendable {
  private let handlers = Mutex<[@Sendable (RuntimeEvent) -> Void]>([])
  private let pace = Mutex<(@Sendable () async -> Void)?>(nil)

  func add(_ handler: @escaping @Sendable (RuntimeEvent) -> Void) {
    handlers.withLock { $0.append(handler) }
  }

  /// As `PacedRuntime` has it.
  func pace(by ready: @escaping @Sendable () async -> Void) { pace.withLock { $0 = ready } }

  /// Returns when there is room for more.
  func ready() async { await pace.withLock { $0 }?() }

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
