import Logging
package import RunModel

/// Asking for a run's work to be merged: when its contract needs it, and when a person wants it.
extension Orchestrator {
  package func openPullRequest(_ run: RunID, by actor: Actor) async throws -> Run {
    let known = try known(run)
    // Once it is open it stays: asking again changes nothing.
    if known.pullRequest?.url != nil { return known }
    guard known.status == .succeeded else {
      throw Problem(
        .conflict,
        "Run \(run.shortName) is \(known.status.rawValue): a pull request is opened for work that has succeeded.")
    }
    guard let id = known.runtimeId, let runtime = pool[id] as? any PullRequestRuntime else {
      throw Problem(
        .conflict, "The runtime \(known.runtimeId?.rawValue ?? "that did it") opens no pull requests for its work.")
    }
    guard known.branch != nil || (known.filesChanged ?? 0) == 0 else {
      throw Problem(
        .conflict,
        "The work of run \(run.shortName) is on no branch of a repository: \(id) makes none, so there is nothing to merge."
      )
    }
    guard let commit = known.commit, let branch = known.branch else {
      throw Problem(.conflict, "Run \(run.shortName) has changed nothing, so there is nothing to merge.")
    }
    guard opening.insert(run).inserted else {
      throw Problem(.conflict, "The pull request of run \(run.shortName) is being opened already.")
    }
    defer { opening.remove(run) }
    // Not to be broken off halfway when the one who asked goes away: what came of it is put on record.
    return try await Task { try await self.askFor(known, on: runtime, commit: commit, branch: branch, by: actor) }.value
  }

  private func askFor(
    _ known: Run, on runtime: any PullRequestRuntime, commit: String, branch: String, by actor: Actor
  ) async throws -> Run {
    let run = known.runId
    let contract = try await contract(of: known)
    guard let repository = contract.repository else {
      throw Problem(.conflict, "Run \(run.shortName) worked in no repository that is known here.")
    }
    let stored = try await environment.store.detail(of: run).artifacts
    let artifacts = try stored.map { Artifacts(json: try JSONValue(parsing: $0)) } ?? Artifacts()
    let draft = PullRequestDraft(
      repository: repository, branch: branch, commit: commit, base: contract.base,
      title: TokenRedaction.tokens(in: contract.title), body: Self.body(known, contract, artifacts))
    do {
      let opened = try await runtime.openPullRequest(draft)
      note(opened, of: known, artifacts, by: actor)
    } catch let failure as PullRequestFailure {
      note(failure, of: known, by: actor)
      try await journal.flush()
      let hand = failure.command.map { " By hand: \($0)" } ?? ""
      throw Problem(.unavailable, "No pull request for run \(run.shortName): \(failure.reason).\(hand)")
    }
    try await journal.flush()
    return try self.known(run)
  }

  /// For a run that has just succeeded and whose contract needs one. What goes wrong is on record, and the work is kept.
  func openPullRequestIfNeeded(_ run: Run) {
    guard run.status == .succeeded, run.commit != nil, run.pullRequest == nil, let id = run.runtimeId,
      pool[id] is any PullRequestRuntime
    else { return }
    Task { await openWhatIsNeeded([run]) }  // ends with the programs that push and ask, which have time limits
  }

  /// For those that an earlier orchestrator has left without, as it ended between the work and the request.
  func resumePullRequests() {
    let since = Timestamp(milliseconds: environment.now().milliseconds - 3_600_000)
    let left = journal.read { board in
      board.runs.filter { run in
        run.status == .succeeded && run.commit != nil && run.pullRequest == nil && (run.endedAt ?? since) > since
      }
    }
    guard !left.isEmpty else { return }
    Task { await openWhatIsNeeded(left) }  // as above
  }

  private func openWhatIsNeeded(_ runs: [Run]) async {
    for run in runs {
      do {
        guard try await contract(of: run).requires.contains(.canCreatePR) else { continue }
        _ = try await openPullRequest(run.runId, by: .system)
      } catch {
        environment.logger.warning("no pull request", metadata: ["run": "\(run.runId)", "error": "\(error)"])
      }
    }
  }

  private func note(_ opened: OpenedPullRequest, of run: Run, _ artifacts: Artifacts, by actor: Actor) {
    let now = environment.now()
    let data: JSONObject = [
      "url": .string(opened.url), "branch": .string(run.branch ?? ""), "new": .bool(opened.isNew),
      "by": .string(actor.id),
    ]
    var artifacts = artifacts
    artifacts.prURL = opened.url
    var entry = JournalEntry([RunEvent(type: .pullRequest, run: run.runId, time: now, data: data)])
    entry.details = [(run.runId, StoredDetail(artifacts: artifacts.jsonBytes))]
    entry.audit = [
      AuditDraft(
        "agent_run.pull_request_opened", run: run.runId, by: actor, data: data, contract: run.contractId,
        runtime: run.runtimeId, time: now)
    ]
    journal.note(entry)
  }

  private func note(_ failure: PullRequestFailure, of run: Run, by actor: Actor) {
    let now = environment.now()
    let reason = TokenRedaction.tokens(in: failure.reason)
    var data: JSONObject = [
      "reason": .string(reason), "branch": .string(run.branch ?? ""), "by": .string(actor.id),
    ]
    // It is there to be copied into a shell.
    if let command = failure.command, command.isPlainlyVisible { data.append("command", .string(command)) }
    var entry = JournalEntry([RunEvent(type: .pullRequest, run: run.runId, time: now, data: data)])
    entry.audit = [
      AuditDraft(
        "agent_run.pull_request_failed", run: run.runId, by: actor, data: data, rationale: reason,
        contract: run.contractId, runtime: run.runtimeId, time: now)
    ]
    journal.note(entry)
  }

  /// What whoever merges it has to know: the agent's note, the criteria with their proofs, and how it was checked.
  static func body(_ run: Run, _ contract: Contract, _ artifacts: Artifacts) -> String {
    var parts: [String] = []
    let note = artifacts.handoffNote.bounded(40_000)
    if !note.allSatisfy(\.isWhitespace) { parts.append(note) }
    let criteria = artifacts.evidence?["assessment"].flatMap(Assessment.init(json:))?.criteria ?? []
    if !criteria.isEmpty {
      let lines = criteria.prefix(100).map { criterion in
        "- [\(criterion.proof == .proven ? "x" : " ")] \(criterion.text.bounded(500)) (\(criterion.proof.rawValue))"
      }
      parts.append("## Criteria\n\n" + lines.joined(separator: "\n"))
    }
    if !contract.verify.isEmpty {
      let lines = contract.verify.prefix(50).map { command in
        "- `\(command.bounded(500).map { $0.isNewline || $0 == "`" ? " " : String($0) }.joined())`"
      }
      parts.append("## Verified by\n\n" + lines.joined(separator: "\n"))
    }
    var end = "Run \(run.runId)"
    if let runtime = run.runtimeId { end += " by \(runtime)" }
    if let reference = contract.externalRef { end += ", for \(reference.bounded(200))" }
    parts.append(end)
    return TokenRedaction.tokens(in: parts.joined(separator: "\n\n"))
  }
}
