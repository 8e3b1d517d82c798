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
    var openRun: RunID?
    var room: CheckedContinuation<Void, Never>?
    var wake: (@Sendable () -> Void)?
  }

  /// Events taken in beyond what is drawn, at most.
  private static let bound = 50_000
  private let state = Mutex(State())

  /// `wake` is called when there is something to take and there was nothing before.
  func onArrival(_ wake: @escaping @Sendable () -> Void) { state.withLock { $0.wake = wake } }

  /// The run whose output is looked at.
  func open(_ run: RunID?) { state.withLock { $0.openRun = run } }
  func isOpen(_ run: RunID) -> Bool { state.withLock { $0.openRun == run } }

  func put(_ item: FeedItem) async {
    let wake = state.withLock { state in
      let wasEmpty = state.messages.isEmpty
      switch item {
      case .glimpse(let snapshot): state.messages.append(.glimpse(snapshot))
      case .snapshot(let snapshot):
        state.messages.append(.snapshot(snapshot))
      case .events(let events):
        state.events += events.count
        state.messages.append(.events(events))
      case .link(let link): state.messages.append(.link(LinkState(link)))
      case .gap(let seq):
        state.messages.append(.note("Events after \(seq) are lost; the state is read anew."))
      }
      return wasEmpty ? state.wake : nil
    }
    wake?()
    await withCheckedContinuation { continuation in
      let hasRoom = state.withLock { state in
        if state.events < Self.bound { return true }
        state.room = continuation  // there is one reader
        return false
      }
      if hasRoom { continuation.resume() }
    }
  }

  func take() -> [Message] {
    let (messages, room) = state.withLock { state in
      defer {
        state.messages = []
        state.events = 0
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
    }
  }
}
