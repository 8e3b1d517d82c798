import Orchestration
import RunModel
import TestSupport
import Testing

@Suite("The health of runtimes")
struct HealthTests {
  /// With `checked` beside the scripted runtime, and contracts pinned to it.
  private static func with(
    _ checked: CheckedRuntime = CheckedRuntime(), clock: RigClock = RigClock(),
    _ body: (Rig, RigClock) async throws -> Void
  ) async throws {
    try await Rig.with(others: [checked], clock: clock) { try await body($0, clock) }
  }

  private static func summary(_ rig: Rig) async throws -> RuntimeSummary {
    try #require(await rig.orchestrator.runtimes().first { $0.runtimeId == "checked" })
  }

  @Test("A start that fails while the runtime is not well waits with its reason, and starts when it is well again")
  func waits() async throws {
    let checked = CheckedRuntime()
    try await Self.with(checked) { rig, clock in
      clock.set(Timestamp(milliseconds: 1_700_000_000_000))
      let down = Problem(.unavailable, "The program is not found.")
      checked.scripted.failStarts(with: down)
      checked.failChecks(with: down)
      let run = try await rig.dispatch { $0.runtime = "checked" }
      try await rig.wait(for: .waiting, of: run)
      let waiting = try await rig.run(run)
      #expect(waiting.status == .queued)
      #expect(waiting.waitsFor.first?.hasPrefix("checked to be healthy again (The program is not found.") == true)
      let ill = try await Self.summary(rig)
      #expect(ill.health == .degraded && ill.breaker.state == .open && ill.slotsUsed == 0)
      let decision = try await rig.orchestrator.detail(of: run).decision
      let reasons = decision.considered.first { $0.runtimeId == "checked" }?.reasons
      #expect(reasons == ["it is degraded: The program is not found.; tried again in 5 s"])

      // Not before it is due.
      let checks = checked.checks
      await rig.orchestrator.checkRuntimes()
      #expect(checked.checks == checks)
      checked.scripted.failStarts(with: nil)
      checked.failChecks(with: nil)
      clock.pass(.seconds(5))
      await rig.orchestrator.checkRuntimes()
      try await rig.wait(for: .started, of: run)
      let well = try await Self.summary(rig)
      #expect(well.health == .healthy && well.breaker == BreakerStanding() && well.agent == "agent 1")
    }
  }

  @Test("A start that fails for the contract's own reason fails at once when the runtime itself is well")
  func contractAtFault() async throws {
    let checked = CheckedRuntime()
    try await Self.with(checked) { rig, _ in
      checked.scripted.failStarts(with: Problem(.tooLarge, "The prompt is too long."))
      let run = try await rig.dispatch { $0.runtime = "checked" }
      try await rig.wait(for: .failed, of: run)
      #expect(try await rig.run(run).reason == "The prompt is too long.")
      #expect(try await Self.summary(rig).health == .healthy)
    }
  }

  @Test("Starts that fail though its check passes open the breaker after three, and one run is tried when it is due")
  func trial() async throws {
    let checked = CheckedRuntime()
    try await Self.with(checked) { rig, clock in
      checked.scripted.failStarts(with: Problem(.unavailable, "It ended at once."))
      let run = try await rig.dispatch { $0.runtime = "checked" }
      let events = try await rig.wait(for: .waiting, of: run)
      #expect(events.last?.data["waitsFor"]?.array?.first?.string?.contains("after 3 failed starts") == true)
      #expect(try await Self.summary(rig).breaker.failures == 3)
      let second = try await rig.dispatch { $0.runtime = "checked" }
      #expect(try await rig.run(second).waitsFor.first?.contains("its breaker is open") == true)
      checked.scripted.failStarts(with: nil)
      clock.pass(.seconds(5))
      await rig.orchestrator.checkRuntimes()
      try await rig.wait(for: .started, of: run)
      try await rig.wait(for: .started, of: second)
      #expect(try await Self.summary(rig).breaker == BreakerStanding())
    }
  }

  @Test("A run that never starts though the runtime finds nothing wrong fails in the end, and holds up no other")
  func poison() async throws {
    let checked = CheckedRuntime()
    try await Self.with(checked) { rig, clock in
      checked.scripted.failStarts(with: Problem(.unavailable, "It ended at once."))
      let run = try await rig.dispatch { $0.runtime = "checked" }
      while try await rig.run(run).status == .queued {
        clock.pass(.seconds(300))
        await rig.orchestrator.checkRuntimes()
      }
      try await rig.wait(for: .failed, of: run)
      #expect(try await rig.run(run).reason == "It could not be started in 6 attempts: It ended at once.")
    }
  }

  @Test("A cancel ends a run that waits for its runtime to be well")
  func cancel() async throws {
    let checked = CheckedRuntime()
    try await Self.with(checked) { rig, _ in
      let down = Problem(.unavailable, "down")
      checked.scripted.failStarts(with: down)
      checked.failChecks(with: down)
      let run = try await rig.dispatch { $0.runtime = "checked" }
      try await rig.wait(for: .waiting, of: run)
      _ = try await rig.orchestrator.cancel(run, reason: "enough", force: false, by: rig.human)
      #expect(try await rig.run(run).status == .canceled)
      #expect(try await Self.summary(rig).slotsUsed == 0)
    }
  }

  @Test("One that is cheap to check is checked at the start; what it finds is an event and an audit record")
  func cheap() async throws {
    let checked = CheckedRuntime(isCheap: true)
    checked.failChecks(with: Problem(.invalid, "chmod +x it"))
    try await Self.with(checked) { rig, clock in
      #expect(try await Self.summary(rig).healthReason == "chmod +x it")
      checked.failChecks(with: nil)
      clock.pass(.seconds(10))
      await rig.orchestrator.checkRuntimes()
      #expect(try await Self.summary(rig).health == .healthy)
      try await rig.orchestrator.journal.flush()
      let types = try await rig.orchestrator.audit(after: 0, limit: 100, run: nil).compactMap {
        $0["event_type"]?.string
      }
      #expect(types == ["agent_runtime.degraded", "agent_runtime.recovered"])
    }
  }
}

@Suite("Runtimes that come and go while the orchestrator works")
struct ReconfigurationTests {
  private func registration(_ runtime: any AgentRuntime) -> Registration { Registration(runtime, kind: "mock") }

  @Test("An added runtime takes what waits for its kind; a removed one ends what it has and takes nothing new")
  func addAndRemove() async throws {
    try await Rig.with { rig in
      let extra = CheckedRuntime("extra", slots: 2)
      await rig.orchestrator.reconfigure([.add(registration(extra))], later: [], file: "c.yaml")
      let run = try await rig.dispatch { $0.runtime = "extra" }
      try await rig.wait(for: .started, of: run)
      await rig.orchestrator.reconfigure([.remove("extra")], later: ["log"], file: "c.yaml")
      let leaving = try #require(await rig.orchestrator.runtimes().first { $0.runtimeId == "extra" })
      #expect(leaving.health == .lost && leaving.slotsUsed == 1)
      await #expect(throws: Problem.self) { _ = try await rig.dispatch { $0.runtime = "extra" } }
      #expect(!extra.isRetired)
      extra.scripted.end(run, .succeeded)
      try await rig.wait(for: .succeeded, of: run)
      #expect(await rig.orchestrator.runtimes().map(\.runtimeId) == ["scripted"])
      while !extra.isRetired { await Task.yield() }
    }
  }

  @Test("A changed runtime starts new runs under the new settings, and its old ones are told and canceled under theirs")
  func change() async throws {
    try await Rig.with(others: [CheckedRuntime("extra")]) { rig in
      let old = CheckedRuntime("extra")
      await rig.orchestrator.reconfigure([.change(registration(old))], later: [], file: "c.yaml")
      let first = try await rig.dispatch { $0.runtime = "extra" }
      try await rig.wait(for: .started, of: first)
      let new = CheckedRuntime("extra", slots: 9)
      await rig.orchestrator.reconfigure([.change(registration(new))], later: [], file: "c.yaml")
      let second = try await rig.dispatch { $0.runtime = "extra" }
      try await rig.wait(for: .started, of: second)
      #expect(old.scripted.started == [first] && new.scripted.started == [second])
      let summary = try #require(await rig.orchestrator.runtimes().first { $0.runtimeId == "extra" })
      #expect(summary.slotsUsed == 2 && summary.capabilities.maxParallelTasks == 9)
      _ = try await rig.orchestrator.cancel(first, reason: "x", force: false, by: rig.human)
      while old.scripted.cancels.isEmpty { await Task.yield() }
      old.scripted.end(first, .canceled)
      try await rig.wait(for: .canceled, of: first)
      while !old.isRetired { await Task.yield() }
      #expect(!new.isRetired)
    }
  }

  @Test("What waits for a runtime that is removed says so, and starts when it is there again")
  func comesBack() async throws {
    try await Rig.with(others: [CheckedRuntime("extra", slots: 1)]) { rig in
      let first = try await rig.dispatch { $0.runtime = "extra" }
      try await rig.wait(for: .started, of: first)
      let second = try await rig.dispatch { $0.runtime = "extra" }
      await rig.orchestrator.reconfigure([.remove("extra")], later: [], file: "c.yaml")
      try await rig.wait(for: .waiting, of: second)
      #expect(try await rig.run(second).waitsFor.first?.contains("removed from the configuration") == true)
      let again = CheckedRuntime("extra", slots: 2)
      await rig.orchestrator.reconfigure([.add(registration(again))], later: [], file: "c.yaml")
      try await rig.wait(for: .started, of: second)
      #expect(again.scripted.started == [second])
    }
  }

  @Test("A configuration that cannot be read changes nothing and is told until one can be")
  func rejected() async throws {
    try await Rig.with { rig in
      await rig.orchestrator.rejectConfiguration("c.yaml:3: no", file: "c.yaml")
      #expect(await rig.orchestrator.snapshot().configurationProblem == "c.yaml:3: no")
      #expect(await rig.orchestrator.runtimes().map(\.runtimeId) == ["scripted"])
      await rig.orchestrator.reconfigure([], later: [], file: "c.yaml")
      #expect(await rig.orchestrator.snapshot().configurationProblem == nil)
      try await rig.orchestrator.journal.flush()
      let types = try await rig.orchestrator.audit(after: 0, limit: 100, run: nil).compactMap {
        $0["event_type"]?.string
      }
      #expect(types == ["configuration.rejected", "configuration.applied"])
    }
  }
}
