import Orchestration
import RunModel
import TestSupport
import Testing

@Suite("A store that cannot be written", .timeLimit(.minutes(20))) struct OutageTests {
  private let full = Problem(.unavailable, "The disk is full. Free some.", cause: "the disk is full")

  private func seqs(_ events: [RunEvent]) -> [UInt64] { events.map(\.seq) }

  @Test("Intake is refused at once, what happens waits, and when it is over all is on record, in order and gapless")
  func heals() async throws {
    try await Rig.with { rig in
      let run = try await rig.dispatch()
      try await rig.wait(for: .started, of: run)
      rig.store.failCommits(with: full)
      rig.runtime.emit(run, .output(stream: .stdout, text: "one", dropped: 0))
      // Until the first commit has failed a dispatch waits for its own; then it is refused without one.
      await #expect { try await rig.dispatch("refused") } throws: { ($0 as? Problem)?.cause == "the disk is full" }
      await #expect { try await rig.dispatch("refused") } throws: {
        ($0 as? Problem)?.detail == "Nothing can be recorded. The disk is full. Free some."
      }
      #expect(rig.orchestrator.outage?.cause == "the disk is full")
      #expect(await rig.orchestrator.snapshot().outage?.detail == full.detail)
      rig.runtime.emit(run, .output(stream: .stdout, text: "two", dropped: 0))
      rig.runtime.end(run, .succeeded)
      rig.store.failCommits(with: nil)
      let events = try await rig.wait(for: .succeeded, of: run)
      #expect(seqs(events) == (1...UInt64(events.count)).map { $0 })
      #expect(events.filter { $0.type == .output }.map { $0.data["text"] } == ["one", "two"])
      _ = try await rig.dispatch("taken again")
      let all = try await rig.store.events(after: 0, through: .max, run: nil, limit: .max)
      let recovered = try RunEvent(parsing: try #require(all.first { $0.type == .storeRecovered }).json)
      #expect(recovered.data["cause"] == "the disk is full" && recovered.data["dropped"] == 0)
      #expect(rig.orchestrator.outage == nil)
      try AuditChain.verify(try await rig.orchestrator.audit(after: 0, limit: 1000, run: nil))
    }
  }

  @Test("What waits is bounded: output is given up first and counted, no change of state is")
  func bounded() async throws {
    try await Rig.with { rig in
      let run = try await rig.dispatch()
      try await rig.wait(for: .started, of: run)
      rig.store.failCommits(with: full)
      let text = String(repeating: "x", count: 65_536)
      let lines = 800
      for _ in 0..<lines { rig.runtime.emit(run, .output(stream: .stdout, text: text, dropped: 0)) }
      rig.runtime.emit(run, .attention(id: "q", question: "Go on?", options: [], kind: "question"))
      rig.runtime.end(run, .failed)
      await #expect(throws: Problem.self) { try await rig.dispatch() }
      #expect(rig.orchestrator.journal.load.bytes <= Bounds.journal + Bounds.commit)
      rig.store.failCommits(with: nil)
      let events = try await rig.wait(for: .failed, of: run)
      let output = events.filter { $0.type == .output }
      let kept = output.count { $0.data["text"] != "" }
      let dropped = output.reduce(0) { $0 + Int($1.data["dropped"]?.int ?? 0) }
      #expect(kept + dropped == lines && dropped > 0)
      #expect(events.contains { $0.type == .attention })
    }
  }

  @Test("Nothing is started meanwhile, and what waited is when it is over; so is what waited for an end")
  func startsNothing() async throws {
    try await Rig.with(runtime: ScriptedRuntime(slots: 1)) { rig in
      let first = try await rig.dispatch("first") { $0.externalRef = "GH-1" }
      let second = try await rig.dispatch("second") { $0.dependsOn = ["GH-1"] }
      try await rig.wait(for: .started, of: first)
      rig.store.failCommits(with: full)
      rig.runtime.end(first, .succeeded)
      await #expect(throws: Problem.self) { try await rig.dispatch() }
      #expect(rig.runtime.started == [first])
      rig.store.failCommits(with: nil)
      try await rig.wait(for: .started, of: second)
    }
  }

  @Test("An answer that has reached the agent goes on record later, and is not given twice")
  func answer() async throws {
    try await Rig.with { rig in
      let run = try await rig.dispatch()
      try await rig.wait(for: .started, of: run)
      rig.runtime.emit(run, .attention(id: "q1", question: "Go on?", options: [], kind: "question"))
      try await rig.wait(for: .attention, of: run)
      rig.store.failCommits(with: full)
      await #expect(throws: Problem.self) {
        try await rig.orchestrator.answer(run, attentionId: "q1", answer: "yes", by: rig.human)
      }
      rig.store.failCommits(with: nil)
      let events = try await rig.wait(for: .resolved, of: run)
      #expect(events.last?.data["answer"] == "yes" && rig.runtime.answers == ["yes"])
    }
  }

  @Test("A second cancel is not taken for done before the first is durable")
  func secondCancel() async throws {
    try await Rig.with { rig in
      let run = try await rig.dispatch()
      try await rig.wait(for: .started, of: run)
      rig.store.failCommits(with: full)
      for _ in 1...2 {
        await #expect(throws: Problem.self) {
          try await rig.orchestrator.cancel(run, reason: "full", force: false, by: rig.human)
        }
      }
      rig.store.failCommits(with: nil)
      try await rig.wait(for: .cancelRequested, of: run)
      #expect(try await rig.orchestrator.cancel(run, reason: "x", force: false, by: rig.human).cancellation != nil)
      #expect(rig.runtime.cancels.count == 1)
    }
  }

  @Test("An orchestrator that is told to end meanwhile ends")
  func ends() async throws {
    try await Rig.with { rig in
      let run = try await rig.dispatch()
      try await rig.wait(for: .started, of: run)
      rig.store.failCommits(with: full)
      rig.runtime.end(run, .succeeded)
    }
  }

  @Test("What is too large to be stored holds up nothing else; a patch is left out, and the end is on record")
  func tooLarge() async throws {
    try await Rig.with { rig in
      let run = try await rig.dispatch()
      let other = try await rig.dispatch("other")
      try await rig.wait(for: .started, of: other)
      rig.store.refuse { batch in
        batch.details.contains { $0.detail.patch?.count ?? 0 > 10 } ? Problem(.tooLarge, "Too large.") : nil
      }
      rig.runtime.setWorkspace(Workspace(path: "/tmp"))
      rig.runtime.setArtifacts(Artifacts(handoffNote: "x"), patch: "longer than ten bytes")
      rig.runtime.end(run, .succeeded)
      rig.runtime.emit(other, .output(stream: .stdout, text: "beside it", dropped: 0))
      let events = try await rig.wait(for: .succeeded, of: run)
      #expect(seqs(events) == (1...UInt64(events.count)).map { $0 })
      #expect(try await rig.store.detail(of: run).artifacts != nil)
      #expect(try await rig.store.detail(of: run).patch == nil)
    }
  }
}
