import TerminalKit

/// The colours that agents give their output, brought to the theme's roles: a red line is red in every theme.
///
/// Only the sequences that set colours (`ESC [ … m`) are read and taken out; all others stay and are made visible by
/// the sanitiser, so that nothing of them reaches the terminal.
enum AgentColors {
  static func spans(_ text: String, _ base: Role) -> [Span] {
    let bytes = Array(text.utf8)
    var spans: [Span] = []
    var role = base
    var attributes: Attributes = []
    var start = 0
    var at = 0
    func flush(_ end: Int) {
      guard end > start else { return }
      spans.append(Span(String(decoding: bytes[start..<end], as: UTF8.self), role, attributes))
    }
    while at < bytes.count {
      guard bytes[at] == 0x1B, at + 1 < bytes.count, bytes[at + 1] == UInt8(ascii: "[") else {
        at += 1
        continue
      }
      var end = at + 2
      while end < bytes.count, end - at < 64, (0x30...0x3B).contains(bytes[end]) { end += 1 }
      guard end < bytes.count, bytes[end] == UInt8(ascii: "m") else {
        at += 1
        continue
      }
      flush(at)
      let codes = String(decoding: bytes[(at + 2)..<end], as: UTF8.self).split(
        separator: ";", omittingEmptySubsequences: false
      ).map { Int($0) ?? 0 }
      apply(codes, base, &role, &attributes)
      at = end + 1
      start = at
    }
    flush(bytes.count)
    return spans
  }

  private static func apply(_ codes: [Int], _ base: Role, _ role: inout Role, _ attributes: inout Attributes) {
    var rest = codes[...]
    while let code = rest.popFirst() {
      switch code {
      case 0:
        role = base
        attributes = []
      case 1: attributes.insert(.bold)
      case 3: attributes.insert(.italic)
      case 4: attributes.insert(.underline)
      case 22: attributes.remove(.bold)
      case 23: attributes.remove(.italic)
      case 24: attributes.remove(.underline)
      case 2, 30, 90, 37, 97: role = code == 37 || code == 97 ? base : .muted
      case 31, 91: role = .outputError
      case 32, 92: role = .runSucceeded
      case 33, 93: role = .runAttention
      case 34, 94, 36, 96: role = .accent
      case 35, 95: role = .code
      case 39: role = base
      case 38, 48:
        // A colour by number: which one it is does not matter, as themes have their own.
        if rest.first == 5 { rest = rest.dropFirst(2) } else if rest.first == 2 { rest = rest.dropFirst(4) }
      default: break
      }
    }
  }
}
