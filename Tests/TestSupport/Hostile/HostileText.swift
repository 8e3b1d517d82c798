import FoundationEssentials

/// What an agent, an issue or a server may send to steer a terminal, to hide from a reader, or to break out of what it is
/// put into. Made by rule, so that nothing is left out; cases once found to hurt are kept beside them, as files.
package enum HostileText {
  package struct Case: Sendable {
    package var name: String
    package var bytes: [UInt8]

    /// As it is after it was read: bytes that are no UTF-8 become U+FFFD.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    init(_ name: String, _ bytes: [UInt8]) {
      self.name = name
      self.bytes = bytes
    }

    init(_ name: String, _ text: String) { self.init(name, Array(text.utf8)) }
  }

  /// All of them, long lines included.
  package static let all: [Case] = short + long + kept

  /// Those of a few characters.
  package static let short: [Case] =
    controls + escapes + csi + strings + nested + invisible + marks + malformed + injections

  /// Several cases in one text, as many as there are texts of about `width` characters: for what is costly to look at.
  package static func packed(_ cases: [Case], width: Int) -> [String] {
    var texts: [String] = []
    var text = ""
    for item in cases {
      if text.unicodeScalars.count > width {
        texts.append(text)
        text = ""
      }
      text += item.text + "\u{78}"
    }
    return text.isEmpty ? texts : texts + [text]
  }

  /// A few of every kind, for what is looked at with each of many fields on each of many screens.
  package static let samples: [String] = {
    let each = [controls, escapes, csi, strings, nested, invisible, marks, malformed, injections]
    return each.flatMap { cases in
      let step = max(1, cases.count / 24)
      return packed(stride(from: 0, to: cases.count, by: step).map { cases[$0] }, width: 160)
    }
  }()

  // MARK: Steering

  private static let controls: [Case] =
    (0...0x9F).filter { $0 < 0x20 || $0 > 0x7E }.flatMap { value -> [Case] in
      let point = Case("U+\(String(value, radix: 16))", "a\(Unicode.Scalar(UInt8(value)))b")
      return value > 0x7F ? [point, Case("byte \(String(value, radix: 16))", [0x61, UInt8(value), 0x62])] : [point]
    }

  /// ESC and one more: charsets, save and restore, keypad, full reset.
  private static let escapes: [Case] =
    (0x20...0x7E).flatMap { final in
      ["", "(", ")", "#", "%", " "].map { between in
        Case("ESC \(between)\(final)", "a\u{1B}\(between)\(Unicode.Scalar(UInt8(final)))b")
      }
    }

  private static let csiStarts: [[UInt8]] = [[0x1B, 0x5B], [0xC2, 0x9B], [0x9B]]
  private static let csiParameters = [
    "", "?25", ">1", "=2", "<3", "1;2", "38;2;1;2;3", "0 ", "1$", "2!", "3'", "\"", "999999999", ":4", "4;\n",
  ]

  private static let csi: [Case] = {
    var cases: [Case] = []
    for final in UInt8(0x40)...0x7E {
      for start in csiStarts {
        for parameters in csiParameters {
          var bytes: [UInt8] = [0x61]
          bytes += start
          bytes += Array(parameters.utf8)
          bytes += [final, 0x62]
          cases.append(Case("CSI \(parameters) \(final)", bytes))
        }
      }
    }
    return cases
  }()

  private static let stringStarts: [(name: String, seven: String, eight: UInt8)] = [
    ("OSC", "]", 0x9D), ("DCS", "P", 0x90), ("SOS", "X", 0x98), ("PM", "^", 0x9E), ("APC", "_", 0x9F),
    ("title", "k", 0x9D),
  ]
  private static let stringEnds: [(name: String, bytes: [UInt8])] = [
    ("BEL", [0x07]), ("ST", [0x1B, 0x5C]), ("8-bit ST", [0xC2, 0x9C]), ("byte ST", [0x9C]), ("CAN", [0x18]),
    ("SUB", [0x1A]), ("never", []), ("ESC", [0x1B]), ("line", [0x0A]),
  ]
  private static let payloads = [
    "0;title", "2;title", "1;icon", "4;1;rgb:ff/00/00", "7;file:///etc", "8;;javascript:alert(1)",
    "8;id=1;http://evil/",
    "9;note", "9;4;3;50", "9;9;/tmp", "10;?", "11;#000000", "12;red", "21;x", "22;pointer", "50;font",
    "52;c;cm0gLXJmIH4K", "52;c;?", "66;s=2;x", "99;i=1;x", "104", "110", "133;A", "633;E;x", "777;notify;a;b",
    "1337;File=inline=1:AAAA", "1337;CopyToClipboard=", "5522;x", "+q544e", "$q\"p", "1$r0m",
    "tmux;\u{1B}\u{1B}]52;c;eA==\u{07}",
    "q#0;2;0;0;0~", "Ga=T,f=24;AAAA", "x",
  ]

  /// Each string with each payload and each end, 7 bits and 8, as code point and as byte.
  private static let strings: [Case] = {
    var cases: [Case] = []
    for start in stringStarts {
      let seven: [UInt8] = [0x1B] + Array(start.seven.utf8)
      for opening in [seven, [0xC2, start.eight], [start.eight]] {
        for payload in payloads {
          for end in stringEnds {
            var bytes: [UInt8] = [0x61]
            bytes += opening
            bytes += Array(payload.utf8)
            bytes += end.bytes
            bytes.append(0x62)
            cases.append(Case("\(start.name) \(payload) \(end.name)", bytes))
          }
        }
      }
    }
    return cases
  }()

  private static let nested: [Case] = [
    Case("OSC in OSC", "\u{1B}]0;a\u{1B}]52;c;eA==\u{07}b\u{07}"), Case("CSI in OSC", "\u{1B}]0;\u{1B}[2J\u{07}"),
    Case("CSI in CSI", "\u{1B}[1\u{1B}[2J"), Case("ESC ESC", "\u{1B}\u{1B}\u{1B}[A"),
    Case("DCS in APC", "\u{1B}_\u{1B}Pq\u{1B}\\"),
    Case("through tmux", "\u{1B}Ptmux;\u{1B}\u{1B}]0;x\u{07}\u{1B}\\"),
    Case("through screen", "\u{1B}P\u{1B}]0;x\u{07}\u{1B}\\"),
    Case("paste end", "\u{1B}[201~\nrm -rf ~\n\u{1B}[200~"),
    Case("end of ours", "\u{07}\u{1B}\\\u{1B}]8;;\u{1B}\\\u{1B}[0m\u{1B}[2J"),
    Case("sync", "\u{1B}[?2026h\u{1B}[?1049h\u{1B}c"), Case("mixed 7 and 8", "\u{1B}\u{9B}2J\u{9D}0;x\u{1B}\\"),
    Case("backspaces", "safe\u{8}\u{8}\u{8}\u{8}evil\u{D}gone"), Case("mouse", "\u{1B}[M !!\u{1B}[<0;1;1M"),
    Case("answers", "\u{1B}[c\u{1B}[5n\u{1B}[6n\u{1B}Z\u{1B}[>q\u{1B}[18t\u{1B}[21t\u{5}"),
  ]

  // MARK: Hiding

  /// Code points that show nothing, or change what is shown around them.
  package static let invisibleRanges: [ClosedRange<UInt32>] = [
    0x00AD...0x00AD, 0x034F...0x034F, 0x061C...0x061C, 0x115F...0x1160, 0x17B4...0x17B5, 0x180B...0x180F,
    0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0x3164...0x3164, 0xFE00...0xFE0F, 0xFEFF...0xFEFF,
    0xFFA0...0xFFA0, 0xFFF0...0xFFFB, 0x1BCA0...0x1BCA3, 0x1D173...0x1D17A, 0xE0000...0xE0FFF,
  ]

  private static let invisible: [Case] =
    invisibleRanges.flatMap { range in
      range.filter { $0 < 0xE0080 || $0 % 16 == 1 }.compactMap { value in
        Unicode.Scalar(value).map { Case("U+\(String(value, radix: 16))", "a\($0)b") }
      }
    } + [
      Case("override", "access\u{202E}gpj.exe\u{202C}"),
      Case("isolates", "/*\u{202E} } \u{2066}if (admin)\u{2069} \u{2066} begin */"),
      Case(
        "tag text",
        "hello" + String(String.UnicodeScalarView("evil".unicodeScalars.map { Unicode.Scalar($0.value + 0xE0000)! }))),
      Case("selectors", "1" + String(repeating: "\u{FE0F}\u{FE0E}", count: 20)),
      Case("joiners", "😀" + String(repeating: "\u{200D}", count: 20)),
      Case("family", "👩\u{200D}👩\u{200D}👧\u{FE0F}"), Case("annotation", "\u{FFF9}seen\u{FFFA}hidden\u{FFFB}"),
    ]
    + (0...16).flatMap { plane in
      [0xFFFE, 0xFFFF].map { Case("noncharacter", "a\(Unicode.Scalar(UInt32(plane << 16 + $0))!)b") }
    }
    + (0xFDD0...0xFDEF).map { Case("noncharacter", "a\(Unicode.Scalar(UInt32($0))!)b") }
    + [0x378, 0x530, 0x2FE0, 0x1FFFD, 0x50000, 0x10FFFD, 0xE000, 0xF8FF].map {
      Case("unassigned or private", "a\(Unicode.Scalar(UInt32($0))!)b")
    }

  private static let marks: [Case] = [
    Case("zalgo", (0x300...0x36F).reduce(into: "Z") { $0.unicodeScalars.append(Unicode.Scalar(UInt32($1))!) }),
    Case("flood", "a" + String(repeating: "\u{0489}\u{20DD}\u{1AB0}", count: 200)),
    Case("mark first", "\u{301}\u{302}x"),
    Case("mark after control", "\u{1B}\u{301}[31m"),
    Case("jamo", String(repeating: "\u{1100}\u{1161}\u{11A8}", count: 9)),
    Case("jamo vowels", "\u{1161}\u{1161}\u{11A8}"), Case("wide", String(repeating: "漢字\u{3099}", count: 20)),
    Case("flags", "🇩🇪🇫🇷🇯"), Case("skin", "👍🏽🏽🏽"), Case("thai", "ก็็็็็็็็็็็็"), Case("longest", "﷽𒐫𒈙⸻꧅"),
  ]

  // MARK: Bytes that are no text

  private static let malformed: [Case] = [
    [0xC0, 0x9B, 0x32, 0x4A], [0xC1, 0x9B], [0xE0, 0x80, 0x9B], [0xE0, 0x82, 0x9B, 0x4A], [0xF0, 0x80, 0x80, 0x9B],
    [0xF0, 0x80, 0x82, 0x9B],
    [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80], [0xF4, 0x90, 0x80, 0x80],
    [0xF8, 0x88, 0x80, 0x80, 0x80],
    [0xFC, 0x84, 0x80, 0x80, 0x80, 0x80], [0xFE], [0xFF], [0xC2], [0xE2, 0x80], [0xF0, 0x9F, 0x98],
    [0xC2, 0x1B, 0x5B, 0x32, 0x4A],
    [0xE2, 0x1B, 0x5D, 0x30], [0xF0, 0x9F, 0x1B, 0x63], [0xE2, 0x80, 0xC2, 0x9B], [0x80], [0xBF, 0xBF, 0xBF],
    [0xC2, 0xC2, 0x9B],
    [0xEF, 0xBB, 0xBF, 0x1B, 0x5B, 0x4A], [0xFF, 0xFE, 0x1B, 0x00, 0x5B, 0x00],
  ].enumerated().map { Case("malformed \($0.offset)", [0x61] + $0.element + [0x62]) }

  // MARK: Breaking out of what is not a terminal

  private static let injections: [Case] = [
    "<script>alert(1)</script>", "\"><svg onload=alert(1)>", "' onmouseover='x", "]]><x>", "--><x>",
    "<!ENTITY x SYSTEM \"file:///etc/passwd\">&x;",
    "&#27;[2J&#x1b;&lt;", "<?xml version=\"1.0\"?>", "</text></svg><script>", "</pre><img src=x>", "{{7*7}}%s%n%x",
    "javascript:alert(1)",
    "https://good.example@evil.example/", "http://x/\"><script>", "file:///etc/passwd", "data:text/html,<script>",
    "https://x/\u{1B}]8;;\u{07}",
    "$(touch /tmp/x)", "`touch /tmp/x`", "'; touch /tmp/x; '", "\"; touch /tmp/x; \"", "-rf", "--upload-pack=x", "--",
    "a && b | c > d", "\\", "\\\\'",
    "a\nb", "a\r\nb\rc", "!history", "~root", "*?[a]", "4;1;50", "#comment", "a\u{0}b", "../../etc/passwd",
    "/etc/passwd", ".git/hooks/x", "con:",
    "\"\\ud800\"", "{\"awf\":\"ended\"}", "id: 5\ndata: x\n\n", "event: x", "[link](javascript:x)", "![x](http://y)",
    "**" + "*_`~", "| a | b |\n|--|",
  ].map { Case("injection", $0) }

  // MARK: Long ones

  package static let long: [Case] = [
    "x", "\u{1B}[31m", "\u{301}", "\u{E0041}", "漢", "\u{202E}", "<", "\u{0}", "a\u{200B}", "👩\u{200D}",
  ].map {
    Case(
      "1 MB of \($0.unicodeScalars.map { String($0.value, radix: 16) })",
      String(repeating: $0, count: (1 << 20) / $0.utf8.count))
  }

  /// `Tests/HostileCases`: bytes as they were found, one case a file.
  package static let kept: [Case] = {
    let folder = "\(#filePath)".split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 } + "/HostileCases"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    precondition(!names.isEmpty, "the kept cases are not in \(folder)")
    return names.sorted().compactMap { name in
      FileManager.default.contents(atPath: folder + "/" + name).map { Case(name, Array($0)) }
    }
  }()
}
