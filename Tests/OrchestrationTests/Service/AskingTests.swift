import Orchestration
import RunModel
import TestSupport
import Testing

@Suite("Questions, answers and messages", .timeLimit(.minutes(20)))
struct AskingTests {
  private let options = ["Yes", "Always", "No"]
  private let detail = AttentionDetail(
    tool: .edit, title: "Edit src/a.swift", paths: ["src/a.swift"], diff: "-a\n+b\n",
    choices: [.allowOnce, .allowAlways, .rejectOnce])

  private func ask(_ id: String, _ detail: AttentionDetail) -> RuntimeEvent.Kind {
    .attention(id: id, question: "May I?", options: options, kind: "permission", detail: detail)
  }

  private func answers(of rig: Rig) async throws -> [AuditRecord] {
    let trail = try await rig.orchestrator.audit(after: 0, limit: 1000, run: nil)
    try AuditChain.verify(trail)
    return trail.compactMap(AuditRecord.init(json:)).filter { $0.eventType == "agent_run.answered" }
  }

  @Test("A person sees what is asked, and the answer is on the trail with what it allowed")
  func person() async throws {
    try await Rig.with { rig in
      let run = try await rig.dispatch()
      try await rig.wait(for: .started, of: run)
      rig.runtime.emit(run, ask("q1", detail))
      try await rig.wait(for: .attention, of: run)
      #expect(try await rig.run(run).attention?.detail == detail)
      _ = try await rig.orchestrator.answer(run, attentionId: "q1", answer: "No", remember: false, by: rig.human)
      let record = try #require(try await answers(of: rig).last)
      #expect(record.actorType == "human" && record.actorId == "ada")
      #expect(record.eventData["answer"] == "No" && record.eventData["choice"] == "reject_once")
      #expect(record.eventData["tool"] == "edit" && record.eventData["paths"] == ["src/a.swift"])
      #expect(record.eventData["diff"] == nil)
    }
  }

  @Test("A rule answers in a person's place: nobody is asked, the event and the trail say what was allowed and why")
  func policy() async throws {
    let rules = PermissionPolicy([
      PermissionRule(.allow, tools: [.edit], paths: ["src/**"]), PermissionRule(.reject, tools: [.delete]),
    ])
    try await Rig.with(permissions: rules) { rig in
      let run = try await rig.dispatch()
      try await rig.wait(for: .started, of: run)
      rig.runtime.emit(run, ask("q1", detail))
      let events = try await rig.wait(for: .resolved, of: run)
      #expect(!events.contains { $0.type == .attention })
      let resolved = try #require(events.last)
      #expect(resolved.data["by"] == "policy" && resolved.data["answer"] == "Yes" && resolved.data["tool"] == "edit")
      #expect(resolved.data["diff"] == "-a\n+b\n" && resolved.data["rule"] == rules.rules[0].json)
      #expect(rig.runtime.answers == ["Yes"])
      var other = detail
      other.tool = .delete
      rig.runtime.emit(run, ask("q2", other))
      try await rig.wait(for: .resolved, of: run, after: resolved.seq)
      #expect(rig.runtime.answers == ["Yes", "No"])
      let records = try await answers(of: rig)
      #expect(records.map(\.actorId) == ["policy", "policy"] && records.map(\.actorType) == ["routine", "routine"])
      #expect(records.map { $0.eventData["choice"] } == ["allow_once", "reject_once"])
      // What no rule covers, and what is no permission, is a person's.
      other.paths = ["Makefile"]
      other.tool = .edit
      rig.runtime.emit(run, ask("q3", other))
      try await rig.wait(for: .attention, of: run)
      #expect(try await rig.run(run).attention?.attentionId == "q3")
    }
  }

  @Test("A rule whose answer the agent does not take leaves the question to a person")
  func policyFails() async throws {
    try await Rig.with(permissions: PermissionPolicy([PermissionRule(.allow)])) { rig in
      rig.runtime.failAnswers(with: Problem(.conflict, "Nothing waits."))
      let run = try await rig.dispatch()
      try await rig.wait(for: .started, of: run)
      rig.runtime.emit(run, ask("q1", detail))
      try await rig.wait(for: .attention, of: run)
      rig.runtime.failAnswers(with: nil)
      _ = try await rig.orchestrator.answer(run, attentionId: "q1", answer: "Yes", by: rig.human)
      #expect(try await answers(of: rig).map(\.actorId) == ["ada"])
    }
  }

  @Test("What is remembered holds for the rest of the run, after a restart too, and for no other run")
  func remembered() async throws {
    let store = InMemoryRunStore()
    var ids: [RunID] = []
    var last: UInt64 = 0
    try await Rig.with(store: store) { rig in
      ids = [try await rig.dispatch("a"), try await rig.dispatch("b")]
      for id in ids { try await rig.wait(for: .started, of: id) }
      rig.runtime.emit(ids[0], ask("q1", detail))
      try await rig.wait(for: .attention, of: ids[0])
      let answered = try await rig.orchestrator.answer(
        ids[0], attentionId: "q1", answer: "Yes", remember: true, by: rig.human)
      #expect(answered.remembered.map(\.words) == ["allow edit in the worktree"])
      #expect(try await answers(of: rig).last?.eventData["remembered"]?["rememberedFrom"] == "ada")
      rig.runtime.emit(ids[1], ask("q1", detail))
      last = try #require(try await rig.wait(for: .attention, of: ids[1]).last).seq
    }
    try await Rig.with(store: store) { rig in
      rig.runtime.emit(ids[0], ask("q2", detail))
      let resolved = try #require(try await rig.wait(for: .resolved, of: ids[0], after: last).last)
      #expect(resolved.data["by"] == "policy" && resolved.data["rule"]?["rememberedFrom"] == "ada")
      // Kept with its detail, through the restart.
      #expect(try await rig.run(ids[1]).attention?.detail == detail)
    }
  }

  @Test("Always, as the agent does it, makes no rule here; what is no permission cannot be remembered")
  func notRemembered() async throws {
    try await Rig.with { rig in
      let run = try await rig.dispatch()
      try await rig.wait(for: .started, of: run)
      rig.runtime.emit(run, ask("q1", detail))
      try await rig.wait(for: .attention, of: run)
      let answered = try await rig.orchestrator.answer(
        run, attentionId: "q1", answer: "Always", remember: true, by: rig.human)
      #expect(answered.remembered.isEmpty)
      rig.runtime.emit(run, .attention(id: "q2", question: "Which?", options: ["a"], kind: "question"))
      while try await rig.run(run).attention == nil { await Task.yield() }
      await #expect(throws: Problem.self) {
        try await rig.orchestrator.answer(run, attentionId: "q2", answer: "a", remember: true, by: rig.human)
      }
      #expect(try await rig.run(run).attention != nil)
    }
  }

  @Test("A plan is kept on the run, bounded, through a restart")
  func plan() async throws {
    let store = InMemoryRunStore()
    var run = RunID(ULID(high: 0, low: 0))
    let plan = [PlanEntry("look", .completed), PlanEntry("do", .inProgress)]
    try await Rig.with(store: store) { rig in
      run = try await rig.dispatch()
      try await rig.wait(for: .started, of: run)
      rig.runtime.emit(run, .plan(plan))
      try await rig.wait(for: .plan, of: run)
      #expect(try await rig.run(run).plan == plan)
    }
    try await Rig.with(store: store) { rig in
      #expect(try await rig.run(run).plan == plan)
      rig.runtime.emit(run, .plan((0..<500).map { PlanEntry("\($0)") }))
      rig.runtime.end(run, .failed)
      try await rig.wait(for: .failed, of: run)
      #expect(try await rig.run(run).plan.count == Bounds.planEntries + 1)
    }
  }

  @Test("A message reaches the live session, is an event and on the trail, and is said once under one key")
  func message() async throws {
    try await Rig.with { rig in
      let run = try await rig.dispatch()
      try await rig.wait(for: .started, of: run)
      #expect(await rig.orchestrator.runtimes().first?.converses == true)
      for _ in 0..<2 {
        _ = try await rig.orchestrator.message(run, text: "Mind the tests", idempotencyKey: "k", by: rig.human)
      }
      #expect(rig.runtime.messages == ["Mind the tests"])
      let event = try #require(try await rig.wait(for: .message, of: run).last)
      #expect(event.data["text"] == "Mind the tests" && event.data["by"] == "ada")
      let trail = try await rig.orchestrator.audit(after: 0, limit: 100, run: run)
      let told = trail.compactMap(AuditRecord.init(json:)).filter { $0.eventType == "agent_run.messaged" }
      #expect(told.map(\.actorId) == ["ada"] && told.first?.eventData["text"] == "Mind the tests")
      await #expect(throws: Problem.self) {
        try await rig.orchestrator.message(run, text: "Another", idempotencyKey: "k", by: rig.human)
      }
      rig.runtime.failMessages(with: Problem(.conflict, "The session is closed."))
      await #expect(throws: Problem(.conflict, "The session is closed.")) {
        try await rig.orchestrator.message(run, text: "Lost", idempotencyKey: "l", by: rig.human)
      }
      let trailAfter = try await rig.orchestrator.audit(after: 0, limit: 100, run: run)
      #expect(trailAfter.count == trail.count)
    }
  }

  @Test("Where no session takes a message the error says what to do instead")
  func noSession() async throws {
    try await Rig.with(runtime: ScriptedRuntime(slots: 1)) { rig in
      let run = try await rig.dispatch()
      let queued = try await rig.dispatch("waits")
      try await rig.wait(for: .started, of: run)
      func refusal(_ run: RunID, _ text: String = "hello") async throws -> String {
        let problem = await #expect(throws: Problem.self) {
          try await rig.orchestrator.message(run, text: text, idempotencyKey: nil, by: rig.human)
        }
        return problem?.detail ?? ""
      }
      #expect(try await refusal(queued).contains("has not started"))
      #expect(try await refusal(run, " \n").contains("says nothing"))
      #expect(try await refusal(run, String(repeating: "x", count: Bounds.message + 1)).contains("256 KiB"))
      _ = try await rig.orchestrator.cancel(run, reason: "r", force: false, by: rig.human)
      #expect(try await refusal(run).contains("is being canceled"))
      rig.runtime.end(run, .canceled)
      try await rig.wait(for: .canceled, of: run)
      #expect(try await refusal(run).contains("flightdeck message \(run.shortName) --follow-up"))
      #expect(rig.runtime.messages.isEmpty)
    }
  }
}
