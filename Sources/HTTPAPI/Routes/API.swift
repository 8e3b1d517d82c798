import Glibc
import HTTPTypes
import Hummingbird
import Orchestration
import RunModel

/// What the routes stand on.
struct API: Sendable {
  let service: any RunService
  let version: String

  func run(_ request: APIRequest) async throws -> RunID { try await service.resolve(request.parameter("id")) }

  func health(_ request: APIRequest) async throws -> Response {
    _ = try request.query()
    let seq = await service.lastSeq()
    return Reply.json(
      ["status": "ok", "version": .string(version), "pid": .int(Int64(getpid())), "seq": .int(Int64(clamping: seq))]
        as JSONValue)
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
