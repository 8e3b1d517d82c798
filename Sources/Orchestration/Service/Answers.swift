import Logging
package import RunModel
import Synchronization

/// What the orchestrator answers to those who ask.
extension Orchestrator: RunService {
  package nonisolated func lastSeq() async -> UInt64 { journal.ring.lastSeq }

  package nonisolated var outage: StoreOutage? { journal.outage }
  package nonisolated func storeID() async -> StoreID? { store }

  package func snapshot() -> Snapshot {
    let runtimes = pool.all
    let (runs, seq) = journal.read { ($0.runs, $0.seq) }
    var snapshot = Snapshot(store: store, seq: seq, runs: runs, runtimes: runtimes)
    snapshot.outage = journal.outage
    snapshot.configurationProblem = rejected
    return snapshot
  }

  package func runtimes() -> [RuntimeSummary] { pool.all }

  package func configurationProblem() -> String? { rejected }

  package nonisolated func runs(_ query: RunQuery) async -> RunPage {
    journal.read { board in
      var page = RunPage(runs: [])
      var index = board.runs.count
      if let before = query.before { index = board.place(of: before) ?? 0 }
      while index > 0 {
        index -= 1
        let run = board.runs[index]
        guard query.statuses.isEmpty || query.statuses.contains(run.status) else { continue }
        guard query.runtime == nil || query.runtime == run.runtimeId else { continue }
        if page.runs.count == query.limit {
          page.next = page.runs.last?.runId
          break
        }
        page.runs.append(run)
      }
      return page
    }
  }

  package nonisolated func resolve(_ text: String) async throws -> RunID {
    let found = journal.read { $0.runs(endingIn: text) }
    if found.count == 1, let run = found.first { return run.runId }
    if found.isEmpty {
      var hint = " flightdeck runs lists them."
      if text.count > 1, let last = text.last {
        let near = journal.read { $0.runs(endingIn: String(last)) }.prefix(5)
        if !near.isEmpty, Self.couldEndAnID(text) {
          hint = " Runs ending in \"\(last.uppercased())\": \(Self.names(near))."
        }
      }
      throw Problem(.notFound, "No run ends in \"\(text)\".\(hint)")
    }
    let more = found.count > 5 ? " and \(found.count - 5) more" : ""
    throw Problem(
      .notFound, "\(found.count) runs end in \"\(text)\": \(Self.names(found.prefix(5)))\(more). Give more of the id.")
  }

  /// Of a word that is no part of any id nothing is near.
  private static func couldEndAnID(_ text: String) -> Bool {
    text.utf8.count <= 26 && text.uppercased().allSatisfy("0123456789ABCDEFGHJKMNPQRSTVWXYZ".contains)
  }

  private static func names(_ runs: some Sequence<Run>) -> String {
    runs.map(\.runId.shortName).joined(separator: ", ")
  }

  func known(_ run: RunID) throws -> Run {
    guard let known = journal.read({ $0[run] }) else { throw Problem(.notFound, "There is no run \(run).") }
    return known
  }

  func contract(of run: Run) async throws -> Contract {
    guard let stored = try await environment.store.contract(run.contractId) else {
      throw Problem(.internal, "The store has no contract \(run.contractId).")
    }
    return try Contract(json: try JSONValue(parsing: stored))
  }

  package func detail(of run: RunID) async throws -> RunDetail {
    let known = try known(run)
    let contract = try await contract(of: known)
    var decision = RoutingDecision()
    var assessment: Assessment?
    if known.verdict != nil, let stored = try await environment.store.detail(of: run).artifacts {
      assessment = try JSONValue(parsing: stored)["evidence"]?["assessment"].flatMap(Assessment.init(json:))
    }
    if let waiting = live[run], waiting.runtime == nil {
      decision = Router.route(
        waiting.contract, among: pool.candidates(for: waiting.contract, faults: waiting.faults, at: environment.now()),
        waits: waits(of: run))
    } else if let stored = try await environment.store.detail(of: run).decision {
      decision = RoutingDecision(json: try JSONValue(parsing: stored))
    }
    var merge: String?
    // It is there to be copied into a shell: a name that is not what it looks like makes no command.
    if let branch = known.branch, !branch.hasPrefix("-"), branch.isPlainlyVisible, let repository = contract.repository,
      !repository.hasPrefix("-"), repository.isPlainlyVisible
    {
      merge = "git -C \(repository.quotedForShell) merge \(branch.quotedForShell)"
    }
    await noteSeen(known)
    var detail = RunDetail(
      run: known, contract: contract, decision: decision, mergeCommand: merge, assessment: assessment)
    if known.startedAt != nil, let id = known.runtimeId, let runtime = runtime(id, of: run) as? any LimitingRuntime {
      detail.limits = try await runtime.limits(of: run)
    }
    detail.collected = try await collected(of: known)
    // What is merged needs no command, and what is gone takes none.
    if detail.collected?.branch != nil { detail.mergeCommand = nil }
    return detail
  }

  package func artifacts(of run: RunID) async throws -> Artifacts {
    let known = try known(run)
    await noteSeen(known)
    if let stored = try await environment.store.detail(of: run).artifacts {
      return Artifacts(json: try JSONValue(parsing: stored))
    }
    guard !known.status.isTerminal, let entry = live[run], let id = entry.runtime, let runtime = runtime(id, of: run)
    else {
      return Artifacts()
    }
    do {
      return try await runtime.getArtifacts(entry.nameThere ?? run)
    } catch let problem as Problem where problem.code == .notFound {
      return Artifacts()  // it is only about to start
    }
  }

  package nonisolated func events(after cursor: UInt64, wait: Bool) async throws -> EventChunk? {
    while true {
      try Task.checkCancellation()
      switch journal.ring.next(after: cursor) {
      case .chunk(let chunk): return chunk
      case .closed: return nil
      case .empty:
        guard wait else { return EventChunk() }
        let known = journal.outage?.detail
        await journal.ring.wait(after: cursor)
        // Nothing newer, but something to tell: see `outage`.
        if journal.outage?.detail != known { return EventChunk() }
      case .gap(let oldest):
        journal.figures.withLock { $0.pagesRead += 1 }
        let page = try await environment.store.events(
          after: cursor, through: oldest - 1, run: nil, limit: 512, bytes: Bounds.page)
        guard let first = page.first else { throw Problem(.internal, "The store lacks event \(cursor + 1).") }
        guard first.seq == cursor + 1 else {
          throw Problem(
            .conflict,
            "Events before \(first.seq) were removed by gc. Begin after \(first.seq - 1), or take a new snapshot and "
              + "follow from there.")
        }
        return EventChunk(page)
      }
    }
  }

  package func lastEvents(of run: RunID, limit: Int) async throws -> EventChunk {
    let known = try known(run)
    return EventChunk(
      try await environment.store.lastEvents(
        of: run, after: known.firstSeq - 1, through: known.lastSeq, limit: limit, bytes: Bounds.tail))
  }

  package nonisolated func audit(after seq: UInt64, limit: Int, run: RunID?) async throws -> [JSONValue] {
    try await environment.store.audit(after: seq, limit: limit).map { record in
      let json = try JSONValue(parsing: record.json)
      guard let run, record.run != run else { return json }
      return [
        "seq": .int(Int64(record.seq)), "previous_hash": json["previous_hash"] ?? .null,
        "event_hash": .string(record.hash),
      ]
    }
  }

  package nonisolated func lastAuditSeq() async throws -> UInt64 { try await environment.store.lastAudit()?.seq ?? 0 }

  // MARK: What changes something

  package func cancel(_ run: RunID, reason: String, force: Bool, by actor: Actor) async throws -> Run {
    guard try !known(run).status.isTerminal, var entry = live[run] else { return try known(run) }
    let before = entry
    let actions = try entry.machine.receive(.stopRequested(.cancel(reason: reason, force: force)))
    guard !actions.isEmpty else {
      // Somebody has asked already; that is as good as done once it is durable.
      try await journal.flush()
      return try known(run)
    }
    if entry.canceledBy == nil || force { entry.canceledBy = actor }
    live[run] = entry
    if actions.contains(.recordCancelRequest), let record = cancelRequestEntry(for: run) {
      do {
        try await journal.record(record)
      } catch {
        if let outage = journal.outage {
          // An agent that fills the disk must be stopped all the same; that it was asked for goes on record later.
          journal.note(record)
          perform(actions.filter { $0 != .recordCancelRequest }, on: run)
          throw Problem(
            .unavailable, "Run \(run.shortName) is being stopped, but that is not on record yet. \(outage.detail)",
            cause: outage.cause)
        }
        // Nothing is on record: the run goes on as it was, unless it has moved meanwhile.
        if live[run]?.machine == entry.machine { live[run] = before }
        throw error
      }
    }
    perform(actions.filter { $0 != .recordCancelRequest }, on: run)
    if entry.runtime == nil { try await journal.flush() }  // a queued one has ended with this
    return try known(run)
  }

  package func retry(_ run: RunID, idempotencyKey: String?, by actor: Actor) async throws -> DispatchOutcome {
    let key = OnceKey(idempotencyKey, "retry", Array(run.description.utf8))
    let outcomes = try await once(key) { [try await again(run, once: key, by: actor)] }
    guard let outcome = outcomes.first else { throw Problem(.internal, "The retry made no run.") }
    return outcome
  }

  private func again(_ run: RunID, once key: OnceKey?, by actor: Actor) async throws -> DispatchOutcome {
    let old = try known(run)
    guard old.status.isTerminal else {
      throw Problem(.conflict, "Run \(run.shortName) is still \(old.status.rawValue). Cancel it first.")
    }
    var contract = try await contract(of: old)
    contract.runtime = old.pin ?? contract.runtime
    let intended = try plan(contract)
    let outcomes = try await take([intended], retryOf: old, by: actor, once: key, storeContracts: false)
    guard let outcome = outcomes.first else { throw Problem(.internal, "The retry made no run.") }
    return outcome
  }
}

extension String {
  /// Whether nothing in it steers a terminal or hides from a reader.
  var isPlainlyVisible: Bool {
    unicodeScalars.allSatisfy { scalar in
      if scalar.properties.isDefaultIgnorableCodePoint { return false }
      switch scalar.properties.generalCategory {
      case .control, .format, .unassigned, .surrogate, .lineSeparator, .paragraphSeparator: return false
      default: return true
      }
    }
  }

  /// As one word for a POSIX shell.
  package var quotedForShell: String {
    let isPlain = !isEmpty && allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "/._-+:@%,".contains($0)) }
    return isPlain ? self : "'" + replacing("'", with: "'\\''") + "'"
  }
}
