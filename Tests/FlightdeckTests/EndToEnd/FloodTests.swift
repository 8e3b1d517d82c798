import Foundation
import RunClient
import RunModel
import Testing

extension EndToEndTests {
  /// Agents that print as fast as they can. The full sizes are `flightdeck-bench --floods`; here is of each what fits in
  /// seconds, and what it would do without the bounds is more than the bounds allow.
  @Suite("Floods") struct FloodTests {
    /// By the first word of the title. Each tells at its end what its supervisor took in memory.
    private static let agent = """
      case "$1" in
      bytes*) head -c 16777216 /dev/zero | tr '\\0' x | fold -w 8000 ;;
      long*) for i in 1 2 3; do head -c 10000000 /dev/zero | tr '\\0' y; echo; done; echo after the long ones ;;
      endless*) head -c 10000000 /dev/zero | tr '\\0' z ;;
      binary*) head -c 2000000 /dev/urandom; printf '\\n\\377\\376 not text\\nclean again\\n' ;;
      empty*) yes '' | head -n 20000; echo the end ;;
      both*) (yes oooooooooooooooooooooooooooooooo | head -c 1000000 >&2) & yes eeeeeeeeeeeeeeee | head -c 1000000; wait ;;
      speech*)
        i=0; while [ $i -lt 5000 ]; do
          i=$((i+1))
          echo '{"awf":"progress","progress":0.'$((10000+i))',"message":"step '$i'"}'
          echo '{"awf":"attention","question":"question '$i'?","attentionId":"q'$i'"}'
        done ;;
      esac
      grep VmHWM /proc/$PPID/status | tr -dc 0-9 > "$FLIGHTDECK_HANDOFF.peak"
      """

    private static func configuration(_ folder: String) -> String {
      """
      runtimes: [{id: local, kind: local, maxParallelTasks: 8, command: [/bin/sh, \(folder)/bin/agent.sh, "{title}"]}]
      """
    }

    @Test("Agents that flood in every way end as if they had not, with every line told or counted and memory in bounds")
    func agents() async throws {
      try await OrchestratorProcess.with(Self.configuration) { here in
        try here.write("bin/agent.sh", Self.agent)
        let repository = try await here.makeRepository()
        let kinds = ["bytes", "long", "endless", "binary", "empty", "both", "speech"]
        var runs: [String: RunID] = [:]
        for kind in kinds { runs[kind] = try await here.dispatch(kind, "--repo", repository) }
        let board = try await here.wait("the end of every flood") { board in
          board.runs.count == kinds.count && board.runs.allSatisfy(\.status.isTerminal)
        }
        for run in board.runs { #expect(run.status == .succeeded, "\(run.title): \(run.reason ?? "")") }
        let peak = ProcessFacts(pid: here.processID).peak
        #expect(peak < 400, "the orchestrator took \(peak) MB")
        for (kind, run) in runs {
          let supervisor = Int(try here.read("s/runs/\(run)/handoff.md.peak")) ?? 0
          #expect(supervisor > 0 && supervisor < 40_000, "the supervisor of \(kind) took \(supervisor) kB")
        }
        try await Self.checkLines(here, runs)
      }
    }

    private static func checkLines(_ here: OrchestratorProcess, _ runs: [String: RunID]) async throws {
      var lines: [String: Int] = [:]
      var last: [String: RunEvent] = [:]
      var longest = 0
      var marks = 0
      var reports = 0
      let names = Dictionary(uniqueKeysWithValues: runs.map { ($1, $0) })
      try await here.withClient { client in
        for try await batch in try await client.events(EventQuery()) {
          for event in batch {
            guard let name = event.run.flatMap({ names[$0] }) else { continue }
            if event.type == .output {
              let dropped = Int(event.data["dropped"]?.int ?? 0)
              let isRemark = event.data["text"]?.string?.hasPrefix("[") == true && dropped > 0
              lines[name, default: 0] += dropped + (isRemark || event.data["text"] == "" && dropped > 0 ? 0 : 1)
              longest = max(longest, event.data["text"]?.string?.utf8.count ?? 0)
            }
            if event.type.rawValue.hasSuffix("invalid_utf8") { marks += 1 }
            if name == "speech", event.type == .progress || event.type == .attention { reports += 1 }
            last[name + event.type.shortName] = event
          }
        }
      }
      #expect(lines["bytes"] == 16_777_216 / 8000 + 1)
      #expect(lines["long"] == 4)
      #expect(lines["endless"] == 1)
      #expect(longest <= Bounds.line + 100)
      #expect(marks == 1)
      #expect(last["binaryoutput"]?.data["text"] == "clean again")
      // Empty ones that carry a count are told apart above by it.
      let empty = try #require(lines["empty"])
      #expect((20_001 - 100...20_001).contains(empty), "\(empty) empty lines")
      #expect(lines["both"] == (1_000_000 + 32) / 33 + (1_000_000 + 16) / 17)
      // The last of each always comes; of those before, what a person could follow.
      #expect(last["speechprogress"]?.data["message"] == "step 5000")
      #expect(last["speechattention"]?.data["attentionId"] == "q5000")
      #expect(reports < 5000, "\(reports) reports")
    }
  }

  @Suite("A long queue") struct LongQueueTests {
    private static func simulated(_: String) -> String {
      """
      runtimes: [{id: sim, kind: simulated, maxParallelTasks: 100, medianSeconds: 0.05, maxSeconds: 0.1, failureRate: 0, attentionRate: 0}]
      """
    }

    @Test("Two thousand contracts go by priority, all of them, and the queue that is left is none")
    func order() async throws {
      try await OrchestratorProcess.with(Self.simulated) { here in
        let contracts = (0..<2000).map { place in
          var contract = Contract(title: "Work \(place)")
          contract.priority = 1 + (place * 7919) % 1000
          return contract
        }
        let outcomes = try await here.withClient { try await $0.dispatch(DispatchRequest(contracts: contracts)) }
        #expect(outcomes.count == 2000)
        let screen = try await here.run(["--once", "--screen", "queue", "--size", "120x40"])
        #expect(screen.status == 0)
        let board = try await here.wait("all of them") { $0.count(.succeeded) == 2000 }
        #expect(board.total == 2000)
        var priorities: [Int] = []
        for line in try await here.eventLines() {
          let event = try RunEvent(parsing: Array(line))
          if event.type == .started, let run = event.run, let known = board[run] { priorities.append(known.priority) }
        }
        #expect(priorities.count == 2000)
        // Those that start together may be told in any order: no more than there are slots.
        for (place, priority) in priorities.enumerated() {
          let before = place + 101
          if before < priorities.count { #expect(priorities[before] <= priority) }
        }
        #expect(ProcessFacts(pid: here.processID).peak < 300)
      }
    }
  }
}
