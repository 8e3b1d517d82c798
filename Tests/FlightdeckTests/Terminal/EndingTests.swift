import Foundation
import Glibc
import RunModel
import TestSupport
import Testing

extension DashboardTerminalTests {
  @Suite("Ending") struct EndingTests {
    enum Way: Sendable, CaseIterable {
      case confirmed, quit, controlC, terminate, hangup, interrupt, quitSignal
    }

    private static func take(_ way: Way, _ terminal: PseudoTerminal) throws -> PseudoTerminal.Exit {
      switch way {
      case .confirmed:
        terminal.send("q")
        try terminal.wait(forText: "Leave the dashboard?")
        terminal.send("q")
      case .quit: terminal.send("Q")
      case .controlC: terminal.send([3])
      case .terminate: terminal.signal(SIGTERM)
      case .hangup: terminal.signal(SIGHUP)
      case .interrupt: terminal.signal(SIGINT)
      case .quitSignal: terminal.signal(SIGQUIT)
      }
      return switch way {
      case .confirmed, .quit, .controlC: .exited(0)
      case .terminate: .signaled(SIGTERM)
      case .hangup: .signaled(SIGHUP)
      case .interrupt: .signaled(SIGINT)
      case .quitSignal: .signaled(SIGQUIT)
      }
    }

    @Test("However the dashboard ends, the terminal is whole and the runs go on", arguments: [small, large])
    func ways(shape: Shape) async throws {
      try await withMock { here in
        let run = try await here.dispatch("Forever at it")
        for way in Way.allCases {
          let terminal = try DashboardTerminalTests.open(here, shape)
          try terminal.wait("Forever at it", shows: "▶")
          let exit = try Self.take(way, terminal)
          #expect(try terminal.waitExit() == exit, "\(way)")
          #expect(terminal.damage == [], "\(way)")
        }
        #expect(try await here.json(["show", run.description, "--json"])["status"] == "running")
      }
    }

    @Test("A vanished terminal ends the dashboard and nothing else")
    func vanished() async throws {
      try await withMock { here in
        let run = try await here.dispatch("Forever at it")
        let terminal = try DashboardTerminalTests.open(here)
        try terminal.wait("Forever at it", shows: "▶")
        terminal.hangUp()
        #expect(try terminal.waitExit() == .signaled(SIGHUP))
        #expect(try await here.json(["show", run.description, "--json"])["status"] == "running")
      }
    }

    @Test("ctrl-z gives the shell a whole terminal, and fg brings back the dashboard with what came meanwhile")
    func suspend() async throws {
      try await withMock { here in
        _ = try await here.dispatch("Forever at it")
        let terminal = try PseudoTerminal(
          ["/bin/bash", "--norc", "--noprofile", "-i"],
          environment: here.environment.merging(["PS1": "shell> "]) { $1 },
          directory: here.folder)
        try terminal.wait(forText: "shell>")
        terminal.send("\(Program.path)\r")
        try terminal.wait("Forever at it", shows: "▶")
        terminal.send("\u{1A}")
        try terminal.wait("the shell") {
          !terminal.altScreen && terminal.text.contains("Stopped") && terminal.cursorVisible
        }
        #expect(terminal.mouseMode == 0 && !terminal.isOn(mode: 1006))
        terminal.send("echo ok-$((40+2))\r")
        try terminal.wait(forText: "ok-42")
        _ = try await here.dispatch("Asks meanwhile")
        terminal.resize(rows: 40, columns: 120)
        terminal.send("fg\r")
        try terminal.wait("Asks meanwhile", shows: "▲")
        #expect(terminal.altScreen)
        try terminal.wait("Forever at it", shows: "▶")
        terminal.send("Q")
        try terminal.wait("the shell") { !terminal.altScreen && terminal.line(terminal.cursor.y).hasPrefix("shell>") }
        terminal.send("exit\r")
        try terminal.waitExit()
      }
    }

    @Test("A lost link keeps the screen and shows its age; the next orchestrator brings it on without a gap")
    func linkLost() async throws {
      try await withMock { here in
        _ = try await here.dispatch("Done before")
        let terminal = try DashboardTerminalTests.open(here)
        try terminal.wait("Done before", shows: "✔")
        await here.kill9()
        try terminal.wait("the loss and its age") { terminal.line(0).contains(/lost, \d+ s old/) }
        #expect(terminal.row("Done before").contains("✔"))
        // Keys are answered all the same.
        terminal.send("?")
        try terminal.wait(forText: "open the run")
        terminal.send("\u{1B}")
        try terminal.wait("the help's end") { !terminal.text.contains("open the run") }
        try terminal.wait("an older age") { !terminal.line(0).contains("lost, 0 s") }
        try await here.start()
        try terminal.wait("the link") { terminal.line(0).contains("● live") }
        _ = try await here.dispatch("Done after")
        _ = try await here.dispatch("Asks after")
        try terminal.wait("Done after", shows: "✔")
        try terminal.wait("Asks after", shows: "▲")
        let once = try await here.run(["--once", "--size", "80x24"]).output
        let rows = DashboardTerminalTests.still(once).split(separator: "\n").filter { $0.contains(/Done|Asks/) }
        let shown = DashboardTerminalTests.still(terminal.text).split(separator: "\n").filter {
          $0.contains(/Done|Asks/)
        }
        #expect(Set(rows).isSubset(of: shown), "\(terminal.text)")
      }
    }
  }
}
