package import RunModel

/// Taking contracts in.
extension Orchestrator {
  /// A run to be, decided but not on record.
  struct Intended {
    var contract: Contract
    var decision: RoutingDecision
    /// Set for the same issue taken in before: its run, and whether it still waits and is to be updated.
    var existing: (run: RunID, isQueued: Bool)?
    /// What is wrong with its repository, by runtime that needs one.
    var faults: [RuntimeID: Problem] = [:]
    /// Why it cannot be taken in, in a tolerant dry run.
    var problem: Problem?
  }

  package func dispatch(_ request: DispatchRequest, by actor: Actor) async throws -> [DispatchOutcome] {
    let key = OnceKey(request.idempotencyKey, "dispatch", request.jsonBytes)
    return try await once(key) { try await takeIn(request, once: key, by: actor) }
  }

  /// Without a look at the request's own key: `once` is what is put on record.
  func takeIn(_ request: DispatchRequest, once key: OnceKey?, by actor: Actor) async throws -> [DispatchOutcome] {
    guard !isShuttingDown else { throw Problem(.unavailable, "The orchestrator is shutting down.") }
    guard !request.contracts.isEmpty else { throw Problem(.invalid, "There is no contract to dispatch.") }
    let total = request.contracts.count * request.count * max(1, request.runtimes.count)
    guard total <= 100_000 else {
      throw Problem(.tooLarge, "That makes \(total) runs; at most 100000 are taken in at once.")
    }
    let faults = await repositoryFaults(of: request)
    var intended: [Intended] = []
    let batchReferences = Set(request.contracts.compactMap(\.externalRef))
    for template in request.contracts {
      let found = faults[RepositoryPlace(template)] ?? [:]
      for _ in 0..<request.count {
        var contract = template
        contract.contractId = ContractID(environment.ids.next())
        contract.runId = nil
        contract.classify()
        contract.redact()
        for runtime in request.runtimes.isEmpty ? [template.runtime] : request.runtimes.map(Optional.some) {
          contract.runtime = runtime
          do {
            try checkDependencies(of: template, batch: batchReferences)
            intended.append(try plan(contract, faults: found))
          } catch let problem as Problem where request.dryRun && request.isTolerant {
            intended.append(Intended(contract: contract, decision: RoutingDecision(), problem: problem))
          }
        }
      }
    }
    if request.dryRun {
      return intended.map { item in
        let known = item.existing.flatMap { existing in journal.read { $0[existing.run] } }
        return DispatchOutcome(
          runId: known?.runId, contractId: known?.contractId, title: item.contract.title, status: known?.status,
          runtimeId: item.decision.runtimeId, decision: item.decision, problem: item.problem)
      }
    }
    return try await take(
      intended, retryOf: nil, by: actor, once: key, storeContracts: true)
  }

  /// A repository and a base in it, looked at once for each request.
  private struct RepositoryPlace: Hashable {
    var repository: String?
    var base: String?
    var needsPullRequest: Bool

    init(_ contract: Contract) {
      needsPullRequest = contract.requires.contains(.canCreatePR)
      repository = contract.repository
      base = contract.base
    }
  }

  /// What is wrong with the repositories of a request, for each runtime that needs one and that the contract could go to.
  /// Nothing is looked at for a contract that is pinned to a runtime without that need.
  private func repositoryFaults(of request: DispatchRequest) async -> [RepositoryPlace: [RuntimeID: Problem]] {
    var faults: [RepositoryPlace: [RuntimeID: Problem]] = [:]
    var looked: [RepositoryPlace: Set<RuntimeID>] = [:]
    for contract in request.contracts {
      guard let repository = contract.repository else { continue }
      let place = RepositoryPlace(contract)
      let asked = request.runtimes.isEmpty ? [contract.runtime].compactMap { $0 } : request.runtimes
      for (id, registration) in pool.registrations where asked.isEmpty || asked.contains(id) {
        // One that refuses the contract anyway needs no look.
        guard let inspect = registration.inspect, registration.refusal(contract) == nil,
          looked[place, default: []].insert(id).inserted
        else { continue }
        if let problem = await inspect(repository, contract.base) {
          faults[place, default: [:]][id] = problem
        } else if place.needsPullRequest, let runtime = registration.runtime as? any PullRequestRuntime,
          let obstacle = await runtime.pullRequestObstacle(in: repository)
        {
          faults[place, default: [:]][id] = Problem(.ineligible, "no pull request could be opened: \(obstacle)")
        }
      }
    }
    return faults
  }

  /// Decides where the contract would go now. Throws `.ineligible` when no runtime known could ever take it.
  func plan(_ contract: Contract, faults: [RuntimeID: Problem] = [:]) throws -> Intended {
    if let pinned = contract.runtime, pool[pinned] == nil {
      let known = pool.ids.map(\.rawValue)
      throw Problem(
        .ineligible,
        "There is no runtime \"\(pinned)\".\(Nearest.hint(for: pinned.rawValue, among: known)) Known: \(known.joined(separator: ", "))."
      )
    }
    // Whoever cannot look would take a mistaken repository for work.
    if contract.runtime == nil, let fault = faults.values.first(where: { $0.member != nil }) {
      throw Problem(.ineligible, "No runtime can take \"\(contract.title)\". \(fault.detail)", member: fault.member)
    }
    let candidates = pool.candidates(for: contract, faults: faults, at: environment.now())
    let obstacles = candidates.map { candidate in
      var healthy = candidate
      healthy.summary.health = .healthy
      return (candidate.summary.runtimeId, Router.obstacles(for: contract, at: healthy, among: candidates))
    }
    if obstacles.allSatisfy({ !$0.1.isEmpty }) {
      let why = obstacles.sorted { $0.0 < $1.0 }.filter { contract.runtime == nil || $0.0 == contract.runtime }
        .map { runtime, reasons in
          // Some are whole sentences.
          "\(runtime): \(reasons.map { $0.hasSuffix(".") ? String($0.dropLast()) : $0 }.joined(separator: ", "))"
        }.joined(separator: "; ")
      let member = faults.values.compactMap(\.member).min()
      throw Problem(
        .ineligible, "No runtime can take \"\(contract.title)\". \(why).", member: member
      )
    }
    let needsApproval = environment.approvals.request(for: contract, by: .system, at: environment.now()) != nil
    let waits = (needsApproval ? [.approval] : []) + dependencies(of: contract)
    var intended = Intended(
      contract: contract, decision: Router.route(contract, among: candidates, waits: waits), faults: faults)
    if let reference = contract.externalRef, let id = contractOfReference[reference],
      let run = runsOfContract[id]?.last(where: { run in
        contract.runtime == nil || journal.read { $0[run]?.pin } == contract.runtime
      })
    {
      intended.existing = (run, live[run]?.machine.phase == .queued)
    }
    return intended
  }

  private func checkDependencies(of contract: Contract, batch: Set<String>) throws {
    for name in contract.dependsOn where !batch.contains(name) {
      if name == contract.externalRef { throw Problem(.invalid, "\"\(contract.title)\" depends on itself.") }
      guard contractOfReference[name] != nil || ContractID(name).flatMap({ runsOfContract[$0] }) != nil else {
        throw Problem(
          .invalid,
          "\"\(contract.title)\" depends on \"\(name)\", which is neither a contract id nor a reference known here.")
      }
    }
  }

  /// Puts the runs on record, then in the queue.
  func take(
    _ intended: [Intended], retryOf old: Run?, by actor: Actor, once key: OnceKey?, storeContracts: Bool
  ) async throws -> [DispatchOutcome] {
    let now = environment.now()
    var record = JournalEntry()
    var outcomes: [DispatchOutcome] = []
    var taken: [(run: RunID, live: Live)] = []
    var storedContracts: Set<ContractID> = []
    var ahead: [RuntimeID: Int] = [:]
    var pins: [ContractID: Set<RuntimeID?>] = [:]
    for item in intended {
      if let id = item.contract.contractId { pins[id, default: []].insert(item.contract.runtime) }
    }
    let makesSeveral = intended.count { $0.existing == nil } > 1
    for var item in intended {
      if let existing = item.existing, old == nil {
        outcomes.append(update(existing, with: item, by: actor, at: now, in: &record))
        continue
      }
      guard let id = item.contract.contractId else { continue }
      if let chosen = item.decision.runtimeId {
        // Those of this batch that come before it take the free slots.
        if ahead[chosen, default: 0] >= pool.freeSlots(of: chosen) { item.decision.waitsFor = ["a slot on \(chosen)"] }
        ahead[chosen, default: 0] += 1
      }
      let run = RunID(environment.ids.next())
      var contract = item.contract
      contract.runId = run
      var data: JSONObject = [
        "contractId": .string(id.description), "title": .string(contract.title),
        "runtimeId": contract.runtime.map { .string($0.rawValue) } ?? .null, "priority": .int(Int64(contract.priority)),
      ]
      if let old {
        data.append("attempt", .int(Int64(old.attempt + 1)))
        data.append("retryOf", .string(old.runId.description))
      }
      if makesSeveral { data.append("batch", .string((taken.first?.run ?? run).description)) }
      if let reference = contract.externalRef { data.append("externalRef", .string(reference)) }
      if !contract.labels.isEmpty { data.append("labels", .array(contract.labels.map { .string($0) })) }
      if !item.decision.waitsFor.isEmpty {
        data.append("waitsFor", .array(item.decision.waitsFor.map { .string($0) }))
      }
      record.events.append(RunEvent(type: .queued, run: run, time: now, data: data))
      record.audit.append(
        AuditDraft(
          old == nil ? "agent_run.dispatched" : "agent_run.retried", run: run, by: actor, after: .queued, data: data,
          contract: id, runtime: contract.runtime, time: now))
      record.details.append((run, StoredDetail(decision: item.decision.jsonBytes)))
      if storeContracts, storedContracts.insert(id).inserted {
        var stored = item.contract
        if let pins = pins[id], pins.count > 1 {
          stored.runtime = nil  // each of its runs is pinned on its own
        }
        record.contracts.append(stored)
      }
      let approval = environment.approvals.request(for: contract, by: actor, at: now)
      if let approval {
        let request = approvalRequest(approval, for: run, contract, by: actor)
        record.events += request.events
        record.audit += request.audit
      }
      taken.append(
        (
          run,
          Live(
            machine: RunMachine(hasVerification: !contract.verify.isEmpty), contract: contract,
            priority: contract.priority, faults: item.faults, approval: approval,
            waitsFor: item.decision.waitsFor)
        ))
      outcomes.append(
        DispatchOutcome(
          runId: run, contractId: id, title: contract.title, status: .queued, runtimeId: item.decision.runtimeId,
          decision: item.decision))
    }
    if let key { record.answer = (key.key, key.stored(outcomes)) }
    try await journal.record(record)
    for (run, entry) in taken {
      let contract = entry.contract
      if let id = contract.contractId { runsOfContract[id, default: []].append(run) }
      if let reference = contract.externalRef { contractOfReference[reference] = contract.contractId }
      live[run] = entry
    }
    for item in taken { enqueue(item.run) }
    schedule()
    // What waited for the old run in vain waits for the new one.
    if let old { tellWaits(of: waiting(for: old)) }
    return outcomes
  }

  /// The same issue again: a run that still waits gets the new text, and none is made.
  private func update(
    _ existing: (run: RunID, isQueued: Bool), with item: Intended, by actor: Actor, at now: Timestamp,
    in record: inout JournalEntry
  ) -> DispatchOutcome {
    let known = journal.read { $0[existing.run] }
    if existing.isQueued, var waiting = live[existing.run], let id = waiting.contract.contractId {
      var contract = item.contract
      contract.contractId = id
      record.contracts.append(contract)
      let data: JSONObject = [
        "contractId": .string(id.description), "title": .string(contract.title),
        "runtimeId": contract.runtime.map { .string($0.rawValue) } ?? .null,
        "priority": .int(Int64(contract.priority)),
      ]
      record.events.append(RunEvent(type: .queued, run: existing.run, time: now, data: data))
      record.audit.append(
        AuditDraft("agent_run.updated", run: existing.run, by: actor, data: data, contract: id, time: now))
      // Consent was given to the old text.
      var old = waiting.contract
      old.runId = nil
      contract.runId = nil
      let isChanged = old != contract
      contract.runId = existing.run
      var asked = isChanged ? environment.approvals.request(for: contract, by: actor, at: now) : nil
      if isChanged, asked == nil, var approval = waiting.approval {
        approval.needed = 0
        asked = approval
      }
      if let asked {
        waiting.approval = asked
        let request = approvalRequest(asked, for: existing.run, contract, by: actor)
        record.events += request.events
        record.audit += request.audit
      }
      waiting.contract = contract
      waiting.faults = item.faults
      waiting.priority = contract.priority
      live[existing.run] = waiting
      enqueue(existing.run)
    }
    return DispatchOutcome(
      runId: existing.run, contractId: known?.contractId, title: item.contract.title, status: known?.status,
      runtimeId: known?.runtimeId, decision: item.decision)
  }
}
