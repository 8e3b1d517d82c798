import CVTerm
import Foundation
import RunModel
import TestSupport
import Testing

extension DashboardTerminalTests {
  @Suite("Operating") struct OperatingTests {
    @Test("The table shows runs as they move", arguments: [small, large])
    func live(shape: Shape) async throws {
      try await withMock { here in
        let terminal = try DashboardTerminalTests.open(here, shape)
        let run = try await here.dispatch("Asks a question")
        try terminal.wait("Asks a question", shows: "▲")
        #expect(terminal.line(0).contains("▲ 1"))
        #expect(try await here.run(["answer", run.description, "--option", "yes"]).status == 0)
        try terminal.wait("Asks a question", shows: "✔")
        #expect(!terminal.line(0).contains("▲"))
        _ = try await here.dispatch("Forever at it")
        try terminal.wait("Forever at it", shows: "▶")
        try terminal.wait("its progress") { terminal.row("Forever at it").contains("50%") }
        terminal.send("Q")
        #expect(try terminal.waitExit() == .exited(0))
        #expect(terminal.damage == [])
      }
    }

    @Test("A dashboard opened later shows the events of a run that has ended", arguments: [small, large])
    func history(shape: Shape) async throws {
      try await withMock { here in
        let run = try await here.dispatch("Done before")
        #expect(try await here.run(["events", "--run", run.description]).status == 0)
        let terminal = try DashboardTerminalTests.open(here, shape)
        try terminal.wait("Done before", shows: "✔")
        terminal.send("\r2")
        try terminal.wait("its first and its last event") {
          terminal.text.contains("a line") && terminal.text.contains("succeeded")
        }
      }
    }

    @Test("A question is answered on the spot", arguments: [small, large])
    func answer(shape: Shape) async throws {
      try await withMock { here in
        _ = try await here.dispatch("Asks a question")
        let terminal = try DashboardTerminalTests.open(here, shape)
        try terminal.wait("Asks a question", shows: "▲")
        terminal.send("a")
        try terminal.wait(forText: "Go on?")
        terminal.send("\r")
        try terminal.wait("Asks a question", shows: "✔")
      }
    }

    @Test("x x cancels, and the run ends as canceled with its proof on the screen", arguments: [small, large])
    func cancel(shape: Shape) async throws {
      try await withMock { here in
        let run = try await here.dispatch("Forever at it")
        let terminal = try DashboardTerminalTests.open(here, shape)
        try terminal.wait("Forever at it", shows: "▶")
        terminal.send("x")
        try terminal.wait(forText: "Because")
        #expect(try await here.json(["show", run.description, "--json"])["status"] == "running")
        terminal.send("x")
        try terminal.wait("Forever at it", shows: "⊘")
        terminal.send("\r")
        try terminal.wait("the proof") { terminal.text.contains("confirmed") }
        let shown = try await here.json(["show", run.description, "--json"])
        #expect(shown["status"] == "canceled")
        #expect(shown["proof"]?["confirmedAt"]?.string != nil)
        #expect(shown["cancellation"]?["by"]?.string?.isEmpty == false)
      }
    }

    @Test("Escape in the cancel dialog lets the run go on")
    func letGo() async throws {
      try await withMock { here in
        let run = try await here.dispatch("Forever at it")
        let terminal = try DashboardTerminalTests.open(here)
        try terminal.wait("Forever at it", shows: "▶")
        terminal.send("x")
        try terminal.wait(forText: "Because")
        terminal.send("\u{1B}")
        try terminal.wait("the dialog's end") { !terminal.text.contains("Because") }
        #expect(try await here.json(["show", run.description, "--json"])["status"] == "running")
      }
    }

    private static func local(_ folder: String) -> String {
      "runtimes: [{id: local, kind: local, command: [/bin/sh, \(folder)/bin/agent.sh]}]"
    }

    @Test(
      "Work is dispatched by the form, watched, and its diff and handoff are read with colours",
      arguments: [small, large])
    func dispatch(shape: Shape) async throws {
      try await OrchestratorProcess.with(Self.local) { here in
        try here.write(
          "bin/agent.sh",
          "printf 'one\\n2\\nthree\\n' > a.txt; printf 'Mended *everything*.\\n' > \"$FLIGHTDECK_HANDOFF\"; echo fine")
        let repository = try await here.makeRepository()
        let terminal = try PseudoTerminal(
          [Program.path], rows: shape.rows, columns: shape.columns,
          environment: here.environment.merging(["COLORTERM": "truecolor"]) { $1 }, directory: repository)
        try terminal.wait(forText: " live")
        terminal.send("D")
        try terminal.wait(forText: "Repository")
        terminal.send("Mend the numbers")
        try terminal.wait(forText: "Mend the numbers")
        terminal.send("\r")
        try terminal.wait("the review") { terminal.text.contains("local") && !terminal.text.contains("none known") }
        terminal.send("\r")
        try terminal.wait("Mend the numbers", shows: "✔")
        terminal.send("d")
        try terminal.wait("the diff") { Self.rows(terminal, "2").count > 0 && Self.rows(terminal, "two").count > 0 }
        let added = try #require(Self.rows(terminal, "2").last)
        let removed = try #require(Self.rows(terminal, "two").last)
        let context = try #require(Self.rows(terminal, "three").last)
        let colours = [added, removed, context].map { y in
          Set(
            (0..<shape.columns).map { x in
              "\(terminal.cell(x: x, y: y).foreground) \(terminal.cell(x: x, y: y).background)"
            })
        }
        #expect(Set(colours).count == 3, "\(terminal.text)")
        terminal.send("7")
        try terminal.wait(forText: "Mended")
        terminal.send("qqq")
        #expect(try terminal.waitExit() == .exited(0))
        #expect(terminal.damage == [])
      }
    }

    /// The lines of the diff whose last word is this.
    private static func rows(_ terminal: PseudoTerminal, _ word: String) -> [Int] {
      (2..<terminal.rows).filter { y in
        let words = terminal.line(y).split(whereSeparator: { $0 == " " || $0 == "+" || $0 == "-" || $0 == "│" })
        return words.last.map(String.init) == word && words.contains { Int($0) != nil }
      }
    }

    @Test("T goes through the themes and comes back", arguments: [small, large])
    func themes(shape: Shape) async throws {
      try await withMock { here in
        let terminal = try DashboardTerminalTests.open(here, shape)
        func ground() -> [ScreenCell.Color] {
          [terminal.cell(x: 0, y: 0).background, terminal.cell(x: shape.columns - 1, y: shape.rows / 2).background]
        }
        let first = ground()
        var seen = [first]
        repeat {
          let before = ground()
          terminal.send("T")
          try terminal.wait("another theme") { ground() != before }
          seen.append(ground())
        } while seen.last != first && seen.count < 20
        #expect(seen.last == first)
        #expect(seen.count >= 4)
      }
    }
  }
}
