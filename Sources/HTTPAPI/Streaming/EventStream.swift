import Hummingbird
import NIOCore
import Orchestration
import RunModel

/// One client's view of the order of events: from a cursor, through a filter, to the end or for ever.
///
/// It owns nothing but its cursor, so a slow client costs no memory: what it has not taken waits in the store.
struct EventStream: Sendable {
  var service: any RunService
  var streams: Streams
  var figures: HTTPFigures
  var format: EventFormat
  var filter: EventFilter
  /// The last seq that the client has.
  var cursor: UInt64
  /// The last events of one run, sent before what follows the cursor.
  var tail: EventChunk?
  /// Nil follows for ever.
  var end: UInt64?
  /// What lets the client in; nil on the user's own socket.
  var lease: Lease?

  private enum Next: Sendable {
    case chunk(EventChunk)
    case idle, ended
  }

  /// Chunks smaller than this are worth waiting a moment for more.
  private static let smallChunk = 64 * 1024

  @concurrent func write(to writer: inout PacedWriter) async throws {
    if format == .serverSentEvents { try await writer.write(ByteBuffer(string: ": hello\n\n")) }
    if let tail { try await writer.write(filter.encode(tail, after: 0, as: format)) }
    var cursor = cursor
    let subscriber = figures.subscribe(after: cursor)
    defer { figures.unsubscribe(subscriber) }
    var lastWrite = ContinuousClock.now
    var told: String?
    while end.map({ cursor < $0 }) ?? true {
      let outage = service.outage
      if outage?.detail != told {
        told = outage?.detail
        try await tell(outage, to: &writer)
      }
      switch try await next(after: cursor) {
      case .chunk(let chunk):
        let buffer = filter.encode(chunk, after: cursor, through: end ?? .max, as: format)
        cursor = max(cursor, chunk.lastSeq)
        figures.subscriber(subscriber, reached: cursor)
        if buffer.readableBytes > 0 {
          try await writer.write(buffer)
          lastWrite = .now
        } else if lastWrite.duration(to: .now) >= streams.timing.keepAlive {
          try await keepAlive(&writer)
          lastWrite = .now
        }
        if end == nil, chunk.frames.count < Self.smallChunk { try await Task.sleep(for: streams.timing.linger) }
      case .idle:
        try await keepAlive(&writer)
        lastWrite = .now
      case .ended: return
      }
    }
  }

  /// In a comment: it has no place in the order of events, and whoever does not know it passes over it.
  @concurrent private func tell(_ outage: StoreOutage?, to writer: inout PacedWriter) async throws {
    guard format == .serverSentEvents else { return }
    var bytes = ByteBuffer(string: ": outage ")
    bytes.writeBytes(outage?.jsonBytes ?? Array("null".utf8))
    bytes.writeString("\n\n")
    try await writer.write(bytes)
  }

  @concurrent private func keepAlive(_ writer: inout PacedWriter) async throws {
    // JSON lines have no comments.
    if format == .serverSentEvents { try await writer.write(ByteBuffer(string: ": keep-alive\n\n")) }
  }

  /// Waits for an event, the next sign of life or the end, whichever comes first.
  private func next(after cursor: UInt64) async throws -> Next {
    if streams.closing.isClosed || lease?.isOver == true { return .ended }
    guard let ready = try await service.events(after: cursor, wait: false) else { return .ended }
    if !ready.isEmpty { return .chunk(ready) }
    // Up to a known end everything is there; nothing more means that the record ends earlier.
    if end != nil { return .ended }
    return try await withThrowingTaskGroup(of: Next.self) { group in
      group.addTask { try await service.events(after: cursor, wait: true).map { .chunk($0) } ?? .ended }
      group.addTask {
        try await Task.sleep(for: streams.timing.keepAlive)
        return .idle
      }
      group.addTask {
        await streams.closing.wait()
        return .ended
      }
      if let lease {
        group.addTask {
          await lease.wait()
          return .ended
        }
      }
      defer { group.cancelAll() }
      return try await group.next() ?? .ended
    }
  }
}

/// A stream lasts no longer than the token that it was opened with.
struct Lease: Sendable {
  let access: AccessControl
  let token: TokenID

  var isOver: Bool { !access.isActive(token) }
  func wait() async { await access.waitForEnd(of: token) }
}
