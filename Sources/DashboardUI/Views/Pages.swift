import RunModel
import TerminalKit

/// The tabs that are one page of text.
extension DashboardState {
  /// All lines of a page, `width` columns wide. Long texts are cut, and say so.
  func page(_ tab: RunTab, width: Int) -> [StyledLine] {
    guard let open, let run = board[open.id] else { return [] }
    let margin = Span("  ")
    func indented(_ lines: [StyledLine]) -> [StyledLine] {
      lines.map { StyledLine([margin] + $0.spans, right: $0.right) }
    }
    switch tab {
    case .overview:
      guard width >= 112 else {
        return indented(overviewFacts(run, open, width: width - 4) + overviewWork(run, open, width: width - 4))
      }
      let half = width / 2 - 4
      let left = overviewFacts(run, open, width: half)
      let right = overviewWork(run, open, width: width - half - 8)
      return (0..<max(left.count, right.count)).map { row in
        let first = left[safe: row] ?? .blank
        var cell: [Span] = [margin]
        var used = 0
        for span in first.spans where used < half {
          let text = used + span.width > half ? fitted(span.text, half - used) : span.text
          cell.append(Span(text, span.role, span.attributes))
          used += measure(text)
        }
        cell.append(Span(String(repeating: " ", count: max(0, half - used) + 4)))
        return StyledLine(cell + (right[safe: row]?.spans ?? []))
      }
    case .handoff:
      guard let artifacts = open.artifacts else {
        return [.blank]
          + indented([
            StyledLine(open.artifactsProblem ?? "Fetching…", open.artifactsProblem == nil ? .muted : .runFailed)
          ])
      }
      guard !artifacts.handoffNote.trimmed.isEmpty else {
        return [.blank] + indented([StyledLine("The agent has left no note.", .muted)])
      }
      return [.blank] + indented(noteLines(open, artifacts, width: width - 4))
    case .events, .files, .diff, .commands, .tests, .evidence, .audit: return []
    }
  }

  private func section(_ name: String) -> [StyledLine] { [.blank, StyledLine(name, .heading)] }

  private func fact(_ name: String, _ spans: [Span], width: Int) -> [StyledLine] {
    // A path has no place to break at: it begins beside its name all the same.
    let lines = wrapped(spans, width: max(8, width - 12), most: 6)
    return lines.enumerated().map { place, line in
      StyledLine([Span(fitted(place == 0 ? name : "", 12), .muted)] + line)
    }
  }

  private func overviewFacts(_ run: Run, _ open: OpenRun, width: Int) -> [StyledLine] {
    var lines = [StyledLine.blank, StyledLine(statusLine(run, self))]
    if let attention = run.attention, run.needsAttention {
      lines += wrapped([Span("▲ " + attention.question, .runAttention)], width: width, indent: 2, most: 6).map {
        StyledLine($0)
      }
      if let detail = attention.detail {
        lines += wrapped(
          [
            Span("  \(detail.tool.rawValue)  ", .muted),
            Span(detail.command ?? detail.paths.joined(separator: " "), .code),
          ],
          width: width, indent: 2, most: 3
        ).map { StyledLine($0) }
      }
      if !attention.options.isEmpty { lines.append(StyledLine("  " + attention.options.joined(separator: " / "))) }
      if let words = answerRefusal(run) {
        lines += wrapped([Span("  " + words, .muted)], width: width, indent: 2, most: 2).map { StyledLine($0) }
      } else {
        lines.append(StyledLine([Span("  a", .accent, .bold), Span(" answers", .muted)]))
      }
    }
    lines += conflictLines(run, self, width: width)
    if let reason = run.reason, run.status.isTerminal {
      lines += fact(
        run.status == .succeeded ? "said" : "because", [Span(reason, run.status == .failed ? .runFailed : .text)],
        width: width)
    }
    if let cut = run.outputCut { lines += fact("output", [Span(cut.words, .runAttention)], width: width) }
    if let code = run.exitCode { lines += fact("exit", [Span("\(code)")], width: width) }
    if run.cancellation != nil || run.proof != nil {
      lines += section("Cancel")
      if let reason = run.cancellation?.reason, !reason.isEmpty {
        lines += fact("because", [Span(reason)], width: width)
      }
      lines += cancelSteps(run, self, isShort: false, width: width)
    }
    lines += PlanWords.lines(run.plan, width: width)
    if !run.remembered.isEmpty {
      lines += section("Answered likewise")
      for rule in run.remembered {
        let by = rule.rememberedFrom.map { "  as \($0) said" } ?? ""
        lines += wrapped([Span(rule.words), Span(by, .muted)], width: width, indent: 2, most: 3).map { StyledLine($0) }
      }
    }
    lines += judgementLines(run, open.detail?.assessment, width: width)
    if let collected = open.detail?.collected {
      lines += section("Removed")
      for sentence in collected.sentences {
        lines += wrapped([Span(sentence, .muted)], width: width, indent: 0, most: 3).map { StyledLine($0) }
      }
    }
    lines += section("Times")
    func moment(_ name: String, _ time: Timestamp?) {
      if let time { lines += fact(name, [Span(Format.moment(time, offset: utcOffset))], width: width) }
    }
    moment("queued", run.createdAt)
    moment("started", run.startedAt)
    moment("ended", run.endedAt)
    if run.startedAt != nil {
      lines += fact(run.status.isTerminal ? "took" : "so far", [Span(elapsedText(run, self))], width: width)
    }
    lines += timingBar(run, width: width)
    if run.inputTokens != nil || run.outputTokens != nil || run.costUSD != nil {
      lines += section("Use")
      if let tokens = run.inputTokens { lines += fact("tokens in", [Span(Format.count(tokens))], width: width) }
      if let tokens = run.outputTokens { lines += fact("tokens out", [Span(Format.count(tokens))], width: width) }
      if let cost = run.costUSD { lines += fact("cost", [Span(Format.dollars(cost))], width: width) }
    }
    // An agent elsewhere may have a pull request and no branch here.
    let hasRequest = run.pullRequest != nil || open.artifacts?.prURL != nil
    if run.branch != nil || run.worktree != nil || run.commit != nil || run.base != nil || hasRequest {
      lines += section("Work")
      if let branch = run.branch { lines += fact("branch", [Span(branch, .code)], width: width) }
      if let base = run.base { lines += fact("base", [Span(String(base.prefix(12)), .code)], width: width) }
      if let commit = run.commit { lines += fact("commit", [Span(String(commit.prefix(12)), .code)], width: width) }
      if let worktree = run.worktree { lines += fact("worktree", [Span(worktree, .code)], width: width) }
      if let files = run.filesChanged {
        lines += fact(
          "changed",
          [
            Span("\(Format.plural(files, "file"))  "), Span("+\(run.added ?? 0) ", .added),
            Span("-\(run.removed ?? 0)", .removed),
          ], width: width)
      }
      if let command = open.detail?.mergeCommand { lines += fact("merge with", [Span(command, .code)], width: width) }
      if let url = run.pullRequest?.url ?? open.artifacts?.prURL {
        lines += fact("PR", [Span(url, .link).linked(to: url)], width: width)
      } else if let reason = run.pullRequest?.reason {
        lines += fact("PR", [Span("not opened: \(reason)", .muted)], width: width)
        if let command = run.pullRequest?.command {
          lines += fact("by hand", [Span(command, .code)], width: width)
        }
      }
    }
    if let limits = open.detail?.limits, !limits.isEmpty {
      lines += section("Limits")
      for limit in limits {
        lines += fact(limit.name, [Span(limit.value.map { "\($0)  " } ?? ""), Span(limit.holds, .muted)], width: width)
      }
    }
    return lines
  }

  private func overviewWork(_ run: Run, _ open: OpenRun, width: Int) -> [StyledLine] {
    guard let detail = open.detail else {
      return [
        .blank,
        StyledLine(open.detailProblem ?? "Fetching the contract…", open.detailProblem == nil ? .muted : .runFailed),
      ]
    }
    let contract = detail.contract
    var lines = section("Contract")
    if width < 60 || run.title.utf8.count > 60 {
      lines += wrapped([Span(run.title, .emphasis)], width: width).map { StyledLine($0) }
    }
    if let prompt = contract.prompt {
      let paragraphs = prompt.split(separator: "\n", omittingEmptySubsequences: false)
      for paragraph in paragraphs.prefix(200) {
        lines += wrapped([Span(String(paragraph.prefix(8000)))], width: width).map { StyledLine($0) }
      }
      if paragraphs.count > 200 { lines.append(StyledLine("… \(paragraphs.count - 200) lines more", .muted)) }
      lines.append(.blank)
    }
    lines += fact("run", [Span(run.runId.description, .muted)], width: width)
    if let old = run.retryOf {
      lines += fact("retry of", [Span(old.shortName, .muted), Span(", attempt \(run.attempt)")], width: width)
    }
    if let reference = contract.externalRef { lines += fact("reference", [Span(reference)], width: width) }
    if let url = contract.externalURL { lines += fact("link", [Span(url, .link).linked(to: url)], width: width) }
    if let repository = contract.repository { lines += fact("repository", [Span(repository, .code)], width: width) }
    if contract.priority != 100 { lines += fact("priority", [Span("\(contract.priority)")], width: width) }
    if !contract.labels.isEmpty {
      lines += fact("labels", [Span(contract.labels.joined(separator: ", "))], width: width)
    }
    if !contract.requires.isEmpty {
      lines += fact("needs", [Span(contract.requires.map(\.rawValue).joined(separator: ", "))], width: width)
    }
    if !contract.dependsOn.isEmpty {
      lines += fact("depends on", [Span(contract.dependsOn.joined(separator: ", "))], width: width)
    }
    for (place, command) in contract.verify.enumerated() {
      lines += fact(place == 0 ? "verify" : "", [Span(command, .code)], width: width)
    }
    if !contract.acceptanceCriteria.isEmpty {
      lines += section("Criteria")
      lines += criteriaLines(detail.criteria, width: width)
    }
    lines += section("Routing")
    lines += decisionLines(detail.decision, chosen: run.runtimeId, width: width)
    return lines
  }
}

/// What queued work waits for, as it is told by name: an approval is a sentence of its own.
func waitWords(_ wait: String) -> String { wait == WaitReason.approval.text ? wait : "waits for \(wait)" }

/// Every runtime that was considered, and why it was chosen or not.
func decisionLines(_ decision: RoutingDecision, chosen: RuntimeID?, width: Int) -> [StyledLine] {
  var lines: [StyledLine] = []
  let names = max(8, decision.considered.map { measure($0.runtimeId.rawValue) }.max() ?? 0)
  for runtime in decision.considered {
    let isChosen = runtime.runtimeId == (decision.runtimeId ?? chosen)
    let glyph = isChosen ? Span("▸ ", .accent) : runtime.eligible ? Span("✔ ", .yes) : Span("✖ ", .no)
    let reasons =
      runtime.reasons.isEmpty
      ? (isChosen ? "chosen" : runtime.eligible ? "could take it" : "") : runtime.reasons.joined(separator: "; ")
    let name = Span(fitted(runtime.runtimeId.rawValue, min(names, 24)) + "  ", isChosen ? .emphasis : .text)
    lines += wrapped(
      [glyph, name, Span(reasons, isChosen ? .text : .muted)], width: width, indent: min(names, 24) + 4, most: 4
    ).map { StyledLine($0) }
  }
  for wait in decision.waitsFor {
    lines += wrapped([Span("◔ ", .runQueued), Span(waitWords(wait), .runQueued)], width: width, indent: 2, most: 3).map
    {
      StyledLine($0)
    }
  }
  if lines.isEmpty { lines = [StyledLine("Not decided yet.", .muted)] }
  return lines
}
