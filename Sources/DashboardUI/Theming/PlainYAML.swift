package import Yams

/// Reads YAML that people write by hand, with bounds on what a file can make of itself.
package enum PlainYAML {
  /// Why a file is not read that may well be YAML.
  package enum TooMuch: Error, CustomStringConvertible {
    case text, aliases

    package var description: String {
      switch self {
      case .text: "it is longer than 1 MiB"
      case .aliases: "its aliases (*name) stand for too much, one in another; write some of it out"
      }
    }
  }

  /// What is wrong with a text that `compose` refuses, and in which line, if it is one. `what`: what the file is.
  package static func words(_ error: any Error, of what: String) -> (line: Int?, message: String) {
    switch error {
    case YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _),
      YamlError.composer(_, let problem, let mark, _):
      (mark.line, "This is not YAML: \(problem).")
    case YamlError.duplicatedKeysInMapping(let duplicates, let context):
      (context.mark.line, "The key \"\(duplicates.first ?? "")\" is there twice.")
    case let error as TooMuch: (nil, "This is not YAML for a \(what): \(error).")
    default: (nil, "This is not YAML: \(error)")
    }
  }

  private static let longest = 1 << 20
  private static let most = 100_000.0

  /// The one document of the text, nil when there is none.
  package static func compose(_ text: String) throws -> Node? {
    guard text.utf8.count <= longest else { throw TooMuch.text }
    guard expansion(of: text) <= most else { throw TooMuch.aliases }
    return try Yams.compose(yaml: text)
  }

  /// How often a node can be there at most. With k anchors of which each holds aliases of the one before, and n aliases,
  /// that is (n/k)^k: such a node costs nothing to hold, but everything to look at, and keys are looked at.
  private static func expansion(of text: String) -> Double {
    var anchors = 0
    var aliases = 0
    var before: UInt8 = 0x0A
    var mark: UInt8 = 0
    for byte in text.utf8 {
      let isName =
        byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A || byte >= 0x30 && byte <= 0x39 || byte == 0x5F || byte == 0x2D
      if isName, mark == UInt8(ascii: "&") { anchors += 1 }
      if isName, mark == UInt8(ascii: "*") { aliases += 1 }
      let isSign = byte == UInt8(ascii: "&") || byte == UInt8(ascii: "*")
      mark = isSign && begins(after: before) ? byte : 0
      before = byte
    }
    let levels = min(anchors, aliases)
    guard levels > 0 else { return 1 }
    let wide = Double(aliases) / Double(levels) + 1
    return (0..<levels).reduce(1.0) { total, _ in min(total * wide, .greatestFiniteMagnitude) }
  }

  private static func begins(after byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "["),
      UInt8(ascii: "{"),
      UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: "?"), UInt8(ascii: "-"), 0x80...:
      true
    default: false
    }
  }
}
