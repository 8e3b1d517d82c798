import Testing

@testable import TerminalKit

@Suite struct LinkTests {
  @Test(
    "Only http and https to a host lead anywhere, and nothing in an address can end its sequence",
    arguments: [
      ("https://example.org/a?b=c", "https://example.org/a?b=c"), ("http://x.y/ä b", "http://x.y/%C3%A4%20b"),
      ("file:///tmp/a", nil), ("https://good.example@evil.example/", nil), ("https://u:p@x.y", nil),
      ("http://:80/", nil),
      ("https:///path", nil), ("https://good.example\\@evil.example", "https://good.example\\@evil.example"),
      ("https://x\u{202E}y.z/", "https://x%E2%80%AEy.z/"), ("https://x y/", nil), ("-https://x.y", nil),
      ("javascript:alert(1)", nil), ("ftp://x/y", nil), ("https://", nil),
      ("https://x/\u{1B}]8;;\u{07}", "https://x/%1B]8;;%07"), ("", nil),
      ("https://x/" + String(repeating: "a", count: 3000), nil),
    ] as [(String, String?)])
  func addresses(text: String, expected: String?) { #expect(LinkAddress(text)?.text == expected) }

  private func frame() throws -> Frame {
    var frame = Frame(size: Size(width: 20, height: 1))
    let number = frame.link(try #require(LinkAddress("https://example.org/?a=1&b=2")))
    frame.put("see ", x: 0, y: 0, width: 20)
    var style = Style()
    style.link = number
    frame.put("this", x: 4, y: 0, width: 20, style: style)
    return frame
  }

  @Test("Printed screens carry their links")
  func rendered() throws {
    let frame = try frame()
    var ansi = ANSIRenderer(depth: .sixteen)
    #expect(
      ansi.render(frame) == "see \u{1B}]8;;https://example.org/?a=1&b=2\u{1B}\\this\u{1B}]8;;\u{1B}\\\n")
    #expect(HTMLRenderer().render(frame).contains("href=\"https://example.org/?a=1&amp;b=2\">this</a>"))
    #expect(SVGRenderer().render(frame).contains("<a href=\"https://example.org/?a=1&amp;b=2\">"))
  }

  @Test("Without colour a printed screen has no sequences at all")
  func plain() throws {
    var ansi = ANSIRenderer(depth: .none)
    #expect(ansi.render(try frame()) == "see this\n")
  }

  @Test("One address has one number, and past the bound there is none")
  func bounded() throws {
    var frame = Frame(size: Size(width: 1, height: 1))
    for number in 0..<300 {
      _ = frame.link(try #require(LinkAddress("https://example.org/\(number)")))
    }
    #expect(frame.link(try #require(LinkAddress("https://example.org/7"))) == 8)
    #expect(frame.link(try #require(LinkAddress("https://example.org/299"))) == 0)
  }
}
