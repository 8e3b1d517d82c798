import Testing

@testable import TerminalKit

@Suite struct InputParserTests {
  @Test(
    "Keys come as terminals send them",
    arguments: [
      ("a", .character("a")), ("é", .character("é")), ("日", .character("日")), (" ", .character(" ")), ("\r", .enter),
      ("\n", .ctrl("j")),
      ("\t", .tab), ("\u{1B}[Z", .shiftTab), ("\u{7F}", .backspace), ("\u{8}", .backspace), ("\u{3}", .ctrl("c")),
      ("\u{0}", .ctrl(" ")),
      ("\u{1A}", .ctrl("z")), ("\u{1C}", .ctrl("\\")), ("\u{1B}x", .alt("x")), ("\u{1B}é", .alt("é")),
      ("\u{1B}[A", .up), ("\u{1B}OB", .down), ("\u{1B}[1;5C", .right), ("\u{1B}[D", .left), ("\u{1B}[H", .home),
      ("\u{1B}[1~", .home),
      ("\u{1B}[7~", .home), ("\u{1B}OF", .end), ("\u{1B}[4~", .end), ("\u{1B}[5~", .pageUp), ("\u{1B}[6~", .pageDown),
      ("\u{1B}[3~", .delete),
      ("\u{1B}OP", .function(1)), ("\u{1B}[[B", .function(2)), ("\u{1B}[15~", .function(5)),
      ("\u{1B}[17;2~", .function(6)),
      ("\u{1B}[24~", .function(12)), ("\u{1B}[1;2R", .function(3)), ("\u{1B}OM", .enter), ("\u{1B}[105;5u", .ctrl("i")),
      ("\u{1B}[9;2u", .shiftTab), ("\u{1B}[27;5;106~", .ctrl("j")), ("\u{1B}[97;3u", .alt("a")),
    ] as [(String, Key)])
  func keys(bytes: String, key: Key) {
    var parser = InputParser()
    #expect(parser.feed(bytes.utf8) == [.key(key)])
    #expect(parser.patience == nil)
    // Byte by byte it is the same.
    var found: [Input] = []
    for byte in bytes.utf8 { found += parser.feed([byte]) }
    #expect(found == [.key(key)])
  }

  @Test("A lone escape is a key once nothing follows") func loneEscape() {
    var parser = InputParser()
    #expect(parser.feed([0x1B]) == [])
    #expect(parser.patience == 75)
    #expect(parser.expire() == [.key(.escape)])
    #expect(parser.patience == nil)
    #expect(parser.feed([0x1B, 0x1B]) == [.key(.escape)])
    #expect(parser.expire() == [.key(.escape)])
    #expect(parser.feed([0x1B, 0x5B]) == [])
    #expect(parser.expire() == [.key(.alt("["))])
  }

  @Test("A paste is one input, never keys, with its line ends made one kind") func paste() {
    var parser = InputParser()
    let bytes = "\u{1B}[200~q\r\nx\ry\u{1B}[A日\u{1B}[201~k"
    #expect(parser.feed(bytes.utf8) == [.paste("q\nx\ny\u{1B}[A日"), .key(.character("k"))])
  }

  @Test(
    "Clicks and the wheel are told apart; motion, release and other buttons are nothing",
    arguments: [
      ("\u{1B}[<0;5;3M", [.mouse(.init(.press, at: Point(x: 4, y: 2)))]), ("\u{1B}[<0;5;3m", []),
      ("\u{1B}[<2;5;3M", []),
      ("\u{1B}[<32;5;3M", []), ("\u{1B}[<64;500;200M", [.mouse(.init(.wheelUp, at: Point(x: 499, y: 199)))]),
      ("\u{1B}[<65;1;1M", [.mouse(.init(.wheelDown, at: Point(x: 0, y: 0)))]),
      ("\u{1B}[M !!", [.mouse(.init(.press, at: Point(x: 0, y: 0)))]),
      ("\u{1B}[M#!!", []), ("\u{1B}[<0;0;0M", []),
    ] as [(String, [Input])])
  func mouse(bytes: String, inputs: [Input]) {
    var parser = InputParser()
    #expect(parser.feed(bytes.utf8) == inputs)
  }

  @Test(
    "Answers of the terminal are no keys",
    arguments: [
      "\u{1B}[?64;1;2c", "\u{1B}[>0;276;0c", "\u{1B}]10;rgb:0000/0000/0000\u{7}", "\u{1B}]11;rgb:0/0/\u{1B}\\",
      "\u{1B}]11;?\u{7}", "\u{1B}]11;rgb:0/+1/0\u{7}", "\u{1B}]11;rgb:00000/0/0\u{7}",
      "\u{1B}P1+r436F\u{1B}\\",
      "\u{1B}[12;40R", "\u{1B}[I", "\u{1B}[O", "\u{1B}[?2026;2$y",
    ]) func answers(bytes: String)
  {
    var parser = InputParser()
    #expect(parser.feed(bytes.utf8) == [])
    #expect(parser.feed("a".utf8) == [.key(.character("a"))])
  }

  @Test(
    "What the background is comes as one input, whatever its form and however it is cut",
    arguments: [
      ("\u{1B}]11;rgb:1414/1717/1c1c\u{7}", 0x14171C), ("\u{1B}]11;rgb:ffff/ffff/ffff\u{1B}\\", 0xFFFFFF),
      ("\u{1B}]11;rgb:f/0/8\u{7}", 0xFF0088), ("\u{1B}]11;rgba:fafa/fbfb/fcfc/ffff\u{1B}\\", 0xFAFBFC),
    ] as [(String, UInt32)])
  func background(bytes: String, color: UInt32) {
    var parser = InputParser()
    #expect(parser.feed(bytes.utf8) == [.background(color)])
    for cut in 1..<bytes.utf8.count {
      var parser = InputParser()
      parser.awaitsAnswer = true
      var found = parser.feed(bytes.utf8.prefix(cut))
      // A slow line: longer than any key takes, and shorter than what an answer is waited for.
      #expect((parser.patience ?? 0) >= 300)
      found += parser.feed(bytes.utf8.dropFirst(cut))
      #expect(found == [.background(color)])
    }
    #expect(parser.feed("j".utf8) == [.key(.character("j"))])
  }

  @Test("In the middle of an answer the rest is waited for, as it must not be taken for keys")
  func slowAnswer() {
    var parser = InputParser()
    _ = parser.feed("\u{1B}]11;rgb:12".utf8)
    #expect(parser.patience == 3000)
    // What a person may have pressed is not held up so long.
    var other = InputParser()
    _ = other.feed("\u{1B}]".utf8)
    #expect(other.patience == 300)
    #expect(other.expire() == [])
    #expect(other.feed("j".utf8) == [.key(.character("j"))])
  }

  @Test("The terminal's kind is counted, as it says that no more answers come")
  func attributes() {
    var parser = InputParser()
    #expect(parser.feed("\u{1B}[?62;22c".utf8) == [])
    #expect(parser.attributesAnswered == 1)
    _ = parser.feed("\u{1B}[>1;2;3c".utf8)
    #expect(parser.attributesAnswered == 1)
  }

  @Test("Bytes that are no UTF-8 are dropped, and what follows is read") func broken() {
    var parser = InputParser()
    #expect(parser.feed([0xFF, 0xC3, 0x61, 0xE2, 0x82, 0x62, 0x80, 0xC0, 0x80, 0x63]).count == 3)
  }

  @Test("No bytes stall it or make it trap") func anything() {
    var random = SplitMix(state: 3)
    var parser = InputParser()
    for _ in 0..<20_000 {
      let likely: [UInt8] = [0x1B, 0x5B, 0x4D, 0x3B, 0x30, 0x3C, 0x7E, 0x32]
      let byte =
        Bool.random(using: &random) ? likely.randomElement(using: &random)! : UInt8.random(in: 0...255, using: &random)
      _ = parser.feed([byte])
      if Int.random(in: 0..<50, using: &random) == 0 { _ = parser.expire() }
    }
    _ = parser.feed("\u{1B}[201~".utf8)
    _ = parser.expire()
    _ = parser.feed([0x07])
    #expect(parser.feed("z".utf8).last == .key(.character("z")))
  }

  @Test("Two presses at one place soon after another are a double click") func doubleClick() {
    var clicks = ClickCounter()
    let press = Input.Mouse(.press, at: Point(x: 1, y: 1))
    #expect(clicks.count(press, milliseconds: 0).action == .press)
    #expect(clicks.count(press, milliseconds: 300).action == .doubleClick)
    #expect(clicks.count(press, milliseconds: 400).action == .press)
    #expect(clicks.count(press, milliseconds: 900).action == .press)
    #expect(clicks.count(.init(.press, at: Point(x: 2, y: 1)), milliseconds: 950).action == .press)
  }
}
