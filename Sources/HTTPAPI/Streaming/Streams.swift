/// What every stream of a server shares.
struct Streams: Sendable {
  let closing: Closing
  let timing: StreamTiming
}

package struct StreamTiming: Sendable {
  /// A comment after this much silence keeps the connection alive, and finds out that the client has gone.
  package var keepAlive: Duration
  /// The pause after a small write, in which more events gather: a fifth of the work for 10,000 events/s.
  package var linger: Duration

  /// How long a shutdown waits for clients to take what is under way, before it cuts them off.
  package var grace: Duration

  package init(keepAlive: Duration, linger: Duration, grace: Duration = .milliseconds(500)) {
    self.keepAlive = keepAlive
    self.linger = linger
    self.grace = grace
  }

  package static let standard = StreamTiming(keepAlive: .seconds(15), linger: .milliseconds(5))
}
