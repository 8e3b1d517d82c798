import RunModel
import Synchronization

/// What every stream of a server shares.
struct Streams: Sendable {
  let closing: Closing
  let timing: StreamTiming
  let stalls: Stalls
}

/// How many clients were let go because they took nothing.
final class Stalls: Sendable {
  private let total = Atomic<Int>(0)
  var count: Int { total.load(ordering: .relaxed) }
  func add() { total.add(1, ordering: .relaxed) }
}

package struct StreamTiming: Sendable {
  /// A comment after this much silence keeps the connection alive, and finds out that the client has gone.
  package var keepAlive: Duration
  /// The pause after a small write, in which more events gather: a fifth of the work for 10,000 events/s.
  package var linger: Duration

  /// How long a shutdown waits for clients to take what is under way, before it cuts them off.
  package var grace: Duration

  /// How long a client may take for one piece; then it is let go.
  package var patience: Duration

  package init(
    keepAlive: Duration, linger: Duration, grace: Duration = .milliseconds(500), patience: Duration = Bounds.stall
  ) {
    self.keepAlive = keepAlive
    self.linger = linger
    self.grace = grace
    self.patience = patience
  }

  package static let standard = StreamTiming(keepAlive: .seconds(15), linger: .milliseconds(5))
}
