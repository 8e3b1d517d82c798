import RunModel
import TestSupport
import Testing

@testable import DashboardUI
@testable import TerminalKit

/// Frames on their way through ncurses to a terminal: after anything, drawn piece by piece, the terminal shows what a
/// whole drawing would, and nothing but our own sequences was sent.
@Suite(.serialized) struct StaleCellTests {
  /// What one cell shows: its text, its colours and its attributes.
  private static func difference(_ frame: Frame, _ screen: EmulatedScreen) -> String? {
    for y in 0..<frame.size.height {
      for x in 0..<frame.size.width {
        let cell = frame[x, y]
        guard cell.width > 0 else { continue }
        let shown = screen.cell(x: x, y: y)
        let text = shown.text.isEmpty ? " " : shown.text
        let style = cell.style
        guard
          text == cell.text, max(1, shown.width) == Int(cell.width),
          shown.background == color(style.background),
          // The ink of a space shows nowhere.
          text == " " && style.attributes.isDisjoint(with: [.underline, .reverse])
            || shown.foreground == color(style.foreground) && shown.isBold == style.attributes.contains(.bold),
          shown.isUnderlined == style.attributes.contains(.underline),
          shown.isReversed == style.attributes.contains(.reverse)
        else { return "(\(x), \(y)): \(cell) is shown as \(shown)" }
      }
    }
    return nil
  }

  private static func color(_ color: Color) -> ScreenCell.Color {
    switch color {
    case .terminalDefault: .terminalDefault
    // The lowest eight stand for the terminal's own palette in its description, so the next darkest is sent.
    case .rgb(let rgb): .rgb(max(8, rgb))
    }
  }

  @TerminalActor private static func open(_ size: Size) throws -> NcursesScreen {
    try NcursesScreen.open(
      term: "xterm-256color", wish: .trueColor, isUTF8: true, size: size, environment: { _ in nil })
  }

  @Test("After anything, the terminal shows the frame in every cell", arguments: 1...4)
  @TerminalActor func anything(seed: Int) throws {
    var things = Anything(seed: seed, size: Size(width: 90, height: 26))
    let screen = try Self.open(things.state.size)
    defer { screen.close() }
    var terminal = EmulatedScreen(rows: things.state.size.height, columns: things.state.size.width)
    terminal.write(screen.enter())
    var theme = 0
    for step in 0..<220 {
      things.step(sizes: 62...110, 14...30)
      if step % 40 == 39 {
        theme += 1
        _ = things.state.update(.setTheme(ThemeLibrary.builtin[theme % ThemeLibrary.builtin.count]))
      }
      let frame = drawDashboard(things.state)
      if frame.size != Size(width: terminal.columns, height: terminal.rows) {
        screen.resize(frame.size)
        terminal.resize(rows: frame.size.height, columns: frame.size.width)
      }
      let bytes = screen.render(frame)
      if let found = foreignControl(bytes) {
        Issue.record("seed \(seed) step \(step): \(found)")
        return
      }
      terminal.write(bytes)
      guard step % 4 == 3 else { continue }
      if let difference = Self.difference(frame, terminal) {
        Issue.record("seed \(seed) step \(step): \(difference)")
        return
      }
    }
    // What was drawn piece by piece is what a new terminal shows of the whole.
    let frame = drawDashboard(things.state)
    screen.forget()
    terminal = EmulatedScreen(rows: frame.size.height, columns: frame.size.width)
    terminal.write(screen.render(frame))
    #expect(Self.difference(frame, terminal) == nil)
  }

  static let scripts = [
    "日本語のタイトル", "한국어 제목 과 more", "👩‍👩‍👧‍👦 family", "🇩🇪🇫🇷 flags", "👍🏽 skin 👋🏿 tone", "e\u{301}a\u{308}o\u{302} marks",
    "z\u{300}\u{301}\u{302}\u{303}\u{304}\u{305}\u{306} tower", "שלום עולם rtl", "مرحبا بالعالم", "ไทยก็ได้", "हिन्दी में",
    "✔️ ❤️ ☎️ vs16", "a\u{200D}b\u{200B}c\u{FEFF}d", "\u{202E}override\u{202C}", "\u{301}leading mark", "ｆｕｌｌ ｗｉｄｔｈ",
    "½ ﬀ ﷽ ㍿",
  ]

  @Test("Every script stays in its cells: what stands right of it does not move", arguments: scripts)
  @TerminalActor func anyScript(text: String) throws {
    let size = Size(width: 60, height: 3)
    var frame = Frame(size: size)
    frame.put(text, x: 2, y: 0, width: 40)
    frame.put("|", x: 44, y: 0, width: 1)
    // Cut at each width: the half of a wide one never sticks out.
    for width in 1...14 {
      var cut = frame
      cut.put(text, x: 2, y: 1, width: width)
      cut.put("|", x: 2 + width, y: 1, width: 1)
      let screen = try Self.open(size)
      defer { screen.close() }
      let terminal = EmulatedScreen(rows: size.height, columns: size.width)
      terminal.write(screen.enter())
      let bytes = screen.render(cut)
      #expect(foreignControl(bytes) == nil)
      terminal.write(bytes)
      #expect(terminal.cell(x: 44, y: 0).text == "|")
      #expect(terminal.cell(x: 2 + width, y: 1).text == "|", "width \(width)")
      #expect(Self.difference(cut, terminal) == nil, "width \(width)")
    }
  }
}

/// The first control that is none of those that we draw with; nil when there is none.
func foreignControl(_ bytes: [UInt8]) -> String? {
  var place = 0
  func fail(_ what: String) -> String {
    let near = bytes[max(0, place - 12)..<min(bytes.count, place + 12)]
    return "\(what) at \(place): \(near.map { String($0, radix: 16) }.joined(separator: " "))"
  }
  while place < bytes.count {
    let byte = bytes[place]
    switch byte {
    case 0x08, 0x0A, 0x0D: place += 1
    case 0x1B:
      guard place + 1 < bytes.count else { return fail("a lone ESC") }
      switch bytes[place + 1] {
      case UInt8(ascii: "["):
        var end = place + 2
        while end < bytes.count, (0x20...0x3F).contains(bytes[end]) { end += 1 }
        guard end < bytes.count, "mHJKABCDGdhlXPrt@LMSTbn".utf8.contains(bytes[end]) else {
          return fail("an unknown CSI")
        }
        place = end + 1
      case UInt8(ascii: "("): place += 3
      case UInt8(ascii: "7"), UInt8(ascii: "8"), UInt8(ascii: "M"), UInt8(ascii: "="), UInt8(ascii: ">"): place += 2
      default: return fail("an unknown ESC")
      }
    case ..<0x20, 0x7F: return fail("a control byte")
    case 0xC2 where place + 1 < bytes.count && (0x80..<0xA0).contains(bytes[place + 1]): return fail("a C1 control")
    default: place += 1
    }
  }
  return nil
}
