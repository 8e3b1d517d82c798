import RunModel

/// The names by which a server on TCP may be asked for.
///
/// A page in a browser can make its own name lead to a loopback address (DNS rebinding) and then ask as if it were at home;
/// what it cannot do is send another `Host`, or no `Origin`.
struct HostNames: Sendable {
  private var names: Set<String>
  private var suffixes: [String]
  /// It listens on every address of the machine: any of them is a good name, and no page can rebind one.
  private let takesAddresses: Bool

  /// `names`: of the certificate and the configuration; `*.example.org` stands for one label.
  init(listening host: String, names others: [String]) {
    let host = Self.bare(host)
    takesAddresses = host == "0.0.0.0" || host == "::" || host.isEmpty
    names = ["localhost", "::1"]
    if !takesAddresses { names.insert(host) }
    let others = others.map(Self.bare)
    names.formUnion(others.filter { !$0.hasPrefix("*.") })
    suffixes = others.filter { $0.hasPrefix("*.") }.map { String($0.dropFirst()) }
  }

  func admits(_ authority: String) -> Bool {
    let (host, _) = Self.split(authority)
    if names.contains(host) || ServerAddress.loopback(host) != nil { return true }
    if let dot = host.firstIndex(of: "."), dot > host.startIndex, suffixes.contains(String(host[dot...])) {
      return true
    }
    return takesAddresses && Self.isAddress(host)
  }

  /// Whether a page of that origin is one of this server's own.
  static func isSameOrigin(_ origin: String, as authority: String, isTLS: Bool) -> Bool {
    let scheme = origin.hasPrefix("https://") ? "https" : origin.hasPrefix("http://") ? "http" : nil
    // Plain HTTP may stand behind a proxy that speaks TLS; never the other way round.
    guard let scheme, scheme == "https" || !isTLS else { return false }
    let there = split(String(origin.dropFirst(scheme.count + 3)))
    let here = split(authority)
    let usual = scheme == "https" ? "443" : "80"
    return !there.host.isEmpty && there.host == here.host && there.port ?? usual == here.port ?? usual
  }

  /// Host and port, lower case and without brackets or the dot at the end.
  static func split(_ authority: String) -> (host: String, port: String?) {
    var host = authority[...]
    var port: String?
    if let colon = host.lastIndex(of: ":"), host[colon...].dropFirst().allSatisfy({ $0.isASCII && $0.isNumber }),
      // Colons inside an address without brackets are no port's.
      host.hasPrefix("[") ? host[..<colon].hasSuffix("]") : host.firstIndex(of: ":") == colon
    {
      port = String(host[colon...].dropFirst())
      host = host[..<colon]
    }
    return (bare(String(host)), port)
  }

  private static func bare(_ host: String) -> String {
    var host = host.lowercased()[...]
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    if host.hasSuffix(".") { host = host.dropLast() }
    return String(host)
  }

  private static func isAddress(_ host: String) -> Bool {
    if host.contains(":") { return host.allSatisfy { $0.isHexDigit || $0 == ":" || $0 == "." } }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
  }
}
