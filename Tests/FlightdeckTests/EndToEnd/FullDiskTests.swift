import Foundation
import RunClient
import RunModel
import Synchronization
import TestSupport
import Testing

extension EndToEndTests {
  @Suite("Full disk", .enabled(if: MountRight.isGiven, "\(MountRight.words)")) struct FullDiskTests {
    private static func configuration(_ folder: String) -> String {
      """
      stopGraceSeconds: 0.3
      runtimes:
        - {id: sim, kind: simulated, maxParallelTasks: 4, medianSeconds: 600, maxSeconds: 600, eventsPerSecond: 20, seed: 1}
        - {id: local, kind: local, command: [/bin/sh, \(folder)/bin/agent.sh], env: {BASE: \(folder)}, maxParallelTasks: 2}
      """
    }

    private static let agent = """
      echo $$ > $BASE/pids/$FLIGHTDECK_RUN_ID
      echo up
      echo '{"awf":"progress","progress":0.5}'
      while [ ! -e $BASE/on ]; do sleep 0.05; done
      echo kept > made.txt; echo after
      """

    /// Waits for the orchestrator's word that nothing can be recorded, or that it can again.
    private func wait(_ here: OrchestratorProcess, forOutage isOut: Bool) async throws -> StoreOutage? {
      let (words, told) = AsyncStream<StoreOutage?>.makeStream()
      return try await here.withClient { client in
        let reader = Task {  // canceled below
          await LiveFeed(client).run { item in
            let outage: StoreOutage?
            switch item {
            case .outage(let said): outage = said
            case .snapshot(let snapshot): outage = snapshot.outage
            default: return
            }
            if (outage != nil) == isOut { told.yield(outage) }
          }
        }
        let deadline = Task {  // canceled below
          try await Task.sleep(for: .seconds(OrchestratorProcess.patience))
          told.finish()
        }
        var heard: StoreOutage??
        for await outage in words {
          heard = outage
          break
        }
        reader.cancel()
        deadline.cancel()
        await reader.value
        guard let heard else {
          throw OrchestratorProcess.Failure(description: "No word of an outage\(isOut ? "" : "'s end").")
        }
        return heard
      }
    }

    @Test(
      "While the disk is full nothing is taken in and all is told; agents go on, can be stopped, and all is on record after"
    )
    func fillsUp() async throws {
      try await OrchestratorProcess.with(Self.configuration, starts: false) { here in
        try here.write("bin/agent.sh", Self.agent)
        try await here.shell("mkdir -p -m 700 $HERE/s")
        here.launch.withLock { launch in
          launch.wrapper = SmallDisk.wrapper(at: here.state, size: "24m")
          launch.socket = here.folder + "/run/d.sock"
          launch.arguments = ["serve", "--listen", "unix:\(here.folder)/run/d.sock"]
        }
        try await here.start()
        let link = ["--connect", "unix:\(here.socket)"]
        let repository = try await here.makeRepository()
        let simulated = try await here.dispatch("Speaks", "--runtime", "sim", link[0], link[1])
        let stopped = try await here.dispatch(
          "Is stopped", "--runtime", "local", "--repo", repository, link[0], link[1])
        let going = try await here.dispatch("Goes on", "--runtime", "local", "--repo", repository, link[0], link[1])
        _ = try await here.wait("all at work") { board in
          board[simulated]?.status == .running && board[stopped]?.progress == 0.5 && board[going]?.progress == 0.5
        }
        let filler = here.state + "/filler"
        try SmallDisk.fill(filler, of: here.serving)
        let outage = try #require(try await wait(here, forOutage: true))
        #expect(outage.cause == "the disk is full" && outage.detail.contains("Free some space"))

        // Refused at once, and said wherever somebody looks.
        let refused = try await here.run(["dispatch", "More", "--runtime", "sim"] + link)
        #expect(refused.status == 1 && refused.diagnostic.contains("Free some space"))
        let listed = try await here.run(["runs"] + link)
        #expect(listed.status == 0 && listed.diagnostic.contains("store: the disk is full, nothing is recorded since"))
        let examined = try await here.run(["doctor"] + link)
        #expect(examined.status == 1 && examined.output.contains("the disk is full"))
        let screen = try await here.run(["--once", "--size", "80x24"] + link).output
        #expect(screen.contains("store: the disk is full, nothing is recorded since"))

        // An agent can be stopped all the same.
        let pid = try #require(pid_t(try here.read("pids/\(stopped)").trimmingCharacters(in: .whitespacesAndNewlines)))
        let canceled = try await here.run(["cancel", stopped.description, "--reason", "The disk is full"] + link)
        #expect(canceled.status == 1 && canceled.diagnostic.contains("is being stopped"))
        while here.isAlive(pid) { try await Task.sleep(for: .milliseconds(20)) }
        let other = try #require(pid_t(try here.read("pids/\(going)").trimmingCharacters(in: .whitespacesAndNewlines)))
        #expect(here.isAlive(other))

        SmallDisk.free(filler, of: here.serving)
        _ = try await wait(here, forOutage: false)
        try here.write("on", "")
        let board = try await here.wait("both ends") { board in
          board[stopped]?.status.isTerminal == true && board[going]?.status.isTerminal == true
        }
        #expect(board[stopped]?.status == .canceled && board[stopped]?.cancellation?.reason == "The disk is full")
        #expect(board[going]?.status == .succeeded)
        let events = try await here.eventLines().map { try RunEvent(parsing: Array($0)) }
        #expect(events.map(\.seq) == (1...UInt64(events.count)).map { $0 })
        #expect(events.contains { $0.type == .storeRecovered })
        #expect(try await here.run(["audit", "verify"] + link).status == 0)
        // The store goes with the orchestrator's namespace: a copy is checked, when nothing writes any more.
        _ = try await here.json(["cancel", simulated.description, "--reason", "Over", "--wait", "--json"] + link)
        try await here.shell("mkdir $HERE/copy; cp /proc/\(here.serving)/root$HERE/s/flightdeck.sqlite* $HERE/copy/")
        #expect(try StoreCheck.complaints(about: here.folder + "/copy") == [])
      }
    }
  }
}
