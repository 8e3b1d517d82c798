package import Orchestration
package import RunModel
import Synchronization

/// How a run is started, followed, stopped and taken up again.
extension BridgeRuntime {
  // MARK: Starting

  func start(_ contract: Contract) async throws -> StartedTask {
    guard let run = contract.runId else { throw Problem(.internal, "The contract carries no run id.") }
    let isNew = state.withLock { state in
      guard state.runs[run] == nil else { return false }
      state.runs[run] = BridgeRun(run, name: run.description, linesPerSecond: configuration.linesPerSecond)
      state.names[run.description] = run
      state.starts += 1
      return true
    }
    guard isNew else { throw Problem(.conflict, "The run \(run) has been started already.") }
    do {
      let adapter = try await keeper.current()
      try records.write(.init(name: run.description), of: run)
      return try await start(contract, run, on: adapter)
    } catch {
      state.withLock { state in
        state.runs[run] = nil
        state.names = state.names.filter { $0.value != run }
        endStart(&state)
      }
      records.remove(run)
      throw (error as? BridgeFault)?.problem("startTask", of: runtimeId) ?? error
    }
  }

  private func start(_ contract: Contract, _ run: RunID, on adapter: AdapterKeeper.Adapter) async throws -> StartedTask
  {
    let answer = try await adapter.link.call(
      .startTask, BridgeParams([("contract", contract)]), run: run, limit: configuration.callLimit)
    guard let name = answer["runId"]?.string, !name.isEmpty, name.utf8.count <= 200 else {
      withdraw(run, from: adapter.link)
      throw AdapterDescription.wrong("startTask", "{runId, runtimeSessionId}", answer, runtimeId)
    }
    let workspace = answer["workspace"].flatMap(Workspace.init(bridged:))
    let isTaken = state.withLock { state in state.names[name].map { $0 != run } ?? false }
    guard !isTaken else {
      throw Problem(
        .unavailable,
        "The adapter of runtime \(runtimeId) answered startTask with the runId \"\(name)\", which is another run's.")
    }
    if name != run.description || workspace != nil {
      try records.write(.init(name: name, workspace: workspace), of: run)
    }
    let time = clock.now()
    state.withLock { state in
      guard var known = state.runs[run] else { return }
      known.name = name
      known.generation = adapter.generation
      known.workspace = workspace
      known.repository = contract.repository
      known.started()
      state.names[name] = run
      let held = state.held.removeValue(forKey: name) ?? []
      for event in held { outlet.send(known.take(event, at: time).map { RuntimeEvent(run, $0) }) }
      state.runs[run] = known
      endStart(&state)
      if known.isHinted { nudge(run, &state) }
      startTicking(&state)
    }
    let session = answer["runtimeSessionId"]?.string ?? ""
    return StartedTask(runId: run, runtimeSessionId: session.isEmpty ? name : session.bounded(200))
  }

  /// What was held for nobody is let go with the last start.
  private func endStart(_ state: inout State) {
    state.starts -= 1
    guard state.starts == 0 else { return }
    state.held = [:]
    state.heldCount = 0
    state.heldBytes = 0
  }

  /// Tells the adapter to end what was given up here.
  func withdraw(_ run: RunID, as name: String? = nil, from link: AdapterLink) {
    Task {  // ends with the call; nobody waits for what it comes to
      _ = try? await link.call(
        .cancelTask, BridgeParams(texts: ["runId": name ?? run.description, "reason": "its start was given up"]),
        limit: configuration.callLimit)
    }
  }

  // MARK: Following

  /// Has somebody look after the run's status soon.
  func nudge(_ run: RunID, _ state: inout State) {
    guard state.runs[run]?.phase == .running, !state.isEnded else { return }
    state.runs[run]?.wantsLook = true
    guard state.runs[run]?.isLooking == false else { return }
    state.runs[run]?.isLooking = true
    Task { await keepLooking(after: run) }  // ends when nothing more is wanted, or the runtime is ended
  }

  private func keepLooking(after run: RunID) async {
    while takeWish(for: run) { await look(after: run) }
  }

  private func takeWish(for run: RunID) -> Bool {
    state.withLock { state in
      guard state.runs[run]?.wantsLook == true, state.runs[run]?.phase == .running, !state.isEnded else {
        state.runs[run]?.isLooking = false
        return false
      }
      state.runs[run]?.wantsLook = false
      return true
    }
  }

  /// Asks the adapter how the run stands, waiting for a restart if there must be one.
  func look(after run: RunID) async {
    guard let known = state.withLock({ $0.runs[run] }), known.phase == .running,
      let adapter = await keeper.whenUp()
    else { return }
    do {
      let answer = try await adapter.link.call(
        .getStatus, BridgeParams(texts: ["runId": known.name]), run: run, limit: configuration.callLimit)
      switch BridgeStatus.read(answer) {
      case .unknownRun: await lose(run, adapter)
      case .wrong:
        throw AdapterDescription.wrong(
          "getStatus", "{status: queued|running|succeeded|failed|canceled, progress}", answer, runtimeId)
      case .known(let status): await take(status, of: run, from: adapter)
      }
    } catch let fault as BridgeFault where fault.code == BridgeFault.unknownRun {
      await lose(run, adapter)
    } catch let problem as Problem where problem.cause == BridgeCause.gone {
      // It is asked again when there is another.
    } catch {
      let problem = (error as? BridgeFault)?.problem("getStatus", of: runtimeId).detail ?? "\(error)"
      change(run) { $0.complain(problem) }
    }
  }

  private func take(_ status: BridgeStatus, of run: RunID, from adapter: AdapterKeeper.Adapter) async {
    var end: TaskEnd?
    change(run) { known in
      known.generation = adapter.generation
      let (reports, known) = known.take(status, now: now())
      end = known
      return reports
    }
    if let end { await conclude(run, end, from: adapter) }
  }

  /// The adapter does not know it.
  private func lose(_ run: RunID, _ adapter: AdapterKeeper.Adapter) async {
    guard let known = state.withLock({ $0.runs[run] }) else { return }
    var reason = "Its adapter does not know it any more."
    if known.isAdopted {
      reason = "Its adapter did not know it any more when the orchestrator was started again."
    } else if known.generation != adapter.generation, let end = await keeper.lastEnd {
      reason = "Its adapter had to be started again (\(end)) and does not know it any more."
    }
    await conclude(run, known.lost(reason), from: nil)
  }

  /// Fetches what the run has made and tells its end. `adapter` nil: there is nobody to ask.
  private func conclude(_ run: RunID, _ end: TaskEnd, from adapter: AdapterKeeper.Adapter?, limit: Duration? = nil)
    async
  {
    let known = state.withLock { state -> BridgeRun? in
      guard state.runs[run]?.beginEnding() == true else { return nil }
      return state.runs[run]
    }
    guard let known else { return }
    var artifacts: Artifacts?
    var patch: [UInt8] = []
    if let adapter {
      let limit = limit ?? configuration.callLimit
      do {
        artifacts = try await self.artifacts(of: known, from: adapter, limit: limit)
        patch = try await self.patch(of: known, from: adapter, limit: limit)
      } catch {
        let problem = (error as? Problem)?.detail ?? "\(error)"
        let remark = RuntimeEvent.Kind.custom(
          type: "artifacts_missing", data: ["message": .string(problem.bounded(Bounds.activity))])
        outlet.send(RuntimeEvent(run, remark))
      }
    }
    var end = end
    do { end.commit = try await commit(of: known) } catch {
      let problem = "its branch could not be looked at: \((error as? Problem)?.detail ?? "\(error)")"
      let remark = RuntimeEvent.Kind.custom(
        type: "commit_unknown", data: ["message": .string(problem.bounded(Bounds.activity))])
      outlet.send(RuntimeEvent(run, remark))
    }
    end.proof?.commit = end.commit
    records.remove(run)
    state.withLock { [end] state in
      guard var known = state.runs[run] else { return }
      outlet.send(known.finish(end, artifacts: artifacts, patch: patch).map { RuntimeEvent(run, $0) })
      state.runs[run] = known
      state.ended.append(run)
      state.endedBytes += known.weight
      forgetOld(&state)
    }
  }

  private func forgetOld(_ state: inout State) {
    while state.ended.count > BridgeBounds.endedRuns
      || (state.endedBytes > BridgeBounds.endedBytes && state.ended.count > 1)
    {
      guard let old = state.runs.removeValue(forKey: state.ended.removeFirst()) else { continue }
      state.endedBytes -= old.weight
      state.names[old.name] = nil
      state.names[old.run.description] = nil
    }
  }

  func artifacts(of run: BridgeRun, from adapter: AdapterKeeper.Adapter, limit: Duration) async throws -> Artifacts {
    do {
      let answer = try await adapter.link.call(
        .getArtifacts, BridgeParams(texts: ["runId": run.name]), run: run.run, limit: limit)
      let canCreatePR = adapter.description.capabilities.canCreatePR
      guard let artifacts = Artifacts(bridged: answer, canCreatePR: canCreatePR) else {
        throw AdapterDescription.wrong("getArtifacts", "{files_changed, diff_summary, …}", answer, runtimeId)
      }
      return artifacts
    } catch let fault as BridgeFault { throw fault.problem("getArtifacts", of: runtimeId) }
  }

  func patch(of run: BridgeRun, from adapter: AdapterKeeper.Adapter, limit: Duration) async throws -> [UInt8] {
    guard adapter.description.members.contains(.getPatch) else { return [] }
    do {
      let answer = try await adapter.link.call(
        .getPatch, BridgeParams(texts: ["runId": run.name]), run: run.run, limit: limit)
      guard let patch = answer.string ?? answer["patch"]?.string else {
        throw AdapterDescription.wrong("getPatch", "{patch: a text}", answer, runtimeId)
      }
      return Array(patch.utf8)
    } catch let fault as BridgeFault { throw fault.problem("getPatch", of: runtimeId) }
  }

  // MARK: Watching

  func startTicking(_ state: inout State) {
    guard !state.isTicking, !state.isEnded else { return }
    state.isTicking = true
    Task { await tick() }  // ends when no run is live, or the runtime is ended
  }

  private func tick() async {
    while let pause = step() { await clock.pause(pause) }
  }

  /// Looks after every live run now and then; nil when there is none.
  private func step() -> Duration? {
    let time = clock.now()
    var overdue: [(RunID, TaskEnd)] = []
    let pause = state.withLock { state -> Duration? in
      var pause = configuration.pollInterval
      var isAnyLive = false
      for (run, var known) in state.runs where known.isLive {
        isAnyLive = true
        outlet.send(known.due(at: time).map { RuntimeEvent(run, $0) })
        if known.cancel != nil || known.isHinted { pause = min(pause, Self.hurry) }
        if let end = known.unconfirmed(at: time, limit: configuration.cancelLimit) { overdue.append((run, end)) }
        state.runs[run] = known
        nudge(run, &state)
      }
      guard isAnyLive, !state.isEnded else {
        state.isTicking = false
        return nil
      }
      return pause
    }
    for (run, end) in overdue {
      Task {  // ends with the run
        let adapter = try? await keeper.current()  // without one there is nothing to ask for
        await conclude(run, end, from: adapter, limit: min(configuration.callLimit, .seconds(5)))
      }
    }
    return pause
  }

  /// Between two looks at a run that is about to end.
  private static let hurry = Duration.milliseconds(200)

  /// The adapter has ended, or could not be started.
  func adapterIsGone(_ reason: String, givesUp: Bool) {
    log.warn(reason)
    let live = state.withLock { $0.runs.values.filter { $0.phase == .running } }
    for run in live {
      change(run.run) { $0.complain(reason) }
      guard givesUp else { continue }
      Task { await conclude(run.run, run.lost("\(reason) It could not be started again."), from: nil) }
    }
  }

  // MARK: Stopping

  func cancel(_ run: RunID, reason: String, force: Bool) throws {
    _ = try find(run)
    let time = clock.now()
    let isNew = state.withLock { state in
      let isNew = state.runs[run]?.requestCancel(at: time, force: force) ?? false
      if isNew { startTicking(&state) }
      return isNew
    }
    guard isNew else { return }
    Task { await sendCancel(of: run, reason: reason, force: force) }  // ends with the call, or with the runtime
  }

  private func sendCancel(of run: RunID, reason: String, force: Bool) async {
    guard let adapter = await keeper.whenUp() else { return }
    var name: String?
    change(run) { known in
      guard known.isLive else { return [] }
      name = known.name
      return known.stopSent(at: now())
    }
    guard let name else { return }
    do {
      _ = try await adapter.link.call(
        .cancelTask, BridgeParams(["runId": .string(name), "reason": .string(reason), "force": .bool(force)]),
        run: run, limit: configuration.callLimit)
    } catch {
      let problem = (error as? BridgeFault)?.problem("cancelTask", of: runtimeId).detail ?? "\(error)"
      change(run) { $0.complain(problem) }
    }
    state.withLock { nudge(run, &$0) }
  }

  // MARK: Taking up

  package func hasBegun(_ run: RunID) async throws -> Bool {
    guard let record = try records.read(run) else { return false }
    let adapter = try await keeper.current()
    do {
      let answer = try await adapter.link.call(
        .getStatus, BridgeParams(texts: ["runId": record.name]), run: run, limit: configuration.callLimit)
      if case .known = BridgeStatus.read(answer) { return true }
    } catch is BridgeFault {
      // It does not know it, in whatever words.
    }
    records.remove(run)
    return false
  }

  package func adopt(_ contract: Contract, run: Run, _ adoption: Adoption) async throws -> Bool {
    let id = run.runId
    guard let record = try records.read(id) else { return false }
    state.withLock { state in
      guard state.runs[id] == nil else { return }
      var known = BridgeRun(id, name: record.name, linesPerSecond: configuration.linesPerSecond)
      known.workspace = record.workspace
      known.repository = contract.repository
      known.adopt(run)
      state.runs[id] = known
      state.names[id.description] = id
      state.names[record.name] = id
      // The adapter says whether it knows it.
      startTicking(&state)
    }
    return true
  }
}

extension BridgeRun {
  /// The end of one that its adapter does not know.
  fileprivate func lost(_ reason: String) -> TaskEnd {
    TaskEnd(
      cancel == nil ? .failed : .canceled, reason: reason,
      proof: cancel == nil ? nil : CancelProof(stopSentAt: cancel?.sentAt))
  }
}
