@testable import DashboardUI
@testable import TerminalKit

enum TerminalTargets {
  static let all = [keys, paste, text, markdown]

  private static let sequences = [
    "\u{1B}", "\u{1B}[", "\u{1B}O", "\u{1B}[A", "\u{1B}[1;5C", "\u{1B}[3~", "\u{1B}[200~", "\u{1B}[201~",
    "\u{1B}[<0;5;3M",
    "\u{1B}[<64;500;200m", "\u{1B}[M !!", "\u{1B}[M", "\u{1B}]11;rgb:1414/1717/1c1c\u{7}",
    "\u{1B}]11;rgb:f/0/8\u{1B}\\",
    "\u{1B}]", "\u{1B}P", "\u{1B}_G", "\u{1B}\\", "\u{7}", "\u{18}", "\u{1B}[?62;22c", "\u{1B}[27;5;106~",
    "\u{1B}[97;3u",
    "\u{1B}[99999999999;2u", "\u{1B}[[B", "\u{1B}[1;2R", "é", "日", "👍🏽", "\u{C2}", "\u{9B}A", ";", ":", "~", "u", "q",
    "\r",
    "\n", "\t", "\u{7F}", "\u{0}",
  ]

  static let keys = FuzzTarget(
    name: "keys", seeds: sequences.map { Array($0) } + [[0xFF, 0xC3, 0x61, 0xE2, 0x82, 0x62, 0x80], [0xF0, 0x9F]],
    words: sequences, cases: 2000,
    make: { random in (0..<(1 + random.below(8))).flatMap { _ in Array(random.one(of: sequences)) } }
  ) { bytes in
    var parser = InputParser()
    let whole = parser.feed(bytes)
    try hold(whole.count <= bytes.count, "\(whole.count) inputs of \(bytes.count) bytes")
    for input in whole {
      switch input {
      case .mouse(let mouse): try hold(mouse.at.x >= 0 && mouse.at.y >= 0, "a click at \(mouse.at)")
      case .key(.character(let character)):
        let isControl = character.unicodeScalars.contains { $0.value < 0x20 || (0x7F..<0xA0).contains($0.value) }
        try hold(!isControl, "a control is a character: \(input)")
      case .key, .paste, .resize, .background: break
      }
    }
    var cut = InputParser()
    var found: [Input] = []
    for portion in bytes.portions() { found += cut.feed(portion) }
    try hold(found == whole, "in pieces they are \(found), not \(whole)")
    try hold(cut.patience == parser.patience, "in pieces it waits otherwise")
    // Whatever came, what ends it ends it, and the next key is one.
    _ = cut.feed(Array("\u{1B}[201~"))
    _ = cut.expire()
    try hold(cut.patience == nil, "it still waits")
    try hold(cut.feed(Array("z")).last == .key(.character("z")), "the next key is lost")
  }

  static let paste = FuzzTarget(
    name: "paste", seeds: sequences.map { Array($0) } + [Array("rm -rf /\r\nq\r\u{1B}[20"), Array("\u{1B}[201")],
    words: sequences, cases: 800
  ) { bytes in
    let end = Array("\u{1B}[201~")
    let text = bytes + end
    guard (0..<bytes.count).allSatisfy({ !text[$0...].starts(with: end) }) else { return }
    var parser = InputParser()
    var found: [Input] = []
    for portion in (Array("\u{1B}[200~") + text).portions() { found += parser.feed(portion) }
    guard found.count == 1, case .paste = found[0] else { throw Broken("a paste comes as \(found)") }
  }

  private static let shown = [
    "\u{1B}[31m", "\u{9B}2J", "\u{202E}", "\u{2066}", "\u{200B}", "\u{FEFF}", "e\u{301}\u{302}", "\u{301}", "👩‍👩‍👧‍👦", "🇩🇪",
    "👍🏽", "日本", "ﷺ", "\t", "\u{0}", "\u{7F}", "\u{E0041}", "\u{E000}", "\u{10FFFF}", "שלום", "\r", "\n", "½", "ｱ",
    "\u{1100}\u{1161}",
  ]

  /// No cell may steer the terminal, whatever the text.
  private static func isClean(_ text: String) -> Bool {
    text.unicodeScalars.allSatisfy { scalar in
      switch scalar.value {
      case 0..<0x20, 0x7F...0x9F, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF, 0xE0000...0xE007F: false
      default: true
      }
    }
  }

  static let text = FuzzTarget(
    name: "text", seeds: shown.map { Array($0) } + [[0xC3], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80]], words: shown,
    longest: 400, cases: 1200,
    make: { random in (0..<(1 + random.below(8))).flatMap { _ in Array(random.one(of: shown)) } }
  ) { bytes in
    let raw = bytes.text
    let whole = DisplayText(raw)
    try hold(whole.width == whole.clusters.reduce(0) { $0 + Int($1.width) }, "the width is not that of its clusters")
    for cluster in whole.clusters {
      try hold((1...2).contains(cluster.width), "a cluster of \(cluster.width) columns: \(cluster.text)")
      try hold(isClean(cluster.text), "a cluster that steers: \(Array(cluster.text.utf8).shown)")
    }
    try hold(isClean(DisplayText.plain(raw)), "plain text that steers")
    var random = SplitMix(of: bytes)
    let limit = random.below(40)
    let part = DisplayText(raw, maxWidth: limit)
    try hold(
      part.clusters == whole.clusters || part.width > limit,
      "cut at \(limit) columns it is no longer than \(part.width)")
    try hold(measure(fitted(raw, limit)) == limit, "fitted to \(limit) columns it takes \(measure(fitted(raw, limit)))")
    for line in wrapped([Span(raw)], width: limit + 2) {
      try hold(line.reduce(0) { $0 + $1.width } <= limit + 2, "a wrapped line is wider than \(limit + 2)")
    }
  }

  private static let marks = [
    "# ", "## ", "---\n", "- ", "* ", "1. ", "- [ ] ", "- [x] ", "> ", ">> ", "```\n", "~~~swift\n", "`", "``", "**",
    "__", "*", "_",
    "~~", "[", "](", ")", "![", "<https://", "https://example.com/a", "| a | b |\n|---|:-:|\n", "|", "\\", "    ", "\t",
    "  \n",
    "\n", "\n\n", "===\n", "&amp;", "<b>", "![x](y)", "[a](https://b.c)",
  ]

  static let markdown = FuzzTarget(
    name: "markdown",
    seeds: [
      Array(
        "# Title\n\nSome *text* with `code` and [a link](https://example.com).\n\n- one\n  - [x] two\n\n```\ncode\n```\n"
      ),
      Array("| a | b |\n|:--|--:|\n| 1 | two |\n\n> quote\n\n1. x\n2) y\n\nTitle\n===\n"),
    ],
    heavy: [
      "[", "![", "[](", "[a](b", "**a ", "_a", "`a``", "~~a ", "<https://", "> ", "- ", "| a |\n|-|\n", "\\", "#",
      "http://.",
    ].map {
      [UInt8]($0, times: 131_072)
    }, words: marks + shown, cases: 250,
    make: { random in
      (0..<(1 + random.below(20))).flatMap { _ in
        Array(random.one(of: random.chance(0.7) ? marks : shown)) + Array("word ")
      }
    }
  ) { bytes in
    var random = SplitMix(of: bytes)
    let width = random.one(of: [1, 8, 9, 20, 40, 80, 100, 200])
    for line in Markdown.lines(bytes.text, width: width) {
      let columns = (line.spans + line.right).reduce(0) { $0 + $1.width }
      try hold(
        columns <= max(8, width), "a line of \(columns) columns where there are \(width): \(line.spans.map(\.text))")
      for span in line.spans {
        try hold(isClean(DisplayText(span.text).clusters.map(\.text).joined()), "a span that steers")
      }
      for span in line.spans {
        if let link = span.link { try hold(link.text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }, "a link that steers") }
      }
    }
  }
}
