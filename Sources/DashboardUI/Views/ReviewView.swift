import RunModel
import TerminalKit

/// What will happen: the page between the form and the dispatch. Enter does it.
func drawReview(_ state: DashboardState, _ rect: Rect, _ frame: inout Frame) {
  let theme = state.theme
  var area = Rect(x: rect.x + 2, y: rect.y, width: min(rect.width - 4, 120), height: rect.height)
  let buttons = area.takeBottom(2)
  let lines = state.reviewLines(width: area.width)
  let top = max(0, min(state.form.reviewTop, lines.count - area.height))
  frame.draw(Array(lines.dropFirst(top).prefix(area.height)), in: area, theme)
  if lines.count > area.height {
    let more = lines.count - area.height - top
    frame.put(
      more > 0 ? "\(more) lines below" : "end", x: rect.right - 18, y: buttons.y, width: 17, style: theme[.muted])
  }
  let row = Rect(x: buttons.x, y: buttons.bottom - 1, width: buttons.width, height: 1)
  frame.draw(
    state.form.isSending
      ? [Span("Dispatching…", .muted)]
      : [Span(" enter  dispatch ", .buttonFocused), Span("   esc", .accent), Span("  back to the form", .muted)],
    x: row.x, y: row.y, width: row.width, theme)
}

extension DashboardState {
  var reviewHeight: Int { max(1, layout.body.height - 2) }

  func reviewLines(width: Int) -> [StyledLine] {
    let draft = form.draft()
    let contract = draft.contract
    func fact(_ name: String, _ text: String, _ role: Role = .text) -> [StyledLine] {
      wrapped([Span(fitted(name, 14), .muted), Span(text, role)], width: width, indent: 14, most: 6).map {
        StyledLine($0)
      }
    }
    let count = draft.count * max(1, draft.runtimes.count)
    var lines = [StyledLine("What will happen", .heading), .blank]
    lines += fact("dispatch", "\(Format.plural(count, "run")) of \"\(contract.title)\"", .emphasis)
    if let prompt = contract.prompt {
      let rows = prompt.prefix(4000).split(separator: "\n", omittingEmptySubsequences: false)
      lines += fact("prompt", String(rows.first ?? "") + (rows.count > 1 ? "  (and more)" : ""))
    }
    if let repository = contract.repository {
      lines += fact("repository", repository + (contract.base.map { " at \($0)" } ?? ""))
    }
    for criterion in contract.acceptanceCriteria.prefix(20) { lines += fact(criterion.id, criterion.text) }
    for command in contract.verify.prefix(20) { lines += fact("verify", command, .code) }
    if !contract.allowedPaths.isEmpty { lines += fact("only in", contract.allowedPaths.joined(separator: ", ")) }
    if !contract.requires.isEmpty { lines += fact("needs", contract.requires.map(\.rawValue).joined(separator: ", ")) }
    if !contract.dependsOn.isEmpty { lines += fact("after", contract.dependsOn.joined(separator: ", ")) }
    var classified = contract
    classified.classify()
    if let risk = classified.risk { lines += fact("risk", risk.rawValue, risk >= .high ? .runAttention : .text) }
    if contract.priority != 100 { lines += fact("priority", "\(contract.priority)") }
    if let seconds = contract.timeoutSeconds, seconds < 1e9 {
      lines += fact("time limit", Format.duration(Int64(seconds * 1000)))
    }
    for warning in reviewWarnings(contract) { lines += fact("▲ note", warning, .runAttention) }
    lines.append(.blank)
    if form.outcomes.isEmpty || form.problem != nil {
      lines += planLines(self, width: width)
    } else {
      for (place, outcome) in form.outcomes.prefix(100).enumerated() {
        if form.outcomes.count > 1 { lines.append(StyledLine("Run \(place + 1) of \(count)", .muted)) }
        lines += outcomeLines(outcome, width: width)
        if contract.repository != nil {
          lines.append(StyledLine([Span("  branch  ", .muted), Span(BranchName.stem(of: contract) + "-…", .code)]))
        }
      }
      if form.outcomes.count > 100 { lines.append(StyledLine("and \(form.outcomes.count - 100) more", .muted)) }
    }
    return lines
  }

  /// What is not wrong but worth knowing before.
  private func reviewWarnings(_ contract: Contract) -> [String] {
    var warnings: [String] = []
    if let facts = form.freshFacts, facts.uncommittedFiles > 0 {
      let files = facts.uncommittedFiles
      warnings.append(
        "\(Format.plural(files, "uncommitted file")) \(files == 1 ? "is" : "are") not in the base: the agent will not see \(files == 1 ? "it" : "them")."
      )
    }
    if contract.verify.isEmpty {
      warnings.append("No verify command: nothing but the agent's own word says that it is done.")
    }
    return warnings
  }
}
