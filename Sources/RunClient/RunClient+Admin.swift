import AsyncHTTPClient
import NIOCore
package import RunModel

extension RunClient {
  /// Removes what old runs have left; returns when all is done, however long that takes.
  package func collect(_ wanted: CollectionRequest) async throws -> CollectionReport {
    var request = Request("/v1/gc")
    request.body = wanted.jsonBytes
    let body = try await wire.stream(request)
    var chunks = body.makeAsyncIterator()
    var bytes: [UInt8] = []
    while let chunk = try await wire.next(&chunks) { bytes.append(contentsOf: chunk.readableBytesView) }
    do { return CollectionReport(json: try JSONValue(parsing: bytes)) } catch {
      throw wire.unreadable(error, "/v1/gc")
    }
  }
}
