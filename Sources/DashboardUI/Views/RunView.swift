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
    Span("  \(run.needsAttention ? "needs you" : run.status.rawValue)", role), Span("  \(elapsedText(run, state)) "),
  ]
  frame.draw(StyledLine(title, right: right), in: layout.title, theme)
  switch open.tab {
  case .overview, .handoff:
    let lines = state.page(open.tab, width: layout.body.width)
    let top = min(open.tops[open.tab] ?? 0, max(0, lines.count - layout.body.height))
    frame.draw(lines[min(top, lines.count)...], in: layout.body, theme)
    drawScrollMark(top, layout.body, lines.count, theme, &frame)
  case .events: drawEvents(state, run, layout.body, &frame)
  case .files: drawFiles(state, open, layout.body, &frame)
  case .diff: drawDiff(state, open, layout.body, &frame)
  case .commands, .tests: drawRecords(state, open, layout.body, &frame)
  }
}

/// At the right of the tabs: how the tab stands.
func drawTabState(_ state: DashboardState, _ rect: Rect, _ frame: inout Frame) {
  guard let open = state.open else { return }
  var spans: [Span] = []
  switch open.tab {
  case .events:
    if state.log?.filter != .all { spans.append(Span("\(state.log?.filter.rawValue ?? "")  ", .accent)) }
    if !open.events.search.isEmpty { spans.append(Span("/\(open.events.search)  ", .accent)) }
    if open.events.pausedAt != nil {
      let behind = (state.log?.count ?? 0) - state.shownLogCount
      spans.append(Span("paused" + (behind > 0 ? ", \(behind) new" : ""), .runAttention))
    } else if open.events.isFollowing {
      spans.append(Span("⇣ following", .runRunning))
    } else {
      spans.append(Span("\(state.eventsTop + 1) of \(state.shownLogCount)", .muted))
    }
  case .diff: spans = state.diffStateSpans
  case .files:
    guard let patch = open.patch, !patch.files.isEmpty else { break }
    spans = [
      Span(Format.plural(patch.files.count, "file") + (patch.isComplete ? "  " : "+  "), .muted),
      Span("+\(patch.added) ", .added),
      Span("-\(patch.removed)", .removed),
    ]
  case .tests:
    let tests = open.artifacts?.testsRun ?? []
    let failed = tests.filter { $0.status == .failed || $0.status == .error }.count
    let passed = tests.filter { $0.status == .passed }.count
    guard !tests.isEmpty else { break }
    if failed > 0 { spans.append(Span("✖ \(failed) failed   ", .runFailed)) }
    spans.append(Span("✔ \(passed) of \(tests.count)", failed > 0 ? .muted : .runSucceeded))
  case .overview, .commands, .handoff: break
  }
  frame.draw(StyledLine([], right: spans), in: rect, state.theme)
}

// MARK: Events

/// One event on one line.
func logLine(_ line: LogLine, _ times: EventsPane.Times, _ run: Run, _ state: DashboardState, left: Int = 0)
  -> StyledLine
{
  var spans = logLead(line, times, run, state)
  spans += scrolledLeft(logText(line), by: left)
  return StyledLine(spans, right: line.detail.map { [Span($0, .muted)] } ?? [])
}

private func logLead(_ line: LogLine, _ times: EventsPane.Times, _ run: Run, _ state: DashboardState) -> [Span] {
  let time: String
  switch times {
  case .clock: time = Format.clock(line.time, offset: state.utcOffset) + "  "
  case .sinceStart:
    time = fitted(Format.elapsed((line.time - (run.startedAt ?? run.createdAt)).milliseconds), 8, right: true) + "  "
  case .none: time = ""
  }
  return [
    Span(time, .timestamp),
    Span(fitted(line.label, max(9, min(20, measure(line.label)))) + "  ", logRole(line.kind, isLabel: true)),
  ]
}

private func logText(_ line: LogLine) -> [Span] { [Span(line.text, logRole(line.kind, isLabel: false))] }

private func logRole(_ kind: LogKind, isLabel: Bool) -> Role {
  switch kind {
  case .output: isLabel ? .muted : .text
  case .error: .outputError
  case .tool: isLabel ? .accent : .text
  case .progress: isLabel ? .muted : .text
  case .milestone: isLabel ? .heading : .emphasis
  case .attention: .runAttention
  case .good: .runSucceeded
  case .bad: .runFailed
  case .other: .muted
  }
}

private func drawEvents(_ state: DashboardState, _ run: Run, _ rect: Rect, _ frame: inout Frame) {
  guard let log = state.log, log.run == run.runId, let pane = state.open?.events else { return }
  let count = state.shownLogCount
  guard count > 0 else {
    let words =
      !log.isLoaded
      ? "Fetching the events…"
      : log.total > 0 ? "No \(log.filter.rawValue) yet; F shows other events." : "Nothing has happened yet."
    frame.put(words, x: 2, y: rect.y + 1, width: rect.width - 2, style: state.theme[.muted])
    return
  }
  let inner = Rect(x: 1, y: rect.y, width: rect.width - 3, height: rect.height)
  func lines(_ index: Int) -> [StyledLine] {
    guard let line = log[index] else { return [] }
    var single = logLine(line, pane.times, run, state, left: pane.wraps ? 0 : pane.left)
    if !pane.search.isEmpty { single.spans = highlighted(single.spans, pane.search) }
    guard pane.wraps else { return [single] }
    let lead = logLead(line, pane.times, run, state).reduce(0) { $0 + $1.width }
    let detail = line.detail.map { [Span("  " + $0, Role.muted)] } ?? []
    return wrapped(single.spans + detail, width: inner.width, indent: lead, most: 200).map { StyledLine($0) }
  }
  var shown: [StyledLine] = []
  if pane.isFollowing {
    var index = count - 1
    while index >= 0, shown.count < inner.height {
      shown = lines(index) + shown
      index -= 1
    }
    shown = shown.suffix(inner.height)
  } else {
    var index = state.eventsTop
    while index < count, shown.count < inner.height {
      shown += lines(index)
      index += 1
    }
  }
  frame.draw(shown, in: inner, state.theme)
  drawScrollMark(state.eventsTop, rect, count, state.theme, &frame)
}

// MARK: Files

private func drawFiles(_ state: DashboardState, _ open: OpenRun, _ rect: Rect, _ frame: inout Frame) {
  let rows = state.filePaths
  let theme = state.theme
  guard !rows.isEmpty else {
    drawAbsence(
      open.patch?.lineCount == 0 || open.artifacts != nil ? "No file has changed." : nil, open.patchProblem, rect,
      state, &frame)
    return
  }
  let cursor = min(open.fileCursor, rows.count - 1)
  let top = state.listTop(cursor, rows.count, rect.height)
  let most = rows.map { ($0.added ?? 0) + ($0.removed ?? 0) }.max() ?? 1
  let barWidth = min(24, max(8, rect.width / 6))
  for row in 0..<rect.height {
    guard let file = rows[safe: top + row] else { break }
    let isSelected = top + row == cursor
    let path = file.oldPath.map { "\($0) → \(file.path)" } ?? file.path
    var right: [Span] = []
    if file.isBinary {
      right = [Span("binary", .muted)]
    } else if let added = file.added, let removed = file.removed {
      let total = added + removed
      let length = total == 0 ? 0 : max(1, total * barWidth / max(1, most))
      let plus = total == 0 ? 0 : min(length, (added * length + total - 1) / total)
      right = [
        Span(fitted("+\(added)", 7, right: true), added > 0 ? .added : .muted),
        Span(fitted("-\(removed)", 7, right: true), removed > 0 ? .removed : .muted),
        Span("  " + String(repeating: "█", count: plus), .added),
        Span(String(repeating: "█", count: length - plus), .removed),
        Span(String(repeating: " ", count: barWidth - length)),
      ]
    }
    let (letter, role) = changeLetter(file.change)
    let spans = [
      Span(isSelected ? "▌" : " ", .accent), Span(letter + "  ", role), Span(path, isSelected ? .emphasis : .text),
    ]
    let line = Rect(x: rect.x, y: rect.y + row, width: rect.width - 2, height: 1)
    frame.draw(StyledLine(spans, right: right), in: line, theme)
    if isSelected { select(rect.row(row), theme, &frame) }
  }
  drawScrollMark(top, rect, rows.count, theme, &frame)
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

// MARK: Commands and tests

private func drawRecords(_ state: DashboardState, _ open: OpenRun, _ rect: Rect, _ frame: inout Frame) {
  let rows = state.records(open.tab)
  let theme = state.theme
  guard !rows.isEmpty else {
    let nothing = open.tab == .tests ? "No tests have run." : "No commands are recorded."
    drawAbsence(open.artifacts == nil ? nil : nothing, open.artifactsProblem, rect, state, &frame)
    return
  }
  var list = rect
  var output = rect
  if rect.width >= 140 {
    list = output.takeLeft(rect.width / 2 - 10)
    for y in rect.y..<rect.bottom { frame.put("│", x: output.x, y: y, width: 1, style: theme[.border]) }
    output = Rect(x: output.x + 2, y: output.y, width: output.width - 3, height: output.height)
  } else {
    list = output.takeTop(max(3, min(rows.count, rect.height / 2)))
  }
  let cursor = min(open.recordCursor[open.tab] ?? 0, rows.count - 1)
  let top = state.listTop(cursor, rows.count, list.height)
  for row in 0..<list.height {
    guard let record = rows[safe: top + row] else { break }
    let isSelected = top + row == cursor
    let (glyph, role) = testGlyph(record.test?.status)
    var right: [Span] = []
    if let test = record.test {
      if let code = test.exitCode, code != 0 { right.append(Span("exit \(code)  ", .runFailed)) }
      right.append(Span(fitted(Format.duration(test.durationMilliseconds), 12, right: true), .muted))
    }
    let spans = [
      Span(isSelected ? "▌" : " ", .accent), Span(glyph + "  ", role),
      Span(record.name, isSelected ? .emphasis : .text),
    ]
    frame.draw(
      StyledLine(spans, right: right), in: Rect(x: list.x, y: list.y + row, width: list.width - 2, height: 1), theme)
    if isSelected { select(list.row(row), theme, &frame) }
  }
  drawScrollMark(top, list, rows.count, theme, &frame)
  let record = rows[cursor]
  if rect.width >= 140 {
    frame.draw([Span(record.name, .heading)], x: output.x, y: output.y, width: output.width, theme)
    _ = output.takeTop(2)
  } else {
    frame.rule(output.takeTop(1), [Span(record.name, .heading)], theme)
    output = output.inset(dx: 2, dy: 0)
  }
  let text = record.test?.output ?? ""
  guard !text.isEmpty else {
    let words = record.test == nil ? "Reported by the agent; no output was kept." : "No output."
    frame.put(words, x: output.x, y: output.y, width: output.width, style: theme[.muted])
    return
  }
  // The end of an output is where it says what went wrong.
  let lines = text.split(separator: "\n", omittingEmptySubsequences: false).suffix(500)
  var shown = lines.flatMap { wrapped([Span(String($0.prefix(2000)))], width: output.width, most: 6) }
  if shown.last?.isEmpty == true { shown.removeLast() }
  frame.draw(shown.suffix(output.height).map { StyledLine($0) }, in: output, theme)
}

private func testGlyph(_ status: TestRecord.Status?) -> (String, Role) {
  switch status {
  case .passed: ("✔", .runSucceeded)
  case .failed, .error: ("✖", .runFailed)
  case .skipped: ("·", .muted)
  case nil: ("·", .muted)
  }
}
