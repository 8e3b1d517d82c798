import Dispatch
import Glibc
import Synchronization

/// Turns SIGTERM and SIGINT, and others that are named, into the cancellation of a task. A second one ends the process at once.
enum Termination {
  static func cancels(
    also others: [Int32] = [], _ body: @escaping @Sendable () async throws -> Void
  ) async throws {
    let task = Task { try await body() }
    let count = Counter()
    let queue = DispatchQueue(label: "flightdeck.termination")
    let sources = ([SIGTERM, SIGINT] + others).map { number in
      // The default action would come first.
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler {
        if count.next() > 1 { _exit(128 + number) }
        task.cancel()
      }
      source.activate()
      return source
    }
    defer { for source in sources { source.cancel() } }
    do {
      try await withTaskCancellationHandler {
        try await task.value
      } onCancel: {
        task.cancel()
      }
    } catch is CancellationError where count.value > 0 {
      // That is how it was asked to end.
    }
  }

  private final class Counter: Sendable {
    private let count = Mutex(0)
    var value: Int { count.withLock { $0 } }
    func next() -> Int {
      count.withLock {
        $0 += 1
        return $0
      }
    }
  }
}
