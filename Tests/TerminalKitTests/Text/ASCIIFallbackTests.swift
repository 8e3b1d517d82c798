import Testing

@testable import TerminalKit

@Suite struct ASCIIFallbackTests {
  @Test(
    "Each glyph becomes ASCII of its own width",
    arguments: Array("│─┌┐└┘├┤┬┴┼═║╭╮▶◔✔✖⊘▲▼●○…█▉▊▋▌▍▎▏░▒▓⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏⏎⇣é日🚀␛"))
  func ascii(glyph: Character) throws {
    let cluster = try #require(DisplayText(String(glyph)).clusters.first)
    let ascii = asciiFallback(cluster.text, width: Int(cluster.width))
    #expect(ascii.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F })
    #expect(ascii.utf8.count == Int(cluster.width))
  }

  @Test("The signs of a run's status stay apart from one another")
  func distinct() {
    let signs = ["▶", "◔", "✔", "✖", "⊘", "▲", "●"].map { asciiFallback($0) }
    #expect(Set(signs).count == signs.count)
    #expect(asciiFallback("a") == "a")
    #expect(asciiFallback("┌") == "+" && asciiFallback("─") == "-" && asciiFallback("█") == "#")
  }
}
