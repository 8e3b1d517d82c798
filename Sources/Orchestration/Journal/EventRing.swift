import RunModel
import Synchronization

/// The newest events, bounded in bytes, that every subscriber pulls what it lacks from. A subscriber owns only a
/// cursor, so that none can slow the writer or grow its memory.
package final class EventRing: Sendable {
  private struct State {
    var chunks = Chunks()
    var bytes = 0
    var lastSeq: UInt64
    var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
    var nextWaiter: UInt64 = 0
    var isClosed = false
  }

  package enum Answer: Sendable {
    case chunk(EventChunk)
    /// Nothing newer yet.
    case empty
    /// The cursor is older than what is held: the store has it.
    case gap(oldest: UInt64)
    case closed
  }

  private let capacity: Int
  private let state: Mutex<State>

  /// `capacity`: bytes of encoded events held at most, the newest chunk aside.
  package init(capacity: Int = Bounds.ring, lastSeq: UInt64) {
    self.capacity = capacity
    state = Mutex(State(lastSeq: lastSeq))
  }

  package var lastSeq: UInt64 { state.withLock { $0.lastSeq } }

  /// Of encoded events, held now.
  package var bytes: Int { state.withLock { $0.bytes } }

  /// Adds chunks that continue the order, and wakes who waits.
  package func publish(_ chunks: [EventChunk]) {
    let woken = state.withLock { state in
      for chunk in chunks where !chunk.isEmpty {
        state.chunks.append(chunk)
        state.bytes += chunk.weight
        state.lastSeq = chunk.lastSeq
      }
      while state.bytes > capacity, state.chunks.count > 1, let oldest = state.chunks.popFirst() {
        state.bytes -= oldest.weight
      }
      return Self.takeWaiters(&state)
    }
    for waiter in woken { waiter.resume() }
  }

  /// Wakes who waits though there is nothing newer: something else has changed that they tell.
  package func nudge() {
    let woken = state.withLock { Self.takeWaiters(&$0) }
    for waiter in woken { waiter.resume() }
  }

  package func close() {
    let woken = state.withLock { state in
      state.isClosed = true
      return Self.takeWaiters(&state)
    }
    for waiter in woken { waiter.resume() }
  }

  private static func takeWaiters(_ state: inout State) -> [CheckedContinuation<Void, Never>] {
    defer { state.waiters.removeAll(keepingCapacity: true) }
    return Array(state.waiters.values)
  }

  /// What follows `cursor`: one chunk, whole or its tail.
  package func next(after cursor: UInt64) -> Answer {
    state.withLock { state in
      guard cursor < state.lastSeq else { return state.isClosed ? .closed : .empty }
      guard let oldest = state.chunks.first?.firstSeq, cursor + 1 >= oldest else {
        return .gap(oldest: state.chunks.first?.firstSeq ?? state.lastSeq + 1)
      }
      guard let chunk = state.chunks.holding(cursor) else { return .empty }
      return .chunk(chunk.suffix(after: cursor))
    }
  }

  /// Returns when there is something after `cursor`, the ring is closed, or the task is canceled.
  package func wait(after cursor: UInt64) async {
    let id = state.withLock { state in
      state.nextWaiter += 1
      return state.nextWaiter
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isReady = state.withLock { state in
          if state.lastSeq > cursor || state.isClosed || Task.isCancelled { return true }
          state.waiters[id] = continuation
          return false
        }
        if isReady { continuation.resume() }
      }
    } onCancel: {
      let waiter = state.withLock { $0.waiters.removeValue(forKey: id) }
      waiter?.resume()
    }
  }
}

/// Chunks in order, added at the end and taken from the front. What is taken is gone at once: a slice of an array would hold
/// it until the array moves.
private struct Chunks {
  private var slots: [EventChunk?] = []
  private var head = 0

  var count: Int { slots.count - head }
  var first: EventChunk? { head < slots.count ? slots[head] : nil }

  mutating func append(_ chunk: EventChunk) { slots.append(chunk) }

  mutating func popFirst() -> EventChunk? {
    guard let chunk = first else { return nil }
    slots[head] = nil
    head += 1
    if head > 64, head > slots.count / 2 {
      slots.removeFirst(head)
      head = 0
    }
    return chunk
  }

  /// The first that has something after `cursor`.
  func holding(_ cursor: UInt64) -> EventChunk? {
    var low = head
    var high = slots.count
    while low < high {
      let middle = (low + high) / 2
      if slots[middle]?.lastSeq ?? 0 > cursor { high = middle } else { low = middle + 1 }
    }
    return low < slots.count ? slots[low] : nil
  }
}

extension EventChunk {
  /// The bytes that it takes.
  fileprivate var weight: Int { frames.count + entries.count * MemoryLayout<Entry>.stride }

  /// The events after `cursor`; itself when that is all of them.
  func suffix(after cursor: UInt64) -> EventChunk {
    guard firstSeq <= cursor else { return self }
    return EventChunk(
      entries.filter { $0.seq > cursor }.map {
        StoredEvent(seq: $0.seq, run: $0.run, type: $0.type, json: Array(json(of: $0)))
      })
  }

  /// Cuts events into chunks that a subscriber can take one at a time.
  static func chunks(of events: [StoredEvent]) -> [EventChunk] {
    var chunks: [EventChunk] = []
    var start = 0
    var bytes = 0
    for index in events.indices {
      bytes += events[index].json.count
      if index + 1 - start == 512 || bytes > Bounds.page || index == events.count - 1 {
        chunks.append(EventChunk(Array(events[start...index])))
        start = index + 1
        bytes = 0
      }
    }
    return chunks
  }
}
