/// What became of asking for a run's work to be merged.
package struct PullRequest: Sendable, Hashable {
  /// Where it is; nil when it could not be opened.
  package var url: String?
  /// Why it could not be opened; the work is kept, and it can be tried again.
  package var reason: String?
  /// The command line that does it by hand.
  package var command: String?

  package init(url: String? = nil, reason: String? = nil, command: String? = nil) {
    self.url = url
    self.reason = reason
    self.command = command
  }

  /// An address that a browser may be sent to; nil for any other text.
  package static func address(_ text: String) -> String? {
    let text = text.drop { $0.isWhitespace }.prefix { !$0.isWhitespace }
    guard text.hasPrefix("https://") || text.hasPrefix("http://"), text.utf8.count <= 2048,
      text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
    else { return nil }
    return String(text)
  }
}

extension PullRequest: JSONWritable {
  package func write(to json: inout JSONWriter) {
    json.object { json in
      if let url { json.member("url", url) }
      if let reason { json.member("reason", reason) }
      if let command { json.member("command", command) }
    }
  }

  /// Nil without a word of how it went.
  package init?(json: JSONValue) {
    url = json["url"]?.string.flatMap(Self.address)
    reason = json["reason"]?.string
    command = json["command"]?.string
    if url == nil, reason == nil { return nil }
  }
}
