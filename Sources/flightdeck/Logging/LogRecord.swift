import Logging
import RunModel

/// One entry of the log, in the forms that it is written in: each is one line of printable text, whatever the message
/// holds, and no longer than `longest`.
struct LogRecord: Sendable {
  var time: Timestamp
  var level: Logger.Level
  var label: String
  var message: String
  /// Sorted by name.
  var metadata: [(name: String, value: String)] = []

  static let longestMessage = 16 << 10
  static let longestValue = 2 << 10
  /// Of a line in any form, newline included.
  static let longest = 256 << 10

  /// `{"time", "level", "label", "message", "runId"?, "metadata"?}` and a newline.
  var json: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(192 + message.utf8.count)
    func member(_ name: String, _ value: String) {
      if bytes.last != UInt8(ascii: "{") { bytes.append(UInt8(ascii: ",")) }
      Self.append(quoted: name, to: &bytes)
      bytes.append(UInt8(ascii: ":"))
      Self.append(quoted: value, to: &bytes)
    }
    bytes.append(UInt8(ascii: "{"))
    member("time", time.description)
    member("level", level.rawValue)
    member("label", label)
    member("message", safeMessage)
    var rest: [(name: String, value: String)] = []
    for entry in safeMetadata {
      // Runs are what people look for, so they have a member of their own.
      if entry.name == "run" || entry.name == "runId" {
        member("runId", entry.value)
      } else if bytes.count < Self.longest / 2 {
        rest.append(entry)
      }
    }
    if !rest.isEmpty {
      bytes.append(contentsOf: #","metadata":{"#.utf8)
      for (name, value) in rest where bytes.count < Self.longest / 2 { member(name, value) }
      bytes.append(UInt8(ascii: "}"))
    }
    bytes.append(contentsOf: "}\n".utf8)
    return bytes
  }

  /// `2026-01-01T00:00:00.000Z notice message name=value` and a newline; without the time where a journal adds its own.
  func text(withTime: Bool = true) -> [UInt8] {
    var bytes: [UInt8] = []
    if withTime { bytes.append(contentsOf: "\(time) ".utf8) }
    bytes.append(contentsOf: "\(level.rawValue) ".utf8)
    Self.append(safeMessage, to: &bytes)
    for (name, value) in safeMetadata where bytes.count < Self.longest / 2 {
      bytes.append(UInt8(ascii: " "))
      Self.append(name, to: &bytes)
      bytes.append(UInt8(ascii: "="))
      if Self.needsQuotes(value) {
        Self.append(quoted: value, to: &bytes)
      } else {
        Self.append(value, to: &bytes)
      }
    }
    bytes.append(UInt8(ascii: "\n"))
    return bytes
  }

  /// A value as the text form has it: where it ends can be seen.
  static func quotedIfNeeded(_ value: String) -> String {
    guard needsQuotes(value) else { return value }
    var bytes: [UInt8] = []
    append(quoted: value, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func needsQuotes(_ value: String) -> Bool { value.utf8.contains(0x20) || value.isEmpty }

  /// As the journal takes it on standard error: the priority in front (sd-daemon(3)), the time left to it.
  var journal: [UInt8] {
    let priority =
      switch level {
      case .trace, .debug: 7
      case .info: 6
      case .notice: 5
      case .warning: 4
      case .error: 3
      case .critical: 2
      }
    return Array("<\(priority)>".utf8) + text(withTime: false)
  }

  private var safeMessage: String { Redaction.text(Self.cut(message, to: Self.longestMessage)) }

  private var safeMetadata: [(name: String, value: String)] {
    metadata.map { name, value in
      let cut = Self.cut(value, to: Self.longestValue)
      return (Self.cut(name, to: 64), Redaction.isSecret(name) ? Redaction.mark : Redaction.text(cut))
    }
  }

  private static func cut(_ text: String, to most: Int) -> String {
    guard text.utf8.count > most else { return text }
    return String(decoding: text.utf8.prefix(most), as: UTF8.self) + "…"
  }

  private static func append(quoted text: String, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    append(text, to: &bytes, escapingQuotes: true)
    bytes.append(UInt8(ascii: "\""))
  }

  /// Nothing that a terminal would obey, and nothing that nobody sees, gets through as it is: it becomes `\u001b`.
  private static func append(_ text: String, to bytes: inout [UInt8], escapingQuotes: Bool = false) {
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n": bytes.append(contentsOf: #"\n"#.utf8)
      case "\r": bytes.append(contentsOf: #"\r"#.utf8)
      case "\t": bytes.append(contentsOf: #"\t"#.utf8)
      case "\"" where escapingQuotes, "\\" where escapingQuotes:
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(UInt8(truncatingIfNeeded: scalar.value))
      case _ where isHidden(scalar):
        for unit in String(scalar).utf16 {
          let hex = String(unit, radix: 16)
          bytes.append(contentsOf: "\\u\(String(repeating: "0", count: 4 - hex.count))\(hex)".utf8)
        }
      case _ where scalar.isASCII: bytes.append(UInt8(truncatingIfNeeded: scalar.value))
      default: bytes.append(contentsOf: String(scalar).utf8)
      }
    }
  }

  private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F...0x9F, 0xAD, 0x061C, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF,
      0xFFF9...0xFFFB, 0xE0000...0xE007F:
      true
    default: false
    }
  }
}
