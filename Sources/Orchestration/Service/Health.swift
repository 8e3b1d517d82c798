import Logging
import RunModel

/// How well the runtimes are: checked in the background, judged by their starts, told to whoever looks.
extension Orchestrator {
  /// Between two looks at what is due.
  private static let tick = Duration.seconds(5)
  /// Between two checks of a runtime that is well and cheap to check.
  private static let rest = Duration.seconds(10)
  /// An agent may take 20 s to start.
  private static let patience = Duration.seconds(60)
  /// Starts of one run that may fail for a reason of the runtime's though the runtime itself finds nothing wrong.
  private static let mostFailedStarts = 6
  /// Queued runs that are told anew what they wait for when that changes for all at once; of others it is worked out when
  /// somebody asks.
  private static let mostTold = 1000

  var machineNow: Duration { .milliseconds(environment.machine.now().milliseconds) }

  func watchHealth() async {
    var ticks = 0
    while !isShuttingDown {
      do { try await environment.sleep(Self.tick) } catch { return }
      ticks += 1
      if ticks.isMultiple(of: 2) { access.settleRefusals() }
      Task { await self.checkRuntimes() }  // a check that takes long keeps no other waiting; canceled by shutDown
    }
  }

  /// Checks what is due, and returns when that is through.
  package func checkRuntimes() async {
    let now = machineNow
    let due = pool.ids.filter { id in
      guard checks[id] == nil, let breaker = pool.breaker(of: id) else { return false }
      if breaker.phase != .closed { return breaker.isDue(at: now) }
      guard pool.checkable(id)?.isCheapToCheck ?? false || pool.registrations[id]?.complaint != nil else {
        return false
      }
      return checkedAt[id].map { now - $0 >= Self.rest } ?? true
    }
    await withDiscardingTaskGroup { group in
      for id in due { group.addTask { await self.look(at: id) } }
    }
    schedule()
  }

  /// A check, or, while it is well and a check costs more than a look, a look.
  private func look(at id: RuntimeID) async {
    guard pool.breaker(of: id)?.phase == .closed, !(pool.checkable(id)?.isCheapToCheck ?? false),
      let complaint = pool.registrations[id]?.complaint
    else {
      _ = await examine(id)
      return
    }
    let generation = pool.generation(of: id)
    checkedAt[id] = machineNow
    guard let found = await complaint(), pool.generation(of: id) == generation, !isShuttingDown else { return }
    let now = machineNow
    judge(id) { $0.checkFailed(found, at: now) }
  }

  /// What a check finds wrong; nil when it finds nothing. Whoever asks meanwhile gets the same answer.
  func examine(_ id: RuntimeID) async -> Problem? {
    if let check = checks[id] { return await check.value }
    guard let runtime = pool[id] else { return nil }
    let generation = pool.generation(of: id)
    let check = Task { () -> Problem? in  // canceled by shutDown, and when the runtime is replaced
      do {
        let found = try await self.within(Self.patience, "check") {
          if let checkable = runtime as? any CheckableRuntime { return try await checkable.check() }
          return RuntimeCheck(capabilities: try await runtime.getCapabilities())
        }
        self.didCheck(id, generation, found, nil)
        return nil
      } catch {
        let problem = error as? Problem ?? Problem(.unavailable, "\(error)")
        self.didCheck(id, generation, nil, problem)
        return problem
      }
    }
    checks[id] = check
    return await check.value
  }

  private func didCheck(_ id: RuntimeID, _ generation: Int, _ check: RuntimeCheck?, _ problem: Problem?) {
    guard !isShuttingDown, pool.generation(of: id) == generation else { return }
    checks[id] = nil
    checkedAt[id] = machineNow
    if let check, pool.take(check, of: id) { noteCapabilities(of: id) }
    let now = machineNow
    judge(id) { breaker in
      if let problem { breaker.checkFailed(problem.detail, at: now) } else { breaker.checkPassed(at: now) }
    }
    schedule()
  }

  /// Fails with a problem when the runtime does not answer in time.
  func within<Answer: Sendable>(
    _ patience: Duration, _ what: String, _ ask: @escaping @Sendable () async throws -> Answer
  ) async throws -> Answer {
    try await withThrowingTaskGroup(of: Answer.self) { group in
      group.addTask { try await ask() }
      group.addTask { [sleep = environment.sleep] in
        try await sleep(patience)
        throw Problem(
          .unavailable, "It did not answer its \(what) within \(patience.components.seconds) s. See what keeps it.")
      }
      defer { group.cancelAll() }
      guard let answer = try await group.next() else { throw CancellationError() }
      return answer
    }
  }

  /// Lets a runtime's breaker see something, and puts on record what has changed by it.
  func judge(_ id: RuntimeID, _ change: (inout Breaker) -> Void) {
    guard pool.update(id, at: machineNow, environment.now(), change), let summary = pool.summary(of: id) else { return }
    let reason = summary.healthReason
    var data: JSONObject = ["runtimeId": .string(id.rawValue)]
    if let reason { data.append("reason", .string(reason)) }
    data.append("breaker", (try? JSONValue(parsing: summary.breaker.jsonBytes)) ?? .null)  // our own JSON parses
    note(
      reason == nil ? .runtimeRegistered : .runtimeDegraded,
      audit: reason == nil ? "agent_runtime.recovered" : "agent_runtime.degraded", of: id, data, why: reason)
    if let reason {
      environment.logger.warning("runtime degraded", metadata: ["runtime": "\(id)", "reason": "\(reason)"])
    } else {
      environment.logger.info("runtime is well again", metadata: ["runtime": "\(id)"])
    }
    tellWaitsOfQueued()
  }

  func note(_ type: EventType, audit: String?, of id: RuntimeID, _ data: JSONObject, why: String? = nil) {
    let now = environment.now()
    let drafts = audit.map { [AuditDraft($0, on: .runtime(id), by: .system, data: data, rationale: why, time: now)] }
    journal.note(
      JournalEntry(
        [RunEvent(source: RunEvent.source(of: id), type: type, run: nil, time: now, data: data)], audit: drafts ?? []))
  }

  func tellWaitsOfQueued() {
    let queued = live.lazy.filter { $0.value.machine.phase == .queued }.map(\.key).prefix(Self.mostTold)
    tellWaits(of: Array(queued))
  }

  private func noteCapabilities(of id: RuntimeID) {
    guard let summary = pool.summary(of: id) else { return }
    note(
      .runtimeRegistered, audit: nil, of: id,
      [
        "runtimeId": .string(id.rawValue), "kind": .string(summary.kind),
        "capabilities": (try? JSONValue(parsing: summary.capabilities.jsonBytes)) ?? .null,  // our own JSON parses
        "reason": "its capabilities have changed",
      ])
    requeue()
  }

  /// Puts what waits where it belongs now that other runtimes can be had.
  func requeue() {
    for (run, entry) in live where entry.machine.phase == .queued { enqueue(run) }
  }

  // MARK: Starts

  func startDidSucceed(_ run: RunID, on id: RuntimeID) {
    guard live[run]?.generation == pool.generation(of: id) else { return }
    judge(id) { $0.startSucceeded() }
  }

  /// Finds out whether the runtime or the contract is at fault: for the one the run waits, for the other it fails.
  func startDidFail(_ run: RunID, on id: RuntimeID, _ error: any Error) async {
    let reason = (error as? Problem)?.detail ?? "\(error)"
    guard let entry = live[run] else { return }
    guard entry.instance is any CheckableRuntime, entry.machine.stop == nil, !isShuttingDown else {
      judge(id) { $0.startRefused() }
      return apply(.startFailed(reason: reason), to: run)
    }
    var finding: Problem?
    if entry.generation == pool.generation(of: id) {
      pool.suspect(id)
      finding = await examine(id)
      pool.suspectNoMore(id)
    }
    defer { schedule() }
    guard live[run] != nil else { return }
    // What failed under settings that are no more says nothing of those that are.
    if finding != nil || entry.generation != pool.generation(of: id) { return deferStart(of: run) }
    let isOurs = (error as? Problem).map { $0.code == .unavailable || $0.code == .internal } ?? true
    guard isOurs else {
      judge(id) { $0.startRefused() }
      return apply(.startFailed(reason: reason), to: run)
    }
    let now = machineNow
    judge(id) { $0.startFailed(reason, at: now) }
    let failed = entry.failedStarts + 1
    live[run]?.failedStarts = failed
    guard failed >= Self.mostFailedStarts else { return deferStart(of: run) }
    apply(.startFailed(reason: "It could not be started in \(failed) attempts: \(reason)"), to: run)
  }

  private func deferStart(of run: RunID) {
    apply(.startDeferred, to: run)
    guard let entry = live[run], entry.machine.phase == .queued else { return }  // a cancel has ended it
    live[run]?.runtime = nil
    live[run]?.instance = nil
    leave(entry)
    enqueue(run)
    tellWaits(of: [run])
  }
}
