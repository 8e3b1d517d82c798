import Foundation
import Glibc
import RunClient
import RunModel
import Synchronization
import TestSupport
import Testing

extension EndToEndTests {
  /// Faults of the disk while an orchestrator works, made for real.
  @Suite("A store that fails while it is used") struct StoreFaultTests {
    private static func configuration(_ folder: String) -> String {
      """
      stopGraceSeconds: 0.3
      runtimes:
        - {id: sim, kind: simulated, maxParallelTasks: 8, medianSeconds: 0.1, maxSeconds: 0.2, failureRate: 0, attentionRate: 0, seed: 1}
        - {id: local, kind: local, command: [/bin/sh, \(folder)/bin/agent.sh], env: {BASE: \(folder)}}
      """
    }

    private static let agent = """
      echo '{"awf":"progress","progress":0.5}'
      while [ ! -e $BASE/on ]; do sleep 0.05; done
      echo kept > made.txt; echo after
      """

    /// What everybody is shown while nothing can be recorded.
    private func expectShown(_ here: OrchestratorProcess, _ cause: String, _ wayOut: String)
      async throws
    {
      let refused = try await here.run(["dispatch", "More", "--runtime", "sim"])
      #expect(refused.status == 1 && refused.diagnostic.contains(wayOut), "\(refused)")
      let listed = try await here.run(["runs"])
      #expect(
        listed.status == 0
          && listed.diagnostic.contains("store: \(cause), nothing is recorded since"), "\(listed)")
      let examined = try await here.run(["doctor"])
      #expect(
        examined.status == 1 && examined.output.contains(cause) && examined.output.contains(wayOut))
      let screen = try await here.run(["--once", "--size", "120x40"]).output
      #expect(screen.contains("store: \(cause), nothing is recorded since"))
    }

    private func expectWhole(_ here: OrchestratorProcess, with runs: [RunID]) async throws {
      let events = try await here.eventLines().map { try RunEvent(parsing: Array($0)) }
      #expect(events.map(\.seq) == (1...UInt64(events.count)).map { $0 })
      for run in runs { #expect(events.count { $0.run == run && $0.type == .queued } == 1) }
      #expect(try await here.run(["audit", "verify"]).status == 0)
    }

    @Test(
      "Writes that fail with an I/O error: all is told, agents go on, and all is on record when it is over"
    )
    func inputOutputError() async throws {
      try await OrchestratorProcess.with(Self.configuration, starts: false) { here in
        try here.write("bin/agent.sh", Self.agent)
        // The kernel refuses what would make a file longer; without the signal that ends a program for it.
        here.launch.withLock { $0.wrapper = ["/usr/bin/env", "--ignore-signal=XFSZ"] }
        try await here.start()
        let going = try await here.dispatch(
          "Goes on", "--runtime", "local", "--repo", try await here.makeRepository())
        _ = try await here.wait("its word", of: going) { $0.progress == 0.5 }
        try await here.shell("prlimit --pid \(here.serving) --fsize=4096:")
        _ = try await here.run(["dispatch", "Is refused", "--runtime", "sim"])
        try await expectShown(here, "the disk reports an error", "Check the disk")
        // What happens meanwhile is not lost.
        try here.write("on", "")
        try await here.shell("until [ -s $HERE/s/runs/\(going)/exit.json ]; do sleep 0.05; done")
        try await here.shell("prlimit --pid \(here.serving) --fsize=unlimited:")
        let board = try await here.wait("its end") { board in
          board[going]?.status.isTerminal == true && board[going]?.commit != nil
        }
        #expect(board[going]?.status == .succeeded)
        let after = try await here.dispatch("After", "--runtime", "sim")
        _ = try await here.wait("its end", of: after) { $0.status.isTerminal }
        let events = try await here.eventLines().map { try RunEvent(parsing: Array($0)) }
        #expect(events.contains { $0.type == .storeRecovered })
        #expect(
          !events.contains {
            $0.type == .queued && $0.data["title"] != "Goes on" && $0.data["title"] != "After"
          })
        try await expectWhole(here, with: [going, after])
        here.signal(SIGTERM)
        #expect(await here.waitExit() == 0)
        #expect(try StoreCheck.complaints(about: here.state) == [])
      }
    }

    @Test(
      "A file system that the kernel makes read-only: all is told, nothing acknowledged is lost, and mended it goes on",
      .enabled(if: LoopRight.isGiven, "\(LoopRight.words)"))
    func readOnly() async throws {
      try await OrchestratorProcess.with(Self.configuration, starts: false) { here in
        try await here.shell(
          """
          PATH=$PATH:/usr/sbin:/sbin; mkdir -m 700 $HERE/s; truncate -s 48M $HERE/disk; mkfs.ext4 -q $HERE/disk
          cat > $HERE/hold.sh <<'END'
          mount --make-rprivate /; mount -o loop $HERE/disk $HERE/s; chmod 700 $HERE/s
          echo $$ > $HERE/pids/holder.part; mv $HERE/pids/holder.part $HERE/pids/holder
          exec sleep 600
          END
          HERE=$HERE unshare -m sh -e $HERE/hold.sh >$HERE/hold.out 2>&1 &
          while [ ! -e $HERE/pids/holder ] && ! grep -q . $HERE/hold.out; do sleep 0.02; done; cat $HERE/hold.out >&2
          """)
        let holder = try here.read("pids/holder").trimmingCharacters(in: .whitespacesAndNewlines)
        func inside(_ line: String) async throws {
          try await here.shell("nsenter -t \(holder) -m sh -ec 'PATH=$PATH:/usr/sbin:/sbin; \(line)'")
        }
        here.launch.withLock { launch in
          launch.wrapper = ["/usr/bin/nsenter", "-t", holder, "-m"]
          launch.socket = here.folder + "/run/d.sock"
          launch.arguments = ["serve", "--listen", "unix:\(here.folder)/run/d.sock"]
        }
        try await here.start()
        let link = ["--connect", "unix:\(here.socket)"]
        var acknowledged: [RunID] = []
        for number in 1...5 {
          let run = try await here.dispatch("Run \(number)", "--runtime", "sim", link[0], link[1])
          acknowledged.append(run)
        }
        try await here.wait("the ends") { $0.total == 5 && $0.runs.allSatisfy(\.status.isTerminal) }
        // What ext4 does by itself when its journal fails.
        try await inside("mount -o remount,abort \(here.state)")
        let refused = try await here.run(["dispatch", "More", "--runtime", "sim"] + link)
        #expect(
          refused.status == 1 && refused.diagnostic.contains("/flightdeck.sqlite"), "\(refused)")
        let listed = try await here.run(["runs"] + link)
        #expect(
          listed.status == 0 && listed.diagnostic.contains("nothing is recorded since"), "\(listed)"
        )
        let examined = try await here.run(["doctor"] + link)
        #expect(
          examined.status == 1
            && (examined.output.contains("Check the disk") || examined.output.contains("read only"))
        )
        // The way out of a file system like that.
        await here.kill9()
        try await inside(
          "umount \(here.state); e2fsck -fy \(here.folder)/disk >/dev/null || [ $? -le 1 ]")
        try await inside("mount -o loop \(here.folder)/disk \(here.state)")
        try await here.start()
        acknowledged.append(try await here.dispatch("After", "--runtime", "sim", link[0], link[1]))
        let board = try await here.wait("the ends") {
          $0.total == 6 && $0.runs.allSatisfy(\.status.isTerminal)
        }
        #expect(Set(board.runs.map(\.runId)) == Set(acknowledged))
        let events = try await here.eventLines().map { try RunEvent(parsing: Array($0)) }
        #expect(events.map(\.seq) == (1...UInt64(events.count)).map { $0 })
        #expect(try await here.run(["audit", "verify"] + link).status == 0)
        await here.kill9()
        try await inside("umount \(here.state)")
      }
    }

    @Test("Pages that are damaged while it works: that is shown, nothing more is taken in, and a backup is the way out")
    func damaged() async throws {
      try await OrchestratorProcess.with(Self.configuration) { here in
        var runs: [RunID] = []
        for number in 1...3 { runs.append(try await here.dispatch("Run \(number)", "--runtime", "sim")) }
        try await here.wait("the ends") { $0.total == 3 && $0.runs.allSatisfy(\.status.isTerminal) }
        _ = try await here.json(["backup", here.folder + "/b.sqlite", "--json"])
        // A change from outside makes every connection read anew.
        try StoreCheck.change(here.state, "CREATE TABLE another (x); DROP TABLE another")
        try await here.shell(
          """
          pages=$(($(stat -c %s $HERE/s/flightdeck.sqlite) / 4096))
          yes damaged | dd of=$HERE/s/flightdeck.sqlite bs=4096 seek=2 count=$((pages - 2)) conv=notrunc status=none iflag=fullblock
          """)
        let read = try await here.run(["events"])
        #expect(read.status == 1 && read.diagnostic.contains("restore it from a backup"), "\(read)")
        try await expectShown(here, "it is damaged", "restore it from a backup")
        here.signal(SIGTERM)
        #expect(await here.waitExit() == 0)
        // It is not taken for whole, and the backup takes its place.
        #expect(try await here.run(["serve"]).status == 1)
        let restored = try await here.run(["restore", here.folder + "/b.sqlite"])
        #expect(restored.status == 0, "\(restored.diagnostic)")
        try await here.start()
        runs.append(try await here.dispatch("After", "--runtime", "sim"))
        let board = try await here.wait("the ends") { $0.total == 4 && $0.runs.allSatisfy(\.status.isTerminal) }
        #expect(Set(board.runs.map(\.runId)) == Set(runs))
        try await expectWhole(here, with: runs)
      }
    }

    @Test("Damage that a backup finds is told by the orchestrator that works on the store, which takes nothing more in")
    func damageFoundByBackup() async throws {
      try await OrchestratorProcess.with(Self.configuration) { here in
        _ = try await here.json(["dispatch", "Many", "--runtime", "sim", "--count", "40", "--json"])
        try await here.wait("the ends") { $0.total == 40 && $0.runs.allSatisfy(\.status.isTerminal) }
        try StoreCheck.change(here.state, "PRAGMA wal_checkpoint(TRUNCATE)")
        // In the middle of the events, which nobody reads again.
        try await here.shell(
          """
          pages=$(($(stat -c %s $HERE/s/flightdeck.sqlite) / 4096))
          yes damaged | dd of=$HERE/s/flightdeck.sqlite bs=4096 seek=$((pages / 2)) count=15 conv=notrunc status=none iflag=fullblock
          """)
        let backup = try await here.run(["backup", here.folder + "/b.sqlite"])
        #expect(
          backup.status == 1 && backup.diagnostic.contains(here.state + "/flightdeck.sqlite is damaged"), "\(backup)")
        #expect(!backup.diagnostic.contains("b.sqlite"))
        try await here.withClient { client in while try await client.health().outage == nil {} }
        let refused = try await here.run(["dispatch", "More", "--runtime", "sim"])
        #expect(refused.status == 1 && refused.diagnostic.contains("is damaged"), "\(refused)")
        // The next one is told as well.
        await here.kill9()
        let examined = try await here.run(["doctor"])
        #expect(examined.status == 1 && examined.output.contains("see record"), "\(examined.output)")
      }
    }

    @Test("doctor says of a store that cannot be used that it cannot, and names what restores have kept")
    func unusable() async throws {
      try await OrchestratorProcess.with(Self.configuration) { here in
        _ = try await here.json(["backup", here.folder + "/b.sqlite", "--json"])
        await here.kill9()
        #expect(try await here.run(["restore", here.folder + "/b.sqlite"]).status == 0)
        func finding(_ check: String, status: Int32) async throws -> JSONValue? {
          let findings = try await here.json(["doctor", "--json"], status: status)
          return findings.array?.first { $0["check"]?.string == check }
        }
        let kept = try await finding("kept copies", status: 0)
        #expect(kept?["detail"]?.string?.contains(".before-restore-") == true)
        #expect(try await finding("record", status: 0)?["status"] == "ok")
        try StoreCheck.change(here.state, "INSERT INTO grdb_migrations VALUES ('99 of the future')")
        let newer = try await finding("record", status: 1)
        #expect(newer?["status"] == "error" && newer?["detail"]?.string?.contains("newer flightdeck") == true)
        let none = try await finding("orchestrator", status: 1)
        #expect(none?["remedy"]?.string?.contains("before the store is mended") == true)
      }
    }

    @Test(
      "A store where nothing can be written is backed up all the same",
      .enabled(if: MountRight.isGiven, "\(MountRight.words)"))
    func readOnlySource() async throws {
      try await OrchestratorProcess.with(Self.configuration) { here in
        here.signal(SIGTERM)
        #expect(await here.waitExit() == 0)
        let wrapper = SmallDisk.readOnly(here.state)
        let made = try await here.run(
          Array(wrapper.dropFirst()) + [Program.path, "backup", here.folder + "/b.sqlite"], program: wrapper[0])
        #expect(made.status == 0 && made.output.contains("audit records whose chain is whole"), "\(made)")
      }
    }
  }
}
