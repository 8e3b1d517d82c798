import RunModel
import Testing

@Suite struct ApprovalFoldTests {
  private func event(_ seq: UInt64, _ type: EventType, _ data: JSONObject = [:]) -> RunEvent {
    RunEvent(seq: seq, type: type, run: Sample.run, time: Sample.time + .seconds(Int(seq)), data: data)
  }

  private func run(_ risk: Contract.Risk = .critical) -> Run {
    var run = Run(runId: Sample.run, contractId: Sample.contract, title: "T", createdAt: Sample.time)
    run.waitsFor = ["approval pending", "GH-1"]
    run.apply(
      event(1, .approvalRequested, ["risk": .string(risk.rawValue), "taskClass": "t", "needed": 2, "by": "me"]))
    return run
  }

  @Test("A run waits until as many different people have approved as it needs")
  func given() {
    var run = run()
    #expect(run.awaitsApproval && run.needsAttention && run.approval?.requestedBy == "me")
    run.apply(event(2, .approvalApproved, ["by": "ada", "why": "w"]))
    run.apply(event(3, .approvalApproved, ["by": "ada", "why": "again"]))
    #expect(run.awaitsApproval && run.approval?.given.count == 1 && run.waits.first == .approval)
    run.apply(event(4, .approvalApproved, ["by": "bob", "why": "v"]))
    #expect(!run.awaitsApproval && !run.needsAttention && run.waitsFor == ["GH-1"])
    #expect(run.approval?.given.map(\.at) == [Sample.time + .seconds(2), Sample.time + .seconds(4)])
  }

  @Test("A rejection is kept with who and why; a new request begins anew")
  func rejected() {
    var rejected = run()
    rejected.apply(event(2, .approvalRejected, ["by": "bob", "why": "no"]))
    #expect(!rejected.awaitsApproval && rejected.approval?.rejection?.why == "no")
    var again = run()
    again.apply(event(2, .approvalApproved, ["by": "ada", "why": "w"]))
    again.apply(event(3, .approvalRequested, ["risk": "critical", "needed": 2, "by": "me"]))
    #expect(again.approval?.given.isEmpty == true && again.awaitsApproval)
    #expect(EventType.approvalRequested.changesState && EventType.approvalApproved.shortName == "approval.approved")
  }

  @Test("Conflicts are replaced as a whole and gone with the end; verdict and score come with it")
  func conflictsAndScore() {
    var run = Run(runId: Sample.run, contractId: Sample.contract, title: "T", createdAt: Sample.time)
    run.apply(
      event(1, .conflict, ["conflicts": [["run": .string(Sample.other.description), "path": "a"]], "files": 30]))
    #expect(run.conflicts == [Conflict(run: Sample.other, path: "a")] && run.conflictingFiles == 30)
    run.apply(
      event(
        2, .succeeded,
        ["verdict": "pass", "score": ["total": 100, "tier": "HIGH", "d1": 25, "d2": 25, "d3": 25, "d4": 25]]))
    #expect(run.conflicts.isEmpty && run.conflictingFiles == 0)
    #expect(run.verdict == .pass && run.score?.tier == .high)
  }

  @Test("A live run is stalled when its runtime's quiet time has passed, and not while it waits for a person")
  func stalled() {
    var summary = RuntimeSummary(runtimeId: "x", kind: "local", capabilities: .init(maxParallelTasks: 1))
    summary.quietSeconds = 10
    var run = Run(runId: Sample.run, contractId: Sample.contract, title: "T", createdAt: Sample.time)
    #expect(!summary.isStalled(run, at: Sample.time + .seconds(11)))
    run.status = .running
    #expect(!summary.isStalled(run, at: Sample.time + .seconds(10)))
    #expect(summary.isStalled(run, at: Sample.time + .seconds(11)))
    run.attention = Attention(attentionId: "a", question: "?", since: Sample.time)
    #expect(!summary.isStalled(run, at: Sample.time + .seconds(11)))
  }
}
