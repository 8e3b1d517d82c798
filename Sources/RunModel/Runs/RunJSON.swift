extension Run: JSONWritable {
  /// The listed keys of design 3 are always there, null when unknown; those beyond them only when they say something.
  package func write(to json: inout JSONWriter) {
    json.object { json in writeMembers(to: &json) }
  }

  func writeMembers(to json: inout JSONWriter) {
    json.member("runId", runId.description)
    json.member("contractId", contractId.description)
    json.member("title", title)
    json.member("status", status.rawValue)
    json.member("progress", progress)
    json.member("progressKnown", progressKnown)
    json.member("runtimeId", runtimeId?.rawValue)
    json.member("runtimeSessionId", runtimeSessionId)
    json.member("attention", attention)
    json.member("createdAt", createdAt)
    json.member("startedAt", startedAt)
    json.member("endedAt", endedAt)
    json.member("filesChanged", filesChanged)
    json.member("added", added)
    json.member("removed", removed)
    json.member("testsPassed", testsPassed)
    json.member("testsTotal", testsTotal)
    json.member("verdict", verdict?.rawValue)
    json.member("score", score)
    json.member("priority", priority)
    json.member("attempt", attempt)
    json.member("lastEventAt", lastEventAt)
    json.member("firstSeq", Int64(clamping: firstSeq))
    json.member("lastSeq", Int64(clamping: lastSeq))
    if let pin { json.member("pin", pin.rawValue) }
    if let approval { json.member("approval", approval) }
    if let cancellation { json.member("cancellation", cancellation) }
    if let proof { json.member("proof", proof) }
    if let uncommitted { json.member("uncommitted", uncommitted) }
    if let retryOf { json.member("retryOf", retryOf.description) }
    if let batch { json.member("batch", batch.description) }
    if let reason { json.member("reason", reason) }
    if let exitCode { json.member("exitCode", exitCode) }
    if let activity { json.member("activity", activity) }
    if isVerifying { json.member("verifying", true) }
    if !plan.isEmpty { json.member("plan", plan) }
    if !remembered.isEmpty { json.member("remembered", remembered) }
    if !waitsFor.isEmpty { json.member("waitsFor", waitsFor) }
    if let branch { json.member("branch", branch) }
    if let worktree { json.member("worktree", worktree) }
    if let base { json.member("base", base) }
    if let commit { json.member("commit", commit) }
    if let pullRequest { json.member("pullRequest", pullRequest) }
    if let externalRef { json.member("externalRef", externalRef) }
    if !labels.isEmpty { json.member("labels", labels) }
    if let inputTokens { json.member("inputTokens", inputTokens) }
    if let outputTokens { json.member("outputTokens", outputTokens) }
    if let costUSD { json.member("costUSD", costUSD) }
    if !conflicts.isEmpty {
      json.member("conflicts", conflicts)
      json.member("conflictingFiles", conflictingFiles)
    }
    if outputDropped > 0 { json.member("outputDropped", outputDropped) }
    if let outputCut { json.member("outputCut", outputCut) }
  }

  /// Reads what `write` wrote; keys it does not know are skipped.
  package init(from reader: inout JSONReader) throws(JSONError) {
    let zero = ULID(high: 0, low: 0)
    var runId: RunID?
    var run = Run(runId: RunID(zero), contractId: ContractID(zero), title: "", createdAt: Timestamp(milliseconds: 0))
    try reader.object { key, reader throws(JSONError) in
      if try reader.null() { return }
      switch key {
      case "runId":
        runId = try reader.stringBytes { RunID(utf8: $0) }
        if runId == nil { throw reader.error("A runId must be a ULID") }
      case "contractId":
        guard let contract = try reader.stringBytes({ ContractID(utf8: $0) }) else {
          throw reader.error("A contractId must be a ULID")
        }
        run.contractId = contract
      case "title": run.title = try reader.string()
      case "status":
        let text = try reader.string()
        guard let status = RunStatus(rawValue: text) else { throw reader.error("\"\(text)\" is no status of a run") }
        run.status = status
      case "progress": run.progress = min(1, max(0, try reader.double()))
      case "progressKnown": run.progressKnown = try reader.bool()
      case "runtimeId": run.runtimeId = RuntimeID(try reader.string())
      case "runtimeSessionId": run.runtimeSessionId = try reader.string()
      case "attention": run.attention = Attention(json: try reader.value())
      case "createdAt": run.createdAt = try reader.timestamp()
      case "startedAt": run.startedAt = try reader.timestamp()
      case "endedAt": run.endedAt = try reader.timestamp()
      case "filesChanged": run.filesChanged = Int(try reader.int())
      case "added": run.added = Int(try reader.int())
      case "removed": run.removed = Int(try reader.int())
      case "testsPassed": run.testsPassed = Int(try reader.int())
      case "testsTotal": run.testsTotal = Int(try reader.int())
      case "verdict": run.verdict = Verdict(rawValue: try reader.string())
      case "score": run.score = Score(json: try reader.value())
      case "conflicts": run.conflicts = try reader.value().array?.compactMap(Conflict.init(json:)) ?? []
      case "conflictingFiles": run.conflictingFiles = Int(try reader.int())
      case "approval": run.approval = Approval(json: try reader.value())
      case "pin": run.pin = RuntimeID(try reader.string())
      case "priority": run.priority = Int(try reader.int())
      case "attempt": run.attempt = Int(try reader.int())
      case "lastEventAt": run.lastEventAt = try reader.timestamp()
      case "firstSeq": run.firstSeq = UInt64(clamping: try reader.int())
      case "lastSeq": run.lastSeq = UInt64(clamping: try reader.int())
      case "cancellation": run.cancellation = Cancellation(json: try reader.value())
      case "proof": run.proof = CancelProof(json: try reader.value())
      case "uncommitted": run.uncommitted = Uncommitted(json: try reader.value())
      case "retryOf": run.retryOf = RunID(try reader.string())
      case "batch": run.batch = RunID(try reader.string())
      case "reason": run.reason = try reader.string()
      case "exitCode": run.exitCode = Int(try reader.int())
      case "activity": run.activity = try reader.string()
      case "verifying": run.isVerifying = try reader.bool()
      case "plan": run.plan = try reader.value().array?.compactMap(PlanEntry.init(json:)) ?? []
      case "remembered": run.remembered = try reader.value().array?.compactMap(PermissionRule.init(json:)) ?? []
      case "waitsFor": run.waitsFor = try reader.value().array?.compactMap(\.string) ?? []
      case "branch": run.branch = try reader.string()
      case "worktree": run.worktree = try reader.string()
      case "base": run.base = try reader.string()
      case "commit": run.commit = try reader.string()
      case "pullRequest": run.pullRequest = PullRequest(json: try reader.value())
      case "externalRef": run.externalRef = try reader.string()
      case "labels": run.labels = try reader.value().array?.compactMap(\.string) ?? []
      case "inputTokens": run.inputTokens = try reader.int()
      case "outputTokens": run.outputTokens = try reader.int()
      case "costUSD": run.costUSD = try reader.double()
      case "outputDropped": run.outputDropped = try reader.int()
      case "outputCut": run.outputCut = OutputCut(json: try reader.value())
      default: try reader.skip()
      }
    }
    guard let runId else { throw reader.error("A run needs its runId") }
    run.runId = runId
    self = run
  }
}

extension JSONReader {
  package mutating func timestamp() throws(JSONError) -> Timestamp {
    guard let time = try stringBytes({ Timestamp(utf8: $0) }) else { throw error("Expected a time in RFC 3339") }
    return time
  }
}
