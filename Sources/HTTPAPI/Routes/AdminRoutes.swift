import Hummingbird
import Orchestration
import RunModel

/// What an administrator asks of the orchestrator itself.
extension API {
  func collect(_ request: APIRequest) async throws -> Response {
    _ = try request.query()
    let body = try await request.object("olderThanSeconds", "dryRun", "branches", "unmerged", "unknown")
    var wanted = CollectionRequest(
      dryRun: try body.bool("dryRun") ?? false, branches: try body.bool("branches") ?? false,
      unmerged: try body.bool("unmerged") ?? false, unknown: try body.bool("unknown") ?? false)
    if let value = body.object["olderThanSeconds"], !value.isNull {
      guard let seconds = value.int, (0...3_153_600_000).contains(seconds) else {
        throw Problem(.invalid, "\"olderThanSeconds\" must be a whole number from 0 to 3153600000.")
      }
      wanted.olderThan = .seconds(seconds)
    }
    return Reply.json(try await service.collect(wanted, by: request.actor))
  }
}
