import TerminalKit
import Testing

@testable import DashboardUI

@Suite struct MarkdownTests {
  private func text(_ markdown: String, width: Int = 40) -> [String] {
    Markdown.lines(markdown, width: width).map { line in
      var text = line.spans.map(\.text).joined()
      while text.hasSuffix(" ") { text.removeLast() }
      return text
    }
  }

  @Test(
    "Blocks are drawn as text",
    arguments: [
      ("# One\ntext", ["One", "text"]),
      ("Two\n---\ntext", ["Two", "text"]),
      ("### Three ###", ["## Three"]),
      ("- a\n  - b\n    - c\n- d", ["• a", "  • b", "    • c", "• d"]),
      ("- [ ] open\n- [x] done", ["[ ] open", "[x] done"]),
      ("1. one\n   goes on\n2) two", ["1. one goes on", "2) two"]),
      ("> a\n>> b", ["│ a", "│ │ b"]),
      ("a\n\n***\n\nb", ["a", "", String(repeating: "─", count: 40), "", "b"]),
      ("```swift\nlet a = 1\n\n  b\n```\nend", ["  │ let a = 1", "  │", "  │   b", "end"]),
      ("~~~\n```\n~~~", ["  │ ```"]),
      ("```\nnever ends", ["  │ never ends"]),
      ("one\ntwo  \nthree", ["one two", "three"]),
      ("a \\*b\\* `c`", ["a *b* c"]),
      ("![logo](x.png) [a](https://e.x)", ["image: logo (x.png) a (https://e.x)"]),
      ("not | a table", ["not | a table"]),
    ])
  func blocks(markdown: String, lines: [String]) { #expect(text(markdown) == lines) }

  @Test("A table is aligned as it says, and in a narrow place its widest column is cut honestly")
  func table() {
    let table = "| name | n |\n|:--|--:|\n| a | 1 |\n| `b|c` | 1000 |\n| one too few\n"
    #expect(
      text(table) == [
        "name            n", "───────────  ────", "a               1", "b|c          1000", "one too few",
      ])
    #expect(
      text("|wide|x|\n|-|-|\n|abcdefghijkl|y|", width: 10) == ["wide     x", "───────  ─", "abcdef…  y"])
  }

  @Test("Long code goes on below its rail, no column of it lost")
  func longCode() {
    let code = String(repeating: "0123456789", count: 5)
    let lines = text("```\n\(code)\n```", width: 24)
    #expect(lines.count == 3)
    #expect(lines.allSatisfy { $0.hasPrefix("  │ ") })
    #expect(lines.map { $0.dropFirst(4) }.joined() == code)
  }

  @Test("Links lead where they say, bare addresses too, and other schemes lead nowhere")
  func links() {
    let spans = Markdown.inline("[a](https://e.x/1) <https://e.x/2> see https://e.x/3. [b](javascript:x)")
    #expect(spans.compactMap { $0.link?.text } == ["https://e.x/1", "https://e.x/1", "https://e.x/2", "https://e.x/3"])
  }

  @Test("Whatever is written, it is drawn within its width", arguments: [8, 20, 79])
  func anything(width: Int) {
    let pieces = ["|a|b|\n|-|-|\n", "```\n", "> ", "- ", "    ", "**", "[x](", "漢字", "\t", "\n", "`", "1. ", "\\", "#"]
    var random = Seeded(UInt64(width))
    for _ in 0..<200 {
      let note = (0..<30).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
      for line in Markdown.lines(note, width: width) {
        #expect(line.spans.reduce(0) { $0 + $1.width } <= max(width, 24))
      }
    }
  }
}
