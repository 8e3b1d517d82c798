import TerminalKit

/// What a piece of text means; on a terminal that may be a colour, never the meaning alone.
enum Tone: Sendable {
  case plain, heading, faint, good, bad, warning, active

  private var code: String {
    switch self {
    case .plain: ""
    case .heading: "1"
    case .faint: "2"
    case .good: "32"
    case .bad: "31"
    case .warning: "33"
    case .active: "36"
    }
  }

  func paint(_ text: String, in colour: Bool) -> String {
    colour && self != .plain && !text.isEmpty ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }
}

/// Makes any text of others safe to print on a line of its own.
enum Plain {
  static func line(_ text: String) -> String {
    var line = ""
    for cluster in DisplayText(text).clusters { line += cluster.text }
    return line
  }

  /// Several lines, each made safe.
  static func lines(_ text: String) -> [String] {
    text.split(omittingEmptySubsequences: false) { $0.isNewline }.map { line(String($0)) }
  }

  /// As lines of at most `width` columns, broken between words; a word that is longer stays whole. Nil: as it is.
  static func wrapped(_ text: String, width: Int?) -> [String] {
    guard let width, width > 10 else { return [text] }
    var lines: [String] = []
    var line = ""
    var used = 0
    for word in text.split(separator: " ", omittingEmptySubsequences: false) {
      let room = DisplayText(String(word)).width
      if !line.isEmpty, used + 1 + room > width {
        lines.append(line)
        (line, used) = ("", 0)
      }
      line += (line.isEmpty ? "" : " ") + word
      used += room + (used > 0 ? 1 : 0)
    }
    return lines + [line]
  }
}
