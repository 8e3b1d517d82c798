import Orchestration
import RunModel
import TestSupport
import Testing

/// The wall clock is set a day ahead and two days back while runs go on; the machine's clock goes on as ever.
@Suite("A wall clock that jumps", .timeLimit(.minutes(20))) struct ClockJumpTests {
  private let begin = Timestamp(milliseconds: 1_800_000_000_000)
  private let day = Duration.seconds(86_400)

  private func jump(_ clock: RigClock, to place: Int) { clock.set(begin + .seconds(86_400 * place)) }

  @Test("Runs go on, events keep their order, ids rise, and the record is whole, also for the next orchestrator")
  func runs() async throws {
    let store = InMemoryRunStore()
    let clock = RigClock()
    jump(clock, to: 0)
    var ids: [RunID] = []
    try await Rig.with(store: store, runtime: ScriptedRuntime(slots: 3), clock: clock) { rig in
      let limited = try await rig.dispatch("limited") { $0.timeoutSeconds = 60 }
      try await rig.wait(for: .started, of: limited)
      ids.append(limited)
      for (number, place) in [0, 1, -1, 1, -2].enumerated() {
        jump(clock, to: place)
        let run = try await rig.dispatch("run \(number)")
        try await rig.wait(for: .started, of: run)
        ids.append(run)
        // It jumps within a run's life too.
        jump(clock, to: -place)
        rig.runtime.emit(run, .progress(0.5, message: nil))
        if number % 2 == 0 {
          rig.runtime.end(run, .succeeded)
          try await rig.wait(for: .succeeded, of: run)
        } else {
          _ = try await rig.orchestrator.cancel(run, reason: "enough", force: false, by: rig.human)
          rig.runtime.emit(run, .stopSent)
          try await rig.wait(for: .stopSent, of: run)
          jump(clock, to: place)
          rig.runtime.end(run, .canceled)
          try await rig.wait(for: .canceled, of: run)
          let canceled = try await rig.run(run)
          #expect(canceled.cancellation?.stopSentAt == begin + .seconds(-86_400 * place))
          #expect(canceled.proof?.stopSentAt == canceled.cancellation?.stopSentAt)
        }
      }
      #expect(try await rig.run(limited).status == .running)
      // Its limit alone was slept for, and nobody else was stopped but on request.
      #expect(clock.sleeps.contains(.seconds(60)))
      #expect(Set(rig.runtime.cancels.map(\.run)) == [ids[2], ids[4]])
    }
    let events = try await store.events(after: 0, through: .max, run: nil, limit: .max)
    let read = try events.map { try RunEvent(parsing: $0.json) }
    #expect(read.map(\.seq) == Array(1...UInt64(read.count)))
    #expect(Set(read.map { $0.time.description.prefix(10) }).count == 5)
    for event in read { #expect(Timestamp(event.time.description) == event.time) }
    #expect(ids == ids.sorted() && Set(ids).count == ids.count)

    // The next one begins two days before what it finds.
    jump(clock, to: -2)
    clock.pass(.seconds(20))
    try await Rig.with(store: store, clock: clock) { rig in
      #expect(rig.runtime.adopted == [ids[0]])
      try await until { clock.sleeps.contains(.seconds(40)) }
      let next = try await rig.dispatch("next")
      #expect(next > ids[ids.count - 1])
      for run in [ids[0], next] {
        try await rig.wait(for: .started, of: run)
        rig.runtime.end(run, .succeeded)
        try await rig.wait(for: .succeeded, of: run)
      }
      #expect(await rig.orchestrator.runs(RunQuery(limit: 100)).runs.count == ids.count + 1)
      try AuditChain.verify(try await rig.orchestrator.audit(after: 0, limit: 1000, run: nil))
    }
  }

  @Test("Who waits longest goes first, though the clock was set back after it had come")
  func queue() async throws {
    let clock = RigClock()
    jump(clock, to: 0)
    try await Rig.with(runtime: ScriptedRuntime(slots: 1), clock: clock) { rig in
      let busy = try await rig.dispatch("busy")
      try await rig.wait(for: .started, of: busy)
      let early = try await rig.dispatch("early")
      jump(clock, to: -2)
      let late = try await rig.dispatch("late")
      #expect(try await rig.run(late).createdAt < rig.run(early).createdAt)
      for (run, next) in [(busy, early), (early, late)] {
        rig.runtime.end(run, .succeeded)
        try await rig.wait(for: .started, of: next)
      }
      #expect(rig.runtime.started == [busy, early, late])
    }
  }

  @Test("A limit ends a run when the machine's time is up, whatever the wall clock says then", arguments: [1, -2])
  func limit(place: Int) async throws {
    let clock = RigClock()
    jump(clock, to: 0)
    clock.skip([.seconds(90)])
    try await Rig.with(clock: clock) { rig in
      let run = try await rig.dispatch { $0.timeoutSeconds = 90 }
      jump(clock, to: place)
      try await until { rig.runtime.cancels.map(\.run) == [run] }
      rig.runtime.end(run, .canceled)
      let end = try #require(try await rig.wait(for: .failed, of: run).last)
      #expect(end.data["reason"] == "It ran longer than its limit of 90 s.")
    }
  }

  @Test("A token is good until the wall clock says that it is not, and good again when that was a mistake")
  func tokens() async throws {
    let clock = RigClock()
    jump(clock, to: 0)
    try await Rig.with(clock: clock) { rig in
      let access = rig.orchestrator.access
      let short = try await access.create(name: "short", role: .viewer, expiresIn: .seconds(3600), by: rig.human)
      let long = try await access.create(name: "long", role: .viewer, expiresIn: day * 3, by: rig.human)
      func isGood(_ token: IssuedToken) -> Bool {
        if case .admitted = access.verdict(on: token.secret.utf8) { true } else { false }
      }
      #expect(isGood(short) && isGood(long))
      jump(clock, to: 1)
      #expect(!isGood(short) && isGood(long))
      // A stream that the token has opened ends by the same clock.
      await access.waitForEnd(of: short.summary.id)
      jump(clock, to: -1)
      #expect(isGood(short) && isGood(long))
      let next = try await access.create(name: "next", role: .viewer, expiresIn: .seconds(3600), by: rig.human)
      #expect(next.summary.id > long.summary.id)
      #expect(next.summary.expiresAt == begin + .seconds(3600 - 86_400))
    }
  }
}
