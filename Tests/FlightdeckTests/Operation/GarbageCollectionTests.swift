import Foundation
import Glibc
import RunClient
import RunModel
import Testing

extension EndToEndTests {
  @Suite("Clean-up") struct GarbageCollectionTests {
    private static let configuration: @Sendable (String) -> String = { folder in
      """
      runtimes:
        - id: local
          kind: local
          command: [sh, \(folder)/bin/agent.sh, "{prompt}"]
          env: {BASE: \(folder)}
      """
    }

    private static let agent = """
      case "$1" in
        fail) echo broken; exit 3 ;;
        wait) echo waiting; read line < $BASE/fifo ;;
        *) seq 1 200; echo "$1" > "$1.txt" ;;
      esac
      """

    private func items(_ report: JSONValue, _ list: String, _ run: RunID) -> [String: String] {
      var items: [String: String] = [:]
      for item in report[list]?.array ?? [] where item["runId"]?.string == run.description {
        items[item["kind"]?.string ?? ""] = item["reason"]?.string ?? ""
      }
      return items
    }

    @Test("A dry run touches nothing; the real one takes what is merged and read, and everything else is as it was")
    func everything() async throws {
      try await OrchestratorProcess.with(Self.configuration, files: ["bin/agent.sh": Self.agent]) { here in
        let repository = try await here.makeRepository()
        func dispatch(_ prompt: String) async throws -> Run {
          let run = try await here.dispatch(prompt, "--prompt", prompt, "--repo", repository)
          return try await here.wait("the end of \(prompt)", of: run) { $0.status.isTerminal }
        }
        try await here.shell("mkfifo $HERE/fifo")
        let merged = try await dispatch("merged")
        let unmerged = try await dispatch("unmerged")
        let dirty = try await dispatch("dirty")
        let failed = try await dispatch("fail")
        #expect(failed.status == .failed)
        let live = try await here.dispatch("wait", "--prompt", "wait", "--repo", repository)
        _ = try await here.wait("its start", of: live) { $0.status == .running }
        // What it says is to be in its log before that is looked at.
        try await here.shell("until grep -qs waiting $HERE/s/runs/\(live)/output; do sleep 0.02; done")
        for run in [merged, dirty] {
          try await here.shell("git -C $HERE/repo merge -q --no-edit \(try #require(run.branch))")
        }
        let dirtyTree = try #require(dirty.worktree)
        try "precious\n".write(toFile: dirtyTree + "/precious.txt", atomically: true, encoding: .utf8)

        let state = "cd $HERE; git -C repo for-each-ref; find s/worktrees s/runs -type f | sort | xargs md5sum"
        let before = try await here.shell(state)
        let plan = try await here.json(["gc", "--older-than", "0s", "--branches", "--dry-run", "--json"])
        #expect(try await here.shell(state) == before)
        #expect(items(plan, "items", merged.runId).keys.sorted() == ["branch", "output", "worktree"])
        #expect(items(plan, "items", unmerged.runId).keys.sorted() == ["output"])
        #expect(items(plan, "kept", unmerged.runId)["worktree"]?.contains("on no other branch") == true)
        #expect(items(plan, "kept", dirty.runId)["worktree"] == "1 file in it is not in its commit")
        #expect(items(plan, "kept", failed.runId)["output"]?.contains("nobody has looked at it") == true)
        #expect(items(plan, "items", live).isEmpty && items(plan, "kept", live).isEmpty)

        let done = try await here.run(["gc", "--older-than", "0s", "--branches"])
        #expect(done.status == 0, "\(done.diagnostic)")
        #expect(done.output.contains("freed.") && done.output.contains("Kept"))
        let refs = try await here.shell("git -C $HERE/repo for-each-ref --format='%(refname:short)' refs/heads")
        #expect(!refs.contains(try #require(merged.branch)))
        #expect(refs.contains(try #require(unmerged.branch)))
        #expect(refs.contains(try #require(dirty.branch)))
        #expect(access(try #require(merged.worktree), F_OK) != 0)
        #expect(try String(contentsOfFile: dirtyTree + "/precious.txt", encoding: .utf8) == "precious\n")
        #expect(access(try #require(unmerged.worktree) + "/unmerged.txt", F_OK) == 0)
        #expect(access(here.state + "/runs/\(failed.runId)/output", F_OK) == 0)
        #expect(access(here.state + "/runs/\(merged.runId)/output", F_OK) != 0)

        // What is known of the collected run is still there, and says what is not.
        let sheet = try await here.run(["show", merged.runId.description])
        #expect(
          sheet.output.contains("Its output was removed by gc on ") && sheet.output.contains("worktree was removed"))
        #expect(!sheet.output.contains("on its branch") && !sheet.output.contains("Merge it with"), "\(sheet.output)")
        #expect(try await here.run(["show", unmerged.runId.description]).output.contains("Merge it with"))
        #expect(try await here.run(["artifacts", merged.runId.description, "--diff"]).output.contains("+merged"))
        #expect(
          try await here.json(["artifacts", merged.runId.description, "--json"])["files_changed"] == ["merged.txt"])
        // Events up to the failed run that nobody has read are gone; the rest is gapless.
        let events = try await here.eventLines().map { try RunEvent(parsing: Array($0)).seq }
        let first = try #require(events.first)
        #expect(first > 1 && events == Array(first..<first + UInt64(events.count)))
        #expect(try await here.run(["events", "--after", "1"]).status == 1)
        #expect(try await here.run(["events"]).output.hasPrefix("{"))
        #expect(try await here.run(["audit", "verify"]).status == 0)

        // Somebody looks; then it goes too. The live run has lost nothing.
        _ = try await here.run(["show", failed.runId.description])
        _ = try await here.json(["gc", "--older-than", "0s", "--json"])
        #expect(access(here.state + "/runs/\(failed.runId)/output", F_OK) != 0)
        try await here.shell("echo > $HERE/fifo")
        let ended = try await here.wait("its end", of: live) { $0.status.isTerminal }
        #expect(ended.status == .succeeded)

        // A restart finds its way from the first event that is left, and a follow-up the branch without its worktree.
        here.signal(SIGTERM)
        #expect(await here.waitExit() == 0)
        try await here.start()
        let again = try await here.json(["gc", "--older-than", "0s", "--unmerged", "--json"])
        #expect(items(again, "items", unmerged.runId)["worktree"] != nil)
        let outcome = try await here.withClient { try await $0.followUp(unmerged.runId.description, prompt: "more") }
        let more = try await here.wait("the follow-up", of: try #require(outcome.runId)) { $0.status.isTerminal }
        #expect(more.status == .succeeded && more.branch == unmerged.branch)
        #expect(try await here.run(["audit", "verify"]).status == 0)
      }
    }

    @Test("Killed in the middle of a clean-up, at any moment, it leaves nothing half: the next one finishes it")
    func killed() async throws {
      try await OrchestratorProcess.with(Self.configuration, files: ["bin/agent.sh": Self.agent]) { here in
        let repository = try await here.makeRepository()
        try await here.shell(
          "cd $HERE/repo; mkdir many; for n in $(seq 300); do echo $n > many/$n; done; git add .; git commit -qm many")
        var runs: [Run] = []
        for number in 1...6 {
          let id = try await here.dispatch("run \(number)", "--prompt", "p\(number)", "--repo", repository)
          runs.append(try await here.wait("its end", of: id) { $0.status == .succeeded })
        }
        for run in runs { try await here.shell("git -C $HERE/repo merge -q --no-edit \(try #require(run.branch))") }
        let worktrees = here.state + "/worktrees"
        let total = runs.count
        // The plug is pulled when the first, the third, the fifth worktree is going.
        for left in [5, 3, 1] {
          let watcher = Task {  // ends with the condition or the clean-up
            await onThread {
              let deadline = Date(timeIntervalSinceNow: 60)
              while Date() < deadline {
                let names = (try? FileManager.default.contentsOfDirectory(atPath: worktrees)) ?? []  // all gone
                let whole = names.filter { access("\(worktrees)/\($0)/many/1", F_OK) == 0 }.count
                if whole <= left || whole == 0 { return }
              }
            }
          }
          async let collecting = here.run(["gc", "--older-than", "0s", "--branches", "--json"])
          await watcher.value
          await here.kill9()
          _ = try await collecting
          try await here.start()
          #expect(try await here.run(["audit", "verify"]).status == 0)
        }
        let last = try await here.run(["gc", "--older-than", "0s", "--branches", "--json"])
        #expect(last.status == 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: worktrees).isEmpty)
        #expect(try await here.shell("git -C $HERE/repo worktree list | wc -l") == "1")
        #expect(try await here.shell("git -C $HERE/repo branch --list 'awf/*' | wc -l") == "0")
        #expect(try await here.shell("cd $HERE/repo; git fsck --no-dangling 2>&1; ls p*.txt | wc -l") == "\(total)")
        for run in runs {
          let detail = try await here.withClient { try await $0.detail(of: run.runId.description) }
          #expect(detail.collected?.worktree != nil && detail.collected?.output != nil)
        }
      }
    }
  }

  @Suite("Backup") struct BackupTests {
    @Test(
      "A backup made while runs go on is restored later: what was live then is settled, and the chain still verifies")
    func roundTrip() async throws {
      let configuration = { (folder: String) in
        """
        runtimes:
          - {id: sim, kind: simulated, maxParallelTasks: 50, medianSeconds: 0.5, maxSeconds: 2, seed: 7, attentionRate: 0}
          - {id: local, kind: local, command: [sh, -c, "echo begun; while [ ! -e \(folder)/go ]; do sleep 0.05; done; echo kept > kept.txt"]}
        """
      }
      try await OrchestratorProcess.with(configuration) { here in
        let local = try await here.dispatch(
          "Goes on", "--runtime", "local", "--repo", try await here.makeRepository())
        _ = try await here.wait("its start", of: local) { $0.status == .running }
        _ = try await here.json(["dispatch", "many", "--runtime", "sim", "--count", "200", "--json"])
        try await here.wait("some ends") { $0.count(.succeeded) + $0.count(.failed) >= 10 }
        let made = try await here.json(["backup", here.folder + "/b.sqlite", "--json"])
        let seq = try #require(made["lastSeq"]?.int)
        #expect(seq > 200 && made["runs"] == 201)
        #expect(try await here.run(["backup", here.folder + "/b.sqlite"]).status == 1)
        let doctor = try await here.run(["doctor", "--json"])
        #expect(doctor.output.contains("b.sqlite"))
        let board = try await here.wait("all ends but one") { $0.count(.running) + $0.count(.queued) == 1 }
        #expect(board.seq > UInt64(seq))
        // Not while it works.
        let refused = try await here.run(["restore", here.folder + "/b.sqlite"])
        #expect(refused.status == 1 && refused.diagnostic.contains("Another orchestrator"))
        let stranger = try await here.dispatch("Unknown then", "--runtime", "local", "--repo", here.folder + "/repo")
        _ = try await here.wait("its start", of: stranger) { $0.status == .running }
        here.signal(SIGTERM)
        #expect(await here.waitExit() == 0)
        let warned = try await here.run(["restore", here.folder + "/b.sqlite"])
        #expect(warned.status == 1 && warned.diagnostic.contains(stranger.shortName))
        let restored = try await here.run(["restore", here.folder + "/b.sqlite", "--force"])
        #expect(restored.status == 0, "\(restored.diagnostic)")
        #expect(restored.output.contains("before-restore"))
        try await here.start()
        // The one that the backup does not know is named, with what ends it, and nothing of it goes.
        let found = try await here.json(["doctor", "--json"])
        let agent = found.array?.first { $0["check"] == "agent" }
        #expect(agent?["detail"]?.string?.contains(stranger.shortName) == true, "\(found)")
        let command = try #require(agent?["remedy"]?.string?.firstMatch(of: /kill [0-9]+/)).output
        let unknown = try await here.run(["cancel", stranger.shortName, "--reason", "Over"])
        #expect(unknown.status == 1 && unknown.diagnostic.contains(command), "\(unknown)")
        let plan = try await here.json(["gc", "--older-than", "0s", "--unknown", "--branches", "--dry-run", "--json"])
        let branch = plan["kept"]?.array?.first {
          $0["runId"]?.string == stranger.description && $0["kind"] == "branch"
        }
        #expect(branch?["reason"]?.string?.contains("its agent still works") == true, "\(plan)")
        #expect(try await here.run(["audit", "export"]).output.contains("store.restored"))
        // The agent that still works is taken up, and so are the simulated ones that were live then.
        try here.write("go", "")
        let then = try await here.wait("every end") { $0.total == 201 && $0.runs.allSatisfy(\.status.isTerminal) }
        #expect(then[local]?.status == .succeeded)
        #expect(then[stranger] == nil)
        let events = try await here.eventLines().map { try RunEvent(parsing: Array($0)).seq }
        #expect(events == Array(1...UInt64(events.count)))
        #expect(try await here.run(["audit", "verify"]).status == 0)
      }
    }
  }
}
