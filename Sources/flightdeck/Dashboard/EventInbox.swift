import DashboardUI
import RunClient
import RunModel
import Synchronization

/// What the orchestrator tells, between the reader of the stream and the terminal's thread: parsed off that thread, taken
/// once a frame. A reader that is far ahead waits, so that no memory grows.
final class EventInbox: Sendable {
  private struct State {
    var messages: [Message] = []
    var events = 0
    var bytes = 0
    var openRun: RunID?
    var room: CheckedContinuation<Void, Never>?
    var isClosed = false
    var wake: (@Sendable () -> Void)?
  }

  private let state = Mutex(State())

  /// `wake` is called when there is something to take and there was nothing before.
  func onArrival(_ wake: @escaping @Sendable () -> Void) { state.withLock { $0.wake = wake } }

  /// The run whose output is looked at.
  func open(_ run: RunID?) { state.withLock { $0.openRun = run } }
  func isOpen(_ run: RunID) -> Bool { state.withLock { $0.openRun == run } }

  func put(_ item: FeedItem) async {
    switch item {
    case .glimpse(let snapshot): await put(message: .glimpse(snapshot))
    case .snapshot(let snapshot): await put(message: .snapshot(snapshot))
    case .events(let events): await put(message: .events(events))
    case .link(let link): await put(message: .link(LinkState(link)))
    case .outage(let outage): await put(message: .outage(outage))
    case .gap(let seq): await put(message: .note("Events after \(seq) are lost; the state is read anew."))
    }
  }

  func put(message: Message) async {
    let wake = state.withLock { state -> (@Sendable () -> Void)? in
      guard !state.isClosed else { return nil }
      let wasEmpty = state.messages.isEmpty
      if case .events(let events) = message {
        state.events += events.count
        state.bytes += events.reduce(0) { $0 + $1.weight }
      }
      // Of a replay's words only the last counts.
      if case .replay = message, case .replay? = state.messages.last { state.messages.removeLast() }
      state.messages.append(message)
      return wasEmpty ? state.wake : nil
    }
    wake?()
    await withCheckedContinuation { continuation in
      let hasRoom = state.withLock { state in
        if state.events < Bounds.inboxEvents && state.bytes < Bounds.inbox || state.isClosed { return true }
        state.room = continuation  // there is one reader
        return false
      }
      if hasRoom { continuation.resume() }
    }
  }

  /// Takes nothing in any more and lets a reader that waits go: the dashboard has turned to something else.
  func close() {
    let room = state.withLock { state in
      defer {
        let keep = state.openRun
        state = State()
        state.openRun = keep
        state.isClosed = true
      }
      return state.room
    }
    room?.resume()
  }

  func take() -> [Message] {
    let (messages, room) = state.withLock { state in
      defer {
        state.messages = []
        state.events = 0
        state.bytes = 0
        state.room = nil
      }
      return (state.messages, state.room)
    }
    room?.resume()
    return messages
  }
}

extension LinkState {
  init(_ link: FeedLink) {
    switch link {
    case .connecting: self = .connecting
    case .live: self = .live
    case .lost(let since, _): self = .lost(since: since, nextTry: nil)
    case .refused(let since, let reason): self = .refused(since: since, reason: reason)
    }
  }
}
