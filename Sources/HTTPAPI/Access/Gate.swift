import Glibc
import HTTPTypes
import Hummingbird
import NIOCore
import Orchestration
import RunModel

/// Who asks, and what they may.
struct Caller: Sendable {
  var actor: Actor
  var role: AccessRole
  /// Nil on the user's own socket.
  var token: TokenID?
  /// An address, or `uid 1000`.
  var peer: String

  /// Throws for a role that is too small.
  func require(_ needed: AccessRole) throws(Problem) {
    guard role < needed else { return }
    throw Problem(
      .forbidden,
      "The token \"\(actor.id)\" is \(role.articled)'s, and this takes \(needed.articled)'s. Ask an "
        + "admin for another: flightdeck token create NAME --role \(needed.rawValue).")
  }

  /// Verify commands and `metadata.command` are code: an admin's to give, or the user's own.
  func requireMayGive(_ contracts: [Contract]) throws(Problem) {
    guard role < .admin, let contract = contracts.first(where: \.carriesCode) else { return }
    let member = contract.verify.isEmpty ? "metadata.command" : "verify"
    throw Problem(
      .forbidden,
      "The token \"\(actor.id)\" is \(role.articled)'s, and \"\(member)\" is code that would run on the orchestrator's "
        + "machine: it is taken from its own Unix socket and from an admin's token alone. Leave it out, or have an admin "
        + "dispatch it.", member: member)
  }
}

extension AccessRole {
  fileprivate var articled: String {
    switch self {
    case .viewer: "a \(rawValue)"
    case .operator, .approver, .admin: "an \(rawValue)"
    }
  }
}

extension Contract {
  /// Whether it says what is to be run.
  var carriesCode: Bool { !verify.isEmpty || metadata["command"].map { !$0.isNull } ?? false }
}

/// Somebody was not let in.
struct Refused: Error {
  var problem: Problem
  var kind: AccessRefusal.Kind
  var actor: Actor?
  /// The reason for the trail, where that differs from what the peer is told.
  var reason: String?
  var retryAfter: Duration?
}

/// The door of one address.
struct Gate: Sendable {
  enum Door: Sendable {
    /// The process at the other end of the socket belongs to `uid`.
    case socket(uid: uid_t, name: String, connections: Connections)
    case tcp(hosts: HostNames, isTLS: Bool)
  }

  let door: Door
  let access: AccessControl
  let failures: FailureLimiter

  func peer(_ channel: any Channel) -> String {
    switch door {
    case .socket(_, _, let connections): connections.uid(of: channel).map { "uid \($0)" } ?? "unknown"
    case .tcp: PeerAddress.of(channel)
    }
  }

  /// Throws `Refused`. What a browser's page sends is refused before anything else is looked at.
  func admit(_ request: Request, from channel: any Channel) throws -> Caller {
    let peer = peer(channel)
    switch door {
    case .socket(let uid, let name, let connections):
      guard connections.uid(of: channel) == uid else {
        throw Refused(
          problem: Problem(.forbidden, "This socket serves \(name) alone. Start an orchestrator of your own."),
          kind: .foreignUser)
      }
      guard request.headers[.origin] == nil else { throw foreignPage(request) }
      return Caller(actor: Actor(.human, name), role: .admin, peer: peer)
    case .tcp(let hosts, let isTLS):
      try checkHost(request, hosts)
      try checkOrigin(request, isTLS: isTLS)
      return try authenticate(request, peer)
    }
  }

  private func checkHost(_ request: Request, _ hosts: HostNames) throws {
    let host = request.head.authority ?? ""
    // A second Host would stay among the fields.
    let isDouble = HTTPField.Name("Host").map { request.headers[$0] != nil } ?? false
    if isDouble || host.isEmpty {
      throw Refused(
        problem: Problem(.forbidden, "A request over TCP needs one Host."), kind: .host, reason: "No Host, or several.")
    }
    guard hosts.admits(host) else {
      throw Refused(
        problem: Problem(
          .forbidden,
          "This orchestrator is not known by the name in the request's Host. Use the address that it listens on, or add "
            + "the name to hostNames in its config.yaml."),
        kind: .host, reason: "Asked for by a name that is not its own: \(AccessRefusal.quotable(host))")
    }
  }

  private func checkOrigin(_ request: Request, isTLS: Bool) throws {
    if let origin = request.headers[.origin] {
      let host = request.head.authority ?? ""
      guard HostNames.isSameOrigin(origin, as: host, isTLS: isTLS) else { throw foreignPage(request) }
    }
    if let name = HTTPField.Name("Sec-Fetch-Site"), let site = request.headers[name],
      site != "same-origin", site != "none"
    {
      throw foreignPage(request)
    }
  }

  private func foreignPage(_ request: Request) -> Refused {
    let origin = request.headers[.origin].map { AccessRefusal.quotable($0) } ?? "unknown"
    return Refused(
      problem: Problem(
        .forbidden, "Web pages may not speak to an orchestrator. Use flightdeck, or a client that is none."),
      kind: .origin, reason: "A web page asked; its origin: \(origin)")
  }

  private func authenticate(_ request: Request, _ peer: String) throws -> Caller {
    let header = request.headers[.authorization] ?? ""
    let isBearer = header.prefix(7).lowercased() == "bearer "
    switch isBearer ? access.verdict(on: header.dropFirst(7).utf8) : .unknown {
    case .admitted(let token):
      return Caller(actor: Actor(.human, token.name), role: token.role, token: token.id, peer: peer)
    case .expired(let token):
      throw ended(token, "expired at \(token.expiresAt?.description ?? "")")
    case .revoked(let token):
      throw ended(token, "was revoked at \(token.revokedAt?.description ?? "")")
    case .unknown: break
    }
    if let wait = failures.wait(of: peer) {
      throw Refused(
        problem: Problem(
          .tooMany,
          "Too many wrong tokens came from your address. Try again in \(wait.wholeSeconds) s, with the right one."),
        kind: .tooMany, reason: "Too many wrong tokens from one address.", retryAfter: wait)
    }
    // Who shows none has guessed at nothing.
    if !header.isEmpty { failures.failed(peer) }
    throw Refused(
      problem: Problem(
        .unauthorized,
        header.isEmpty
          ? "Over TCP a token is needed: send \"Authorization: Bearer TOKEN\". It is in the file \"token\" of the "
            + "orchestrator's state folder; FLIGHTDECK_TOKEN_FILE names it for the clients."
          : "The token is none of this orchestrator's. One is in the file \"token\" of its state folder; others are made "
            + "with flightdeck token create, and FLIGHTDECK_TOKEN_FILE names the file with yours."),
      kind: .unauthorized, reason: header.isEmpty ? "No token." : "A token that is not known.")
  }

  private func ended(_ token: TokenSummary, _ how: String) -> Refused {
    Refused(
      problem: Problem(
        .unauthorized,
        "The token \"\(token.name)\" \(how). Ask an admin for a new one: flightdeck token create \(token.name) --role "
          + "\(token.role.rawValue)."),
      kind: .ended, actor: Actor(.human, token.name), reason: "The token \(how).")
  }
}

extension Duration {
  /// Rounded up, and at least 1.
  var wholeSeconds: Int64 { max(1, (milliseconds + 999) / 1000) }
}
