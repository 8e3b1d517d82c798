import Glibc

/// What a connection may cost, and for how long. A client that keeps within reason never meets one of these.
package struct ConnectionLimits: Sendable {
  /// Open connections of one listener; the operator's socket and each TCP port have their own.
  package var connections: Int
  /// From the connection to the first whole request head.
  package var firstHead: Duration
  /// From the first byte of a later head to its end.
  package var head: Duration
  /// Between an answer and the next head; longer than our own clients keep an idle connection.
  package var idle: Duration
  /// A body, and each further piece of an answer that is no stream, has this long, and then must come at `slowest`.
  package var grace: Duration
  /// Bytes a second.
  package var slowest: Int
  /// How long a refused or ended connection may take to go.
  package var linger: Duration
  /// Bytes of a request's head, and of one field.
  package var longestHead: Int
  package var mostFields: Int
  /// Bytes of a body that are read to the end, for the sake of an answer, though nobody wants them.
  package var longestBody: Int

  package init(
    connections: Int, firstHead: Duration = .seconds(30), head: Duration = .seconds(10), idle: Duration = .seconds(90),
    grace: Duration = .seconds(30), slowest: Int = 16 * 1024, linger: Duration = .seconds(2),
    longestHead: Int = 64 * 1024, mostFields: Int = 128, longestBody: Int = 64 * 1024 * 1024
  ) {
    self.connections = connections
    self.firstHead = firstHead
    self.head = head
    self.idle = idle
    self.grace = grace
    self.slowest = slowest
    self.linger = linger
    self.longestHead = longestHead
    self.mostFields = mostFields
    self.longestBody = longestBody
  }

  /// A quarter of the descriptors that the process may open, at most 512, so that agents and the store have theirs.
  package static var standard: ConnectionLimits {
    var limit = rlimit()
    let known = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
    let descriptors = known ? Int(clamping: limit.rlim_cur) : 1024
    return ConnectionLimits(connections: max(16, min(512, descriptors / 4)))
  }
}
