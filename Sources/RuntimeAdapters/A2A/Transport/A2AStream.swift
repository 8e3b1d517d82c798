import AsyncHTTPClient
import NIOCore
import RunClient
import RunModel

/// The events of one stream, one result at a time.
struct A2AStream {
  /// One that has been opened, and can be handed to whoever reads it.
  struct Opening: Sendable {
    var wire: A2AWire
    var link: A2AAgent.Link
    /// Nil when the agent gave one answer and no stream.
    var body: A2AWire.Body?
    var only: JSONValue?
  }

  private let wire: A2AWire
  private let link: A2AAgent.Link
  private var chunks: A2AWire.Body.AsyncIterator?
  private var framer = SSEFramer()
  private var ready: [[UInt8]] = []
  private var only: JSONValue?
  /// Events that were no JSON-RPC, and were left out.
  private(set) var unreadable = 0

  init(_ opening: Opening) {
    wire = opening.wire
    link = opening.link
    chunks = opening.body?.makeAsyncIterator()
    only = opening.only
  }

  /// Nil at the end. An error of JSON-RPC is thrown; reading slowly slows the agent down.
  mutating func next() async throws(A2AFault) -> JSONValue? {
    if let only {
      self.only = nil
      return only
    }
    while true {
      while !ready.isEmpty {
        let event = ready.removeFirst()
        do { return try A2AAgent.result(event, link) } catch {
          guard error.kind == .unreadable else { throw error }
          unreadable += 1
        }
      }
      guard let portion = try await portion() else { return nil }
      do {
        try portion.withUnsafeReadableBytes { bytes in
          try framer.feed(bytes) { _, data in ready.append(Array(data)) }
        }
      } catch { throw A2AFault(.unreadable, "The agent at \(link.endpoint.origin) sent \(error).") }
    }
  }

  private mutating func portion() async throws(A2AFault) -> ByteBuffer? {
    do { return try await chunks?.next(isolation: #isolation) } catch { throw wire.fault(error, at: link.endpoint) }
  }
}
