import Logging
package import RunModel

/// How long after a run's end each kind of what it left may go by itself; nil: never.
package struct RetentionPolicy: Sendable, Equatable {
  package var ages: [CollectedKind: Duration]
  /// Merged branches go with their worktrees.
  package var branches: Bool

  package init(ages: [CollectedKind: Duration] = [:], branches: Bool = false) {
    self.ages = ages
    self.branches = branches
  }

  /// What a person's clean-up takes where neither they nor the configuration say anything.
  package static let usual = Duration.seconds(30 * 86_400)
}

/// Retention: what ended runs have left is removed when it is old, and nothing that somebody may still want.
extension Orchestrator {
  /// Throws `.conflict` while another clean-up is under way.
  package func collect(_ request: CollectionRequest, by actor: Actor) async throws -> CollectionReport {
    var ages: [CollectedKind: Duration] = [:]
    for kind in CollectedKind.allCases {
      ages[kind] = request.olderThan ?? environment.retention.ages[kind] ?? RetentionPolicy.usual
    }
    return try await collect(
      ages: ages, dryRun: request.dryRun, branches: request.branches, unmerged: request.unmerged,
      unknown: request.unknown, by: actor)
  }

  /// As the configuration says; nil when it lets nothing go.
  package func collectByPolicy() async throws -> CollectionReport? {
    let policy = environment.retention
    if policy.ages.isEmpty { return nil }
    return try await collect(
      ages: policy.ages, dryRun: false, branches: policy.branches, unmerged: false, unknown: false, by: .system)
  }

  private func collect(
    ages: [CollectedKind: Duration], dryRun: Bool, branches: Bool, unmerged: Bool, unknown: Bool, by actor: Actor
  ) async throws -> CollectionReport {
    guard let store = environment.store as? any RetentionStore else {
      throw Problem(.unavailable, "This store keeps everything; nothing can be removed.")
    }
    guard !isShuttingDown else { throw Problem(.unavailable, "The orchestrator is shutting down.") }
    guard !isCollecting else { throw Problem(.conflict, "Another clean-up is under way. Try again when it is done.") }
    isCollecting = true
    defer { isCollecting = false }
    if !dryRun { try await finishRemovals(in: store, by: actor) }
    var cleanUp = CleanUp(
      ages: ages, dryRun: dryRun, branches: branches, unmerged: unmerged, now: environment.now(),
      marks: try await store.marks(), report: CollectionReport(dryRun: dryRun))
    cleanUp.note(runs: journal.read { $0.runs }, liveContracts: try dependencies())
    for run in cleanUp.candidates {
      if isShuttingDown { break }
      try await collectFolders(of: run, &cleanUp, in: store, by: actor)
    }
    try await collectStrangers(&cleanUp, wanted: unknown, in: store, by: actor)
    try await collectEvents(&cleanUp, in: store, by: actor)
    try await collectAnswers(&cleanUp, in: store, by: actor)
    cleanUp.report.firstSeq = try await store.firstSeq()
    if !dryRun, cleanUp.report.bytes > 0 || !cleanUp.report.items.isEmpty {
      environment.logger.notice(
        "collected",
        metadata: [
          "items": "\(cleanUp.report.items.count)", "bytes": "\(cleanUp.report.bytes)", "by": "\(actor.id)",
        ])
    }
    return cleanUp.report
  }

  /// The contracts and references that live runs wait for.
  private func dependencies() throws -> Set<ContractID> {
    var needed: Set<ContractID> = []
    for run in live.values {
      for name in run.contract.dependsOn {
        if let id = contractOfReference[name] ?? ContractID(name) { needed.insert(id) }
      }
    }
    return needed
  }

  /// What was begun when the last orchestrator ended is brought to its end.
  private func finishRemovals(in store: any RetentionStore, by actor: Actor) async throws {
    for (id, mark) in try await store.marks() where !mark.removals.cutShort.isEmpty {
      for kind in mark.removals.cutShort {
        do {
          if let run = journal.read({ $0[id] }) {
            try await remove(kind, of: run, evenUnmerged: true, isBegun: true, in: store, by: actor)
          } else if let runtime = await keeper(of: id) {
            try await remove(kind, of: id, runtime, evenUnmerged: false, isBegun: true, in: store, by: actor)
          }
        } catch {
          environment.logger.error(
            "a removal stays cut short", metadata: ["run": "\(id)", "kind": "\(kind.rawValue)", "error": "\(error)"])
        }
      }
    }
  }

  /// The runtime that has something left of a run which the store does not know.
  private func keeper(of run: RunID) async -> (any CollectableRuntime)? {
    for id in pool.ids {
      guard let runtime = pool[id] as? any CollectableRuntime else { continue }
      if await runtime.strangers(unlessKnown: { $0 != run }).contains(where: { $0.run == run }) { return runtime }
    }
    return nil
  }

  // MARK: Folders and branches

  private func collectFolders(
    of run: Run, _ cleanUp: inout CleanUp, in store: any RetentionStore, by actor: Actor
  ) async throws {
    guard let id = run.runtimeId, let runtime = pool[id] as? any CollectableRuntime else { return }
    let remains: Remains
    do { remains = try await runtime.remains(of: run.runId) } catch {
      cleanUp.keep(.worktree, of: run, run.worktree ?? "its folders", "they cannot be looked at: \(error)")
      return
    }
    var worktreeIsGone = remains.worktree == nil
    if let part = remains.worktree, cleanUp.isDue(.worktree, run) {
      if let holder = cleanUp.holder(of: run, live: live) {
        cleanUp.keep(.worktree, of: run, part, holder)
      } else if let obstacle = part.obstacle, !(cleanUp.unmerged && obstacle.isUnmerged) {
        cleanUp.keep(.worktree, of: run, part, obstacle.text)
      } else {
        worktreeIsGone = try await collect(
          .worktree, of: run, part, "clean, and its work is \(part.obstacle == nil ? "merged" : "on its branch")",
          &cleanUp, in: store, by: actor)
      }
    }
    if cleanUp.branches, let part = remains.branch, cleanUp.isDue(.worktree, run) {
      if !worktreeIsGone {
        cleanUp.keep(.branch, of: run, part, "its worktree stays")
      } else if let holder = cleanUp.holder(of: run, live: live) {
        cleanUp.keep(.branch, of: run, part, holder)
      } else if let obstacle = part.obstacle {
        cleanUp.keep(.branch, of: run, part, obstacle.text)
      } else {
        _ = try await collect(.branch, of: run, part, "its work is merged", &cleanUp, in: store, by: actor)
      }
    }
    if let part = remains.output, cleanUp.isDue(.output, run) {
      if let obstacle = part.obstacle {
        cleanUp.keep(.output, of: run, part, obstacle.text)
      } else if let unread = cleanUp.unread(run) {
        cleanUp.keep(.output, of: run, part, unread)
      } else {
        _ = try await collect(
          .output, of: run, part, "it ended on \((run.endedAt ?? run.lastEventAt).day)", &cleanUp, in: store,
          by: actor)
      }
    }
  }

  /// True when it is gone, or would be.
  private func collect(
    _ kind: CollectedKind, of run: Run, _ part: Remains.Part, _ reason: String, _ cleanUp: inout CleanUp,
    in store: any RetentionStore, by actor: Actor
  ) async throws -> Bool {
    var item = CollectionReport.Item(
      kind, run: run.runId, title: run.title, what: part.name, bytes: part.bytes, reason: reason)
    if cleanUp.marks[run.runId]?.removals.cutShort.contains(kind) == true {
      cleanUp.keep(kind, of: run, part, "an earlier removal was cut short and cannot be gone on with; the log says why")
      return false
    }
    if !cleanUp.dryRun {
      do {
        item.bytes = try await remove(
          kind, of: run, evenUnmerged: cleanUp.unmerged,
          isBegun: false, in: store, by: actor)
      } catch let problem as Problem {
        cleanUp.keep(kind, of: run, part, problem.detail)
        return false
      }
      cleanUp.marks[run.runId] = try await store.mark(of: run.runId)
    }
    cleanUp.report.items.append(item)
    return true
  }

  /// Intent, removal, record, done: cut short anywhere, the next clean-up goes on with it.
  @discardableResult
  private func remove(
    _ kind: CollectedKind, of run: Run, evenUnmerged: Bool, isBegun: Bool,
    in store: any RetentionStore, by actor: Actor
  ) async throws -> Int64 {
    guard let id = run.runtimeId, let runtime = pool[id] as? any CollectableRuntime else {
      throw Problem(.conflict, "its runtime is not configured any more")
    }
    return try await remove(
      kind, of: run.runId, runtime, contract: run.contractId, evenUnmerged: evenUnmerged, isBegun: isBegun, in: store,
      by: actor)
  }

  @discardableResult
  func remove(
    _ kind: CollectedKind, of run: RunID, _ runtime: any CollectableRuntime, contract: ContractID? = nil,
    evenUnmerged: Bool, isBegun: Bool, in store: any RetentionStore, by actor: Actor
  ) async throws -> Int64 {
    // As it is now: another kind's removal may have ended a moment ago.
    var removals = try await store.mark(of: run).removals
    removals.begun[kind] = environment.now()
    removals.done[kind] = nil
    try await store.mark(run, removals)
    let bytes: Int64
    do {
      bytes = try await runtime.remove(kind, of: run, evenUnmerged: evenUnmerged, isBegun: isBegun)
    } catch {
      // It looked again, and nothing was removed. After anything else the next clean-up goes on with it.
      if (error as? Problem)?.code == .conflict {
        removals.begun[kind] = nil
        try await store.mark(run, removals)
      }
      throw error
    }
    let now = environment.now()
    try await journal.record(
      JournalEntry(
        audit: [
          AuditDraft(
            "agent_run.collected", run: run, by: actor,
            data: ["kind": .string(kind.rawValue), "bytes": .int(bytes)], contract: contract,
            runtime: runtime.runtimeId, time: now)
        ]))
    removals.done[kind] = now
    try await store.mark(run, removals)
    return bytes
  }

  // MARK: Events and answers

  private func collectEvents(
    _ cleanUp: inout CleanUp, in store: any RetentionStore, by actor: Actor
  ) async throws {
    guard let cutoff = cleanUp.cutoff(.events) else { return }
    let first = try await store.firstSeq()
    var bound = (try await lastSeq(before: cutoff, from: first, in: store), "what follows is younger")
    if let holder = cleanUp.eventHolder(cutoff), holder.seq <= bound.0 { bound = (holder.seq - 1, holder.reason) }
    let last = try await store.lastSeq()
    let through = min(bound.0, last > 0 ? last - 1 : 0)
    guard through >= first else {
      if last > first, bound.0 < last {
        cleanUp.report.kept.append(
          .init(.events, what: "events from \(first) on", reason: bound.1))
      }
      return
    }
    let (count, bytes) = try await store.measureEvents(through: through)
    var item = CollectionReport.Item(
      .events, what: "\(count) events, \(first) to \(through)", bytes: bytes,
      reason: "of runs that ended before \(cutoff.day)")
    if !cleanUp.dryRun {
      var removed = 0
      while !isShuttingDown {
        let portion = try await store.removeEvents(through: through, limit: 2000)
        removed += portion
        if portion < 2000 { break }
        // Commits of what happens now go first.
        try await environment.sleep(.milliseconds(10))
      }
      if removed < count { item.what = "\(removed) of \(count) events, from \(first) on" }
      try await record(["kind": "events", "first": .int(Int64(first)), "count": .int(Int64(removed))], by: actor)
    }
    cleanUp.report.items.append(item)
    if bound.0 < last {
      cleanUp.report.kept.append(.init(.events, what: "events from \(through + 1) on", reason: bound.1))
    }
  }

  /// The last event before a time: events are in the order of time, but for a clock that was set.
  private func lastSeq(before cutoff: Timestamp, from first: UInt64, in store: any RetentionStore) async throws
    -> UInt64
  {
    var low = first
    var high = try await store.lastSeq() + 1
    while low < high {
      let middle = low + (high - low) / 2
      guard let stored = try await store.events(after: middle - 1, through: middle, run: nil, limit: 1).first else {
        break
      }
      if try RunEvent(parsing: stored.json).time <= cutoff { low = middle + 1 } else { high = middle }
    }
    return low - 1
  }

  private func collectAnswers(
    _ cleanUp: inout CleanUp, in store: any RetentionStore, by actor: Actor
  ) async throws {
    guard let cutoff = cleanUp.cutoff(.answers) else { return }
    let count = try await store.countAnswers(before: cutoff)
    guard count > 0 else { return }
    if !cleanUp.dryRun {
      var removed = 0
      while !isShuttingDown {
        let portion = try await store.removeAnswers(before: cutoff, limit: 1000)
        removed += portion
        if portion < 1000 { break }
        try await environment.sleep(.milliseconds(10))
      }
      try await record(["kind": "answers", "count": .int(Int64(removed))], by: actor)
    }
    cleanUp.report.items.append(
      .init(
        .answers, what: "\(count) answers to requests with a key", reason: "of requests before \(cutoff.day)"))
  }

  /// What was removed of the store, on the audit trail.
  private func record(_ data: JSONObject, by actor: Actor) async throws {
    try await journal.record(
      JournalEntry(
        audit: [AuditDraft("store.collected", on: .none, by: actor, data: data, time: environment.now())]))
  }

  // MARK: What others ask

  /// Somebody looks at how a run ended: a failed one that nobody has looked at is not collected.
  func noteSeen(_ run: Run) async {
    guard run.status.isTerminal, let store = environment.store as? any RetentionStore, seen.insert(run.runId).inserted
    else { return }
    do {
      if try await store.mark(of: run.runId).seen == nil { try await store.markSeen(run.runId, at: environment.now()) }
    } catch {
      // The run counts as unread a little longer.
      seen.remove(run.runId)
      environment.logger.debug("cannot mark as seen", metadata: ["run": "\(run.runId)", "error": "\(error)"])
    }
  }

  /// What is gone of a run.
  func collected(of run: Run) async throws -> Collected? {
    guard run.status.isTerminal, let store = environment.store as? any RetentionStore else { return nil }
    let done = try await store.mark(of: run.runId).removals.done
    var collected = Collected()
    collected.worktree = done[.worktree]
    collected.branch = done[.branch]
    collected.output = done[.output]
    collected.events = try await run.firstSeq < store.firstSeq()
    return collected.isEmpty ? nil : collected
  }

  package nonisolated func firstSeq() async throws -> UInt64 {
    guard let store = environment.store as? any RetentionStore else { return 1 }
    return try await store.firstSeq()
  }
}

extension Remains.Obstacle {
  var isUnmerged: Bool { if case .unmerged = self { true } else { false } }
}
