import Logging
package import RunModel

extension Actor {
  /// The rules that answer in people's place: those of the configuration, and what they said to remember.
  package static let policy = Actor(.routine, "policy")
}

/// What agents ask of people, what people say to agents, and what is answered in their place.
extension Orchestrator {
  // MARK: Questions

  /// Puts a question to a person, unless a rule answers it.
  func take(question report: RuntimeEvent, from id: RuntimeID) {
    let run = report.runId
    guard case .attention(let attentionId, let question, let options, let kind, let detail) = report.kind,
      let entry = live[run]
    else { return }
    // What people said of this run goes before what holds for all; the latest word first.
    let rules = Array(entry.remembered.reversed()) + (pool.registrations[id]?.permissions.rules ?? [])
    guard kind == "permission", let detail, entry.machine.stop == nil,
      let runtime = runtime(id, of: run) as? any AnswerableRuntime,
      let (option, rule) = PermissionPolicy(rules).answer(to: detail, options: options)
    else { return ask(report, id: attentionId, from: id) }
    let asked = Attention(
      attentionId: attentionId, question: question.bounded(Bounds.question), options: options, kind: kind,
      since: environment.now(), detail: detail.shown)
    let name = entry.nameThere ?? run
    Task {  // ends with the call
      do {
        try await runtime.answer(name, attentionId: attentionId, answer: option)
        var record = answered(run, asked, GivenAnswer(option), by: .policy, rule: rule)
        record.position = report.position.map { (run, $0) }
        journal.note(record)
      } catch {
        environment.logger.error("cannot answer by rule", metadata: ["run": "\(run)", "error": "\(error)"])
        ask(report, id: attentionId, from: id)
      }
    }
  }

  private func ask(_ report: RuntimeEvent, id: String, from runtime: RuntimeID) {
    guard live[report.runId] != nil else { return }
    live[report.runId]?.attention = id
    note(report, by: runtime)
  }

  package func answer(
    _ run: RunID, attentionId: String?, answer: String, remember: Bool, by actor: Actor
  ) async throws -> Run {
    let known = try known(run)
    guard let attention = known.attention, let entry = live[run], let id = entry.runtime else {
      throw Problem(.conflict, "Run \(run.shortName) waits for no answer.")
    }
    if let attentionId, attentionId != attention.attentionId {
      throw Problem(.conflict, "That question has been answered; run \(run.shortName) asks something else now.")
    }
    guard entry.attention == attention.attentionId else {
      throw Problem(.conflict, "That question is being answered by somebody else.")
    }
    guard let runtime = runtime(id, of: run) as? any AnswerableRuntime else {
      throw Problem(.conflict, "The runtime \(id) takes no answers.")
    }
    if !attention.options.isEmpty, !attention.options.contains(answer) {
      throw Problem(.invalid, "\"\(answer)\" is none of the options: \(attention.options.joined(separator: ", ")).")
    }
    let rule = remember ? try Self.rule(for: answer, to: attention, by: actor) : nil
    // Taken before the call, so that the runtime's own word of it is not recorded a second time.
    live[run]?.attention = nil
    do {
      try await runtime.answer(entry.nameThere ?? run, attentionId: attention.attentionId, answer: answer)
    } catch {
      // Unless it asks something else by now.
      if live[run]?.attention == nil { live[run]?.attention = attention.attentionId }
      throw error
    }
    if let rule { live[run]?.remembered.append(rule) }
    // The agent has it, whether or not that can be stored at once.
    journal.note(answered(run, attention, GivenAnswer(answer, remember: remember), by: actor, rule: rule))
    try await journal.flush()
    return try self.known(run)
  }

  /// Nil where the agent itself remembers: the option says so.
  private static func rule(
    for answer: String, to attention: Attention, by actor: Actor
  ) throws(Problem) -> PermissionRule? {
    guard let detail = attention.detail, let choice = attention.choice(of: answer), choice != .other else {
      throw Problem(.invalid, "Only leave to do something, or its refusal, can be remembered; this asks for neither.")
    }
    if choice.isForAlways { return nil }
    return PermissionRule.remembering(choice.allows ? .allow : .reject, detail, from: actor.id)
  }

  /// An answer as it goes on record. `rule`: the one that gave it, or the one that a person's answer makes.
  private func answered(
    _ run: RunID, _ attention: Attention, _ answer: GivenAnswer, by actor: Actor, rule: PermissionRule?
  ) -> JournalEntry {
    let now = environment.now()
    var data: JSONObject = [
      "attentionId": .string(attention.attentionId), "answer": .string(answer.text), "by": .string(actor.id),
    ]
    var audit: JSONObject = ["question": .string(attention.question), "answer": .string(answer.text)]
    if let choice = attention.choice(of: answer.text) { audit.append("choice", .string(choice.rawValue)) }
    for (name, value) in attention.detail?.members ?? [:] where name != "diff" && name != "choices" {
      audit.append(name, value)
    }
    if let rule {
      audit.append(answer.remember ? "remembered" : "rule", rule.json)
      if answer.remember {
        data.append("remember", rule.json)
      } else {
        // Nothing else tells what it was that has been allowed.
        data.append("question", .string(attention.question))
        for (name, value) in attention.detail?.members ?? [:] where name != "choices" { data.append(name, value) }
        data.append("rule", rule.json)
      }
    }
    return JournalEntry(
      [RunEvent(type: .resolved, run: run, time: now, data: data)],
      audit: [
        AuditDraft(
          "agent_run.answered", run: run, by: actor, data: audit, contract: live[run]?.contract.contractId,
          runtime: live[run]?.runtime, time: now)
      ])
  }

  /// An answer that a runtime reports, of itself or from a time before this orchestrator.
  func resolution(of run: RunID, _ id: String, _ answer: String, _ by: String) -> AuditDraft {
    let actor: Actor =
      switch by {
      case Actor.policy.id: .policy
      case "operator": Actor(.human, by)
      default: Actor(.agent, by)
      }
    let asked = journal.read { $0[run]?.attention }.flatMap { $0.attentionId == id ? $0 : nil }
    var data: JSONObject = ["attentionId": .string(id), "answer": .string(answer)]
    if let asked { data.append("question", .string(asked.question)) }
    if let choice = asked?.choice(of: answer) { data.append("choice", .string(choice.rawValue)) }
    return AuditDraft(
      "agent_run.answered", run: run, by: actor, data: data, contract: live[run]?.contract.contractId,
      runtime: live[run]?.runtime, time: environment.now())
  }

  // MARK: Messages

  package func message(
    _ run: RunID, text: String, idempotencyKey: String?, by actor: Actor
  ) async throws -> Run {
    let key = OnceKey(
      idempotencyKey, "message", JSONValue.array([.string(run.description), .string(text)]).jsonBytes)
    _ = try await once(key) { try await say(text, to: run, once: key, by: actor) }
    return try known(run)
  }

  private func say(_ text: String, to run: RunID, once key: OnceKey?, by actor: Actor) async throws -> [DispatchOutcome]
  {
    let known = try known(run)
    guard text.utf8.count <= Bounds.message else {
      throw Problem(.tooLarge, "A message may have \(Bounds.message >> 10) KiB; put what is longer into a file.")
    }
    guard !text.allSatisfy(\.isWhitespace) else { throw Problem(.invalid, "The message says nothing.") }
    let instead = "flightdeck message \(run.shortName) --follow-up TEXT"
    if known.status.isTerminal {
      throw Problem(
        .conflict,
        "Run \(run.shortName) has ended, so no session takes a message. Go on with a new run on its branch: \(instead)."
      )
    }
    guard let entry = live[run], let id = entry.runtime, entry.isStarted else {
      throw Problem(
        .conflict, "Run \(run.shortName) has not started: nobody is there yet to take a message. Send it once it runs.")
    }
    guard entry.machine.stop == nil else {
      throw Problem(.conflict, "Run \(run.shortName) is being canceled. Once it has ended: \(instead).")
    }
    guard entry.end == nil, let runtime = runtime(id, of: run) as? any ConversingRuntime else {
      let why =
        entry.end == nil
        ? "The runtime \(id) takes no messages while its agents work"
        : "The agent of run \(run.shortName) has done its part, and its verify commands run"
      throw Problem(.conflict, "\(why). Once the run has ended, go on with a new run on its branch: \(instead).")
    }
    try await runtime.send(text, to: entry.nameThere ?? run)
    let now = environment.now()
    let shown = JSONValue.string(TokenRedaction.tokens(in: text.bounded(Bounds.question)))
    // The agent has it, whether or not that can be stored at once.
    var record = JournalEntry(
      [RunEvent(type: .message, run: run, time: now, data: ["text": shown, "by": .string(actor.id)])],
      audit: [
        AuditDraft(
          "agent_run.messaged", run: run, by: actor, data: ["text": shown], contract: entry.contract.contractId,
          runtime: id, time: now)
      ])
    let outcome = DispatchOutcome(
      runId: run, contractId: known.contractId, title: known.title, status: known.status, runtimeId: id,
      decision: RoutingDecision())
    if let key { record.answer = (key.key, key.stored([outcome])) }
    journal.note(record)
    try await journal.flush()
    return [outcome]
  }
}
