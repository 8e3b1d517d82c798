/// Where a repository's work is pushed, as its configuration says: a place on a host that takes requests.
///
/// An agent can write that configuration. So nothing of it is taken but an address of two known forms, and no option, no
/// transport of another kind and no program gets through.
struct RemoteRepository: Sendable, Hashable {
  /// As git is given it.
  var url: String
  var host: String
  /// `owner/name`, for GitLab with groups in between.
  var path: String

  /// `https://host/owner/name(.git)`, `ssh://[user@]host[:port]/owner/name(.git)` or `[user@]host:owner/name(.git)`; nil for
  /// any other.
  init?(url: String) {
    guard url.utf8.count <= 1024, url.utf8.allSatisfy({ (0x21...0x7E).contains($0) }), !url.hasPrefix("-") else {
      return nil
    }
    var place: Substring
    var authority: Substring
    if let scheme = ["https://", "ssh://"].first(where: { url.hasPrefix($0) }) {
      let rest = url.dropFirst(scheme.count)
      guard let slash = rest.firstIndex(of: "/") else { return nil }
      authority = rest[..<slash]
      place = rest[slash...].dropFirst()
      // A password in it is the operator's; it is no part of the name.
      if let at = authority.lastIndex(of: "@") { authority = authority[at...].dropFirst() }
      if let colon = authority.firstIndex(of: ":") {
        guard authority[colon...].dropFirst().allSatisfy(\.isNumber) else { return nil }
        authority = authority[..<colon]
      }
    } else {
      guard !url.contains("::"), !url.contains("://"), let colon = url.firstIndex(of: ":") else { return nil }
      authority = url[..<colon]
      place = url[colon...].dropFirst()
      if let at = authority.lastIndex(of: "@") {
        guard authority[..<at].allSatisfy({ Self.isPlain($0) }) else { return nil }
        authority = authority[at...].dropFirst()
      }
    }
    while place.hasSuffix("/") { place.removeLast() }
    if place.hasSuffix(".git") { place.removeLast(4) }
    let parts = place.split(separator: "/", omittingEmptySubsequences: false)
    guard !authority.isEmpty, !authority.hasPrefix("-"), authority.allSatisfy({ Self.isPlain($0) }), parts.count >= 2,
      parts.allSatisfy({ !$0.isEmpty && $0.first != "-" && $0.first != "." && $0.allSatisfy { Self.isPlain($0) } })
    else { return nil }
    self.url = url
    host = authority.lowercased()
    path = String(place)
  }

  private static func isPlain(_ character: Character) -> Bool {
    character.isASCII
      && (character.isLetter || character.isNumber || character == "." || character == "_" || character == "-")
  }
}
