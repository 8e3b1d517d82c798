import AsyncHTTPClient
import NIOCore
import RunModel

/// The audit trail in batches as it arrives.
package struct AuditStream: AsyncSequence, Sendable {
  package typealias Element = [AuditLine]

  private let lines: WireLines
  private let wire: Wire

  init(_ lines: WireLines, _ wire: Wire) {
    self.lines = lines
    self.wire = wire
  }

  package func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(lines: lines.makeAsyncIterator(), wire: wire)
  }

  package struct AsyncIterator: AsyncIteratorProtocol {
    fileprivate var lines: WireLines.AsyncIterator
    fileprivate let wire: Wire

    package mutating func next() async throws -> [AuditLine]? {
      guard let portion = try await lines.next() else { return nil }
      do {
        return try AuditLine.read(portion)
      } catch { throw wire.unreadable(error, "/v1/audit") }
    }
  }
}
