import Foundation
import Glibc
import RunModel
import Synchronization
import Testing

extension EndToEndTests {
  @Suite("Upgrade") struct UpgradeTests {
    @Test(
      "A new program put over the one that runs takes its agents up, however the old one ends",
      arguments: [SIGTERM, SIGKILL])
    func inPlace(signal: Int32) async throws {
      let configuration = { (folder: String) in
        "runtimes: [{id: local, kind: local, command: [/bin/sh, \(folder)/bin/agent.sh], env: {BASE: \(folder)}}]"
      }
      try await OrchestratorProcess.with(configuration, starts: false) { here in
        try here.write(
          "bin/agent.sh",
          """
          echo $$ > $BASE/pids/$FLIGHTDECK_RUN_ID
          for n in 1 2 3; do echo "line $n"; done
          echo '{"awf":"progress","progress":0.5}'
          while [ ! -e $BASE/on ]; do sleep 0.05; done
          for n in 4 5 6; do echo "line $n"; done
          """)
        let repository = try await here.makeRepository()
        // Another file with the same bytes: replacing one by itself would replace nothing.
        try await here.shell(
          "cp '\(Program.path)' $HERE/bin/flightdeck; ln '\(Program.path)' $HERE/bin/new 2>/dev/null || cp '\(Program.path)' $HERE/bin/new"
        )
        here.launch.withLock { $0.program = here.folder + "/bin/flightdeck" }
        try await here.start()
        let before = try await here.dispatch("Before", "--repo", repository)
        _ = try await here.wait("the first", of: before) { $0.progress == 0.5 }
        try await here.shell("mv -f $HERE/bin/new $HERE/bin/flightdeck")
        let program = try await here.shell("readlink /proc/\(here.serving)/exe")
        #expect(program.hasSuffix("(deleted)"))
        // Its supervisor comes from the program that is not there any more.
        let after = try await here.dispatch("After", "--repo", repository)
        _ = try await here.wait("the second", of: after) { $0.progress == 0.5 }
        here.signal(signal)
        await here.waitExit()
        for pid in here.recordedPids { #expect(here.isAlive(pid)) }
        try await here.start()
        try here.write("on", "")
        let board = try await here.wait("both ends") { $0.runs.allSatisfy(\.status.isTerminal) }
        #expect(board.runs.map(\.status) == [.succeeded, .succeeded])
        for run in [before, after] {
          let output = try await here.run(["events", "--run", run.description, "--type", "output"]).output
          let lines = try output.split(separator: "\n").compactMap {
            try JSONValue(parsing: String($0))["data"]?["text"]?.string
          }
          #expect(lines == (1...6).map { "line \($0)" })
        }
        #expect(try await here.run(["audit", "verify"]).status == 0)
      }
    }
  }
}
