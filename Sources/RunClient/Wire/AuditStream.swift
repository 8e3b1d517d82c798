import AsyncHTTPClient
import NIOCore
package import RunModel

/// One line of the audit trail as it travels: a whole record, or a reduced one.
package struct AuditLine: Sendable {
  /// Byte for byte what the hash covers, as the chain's check needs it.
  package let json: JSONValue
  /// Nil for a reduced one.
  package var record: AuditRecord? { AuditRecord(json: json) }
}

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
        return try portion.split(separator: UInt8(ascii: "\n")).map { AuditLine(json: try JSONValue(parsing: $0)) }
      } catch let error as JSONError { throw wire.unreadable(error, "/v1/audit") }
    }
  }
}
