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
    let outage = service.outage
    var json = JSONWriter()
    json.object { json in
      json.member("status", outage == nil ? "ok" : "degraded")
      json.member("version", version)
      json.member("pid", Int64(getpid()))
      json.member("seq", Int64(clamping: seq))
      if let outage { json.member("outage", outage) }
    }
    return Reply.bytes(json.bytes, type: "application/json")
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
