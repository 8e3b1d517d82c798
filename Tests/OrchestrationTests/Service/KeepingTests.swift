import Orchestration
import RunModel
import TestSupport
import Testing

@Suite("Work that could not be committed", .timeLimit(.minutes(5))) struct KeepingTests {
  private static let full = Problem(.unavailable, "The disk is full.")
  private static let uncommitted = Uncommitted(path: "/w", why: "the disk is full")

  private func ended(_ rig: Rig, _ outcome: TaskEnd.Outcome, reason: String? = nil, proof: CancelProof? = nil)
    async throws -> RunID
  {
    rig.runtime.setWorkspace(Workspace(path: "/w", branch: "awf/x", base: "b", repository: "/r"))
    let run = try await rig.dispatch()
    try await rig.wait(for: .started, of: run)
    if outcome == .canceled {
      _ = try await rig.orchestrator.cancel(run, reason: "enough", force: false, by: rig.human)
    }
    rig.runtime.end(run, outcome, reason: reason, proof: proof, uncommitted: Self.uncommitted)
    return run
  }

  @Test("It is tried again in growing pauses until it is committed; then the run says so, and nothing else any more")
  func again() async throws {
    let clock = RigClock()
    clock.skip([.seconds(2), .seconds(4), .seconds(8)])
    let runtime = ScriptedRuntime()
    runtime.setKeeping([.failure(Self.full), .failure(Self.full), .success("c0ffee")])
    let store = InMemoryRunStore()
    try await Rig.with(store: store, runtime: runtime, clock: clock) { rig in
      let run = try await ended(rig, .failed, reason: "the agent exited 3")
      let events = try await rig.wait(for: .kept, of: run)
      let end = try #require(events.first { $0.type == .failed })
      #expect(
        end.data["reason"] == "the agent exited 3; its work could not be committed and is in /w: the disk is full")
      #expect(end.data["uncommitted"]?["path"] == "/w")
      // Every 5 s the orchestrator looks at its runtimes.
      let pauses = clock.sleeps.filter { $0 < .seconds(10) && $0 != .seconds(5) }
      #expect(pauses == [.seconds(2), .seconds(4), .seconds(8)])
      #expect(rig.runtime.kept == [run, run, run])
      let kept = try await rig.run(run)
      #expect(kept.status == .failed && kept.reason == "the agent exited 3" && kept.uncommitted == nil)
      #expect(kept.commit == "c0ffee")
      // What it made is told again, as far as it could not be before.
      #expect(events.suffix(2).map(\.type) == [.artifacts, .kept])
      let audit = try await rig.orchestrator.audit(after: 0, limit: 100, run: nil)
      try AuditChain.verify(audit)
      #expect(audit.last?["event_type"] == "agent_run.kept" && audit.last?["event_data"]?["commit"] == "c0ffee")
    }
  }

  @Test("A cancel's proof says where the work lies, and then in which commit")
  func proof() async throws {
    let clock = RigClock()
    clock.skip([.seconds(2)])
    let runtime = ScriptedRuntime()
    try await Rig.with(runtime: runtime, clock: clock) { rig in
      var proof = CancelProof(confirmedAt: Timestamp(milliseconds: 5), processes: 2)
      proof.uncommitted = "/w"
      runtime.setKeeping([.success("c0ffee")])
      let run = try await ended(rig, .canceled, proof: proof)
      let events = try await rig.wait(for: .kept, of: run)
      #expect(events.first { $0.type == .canceled }?.data["proof"]?["uncommitted"] == "/w")
      let kept = try await rig.run(run)
      #expect(kept.status == .canceled && kept.reason == "enough")
      #expect(kept.proof?.uncommitted == nil && kept.proof?.commit == "c0ffee" && kept.proof?.processes == 2)
    }
  }

  @Test("The next orchestrator tries it at its start; one that cannot leaves it for the one after")
  func nextStart() async throws {
    let store = InMemoryRunStore()
    var run = RunID(ULID(high: 0, low: 0))
    try await Rig.with(store: store) { rig in
      run = try await ended(rig, .succeeded)
      try await rig.wait(for: .succeeded, of: run)
      let now = try await rig.run(run)
      #expect(now.uncommitted == Self.uncommitted && now.reason == Self.uncommitted.words)
      #expect(rig.runtime.kept.isEmpty)
    }
    let second = ScriptedRuntime()
    let clock = RigClock()
    try await Rig.with(store: store, runtime: second, clock: clock) { rig in
      while !clock.sleeps.contains(.seconds(2)) { await Task.yield() }
      #expect(second.kept == [run])
      let now = try await rig.run(run)
      #expect(now.uncommitted != nil)
    }
    let third = ScriptedRuntime()
    third.setKeeping([.success(nil)])
    try await Rig.with(store: store, runtime: third) { rig in
      try await rig.wait(for: .kept, of: run)
      let kept = try await rig.run(run)
      #expect(kept.status == .succeeded && kept.uncommitted == nil && kept.reason == nil && kept.commit == nil)
    }
    let fourth = ScriptedRuntime()
    try await Rig.with(store: store, runtime: fourth) { rig in
      let now = try await rig.run(run)
      #expect(now.uncommitted == nil)
      #expect(fourth.kept.isEmpty)
    }
  }

  @Test("A worktree that is gone is not asked for again, and the run goes on saying that its work was not committed")
  func gone() async throws {
    let clock = RigClock()
    clock.skip([.seconds(2), .seconds(4)])
    let runtime = ScriptedRuntime()
    runtime.setKeeping([.failure(Problem(.notFound, "The worktree is not there any more."))])
    try await Rig.with(runtime: runtime, clock: clock) { rig in
      let run = try await ended(rig, .failed)
      try await rig.wait(for: .failed, of: run)
      while runtime.kept.isEmpty { await Task.yield() }
      let second = try await ended(rig, .failed)
      runtime.setKeeping([.success("c0ffee")])
      try await rig.wait(for: .kept, of: second)
      #expect(runtime.kept.filter { $0 == run }.count == 1)
      #expect(try await rig.run(run).uncommitted == Self.uncommitted)
    }
  }
}
