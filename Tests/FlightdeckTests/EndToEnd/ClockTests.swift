import Foundation
import RunClient
import RunModel
import Synchronization
import Testing

/// The library that sets a program's clock, where it is installed.
private let fakeClock = ["x86_64", "aarch64"].map { "/usr/lib/\($0)-linux-gnu/faketime/libfaketime.so.1" }
  .first { FileManager.default.fileExists(atPath: $0) }

extension EndToEndTests {
  /// The real program with a clock that is set while it works: by libfaketime, which leaves the steady clocks alone.
  @Suite("Clock", .enabled(if: fakeClock != nil, "libfaketime is not installed: .ci/setup --tests"))
  struct ClockTests {
    private static func configuration(_ folder: String) -> String {
      """
      stopGraceSeconds: 1
      runtimes:
        - {id: sim, kind: simulated, medianSeconds: 0.3, maxSeconds: 0.6, attentionRate: 0, seed: 3}
        - {id: local, kind: local, command: [/bin/sh, \(folder)/bin/agent.sh], env: {BASE: \(folder)}}
      """
    }

    @Test("The clock jumps both ways: limits and graces hold, order and chain stay, ids rise, a restart finds its way")
    func jumps() async throws {
      try await OrchestratorProcess.with(Self.configuration, starts: false) { here in
        try here.write(
          "bin/agent.sh",
          "trap '' TERM; echo up; echo '{\"awf\":\"progress\",\"progress\":0.5}'; while :; do sleep 1; done")
        try here.write("clock", "+0")
        here.launch.withLock { launch in
          launch.environment = [
            "LD_PRELOAD": fakeClock ?? "", "FAKETIME_TIMESTAMP_FILE": here.folder + "/clock", "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1",
          ]
        }
        try await here.start()
        let repository = try await here.makeRepository()
        let runs = try await here.withClient { client in
          var contract = Contract(title: "Works for long")
          contract.runtime = "local"
          contract.repository = repository
          contract.timeoutSeconds = 3600
          return try await client.dispatch(DispatchRequest(contracts: [contract], count: 2)).compactMap(\.runId)
        }
        _ = try await here.wait("both agents") { board in runs.allSatisfy { board[$0]?.progress == 0.5 } }
        var ids = runs
        for step in ["+2d", "-3d", "+0"] {
          try here.write("clock", step)
          ids.append(try await here.dispatch("At \(step)", "--runtime", "sim", "--wait"))
          let board = try await here.wait("still at work") { $0.seq > 0 }
          #expect(runs.allSatisfy { board[$0]?.status == .running }, "a limit of an hour was reached at \(step)")
        }
        #expect(ids == ids.sorted())
        // The grace of a stubborn agent passes though the clock goes back meanwhile.
        try here.write("clock", "-1d")
        let canceled = try await here.json(["cancel", runs[0].description, "--reason", "Enough", "--wait", "--json"])
        #expect(canceled.array?.first?["status"] == "canceled")
        await here.kill9()
        try here.write("clock", "+30d")
        try await here.start()
        let board = try await here.wait("the second agent") { $0.seq > 0 }
        #expect(board[runs[1]]?.status == .running)
        _ = try await here.json(["cancel", runs[1].description, "--reason", "Enough", "--force", "--wait", "--json"])
        let events = try await here.eventLines().map { try RunEvent(parsing: Array($0)) }
        #expect(events.map(\.seq) == (1...UInt64(events.count)).map { $0 })
        #expect(try await here.run(["audit", "verify"]).status == 0)
        let screen = try await here.run(["--once", "--size", "120x40"]).output
        #expect(!screen.contains("-0") && !screen.contains(" -1"))
      }
    }
  }
}
