import Foundation
import RunClient
import RunModel
import Synchronization
import Testing

extension EndToEndTests {
  @Suite("Restart") struct RestartTests {
    /// Every event as it arrived, from 1 on, until the link breaks.
    private final class Follower: Sendable {
      private let bytes = Mutex<[UInt8]>([])

      func follow(_ client: RunClient) async {
        do {
          for try await part in try await client.eventLines(EventQuery(follow: true)) {
            bytes.withLock { $0 += part }
          }
        } catch {
          // The orchestrator is killed: what came until then is what counts.
        }
      }

      /// The whole lines.
      var lines: [ArraySlice<UInt8>] {
        let all = bytes.withLock { $0 }
        guard let end = all.lastIndex(of: UInt8(ascii: "\n")) else { return [] }
        return all[..<end].split(separator: UInt8(ascii: "\n"))
      }
    }

    /// Dispatches, and remembers what was acknowledged.
    private final class Dispatcher: Sendable {
      private let client: RunClient
      private let ids = Mutex<[RunID]>([])

      init(_ client: RunClient) { self.client = client }

      var acknowledged: [RunID] { ids.withLock { $0 } }

      func dispatch(_ title: String, count: Int = 1) async throws {
        let outcomes = try await client.dispatch(DispatchRequest(contracts: [Contract(title: title)], count: count))
        ids.withLock { $0 += outcomes.compactMap(\.runId) }
      }

      /// Until nobody answers any more.
      func dispatchOn() async {
        for number in 1...1000 {
          do { try await dispatch("Single \(number)") } catch { return }
        }
      }
    }

    @Test(
      "Killed with -9 in the middle of 200 runs, the orchestrator comes back with every acknowledged dispatch and event"
    )
    func kill9() async throws {
      let configuration = { (_: String) in
        """
        runtimes: [{id: sim, kind: simulated, maxParallelTasks: 50, medianSeconds: 0.5, maxSeconds: 2, seed: 7}]
        """
      }
      try await OrchestratorProcess.with(configuration) { here in
        let follower = Follower()
        let dispatched = try await here.withClient { client in
          let dispatcher = Dispatcher(client)
          async let following: Void = follower.follow(client)
          for batch in 1...9 { try await dispatcher.dispatch("Batch \(batch)", count: 20) }
          // Goes on while the plug is pulled.
          async let dispatching: Void = dispatcher.dispatchOn()
          try await here.wait("a third of the runs") { board in board.count(.succeeded) + board.count(.failed) >= 60 }
          await here.kill9()
          _ = await (dispatching, following)
          return dispatcher.acknowledged
        }
        let received = follower.lines
        #expect(received.count > 200)
        #expect(dispatched.count >= 180)

        try await here.start()
        let board = try await here.wait("every run's end") { $0.runs.allSatisfy(\.status.isTerminal) }
        #expect(dispatched.allSatisfy { board[$0] != nil })
        #expect(Set(dispatched).count == dispatched.count)
        let stored = try await here.eventLines()
        #expect(stored.count >= received.count)
        // Byte for byte at its place; one comparison, as a hundred thousand lines in a failure help nobody.
        let firstDifference = zip(received, stored).enumerated().first { $0.element.0 != $0.element.1 }
        #expect(firstDifference == nil)
        let gap = try stored.enumerated().first {
          try RunEvent(parsing: Array($0.element)).seq != UInt64($0.offset + 1)
        }
        #expect(gap == nil)
        let verified = try await here.run(["audit", "verify"])
        #expect(verified.status == 0, "\(verified.output)")
        // It can still work.
        let outcome = try await here.run(["dispatch", "After it all", "--wait", "--json"])
        #expect(outcome.status == 0 || outcome.status == 1)
        #expect(outcome.output.contains("\"succeeded\"") || outcome.output.contains("\"failed\""))
      }
    }

    @Test("An agent outlives its orchestrator, and the next one takes it up: no line is doubled or missing")
    func adoption() async throws {
      let configuration = { (folder: String) in
        """
        runtimes:
          - {id: local, kind: local, command: [/bin/sh, \(folder)/bin/agent.sh], env: {BASE: \(folder)}}
        """
      }
      try await OrchestratorProcess.with(configuration) { here in
        try here.write(
          "bin/agent.sh",
          """
          echo started >> $BASE/starts
          echo $$ > $BASE/pids/agent
          say() { for n in $(seq $1 $2); do echo "line $n"; done; }
          say 1 20
          echo '{"awf":"progress","progress":0.25}'
          while [ ! -e $BASE/alone ]; do sleep 0.05; done
          say 21 40
          echo '{"awf":"progress","progress":0.5}'
          echo half > $BASE/half
          while [ ! -e $BASE/on ]; do sleep 0.05; done
          say 41 60
          echo '{"awf":"progress","progress":0.75}'
          echo done > done.txt
          """)
        try await here.shell("mkfifo $HERE/half")
        let run = try await here.dispatch(
          "Goes on", "--repo", try await here.makeRepository(), "--verify", "test -f done.txt")
        _ = try await here.wait("a quarter", of: run) { $0.progress == 0.25 }
        let agent = try #require(here.recordedPids.first)
        here.signal(SIGTERM)
        #expect(await here.waitExit() == 0)
        #expect(here.isAlive(agent))
        #expect(try await here.run(["runs"]).status == 3)
        try here.write("alone", "")
        // Returns when the agent has said its lines with nobody there.
        #expect(try await here.shell("cat $HERE/half") == "half")
        try await here.start()
        _ = try await here.wait("the half", of: run) { $0.progress == 0.5 }
        #expect(here.isAlive(agent))
        try here.write("on", "")
        let ended = try await here.wait("the end", of: run) { $0.status.isTerminal }
        #expect(ended.status == .succeeded)
        #expect(ended.attempt == 1)
        #expect(try here.read("starts") == "started\n")
        let output = try await here.run(["events", "--run", run.description, "--type", "output"]).output
        let texts = try output.split(separator: "\n").compactMap {
          try JSONValue(parsing: String($0))["data"]?["text"]?.string
        }
        #expect(texts == (1...60).map { "line \($0)" })
        #expect(try await here.run(["audit", "verify"]).status == 0)
      }
    }

    @Test("An agent outlives even an orchestrator that was killed, and can be canceled by the next")
    func adoptionAfterKill() async throws {
      let configuration = { (folder: String) in
        """
        stopGraceSeconds: 1
        runtimes: [{id: local, kind: local, command: [/bin/sh, \(folder)/bin/agent.sh], env: {BASE: \(folder)}}]
        """
      }
      try await OrchestratorProcess.with(configuration) { here in
        try here.write(
          "bin/agent.sh",
          """
          echo work > work.txt
          setsid sleep 1000 & echo $! > $BASE/pids/stray
          echo $$ > $BASE/pids/agent
          echo '{"awf":"progress","progress":0.5}'
          wait
          """)
        let run = try await here.dispatch("Goes on", "--repo", try await here.makeRepository())
        _ = try await here.wait("the half", of: run) { $0.progress == 0.5 }
        let pids = here.recordedPids
        #expect(pids.count == 2)
        await here.kill9()
        for pid in pids { #expect(here.isAlive(pid)) }
        try await here.start()
        let answer = try await here.json(["cancel", run.description, "--reason", "Enough", "--wait", "--json"])
        #expect(answer.array?.first?["status"] == "canceled")
        #expect(answer.array?.first?["proof"]?["confirmedAt"]?.string != nil)
        for pid in pids { #expect(!here.isAlive(pid), "\(pid) lives on") }
      }
    }
  }
}
