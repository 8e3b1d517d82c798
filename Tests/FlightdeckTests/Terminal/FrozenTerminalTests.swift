import Glibc
import RunClient
import RunModel
import TestSupport
import Testing

extension DashboardTerminalTests {
  /// Dashboards that nobody reads from, while many runs talk.
  @Suite("A frozen terminal") struct FrozenTerminalTests {
    private static func talking(_: String) -> String {
      """
      runtimes: [{id: sim, kind: simulated, maxParallelTasks: 50, medianSeconds: 3600, maxSeconds: 7200, failureRate: 0, attentionRate: 0, eventsPerSecond: 3000}]
      """
    }

    /// Beside an orchestrator whose 50 runs say 3000 things a second.
    private static func withTalk(_ body: (OrchestratorProcess) async throws -> Void) async throws {
      try await OrchestratorProcess.with(talking) { here in
        _ = try await here.json(["dispatch", "Talk", "--count", "50", "--json"])
        try await body(here)
      }
    }

    /// Returns when so many more events are stored.
    private static func pass(_ events: UInt64, _ here: OrchestratorProcess) async throws {
      try await here.withClient { client in
        let start = try await client.health().seq
        var seen = start
        for try await batch in try await client.events(EventQuery(after: start, types: ["progress"], follow: true)) {
          seen = batch.last?.seq ?? seen
          if seen >= start + events { return }
        }
      }
    }

    @Test("Its memory does not grow, the orchestrator goes on, and its keys work when it thaws")
    func unread() async throws {
      try await Self.withTalk { here in
        let terminal = try DashboardTerminalTests.open(here)
        let facts = ProcessFacts(pid: terminal.pid)
        // From here on nobody reads what it writes; a full terminal takes some kilobytes.
        try await Self.pass(6000, here)
        let before = facts.resident
        for key in ["j", "j", "k", "j"] { terminal.send(key) }
        try await Self.pass(15_000, here)
        let after = facts.resident
        #expect(before > 0 && after < before + 40, "\(before) MB became \(after) MB")
        #expect(ProcessFacts(pid: here.processID).peak < 300)
        terminal.send("?")
        try terminal.wait(forText: "open the run")
        terminal.send("\u{1B}")
        try terminal.wait("the help's end") { !terminal.text.contains("open the run") }
        terminal.send("Q")
        #expect(try terminal.waitExit() == .exited(0))
        #expect(terminal.damage.isEmpty)
      }
    }

    @Test("It ends when the terminal vanishes that it could not write to")
    func vanished() async throws {
      try await Self.withTalk { here in
        let terminal = try DashboardTerminalTests.open(here)
        try await Self.pass(6000, here)
        terminal.hangUp()
        try terminal.waitExitUnread()
        try await Self.pass(1000, here)
      }
    }

    @Test("Stopped, it costs the orchestrator nothing; continued, it catches up without a gap")
    func stopped() async throws {
      try await Self.withTalk { here in
        let terminal = try DashboardTerminalTests.open(here)
        let descriptors = ProcessFacts(pid: here.processID).descriptors
        terminal.signal(SIGSTOP)
        try await Self.pass(20_000, here)
        #expect(ProcessFacts(pid: here.processID).peak < 300)
        #expect(ProcessFacts(pid: here.processID).descriptors <= descriptors + 2)
        terminal.signal(SIGCONT)
        _ = try await here.dispatch("After the thaw")
        try terminal.wait("the run dispatched since") { terminal.line(0).contains("◔ 1") }
        terminal.send("?")
        try terminal.wait(forText: "open the run")
        #expect(!terminal.text.contains("are lost"))
        terminal.send("\u{1B}")
        try terminal.wait("the help's end") { !terminal.text.contains("open the run") }
        terminal.send("Q")
        #expect(try terminal.waitExit() == .exited(0))
      }
    }
  }
}
