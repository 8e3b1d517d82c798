import Orchestration
import RunModel
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(20))) struct ApprovalTests {
  private let ada = Actor(.human, "ada")
  private let bob = Actor(.human, "bob")

  @Test("High risk waits for one approval with its reason, and starts on it; all of it is on the trail")
  func high() async throws {
    try await Rig.with { rig in
      let run = try await rig.dispatch { $0.labels = ["payment"] }
      let waiting = try await rig.run(run)
      #expect(waiting.status == .queued && waiting.waits == [.approval] && waiting.needsAttention)
      #expect(waiting.approval?.risk == .high && waiting.approval?.taskClass == "payment_integration")
      #expect(waiting.approval?.requestedBy == "ada" && waiting.approval?.needed == 1)
      let decision = try await rig.orchestrator.detail(of: run).decision
      #expect(decision.waitsFor == ["approval pending"] && decision.considered[0].reasons.contains("approval pending"))
      #expect(rig.runtime.started.isEmpty)
      await #expect(throws: Problem.self) { try await rig.orchestrator.approve(run, why: " ", by: ada) }
      let approved = try await rig.orchestrator.approve(run, why: "reviewed", by: ada)
      #expect(approved.approval?.given.map(\.why) == ["reviewed"] && approved.waitsFor.isEmpty)
      try await rig.wait(for: .started, of: run)
      // The same word again is no news, another's comes too late.
      #expect(try await rig.orchestrator.approve(run, why: "reviewed", by: ada).approval?.given.count == 1)
      await #expect { try await rig.orchestrator.approve(run, why: "me too", by: bob) } throws: {
        ($0 as? Problem)?.code == .conflict
      }
      let trail = try await rig.orchestrator.audit(after: 0, limit: 100, run: nil)
      try AuditChain.verify(trail)
      let record = trail.first { $0["event_type"] == "agent_run.approved" }
      #expect(record?["actor_id"] == "ada" && record?["rationale"] == "reviewed")
      #expect(record?["event_data"]?["risk"] == "high")
      #expect(trail.contains { $0["event_type"] == "agent_run.approval_requested" })
    }
  }

  @Test("Critical work needs two different people")
  func critical() async throws {
    try await Rig.with { rig in
      let run = try await rig.dispatch { $0.risk = .critical }
      #expect(try await rig.orchestrator.approve(run, why: "fine", by: ada).status == .queued)
      await #expect { try await rig.orchestrator.approve(run, why: "fine", by: ada) } throws: {
        ($0 as? Problem)?.code == .forbidden
      }
      #expect(try await rig.run(run).awaitsApproval && rig.runtime.started.isEmpty)
      _ = try await rig.orchestrator.approve(run, why: "fine with me", by: bob)
      try await rig.wait(for: .started, of: run)
    }
  }

  @Test("The same approval many times at once is one approval")
  func concurrent() async throws {
    try await Rig.with { rig in
      let run = try await rig.dispatch { $0.risk = .critical }
      await withTaskGroup { group in
        for _ in 0..<20 {
          group.addTask {
            // All but the first may be refused: the second person is missing.
            _ = try? await rig.orchestrator.approve(run, why: "fine", by: ada)
          }
        }
      }
      #expect(try await rig.run(run).approval?.given.count == 1)
      let trail = try await rig.orchestrator.audit(after: 0, limit: 100, run: nil)
      #expect(trail.filter { $0["event_type"] == "agent_run.approved" }.count == 1)
    }
  }

  @Test("A rejection ends the run as canceled with the rationale as its reason, once")
  func reject() async throws {
    try await Rig.with { rig in
      let run = try await rig.dispatch { $0.risk = .high }
      let rejected = try await rig.orchestrator.reject(run, why: "not before the freeze", by: bob)
      #expect(rejected.status == .canceled && rejected.reason == "not before the freeze")
      #expect(rejected.approval?.rejection?.by == "bob" && !rejected.needsAttention)
      #expect(try await rig.orchestrator.reject(run, why: "again", by: ada) == rejected)
      await #expect(throws: Problem.self) { try await rig.orchestrator.approve(run, why: "but", by: ada) }
      #expect(rig.runtime.started.isEmpty)
      let trail = try await rig.orchestrator.audit(after: 0, limit: 100, run: nil)
      try AuditChain.verify(trail)
      let record = trail.first { $0["event_type"] == "agent_run.rejected" }
      #expect(record?["actor_id"] == "bob" && record?["rationale"] == "not before the freeze")
    }
  }

  @Test("Who asked may not approve where own requests are off")
  func ownRequests() async throws {
    try await Rig.with(approvals: ApprovalPolicy(ownRequests: false)) { rig in
      let run = try await rig.dispatch { $0.risk = .high }
      await #expect { try await rig.orchestrator.approve(run, why: "mine", by: ada) } throws: {
        ($0 as? Problem)?.code == .forbidden
      }
      _ = try await rig.orchestrator.approve(run, why: "hers", by: bob)
      try await rig.wait(for: .started, of: run)
    }
  }

  @Test("Nothing that needs no approval can be approved, and without a requirement nothing waits")
  func none() async throws {
    try await Rig.with(approvals: ApprovalPolicy(required: [])) { rig in
      let run = try await rig.dispatch { $0.risk = .critical }
      try await rig.wait(for: .started, of: run)
      await #expect { try await rig.orchestrator.approve(run, why: "w", by: ada) } throws: {
        ($0 as? Problem)?.code == .conflict
      }
      await #expect(throws: Problem.self) { try await rig.orchestrator.reject(run, why: "w", by: ada) }
    }
  }

  @Test("An approved run that finds no slot says that it waits for one")
  func thenSlot() async throws {
    try await Rig.with(runtime: ScriptedRuntime(slots: 1)) { rig in
      let busy = try await rig.dispatch()
      try await rig.wait(for: .started, of: busy)
      let run = try await rig.dispatch { $0.risk = .high }
      #expect(try await rig.orchestrator.approve(run, why: "w", by: ada).waits == [.slot("scripted")])
      rig.runtime.end(busy, .succeeded)
      try await rig.wait(for: .started, of: run)
    }
  }

  @Test("A cancel ends a run that waits for approval, and a dry run says that it would wait")
  func cancelAndDryRun() async throws {
    try await Rig.with { rig in
      let run = try await rig.dispatch { $0.risk = .high }
      let canceled = try await rig.orchestrator.cancel(run, reason: "no", force: false, by: ada)
      #expect(canceled.status == .canceled && !canceled.awaitsApproval)
      await #expect(throws: Problem.self) { try await rig.orchestrator.approve(run, why: "w", by: ada) }
      var contract = Contract(title: "x")
      contract.risk = .high
      let dry = try await rig.orchestrator.dispatch(DispatchRequest(contracts: [contract], dryRun: true), by: ada)
      #expect(dry.first?.decision.waitsFor == ["approval pending"])
    }
  }

  @Test("What waited for approval waits after a restart, half given as it was")
  func restart() async throws {
    let store = InMemoryRunStore()
    var runs: [RunID] = []
    try await Rig.with(store: store) { rig in
      runs.append(try await rig.dispatch { $0.risk = .critical })
      _ = try await rig.orchestrator.approve(runs[0], why: "fine", by: ada)
    }
    try await Rig.with(store: store) { rig in
      let run = try await rig.run(runs[0])
      #expect(run.awaitsApproval && run.approval?.given.map(\.by) == ["ada"] && rig.runtime.started.isEmpty)
      await #expect(throws: Problem.self) { try await rig.orchestrator.approve(runs[0], why: "w", by: ada) }
      _ = try await rig.orchestrator.approve(runs[0], why: "w", by: bob)
      try await rig.wait(for: .started, of: runs[0])
    }
  }

  @Test("A queued run is asked for approval when a stricter configuration comes")
  func stricter() async throws {
    let store = InMemoryRunStore()
    var runs: [RunID] = []
    let lax = ApprovalPolicy(required: [])
    try await Rig.with(store: store, runtime: ScriptedRuntime(slots: 1), approvals: lax) { rig in
      runs.append(try await rig.dispatch())
      try await rig.wait(for: .started, of: runs[0])
      runs.append(try await rig.dispatch { $0.risk = .high })
    }
    try await Rig.with(store: store, runtime: ScriptedRuntime(slots: 2)) { rig in
      try await rig.wait(for: .approvalRequested, of: runs[1])
      #expect(try await rig.run(runs[1]).awaitsApproval && !rig.runtime.started.contains(runs[1]))
    }
  }

  @Test("Consent holds for the text that it was given to: a changed issue asks anew, the same one does not")
  func changedIssue() async throws {
    try await Rig.with { rig in
      func issue(_ title: String) async throws -> RunID {
        try await rig.dispatch(title) {
          $0.externalRef = "GH-1"
          $0.risk = .critical
        }
      }
      let run = try await issue("Drop a column")
      _ = try await rig.orchestrator.approve(run, why: "fine", by: ada)
      #expect(try await issue("Drop a column") == run)
      #expect(try await rig.run(run).approval?.given.count == 1)
      #expect(try await issue("Drop the table") == run)
      #expect(try await rig.run(run).approval?.given.isEmpty == true)
      _ = try await rig.orchestrator.approve(run, why: "hm", by: bob)
      #expect(try await rig.run(run).awaitsApproval)
    }
  }
}
