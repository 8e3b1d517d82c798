import Dispatch
import Synchronization

/// Takes lines from any thread at once and writes them on a thread of its own: a slow, full or frozen place to write to
/// holds nobody up. What waits is bounded; what does not fit or cannot be written is dropped, counted, and told of in
/// the next line that gets through.
final class LogSink: Sendable {
  private struct Queue {
    var lines: [[UInt8]] = []
    var bytes = 0
    var untold = 0
    var dropped = 0
    var isScheduled = false
  }

  static let mostLines = 10_000
  static let mostBytes = 4 << 20

  private let state = Mutex(Queue())
  private let worker: DispatchQueue
  private let write: @Sendable ([[UInt8]]) -> Int
  private let tell: @Sendable (_ dropped: Int) -> [UInt8]

  /// `write` returns how many of the lines it has written; `tell` makes the line that says how many were dropped.
  init(
    _ label: String, tell: @escaping @Sendable (_ dropped: Int) -> [UInt8],
    write: @escaping @Sendable ([[UInt8]]) -> Int
  ) {
    worker = DispatchQueue(label: label)
    self.write = write
    self.tell = tell
  }

  /// Lines that were lost so far.
  var dropped: Int { state.withLock { $0.dropped } }

  func take(_ line: [UInt8]) {
    let isToSchedule = state.withLock { queue in
      guard queue.lines.count < Self.mostLines, queue.bytes + line.count <= Self.mostBytes else {
        queue.untold += 1
        queue.dropped += 1
        return false
      }
      queue.lines.append(line)
      queue.bytes += line.count
      defer { queue.isScheduled = true }
      return !queue.isScheduled
    }
    if isToSchedule { worker.async { self.drain() } }
  }

  /// Returns when all that was taken before is written or lost, or when that takes too long.
  func flush(within patience: Duration = .seconds(2)) {
    let done = DispatchSemaphore(value: 0)
    worker.async { done.signal() }
    _ = done.wait(timeout: .now() + .milliseconds(Int(patience / .milliseconds(1))))
  }

  /// Runs between two batches, where nothing is being written.
  func between(_ body: @escaping @Sendable () -> Void) { worker.async(execute: body) }

  private func drain() {
    while true {
      let (lines, untold) = state.withLock { queue -> ([[UInt8]], Int) in
        let lines = queue.lines
        (queue.lines, queue.bytes) = ([], 0)
        queue.isScheduled = !lines.isEmpty
        return (lines, queue.untold)
      }
      if lines.isEmpty { return }
      let remark = untold > 0 ? [tell(untold)] : []
      let written = write(remark + lines)
      let lost = lines.count - max(0, written - remark.count)
      state.withLock { queue in
        if written > 0 { queue.untold -= untold }
        queue.untold += lost
        queue.dropped += lost
      }
    }
  }
}
