extension Run {
  /// A run as its `awf.run.queued` event tells it; nil for any other event.
  package init?(queuedBy event: RunEvent) {
    guard event.type == .queued, let run = event.run,
      let contract = event.data["contractId"]?.string.flatMap({ ContractID($0) })
    else { return nil }
    self.init(
      runId: run, contractId: contract, title: event.data["title"]?.string ?? "", createdAt: event.time, seq: event.seq)
    runtimeId = event.data["runtimeId"]?.string.map { RuntimeID($0) }
    pin = runtimeId
    priority = Int(event.data["priority"]?.int ?? 100)
    attempt = Int(event.data["attempt"]?.int ?? 1)
    retryOf = event.data["retryOf"]?.string.flatMap { RunID($0) }
    batch = event.data["batch"]?.string.flatMap { RunID($0) }
    externalRef = event.data["externalRef"]?.string
    labels = event.data["labels"]?.array?.compactMap(\.string) ?? []
    waitsFor = event.data["waitsFor"]?.array?.compactMap(\.string) ?? []
  }

  /// Folds one event of this run in; an event that is not newer than the last changes nothing.
  package mutating func apply(_ event: RunEvent) {
    guard event.seq > lastSeq else { return }
    lastSeq = event.seq
    lastEventAt = event.time
    let data = event.data
    switch event.type {
    case .queued:
      // The same issue imported again, while the run still waits.
      title = data["title"]?.string ?? title
      priority = data["priority"]?.int.map(Int.init) ?? priority
    case .output:
      if let dropped = data["dropped"]?.int { outputDropped = outputDropped.plus(dropped) }
    case .outputCut:
      let cut = OutputCut(json: .object(data))
      outputCut = OutputCut(lines: (outputCut?.lines ?? 0).plus(cut.lines), limit: cut.limit ?? outputCut?.limit)
      outputDropped = outputDropped.plus(cut.lines)
    case .progress:
      if let reported = data["progress"]?.double, reported >= progress, reported <= 1 {
        progress = reported
        progressKnown = true
      }
      if let message = data["message"]?.string { activity = message }
    case .tool:
      let words = [data["name"]?.string, data["target"]?.string].compactMap { $0 }
      if !words.isEmpty { activity = words.joined(separator: " ") }
    case .plan: plan = data["entries"]?.array?.compactMap(PlanEntry.init(json:)) ?? []
    case .usage:
      inputTokens = data["inputTokens"]?.int ?? inputTokens
      outputTokens = data["outputTokens"]?.int ?? outputTokens
      costUSD = data["costUSD"]?.double ?? costUSD
    case .waiting:
      waitsFor = data["waitsFor"]?.array?.compactMap(\.string) ?? []
    case .approvalRequested: approval = Approval(requestedBy: event)
    case .approvalApproved:
      let word = Approval.Word(by: data["by"]?.string ?? "", why: data["why"]?.string ?? "", at: event.time)
      if approval?.given.contains(where: { $0.by == word.by }) == false { approval?.given.append(word) }
      if approval?.isPending == false { waitsFor.removeAll { $0 == WaitReason.approval.text } }
    case .approvalRejected:
      approval?.rejection = Approval.Word(
        by: data["by"]?.string ?? "", why: data["why"]?.string ?? "", at: event.time)
    case .conflict:
      conflicts = data["conflicts"]?.array?.compactMap(Conflict.init(json:)) ?? []
      conflictingFiles = data["files"]?.int.map(Int.init) ?? conflicts.count
    case .started:
      status = .running
      startedAt = startedAt ?? event.time
      waitsFor = []
      runtimeId = data["runtimeId"]?.string.map { RuntimeID($0) } ?? runtimeId
      runtimeSessionId = data["runtimeSessionId"]?.string ?? runtimeSessionId
      worktree = data["worktree"]?.string ?? worktree
      branch = data["branch"]?.string ?? branch
      base = data["base"]?.string ?? base
    case .attention:
      attention = Attention(
        attentionId: data["attentionId"]?.string ?? "", question: data["question"]?.string ?? "",
        options: data["options"]?.array?.compactMap(\.string) ?? [], kind: data["kind"]?.string ?? "question",
        since: event.time, detail: AttentionDetail(json: .object(data)))
    case .resolved:
      if let rule = data["remember"].flatMap(PermissionRule.init(json:)) { remembered.append(rule) }
      if data["attentionId"]?.string == attention?.attentionId { attention = nil }
    case .cancelRequested:
      cancellation = Cancellation(
        by: data["by"]?.string ?? "", reason: data["reason"]?.string ?? "", force: data["force"]?.bool ?? false,
        requestedAt: cancellation?.requestedAt ?? event.time, stopSentAt: cancellation?.stopSentAt)
    case .stopSent:
      cancellation?.stopSentAt = event.time
    case .verifying:
      isVerifying = true
      activity = data["command"]?.string.map { "verify: \($0)" } ?? activity
    case .artifacts:
      filesChanged = data["files"]?.int.map(Int.init) ?? filesChanged
      added = data["added"]?.int.map(Int.init) ?? added
      removed = data["removed"]?.int.map(Int.init) ?? removed
      testsPassed = data["testsPassed"]?.int.map(Int.init) ?? testsPassed
      testsTotal = data["testsTotal"]?.int.map(Int.init) ?? testsTotal
    case .pullRequest: pullRequest = PullRequest(json: .object(data)) ?? pullRequest
    case .succeeded:
      end(as: .succeeded, event)
      progress = 1
      progressKnown = true
    case .failed: end(as: .failed, event)
    case .canceled:
      end(as: .canceled, event)
      proof = data["proof"].map(CancelProof.init(json:))
      commit = proof?.commit ?? commit
    case .kept:
      reason = uncommitted.map { $0.removed(from: reason) } ?? reason
      uncommitted = nil
      commit = data["commit"]?.string ?? commit
      proof?.commit = data["commit"]?.string
      proof?.uncommitted = nil
    default:
      // What a runtime has to say for itself may tell what the run does.
      activity = data["activity"]?.string?.bounded(Bounds.activity) ?? activity
    }
  }

  private mutating func end(as status: RunStatus, _ event: RunEvent) {
    self.status = status
    endedAt = event.time
    attention = nil
    isVerifying = false
    waitsFor = []
    conflicts = []
    conflictingFiles = 0
    verdict = event.data["verdict"]?.string.flatMap(Verdict.init)
    score = event.data["score"].flatMap(Score.init(json:))
    reason = event.data["reason"]?.string
    exitCode = event.data["exitCode"]?.int.map(Int.init)
    commit = event.data["commit"]?.string ?? commit
    uncommitted = event.data["uncommitted"].flatMap(Uncommitted.init(json:))
  }
}

/// Whether a fold of this event can change more than the run's last activity: what a store must keep at once.
extension EventType {
  package var changesState: Bool {
    switch self {
    case .output, .progress, .tool, .usage, .plan, .message: false
    default: rawValue.hasPrefix("awf.run.") || rawValue.hasPrefix("awf.approval.")
    }
  }

  package var endsRun: Bool { self == .succeeded || self == .failed || self == .canceled }
}
