import HTTPTypes
import Hummingbird
import Orchestration
import RunModel

/// `/v1/tokens` and what is below it.
extension API {
  func tokens(_ request: APIRequest) async throws -> Response {
    _ = try request.query()
    let now = Timestamp.now
    return Reply.json(access.tokens.map { ListedToken(token: $0, status: $0.status(at: now)) })
  }

  func createToken(_ request: APIRequest) async throws -> Response {
    _ = try request.query()
    let body = try await request.object("name", "role", "expiresInSeconds")
    let name = try body.requiredText("name")
    let word = try body.requiredText("role")
    guard let role = AccessRole(rawValue: word) else {
      let known = AccessRole.allCases.map(\.rawValue)
      throw Problem(
        .invalid,
        "There is no such role.\(Nearest.hint(for: word, among: known)) There are \(known.joined(separator: ", ")).")
    }
    var life: Duration?
    if let value = body.object["expiresInSeconds"], !value.isNull {
      guard let seconds = value.int, seconds > 0 else {
        throw Problem(.invalid, "\"expiresInSeconds\" must be a whole number above 0.")
      }
      life = .seconds(seconds)
    }
    return Reply.json(
      try await access.create(name: name, role: role, expiresIn: life, by: request.actor), status: .created)
  }

  func revokeToken(_ request: APIRequest) async throws -> Response {
    _ = try request.query()
    if let body = try await request.optionalBody(), body.object?.isEmpty != true {
      throw Problem(.invalid, "A revocation takes no body.")
    }
    let revoked = try await access.revoke(request.parameter("id"), by: request.actor)
    return Reply.json(ListedToken(token: revoked, status: revoked.status(at: .now)))
  }
}

private struct ListedToken: JSONWritable {
  var token: TokenSummary
  var status: TokenSummary.Status

  func write(to json: inout JSONWriter) {
    json.object { json in
      token.writeMembers(to: &json)
      json.member("status", status.rawValue)
    }
  }
}
