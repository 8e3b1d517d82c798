import Testing

@testable import TerminalKit

@Suite struct LinkOverlayTests {
  private func overlay() throws -> LinkOverlay {
    try #require(LinkOverlay(term: "xterm-256color", depth: .palette256, isUTF8: true) { _ in nil })
  }

  private func frame(_ text: String, link: String?, beside: String = "") throws -> Frame {
    var frame = Frame(size: Size(width: 20, height: 2))
    var style = Style()
    if let link { style.link = frame.link(try #require(LinkAddress(link))) }
    frame.put(text, x: 2, y: 0, width: 10, style: style)
    frame.put(beside, x: 14, y: 0, width: 5)
    return frame
  }

  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  @Test("Linked cells are written once more around ncurses' back, with the cursor saved")
  func first() throws {
    var overlay = try overlay()
    let bytes = overlay.bytes(from: nil, to: try frame("here", link: "https://x.org/a"))
    #expect(text(bytes) == "\u{1B}7\u{1B}[1;3H\u{1B}[0m\u{1B}]8;;https://x.org/a\u{1B}\\here\u{1B}]8;;\u{1B}\\\u{1B}8")
  }

  @Test("Nothing is written while nothing changes, and the row's links are when its other cells change")
  func unchanged() throws {
    var overlay = try overlay()
    let one = try frame("here", link: "https://x.org/a")
    #expect(overlay.bytes(from: one, to: one).isEmpty)
    let two = try frame("here", link: "https://x.org/a", beside: "new")
    #expect(text(overlay.bytes(from: one, to: two)).contains("https://x.org/a"))
  }

  @Test("What leads nowhere any more is written without a link, and what leads elsewhere with the other")
  func gone() throws {
    var overlay = try overlay()
    let one = try frame("here", link: "https://x.org/a")
    let bare = text(overlay.bytes(from: one, to: try frame("here", link: nil)))
    #expect(bare.contains("here") && !bare.contains("]8;"))
    #expect(text(overlay.bytes(from: one, to: try frame("here", link: "https://x.org/b"))).contains("https://x.org/b"))
  }

  @Test("Simple terminals get none; tmux does", arguments: ["linux", "vt220", "screen", "screen-256color"])
  func simple(term: String) {
    #expect(LinkOverlay(term: term, depth: .eight, isUTF8: true) { _ in nil } == nil)
    if term.hasPrefix("screen") {
      #expect(LinkOverlay(term: term, depth: .eight, isUTF8: true) { $0 == "TMUX" ? "/tmp/x" : nil } != nil)
    }
  }
}
