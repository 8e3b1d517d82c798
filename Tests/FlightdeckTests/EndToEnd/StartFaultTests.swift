import Foundation
import RunModel
import TestSupport
import Testing

extension EndToEndTests {
  /// What an orchestrator says that finds its store unusable: the way out, exit code 1, and nothing is changed.
  @Suite("A store that cannot be used") struct StartFaultTests {
    enum Fault: String, CaseIterable, CustomTestStringConvertible {
      case newerVersion, damagedPage, noDatabase, missingTable, readOnly, unwritableFolder, fullDisk
      var testDescription: String { rawValue }

      var needsMounts: Bool { self == .readOnly || self == .fullDisk }

      /// What the message must say.
      var wayOut: String {
        switch self {
        case .newerVersion: "Use that version, or another folder with --state"
        case .damagedPage, .noDatabase, .missingTable: "restore it from a backup"
        case .readOnly: "another with --state"
        case .unwritableFolder: "Cannot make the folder"
        case .fullDisk: "Free some space"
        }
      }
    }

    private static func configuration(_ folder: String) -> String {
      "runtimes: [{id: sim, kind: simulated, medianSeconds: 0.1, maxSeconds: 0.2, attentionRate: 0, seed: 1}]"
    }

    /// A store with some runs in it, closed in order.
    private func makeStore(_ here: OrchestratorProcess) async throws {
      try await here.start()
      _ = try await here.json(["dispatch", "Something", "--count", "20", "--json"])
      try await here.wait("the ends") { !$0.runs.isEmpty && $0.runs.allSatisfy(\.status.isTerminal) }
      here.signal(SIGTERM)
      #expect(await here.waitExit() == 0)
    }

    @Test("The way out is said, the exit code is 1, and the store is as it was", arguments: Fault.allCases)
    func refuses(_ fault: Fault) async throws {
      if fault.needsMounts, !MountRight.isGiven {
        try Test.cancel("file systems can only be mounted by root")
      }
      try await OrchestratorProcess.with(Self.configuration, starts: false) { here in
        if fault != .unwritableFolder, fault != .fullDisk { try await makeStore(here) }
        let store = here.state + "/flightdeck.sqlite"
        if fault == .noDatabase || fault == .damagedPage {
          // Else what is damaged lies in the log as well, whole.
          try StoreCheck.change(here.state, "SELECT 1")
          try await here.shell("rm -f '\(store)-wal' '\(store)-shm'")
        }
        var wrapper: [String] = []
        var arguments = ["serve"]
        switch fault {
        case .newerVersion:
          try StoreCheck.change(here.state, "INSERT INTO grdb_migrations VALUES ('99 from the future')")
        case .missingTable: try StoreCheck.change(here.state, "DROP TABLE runs")
        case .noDatabase: try await here.shell("head -c 100000 /dev/zero | tr '\\0' x > '\(store)'")
        case .damagedPage:
          // All but the first pages: whatever is read first of the runs is damaged.
          try await here.shell(
            "yes damaged | dd of='\(store)' bs=4096 seek=2 count=20 conv=notrunc status=none iflag=fullblock")
        case .readOnly: wrapper = SmallDisk.readOnly(here.state)
        case .unwritableFolder: arguments = ["serve", "--state", "/proc/flightdeck"]
        case .fullDisk:
          try await here.shell("mkdir -p -m 700 $HERE/s")
          wrapper = SmallDisk.wrapper(
            at: here.state, size: "64k", then: "head -c 100000 /dev/zero > '\(here.state)/filler' 2>/dev/null || :")
        }
        let sum = "cd $HERE/s 2>/dev/null && find . -type f ! -name lock -exec md5sum {} + | sort || :"
        let before = try await here.shell(sum)
        let words = wrapper + [Program.path] + arguments
        let ending = try await here.run(Array(words.dropFirst()), program: words[0])
        #expect(ending.status == 1, "\(ending.output)\(ending.diagnostic)")
        #expect(ending.diagnostic.contains(fault.wayOut), "\(ending.diagnostic)")
        #expect(!ending.output.contains("listening"))
        #expect(try await here.shell(sum) == before)
      }
    }
  }
}
