import Orchestration
import RunModel
import TestSupport
import Testing

@Suite("Retention", .timeLimit(.minutes(20))) struct CollectingTests {
  private static let now = CollectionRequest(olderThan: .zero)

  private static func remains(
    _ run: RunID, worktree: Remains.Obstacle? = nil, branch: Remains.Obstacle? = nil
  ) -> Remains {
    var remains = Remains()
    remains.worktree = Remains.Part("/worktrees/\(run)", bytes: 100, obstacle: worktree)
    remains.branch = Remains.Part("awf/\(run.shortName)", obstacle: branch)
    remains.output = Remains.Part("/runs/\(run)", bytes: 10)
    return remains
  }

  /// An ended run with a worktree, a branch and output.
  private func ended(
    _ rig: Rig, _ outcome: TaskEnd.Outcome = .succeeded, in worktree: String = "/w", _ remains: Remains? = nil,
    _ change: (inout Contract) -> Void = { _ in }
  ) async throws -> RunID {
    rig.runtime.setWorkspace(Workspace(path: worktree, branch: "awf/\(worktree)", base: "b", repository: "/r"))
    let run = try await rig.dispatch("x", change)
    try await rig.wait(for: .started, of: run)
    rig.runtime.end(run, outcome)
    try await rig.wait(for: outcome == .succeeded ? .succeeded : .failed, of: run)
    rig.runtime.setRemains(remains ?? Self.remains(run), of: run)
    return run
  }

  private func collect(_ rig: Rig, _ change: (inout CollectionRequest) -> Void = { _ in }) async throws
    -> CollectionReport
  {
    var request = Self.now
    change(&request)
    return try await rig.orchestrator.collect(request, by: rig.human)
  }

  private func reasons(_ report: CollectionReport, _ run: RunID) -> [CollectedKind: String] {
    Dictionary(report.kept.filter { $0.run == run }.map { ($0.kind, $0.reason) }) { first, _ in first }
  }

  @Test("A dry run tells what would go, and removes and records nothing")
  func dryRun() async throws {
    try await Rig.with { rig in
      let run = try await ended(rig)
      let before = try await rig.orchestrator.lastAuditSeq()
      let report = try await collect(rig) { $0.dryRun = true }
      #expect(report.dryRun)
      #expect(report.items.filter { $0.run == run }.map(\.kind) == [.worktree, .output])
      #expect(report.items.first { $0.kind == .worktree }?.what == "/worktrees/\(run)")
      #expect(rig.runtime.removals.isEmpty)
      #expect(try await rig.store.firstSeq() == 1)
      #expect(try await rig.store.marks() == [:])
      #expect(try await rig.orchestrator.lastAuditSeq() == before)
      #expect(try await rig.orchestrator.detail(of: run).collected == nil)
    }
  }

  @Test("What goes is recorded: on the audit trail with who asked, and in the run, which stays known")
  func collects() async throws {
    try await Rig.with { rig in
      rig.runtime.setArtifacts(Artifacts(filesChanged: ["a"], handoffNote: "note"), patch: "@@ -1 +1 @@\n-a\n+b\n")
      let run = try await ended(rig)
      let report = try await collect(rig) { $0.branches = true }
      #expect(report.items.filter { $0.run == run }.map(\.kind) == [.worktree, .branch, .output])
      #expect(report.bytes >= 110)
      #expect(rig.runtime.removals.map(\.kind) == [.worktree, .branch, .output])
      let collected = try #require(try await rig.orchestrator.detail(of: run).collected)
      #expect(collected.worktree != nil && collected.branch != nil && collected.output != nil && collected.events)
      #expect(try await rig.orchestrator.artifacts(of: run).handoffNote == "note")
      #expect(try await !rig.orchestrator.patch(of: run, PatchOptions()).isEmpty)
      let audit = try await rig.orchestrator.audit(after: 0, limit: 1000, run: nil)
      try AuditChain.verify(audit)
      let kinds = audit.filter { $0["event_type"] == "agent_run.collected" }.map { $0["event_data"]?["kind"]?.string }
      #expect(kinds == ["worktree", "branch", "output"])
      #expect(audit.last { $0["event_type"] == "agent_run.collected" }?["actor_id"] == "ada")
      // Again: there is nothing left.
      let again = try await collect(rig)
      #expect(again.items.allSatisfy { $0.run == nil })
    }
  }

  @Test("Ages are per run: what ended later than asked for stays, and is only counted")
  func young() async throws {
    try await Rig.with { rig in
      let run = try await ended(rig)
      let report = try await collect(rig) { $0.olderThan = .seconds(3600) }
      #expect(report.items.isEmpty && report.younger == 1)
      #expect(!report.kept.contains { $0.run == run })
      // Without an age: 30 days.
      #expect(try await collect(rig) { $0.olderThan = nil }.items.isEmpty)
    }
  }

  @Test("Unmerged work stays, and --unmerged takes the worktree but never the branch; other obstacles always hold")
  func unmerged() async throws {
    try await Rig.with { rig in
      let run = try await ended(rig)
      rig.runtime.setRemains(
        Self.remains(run, worktree: .unmerged("on no other branch"), branch: .unmerged("on no other branch")), of: run)
      let dirty = try await ended(rig, in: "/v")
      rig.runtime.setRemains(Self.remains(dirty, worktree: .other("2 files"), branch: nil), of: dirty)
      var report = try await collect(rig) { $0.branches = true }
      #expect(reasons(report, run) == [.worktree: "on no other branch", .branch: "its worktree stays"])
      #expect(reasons(report, dirty) == [.worktree: "2 files", .branch: "its worktree stays"])
      #expect(rig.runtime.removals.map(\.kind) == [.output, .output])
      report = try await collect(rig) {
        $0.branches = true
        $0.unmerged = true
      }
      #expect(report.items.filter { $0.run != nil }.map(\.kind) == [.worktree])
      #expect(reasons(report, run) == [.branch: "on no other branch"])
      #expect(reasons(report, dirty)[.worktree] == "2 files")
    }
  }

  @Test("A failed run stays whole until somebody has looked at it, and it pins the events from its first on")
  func unread() async throws {
    try await Rig.with { rig in
      let old = try await ended(rig, in: "/a")
      let failed = try await ended(rig, .failed, in: "/b")
      let first = try await rig.run(failed).firstSeq
      var report = try await collect(rig)
      #expect(rig.runtime.removals.map(\.run) == [old, old])
      #expect(reasons(report, failed).values.allSatisfy { $0.contains("nobody has looked at it") })
      #expect(reasons(report, failed).count == 2)
      #expect(report.firstSeq == first && report.kept.contains { $0.kind == .events && $0.reason.contains("failed") })
      _ = try await rig.orchestrator.detail(of: failed)
      report = try await collect(rig)
      #expect(report.items.filter { $0.run == failed }.map(\.kind) == [.worktree, .output])
      #expect(report.firstSeq > first)
    }
  }

  @Test("A retry tells that the failure was seen")
  func retried() async throws {
    try await Rig.with { rig in
      let failed = try await ended(rig, .failed, in: "/a")
      _ = try await rig.orchestrator.retry(failed, by: rig.human)
      let report = try await collect(rig)
      #expect(report.items.contains { $0.run == failed && $0.kind == .output })
    }
  }

  @Test("What a live run needs stays: its worktree, its branch, the contract that it waits for")
  func needed() async throws {
    try await Rig.with { rig in
      let shared = try await ended(rig, in: "/shared")
      rig.runtime.setWorkspace(Workspace(path: "/shared", branch: "awf//shared", base: "b", repository: "/r"))
      let live = try await rig.dispatch("goes on")
      try await rig.wait(for: .started, of: live)
      var report = try await collect(rig)
      #expect(reasons(report, shared)[.worktree]?.contains("went on in it") == true)
      rig.runtime.end(live, .succeeded)
      try await rig.wait(for: .succeeded, of: live)
      rig.runtime.setRemains(Self.remains(live), of: live)
      report = try await collect(rig)
      #expect(report.items.contains { $0.run == live && $0.kind == .worktree })
    }
    try await Rig.with(runtime: ScriptedRuntime(slots: 1)) { rig in
      let first = try await ended(rig, .failed, in: "/a") { $0.externalRef = "GH-1" }
      _ = try await rig.orchestrator.detail(of: first)
      _ = try await rig.dispatch("waits") { $0.dependsOn = ["GH-1"] }
      let report = try await collect(rig)
      #expect(reasons(report, first)[.worktree] == "a queued run waits for its contract")
    }
  }

  @Test("A removal that was cut short is gone on with by the next clean-up, and only then called done")
  func cutShort() async throws {
    let store = InMemoryRunStore()
    let runtime = ScriptedRuntime()
    var run: RunID?
    try await Rig.with(store: store, runtime: runtime) { rig in
      run = try await ended(rig)
      let id = try #require(run)
      // As when the orchestrator is killed between the removal and its record.
      var removals = RetentionMark.Removals()
      removals.begun[.worktree] = .now
      try await store.mark(id, removals)
      #expect(try await rig.orchestrator.detail(of: id).collected?.worktree == nil)
      // Fails once more: it stays begun.
      runtime.failRemovals(with: Problem(.unavailable, "the disk"))
      _ = try await collect(rig)
      #expect(runtime.removals.first.map { $0.kind == .worktree && $0.isBegun } == true)
      #expect(try await store.mark(of: id).removals.cutShort.contains(.worktree))
      runtime.failRemovals(with: nil)
      _ = try await collect(rig)
      #expect(try await store.mark(of: id).removals.cutShort == [])
      #expect(try await rig.orchestrator.detail(of: id).collected?.worktree != nil)
    }
  }

  @Test("What must stay after all, as a second look tells, is listed with the reason, and nothing is left begun")
  func secondLook() async throws {
    try await Rig.with { rig in
      let run = try await ended(rig)
      rig.runtime.failRemovals(with: Problem(.conflict, "1 file in it is not in its commit"))
      let report = try await collect(rig)
      #expect(reasons(report, run)[.worktree] == "1 file in it is not in its commit")
      #expect(try await rig.store.mark(of: run).removals.cutShort == [])
    }
  }

  @Test("After events were removed the order goes on, who asks for what is gone is told, and a restart finds its state")
  func events() async throws {
    let store = InMemoryRunStore()
    try await Rig.with(store: store) { rig in
      for _ in 0..<5 { _ = try await ended(rig) }
      let last = await rig.orchestrator.lastSeq()
      let report = try await collect(rig)
      #expect(report.firstSeq > 1 && report.firstSeq <= last)
      let events = try await store.events(after: 0, through: .max, run: nil, limit: .max)
      #expect(events.map(\.seq) == Array(report.firstSeq...(events.last?.seq ?? 0)))
    }
    // The ring is empty after a restart, so that the store has to answer.
    try await Rig.with(store: store) { rig in
      let first = try await store.firstSeq()
      #expect(try await rig.orchestrator.firstSeq() == first)
      #expect(await rig.orchestrator.runs(RunQuery()).runs.count == 5)
      await #expect {
        _ = try await rig.orchestrator.events(after: 0, wait: false)
      } throws: { ($0 as? Problem)?.code == .conflict && "\($0)".contains("removed by gc") }
      #expect(try await rig.orchestrator.events(after: first - 1, wait: false)?.firstSeq == first)
      let run = try await rig.dispatch()
      try await rig.wait(for: .started, of: run, after: first - 1)
    }
  }

  @Test("By itself only what the configuration lets go goes")
  func policy() async throws {
    try await Rig.with { rig in
      let collected = try await rig.orchestrator.collectByPolicy()
      #expect(collected == nil)
    }
  }

  @Test("What runs have left that the store does not know is named, held when unmerged, and goes only when asked for")
  func strangers() async throws {
    try await Rig.with { rig in
      let (merged, unmerged) = (RunID(ULID(high: 1, low: 1)), RunID(ULID(high: 1, low: 2)))
      let known = try await ended(rig)
      rig.runtime.setRemains(Self.remains(merged), of: merged)
      rig.runtime.setRemains(
        Self.remains(
          unmerged, worktree: .unmerged("its work is elsewhere"), branch: .unmerged("its work is elsewhere")),
        of: unmerged)
      var report = try await collect(rig) { $0.dryRun = true }
      #expect(report.unknownRuns == 2)
      #expect(!report.items.contains { $0.run == merged || $0.run == unmerged })
      #expect(reasons(report, merged)[.worktree] == "the store does not know its run; merged: gc --unknown removes it")
      #expect(
        reasons(report, unmerged)[.worktree]
          == "the store does not know its run; its work is elsewhere; look at \(unmerged.shortName)")
      // Not unless it is asked for, whatever else is.
      report = try await collect(rig) {
        $0.unmerged = true
        $0.branches = true
      }
      #expect(Set(rig.runtime.removals.map(\.run)) == [known])
      report = try await collect(rig) {
        $0.unknown = true
        $0.unmerged = true
        $0.branches = true
      }
      #expect(report.items.filter { $0.run == merged }.map(\.kind) == [.worktree, .branch, .output])
      #expect(!report.items.contains { $0.run == unmerged })
      #expect(reasons(report, unmerged).keys.contains(.branch))
      #expect(!rig.runtime.removals.contains { $0.run == unmerged })
      let audit = try await rig.orchestrator.audit(after: 0, limit: 1000, run: nil)
      try AuditChain.verify(audit)
      #expect(audit.count { $0["event_type"] == "agent_run.collected" && $0["subject_id"] != nil } >= 3)
      #expect(try await collect(rig) { $0.dryRun = true }.unknownRuns == 1)
    }
  }

  @Test("The removal of such a run's worktree that was cut short is gone on with")
  func strangerCutShort() async throws {
    try await Rig.with { rig in
      let run = RunID(ULID(high: 1, low: 1))
      rig.runtime.setRemains(Self.remains(run), of: run)
      rig.runtime.failRemovals(with: CancellationError())
      await #expect(throws: CancellationError.self) { try await collect(rig) { $0.unknown = true } }
      rig.runtime.failRemovals(with: nil)
      _ = try await collect(rig)
      #expect(rig.runtime.removals.map(\.isBegun) == [false, true])
    }
  }
}
