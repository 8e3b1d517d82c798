import Foundation
import RunModel
import Testing

extension EndToEndTests {
  @Suite("Cancel") struct CancelTests {
    private static func configuration(_ folder: String) -> String {
      """
      stopGraceSeconds: 0.5
      runtimes: [{id: local, kind: local, command: [/bin/sh, \(folder)/bin/agent.sh], env: {PIDS: \(folder)/pids}}]
      """
    }

    /// Five ways to get away; each writes its pid down.
    private static let straying = """
      echo kept > work.txt
      echo $$ > $PIDS/agent
      setsid sleep 1000 & echo $! > $PIDS/session
      ( ( setsid sh -c 'echo $$ > $PIDS/daemon; exec sleep 1000' </dev/null >/dev/null 2>&1 & ) & )
      ( env -i PIDS=$PIDS setsid sh -c 'echo $$ > $PIDS/bare; exec sleep 1000' </dev/null >/dev/null 2>&1 & )
      sh -c 'trap "" TERM HUP INT; echo $$ > $PIDS/stubborn; while :; do sleep 1000; done' &
      for name in agent session daemon bare stubborn; do
        while [ ! -s $PIDS/$name ]; do sleep 0.05; done
      done
      echo '{"awf":"progress","progress":0.5,"message":"ready"}'
      wait
      """

    private static func stray(_ here: OrchestratorProcess) async throws -> (run: RunID, pids: [pid_t]) {
      try here.write("bin/agent.sh", straying)
      let run = try await here.dispatch("Run away", "--repo", try await here.makeRepository())
      _ = try await here.wait("the agent", of: run) { $0.progress >= 0.5 || $0.status.isTerminal }
      let pids = here.recordedPids
      #expect(pids.count == 5)
      for pid in pids { #expect(here.isAlive(pid)) }
      return (run, pids)
    }

    @Test("A canceled run's every stray is gone when the proof says so, and its work is on the branch")
    func strays() async throws {
      try await OrchestratorProcess.with(Self.configuration) { here in
        let (run, pids) = try await Self.stray(here)
        let answer = try await here.json(["cancel", run.shortName, "--reason", "It went astray", "--wait", "--json"])
        // At once: the proof has come, so nothing may be left to wait for.
        for pid in pids { #expect(!here.isAlive(pid), "\(pid) lives on") }
        let entry = try #require(answer.array?.first?.object)
        #expect(entry.keys == ["runId", "status", "proof"])
        #expect(entry["status"] == "canceled")
        let proof = try #require(entry["proof"])
        #expect(proof["confirmedAt"]?.string != nil && proof["stopSentAt"]?.string != nil)
        #expect((proof["processes"]?.int ?? 0) >= 5)
        #expect((proof["killed"]?.int ?? 0) >= 1)
        let commit = try #require(proof["commit"]?.string)
        #expect(try await here.shell("git -C $HERE/repo show '\(commit):work.txt'") == "kept")
        let shown = try await here.json(["show", run.description, "--json"])
        let branch = try #require(shown["branch"]?.string)
        #expect(try await here.shell("git -C $HERE/repo rev-parse '\(branch)'") == commit)
        #expect(shown["cancellation"]?["reason"] == "It went astray")
        try await Self.checkSteps(here, run)
      }
    }

    /// A second cancel does nothing; each step of the first is an event, in order, and on the audit trail.
    private static func checkSteps(_ here: OrchestratorProcess, _ run: RunID) async throws {
      let before = try await here.eventLines().count
      let again = try await here.json(["cancel", run.description, "--reason", "Once more", "--json"])
      #expect(again.array?.first?["status"] == "canceled")
      #expect(try await here.eventLines().count == before)
      let types = try await here.run(["events", "--run", run.description]).output.split(separator: "\n").map {
        try JSONValue(parsing: String($0))["type"]?.string ?? ""
      }
      let asked = try #require(types.firstIndex(of: "awf.run.cancel_requested"))
      let canceled = try #require(types.firstIndex(of: "awf.run.canceled"))
      #expect(asked < canceled)
      let audit = try await here.run(["audit", "export", "--run", run.description]).output
      #expect(audit.contains("It went astray"))
      #expect(try await here.run(["audit", "verify"]).status == 0)
    }

    @Test("By force everything is killed at once, with the same proof")
    func force() async throws {
      try await OrchestratorProcess.with(Self.configuration) { here in
        let (run, pids) = try await Self.stray(here)
        let answer = try await here.json([
          "cancel", run.description, "--reason", "Now", "--force", "--wait", "--json",
        ])
        for pid in pids { #expect(!here.isAlive(pid), "\(pid) lives on") }
        let proof = try #require(answer.array?.first?["proof"])
        #expect(proof["confirmedAt"]?.string != nil)
        #expect((proof["killed"]?.int ?? 0) >= 5)
        let commit = try #require(proof["commit"]?.string)
        #expect(try await here.shell("git -C $HERE/repo show '\(commit):work.txt'") == "kept")
      }
    }

    @Test("A queued run is canceled at once, and one with a plain agent soon after")
    func queued() async throws {
      let configuration = { (_: String) in
        "runtimes: [{id: local, kind: local, command: [sleep, \"1000\"], maxParallelTasks: 1}]"
      }
      try await OrchestratorProcess.with(configuration) { here in
        let repository = try await here.makeRepository()
        let first = try await here.dispatch("Holds the slot", "--repo", repository)
        _ = try await here.wait("the first", of: first) { $0.status == .running }
        let second = try await here.dispatch("Waits", "--repo", repository)
        let answer = try await here.json(["cancel", second.description, "--reason", "Not needed", "--json"])
        #expect(answer.array?.first?["status"] == "canceled")
        let both = try await here.json([
          "cancel", first.description, second.description, "--reason", "Enough", "--wait", "--json",
        ])
        #expect(both.array?.map { $0["status"] } == ["canceled", "canceled"])
        #expect(try await here.json(["runs", "--status", "canceled", "--json"]).array?.count == 2)
      }
    }
  }
}
