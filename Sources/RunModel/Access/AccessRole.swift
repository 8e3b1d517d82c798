/// What the holder of a token may do; each role may do what those before it may.
package enum AccessRole: String, Sendable, Hashable, CaseIterable, Comparable {
  /// Look at everything.
  case viewer
  /// Dispatch, cancel, answer, retry, follow up.
  case `operator`
  /// Approve and reject.
  case approver
  /// Make and revoke tokens, and give contracts that carry code.
  case admin

  package static func < (a: Self, b: Self) -> Bool { a.rank < b.rank }

  private var rank: Int {
    switch self {
    case .viewer: 0
    case .operator: 1
    case .approver: 2
    case .admin: 3
    }
  }
}

/// A bearer token as people see it: all but the secret.
package struct TokenSummary: Sendable, Hashable {
  package enum Status: String, Sendable, CaseIterable { case active, expired, revoked }

  package var id: TokenID
  /// Who speaks through it: the name in events, approvals and the audit trail.
  package var name: String
  package var role: AccessRole
  package var createdAt: Timestamp
  package var createdBy: String
  package var expiresAt: Timestamp?
  package var revokedAt: Timestamp?
  /// To the minute.
  package var lastUsedAt: Timestamp?

  package init(
    id: TokenID, name: String, role: AccessRole, createdAt: Timestamp, createdBy: String, expiresAt: Timestamp? = nil
  ) {
    self.id = id
    self.name = name
    self.role = role
    self.createdAt = createdAt
    self.createdBy = createdBy
    self.expiresAt = expiresAt
  }

  package func status(at now: Timestamp) -> Status {
    if revokedAt != nil { return .revoked }
    return expiresAt.map { $0 <= now } ?? false ? .expired : .active
  }
}

extension TokenSummary: JSONWritable {
  package func write(to json: inout JSONWriter) {
    json.object { json in writeMembers(to: &json) }
  }

  package func writeMembers(to json: inout JSONWriter) {
    json.member("tokenId", id.description)
    json.member("name", name)
    json.member("role", role.rawValue)
    json.member("createdAt", createdAt)
    json.member("createdBy", createdBy)
    json.member("expiresAt", expiresAt)
    json.member("revokedAt", revokedAt)
    json.member("lastUsedAt", lastUsedAt)
  }

  package init?(json: JSONValue) {
    func time(_ key: String) -> Timestamp? { json[key]?.string.flatMap { Timestamp($0) } }
    guard let id = json["tokenId"]?.string.flatMap({ TokenID($0) }), let name = json["name"]?.string,
      let role = json["role"]?.string.flatMap(AccessRole.init), let createdAt = time("createdAt")
    else { return nil }
    self.init(
      id: id, name: name, role: role, createdAt: createdAt, createdBy: json["createdBy"]?.string ?? "",
      expiresAt: time("expiresAt"))
    revokedAt = time("revokedAt")
    lastUsedAt = time("lastUsedAt")
  }
}

/// A token just made: the one time that its secret is told.
package struct IssuedToken: Sendable, Hashable, JSONWritable {
  package var secret: String
  package var summary: TokenSummary

  package init(secret: String, summary: TokenSummary) {
    self.secret = secret
    self.summary = summary
  }

  package func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("token", secret)
      summary.writeMembers(to: &json)
    }
  }

  package init?(json: JSONValue) {
    guard let secret = json["token"]?.string, let summary = TokenSummary(json: json) else { return nil }
    self.init(secret: secret, summary: summary)
  }
}
