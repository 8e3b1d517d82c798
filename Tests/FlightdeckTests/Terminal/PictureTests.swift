import Foundation
import RunModel
import TestSupport
import Testing

extension DashboardTerminalTests {
  @Suite("Pictures") struct PictureTests {
    @Test(
      "--once prints what the terminal shows, at every size", arguments: [small, Shape(columns: 120, rows: 40), large])
    func once(shape: Shape) async throws {
      try await withMock { here in
        for title in ["Done well", "Asks a lot", "Forever and a day"] { _ = try await here.dispatch(title) }
        try await here.wait("stillness") { board in
          board.runs.count == 3 && board.needingAttention == 1 && board.count(.succeeded) == 1
            && board.runs.contains { $0.progress == 0.5 && $0.activity == "half way" }
        }
        let size = "\(shape.columns)x\(shape.rows)"
        let terminal = try DashboardTerminalTests.open(here, shape)
        for (screen, keys) in [("runs", ""), ("runtimes", "2")] {
          let once = try await here.run(["--once", "--screen", screen, "--size", size])
          #expect(once.status == 0)
          let lines = once.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
          #expect(lines.count == shape.rows)
          let expected = DashboardTerminalTests.still(lines.joined(separator: "\n"))
          terminal.send(keys)
          do {
            try terminal.wait("the same as --once") { DashboardTerminalTests.still(terminal.text) == expected }
          } catch { Issue.record("\(error)\n\n--once:\n\(once.output)") }
        }
      }
    }

    @Test("After any sizes, down to 1×1, the screen is right again")
    func resize() async throws {
      try await withMock { here in
        for title in ["Done well", "Asks a lot"] { _ = try await here.dispatch(title) }
        try await here.wait("stillness") { $0.needingAttention == 1 && $0.count(.succeeded) == 1 }
        let terminal = try DashboardTerminalTests.open(here)
        try terminal.wait("Asks a lot", shows: "▲")
        try terminal.wait("Done well", shows: "✔")
        let before = DashboardTerminalTests.still(terminal.text)
        for (columns, rows) in [(1, 1), (200, 50), (40, 10), (60, 12), (2, 30), (500, 200), (100, 2), (133, 33)] {
          terminal.resize(rows: rows, columns: columns)
          if columns >= 60, rows >= 12 {
            try terminal.wait("\(columns)×\(rows)") {
              terminal.line(0).contains("● live") && terminal.row("Asks a lot").contains("▲")
                && terminal.line(rows - 1).contains("help")
            }
          } else if columns >= 40 {
            try terminal.wait("\(columns)×\(rows)") { terminal.text.contains("this is \(columns)×\(rows)") }
          } else {
            try terminal.wait("\(columns)×\(rows)") {
              terminal.line(rows / 2) == "too small".prefix(columns - 1) + "…"
            }
          }
        }
        terminal.resize(rows: 24, columns: 80)
        try terminal.wait("the first picture") { DashboardTerminalTests.still(terminal.text) == before }
        terminal.send("Q")
        #expect(try terminal.waitExit() == .exited(0))
        #expect(terminal.damage == [])
      }
    }

    @Test("With NO_COLOR nothing is coloured, and statuses are told by their glyphs", arguments: [small, large])
    func noColour(shape: Shape) async throws {
      try await withMock { here in
        _ = try await here.dispatch("Asks a lot")
        let terminal = try DashboardTerminalTests.open(here, shape, ["NO_COLOR": "1", "COLORTERM": "truecolor"])
        try terminal.wait("Asks a lot", shows: "▲")
        let cells = (0..<shape.rows).flatMap { y in (0..<shape.columns).map { terminal.cell(x: $0, y: y) } }
        #expect(cells.allSatisfy { $0.foreground == .terminalDefault && $0.background == .terminalDefault })
        #expect(cells.contains { $0.isReversed || $0.isBold })
      }
    }

    @Test("Without UTF-8 every byte is ASCII", arguments: [small, large])
    func ascii(shape: Shape) async throws {
      try await withMock { here in
        _ = try await here.dispatch("Asks für alle")
        let terminal = try DashboardTerminalTests.open(here, shape, ["LANG": "C", "LC_ALL": "C"])
        try terminal.wait(forText: "Asks f")
        terminal.send("2")
        try terminal.wait(forText: "mock")
        terminal.send("1?")
        try terminal.wait(forText: "open the run")
        #expect(terminal.raw.allSatisfy { $0 < 0x80 })
      }
    }
  }
}
