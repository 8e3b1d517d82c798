import Foundation
import RunModel
import TestSupport
import Testing

extension EndToEndTests {
  /// What happened after a backup, when that backup is restored.
  @Suite("An older backup restored") struct OlderBackupTests {
    private static let configuration: @Sendable (String) -> String = { _ in
      "runtimes: [{id: local, kind: local, command: [sh, -c, 'echo \"$1\" > \"$1.txt\"', agent, \"{prompt}\"]}]"
    }

    @Test(
      "Work of runs that it does not know is named by restore, doctor and gc, and goes only when merged and asked for")
    func strangers() async throws {
      try await OrchestratorProcess.with(Self.configuration) { here in
        let repository = try await here.makeRepository()
        func work(_ prompt: String) async throws -> Run {
          let run = try await here.dispatch(prompt, "--prompt", prompt, "--repo", repository)
          return try await here.wait("the end of \(prompt)", of: run) { $0.status.isTerminal }
        }
        let known = try await work("known")
        _ = try await here.json(["backup", here.folder + "/b.sqlite", "--json"])
        let merged = try await work("merged")
        let unmerged = try await work("unmerged")
        let branch = try #require(merged.branch)
        try await here.shell("git -C $HERE/repo merge -q --no-edit \(branch)")
        here.signal(SIGTERM)
        #expect(await here.waitExit() == 0)

        let restored = try await here.run(["restore", here.folder + "/b.sqlite"])
        #expect(restored.status == 0, "\(restored.diagnostic)")
        for run in [merged, unmerged] {
          #expect(restored.output.contains("\(run.runId.shortName)  \(try #require(run.worktree))"))
          #expect(restored.output.contains("look: git -C \(repository) log \(try #require(run.branch))"))
        }
        #expect(!restored.output.contains(known.runId.shortName))
        try await here.start()
        let doctor = try await here.run(["doctor"])
        #expect(doctor.output.contains("2 runs have left work and the store does not know of them"))
        let state = "cd $HERE; git -C repo for-each-ref; find s/worktrees -type f | sort"
        let before = try await here.shell(state)
        let plan = try await here.json(["gc", "--older-than", "0s", "--branches", "--unmerged", "--dry-run", "--json"])
        #expect(plan["unknownRuns"] == 2)
        func reasons(_ run: Run, in report: JSONValue, _ list: String) -> [String: String] {
          let items = (report[list]?.array ?? []).filter { $0["runId"]?.string == run.runId.description }
          return Dictionary(items.map { ($0["kind"]?.string ?? "", $0["reason"]?.string ?? "") }) { $1 }
        }
        #expect(reasons(merged, in: plan, "kept")["worktree"]?.contains("gc --unknown removes it") == true)
        #expect(reasons(unmerged, in: plan, "kept")["worktree"]?.contains("on no other branch") == true)
        #expect(reasons(unmerged, in: plan, "kept")["branch"]?.contains("look: git -C") == true)
        #expect(reasons(merged, in: plan, "items").isEmpty && reasons(unmerged, in: plan, "items").isEmpty)
        #expect(try await here.shell(state) == before)
        let words = try await here.run(["gc", "--dry-run"])
        #expect(words.output.contains("2 runs that the store does not know have left something."))

        let done = try await here.json(["gc", "--older-than", "30d", "--branches", "--unmerged", "--unknown", "--json"])
        #expect(reasons(merged, in: done, "items").keys.sorted() == ["branch", "output", "worktree"])
        #expect(reasons(unmerged, in: done, "items").isEmpty)
        let files = FileManager.default
        #expect(!files.fileExists(atPath: try #require(merged.worktree)))
        #expect(files.fileExists(atPath: try #require(unmerged.worktree) + "/unmerged.txt"))
        #expect(files.fileExists(atPath: try #require(known.worktree) + "/known.txt"))
        let refs = try await here.shell("git -C $HERE/repo for-each-ref --format='%(refname:short)'").split(
          separator: "\n")
        #expect(Set(refs.map(String.init)) == ["main", try #require(known.branch), try #require(unmerged.branch)])
        #expect(try await here.json(["gc", "--dry-run", "--json"])["unknownRuns"] == 1)
        #expect(try await here.run(["audit", "verify"]).status == 0)
      }
    }

    @Test("A token that was revoked since stays revoked, and one that was not is good as before")
    func revoked() async throws {
      try await OrchestratorProcess.with(Self.configuration, listen: ["http://127.0.0.1:0"]) { here in
        var visitors: [String: [String: String]] = [:]
        for name in ["bob", "eve"] {
          let made = try await here.run(["token", "create", name, "--role", "viewer"])
          try here.write("\(name).token", made.output)
          visitors[name] = ["FLIGHTDECK_TOKEN_FILE": "\(here.folder)/\(name).token"]
        }
        func look(_ name: String) async throws -> Program.Ending {
          try await here.run(
            ["runs"], environment: (visitors[name] ?? [:]).merging(["FLIGHTDECK_CONNECT": here.tcp]) { $1 })
        }
        #expect(try await look("bob").status == 0)
        _ = try await here.json(["backup", here.folder + "/b.sqlite", "--json"])
        #expect(try await here.run(["token", "revoke", "bob"]).status == 0)
        await here.kill9()
        let restored = try await here.run(["restore", here.folder + "/b.sqlite"])
        #expect(restored.status == 0 && restored.output.contains("tokens that were revoked since stay revoked: 1"))
        try await here.start()
        let late = try await look("bob")
        #expect(late.status == 4 && late.diagnostic.contains("was revoked"))
        #expect(try await look("eve").status == 0)
        let listed = try await here.json(["token", "list", "--json"])
        let status = Dictionary((listed.array ?? []).map { ($0["name"]?.string ?? "", $0["status"]?.string ?? "") }) {
          $1
        }
        #expect(status["bob"] == "revoked" && status["eve"] == "active" && status["admin"] == "active")
      }
    }
  }
}
