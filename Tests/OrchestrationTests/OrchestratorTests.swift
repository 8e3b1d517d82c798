import Orchestration
import RunModel
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(20))) struct OrchestratorTests {
  @Test("A run goes from dispatch to success, each step an event in gapless order and a link of the audit chain")
  func wholeLife() async throws {
    try await Rig.with { rig in
      rig.runtime.setArtifacts(
        Artifacts(filesChanged: ["a"], handoffNote: "done"), patch: "@@ -1 +1,2 @@\n-a\n+b\n+c\n")
      let run = try await rig.dispatch()
      try await rig.wait(for: .started, of: run)
      rig.runtime.emit(run, .progress(0.5, message: "half"))
      rig.runtime.emit(run, .output(stream: .stdout, text: "hello", dropped: 0))
      rig.runtime.end(run, .succeeded)
      let events = try await rig.wait(for: .succeeded, of: run)
      #expect(events.map(\.seq) == Array(1...UInt64(events.count)))
      #expect(
        events.filter { $0.run == run }.map(\.type) == [.queued, .started, .progress, .output, .artifacts, .succeeded])
      let ended = try await rig.run(run)
      #expect(ended.status == .succeeded && ended.progress == 1 && ended.added == 2 && ended.removed == 1)
      #expect(try await rig.orchestrator.artifacts(of: run).handoffNote == "done")
      let audit = try await rig.orchestrator.audit(after: 0, limit: 100, run: nil)
      try AuditChain.verify(audit)
      #expect(
        audit.map { $0["event_type"]?.string } == [
          "agent_run.dispatched", "agent_run.routed", "agent_run.started", "agent_run.completed",
        ])
    }
  }

  @Test("The runs of one request share the id of the first as their batch; a run alone has none")
  func batches() async throws {
    try await Rig.with { rig in
      let alone = try await rig.dispatch()
      let outcomes = try await rig.orchestrator.dispatch(
        DispatchRequest(contracts: [Contract(title: "x")], count: 3), by: rig.human)
      let ids = try outcomes.map { try #require($0.runId) }
      #expect(try await rig.run(alone).batch == nil)
      for id in ids { #expect(try await rig.run(id).batch == ids.first) }
    }
  }

  @Test("Reports that come before the start is on record follow it")
  func earlyReports() async throws {
    try await Rig.with { rig in
      let run = try await rig.dispatch()
      // As a fast adapter would: possibly before startTask has returned.
      while rig.runtime.started.isEmpty { await Task.yield() }
      rig.runtime.emit(run, .progress(0.2, message: nil))
      rig.runtime.end(run, .succeeded)
      let events = try await rig.wait(for: .succeeded, of: run).filter { $0.run == run }
      #expect(events.map(\.type) == [.queued, .started, .progress, .artifacts, .succeeded])
    }
  }

  @Test("A canceled run is canceled only when its runtime has proved that its processes are gone")
  func cancelWithProof() async throws {
    try await Rig.with { rig in
      let run = try await rig.dispatch()
      try await rig.wait(for: .started, of: run)
      let asked = try await rig.orchestrator.cancel(run, reason: "wrong branch", force: false, by: rig.human)
      #expect(asked.status == .running && asked.cancellation?.reason == "wrong branch")
      while rig.runtime.cancels.isEmpty { await Task.yield() }
      rig.runtime.emit(run, .stopSent)
      try await rig.wait(for: .stopSent, of: run)
      #expect(try await rig.run(run).status == .running)
      let confirmed = Timestamp(milliseconds: 1_800_000_000_000)
      rig.runtime.end(run, .canceled, proof: CancelProof(confirmedAt: confirmed, processes: 3, killed: 1))
      try await rig.wait(for: .canceled, of: run)
      let canceled = try await rig.run(run)
      #expect(canceled.status == .canceled && canceled.proof?.killed == 1 && canceled.proof?.stopSentAt != nil)
      // Idempotent, and a no-op on a terminal run.
      let again = try await rig.orchestrator.cancel(run, reason: "again", force: true, by: rig.human)
      #expect(again == canceled)
      #expect(rig.runtime.cancels.count == 1)
      let audit = try await rig.orchestrator.audit(after: 0, limit: 100, run: nil)
      let request = audit.first { $0["event_type"]?.string == "agent_run.cancel_requested" }
      #expect(request?["actor_id"]?.string == "ada" && request?["rationale"]?.string == "wrong branch")
    }
  }

  @Test("A queued run cancels at once and never starts")
  func cancelQueued() async throws {
    try await Rig.with(runtime: ScriptedRuntime(slots: 1)) { rig in
      let first = try await rig.dispatch()
      try await rig.wait(for: .started, of: first)
      let second = try await rig.dispatch()
      #expect(try await rig.orchestrator.cancel(second, reason: "no", force: false, by: rig.human).status == .canceled)
      rig.runtime.end(first, .succeeded)
      try await rig.wait(for: .succeeded, of: first)
      #expect(rig.runtime.started == [first])
    }
  }

  @Test("maxParallelTasks holds, and a free slot goes to the highest priority")
  func slots() async throws {
    try await Rig.with(runtime: ScriptedRuntime(slots: 1)) { rig in
      let first = try await rig.dispatch("first")
      let low = try await rig.dispatch("low") { $0.priority = 1 }
      let high = try await rig.dispatch("high") { $0.priority = 900 }
      try await rig.wait(for: .started, of: first)
      #expect(await rig.orchestrator.runtimes().first?.slotsUsed == 1)
      rig.runtime.end(first, .succeeded)
      try await rig.wait(for: .started, of: high)
      #expect(rig.runtime.started == [first, high])
      rig.runtime.end(high, .failed, reason: "my-agent exited 3")
      try await rig.wait(for: .started, of: low)
      #expect(try await rig.run(high).reason == "my-agent exited 3")
    }
  }

  @Test("A failing verify command fails the run and is named; commands and tests are on record")
  func verification() async throws {
    try await Rig.with(verifier: ScriptedVerifier(["make test": 2])) { rig in
      rig.runtime.setWorkspace(Workspace(path: "/nowhere"))
      let run = try await rig.dispatch { $0.verify = ["make", "make test"] }
      try await rig.wait(for: .started, of: run)
      rig.runtime.end(run, .succeeded)
      let events = try await rig.wait(for: .failed, of: run)
      #expect(events.filter { $0.type == .verifying }.count == 2)
      let ended = try await rig.run(run)
      #expect(ended.reason == "verify failed (exit 2): make test")
      #expect(ended.testsPassed == 1 && ended.testsTotal == 2)
      let artifacts = try await rig.orchestrator.artifacts(of: run)
      #expect(artifacts.commandsRun == ["make", "make test"])
      #expect(artifacts.testsRun.map(\.status) == [.passed, .failed])
    }
  }

  @Test("A cancel while a verify command hangs ends the command and the run")
  func cancelVerification() async throws {
    try await Rig.with { rig in
      rig.runtime.setWorkspace(Workspace(path: "/nowhere"))
      let run = try await rig.dispatch { $0.verify = ["hang"] }
      try await rig.wait(for: .started, of: run)
      rig.runtime.end(run, .succeeded)
      try await rig.wait(for: .verifying, of: run)
      _ = try await rig.orchestrator.cancel(run, reason: "hangs", force: false, by: rig.human)
      try await rig.wait(for: .canceled, of: run)
    }
  }

  @Test("A run that cannot start fails with the reason and frees its slot")
  func startFailure() async throws {
    try await Rig.with(runtime: ScriptedRuntime(slots: 1)) { rig in
      rig.runtime.failStarts(with: Problem(.conflict, "The folder is no git repository."))
      let run = try await rig.dispatch()
      try await rig.wait(for: .failed, of: run)
      #expect(try await rig.run(run).reason == "The folder is no git repository.")
      #expect(await rig.orchestrator.runtimes().first?.slotsUsed == 0)
    }
  }

  @Test("A contract waits until what it depends on has succeeded")
  func dependencies() async throws {
    try await Rig.with { rig in
      let first = try await rig.dispatch { $0.externalRef = "GH-1" }
      let second = try await rig.dispatch { $0.dependsOn = ["GH-1"] }
      #expect(try await rig.orchestrator.detail(of: second).decision.waitsFor == ["GH-1"])
      try await rig.wait(for: .started, of: first)
      rig.runtime.end(first, .succeeded)
      try await rig.wait(for: .started, of: second)
    }
  }

  @Test("What no runtime can ever take is refused with each one's reason, and nothing is queued")
  func ineligible() async throws {
    try await Rig.with { rig in
      var contract = Contract(title: "x")
      contract.requires = [.canCreatePR]
      await #expect {
        try await rig.orchestrator.dispatch(
          DispatchRequest(contracts: [Contract(title: "ok"), contract]), by: rig.human)
      } throws: {
        ($0 as? Problem)?.code == .ineligible && "\($0)".contains("scripted: canCreatePR is false")
      }
      #expect(await rig.orchestrator.runs(RunQuery()).runs.isEmpty)
    }
  }

  @Test("One contract to several runtimes is one run on each; --count makes contracts")
  func severalRuntimes() async throws {
    let other = ScriptedRuntime("other")
    try await Rig.with(others: [other]) { rig in
      let outcomes = try await rig.orchestrator.dispatch(
        DispatchRequest(contracts: [Contract(title: "x")], runtimes: ["scripted", "other"], count: 2), by: rig.human)
      #expect(outcomes.count == 4)
      #expect(Set(outcomes.compactMap(\.contractId)).count == 2)
      for outcome in outcomes { try await rig.wait(for: .started, of: try #require(outcome.runId)) }
      #expect(rig.runtime.started.count == 2 && other.started.count == 2)
    }
  }

  @Test("A retry is a new run of the same contract that links to the old")
  func retry() async throws {
    try await Rig.with { rig in
      let run = try await rig.dispatch()
      try await rig.wait(for: .started, of: run)
      await #expect(throws: Problem.self) { try await rig.orchestrator.retry(run, by: rig.human) }
      rig.runtime.end(run, .failed)
      try await rig.wait(for: .failed, of: run)
      let again = try #require(try await rig.orchestrator.retry(run, by: rig.human).runId)
      let (old, new) = (try await rig.run(run), try await rig.run(again))
      #expect(new.retryOf == run && new.attempt == 2 && new.contractId == old.contractId)
    }
  }

  @Test("A question needs an answer that is one of its options, and is answered once")
  func attention() async throws {
    try await Rig.with { rig in
      let run = try await rig.dispatch()
      try await rig.wait(for: .started, of: run)
      rig.runtime.emit(run, .attention(id: "q1", question: "Delete?", options: ["yes", "no"], kind: "question"))
      try await rig.wait(for: .attention, of: run)
      #expect(try await rig.run(run).needsAttention)
      await #expect(throws: Problem.self) {
        try await rig.orchestrator.answer(run, attentionId: nil, answer: "maybe", by: rig.human)
      }
      let answered = try await rig.orchestrator.answer(run, attentionId: "q1", answer: "no", by: rig.human)
      #expect(answered.attention == nil)
      #expect(rig.runtime.answers == ["no"])
      await #expect(throws: Problem.self) {
        try await rig.orchestrator.answer(run, attentionId: nil, answer: "no", by: rig.human)
      }
    }
  }

  @Test("The same issue again updates the waiting run and makes none")
  func reimport() async throws {
    try await Rig.with(runtime: ScriptedRuntime(slots: 1)) { rig in
      let busy = try await rig.dispatch("busy")
      try await rig.wait(for: .started, of: busy)
      let first = try await rig.dispatch("old title") { $0.externalRef = "GH-7" }
      let second = try await rig.dispatch("new title") { $0.externalRef = "GH-7" }
      #expect(first == second)
      #expect(try await rig.run(first).title == "new title")
      rig.runtime.end(busy, .succeeded)
      try await rig.wait(for: .started, of: first)
      let third = try await rig.dispatch("third") { $0.externalRef = "GH-7" }
      #expect(third == first)
    }
  }

  @Test("A dispatch under one idempotency key is done once")
  func idempotency() async throws {
    try await Rig.with { rig in
      let request = DispatchRequest(contracts: [Contract(title: "x")], idempotencyKey: "k")
      let first = try await rig.orchestrator.dispatch(request, by: rig.human)
      let second = try await rig.orchestrator.dispatch(request, by: rig.human)
      #expect(first.map(\.runId) == second.map(\.runId))
    }
  }

  @Test("A new orchestrator finds all of it: what waited waits, what ran is taken up, what is gone has failed")
  func restart() async throws {
    let store = InMemoryRunStore()
    var runs: [RunID] = []
    try await Rig.with(store: store, runtime: ScriptedRuntime(slots: 1)) { rig in
      runs.append(try await rig.dispatch("working"))
      runs.append(try await rig.dispatch("waiting"))
      try await rig.wait(for: .started, of: runs[0])
      rig.runtime.emit(runs[0], .progress(0.4, message: nil))
      try await rig.wait(for: .progress, of: runs[0])
    }
    try await Rig.with(store: store, runtime: ScriptedRuntime(slots: 1)) { rig in
      #expect(rig.runtime.adopted == [runs[0]])
      #expect(try await rig.run(runs[0]).progress == 0.4)
      rig.runtime.end(runs[0], .succeeded)
      try await rig.wait(for: .started, of: runs[1])
    }
    let gone = ScriptedRuntime(slots: 1)
    gone.refuseAdoption()
    try await Rig.with(store: store, runtime: gone) { rig in
      try await rig.wait(for: .failed, of: runs[1])
      try AuditChain.verify(try await rig.orchestrator.audit(after: 0, limit: 1000, run: nil))
    }
  }

  @Test("Nothing is acknowledged that the store did not take, and what happened meanwhile is stored later")
  func storeFailure() async throws {
    try await Rig.with { rig in
      let run = try await rig.dispatch()
      try await rig.wait(for: .started, of: run)
      rig.store.failCommits(with: Problem(.unavailable, "The disk is full."))
      await #expect(throws: Problem.self) { try await rig.dispatch("second") }
      await #expect(throws: Problem.self) {
        try await rig.orchestrator.cancel(run, reason: "x", force: false, by: rig.human)
      }
      // The stop is on its way all the same.
      while rig.runtime.cancels.isEmpty { await Task.yield() }
      #expect(rig.runtime.cancels.map(\.run) == [run])
      rig.runtime.end(run, .canceled)
      rig.store.failCommits(with: nil)
      let events = try await rig.wait(for: .canceled, of: run)
      #expect(events.contains { $0.type == .cancelRequested && $0.data["by"] == "ada" })
      #expect(await rig.orchestrator.runs(RunQuery()).runs.count == 1)
    }
  }

  @Test("A run id may be given by any end that fits one run alone")
  func resolve() async throws {
    try await Rig.with { rig in
      let run = try await rig.dispatch()
      #expect(try await rig.orchestrator.resolve(run.shortName.lowercased()) == run)
      await #expect(throws: Problem.self) { try await rig.orchestrator.resolve("UUUU") }
    }
  }

  @Test("A flood of output is bounded, and what was dropped is counted on record")
  func flood() async throws {
    try await Rig.with { rig in
      let run = try await rig.dispatch()
      try await rig.wait(for: .started, of: run)
      let count = 120_000
      for number in 0..<count { rig.runtime.emit(run, .output(stream: .stdout, text: "\(number)", dropped: 0)) }
      rig.runtime.end(run, .succeeded)
      let events = try await rig.wait(for: .succeeded, of: run)
      var lines = 0
      var dropped: Int64 = 0
      for event in events where event.type == .output {
        if event.data["text"]?.string != "" { lines += 1 }
        dropped += event.data["dropped"]?.int ?? 0
      }
      #expect(lines + Int(dropped) == count)
    }
  }
}
