import Logging
import RunModel

/// How runs go through their lives: inputs to their machines, and the actions that follow.
extension Orchestrator {
  /// Feeds the machine and performs what it asks for.
  func apply(_ input: RunMachine.Input, to run: RunID) {
    guard live[run] != nil else { return }
    do {
      let actions = try live[run]?.machine.receive(input) ?? []
      perform(actions, on: run)
    } catch {
      environment.logger.error("illegal transition", metadata: ["run": "\(run)", "problem": "\(error)"])
    }
  }

  func perform(_ actions: [RunMachine.Action], on run: RunID) {
    for action in actions {
      switch action {
      case .start: start(run)
      case .recordCancelRequest:
        if let entry = cancelRequestEntry(for: run) { journal.note(entry) }
      case .recordStopSent: recordStopSent(run)
      case .stopAgent(let force): stopAgent(of: run, force: force)
      case .stopVerification: live[run]?.verification?.cancel()
      case .verify: verify(run)
      case .finish(let status, let reason): finish(run, as: status, reason: reason)
      }
    }
  }

  // MARK: Waiting and starting

  func enqueue(_ run: RunID) {
    guard let entry = live[run] else { return }
    if waits(of: run).isEmpty {
      blocked.remove(run)
      queue.insert(
        run, priority: entry.priority,
        demands: pool.demands(of: entry.contract, faults: entry.faults, at: environment.now()))
    } else {
      blocked.insert(run)
      for name in entry.contract.dependsOn {
        for name in Set([name, ContractID(name)?.description ?? name]) { dependents[name, default: []].insert(run) }
      }
    }
  }

  /// What else than a slot a queued run waits for.
  func waits(of run: RunID) -> [WaitReason] {
    guard let entry = live[run] else { return [] }
    return (entry.approval?.isPending == true ? [.approval] : []) + dependencies(of: entry.contract)
  }

  /// Puts on record what those of the runs wait for that wait for something else than was said last.
  func tellWaits(of runs: some Sequence<RunID>) {
    for run in runs {
      guard let entry = live[run], entry.machine.phase == .queued else { continue }
      let waits = waits(of: run)
      if !waits.isEmpty, entry.waitsFor.starts(with: waits.map(\.text)) { continue }
      let decision = Router.route(
        entry.contract, among: pool.candidates(for: entry.contract, faults: entry.faults, at: environment.now()),
        waits: waits)
      guard decision.waitsFor != entry.waitsFor else { continue }
      live[run]?.waitsFor = decision.waitsFor
      journal.note(
        JournalEntry([
          RunEvent(
            type: .waiting, run: run, time: environment.now(),
            data: ["waitsFor": .array(decision.waitsFor.map { .string($0) })])
        ]))
    }
  }

  /// The contracts that have to succeed before this one, and have not.
  func dependencies(of contract: Contract) -> [WaitReason] {
    contract.dependsOn.compactMap { name in
      let id = contractOfReference[name] ?? ContractID(name)
      let runs = id.flatMap { runsOfContract[$0] } ?? []
      let statuses = journal.read { board in runs.compactMap { board[$0]?.status } }
      if statuses.contains(.succeeded) { return nil }
      if !statuses.isEmpty, statuses.allSatisfy(\.isTerminal) {
        return .dependency(name, ended: statuses.last)
      }
      return .dependency(name)
    }
  }

  func schedule() {
    // What starts has to be on record, and cannot be while the store fails.
    guard !isShuttingDown, journal.outage == nil else { return }
    while let run = queue.first(where: pool.canStart) {
      queue.remove(run)
      apply(.startRequested, to: run)
    }
  }

  private func start(_ run: RunID) {
    guard var entry = live[run] else { return }
    let decision = Router.route(
      entry.contract, among: pool.candidates(for: entry.contract, faults: entry.faults, at: environment.now()))
    guard let id = decision.runtimeId, let runtime = pool[id] else {
      apply(.startFailed(reason: "No runtime could take it."), to: run)
      return
    }
    entry.runtime = id
    entry.instance = runtime
    entry.generation = pool.generation(of: id)
    live[run] = entry
    pool.takeSlot(id)
    let contract = entry.contract
    gate.expect()
    Task {  // ends with startTask; its outcome is an input of the run's machine
      defer { gate.expectNoMore() }
      do {
        let started = try await runtime.startTask(contract)
        let workspace = await self.workspace(of: started.runId, on: runtime)
        self.didStart(run, started, workspace, decision)
      } catch {
        self.journal.note(JournalEntry(audit: [self.routed(run, decision)]))
        await self.startDidFail(run, on: id, error)
      }
    }
  }

  private func routed(_ run: RunID, _ decision: RoutingDecision) -> AuditDraft {
    AuditDraft(
      "agent_run.routed", run: run, by: .system,
      data: ["decision": (try? JSONValue(parsing: decision.jsonBytes)) ?? .null],
      contract: live[run]?.contract.contractId, runtime: decision.runtimeId, time: environment.now())
  }

  func didStart(_ run: RunID, _ started: StartedTask, _ workspace: Workspace?, _ decision: RoutingDecision) {
    guard let id = live[run]?.runtime else { return }
    startDidSucceed(run, on: id)
    live[run]?.workspace = workspace
    live[run]?.isStarted = true
    if started.runId != run { live[run]?.nameThere = started.runId }
    let now = environment.now()
    let attempt = journal.read { $0[run]?.attempt } ?? 1
    var data: JSONObject = [
      "runtimeId": .string(id.rawValue), "runtimeSessionId": .string(started.runtimeSessionId),
      "attempt": .int(Int64(attempt)),
    ]
    if let workspace {
      data.append("worktree", .string(workspace.path))
      if let branch = workspace.branch { data.append("branch", .string(branch)) }
      if let base = workspace.base { data.append("base", .string(base)) }
    }
    var entry = JournalEntry([RunEvent(type: .started, run: run, time: now, data: data)])
    entry.audit = [
      routed(run, decision),
      AuditDraft(
        "agent_run.started", run: run, by: .system, before: .queued, after: .running, data: data,
        contract: live[run]?.contract.contractId, runtime: id, time: now),
    ]
    entry.details = [
      (run, StoredDetail(decision: decision.jsonBytes, start: Array(environment.machine.now().text.utf8)))
    ]
    journal.note(entry)
    environment.logger.info("run started", metadata: ["run": "\(run)", "runtime": "\(id)"])
    startTimeout(of: run, spent: .zero)
    apply(.started, to: run)
    gate.open(run, knownAs: started.runId) { pass($0, from: id) }
  }

  func startTimeout(of run: RunID, spent: Duration) {
    guard let seconds = live[run]?.contract.timeoutSeconds else { return }
    let left = max(.zero, .seconds(min(seconds, Contract.longestTimeout)) - spent)
    live[run]?.timeout = Task { [sleep = environment.sleep] in  // canceled when the run ends
      do { try await sleep(left) } catch { return }
      self.apply(.stopRequested(.timeout(seconds: seconds)), to: run)
    }
  }

  // MARK: Reports

  func handle(_ event: RuntimeEvent) {
    let run = event.runId
    guard let entry = live[run], let runtime = entry.runtime else { return }
    switch event.kind {
    case .attention: take(question: event, from: runtime)
    case .resolved(let id, let answer, let by):
      // A runtime that has a policy of its own need not have asked.
      guard entry.attention == id || by == Actor.policy.id else { return }
      if entry.attention == id { live[run]?.attention = nil }
      note(event, by: runtime, audit: [resolution(of: run, id, answer, by)])
    case .stopSent:
      // Once: an orchestrator before this one may have put it on record.
      if entry.stopSentAt == nil { apply(.stopSent, to: run) }
    case .ended(let end):
      live[run]?.end = end
      if end.outcome == .canceled, entry.machine.stop == nil, let seconds = entry.contract.timeoutSeconds {
        // Nobody asked: an orchestrator before this one stopped it at its limit.
        apply(.stopRequested(.timeout(seconds: seconds)), to: run)
      }
      apply(.agentEnded(end), to: run)
    case .changes(_, _, _, let paths?): watch(run, changing: paths)
    case .progress, .output, .outputCut, .tool, .usage, .plan, .changes, .custom: break
    }
  }

  func note(_ report: RuntimeEvent, by runtime: RuntimeID, audit: [AuditDraft] = []) {
    guard let record = RunEvent(report: report, by: runtime, at: environment.now()) else { return }
    var entry = JournalEntry([record], audit: audit)
    entry.position = report.position.map { (report.runId, $0) }
    journal.note(entry)
  }

  // MARK: Stopping

  /// The request as it goes on record; nil when no one asked (a time limit).
  func cancelRequestEntry(for run: RunID) -> JournalEntry? {
    guard let entry = live[run], case .cancel(let reason, let force)? = entry.machine.stop else { return nil }
    let actor = entry.canceledBy ?? .system
    let now = environment.now()
    return JournalEntry(
      [
        RunEvent(
          type: .cancelRequested, run: run, time: now,
          data: ["by": .string(actor.id), "reason": .string(reason), "force": .bool(force)])
      ],
      audit: [
        AuditDraft(
          "agent_run.cancel_requested", run: run, by: actor, before: journal.read { $0[run]?.status },
          data: ["force": .bool(force)], rationale: reason, contract: entry.contract.contractId,
          runtime: entry.runtime, time: now)
      ])
  }

  private func recordStopSent(_ run: RunID) {
    let now = environment.now()
    live[run]?.stopSentAt = now
    journal.note(
      JournalEntry(
        [RunEvent(type: .stopSent, run: run, time: now, data: ["stopSentAt": .string(now.description)])],
        audit: [
          AuditDraft(
            "agent_run.stop_sent", run: run, by: .system, contract: live[run]?.contract.contractId,
            runtime: live[run]?.runtime, time: now)
        ]))
  }

  private func stopAgent(of run: RunID, force: Bool) {
    guard let entry = live[run], let id = entry.runtime, let runtime = runtime(id, of: run) else { return }
    var reason = "canceled"
    if case .cancel(let asked, _)? = entry.machine.stop { reason = asked }
    if case .timeout? = entry.machine.stop { reason = "time limit" }
    let name = entry.nameThere ?? run
    Task { [reason] in  // ends with the call; the run's end comes as a report
      do {
        if force, let forceful = runtime as? any ForceCancelingRuntime {
          try await forceful.forceCancelTask(name, reason: reason)
        } else {
          try await runtime.cancelTask(name, reason: reason)
        }
      } catch let problem as Problem where problem.code == .notFound {
        self.apply(.lost(reason: "Its runtime does not know it any more."), to: run)
      } catch {
        self.environment.logger.error("cannot cancel", metadata: ["run": "\(run)", "error": "\(error)"])
      }
    }
  }
}
