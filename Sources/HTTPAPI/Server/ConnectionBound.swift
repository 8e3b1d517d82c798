import NIOCore
import Synchronization

/// The connections of one listener, at most so many. When it is full, the one that has been without a request for longest
/// makes room: idle or dribbling clients keep nobody out.
final class ConnectionBound: Sendable {
  enum Admission { case welcome, refused, dropped }

  private struct State {
    var open: [ObjectIdentifier: (channel: any Channel, idleSince: NIODeadline?)] = [:]
    /// Being told that there is no room.
    var refused = 0
    var evictions = 0
    var refusals = 0
    var malformed = 0
  }

  /// More than these are closed without a word.
  private static let mostRefused = 32

  let most: Int
  private let state = Mutex(State())

  init(_ most: Int) { self.most = most }

  /// Connections open and those with a request; since the start, those that made room, those turned away, and requests
  /// that were none.
  struct Figures {
    var open: Int
    var busy: Int
    var evicted: Int
    var refused: Int
    var malformed: Int
  }

  var figures: Figures {
    state.withLock { state in
      Figures(
        open: state.open.count, busy: state.open.values.count { $0.idleSince == nil }, evicted: state.evictions,
        refused: state.refusals, malformed: state.malformed)
    }
  }

  func countMalformed() { state.withLock { $0.malformed += 1 } }

  func admit(_ channel: any Channel, now: NIODeadline) -> Admission {
    let id = ObjectIdentifier(channel)
    let (admission, evicted) = state.withLock { state -> (Admission, (any Channel)?) in
      guard state.open.count >= most else {
        state.open[id] = (channel, now)
        return (.welcome, nil)
      }
      let idlest = state.open.compactMap { id, entry in entry.idleSince.map { (id, $0) } }.min { $0.1 < $1.1 }
      guard let idlest, let evicted = state.open.removeValue(forKey: idlest.0) else {
        state.refusals += 1
        guard state.refused < Self.mostRefused else { return (.dropped, nil) }
        state.refused += 1
        return (.refused, nil)
      }
      state.evictions += 1
      state.open[id] = (channel, now)
      return (.welcome, evicted.channel)
    }
    evicted?.close(promise: nil)
    switch admission {
    case .welcome: channel.closeFuture.whenComplete { [self] _ in remove(id) }
    case .refused: channel.closeFuture.whenComplete { [self] _ in state.withLock { $0.refused -= 1 } }
    case .dropped: break
    }
    return admission
  }

  /// `idleSince` is nil while a request waits for its answer.
  func set(idleSince: NIODeadline?, of channel: any Channel) {
    state.withLock { $0.open[ObjectIdentifier(channel)]?.idleSince = idleSince }
  }

  private func remove(_ id: ObjectIdentifier) { state.withLock { _ = $0.open.removeValue(forKey: id) } }
}
