import RunModel
import TerminalKit

/// How an ended run was judged: words, glyphs and points, the same on every screen.
extension Verdict {
  var words: String {
    switch self {
    case .blocked: "blocked"
    case .fail: "fail"
    case .passWithNotes: "pass with notes"
    case .pass: "pass"
    }
  }

  var mark: (glyph: String, role: Role) {
    switch self {
    case .blocked: (Glyphs.canceled, .runCanceled)
    case .fail: (Glyphs.failed, .runFailed)
    case .passWithNotes: (Glyphs.succeeded, .runAttention)
    case .pass: (Glyphs.succeeded, .runSucceeded)
    }
  }
}

extension Score {
  /// `93 HIGH`, in eleven columns at most.
  var short: String { "\(total) \(tier == .probation ? "PROB" : tier == .restricted ? "RESTR" : tier.rawValue)" }
}

func scoreCell(_ run: Run, _ width: Int) -> Span {
  guard let score = run.score else { return Span(fitted("—", width, right: true), .faint) }
  let role: Role = score.tier == .probation ? .runFailed : score.tier == .high ? .text : .muted
  return Span(fitted(score.short, width, right: true), role)
}

/// The verdict with what stands against a plain pass, and the points of the four dimensions with their reasons.
func judgementLines(_ run: Run, _ assessment: Assessment?, width: Int) -> [StyledLine] {
  guard let verdict = assessment?.verdict ?? run.verdict else { return [] }
  func fact(_ name: String, _ spans: [Span]) -> [StyledLine] {
    wrapped([Span(fitted(name, 12), .muted)] + spans, width: width, indent: 12, most: 6).map { StyledLine($0) }
  }
  var lines: [StyledLine] = [.blank, StyledLine("Judgement", .heading)]
  lines += fact("verdict", [Span("\(verdict.mark.glyph) \(verdict.words)", verdict.mark.role)])
  for (place, note) in (assessment?.notes ?? []).enumerated() {
    lines += fact(place == 0 ? "because" : "", [Span(note)])
  }
  guard let score = assessment?.score ?? run.score else { return lines }
  lines += fact("score", [Span("\(score.total) of 100  ", .emphasis), Span(score.tier.rawValue)])
  let dimensions = [
    ("correct", score.d1), ("observed", score.d2), ("policy", score.d3), ("recurrence", score.d4),
  ]
  for (place, (name, points)) in dimensions.enumerated() {
    lines += fact(
      name,
      [Span(fitted("\(points)", 2, right: true) + " of 25  "), Span(assessment?.reasons[safe: place] ?? "", .muted)])
  }
  return lines
}

/// The acceptance criteria, each with what shows that it is met, or not.
func criteriaLines(_ criteria: [CriterionResult], width: Int) -> [StyledLine] {
  criteria.flatMap { criterion in
    let (glyph, role): (String, Role) =
      switch criterion.proof {
      case .proven: (Glyphs.succeeded, .runSucceeded)
      case .failed: (Glyphs.failed, .runFailed)
      case .unproven: ("·", .muted)
      }
    let indent = measure(criterion.id) + 4
    var lines = wrapped(
      [Span("\(glyph) ", role), Span("\(criterion.id)  ", .muted), Span(criterion.text)], width: width, indent: indent)
    let shows = criterion.evidence.map { "\(criterion.proof.rawValue) by the \($0.kind.rawValue) \($0.name)" }
    lines += wrapped(
      [Span(String(repeating: " ", count: indent) + (shows ?? "unproven: no check of ours names it"), .muted)],
      width: width, indent: indent, most: 3)
    return lines.map { StyledLine($0) }
  }
}

/// Which live runs change the same files, both named.
func conflictLines(_ run: Run, _ state: DashboardState, width: Int, most: Int = 20) -> [StyledLine] {
  guard !run.status.isTerminal, !run.conflicts.isEmpty else { return [] }
  var lines = run.conflicts.prefix(most).flatMap { conflict in
    let title = state.board[conflict.run]?.title ?? ""
    return wrapped(
      [
        Span("\(Glyphs.conflict) ", .runAttention), Span(conflict.path, .code), Span("  also changed by ", .muted),
        Span("\(conflict.run.shortName) ", .accent), Span(title, .muted),
      ], width: width, indent: 2, most: 2)
  }
  let others = max(run.conflictingFiles, run.conflicts.count) - min(most, run.conflicts.count)
  if others > 0 { lines.append([Span("  and \(Format.plural(others, "file")) more", .muted)]) }
  return lines.map { StyledLine($0) }
}
