import TestSupport
import Testing

@testable import TerminalKit

@Suite("The sanitiser against the corpus")
struct SanitiserTests {
  private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
    HostileText.invisibleRanges.contains { $0.contains(scalar.value) }
      && !["\u{200D}", "\u{FE0E}", "\u{FE0F}"].contains(scalar)
  }

  @Test("No case gets through as text, as lines, as a title, as a notification, as a link or as what is copied")
  func everyForm() {
    #expect(HostileText.short.count > 9000)
    for item in HostileText.short + HostileText.kept {
      for complaint in complaints(about: item.text) { Issue.record("\(item.name): \(complaint)") }
    }
  }

  private func complaints(about text: String) -> [String] {
    var found: [String] = []
    func hold(_ isSo: Bool, _ what: String) { if !isSo { found.append(what) } }
    let plain = DisplayText.plain(text)
    hold(!plain.contains("\n") && DisplayText.plain(plain) == plain, "text is of one line, and stays")
    for (form, shown) in [("text", plain), ("lines", DisplayText.plainLines(text)), ("arrows", arrows(text))] {
      if let objection = TerminalChecker.objection(to: shown.utf8) { found.append("\(form): \(objection)") }
    }
    for (form, bytes, start) in [
      ("title", ControlSequence.title(text), "\u{1B}]2;"), ("notification", ControlSequence.notify(text), "\u{1B}]9;"),
    ] {
      let inner = bytes.dropFirst(4).dropLast()
      hold(bytes.starts(with: start.utf8) && bytes.last == 0x07, "the frame of a \(form)")
      hold(TerminalChecker.objection(to: inner) == nil && !inner.contains(0x0A), form)
      hold(form == "title" || inner.first.map { (0x30...0x39).contains($0) } != true, "a number first in a \(form)")
    }
    let copied = DisplayText.copyable(text)
    for scalar in copied.unicodeScalars {
      let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
      hold(!Self.isHidden(scalar) && (!isControl || ["\n", "\t", "\r"].contains(scalar)), "a copy")
    }
    hold(DisplayText.copyable(copied) == copied, "a copy stays")
    for address in [text, "https://example.org/" + text, "https://" + text, "http://h" + text + ".org/"] {
      guard let link = LinkAddress(address) else { continue }
      let bytes = ControlSequence.link(link) + "x" + ControlSequence.linkEnd
      hold(TerminalChecker.objection(to: bytes.utf8, .coloursAndLinks) == nil, "a link")
      hold(!link.text.dropFirst(7).drop { $0 == "/" }.prefix { !"/?#\\".contains($0) }.contains("@"), "a link's host")
    }
    return found
  }

  private func arrows(_ text: String) -> String {
    DisplayText(text, tabs: .arrow).clusters.map(\.text).joined()
  }

  @Test("A frame holds no case as it came, whichever way it is printed or saved")
  func frames() {
    let size = Size(width: 180, height: 1)
    for text in HostileText.packed(HostileText.short, width: 150) {
      var frame = Frame(size: size)
      frame.put(text, x: 0, y: 0, width: size.width)
      var cut = Frame(size: size)
      cut.put(text, x: 3, y: 0, width: 20, style: Style(foreground: .rgb(0x123456)))
      for frame in [frame, cut] {
        #expect(TerminalChecker.objection(to: frame.text.utf8) == nil)
        for depth in [ColorDepth.none, .sixteen, .trueColor] {
          var ansi = ANSIRenderer(depth: depth)
          #expect(
            TerminalChecker.objection(to: ansi.render(frame).utf8, depth == .none ? .nothing : .coloursAndLinks) == nil)
        }
        var ascii = ANSIRenderer(depth: .none, isUTF8: false)
        #expect(ascii.render(frame).utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F || $0 == 0x0A })
      }
    }
  }

  @Test("A line of a megabyte costs what is shown of it, and is as safe", arguments: HostileText.long.map(\.name))
  func long(name: String) throws {
    let text = try #require(HostileText.long.first { $0.name == name }?.text)
    var frame = Frame(size: Size(width: 100, height: 1))
    frame.put(text, x: 0, y: 0, width: 100)
    #expect(TerminalChecker.objection(to: frame.text.utf8) == nil)
    #expect(frame.text.utf8.count < 1500)
    let title = ControlSequence.title(text)
    #expect(title.count < 3000)
    #expect(TerminalChecker.objection(to: title.dropFirst(4).dropLast()) == nil)
  }

  @Test("The checker itself objects to what terminals obey")
  func checker() {
    for text in [
      "\u{1B}[2J", "\u{9B}m", "\u{7F}", "\u{1B}]0;x\u{07}", "\u{1B}c", "\u{1B}[?25l", "a\rb", "\u{202E}", "\u{E0041}",
      "\t",
      "\u{1B}]8;;javascript:x\u{1B}\\", "\u{1B}]8;;http://x\u{07}",
    ] { #expect(TerminalChecker.objection(to: text.utf8, .coloursAndLinks) != nil, "\(text.debugDescription)") }
    #expect(TerminalChecker.objection(to: [0x9B, 0x6D]) != nil)
    #expect(TerminalChecker.objection(to: "\u{1B}[1;31mok\u{1B}[0m\n日本 é".utf8, .colours) == nil)
    // It would see all that the corpus has to steer with: nothing of it passes as it is.
    let passing = HostileText.short.filter {
      $0.bytes.contains { $0 < 0x20 && $0 != 0x0A || $0 == 0x7F } && TerminalChecker.objection(to: $0.bytes) == nil
    }
    #expect(passing.map(\.name) == [])
  }
}
