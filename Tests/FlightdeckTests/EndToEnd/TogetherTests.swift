import Foundation
import RunModel
import Testing

extension EndToEndTests {
  @Suite("Together") struct TogetherTests {
    private static func simulated(_: String) -> String {
      """
      runtimes: [{id: sim, kind: simulated, medianSeconds: 0.2, maxSeconds: 0.5, failureRate: 0, attentionRate: 0}]
      """
    }

    @Test("A second orchestrator on the same store or socket exits 1 and says why, and the first goes on unharmed")
    func second() async throws {
      try await OrchestratorProcess.with(Self.simulated) { here in
        let sameStore = try await here.run(["serve"])
        #expect(sameStore.status == 1)
        #expect(sameStore.diagnostic.contains("Another orchestrator"))
        #expect(!sameStore.output.contains("listening"))
        let sameSocket = try await here.run(["serve", "--state", here.folder + "/t", "--listen", "\(here.address)"])
        #expect(sameSocket.status == 1)
        #expect(sameSocket.diagnostic.contains("already served by"))
        #expect(!sameSocket.output.contains("listening"))
        #expect(try await here.run(["dispatch", "Still here", "--wait"]).status == 0)
      }
    }

    @Test("After a kill the socket and the store that were left behind are taken over")
    func leftovers() async throws {
      try await OrchestratorProcess.with(Self.simulated) { here in
        await here.kill9()
        #expect(FileManager.default.fileExists(atPath: here.state + "/flightdeck.sock"))
        #expect(try await here.run(["runs"]).status == 3)
        try await here.start()
        #expect(try await here.run(["runs"]).status == 0)
      }
    }

    @Test("What cannot be done exits with the status that says why")
    func exitStatuses() async throws {
      try await OrchestratorProcess.with(Self.simulated) { here in
        let unknown = try await here.run(["show", "ZZZZZZ"])
        #expect(unknown.status == 1)
        #expect(unknown.output.isEmpty && unknown.diagnostic.contains("ZZZZZZ"))
        let refused = try await here.run(["dispatch", "Open a pull request", "--needs", "canCreatePR", "--json"])
        #expect(refused.status == 4)
        #expect(refused.output.isEmpty && refused.diagnostic.contains("canCreatePR"))
        #expect(try await here.run(["dispatch", "Nowhere", "--runtime", "nope"]).status == 4)
        #expect(try await here.run(["runs", "--status", "bogus"]).status == 2)
        #expect(try await here.json(["runs", "--json"]).array == [])
        here.signal(SIGTERM)
        #expect(await here.waitExit() == 0)
        #expect(try await here.run(["runs", "--json"]).status == 3)
      }
    }

    @Test("A dry run decides and changes nothing")
    func dryRun() async throws {
      try await OrchestratorProcess.with(Self.simulated) { here in
        #expect(try await here.run(["dispatch", "Work before", "--wait"]).status == 0)
        let before = try await here.eventLines().count
        let decisions = try await here.json(["dispatch", "Only a thought", "--dry-run", "--json"])
        let decision = try #require(decisions.array?.first)
        #expect(decision["runtimeId"] == "sim")
        #expect(decision["considered"]?.array?.first?["eligible"] == true)
        #expect(try await here.eventLines().count == before)
      }
    }

    @Test("events are whole from 1 on, without a gap, with or without --json, and go on after any of them")
    func events() async throws {
      try await OrchestratorProcess.with(Self.simulated) { here in
        #expect(try await here.run(["dispatch", "Several", "--count", "5", "--wait"]).status == 0)
        let plain = try await here.run(["events"]).output
        let events = try plain.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
        #expect(events.count > 10)
        #expect(events.map { $0["id"]?.string } == (1...events.count).map { String($0) })
        for event in events {
          #expect(event["specversion"] == "1.0")
          for key in ["source", "type", "time"] { #expect(event[key]?.string?.isEmpty == false) }
        }
        #expect(try await here.run(["events", "--json"]).output == plain)
        let rest = try await here.run(["events", "--after", "\(events.count - 3)"]).output
        #expect(rest.split(separator: "\n") == plain.split(separator: "\n").suffix(3))
        let artifacts = try await here.json([
          "artifacts", try #require(events.last { $0["subject"] != nil }?["subject"]?.string), "--json",
        ])
        #expect(artifacts["handoff_note"]?.string?.hasPrefix("[PREVIEW]") == true)
      }
    }

    @Test("The trail verifies offline, one run's export too, and a changed word is found")
    func audit() async throws {
      try await OrchestratorProcess.with(Self.simulated) { here in
        let run = try await here.dispatch("Recorded")
        #expect(try await here.run(["dispatch", "Another", "--wait"]).status == 0)
        _ = try await here.wait("the end", of: run) { $0.status.isTerminal }
        #expect(try await here.run(["audit", "verify"]).status == 0)
        for arguments in [["audit", "export"], ["audit", "export", "--run", run.description]] {
          let trail = try await here.run(arguments).output
          #expect(trail.split(separator: "\n").count > 4)
          #expect(try await here.run(["audit", "verify", "-"], input: trail).status == 0)
          let forged = trail.replacing("\"actor_type\":\"human\"", with: "\"actor_type\":\"agent\"")
          if forged != trail { #expect(try await here.run(["audit", "verify", "-"], input: forged).status == 1) }
        }
      }
    }

    @Test("What lacks git, a commit or its command is a clear error and leaves no worktree behind")
    func notGit() async throws {
      let configuration = { (_: String) in
        "runtimes: [{id: mine, kind: local, command: [sh, -c, \"echo hi > x\"]}, {id: gone, kind: local, command: [no-such-agent]}]"
      }
      try await OrchestratorProcess.with(configuration) { here in
        try await here.shell("mkdir $HERE/plain; mkdir $HERE/empty; git init -q $HERE/empty")
        let repository = try await here.makeRepository()
        for (folder, options, words) in [
          ("plain", ["--wait"], "not a git repository"), ("empty", ["--wait"], "no commit yet"),
          ("nowhere", ["--dry-run"], "no folder"), ("repo", ["--base", "release/9"], "release/9"),
          ("repo", ["--base", "release/9", "--dry-run"], "release/9"),
        ] {
          let ending = try await here.run(
            ["dispatch", "Cannot", "--repo", "\(here.folder)/\(folder)", "--runtime", "mine"] + options)
          #expect(ending.status == 4)
          #expect(ending.diagnostic.contains(words))
        }
        #expect(try await here.json(["runs", "--json"]).array?.isEmpty == true)
        // It may be installed any moment, so the run waits, and says for what.
        let outcome = try await here.json([
          "dispatch", "Cannot yet", "--repo", repository, "--runtime", "gone", "--json",
        ])
        let run = try #require(outcome.array?.first?["runId"]?.string)
        let shown = try await here.run(["show", run])
        #expect(shown.output.contains("queued") && shown.output.contains("no-such-agent is not in PATH"))
        #expect(try await here.run(["cancel", run, "--reason", "It never comes"]).status == 0)
        let worktrees = (try? FileManager.default.contentsOfDirectory(atPath: here.state + "/worktrees")) ?? []  // none
        #expect(worktrees.isEmpty)
        #expect(try await here.shell("git -C $HERE/repo branch --list 'awf/*'") == "")
        #expect(
          try await here.run(["dispatch", "Can", "--repo", repository, "--runtime", "mine", "--wait"]).status == 0)
      }
    }
  }
}
