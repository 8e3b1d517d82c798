import RunModel

/// An `http` or `https` address of an agent.
struct A2AAddress: Sendable, Hashable, CustomStringConvertible {
  let isSecure: Bool
  /// As written, an IPv6 one in brackets, in lower case.
  let host: String
  let port: Int?
  /// Begins with `/`, or is empty.
  let path: String

  /// Nil for what is no such address, or carries a user, a query or a fragment.
  init?(_ text: String) {
    let lower = text.lowercased()
    guard let scheme = ["https://", "http://"].first(where: lower.hasPrefix) else { return nil }
    isSecure = scheme == "https://"
    let rest = text.dropFirst(scheme.count)
    let slash = rest.firstIndex(of: "/") ?? rest.endIndex
    let authority = rest[..<slash]
    path = String(rest[slash...])
    guard text.utf8.count <= 2000, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), !text.contains("@"),
      !text.contains("?"), !text.contains("#"), !text.contains("\\"), !text.contains("\"")
    else { return nil }
    var name = authority
    if let colon = authority.lastIndex(of: ":"), !authority[colon...].contains("]") {
      guard let port = UInt16(authority[authority.index(after: colon)...]), port > 0 else { return nil }
      self.port = Int(port)
      name = authority[..<colon]
    } else {
      port = nil
    }
    guard !name.isEmpty, name.first == "[" ? name.last == "]" : !name.contains("]") && !name.contains(":") else {
      return nil
    }
    host = name.lowercased()
  }

  private init(isSecure: Bool, host: String, port: Int?, path: String) {
    self.isSecure = isSecure
    self.host = host
    self.port = port
    self.path = path
  }

  var isLoopback: Bool { ServerAddress.loopback(host) != nil }
  var origin: String { "\(isSecure ? "https" : "http")://\(host)\(port.map { ":\($0)" } ?? "")" }
  var description: String { origin + path }

  /// Without what may be a secret in it.
  static func shown(_ text: String) -> String {
    guard let at = text.lastIndex(of: "@") else { return text.bounded(200) }
    return "…" + String(text[at...]).bounded(200)
  }

  /// Where an agent's card may be: at the address itself, beside it, at the top; today's name before the older one.
  var cards: [A2AAddress] {
    if path.hasSuffix(".json") { return [self] }
    var base = path
    while base.hasSuffix("/") { base.removeLast() }
    let folders = base.isEmpty ? [""] : [base, ""]
    return folders.flatMap { folder in
      ["agent-card.json", "agent.json"].map { name in
        A2AAddress(isSecure: isSecure, host: host, port: port, path: "\(folder)/.well-known/\(name)")
      }
    }
  }

  /// Where a card's interface really is, seen from the address at which the card was found; nil for what must not be
  /// followed: another machine, or plain HTTP in the place of TLS.
  func interface(_ text: String) -> A2AAddress? {
    guard let there = A2AAddress(text) else { return nil }
    // A server writes so when it knows of all its addresses only that they are there.
    if ["0.0.0.0", "[::]"].contains(there.host) {
      return A2AAddress(isSecure: there.isSecure || isSecure, host: host, port: there.port ?? port, path: there.path)
    }
    guard there.isSecure || !isSecure, there.host == host || (there.isLoopback && isLoopback) else { return nil }
    return there
  }
}
