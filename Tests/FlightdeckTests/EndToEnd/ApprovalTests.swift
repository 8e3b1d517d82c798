import Foundation
import RunClient
import RunModel
import Testing

extension EndToEndTests {
  @Suite("Approval") struct ApprovalTests {
    private let configuration = { (_: String) in
      """
      runtimes: [{id: sim, kind: simulated, medianSeconds: 0.2, maxSeconds: 0.4, failureRate: 0, attentionRate: 0}]
      """
    }

    @Test("High-risk work waits, survives a restart, starts on approval, and leaves it on the trail")
    func high() async throws {
      try await OrchestratorProcess.with(configuration) { here in
        try here.write("c.json", #"{"title":"Charge twice","labels":["payment"],"risk":"low"}"#)
        let run = try await here.dispatch("--file", "\(here.folder)/c.json")
        var listed = try await here.json(["show", run.description, "--json"])
        #expect(listed["status"] == "queued" && listed["approval"]?["risk"] == "high")
        #expect(listed["waitsFor"] == ["approval pending"])
        await here.kill9()
        try await here.start()
        let usage = try await here.run(["approve", run.description])
        #expect(usage.status == 2)
        let decided = try await here.json(["approve", run.description, "--why", "reviewed", "--json"])
        #expect(decided.array?.first?["approval"]?["given"]?.array?.first?["why"] == "reviewed")
        _ = try await here.wait("the end", of: run) { $0.status == .succeeded }
        listed = try await here.json(["show", run.description, "--json"])
        #expect(listed["verdict"] == "pass_with_notes" && listed["score"]?["tier"]?.string != nil)
        let late = try await here.run(["reject", run.description, "--why", "no"])
        #expect(late.status == 1 && late.diagnostic.contains("waits for no approval"))
        #expect(try await here.run(["audit", "verify"]).status == 0)
        let trail = try await here.run(["audit", "export", "--run", run.description])
        #expect(trail.output.contains("agent_run.approved") && trail.output.contains("reviewed"))
      }
    }

    @Test("Critical work is not started by one person's word, however often it is given; a rejection ends it")
    func critical() async throws {
      try await OrchestratorProcess.with(configuration) { here in
        try here.write("c.json", #"{"title":"Drop the table","risk":"critical"}"#)
        let run = try await here.dispatch("--file", "\(here.folder)/c.json")
        let first = try await here.run(["approve", run.description, "--why", "fine"])
        #expect(first.status == 0 && first.output.contains("1 of 2"))
        let second = try await here.run(["approve", run.description, "--why", "fine"])
        #expect(second.status == 4 && second.diagnostic.contains("Another person"))
        let rejected = try await here.json(["reject", run.description, "--why", "not in the freeze", "--json"])
        #expect(rejected.array?.first?["status"] == "canceled")
        let shown = try await here.json(["show", run.description, "--json"])
        #expect(
          shown["reason"] == "not in the freeze" && shown["approval"]?["rejection"]?["why"] == "not in the freeze")
        let none = try await here.dispatch("Harmless")
        let refused = try await here.run(["approve", none.description, "--why", "w"])
        #expect(refused.status == 1 && refused.diagnostic.contains("needs no approval"))
      }
    }
  }
}
