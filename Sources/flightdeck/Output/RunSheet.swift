import RunModel
import TerminalKit

/// One run on a page, for people.
struct RunSheet {
  let detail: RunDetail
  let words: RunWords
  let colour: Bool

  var lines: [String] {
    let run = detail.run
    var lines = [
      Tone.heading.paint(Plain.line(run.title), in: colour),
      words.tone(run).paint(words.status(run), in: colour)
        + [words.progress(run), words.elapsed(run)].filter { !$0.isEmpty }.map { "  " + Plain.line($0) }.joined(),
      "",
    ]
    for (name, value) in facts(run) {
      guard let value, !value.isEmpty else { continue }
      for (index, part) in Plain.lines(value).enumerated() {
        let label = index == 0 ? name : ""
        let padding = String(repeating: " ", count: max(1, 12 - label.count))
        lines.append(Tone.faint.paint(label, in: colour) + padding + part)
      }
    }
    if let attention = run.attention {
      section("Needs you", &lines, AttentionSheet(attention: attention, run: run.runId).lines)
    }
    if let approval = run.approval {
      section(
        "Approval", &lines,
        ["\(approval.risk.rawValue) risk (\(approval.taskClass)), asked for by \(approval.requestedBy)"]
          + approval.given.map { "approved by \($0.by) at \($0.at): \($0.why)" }
          + (approval.rejection.map { ["rejected by \($0.by) at \($0.at): \($0.why)"] } ?? [])
          + (run.awaitsApproval
            ? [
              "\(approval.given.count) of \(approval.needed) given",
              "flightdeck approve \(run.runId.shortName) --why '…'",
            ] : []))
    }
    if let cancel = run.cancellation {
      section(
        "Cancel", &lines,
        [
          "asked by \(cancel.by) at \(cancel.requestedAt)\(cancel.force ? ", forced" : ""): \(cancel.reason)",
          cancel.stopSentAt.map { "stop sent at \($0)" } ?? "",
          run.proof.map { proof in
            proof.confirmedAt.map {
              proof.processes > 0 ? "gone since \($0): \(proof.words)" : "ended at \($0)"
            } ?? "its end is unconfirmed"
          } ?? "",
          run.proof?.commit.map { "work kept in \($0)" } ?? "",
          run.proof?.uncommitted.map { "its work could not be committed and lies in \($0)" } ?? "",
        ])
    }
    section(
      "Plan (\(run.plan.completed) of \(run.plan.count) done)", &lines,
      run.plan.map { "\(words.plan($0.status))  \($0.text)" })
    section("Answered likewise in this run", &lines, run.remembered.map(words.remembered))
    section("Removed", &lines, detail.collected?.sentences ?? [])
    section("Limits", &lines, detail.limits.map(\.text))
    section("Prompt", &lines, detail.contract.prompt.map { [$0] } ?? [])
    section(
      "Criteria", &lines,
      detail.criteria.map { criterion in
        let by = criterion.evidence.map { "  (\($0.kind.rawValue): \($0.name))" } ?? ""
        return "\(criterion.id)  \(criterion.proof.rawValue)  \(criterion.text)\(by)"
      })
    section("Notes", &lines, detail.assessment?.notes ?? [])
    section("Verify", &lines, detail.contract.verify)
    let decision = DecisionWords.lines(detail.decision, utf8: words.utf8)
    if !decision.isEmpty {
      lines += ["", Tone.heading.paint("Routing", in: colour)] + decision
    }
    section("Pull request", &lines, Self.pullRequest(detail.run))
    // What did not succeed is looked at before it goes anywhere.
    let merge = run.status == .succeeded ? "Merge it with" : "It has not succeeded; if you want its work all the same"
    section(merge, &lines, detail.mergeCommand.map { [$0] } ?? [])
    return lines
  }

  private static func pullRequest(_ run: Run) -> [String] {
    guard let request = run.pullRequest else { return [] }
    if let url = request.url { return [url] }
    return ["not opened: \(request.reason ?? "nobody knows why")"]
      + (request.command.map { ["by hand: \($0)"] } ?? [])
      + ["try again: flightdeck pr \(run.runId.shortName)"]
  }

  private func facts(_ run: Run) -> [(String, String?)] {
    let contract = detail.contract
    return [
      ("run", run.runId.description), ("contract", run.contractId.description), ("from", run.externalRef),
      ("retry of", run.retryOf?.description), ("runtime", run.runtimeId?.rawValue),
      ("session", run.runtimeSessionId), ("priority", "\(run.priority)"),
      ("needs", contract.requires.map(\.rawValue).joined(separator: ", ")),
      ("labels", run.labels.joined(separator: ", ")), ("waits for", run.waitsFor.joined(separator: ", ")),
      ("created", run.createdAt.description), ("started", run.startedAt?.description),
      ("ended", run.endedAt?.description), ("reason", run.reason), ("exit code", run.exitCode.map { "\($0)" }),
      ("activity", run.status.isTerminal ? nil : run.activity), ("files", words.files(run)),
      ("tests", words.tests(run)), ("verdict", run.verdict?.rawValue),
      (
        "score",
        run.score.map { score in
          "\(score.total) of 100, \(score.tier.rawValue) (of 25 each: correct \(score.d1), observed \(score.d2), "
            + "policy \(score.d3), recurrence \(score.d4))"
        }
      ), ("repository", contract.repository), ("worktree", run.worktree),
      ("branch", run.branch), ("base", run.base), ("commit", run.commit),
      ("tokens", run.inputTokens.map { "\($0) in, \(run.outputTokens ?? 0) out" }),
      ("cost", run.costUSD.map { "$" + JSONWriter.number($0) }),
      ("dropped", Self.dropped(run)),
    ]
  }

  /// What is in no event, and what of it is nowhere.
  static func dropped(_ run: Run) -> String? {
    let gone = run.outputCut?.lines ?? 0
    let left = run.outputDropped - gone
    let words = [
      left > 0 ? "\(left) line\(left == 1 ? "" : "s") of output \(left == 1 ? "is" : "are") in no event" : nil,
      run.outputCut?.words,
    ].compactMap { $0 }
    return words.isEmpty ? nil : words.joined(separator: "; ")
  }

  private func section(_ title: String, _ lines: inout [String], _ content: [String]) {
    let content = content.filter { !$0.isEmpty }
    if content.isEmpty { return }
    lines += ["", Tone.heading.paint(title, in: colour)]
    for text in content { lines += Plain.lines(text).map { "  " + $0 } }
  }
}
