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
    if waits(of: entry.contract).isEmpty {
      blocked.remove(run)
      queue.insert(
        run, priority: entry.priority, created: entry.created, demands: pool.demands(of: entry.contract))
    } else {
      blocked.insert(run)
    }
  }

  /// What else than a slot the contract waits for, in a person's words.
  func waits(of contract: Contract) -> [String] {
    contract.dependsOn.compactMap { name in
      let id = contractOfReference[name] ?? ContractID(name)
      let runs = id.flatMap { runsOfContract[$0] } ?? []
      let statuses = journal.read { board in runs.compactMap { board[$0]?.status } }
      if statuses.contains(.succeeded) { return nil }
      if !statuses.isEmpty, statuses.allSatisfy(\.isTerminal) {
        return "\(name), which did not succeed (\(statuses.last?.rawValue ?? "")); retry it"
      }
      return name
    }
  }

  func schedule() {
    guard !isShuttingDown else { return }
    while let run = queue.first(where: pool.canStart) {
      queue.remove(run)
      apply(.startRequested, to: run)
    }
  }

  private func start(_ run: RunID) {
    guard var entry = live[run] else { return }
    let decision = Router.route(entry.contract, among: pool.candidates(for: entry.contract))
    guard let id = decision.runtimeId, let runtime = pool[id] else {
      apply(.startFailed(reason: "No runtime could take it."), to: run)
      return
    }
    entry.runtime = id
    live[run] = entry
    pool.takeSlot(id)
    let contract = entry.contract
    Task {  // ends with startTask; its outcome is an input of the run's machine
      do {
        let started = try await runtime.startTask(contract)
        let workspace = await self.workspace(of: started.runId, on: runtime)
        self.didStart(run, started, workspace, decision)
      } catch {
        self.journal.note(JournalEntry(audit: [self.routed(run, decision)]))
        self.apply(.startFailed(reason: (error as? Problem)?.detail ?? "\(error)"), to: run)
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
    live[run]?.workspace = workspace
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
    entry.details = [(run, StoredDetail(decision: decision.jsonBytes))]
    journal.note(entry)
    startTimeout(of: run, since: now)
    apply(.started, to: run)
    gate.open(run, knownAs: started.runId) { pass($0, from: id) }
  }

  func startTimeout(of run: RunID, since start: Timestamp?) {
    guard let seconds = live[run]?.contract.timeoutSeconds else { return }
    let spent = start.map { environment.now() - $0 } ?? .zero
    let left = max(.zero, .seconds(seconds) - spent)
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
    case .attention(let id, _, _, _):
      live[run]?.attention = id
      if let record = RunEvent(report: event, by: runtime, at: environment.now()) {
        journal.note(JournalEntry([record]))
      }
    case .resolved(let id, _, _):
      guard entry.attention == id else { return }
      live[run]?.attention = nil
      if let record = RunEvent(report: event, by: runtime, at: environment.now()) {
        journal.note(JournalEntry([record]))
      }
    case .stopSent: apply(.stopSent, to: run)
    case .ended(let end):
      live[run]?.end = end
      apply(.agentEnded(end), to: run)
    case .progress, .output, .tool, .usage, .changes, .custom: break
    }
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
    guard let entry = live[run], let id = entry.runtime, let runtime = pool[id] else { return }
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

  // MARK: Verifying and ending

  private func verify(_ run: RunID) {
    guard let entry = live[run], let workspace = entry.workspace else {
      apply(.verified(failure: "There is no worktree to verify in."), to: run)
      return
    }
    let commands = entry.contract.verify
    let verifier = environment.verifier
    live[run]?.verification = Task {  // canceled by a stop; returns when the command's processes are gone
      for (index, command) in commands.enumerated() {
        if Task.isCancelled { break }
        self.noteVerifying(run, command, index: index, of: commands.count)
        do {
          let result = try await verifier.verify(command, in: workspace, run: run)
          if Task.isCancelled { break }
          self.live[run]?.verifications.append((command, result))
        } catch {
          if Task.isCancelled { break }
          let output = (error as? Problem)?.detail ?? "\(error)"
          self.live[run]?.verifications.append(
            (command, Verification(exitCode: -1, durationMilliseconds: 0, output: output, tests: [])))
        }
      }
      if self.isShuttingDown { return }  // the next orchestrator verifies anew
      self.apply(.verified(failure: self.verificationFailure(of: run)), to: run)
    }
  }

  private func noteVerifying(_ run: RunID, _ command: String, index: Int, of count: Int) {
    journal.note(
      JournalEntry([
        RunEvent(
          type: .verifying, run: run, time: environment.now(),
          data: ["command": .string(command), "index": .int(Int64(index + 1)), "count": .int(Int64(count))])
      ]))
  }

  private func verificationFailure(of run: RunID) -> String? {
    guard let failed = live[run]?.verifications.first(where: { $0.result.exitCode != 0 || $0.result.timedOut }) else {
      return nil
    }
    if failed.result.timedOut { return "verify ran into its time limit: \(failed.command)" }
    return "verify failed (exit \(failed.result.exitCode)): \(failed.command)"
  }

  private func finish(_ run: RunID, as status: RunStatus, reason: String?) {
    guard let entry = live[run] else { return }
    entry.timeout?.cancel()
    queue.remove(run)
    blocked.remove(run)
    guard let id = entry.runtime, let runtime = pool[id] else {
      conclude(run, as: status, reason: reason, artifacts: nil, patch: [])
      return
    }
    let name = entry.nameThere ?? run
    Task {  // ends with the two calls; the run is over when their outcome is on record
      var artifacts: Artifacts?
      var patch: [UInt8] = []
      do {
        artifacts = try await runtime.getArtifacts(name)
        if let folder = runtime as? any WorkspaceRuntime { patch = try await folder.patch(of: name) }
      } catch let problem as Problem where problem.code == .notFound {
        // It never started there.
      } catch {
        self.environment.logger.error("no artifacts", metadata: ["run": "\(run)", "error": "\(error)"])
      }
      self.conclude(run, as: status, reason: reason, artifacts: artifacts, patch: patch)
    }
  }

  private func conclude(_ run: RunID, as status: RunStatus, reason: String?, artifacts: Artifacts?, patch: [UInt8]) {
    guard let entry = live.removeValue(forKey: run) else { return }
    gate.close(run)
    if let id = entry.runtime { pool.freeSlot(id) }
    let now = environment.now()
    var record = JournalEntry()
    let dropped = journal.takeDropped(of: run)
    if dropped > 0 {
      record.events.append(
        RunEvent(
          type: .output, run: run, time: now,
          data: ["stream": "stderr", "text": "", "dropped": .int(Int64(dropped))]))
    }
    if var artifacts {
      artifacts.add(entry.verifications)
      record.details = [(run, StoredDetail(artifacts: artifacts.jsonBytes, patch: patch))]
      record.events.append(RunEvent(type: .artifacts, run: run, time: now, data: artifacts.counts(patch: patch)))
    }
    let end = ending(of: run, entry, as: status, reason: reason, at: now)
    record.events.append(end)
    let audit = ["succeeded": "agent_run.completed", "failed": "agent_run.failed"][status.rawValue]
    let isStarted = entry.runtime != nil
    record.audit = [
      AuditDraft(
        audit ?? "agent_run.canceled", run: run, by: status == .canceled ? entry.canceledBy ?? .system : .system,
        before: isStarted ? .running : .queued, after: status, data: end.data, rationale: reason,
        contract: entry.contract.contractId, runtime: entry.runtime, time: now)
    ]
    journal.note(record)
    Task {  // the entry above is durable when this one is
      try? await self.journal.record(JournalEntry())  // a failure is logged by the journal, which tries again
      self.didEnd(run)
    }
    schedule()
  }

  private func didEnd(_ run: RunID) {
    if let ended = journal.read({ $0[run] }) { pool.count(ended) }
    for waiting in blocked { enqueue(waiting) }
    schedule()
  }

  private func ending(
    of run: RunID, _ entry: Live, as status: RunStatus, reason: String?, at now: Timestamp
  ) -> RunEvent {
    var data = JSONObject()
    if status == .canceled {
      var proof = entry.end?.proof ?? CancelProof(confirmedAt: now)
      proof.stopSentAt = proof.stopSentAt ?? entry.stopSentAt
      proof.commit = proof.commit ?? entry.end?.commit
      var isForced = false
      if case .cancel(_, true)? = entry.machine.stop { isForced = true }
      data.append("by", .string((entry.canceledBy ?? .system).id))
      data.append("reason", .string(reason ?? ""))
      data.append("force", .bool(isForced))
      data.append("proof", (try? JSONValue(parsing: proof.jsonBytes)) ?? .null)  // our own JSON parses
    } else {
      if let exitCode = entry.end?.exitCode { data.append("exitCode", .int(Int64(exitCode))) }
      if let reason { data.append("reason", .string(reason)) }
      if let commit = entry.end?.commit { data.append("commit", .string(commit)) }
    }
    data.append(
      "verify",
      .array(
        entry.verifications.map {
          [
            "command": .string($0.command), "exitCode": .int(Int64($0.result.exitCode)),
            "duration_ms": .int($0.result.durationMilliseconds),
          ]
        }))
    let type: EventType = status == .succeeded ? .succeeded : status == .failed ? .failed : .canceled
    return RunEvent(type: type, run: run, time: now, data: data)
  }
}

extension Artifacts {
  /// The verify commands are what we ran ourselves; their output goes with the evidence.
  mutating func add(_ verifications: [(command: String, result: Verification)]) {
    guard !verifications.isEmpty else { return }
    commandsRun += verifications.map(\.command)
    testsRun += verifications.flatMap(\.result.tests)
    var evidence = self.evidence?.object ?? [:]
    evidence["verify"] = .array(
      verifications.map {
        [
          "command": .string($0.command), "exitCode": .int(Int64($0.result.exitCode)),
          "duration_ms": .int($0.result.durationMilliseconds), "output": .string($0.result.output),
        ]
      })
    self.evidence = .object(evidence)
  }

  /// What an `awf.run.artifacts` event tells.
  func counts(patch: [UInt8]) -> JSONObject {
    let (added, removed) = Self.lineCounts(of: patch)
    return [
      "files": .int(Int64(filesChanged.count)), "added": .int(Int64(added)), "removed": .int(Int64(removed)),
      "testsPassed": .int(Int64(testsRun.count { $0.status == .passed })),
      "testsTotal": .int(Int64(testsRun.count { $0.status != .skipped })), "final": true,
    ]
  }

  /// Lines that a unified patch adds and removes, by its hunks' own counts.
  static func lineCounts(of patch: [UInt8]) -> (added: Int, removed: Int) {
    var added = 0
    var removed = 0
    var isInHunk = false
    for line in patch.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      switch line.first {
      case UInt8(ascii: "@"): isInHunk = true
      case UInt8(ascii: "d") where line.starts(with: "diff --git ".utf8): isInHunk = false
      case UInt8(ascii: "+") where isInHunk: added += 1
      case UInt8(ascii: "-") where isInHunk: removed += 1
      default: break
      }
    }
    return (added, removed)
  }
}
