import Foundation
import Glibc
import RunModel
import Synchronization
import TestSupport
import Testing

extension EndToEndTests {
  /// The repository is on a small file system of its own, which is full when runs end; the store is elsewhere.
  @Suite("Work that a full disk keeps from being committed", .enabled(if: MountRight.isGiven, "\(MountRight.words)"))
  struct UncommittedTests {
    private static func configuration(_ folder: String) -> String {
      "runtimes: [{id: local, kind: local, command: [sh, \(folder)/bin/agent.sh], env: {BASE: \(folder)}}]\nstopGraceSeconds: 0.3\n"
    }

    private static let agent = """
      echo $$ > $BASE/pids/$FLIGHTDECK_RUN_ID
      echo work > made.txt; head -c 100000 /dev/urandom > big.bin
      echo '{"awf":"progress","progress":0.5}'
      while [ ! -e $BASE/on ]; do sleep 0.05; done
      """

    /// A mount namespace that outlives the orchestrator, with a repository on 8 MB in it.
    private func holder(_ here: OrchestratorProcess) async throws -> pid_t {
      try await here.shell(
        """
        mkdir $HERE/repo
        cat > $HERE/hold.sh <<'END'
        mount --make-rprivate /; mount -t tmpfs -o mode=0700,size=8m none $HERE/repo
        cd $HERE/repo; git init -q; seq 1 40 > a.txt; git add .; git commit -qm 'The first'
        echo $$ > $HERE/pids/holder.part; mv $HERE/pids/holder.part $HERE/pids/holder
        exec sleep 600
        END
        HERE=$HERE unshare -m sh -e $HERE/hold.sh >$HERE/hold.out 2>&1 &
        """)
      for _ in 0..<3000 {
        if let text = try? here.read("pids/holder"), let pid = pid_t(text.trimmingCharacters(in: .newlines)) {
          return pid
        }
        try await Task.sleep(for: .milliseconds(10))
      }
      throw OrchestratorProcess.Failure(description: "No namespace: \((try? here.read("hold.out")) ?? "")")
    }

    /// Runs a program where the repository is.
    private func inside(_ pid: pid_t, _ here: OrchestratorProcess, _ words: String...) async throws -> Program.Ending {
      try await here.run(["-t", "\(pid)", "-m"] + words, program: "/usr/bin/nsenter")
    }

    private func dispatch(_ title: String, _ pid: pid_t, _ here: OrchestratorProcess) async throws -> RunID {
      let ending = try await inside(
        pid, here, Program.path, "dispatch", title, "--repo", here.folder + "/repo", "--json")
      guard let id = try JSONValue(parsing: ending.output).array?.first?["runId"]?.string.flatMap({ RunID($0) }) else {
        throw OrchestratorProcess.Failure(description: ending.diagnostic)
      }
      return id
    }

    @Test(
      "The work stays, the run and its proof say where, gc takes none of it; with room again it is committed, by this orchestrator or by the next"
    )
    func again() async throws {
      try await OrchestratorProcess.with(Self.configuration, starts: false) { here in
        try here.write("bin/agent.sh", Self.agent)
        let holder = try await holder(here)
        here.launch.withLock { $0.wrapper = ["/usr/bin/nsenter", "-t", "\(holder)", "-m"] }
        try await here.start()
        let canceled = try await dispatch("Is canceled", holder, here)
        let ended = try await dispatch("Ends", holder, here)
        let board = try await here.wait("both at work") { board in
          board[canceled]?.progress == 0.5 && board[ended]?.progress == 0.5
        }
        let filler = here.folder + "/repo/filler"
        try SmallDisk.fill(filler, of: holder)
        let answer = try await here.run(["cancel", canceled.description, "--reason", "Enough", "--wait"])
        #expect(answer.output.contains("its work could not be committed and lies in "), "\(answer)")
        try here.write("on", "")
        let after = try await here.wait("both ends") { board in
          board[canceled]?.status == .canceled && board[ended]?.status == .succeeded
        }
        let worktree = try #require(board[canceled]?.worktree)
        #expect(after[canceled]?.proof?.uncommitted == worktree && after[canceled]?.proof?.commit == nil)
        #expect(after[canceled]?.proof?.confirmedAt != nil && after[canceled]?.reason == "Enough")
        #expect(
          after[canceled]?.uncommitted?.why.contains("No space left") == true, "\(after[canceled]?.uncommitted as Any)")
        #expect(after[ended]?.uncommitted?.path == board[ended]?.worktree)
        #expect(after[ended]?.reason?.contains("its work could not be committed and is in ") == true)
        var events = try await here.eventLines().map { try RunEvent(parsing: Array($0)) }
        #expect(
          Set(events.filter { $0.type.rawValue == "awf.runtime.local.snapshot_failed" }.compactMap(\.run))
            == [canceled, ended])
        let made = try String(contentsOfFile: worktree + "/made.txt", encoding: .utf8)
        #expect(made == "work\n")

        // Whatever is asked of gc.
        let gc = try await here.json([
          "gc", "--older-than", "0s", "--branches", "--unmerged", "--unknown", "--dry-run", "--json",
        ])
        let kept = gc["kept"]?.array?.filter { $0["kind"] == "worktree" } ?? []
        #expect(Set(kept.compactMap { $0["runId"]?.string }) == [canceled.description, ended.description])
        #expect(kept.allSatisfy { $0["reason"] == "its work could not be committed" })
        #expect(FileManager.default.fileExists(atPath: worktree + "/made.txt"))

        // Killed while it is still full: the next one finds it and tries again; the first of its tries is in vain.
        await here.kill9()
        try await here.start()
        SmallDisk.free(filler, of: holder)
        let whole = try await here.wait("both commits") { board in
          board[canceled]?.commit != nil && board[ended]?.commit != nil
        }
        for run in [canceled, ended] {
          let now = try #require(whole[run])
          #expect(now.uncommitted == nil && now.proof?.uncommitted == nil)
          #expect(now.reason == (run == canceled ? "Enough" : nil))
          let branch = try #require(now.branch)
          let tip = try await inside(holder, here, "git", "-C", here.folder + "/repo", "rev-parse", branch)
          #expect(tip.output == "\(try #require(now.commit))\n")
          let file = try await inside(holder, here, "git", "-C", here.folder + "/repo", "show", "\(branch):made.txt")
          #expect(file.output == "work\n")
          let artifacts = try await here.json(["artifacts", run.description, "--json"])
          #expect(artifacts["files_changed"] == ["big.bin", "made.txt"])
          #expect(now.filesChanged == 2)
        }
        #expect(whole[canceled]?.proof?.commit == whole[canceled]?.commit)
        events = try await here.eventLines().map { try RunEvent(parsing: Array($0)) }
        #expect(events.map(\.seq) == (1...UInt64(events.count)).map { $0 })
        #expect(events.count { $0.type == .kept } == 2)
        #expect(try await here.run(["audit", "verify"]).status == 0)
        // Now it is work like any other: merged it may go, unmerged it may not.
        _ = try await inside(
          holder, here, "git", "-C", here.folder + "/repo", "merge", "-q", try #require(whole[canceled]?.branch))
        let later = try await here.json(["gc", "--older-than", "0s", "--dry-run", "--json"])
        let goes = later["items"]?.array?.filter { $0["kind"] == "worktree" }.compactMap { $0["runId"]?.string }
        #expect(goes == [canceled.description])
      }
    }
  }
}
