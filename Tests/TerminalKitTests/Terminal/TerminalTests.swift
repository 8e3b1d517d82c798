import CVTerm
import Testing
import TestSupport

@testable import TerminalKit

/// The fixture program on a terminal of its own.
func fixture(
  _ arguments: [String] = [], rows: Int = 24, columns: Int = 80, environment: [String: String] = [:]
) throws -> PseudoTerminal {
  let terminal = try PseudoTerminal(
    [PseudoTerminal.product("terminal-fixture")] + arguments, rows: rows, columns: columns, environment: environment)
  return terminal
}

@Suite struct TerminalTests {
  @Test("The first frame is on the screen, cell by cell") func firstFrame() throws {
    let terminal = try fixture()
    try terminal.wait(forText: "count 0")
    #expect(terminal.line(0) == "80x24 palette256 utf8=true")
    #expect(terminal.altScreen && !terminal.cursorVisible && terminal.mouseMode == 1)
    #expect(terminal.isOn(mode: 2004) && terminal.isOn(mode: 1006))
    #expect(terminal.line(4) == "┌─┐ ▶ ✔ ██▌")
    #expect(terminal.cell(x: 79, y: 23).text == "@")
    let loud = terminal.cell(x: 0, y: 3)
    #expect(loud.text == "l" && loud.isBold && loud.isUnderlined)
    #expect(loud.foreground == .index(208) && loud.background == .index(23))
    #expect(terminal.cell(x: 5, y: 3).isReversed && terminal.cell(x: 5, y: 3).isItalic)
  }

  @Test("Wide and combined characters stay in their columns, and what steers is shown") func clusters() throws {
    let terminal = try fixture()
    try terminal.wait(forText: "count 0")
    #expect(terminal.line(2) == "日本語|é|🚀|x⟨U+202E⟩y")
    #expect(terminal.cell(x: 0, y: 2).width == 2 && terminal.cell(x: 6, y: 2).text == "|")
    #expect(terminal.cell(x: 9, y: 2).text == "🚀" && terminal.cell(x: 11, y: 2).text == "|")
  }

  @Test("Keys, paste, clicks and the wheel arrive") func inputs() throws {
    let terminal = try fixture()
    try terminal.wait(forText: "count 0")
    terminal.key(VTERM_KEY_DOWN)
    try terminal.wait(forText: "last: key down")
    terminal.send("\u{1B}")
    try terminal.wait(forText: "last: key esc")
    terminal.send("é")
    try terminal.wait(forText: "last: key é")
    terminal.send("\u{1B}j")
    try terminal.wait(forText: "last: key alt-j")
    terminal.send("\u{3}")
    try terminal.wait(forText: "last: key ctrl-c")
    terminal.paste("q日\rq")
    try terminal.wait(forText: "last: paste 6 q日␊q")
    terminal.click(x: 7, y: 5)
    try terminal.wait(forText: "last: mouse press 7,5")
    terminal.wheel(up: false, x: 1, y: 2)
    try terminal.wait(forText: "last: mouse wheelDown 1,2")
    let big = String(repeating: "日", count: 30_000)
    terminal.paste(big)
    try terminal.wait(forText: "last: paste 90000")
    terminal.send("m\u{1B}[B")
    try terminal.wait("mouse off") { terminal.mouseMode == 0 }
  }

  @Test("Copying goes out between frames, and the cursor shows where it is put") func controls() throws {
    let terminal = try fixture()
    try terminal.wait(forText: "count 0")
    terminal.send("y")
    try terminal.wait("the copy") { terminal.oscs.contains("52;c;aGVsbG8=") }
    terminal.send("c")
    try terminal.wait("the cursor") { terminal.cursorVisible && terminal.cursor == (3, 1) }
  }

  @Test("A frame that changes one row sends little") func smallChange() throws {
    let terminal = try fixture(rows: 50, columns: 200)
    try terminal.wait(forText: "count 0")
    terminal.send("a")
    try terminal.wait(forText: "count 1")
    let before = terminal.raw.count
    terminal.send("b")
    try terminal.wait(forText: "count 2")
    #expect(terminal.raw.count - before < 100)
  }

  @Test(
    "Any size at any moment is drawn to its corner",
    arguments: [(1, 1), (2, 500), (200, 2), (12, 60), (50, 200), (200, 500)])
  func resize(rows: Int, columns: Int) throws {
    let terminal = try fixture()
    try terminal.wait(forText: "count 0")
    terminal.resize(rows: rows, columns: columns)
    try terminal.wait("the corner") {
      terminal.cell(x: columns - 1, y: rows - 1).text == "@"
        && (columns < 20 || terminal.line(0).hasPrefix("\(columns)x\(rows)"))
    }
    terminal.resize(rows: 30, columns: 100)
    try terminal.wait(forText: "last: resize 100x30")
    #expect(terminal.line(2) == "日本語|é|🚀|x⟨U+202E⟩y")
    #expect(terminal.cell(x: 99, y: 29).text == "@")
    terminal.send("q")
    #expect(try terminal.waitExit() == .exited(0))
    #expect(terminal.damage == [])
  }

  @Test(
    "Colours come down to what the terminal has",
    arguments: [
      (["COLORTERM": "truecolor"], "trueColor", .rgb(0xFF8800), .rgb(0x003366)),
      (["TERM": "tmux-256color", "COLORTERM": "24bit"], "trueColor", .rgb(0xFF8800), .rgb(0x003366)),
      (["TERM": "made-up", "COLORTERM": "truecolor"], "trueColor", .rgb(0xFF8800), .rgb(0x003366)),
      (["TERM": "xterm"], "eight", .index(3), .index(0)),
      (["TERM": "linux"], "eight", .index(3), .index(0)),
      (["TERM": "vt100"], "none", .terminalDefault, .terminalDefault),
      (["NO_COLOR": "1"], "none", .terminalDefault, .terminalDefault),
      (["TERM": "made-up"], "palette256", .index(208), .index(23)),
    ] as [([String: String], String, ScreenCell.Color, ScreenCell.Color)])
  func colors(environment: [String: String], depth: String, foreground: ScreenCell.Color, background: ScreenCell.Color)
    throws
  {
    let terminal = try fixture(environment: environment)
    try terminal.wait(forText: "count 0")
    #expect(terminal.line(0).contains(" \(depth) "))
    let loud = terminal.cell(x: 0, y: 3)
    #expect(loud.foreground == foreground && loud.background == background)
    #expect(loud.isBold)
  }

  @Test(
    "Without UTF-8 only ASCII is sent",
    arguments: [["LANG": "C"], ["LANG": ""], ["LANG": "C.UTF-8", "LC_ALL": "POSIX"]])
  func ascii(environment: [String: String]) throws {
    let terminal = try fixture(environment: environment)
    try terminal.wait(forText: "count 0")
    #expect(terminal.line(0).hasSuffix("utf8=false"))
    #expect(terminal.line(4) == "+-+ > + ###")
    #expect(terminal.line(2) == "??????|e|??|x<U+202E>y")
    #expect(terminal.raw.allSatisfy { $0 < 0x80 })
  }

  @Test("A locale that is not installed is believed in its name") func missingLocale() throws {
    let terminal = try fixture(environment: ["LANG": "xx_YY.UTF-8"])
    try terminal.wait(forText: "utf8=true")
    try terminal.wait(forText: "┌─┐")
  }

  @Test("A terminal that cannot place text is refused with the way out", arguments: ["dumb", ""])
  func tooSimple(term: String) throws {
    let terminal = try fixture(environment: ["TERM": term])
    #expect(try terminal.waitExit() == .exited(2))
    #expect(terminal.text.contains("Set TERM"))
    #expect(terminal.damage == [])
    #expect(!String(decoding: terminal.raw, as: UTF8.self).contains("\u{1B}"))
  }
}
