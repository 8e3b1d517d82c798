import Glibc
import Logging
import RunModel

/// How runs end: verified, with what they made, and on record.
extension Orchestrator {
  func verify(_ run: RunID) {
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
    guard
      let failed = live[run]?.verifications.first(where: {
        $0.result.exitCode != 0 || $0.result.timedOut || $0.result.exceeded != nil
      })
    else { return nil }
    if let exceeded = failed.result.exceeded { return "verify \(exceeded): \(failed.command)" }
    if failed.result.timedOut { return "verify ran into its time limit: \(failed.command)" }
    return "verify failed (exit \(failed.result.exitCode)): \(failed.command)"
  }

  func finish(_ run: RunID, as status: RunStatus, reason: String?) {
    guard let entry = live[run] else { return }
    entry.timeout?.cancel()
    queue.remove(run)
    blocked.remove(run)
    guard let id = entry.runtime, let runtime = runtime(id, of: run) else {
      conclude(run, as: status, reason: reason, artifacts: nil, patch: [], earlier: ([], false))
      return
    }
    let name = entry.nameThere ?? run
    Task {  // ends with the two calls; the run is over when their outcome is on record
      var artifacts: Artifacts?
      // Nil when it is too large to be kept: whoever asks for it is told so by the runtime.
      var patch: [UInt8]? = []
      do {
        async let whole = (runtime as? any WorkspaceRuntime)?.patch(of: name)
        artifacts = try await runtime.getArtifacts(name)
        patch = try await whole ?? []
      } catch let problem as Problem where problem.code == .notFound {
        // It never started there.
      } catch let problem as Problem where problem.code == .tooLarge {
        patch = nil
      } catch {
        self.environment.logger.error("no artifacts", metadata: ["run": "\(run)", "error": "\(error)"])
      }
      var earlier: (failures: Set<String>, hasNote: Bool) = ([], false)
      if status == .failed { earlier = await self.earlierFailures(of: run) }
      self.conclude(run, as: status, reason: reason, artifacts: artifacts, patch: patch, earlier: earlier)
    }
  }

  private func conclude(
    _ run: RunID, as status: RunStatus, reason: String?, artifacts: Artifacts?, patch: [UInt8]?,
    earlier: (failures: Set<String>, hasNote: Bool)
  ) {
    guard let entry = live.removeValue(forKey: run) else { return }
    let reported = gate.close(run)
    forgetConflicts(of: run)
    let assessment = assessment(
      entry, as: status, reason: reason, artifacts ?? Artifacts(), reported: reported, earlier: earlier)
    leave(entry)
    let now = environment.now()
    var record = JournalEntry()
    let dropped = journal.takeDropped(of: run)
    if dropped > 0 {
      record.events.append(.dropped(dropped, of: run, at: now))
    }
    if var artifacts {
      artifacts.add(entry.verifications)
      if let assessment { artifacts.add(assessment) }
      record.details = [(run, StoredDetail(artifacts: artifacts.jsonBytes, patch: patch))]
      record.events.append(RunEvent(type: .artifacts, run: run, time: now, data: artifacts.counts(patch: patch)))
      if let url = artifacts.prURL.flatMap(PullRequest.address) {
        record.events.append(RunEvent(type: .pullRequest, run: run, time: now, data: ["url": .string(url)]))
      }
    }
    let uncommitted = entry.end?.uncommitted
    let reason = status == .canceled ? reason : uncommitted?.added(to: reason) ?? reason
    let end = ending(of: run, entry, as: status, reason: reason, assessment, at: now)
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
    environment.logger.info(
      "run ended",
      metadata: ["run": "\(run)", "status": "\(status.rawValue)"].merging(reason.map { ["reason": "\($0)"] } ?? [:]) {
        $1
      })
    Task {  // the entry above is durable when this one is
      do { try await self.journal.settle() } catch { return }  // it never will be: the orchestrator ends
      self.didEnd(run)
    }
    if uncommitted != nil { keepLater(run) }
    schedule()
  }

  private func didEnd(_ run: RunID) {
    guard let ended = journal.read({ $0[run] }) else { return schedule() }
    pool.count(ended)
    openPullRequestIfNeeded(ended)
    let waiting = waiting(for: ended)
    for run in waiting { enqueue(run) }
    schedule()
    tellWaits(of: waiting)
  }

  /// Those that wait for this run's contract: none else can go on when it has ended.
  func waiting(for run: Run) -> Set<RunID> {
    var waiting: Set<RunID> = []
    for name in [run.contractId.description, run.externalRef].compactMap({ $0 }) {
      guard let named = dependents[name]?.intersection(blocked) else { continue }
      dependents[name] = named.isEmpty ? nil : named
      waiting.formUnion(named)
    }
    return waiting
  }

  private func ending(
    of run: RunID, _ entry: Live, as status: RunStatus, reason: String?, _ assessment: Assessment?, at now: Timestamp
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
      // One that never came to work could not be judged.
      data.append("verdict", .string((assessment?.verdict ?? .blocked).rawValue))
      if let assessment {
        data.append("score", (try? JSONValue(parsing: assessment.score.jsonBytes)) ?? .null)  // our own JSON parses
        if !assessment.criteria.isEmpty {
          data.append(
            "criteria",
            .array(assessment.criteria.map { ["id": .string($0.id), "proof": .string($0.proof.rawValue)] }))
        }
      }
    }
    if let uncommitted = entry.end?.uncommitted {
      data.append("uncommitted", ["path": .string(uncommitted.path), "why": .string(uncommitted.why)])
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

  /// How it was judged goes with the evidence.
  mutating func add(_ assessment: Assessment) {
    var evidence = self.evidence?.object ?? [:]
    evidence["assessment"] = (try? JSONValue(parsing: assessment.jsonBytes)) ?? .null  // our own JSON parses
    self.evidence = .object(evidence)
  }

  /// What an `awf.run.artifacts` event tells. A rename is one file here, though `filesChanged` lists both its paths.
  /// Without a patch the lines stay as they were last counted.
  func counts(patch: [UInt8]?) -> JSONObject {
    var counts: JSONObject = [
      "testsPassed": .int(Int64(testsRun.count { $0.status == .passed })),
      "testsTotal": .int(Int64(testsRun.count { $0.status != .skipped })), "final": true,
    ]
    guard let patch else { return counts }
    let (added, removed, renames) = Self.lineCounts(of: patch)
    counts.append("files", .int(Int64(max(0, filesChanged.count - renames))))
    counts.append("added", .int(Int64(added)))
    counts.append("removed", .int(Int64(removed)))
    return counts
  }

  /// Lines that a unified patch adds and removes, and the files that it renames.
  static func lineCounts(of patch: [UInt8]) -> (added: Int, removed: Int, renames: Int) {
    var added = 0
    var removed = 0
    var renames = 0
    var isInHunk = false
    patch.withUnsafeBytes { bytes in
      var start = 0
      // Looked at in place: a patch may have a million lines.
      while start < bytes.count, let base = bytes.baseAddress {
        let found = memchr(base + start, 0x0A, bytes.count - start)
        let end = found.map { base.distance(to: UnsafeRawPointer($0)) } ?? bytes.count
        let line = bytes[start..<end]
        switch line.first {
        case UInt8(ascii: "@"): isInHunk = true
        case UInt8(ascii: "d") where line.starts(with: "diff --git ".utf8): isInHunk = false
        case UInt8(ascii: "r") where !isInHunk && line.starts(with: "rename from ".utf8): renames += 1
        case UInt8(ascii: "+") where isInHunk: added += 1
        case UInt8(ascii: "-") where isInHunk: removed += 1
        default: break
        }
        start = end + 1
      }
    }
    return (added, removed, renames)
  }
}
