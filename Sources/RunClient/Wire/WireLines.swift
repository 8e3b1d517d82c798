import AsyncHTTPClient
import NIOCore

/// JSON lines as they come, byte for byte, in portions of whole lines.
package struct WireLines: AsyncSequence, Sendable {
  package typealias Element = ArraySlice<UInt8>

  private let body: HTTPClientResponse.Body
  private let wire: Wire

  init(_ body: HTTPClientResponse.Body, _ wire: Wire) {
    self.body = body
    self.wire = wire
  }

  package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(chunks: body.makeAsyncIterator(), wire: wire) }

  package struct AsyncIterator: AsyncIteratorProtocol {
    fileprivate var chunks: HTTPClientResponse.Body.AsyncIterator
    fileprivate let wire: Wire
    private var lines = WholeLines()

    fileprivate init(chunks: HTTPClientResponse.Body.AsyncIterator, wire: Wire) {
      self.chunks = chunks
      self.wire = wire
    }

    /// One or more whole lines with their newlines; nil at the end. A line that the link cut off is not given out.
    package mutating func next() async throws -> ArraySlice<UInt8>? {
      while let chunk = try await wire.next(&chunks) {
        if let whole = lines.take(chunk.readableBytesView) { return whole }
        if lines.isOverlong { throw wire.tooLong("a stream of lines") }
      }
      return nil
    }
  }
}
