import RunModel
import TerminalKit

func drawRun(_ state: DashboardState, _ layout: Layout, _ frame: inout Frame) {
  guard let open = state.open, let run = state.board[open.id] else {
    frame.put(
      "This run is not known any more.", x: 2, y: layout.body.y + 1, width: layout.body.width - 2,
      style: state.theme[.muted])
    return
  }
  let theme = state.theme
  let (glyph, role) = Glyphs.status(run)
  let title = [Span(" \(glyph) ", role), Span(run.runId.shortName, .muted), Span("  "), Span(run.title, .emphasis)]
  var right: [Span] = []
  if run.status == .running, run.progressKnown {
    right = Glyphs.bar(run.progress, width: 10) + [Span(" \(Format.percent(run.progress))%")]
  }
  right += [
    Span("  "), statusWord(run, role), Span("  \(elapsedText(run, state)) "),
  ]
  frame.draw(StyledLine(title, right: right), in: layout.title, theme)
  switch open.tab {
  case .overview, .handoff:
    var lines = state.page(open.tab, width: layout.body.width)
    let top = min(open.tops[open.tab] ?? 0, max(0, lines.count - layout.body.height))
    if open.tab == .handoff, !open.noteSearch.isEmpty {
      for row in top..<min(lines.count, top + layout.body.height) {
        let isCurrent = open.noteMatch == row - 1
        lines[row].spans = highlighted(lines[row].spans, open.noteSearch, isCurrent ? .matchCurrent : .match)
      }
    }
    frame.draw(lines[min(top, lines.count)...], in: layout.body, theme)
    drawScrollMark(top, layout.body, lines.count, theme, &frame)
  case .events: drawEvents(state, run, layout.body, &frame)
  case .files: drawFiles(state, open, layout.body, &frame)
  case .diff: drawDiff(state, open, layout.body, &frame)
  case .commands, .tests: drawRecords(state, open, layout.body, &frame)
  case .evidence: drawEvidence(state, open, layout.body, &frame)
  case .audit: drawRunAudit(state, open, layout.body, &frame)
  }
}

/// At the right of the tabs: how the tab stands.
func drawTabState(_ state: DashboardState, _ rect: Rect, _ frame: inout Frame) {
  guard let open = state.open else { return }
  var spans: [Span] = []
  switch open.tab {
  case .events: spans = eventsState(state, open, isShort: rect.width < 20)
  case .diff: spans = state.diffStateSpans
  case .files:
    guard !open.files.files.isEmpty else { break }
    let reviewed = open.files.reviewed.count
    let count = open.files.files.count
    if reviewed > 0 {
      spans.append(Span("✔ \(reviewed) of \(count)\(rect.width >= 24 ? " reviewed" : "")  ", .runSucceeded))
    }
    guard let patch = open.patch, reviewed == 0 || rect.width >= 40 else { break }
    if reviewed == 0, rect.width >= 24 {
      spans.append(Span(Format.plural(count, "file") + (patch.isComplete ? "  " : "+  "), .muted))
    }
    spans += [Span("+\(patch.added) ", .added), Span("-\(patch.removed)", .removed)]
  case .evidence: break
  case .audit: if let trail = open.audit.trail { spans = auditState(trail, isShort: rect.width < 24) }
  case .tests:
    let tests = open.artifacts?.testsRun ?? []
    let failed = tests.filter { $0.status == .failed || $0.status == .error }.count
    let passed = tests.filter { $0.status == .passed }.count
    guard !tests.isEmpty else { break }
    if failed > 0 { spans.append(Span("✖ \(failed) failed   ", .runFailed)) }
    spans.append(Span("✔ \(passed) of \(tests.count)", failed > 0 ? .muted : .runSucceeded))
  case .overview, .commands, .handoff: break
  }
  // What does not fit is left out from its left end: the place comes last.
  while spans.count > 1, spans.reduce(0, { $0 + $1.width }) > rect.width { spans.removeFirst() }
  frame.draw(StyledLine([], right: spans), in: rect, state.theme)
}

/// Types, what was dropped, the search's place, and whether it follows; in short only what matters most.
private func eventsState(_ state: DashboardState, _ open: OpenRun, isShort: Bool) -> [Span] {
  var spans: [Span] = []
  let place = state.matchPlace.map { Span("/\($0)", .accent) }
  if !isShort {
    let types = state.log?.types ?? []
    if !types.isEmpty { spans.append(Span(fitted(types.sorted().joined(separator: " "), 16) + "  ", .accent)) }
    if let dropped = state.board[open.id]?.outputDropped, dropped > 0 {
      spans.append(Span("\(Format.count(dropped)) dropped  ", .runAttention))
    }
    if let place { spans += [place, Span("  ")] }
  }
  if open.events.pausedAt != nil {
    let behind = (state.log?.count ?? 0) - state.shownLogCount
    let more = behind > 0 ? (isShort ? " +\(behind)" : ", \(behind) new") : ""
    spans.append(Span("paused" + more, .runAttention))
  } else if open.events.isFollowing {
    spans.append(Span(isShort ? "⇣ follows" : "⇣ following", .runRunning))
  } else if isShort, let place {
    spans.append(place)
  } else {
    spans.append(Span("\(state.eventsCursor + 1) of \(state.shownLogCount)", .muted))
  }
  return spans
}

private func drawEvidence(_ state: DashboardState, _ open: OpenRun, _ rect: Rect, _ frame: inout Frame) {
  guard let tree = open.evidence else {
    let nothing = open.artifacts == nil ? nil : "The run has given no evidence."
    drawAbsence(nothing, open.artifactsProblem, rect, state, &frame)
    return
  }
  drawJSONTree(tree, rect, state.theme, &frame)
}

func changeLetter(_ change: PatchFile.Change) -> (String, Role) {
  switch change {
  case .modified: ("M", .accent)
  case .added: ("A", .added)
  case .deleted: ("D", .removed)
  case .renamed: ("R", .runVerifying)
  case .copied: ("C", .runVerifying)
  }
}

/// The ground of the row under the cursor.
func select(_ rect: Rect, _ theme: Theme, _ frame: inout Frame) {
  let chosen = theme[.selection]
  frame.restyle(rect) { style in
    style.background == theme[.text].background ? style.on(chosen.background).adding(chosen.attributes) : style
  }
}

/// Says why there is nothing to show: fetching, a problem, or nothing there.
func drawAbsence(_ nothing: String?, _ problem: String?, _ rect: Rect, _ state: DashboardState, _ frame: inout Frame) {
  let words = problem.map { Span($0, .runFailed) } ?? Span(nothing ?? "Fetching…", .muted)
  let lines = wrapped([words], width: rect.width - 4, most: 6).map { StyledLine($0) }
  frame.draw(lines, in: Rect(x: rect.x + 2, y: rect.y + 1, width: rect.width - 4, height: rect.height - 1), state.theme)
}
