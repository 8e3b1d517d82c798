import Testing

@testable import TerminalKit

@Suite struct DisplayTextTests {
  @Test(
    "What would steer a terminal or hide from a reader is shown as a visible mark",
    arguments: [
      ("a\u{1B}[31mb", "a␛[31mb"), ("a\nb", "a␊b"), ("a\r\nb", "a␍␊b"), ("\u{0}", "␀"), ("\u{7F}", "␡"), ("\u{7}", "␇"),
      ("\u{9B}31m", "⟨U+009B⟩31m"), ("\u{85}", "⟨U+0085⟩"), ("a\u{202E}b", "a⟨U+202E⟩b"), ("\u{2066}", "⟨U+2066⟩"),
      ("\u{200E}\u{200F}\u{61C}", "⟨U+200E⟩⟨U+200F⟩⟨U+061C⟩"), ("pay\u{200B}pal", "pay⟨U+200B⟩pal"),
      ("a\u{200C}\u{200D}\u{2060}\u{FEFF}", "a⟨U+200C⟩⟨U+200D⟩⟨U+2060⟩⟨U+FEFF⟩"), ("x\u{FE0F}", "x⟨U+FE0F⟩"),
      ("\u{E0041}", "⟨U+E0041⟩"), ("\u{2028}", "⟨U+2028⟩"), ("\u{3164}", "⟨U+3164⟩"), ("\u{AD}", "⟨U+00AD⟩"),
      ("\u{378}", "⟨U+0378⟩"), ("\u{10FFFF}", "⟨U+10FFFF⟩"), ("\u{FFFD}", "\u{FFFD}"), ("1\u{200D}", "1⟨U+200D⟩"),
    ]) func marks(raw: String, shown: String)
  {
    #expect(Self.text(DisplayText(raw)) == shown)
    #expect(DisplayText.plain(raw) == shown)
  }

  @Test(
    "Widths are those of the cells that a terminal takes",
    arguments: [
      ("abc", 3), ("日本語", 6), ("한국", 4), ("🚀", 2), ("é", 1), ("e\u{301}", 1), ("ｆｕｌｌ", 8), ("ﾊﾝ", 2), ("", 0),
      ("█▏⠋", 3),
      ("\u{1100}\u{1161}\u{11A8}", 2), ("👍🏽", 4), ("👩\u{200D}💻", 4), ("❤\u{FE0F}", 1), ("🇯🇵", 2), ("ก็", 1), ("⌚", 2),
    ]) func widths(raw: String, width: Int)
  {
    let text = DisplayText(raw)
    #expect(text.width == width)
    #expect(text.clusters.reduce(0) { $0 + Int($1.width) } == width)
  }

  @Test("A base and its mark become the one character that Unicode has for them")
  func composition() {
    #expect(Array(Self.text(DisplayText("e\u{301}")).unicodeScalars) == ["é"])
    #expect(Array(Self.text(DisplayText("\u{1112}\u{1161}\u{11AB}")).unicodeScalars) == ["한"])
    #expect(Array(Self.text(DisplayText("x\u{301}")).unicodeScalars) == ["x", "\u{301}"])
    #expect(Array(Self.text(DisplayText("A\u{30A}")).unicodeScalars) == ["Å"])
  }

  @Test("Marks without end do not leave their cell, and a mark alone stands on a circle")
  func piles() {
    let pile = DisplayText("a" + String(repeating: "\u{325}", count: 1000))
    #expect(pile.clusters.count == 1)
    #expect(pile.clusters[0].text.unicodeScalars.count <= 5)
    #expect(Self.text(DisplayText("\u{301}x")) == "◌\u{301}x")
    #expect(Self.text(DisplayText("\u{1B}\u{301}")) == "␛◌\u{301}")
  }

  @Test("Tabs go to the next stop of eight, or show as arrows")
  func tabs() {
    #expect(Self.text(DisplayText("ab\tc")) == "ab      c")
    #expect(Self.text(DisplayText("日\tc")) == "日      c")
    #expect(Self.text(DisplayText("12345678\tc")) == "12345678        c")
    #expect(Self.text(DisplayText("a\tb", tabs: .arrow)) == "a→b")
  }

  @Test("A line of megabytes is read only as far as it shows", arguments: ["x", "日", "\u{1B}"])
  func overlong(unit: String) {
    let text = DisplayText(String(repeating: unit, count: 1_000_000), maxWidth: 80)
    #expect(text.width > 80)
    #expect(text.clusters.count <= 82)
  }

  @Test("Text that just fits is whole", arguments: ["12345678", "日本語字", "123456é8"])
  func fits(raw: String) {
    #expect(Self.text(DisplayText(raw, maxWidth: 8)) == raw)
    #expect(DisplayText(raw, maxWidth: 8).width == 8)
    #expect(DisplayText(raw, maxWidth: 7).width > 7)
  }

  @Test("Printed text keeps its lines where asked, and nothing else that is not visible")
  func lines() {
    #expect(DisplayText.plainLines("a\r\nb\tc\n\u{1B}[2Jd") == "a\nb       c\n␛[2Jd")
    #expect(DisplayText.plainLines("one\ntwo\n") == "one\ntwo\n")
    #expect(DisplayText.plainLines("a\rb") == "a␍b")
    #expect(DisplayText.plain("one\ntwo") == "one␊two")
  }

  @Test("No byte sequence makes a cluster that is invisible, steers a terminal or is of another width than it says")
  func anything() {
    var random = SplitMix(state: 42)
    // Half of them from where the trouble is.
    let troubled: [ClosedRange<UInt32>] = [
      0...0x9F, 0x200B...0x206F, 0xFE00...0xFE0F, 0x300...0x36F, 0x1F300...0x1FAFF,
    ]
    for _ in 0..<2000 {
      var raw = String.UnicodeScalarView()
      for _ in 0..<Int.random(in: 0...40, using: &random) {
        let range = Bool.random(using: &random) ? troubled.randomElement(using: &random)! : 0...0x10FFFF
        if let scalar = Unicode.Scalar(UInt32.random(in: range, using: &random)) { raw.append(scalar) }
      }
      let text = DisplayText(String(raw))
      #expect(text.clusters.reduce(0) { $0 + Int($1.width) } == text.width)
      for cluster in text.clusters {
        let scalars = Array(cluster.text.unicodeScalars)
        #expect((1...5).contains(scalars.count))
        #expect(cluster.width == 1 || cluster.width == 2)
        for scalar in scalars {
          let category = scalar.properties.generalCategory
          #expect(category != .control && category != .format && category != .unassigned)
          #expect(!scalar.properties.isDefaultIgnorableCodePoint)
        }
      }
      // What was made safe is safe, and stays as it is.
      let plain = DisplayText.plain(String(raw))
      #expect(DisplayText.plain(plain) == plain)
    }
  }

  @Test("Every scalar is a character of width 1 or 2, or a mark")
  func everyScalar() {
    for value in UInt32(0)...0x10FFFF {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let text = DisplayText(String(Character(scalar)))
      if text.clusters.isEmpty || text.clusters.contains(where: { $0.text.isEmpty || $0.width < 1 || $0.width > 2 }) {
        Issue.record("U+\(String(value, radix: 16))")
      }
    }
  }

  static func text(_ text: DisplayText) -> String { text.clusters.map(\.text).joined() }
}

struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }
}
