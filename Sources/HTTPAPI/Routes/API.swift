import Glibc
import HTTPTypes
import Hummingbird
import Orchestration
import RunModel
import Synchronization

/// What the routes stand on.
struct API: Sendable {
  let service: any RunService
  let access: AccessControl
  let version: String
  let listening: Listening

  func run(_ request: APIRequest) async throws -> RunID { try await service.resolve(request.parameter("id")) }

  func health(_ request: APIRequest) async throws -> Response {
    _ = try request.query()
    let seq = await service.lastSeq()
    return Reply.json(
      [
        "status": "ok", "version": .string(version), "pid": .int(Int64(getpid())), "seq": .int(Int64(clamping: seq)),
        "listening": .array(listening.addresses.map { .string("\($0)") }),
      ] as JSONValue)
  }

  func openAPI(_ request: APIRequest) async throws -> Response {
    _ = try request.query()
    return Reply.bytes(Array(OpenAPI.document(version: version).utf8), type: "application/json")
  }

  func runtimes(_ request: APIRequest) async throws -> Response {
    _ = try request.query()
    return Reply.json(await service.runtimes())
  }
}

/// The addresses at which clients are served now.
final class Listening: Sendable {
  private let state = Mutex<[ServerAddress]>([])
  var addresses: [ServerAddress] { state.withLock { $0 } }
  func add(_ address: ServerAddress) { state.withLock { $0.append(address) } }
}
