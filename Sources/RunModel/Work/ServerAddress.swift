/// Where an orchestrator listens: the one grammar of `--listen` and `--connect`.
package enum ServerAddress: Sendable, Hashable, CustomStringConvertible {
  /// `unix:PATH`.
  case unix(path: String)
  /// `http://HOST:PORT`; port 0 asks for any free one.
  case http(host: String, port: Int)
  /// `https://HOST:PORT`.
  case https(host: String, port: Int)

  /// Throws `Problem(.invalid)` that says what an address looks like.
  package init(_ text: String) throws(Problem) {
    if text.hasPrefix("unix:"), text.count > 5 {
      let path = String(text.dropFirst(5))
      guard path.utf8.count <= 103 else {
        throw Problem(.invalid, "The socket path \(path) is longer than 103 bytes, which the system does not allow.")
      }
      self = .unix(path: path)
      return
    }
    if text.contains("://"), text.contains("@") {
      // Not quoted: it may hold a password.
      throw Problem(
        .invalid, "An address holds no user name and no password. Tokens go into a file: see FLIGHTDECK_TOKEN_FILE.")
    }
    for (scheme, secure) in [("http://", false), ("https://", true)] where text.hasPrefix(scheme) {
      var rest = text.dropFirst(scheme.count)
      if rest.hasSuffix("/") { rest.removeLast() }
      // UInt16 takes what a port is, apart from a sign.
      if let colon = rest.lastIndex(of: ":"), let port = UInt16(rest[rest.index(after: colon)...]),
        rest[rest.index(after: colon)...].first?.isNumber == true, colon > rest.startIndex
      {
        let host = String(rest[..<colon])
        self = secure ? .https(host: host, port: Int(port)) : .http(host: host, port: Int(port))
        return
      }
    }
    throw Problem(
      .invalid, "\"\(text)\" is not an address. Use unix:PATH, http://127.0.0.1:PORT or https://HOST:PORT.")
  }

  package var description: String {
    switch self {
    case .unix(let path): "unix:\(path)"
    case .http(let host, let port): "http://\(host):\(port)"
    case .https(let host, let port): "https://\(host):\(port)"
    }
  }

  /// Whether what is sent there stays on this machine.
  package var isLocal: Bool {
    switch self {
    case .unix: true
    case .http(let host, _), .https(let host, _): Self.loopback(host) != nil
    }
  }

  /// The numeric form of a loopback host; nil for any other.
  package static func loopback(_ host: String) -> String? {
    switch host {
    case "localhost": return "127.0.0.1"
    case "::1", "[::1]": return "::1"
    default:
      let parts = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
      return parts.count == 4 && parts[0] == 127 && parts.allSatisfy { $0 != nil } ? host : nil
    }
  }
}
