import Logging
import RunModel

/// What an earlier orchestrator left, however it ended, and how it is gone on with.
extension Orchestrator {
  /// Takes up the runs that have not ended.
  func takeUp() async throws {
    for run in journal.read({ $0.runs }) {
      runsOfContract[run.contractId, default: []].append(run.runId)
      if let reference = run.externalRef { contractOfReference[reference] = run.contractId }
      guard !run.status.isTerminal else {
        pool.count(run)
        if run.uncommitted != nil || run.proof?.uncommitted != nil { keepLater(run.runId, tries: true) }
        continue
      }
      guard let stored = try await environment.store.contract(run.contractId) else {
        environment.logger.error("a run has no contract", metadata: ["run": "\(run.runId)"])
        continue
      }
      var contract = try Contract(json: try JSONValue(parsing: stored))
      contract.runId = run.runId
      contract.runtime = run.pin ?? contract.runtime
      live[run.runId] = Live(
        machine: RunMachine(
          phase: run.status == .queued ? .queued : .working, hasVerification: !contract.verify.isEmpty),
        contract: contract, priority: run.priority, runtime: nil,
        stopSentAt: run.cancellation?.stopSentAt, attention: run.attention?.attentionId,
        remembered: run.remembered, approval: run.approval,
        waitsFor: run.waitsFor)
      if run.status == .queued { try await takeUpQueued(run, contract) }
      if run.status == .running { try await takeUpRunning(run, contract) }
    }
  }

  private func takeUpQueued(_ run: Run, _ contract: Contract) async throws {
    let hasStarted = try await takeUpStart(of: run, contract)
    if !hasStarted, let rejection = run.approval?.rejection {
      // What follows a rejection was not on record yet, and nothing else holds the run back.
      live[run.runId]?.canceledBy = Actor(.human, rejection.by)
      return try stop(run.runId, .cancel(reason: rejection.why, force: false))
    }
    if !hasStarted {
      requestApproval(of: run.runId)
      enqueue(run.runId)
    }
    guard let cancellation = run.cancellation else { return }
    live[run.runId]?.canceledBy = Actor(.human, cancellation.by)
    try stop(run.runId, .cancel(reason: cancellation.reason, force: cancellation.force))
  }

  private func takeUpRunning(_ run: Run, _ contract: Contract) async throws {
    // Who changes what is seen again with the first look at each worktree.
    if !run.conflicts.isEmpty { noteConflicts(.init(), of: run.runId) }
    // What it was told before it is taken up decides how it has ended, should it have.
    var actions: [RunMachine.Action] = []
    if let cancellation = run.cancellation {
      live[run.runId]?.canceledBy = Actor(.human, cancellation.by)
      let stop = RunMachine.Stop.cancel(reason: cancellation.reason, force: cancellation.force)
      actions = try live[run.runId]?.machine.receive(.stopRequested(stop)) ?? []
    }
    await adopt(run, contract)
    // Its request is on record already; what it asks for is done again.
    if case .ended? = live[run.runId]?.machine.phase { return }
    perform(actions.filter { $0 != .recordCancelRequest }, on: run.runId)
  }

  /// Stops a run whose request is on record.
  private func stop(_ run: RunID, _ stop: RunMachine.Stop) throws {
    let actions = try live[run]?.machine.receive(.stopRequested(stop)) ?? []
    perform(actions.filter { $0 != .recordCancelRequest }, on: run)
  }

  /// Asks for the consent that a run queued under another configuration was not asked for.
  private func requestApproval(of run: RunID) {
    guard let entry = live[run], entry.approval == nil,
      let approval = environment.approvals.request(for: entry.contract, by: .system, at: environment.now())
    else { return }
    live[run]?.approval = approval
    journal.note(approvalRequest(approval, for: run, entry.contract, by: .system))
  }

  /// A start that was under way when the last orchestrator ended and is not on record: the runtime's folders tell.
  private func takeUpStart(of run: Run, _ contract: Contract) async throws -> Bool {
    for id in pool.ids where contract.runtime == nil || contract.runtime == id {
      guard let runtime = pool[id] as? any AdoptingRuntime else { continue }
      var started = run
      started.runtimeId = id
      gate.expect()
      defer { gate.expectNoMore() }
      do {
        guard try await runtime.hasBegun(run.runId),
          try await runtime.adopt(contract, run: started, Adoption())
        else { continue }
      } catch {
        // What cannot be read is one run's misfortune, and no reason for all others not to be taken up.
        environment.logger.error("a start cannot be taken up", metadata: ["run": "\(run.runId)", "error": "\(error)"])
        continue
      }
      _ = try live[run.runId]?.machine.receive(.startRequested)
      live[run.runId]?.runtime = id
      live[run.runId]?.instance = runtime
      live[run.runId]?.generation = pool.generation(of: id)
      pool.takeSlot(id)
      let workspace = await workspace(of: run.runId, on: runtime)
      didStart(
        run.runId, StartedTask(runId: run.runId, runtimeSessionId: "taken up"), workspace,
        RoutingDecision(runtimeId: id))
      return true
    }
    return false
  }

  private func adopt(_ run: Run, _ contract: Contract) async {
    await environment.verifier.endEarlier(of: run.runId)
    guard let id = run.runtimeId, let runtime = pool[id] else {
      apply(.lost(reason: "Its runtime \(run.runtimeId?.rawValue ?? "") is not configured any more."), to: run.runId)
      return
    }
    live[run.runId]?.runtime = id
    live[run.runId]?.instance = runtime
    live[run.runId]?.generation = pool.generation(of: id)
    live[run.runId]?.isStarted = true
    pool.takeSlot(id)
    gate.open(run.runId, reported: await reportedBefore(run)) { pass($0, from: id) }
    let (adoption, start) = await known(of: run)
    do {
      guard let adopting = runtime as? any AdoptingRuntime,
        try await adopting.adopt(contract, run: run, adoption)
      else {
        let why =
          adoption.followsRestart
          ? "The machine was restarted while it was running" : "It was lost when the orchestrator stopped"
        apply(.lost(reason: "\(why); r runs it again."), to: run.runId)
        return
      }
    } catch {
      apply(.lost(reason: "It could not be taken up again: \(error)"), to: run.runId)
      return
    }
    live[run.runId]?.workspace = await workspace(of: run.runId, on: runtime)
    startTimeout(of: run.runId, spent: spent(since: start, run.startedAt))
  }

  /// What is stored of a live run beside its fold.
  private func known(of run: Run) async -> (Adoption, start: MachineTime?) {
    do {
      let detail = try await environment.store.detail(of: run.runId)
      let start = detail.start.flatMap { MachineTime(text: String(decoding: $0, as: UTF8.self)) }
      let position = detail.position.flatMap { ReportPosition(text: String(decoding: $0, as: UTF8.self)) }
      return (Adoption(position: position, followsRestart: environment.machine.hasRestarted(since: start?.boot)), start)
    } catch {
      environment.logger.error("no detail", metadata: ["run": "\(run.runId)", "error": "\(error)"])
      return (Adoption(), nil)
    }
  }

  /// How long a run has been going: by the clock that nobody can set, else by the one that they can.
  private func spent(since start: MachineTime?, _ startedAt: Timestamp?) -> Duration {
    let now = environment.machine.now()
    if let start, start.boot == now.boot { return max(.zero, .milliseconds(now.milliseconds - start.milliseconds)) }
    return max(.zero, startedAt.map { environment.now() - $0 } ?? .zero)
  }

  /// What an earlier orchestrator was told of the run; its latest events are enough to see.
  private func reportedBefore(_ run: Run) async -> ReportedKinds {
    do {
      let events = try await environment.store.lastEvents(
        of: run.runId, after: run.firstSeq - 1, through: run.lastSeq, limit: 500, bytes: Bounds.tail)
      return events.reduce(into: []) { $0.formUnion(ReportedKinds($1.type)) }
    } catch {
      environment.logger.error("no events", metadata: ["run": "\(run.runId)", "error": "\(error)"])
      return []
    }
  }
}
