import Orchestration
import RunModel
import TestSupport
import Testing

/// Each test kills an orchestrator after a certain event: what was stored until then is all that the next one finds.
@Suite("What a killed orchestrator left", .timeLimit(.minutes(20))) struct TakingUpTests {
  /// What is stored up to and with the first event of this type of the run.
  private func killed(after type: EventType, of run: RunID, _ store: InMemoryRunStore) async throws -> InMemoryRunStore
  {
    let events = try await store.events(after: 0, through: .max, run: run, limit: .max)
    return try store.cut(after: try #require(events.first { $0.type == type }?.seq))
  }

  @Test("A rejected run is canceled and never starts, though the end of it was not stored yet")
  func rejection() async throws {
    let store = InMemoryRunStore()
    var run = RunID(ULID(high: 0, low: 0))
    try await Rig.with(store: store) { rig in
      run = try await rig.dispatch { $0.labels = ["payment"] }
      _ = try await rig.orchestrator.reject(run, why: "too risky", by: rig.human)
      try await rig.wait(for: .canceled, of: run)
    }
    try await Rig.with(store: try await killed(after: .approvalRejected, of: run, store)) { rig in
      let end = try #require(try await rig.wait(for: .canceled, of: run).last)
      #expect(end.data["reason"] == "too risky" && end.data["by"] == "ada")
      #expect(rig.runtime.started.isEmpty)
    }
  }

  @Test("A cancel whose stop was not sent is sent, with its force", arguments: [false, true])
  func cancel(force: Bool) async throws {
    let store = InMemoryRunStore()
    var run = RunID(ULID(high: 0, low: 0))
    try await Rig.with(store: store) { rig in
      run = try await rig.dispatch()
      try await rig.wait(for: .started, of: run)
      _ = try await rig.orchestrator.cancel(run, reason: "enough", force: force, by: rig.human)
    }
    let left = try await killed(after: .cancelRequested, of: run, store)
    try await Rig.with(store: left) { rig in
      try await until { rig.runtime.cancels.map(\.force) == [force] }
      rig.runtime.emit(run, .stopSent)
      rig.runtime.end(run, .canceled)
      let end = try #require(try await rig.wait(for: .canceled, of: run).last)
      #expect(end.data["reason"] == "enough" && end.data["by"] == "ada" && end.data["force"] == .bool(force))
    }
    // One whose runtime has nothing left of it was canceled too: nothing of it lives.
    let gone = ScriptedRuntime()
    gone.refuseAdoption()
    try await Rig.with(store: try await killed(after: .cancelRequested, of: run, store), runtime: gone) { rig in
      let end = try await rig.wait(for: .canceled, of: run).last
      #expect(end?.data["reason"] == "enough")
    }
  }

  @Test("A stop that is on record is not recorded again when it is told again")
  func stopSentOnce() async throws {
    let store = InMemoryRunStore()
    var run = RunID(ULID(high: 0, low: 0))
    try await Rig.with(store: store) { rig in
      run = try await rig.dispatch()
      try await rig.wait(for: .started, of: run)
      _ = try await rig.orchestrator.cancel(run, reason: "enough", force: false, by: rig.human)
      rig.runtime.emit(run, .stopSent)
      try await rig.wait(for: .stopSent, of: run)
    }
    try await Rig.with(store: store) { rig in
      rig.runtime.emit(run, .stopSent)
      rig.runtime.end(run, .canceled)
      let events = try await rig.wait(for: .canceled, of: run)
      #expect(events.count { $0.type == .stopSent } == 1)
    }
  }

  @Test("A time limit runs from the start, by the clock that nobody sets", arguments: [-86_400, 0, 86_400])
  func timeLimit(step: Int) async throws {
    let store = InMemoryRunStore()
    let clock = RigClock()
    let begin = Timestamp(milliseconds: 1_800_000_000_000)
    clock.set(begin)
    var run = RunID(ULID(high: 0, low: 0))
    try await Rig.with(store: store, clock: clock) { rig in
      run = try await rig.dispatch { $0.timeoutSeconds = 60 }
      try await rig.wait(for: .started, of: run)
    }
    #expect(clock.sleeps.contains(.seconds(60)))
    clock.set(begin + .seconds(step))
    clock.pass(.seconds(20))
    try await Rig.with(store: store, clock: clock) { rig in
      try await until { clock.sleeps.contains(.seconds(40)) }
      #expect(rig.runtime.cancels.isEmpty)
    }
    clock.pass(.seconds(41))
    try await Rig.with(store: store, clock: clock) { rig in
      try await until { rig.runtime.cancels.count == 1 }
      rig.runtime.end(run, .canceled)
      let end = try #require(try await rig.wait(for: .failed, of: run).last)
      #expect(end.data["reason"] == "It ran longer than its limit of 60 s.")
    }
  }

  @Test("An agent that an orchestrator before stopped at its limit has failed, not been canceled")
  func stoppedAtLimit() async throws {
    let store = InMemoryRunStore()
    var run = RunID(ULID(high: 0, low: 0))
    let clock = RigClock()
    try await Rig.with(store: store, clock: clock) { rig in
      run = try await rig.dispatch { $0.timeoutSeconds = 60 }
      try await rig.wait(for: .started, of: run)
    }
    try await Rig.with(store: store, clock: clock) { rig in
      rig.runtime.end(run, .canceled)
      let end = try await rig.wait(for: .failed, of: run).last
      #expect(end?.data["reason"]?.string?.contains("limit") == true)
    }
  }

  @Test("After a restart of the machine a runtime is told, and what it does not take up has failed for that reason")
  func reboot() async throws {
    let store = InMemoryRunStore()
    var run = RunID(ULID(high: 0, low: 0))
    let clock = RigClock()
    try await Rig.with(store: store, clock: clock) { rig in
      run = try await rig.dispatch()
      try await rig.wait(for: .started, of: run)
    }
    try await Rig.with(store: store, clock: clock) { rig in
      #expect(rig.runtime.adoptions == [Adoption()])
    }
    clock.restartMachine()
    let gone = ScriptedRuntime()
    gone.refuseAdoption()
    try await Rig.with(store: store, runtime: gone, clock: clock) { rig in
      let end = try #require(try await rig.wait(for: .failed, of: run).last)
      #expect(end.data["reason"] == "The machine was restarted while it was running; r runs it again.")
    }
  }

  @Test("How far a run's reports are on record is stored with them, never goes back, and is told to its runtime")
  func position() async throws {
    let store = InMemoryRunStore()
    var run = RunID(ULID(high: 0, low: 0))
    func place(_ offset: Int, _ count: Int = 1) -> ReportPosition { ReportPosition(offset: offset, count: count) }
    try await Rig.with(store: store) { rig in
      run = try await rig.dispatch()
      try await rig.wait(for: .started, of: run)
      rig.runtime.emit(run, .output(stream: .stdout, text: "one", dropped: 0), at: place(10))
      rig.runtime.emit(run, .output(stream: .stdout, text: "two", dropped: 0), at: place(10, 2))
      rig.runtime.emit(run, .output(stream: .stdout, text: "three", dropped: 0), at: place(40))
      // Through the orchestrator, and so possibly after what follows it.
      rig.runtime.emit(run, .attention(id: "q", question: "?", options: [], kind: "question"), at: place(30))
      try await rig.wait(for: .attention, of: run)
      #expect(try await store.detail(of: run).position == Array("40 1".utf8))
    }
    // Each event carries its own position, so that a cut anywhere finds the right one.
    try await Rig.with(store: store) { rig in
      #expect(rig.runtime.adoptions == [Adoption(position: place(40))])
      rig.runtime.end(run, .succeeded)
      try await rig.wait(for: .succeeded, of: run)
    }
  }

  @Test("Ids go on rising when the clock was set back between two orchestrators")
  func ids() async throws {
    let store = InMemoryRunStore()
    let clock = RigClock()
    clock.set(Timestamp(milliseconds: 1_900_000_000_000))
    var first = RunID(ULID(high: 0, low: 0))
    try await Rig.with(store: store, clock: clock) { first = try await $0.dispatch() }
    clock.set(Timestamp(milliseconds: 1_700_000_000_000))
    try await Rig.with(store: store, clock: clock) { rig in
      let second = try await rig.dispatch()
      #expect(second > first)
      let runs = await rig.orchestrator.snapshot().runs
      #expect(runs.map(\.runId) == [first, second] && runs[1].createdAt < runs[0].createdAt)
      let events = try await rig.wait(for: .started, of: second)
      #expect(events.map(\.seq) == (1...UInt64(events.count)).map { $0 })
      try AuditChain.verify(try await rig.orchestrator.audit(after: 0, limit: 1000, run: nil))
    }
  }
}
