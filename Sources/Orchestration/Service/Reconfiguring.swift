import Logging
package import RunModel

/// What becomes of one runtime when the configuration changes.
package enum RuntimeChange: Sendable {
  case add(Registration)
  /// Its settings are others: runs that go on keep theirs.
  case change(Registration)
  /// It takes no run any more, and goes when those that it has have ended.
  case remove(RuntimeID)

  var id: RuntimeID {
    switch self {
    case .add(let registration), .change(let registration): registration.runtime.runtimeId
    case .remove(let id): id
    }
  }

  /// `added local`.
  var words: String {
    switch self {
    case .add: "added \(id)"
    case .change: "changed \(id)"
    case .remove: "removed \(id)"
    }
  }
}

/// Runtimes that come, change and go while the orchestrator works.
extension Orchestrator {
  /// At the start: all of them, in their order.
  func registerAll(_ registrations: [Registration]) async {
    var found: [Int: (RuntimeCapabilities?, Problem?)] = [:]
    await withTaskGroup(of: (Int, RuntimeCapabilities?, Problem?).self) { group in
      for (index, registration) in registrations.enumerated() {
        group.addTask {
          let (capabilities, problem) = await self.capabilities(of: registration)
          return (index, capabilities, problem)
        }
      }
      for await (index, capabilities, problem) in group { found[index] = (capabilities, problem) }
    }
    for (index, registration) in registrations.enumerated() {
      let (capabilities, problem) = found[index] ?? (nil, nil)
      register(registration, capabilities, problem, audit: nil, why: nil)
    }
  }

  /// Takes the changes over, one after another. `later`: settings that have changed too and wait for the next start.
  package func reconfigure(_ changes: [RuntimeChange], later: [String], file: String) async {
    guard !isShuttingDown else { return }
    for change in changes {
      switch change {
      case .add(let registration):
        let (capabilities, problem) = await self.capabilities(of: registration)
        register(registration, capabilities, problem, audit: "agent_runtime.registered", why: "it was added to \(file)")
      case .change(let registration):
        let (capabilities, problem) = await self.capabilities(of: registration)
        let kept = live.values.count { $0.runtime == change.id && $0.instance != nil }
        let runs = kept == 0 ? "" : "; \(kept == 1 ? "1 run goes" : "\(kept) runs go") on as before"
        register(registration, capabilities, problem, audit: "agent_runtime.changed", why: "\(file) has changed\(runs)")
      case .remove(let id): remove(id, why: "it was removed from \(file)")
      }
      if isShuttingDown { return }
    }
    let wasBad = rejected != nil
    rejected = nil
    if !changes.isEmpty || !later.isEmpty || wasBad {
      noteConfiguration(
        .configurationApplied, "configuration.applied",
        [
          "file": .string(file), "changes": .array(changes.map { .string($0.words) }),
          "later": .array(later.map { .string($0) }),
        ])
    }
    guard !changes.isEmpty else { return }
    requeue()
    schedule()
    tellWaitsOfQueued()
    // New ones that are cheap to check are known to be well, or not, right away.
    await checkRuntimes()
  }

  /// A changed configuration cannot be read: all stays as it was, and whoever looks is told.
  package func rejectConfiguration(_ problem: String, file: String) {
    guard !isShuttingDown, rejected != problem else { return }
    rejected = problem
    environment.logger.warning("the configuration is not taken over", metadata: ["reason": "\(problem)"])
    noteConfiguration(
      .configurationRejected, "configuration.rejected", ["file": .string(file), "reason": .string(problem)])
  }

  private func noteConfiguration(_ type: EventType, _ audit: String, _ data: JSONObject) {
    let now = environment.now()
    journal.note(
      JournalEntry(
        [RunEvent(source: RunEvent.orchestrator, type: type, run: nil, time: now, data: data)],
        audit: [AuditDraft(audit, on: .none, by: .system, data: data, rationale: data["reason"]?.string, time: now)]))
  }

  private func capabilities(of registration: Registration) async -> (RuntimeCapabilities?, Problem?) {
    let runtime = registration.runtime
    do {
      return (try await within(.seconds(20), "capabilities") { try await runtime.getCapabilities() }, nil)
    } catch { return (nil, error as? Problem ?? Problem(.unavailable, "\(error)")) }
  }

  /// `problem`: why it did not say what it can; it is asked again.
  private func register(
    _ registration: Registration, _ capabilities: RuntimeCapabilities?, _ problem: Problem?, audit: String?,
    why: String?
  ) {
    guard !isShuttingDown else { return }
    let runtime = registration.runtime
    let id = runtime.runtimeId
    let old = (pool[id], pool.generation(of: id))
    checks.removeValue(forKey: id)?.cancel()
    checkedAt[id] = nil
    let capabilities = capabilities ?? RuntimeCapabilities(maxParallelTasks: 1)
    pool.add(registration, capabilities: capabilities)
    (runtime as? any PacedRuntime)?.pace { [journal] in await journal.room() }
    runtime.onEvent { [weak self] event in
      guard let self else { return }
      gate.receive(event) { self.pass($0, from: id) }
    }
    var data: JSONObject = ["runtimeId": .string(id.rawValue), "kind": .string(registration.kind)]
    data.append("capabilities", (try? JSONValue(parsing: capabilities.jsonBytes)) ?? .null)  // our own JSON parses
    if let why { data.append("reason", .string(why)) }
    note(.runtimeRegistered, audit: audit, of: id, data, why: why)
    if audit != nil { environment.logger.info("runtime registered", metadata: ["runtime": "\(id)"]) }
    if let problem {
      let now = machineNow
      judge(id) { $0.checkFailed(problem.detail, at: now) }
    }
    if let instance = old.0 { retire(instance, id, old.1) }
  }

  private func remove(_ id: RuntimeID, why: String) {
    guard let instance = pool[id] else { return }
    let generation = pool.generation(of: id)
    checks.removeValue(forKey: id)?.cancel()
    let isGone = pool.remove(id)
    var data: JSONObject = ["runtimeId": .string(id.rawValue), "reason": .string(why), "gone": .bool(isGone)]
    if !isGone, let used = pool.summary(of: id)?.slotsUsed { data.append("runs", .int(Int64(used))) }
    note(.runtimeLost, audit: "agent_runtime.removed", of: id, data, why: why)
    environment.logger.info("runtime removed", metadata: ["runtime": "\(id)"])
    retire(instance, id, generation)
  }

  /// A run has left its runtime.
  func leave(_ entry: Live) {
    guard let id = entry.runtime else { return }
    if pool.freeSlot(id) {
      note(
        .runtimeLost, audit: nil, of: id,
        ["runtimeId": .string(id.rawValue), "reason": "its last run has ended", "gone": true])
    }
    if let instance = entry.instance { retire(instance, id, entry.generation) }
  }

  /// Lets go of what was replaced or removed, once no run is its any more.
  private func retire(_ instance: any AgentRuntime, _ id: RuntimeID, _ generation: Int) {
    guard let retirable = instance as? any RetirableRuntime,
      pool[id] == nil || pool.generation(of: id) != generation,
      !live.values.contains(where: { $0.runtime == id && $0.generation == generation && $0.instance != nil })
    else { return }
    Task { await retirable.retire() }  // ends with the call
  }

  /// The runtime that has the run: as it was when it took it.
  func runtime(_ id: RuntimeID, of run: RunID) -> (any AgentRuntime)? { live[run]?.instance ?? pool[id] }
}
