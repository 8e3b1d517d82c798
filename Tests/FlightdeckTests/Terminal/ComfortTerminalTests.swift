import CVTerm
import Foundation
import RunModel
import TestSupport
import Testing

extension DashboardTerminalTests {
  @Suite("Replay, switching, copying") struct ComfortTerminalTests {
    private static func simulated(_ folder: String) -> String {
      "runtimes: [{id: simulated, kind: simulated, seed: 3, medianSeconds: 0.2, maxSeconds: 0.4, attentionRate: 0, failureRate: 0}]"
    }

    @Test(
      "A recording of simulated work is played, paused, stepped and scrubbed, and changes nothing",
      arguments: [small, large])
    func replay(shape: Shape) async throws {
      try await OrchestratorProcess.with(Self.simulated) { here in
        for number in 1...5 { _ = try await here.dispatch("Piece \(number)", "--wait") }
        try here.write("day.jsonl", try await here.run(["events"]).output)
        let once = try await here.run(["replay", "\(here.folder)/day.jsonl", "--once", "--size", "120x40"])
        #expect(once.status == 0)
        #expect(once.output.contains("Piece 5") && once.output.contains("replay"))
        #expect(!once.output.contains("live"))
        let start = try await here.run(["replay", "\(here.folder)/day.jsonl", "--once", "--at", "0%"])
        #expect(!start.output.contains("Piece 5"))
        // No orchestrator is needed for a file.
        await here.kill9()
        let terminal = try PseudoTerminal(
          [Program.path, "replay", "day.jsonl", "--speed", "max"], rows: shape.rows, columns: shape.columns,
          environment: here.environment, directory: here.folder)
        try terminal.wait("the end") { terminal.line(0).contains("replay ended") && terminal.text.contains("Piece 5") }
        terminal.send("\u{1B}[H")
        try terminal.wait("the start") { !terminal.text.contains("Piece 5") }
        terminal.send(" ")
        try terminal.wait("a pause or the end") {
          terminal.line(0).contains("paused") || terminal.line(0).contains("ended")
        }
        terminal.send("\u{1B}[F")
        try terminal.wait("the end again") { terminal.text.contains("Piece 5") }
        terminal.send("x")
        try terminal.wait(forText: "This is a replay")
        terminal.send("\u{1B}[D\u{1B}[D\u{1B}[D")
        try terminal.wait("an earlier time") { !terminal.line(0).contains("ended") }
        terminal.send("Q")
        #expect(try terminal.waitExit() == .exited(0))
        #expect(terminal.damage == [])
      }
    }

    @Test("Bad lines are named and skipped, and a missing recording is a clear word")
    func badLines() async throws {
      try await OrchestratorProcess.with(Self.simulated) { here in
        _ = try await here.dispatch("Piece 1", "--wait")
        try here.write("day.jsonl", "nonsense\n" + (try await here.run(["events"]).output))
        let terminal = try PseudoTerminal(
          [Program.path, "replay", "day.jsonl"], environment: here.environment, directory: here.folder)
        try terminal.wait(forText: "line 1 is no event")
        try terminal.wait(forText: "1 bad line")
        let none = try await here.run(["replay", "./none.jsonl", "--once"])
        #expect(none.status == 1)
        #expect(none.diagnostic.contains("Cannot read"))
        #expect(try await here.run(["replay", "-"]).status == 2)
        let piped = try await here.run(["replay", "-", "--once"], input: try here.read("day.jsonl"))
        #expect(piped.output.contains("Piece 1"))
      }
    }

    @Test("P replays the run under the cursor, and q comes back to the live dashboard")
    func storedRun() async throws {
      try await DashboardTerminalTests.withMock { here in
        _ = try await here.dispatch("Done before")
        let terminal = try DashboardTerminalTests.open(here)
        try terminal.wait("Done before", shows: "✔")
        terminal.send("P")
        try terminal.wait("the replay") { terminal.line(0).contains("replay") }
        terminal.send("\u{1B}[F")
        try terminal.wait("Done before", shows: "✔")
        terminal.send("\r4")
        try terminal.wait(forText: "Not in the recording")
        terminal.send("qq")
        try terminal.wait("the live dashboard") { terminal.line(0).contains("● live") }
        try terminal.wait("Done before", shows: "✔")
        terminal.send("Q")
        #expect(try terminal.waitExit() == .exited(0))
      }
    }

    @Test("O turns from one orchestrator to another and back, and each shows its own runs", arguments: [small, large])
    func switching(shape: Shape) async throws {
      try await DashboardTerminalTests.withMock { there in
        _ = try await there.dispatch("Asks far away")
        let configuration = { (folder: String) in
          DashboardTerminalTests.mock(folder) + "\norchestrators: [{name: faraway, address: \"\(there.address)\"}]"
        }
        try await OrchestratorProcess.with(configuration, files: ["script.json": DashboardTerminalTests.script]) {
          here in
          _ = try await here.dispatch("Done at home")
          let terminal = try DashboardTerminalTests.open(here, shape)
          try terminal.wait("Done at home", shows: "✔")
          terminal.send("O")
          try terminal.wait("what the other tells") { terminal.row("faraway").contains("1 running") }
          terminal.send("2")
          try terminal.wait("Asks far away", shows: "▲")
          #expect(!terminal.text.contains("Done at home"))
          // What is done now is done there.
          terminal.send("a")
          try terminal.wait(forText: "Go on?")
          terminal.send("\r")
          try await there.wait("the answer") { $0.count(.succeeded) == 1 }
          terminal.send(":connect local\r")
          try terminal.wait("Done at home", shows: "✔")
          #expect(!terminal.text.contains("Asks far away"))
          // The other one goes: nothing is left here that could complain.
          await there.kill9()
          terminal.send("O")
          try terminal.wait("that nobody answers") { terminal.row("faraway").contains("✖") }
          terminal.send("2")
          try terminal.wait("the lost link") { terminal.line(0).contains("lost") }
          terminal.send("O1")
          try terminal.wait("home again") {
            terminal.line(0).contains("● live") && terminal.text.contains("Done at home")
          }
          terminal.send("Q")
          #expect(try terminal.waitExit() == .exited(0))
          #expect(terminal.damage == [])
        }
      }
    }

    @Test("Inside tmux what is copied goes to tmux and, wrapped, to the terminal behind it")
    func copying() async throws {
      try await DashboardTerminalTests.withMock { here in
        let run = try await here.dispatch("Forever at it")
        let terminal = try DashboardTerminalTests.open(here, small, ["TMUX": "/tmp/nowhere,1,0"])
        try terminal.wait("Forever at it", shows: "▶")
        terminal.send("Y")
        try terminal.wait(forText: "Asked the terminal to copy")
        let sequence = "]52;c;" + Data(run.description.utf8).base64EncodedString() + "\u{07}"
        let raw = String(decoding: terminal.raw, as: UTF8.self)
        #expect(raw.contains("\u{1B}" + sequence))
        #expect(raw.contains("\u{1B}Ptmux;\u{1B}\u{1B}" + sequence + "\u{1B}\\"))
      }
    }

    @Test("A notification's command gets the facts, once for each failure")
    func command() async throws {
      let configuration = { (folder: String) in
        DashboardTerminalTests.mock(folder)
          + "\nnotifications: {on: [attention], by: command, command: [/bin/sh, -c, 'echo \"$FLIGHTDECK_NOTIFICATION $FLIGHTDECK_TITLE $FLIGHTDECK_REASON\" >> \(folder)/told; echo noise']}"
      }
      try await OrchestratorProcess.with(configuration, files: ["script.json": DashboardTerminalTests.script]) { here in
        let terminal = try DashboardTerminalTests.open(here)
        _ = try await here.dispatch("Asks a question")
        try terminal.wait("Asks a question", shows: "▲")
        try terminal.wait("the command") {
          // Not there until the command has written it; a key makes the dashboard draw meanwhile.
          if (try? here.read("told"))?.hasSuffix("\n") == true { return true }
          terminal.send("j")
          return false
        }
        #expect(try here.read("told") == "attention Asks a question Go on?\n")
        #expect(!terminal.text.contains("noise"))
      }
    }

    @Test("A read-only dashboard says so and cancels nothing")
    func readOnly() async throws {
      try await DashboardTerminalTests.withMock { here in
        let run = try await here.dispatch("Forever at it")
        let terminal = try PseudoTerminal(
          [Program.path, "--read-only"], environment: here.environment, directory: here.folder)
        try terminal.wait("Forever at it", shows: "▶")
        #expect(terminal.line(0).contains("read-only"))
        terminal.send("xx")
        try terminal.wait(forText: "nothing is changed from here")
        #expect(try await here.json(["show", run.description, "--json"])["status"] == "running")
      }
    }
  }
}
