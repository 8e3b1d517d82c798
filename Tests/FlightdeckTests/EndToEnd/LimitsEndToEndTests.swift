import Foundation
import RunModel
import Testing

extension EndToEndTests {
  @Suite("Limits") struct LimitsEndToEndTests {
    @Test("A run beyond a limit fails and says which; show, runtimes and doctor say what holds each")
    func processes() async throws {
      let configuration = { (_: String) in
        """
        stopGraceSeconds: 0.5
        runtimes:
          - id: local
            kind: local
            command: [/bin/sh, -c, "for i in $(seq 40); do sleep 600 & done; wait"]
            limits: {processes: 10, memory: 4GB, time: 1h}
        """
      }
      try await OrchestratorProcess.with(configuration) { here in
        let run = try await here.dispatch("Too many", "--repo", try await here.makeRepository())
        let ended = try await here.wait("its end", of: run) { $0.status.isTerminal }
        #expect(ended.status == .failed)
        #expect(ended.reason?.contains("its limit of 10") == true)
        let shown = try await here.json(["show", run.description, "--json"])
        let limits = try #require(shown["limits"]?.array)
        #expect(limits.map { $0["name"] } == ["cancel", "time", "processes", "memory"])
        #expect(limits.last?["value"] == "4 GB")
        let sheet = try await here.run(["show", run.description]).output
        #expect(sheet.contains("Limits\n  cancel: ") && sheet.contains("  time 1 h: kept by the run's supervisor"))
        let runtimes = try await here.json(["runtimes", "--json"])
        #expect(runtimes.array?.first?["limits"] == .array(limits))
        #expect(try await here.run(["runtimes"]).output.contains("Each run of local\n  cancel: "))
        let doctor = try await here.run(["doctor"]).output
        #expect(doctor.contains("processes 10: ") && doctor.contains("memory 4 GB: "))
      }
    }
  }
}
