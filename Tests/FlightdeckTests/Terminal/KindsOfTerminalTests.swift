import Foundation
import RunModel
import TestSupport
import Testing

extension DashboardTerminalTests {
  @Suite("Kinds of terminals") struct KindsOfTerminalTests {
    static let kinds = [
      "xterm", "xterm-256color", "xterm-16color", "tmux", "tmux-256color", "screen", "screen-256color", "linux",
      "vt220",
      "vt100", "ansi", "rxvt-unicode-256color",
    ]

    @Test("The dashboard opens, draws, quits and leaves the terminal whole under any TERM", arguments: kinds)
    func opens(term: String) async throws {
      try await withMock { here in
        _ = try await here.dispatch("Asks a lot")
        let terminal = try DashboardTerminalTests.open(here, small, ["TERM": term])
        try terminal.wait("Asks a lot", shows: "▲")
        terminal.send("2")
        try terminal.wait(forText: "mock")
        terminal.send("1")
        try terminal.wait("Asks a lot", shows: "▲")
        try terminal.wait("the footer") { terminal.line(terminal.rows - 1).contains("help") }
        terminal.send("Q")
        #expect(try terminal.waitExit() == .exited(0))
        #expect(terminal.damage == [])
        #expect(!String(decoding: terminal.raw, as: UTF8.self).contains("Theme:"))
      }
    }

    @Test("The terminal's ground chooses the theme, and its answer is no key", arguments: [true, false])
    func ground(isLight: Bool) async throws {
      try await withMock { here in
        let terminal = try PseudoTerminal(
          [Program.path], environment: here.environment.merging(["COLORTERM": "truecolor"]) { $1 },
          directory: here.folder)
        terminal.background = isLight ? "rgb:fafa/fafa/fafa" : "rgb:1010/1010/1010"
        try terminal.wait(forText: " live")
        #expect(terminal.oscs.contains("11;?"))
        try terminal.wait("the theme") {
          terminal.cell(x: 40, y: 12).background == .rgb(isLight ? 0xfbfaf7 : 0x14171c)
        }
        // Again, much later: nothing is typed by it.
        terminal.send("\u{1B}]11;rgb:0000/0000/0000\u{7}")
        try terminal.wait("the dark theme") { terminal.cell(x: 40, y: 12).background == .rgb(0x14171c) }
        #expect(!terminal.text.contains("rgb") && !terminal.text.contains("Quit"))
        terminal.send("Q")
        #expect(try terminal.waitExit() == .exited(0))
        #expect(terminal.damage == [])
      }
    }

    @Test("A terminal that says nothing gets what COLORFGBG tells")
    func environment() async throws {
      try await withMock { here in
        let terminal = try DashboardTerminalTests.open(
          here, small, ["COLORTERM": "truecolor", "COLORFGBG": "0;default;15"])
        try terminal.wait("the light theme") { terminal.cell(x: 40, y: 12).background == .rgb(0xfbfaf7) }
      }
    }

    @Test("A theme file is followed as it changes; a mistake is told with its line and changes nothing")
    func hotReload() async throws {
      try await withMock { here in
        let folder = here.folder + "/themes"
        let source = try await here.run(["themes", "show", "hangar"]).output
        func write(_ text: String) throws { try here.write("themes/mine.yaml", text) }
        let terminal = try DashboardTerminalTests.open(here, small, ["COLORTERM": "truecolor"])
        // The folder comes only while the dashboard is open.
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try write(source.replacing("Hangar", with: "Mine"))
        terminal.send(":theme mine")
        try terminal.wait("the preview") { terminal.cell(x: 75, y: 4).background == .rgb(0x1d1916) }
        terminal.send("\r")
        try terminal.wait(forText: "Theme: Mine")
        try write(source.replacing("Hangar", with: "Mine").replacing("#1d1916", with: "#202020"))
        try terminal.wait("the new ground") { terminal.cell(x: 75, y: 4).background == .rgb(0x202020) }
        try write(source.replacing("palette:", with: "plaette:"))
        try terminal.wait(forText: "line 6")
        #expect(terminal.cell(x: 75, y: 4).background == .rgb(0x202020))
        terminal.send("Q")
        #expect(try terminal.waitExit() == .exited(0))
        // The choice is kept for the next time.
        try write(source.replacing("Hangar", with: "Mine"))
        let again = try DashboardTerminalTests.open(here, small, ["COLORTERM": "truecolor"])
        try again.wait("the chosen theme") { again.cell(x: 75, y: 4).background == .rgb(0x1d1916) }
      }
    }

    @Test("--ascii draws nothing but ASCII, whatever the locale")
    func ascii() async throws {
      try await withMock { here in
        _ = try await here.dispatch("Asks a lot")
        let once = try await here.run(["--once", "--ascii"])
        #expect(once.status == 0)
        #expect(once.output.utf8.allSatisfy { $0 < 0x80 } && once.output.contains("Asks a lot"))
        try here.write("config.yaml", try here.read("config.yaml") + "\nascii: true\n")
        let configured = try await here.run(["--once"])
        #expect(configured.output.utf8.allSatisfy { $0 < 0x80 })
      }
    }

    @Test("Over a slow line: a full redraw at 200×50 is at most 25 kB, a row's move at most 2 kB")
    func bytes() async throws {
      try await withMock { here in
        for place in 0..<40 { _ = try await here.dispatch(place % 2 == 0 ? "Done well \(place)" : "Forever \(place)") }
        try await here.wait("stillness") { $0.count(.succeeded) == 20 }
        let terminal = try DashboardTerminalTests.open(here, large, ["COLORTERM": "truecolor"])
        try terminal.wait("the rows") {
          terminal.text.contains("Done well 38") && terminal.text.contains("Done well 0")
        }
        let frameEnd = Array("\u{1B}[?2026l".utf8)
        func isWhole() -> Bool { terminal.raw.suffix(frameEnd.count).elementsEqual(frameEnd) }
        try terminal.wait("the end of a frame") { isWhole() }
        var before = terminal.raw.count
        terminal.send("\u{C}")
        // A frame that was under way may come first.
        try terminal.wait("a redraw") { terminal.raw.count - before > 3000 && isWhole() }
        #expect(terminal.raw.count - before <= 25_000)
        before = terminal.raw.count
        terminal.send("j")
        try terminal.wait("the cursor's move") { terminal.raw.count > before && isWhole() }
        #expect(terminal.raw.count - before <= 2000)
      }
    }
  }
}
