import Testing

@testable import TerminalKit

@Suite struct StyleFilterTests {
  private static func filtered(_ text: String) -> String {
    var filter = StyleFilter()
    _ = filter.filter(Array("\u{1B}[m.".utf8))
    return String(decoding: filter.filter(Array(text.utf8)), as: UTF8.self)
  }

  @Test(
    "What says nothing new is left out, and what does is said in one",
    arguments: [
      ("\u{1B}[38;2;1;2;3m\u{1B}[48;2;4;5;6ma\u{1B}[38;2;1;2;3m\u{1B}[48;2;4;5;6mb", "\u{1B}[38;2;1;2;3;48;2;4;5;6mab"),
      ("\u{1B}[48;5;7ma\u{1B}(B\u{1B}[m\u{1B}[38;5;1m\u{1B}[48;5;7mb", "\u{1B}[48;5;7ma\u{1B}[38;5;1mb"),
      ("\u{1B}[1;4ma\u{1B}[0;1mb", "\u{1B}[1;4ma\u{1B}[24mb"),
      ("\u{1B}[1ma\u{1B}[2mb\u{1B}[22mc", "\u{1B}[1ma\u{1B}[2mb\u{1B}[0mc"),
      ("\u{1B}[7ma\u{1B}[27mb", "\u{1B}[7ma\u{1B}[0mb"), ("\u{1B}[31ma\u{1B}[39;49mb", "\u{1B}[31ma\u{1B}[0mb"),
      ("\u{1B}[31m\u{1B}[3;4Hx", "\u{1B}[3;4H\u{1B}[31mx"), ("\u{1B}[41m\u{1B}[K", "\u{1B}[41m\u{1B}[K"),
      ("\u{1B}[31ma\u{1B}[m", "\u{1B}[31ma\u{1B}[0m"),
    ])
  func shorter(text: String, expected: String) { #expect(Self.filtered(text) == expected) }

  @Test("What it does not know passes as it is, and what follows is said whole")
  func unknown() {
    #expect(Self.filtered("\u{1B}[53ma\u{1B}[31mb") == "\u{1B}[53m\u{1B}[0ma\u{1B}[31mb")
    #expect(
      Self.filtered("\u{1B}]8;;https://a\u{1B}\\x\u{1B}]8;;\u{1B}\\")
        == "\u{1B}]8;;https://a\u{1B}\\x\u{1B}]8;;\u{1B}\\")
    #expect(Self.filtered("\u{1B}(0q\u{1B}(Bx") == "\u{1B}(0q\u{1B}(Bx")
  }
}
