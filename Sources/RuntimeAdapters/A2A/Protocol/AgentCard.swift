import RunModel

/// What an agent says of itself at `/.well-known/agent-card.json`, in the shape of 1.0 or of 0.3.
struct AgentCard: Sendable, Equatable {
  struct Interface: Sendable, Equatable {
    var url: String
    /// `JSONRPC`, `GRPC`, `HTTP+JSON`.
    var binding: String
    /// As the card has it.
    var version: String
  }

  var name: String
  var version: String?
  var interfaces: [Interface]
  var hasStreaming: Bool
  var hasPushNotifications: Bool
  /// What it wants of its callers, as in `bearer` or `an API key in X-Key`; empty when it wants nothing.
  var wants: [String]
  /// Whether a bearer token is one of those, or nothing is wanted.
  var takesBearer: Bool

  /// The JSON-RPC interfaces that can be spoken to, the newest version first.
  var spoken: [(url: String, version: A2AVersion)] {
    let all = interfaces.filter { $0.binding == "JSONRPC" }
      .compactMap { interface in A2AVersion(card: interface.version).map { (interface.url, $0) } }
    return all.filter { $0.1 == .v1 } + all.filter { $0.1 == .v03 }
  }

  /// Nil for what is no agent card.
  init?(json: JSONValue) {
    guard let card = json.object, let name = card["name"]?.string,
      card["capabilities"] != nil || card["skills"] != nil || card["supportedInterfaces"] != nil
    else { return nil }
    self.name = name
    version = card["version"]?.string
    hasStreaming = card["capabilities"]?["streaming"]?.bool ?? false
    hasPushNotifications = card["capabilities"]?["pushNotifications"]?.bool ?? false
    interfaces = (card["supportedInterfaces"]?.array ?? []).compactMap { interface in
      guard let url = interface["url"]?.string else { return nil }
      return Interface(
        url: url, binding: interface["protocolBinding"]?.string ?? "JSONRPC",
        version: interface["protocolVersion"]?.string ?? "1.0")
    }
    // As 0.3 has it; a card may be in both shapes.
    let older = card["protocolVersion"]?.string ?? "0.3"
    if let url = card["url"]?.string {
      interfaces.append(
        Interface(url: url, binding: card["preferredTransport"]?.string ?? "JSONRPC", version: older))
    }
    for interface in card["additionalInterfaces"]?.array ?? [] {
      guard let url = interface["url"]?.string else { continue }
      interfaces.append(Interface(url: url, binding: interface["transport"]?.string ?? "", version: older))
    }
    let schemes = (card["securitySchemes"]?.object ?? [:]).map { Self.scheme($0.value) }
    let isAsked =
      [card["security"], card["securityRequirements"]].contains { $0?.array?.isEmpty == false } && !schemes.isEmpty
    wants = isAsked ? schemes.map(\.words) : []
    takesBearer = !isAsked || schemes.contains(where: \.isBearer)
  }

  /// 0.3 has a `type` in each, 1.0 a member that is named for it.
  private static func scheme(_ json: JSONValue) -> (words: String, isBearer: Bool) {
    let type = json["type"]?.string
    if type == "http" || json["httpAuthSecurityScheme"] != nil {
      let scheme = (json["httpAuthSecurityScheme"] ?? json)["scheme"]?.string?.lowercased() ?? "bearer"
      return (scheme, scheme == "bearer")
    }
    if type == "apiKey" || json["apiKeySecurityScheme"] != nil {
      let key = json["apiKeySecurityScheme"] ?? json
      return ("an API key in \(key["name"]?.string?.bounded(80) ?? "a header")", false)
    }
    if type == "mutualTLS" || json["mtlsSecurityScheme"] != nil { return ("a client certificate", true) }
    // OAuth 2 and OpenID Connect end in a bearer token.
    return (type == "openIdConnect" || json["openIdConnectSecurityScheme"] != nil ? "OpenID Connect" : "OAuth 2", true)
  }
}
