import RunModel
import TerminalKit

func drawRuns(_ state: DashboardState, _ layout: Layout, _ frame: inout Frame) {
  if state.replay != nil, state.board.runs.isEmpty {
    let words = [
      Span("No run yet at this time.  "), Span("space", .footerKey), Span(" plays, ", .muted), Span("→", .footerKey),
      Span(" goes on", .muted),
    ]
    frame.draw(
      StyledLine(words), in: Rect(x: 3, y: layout.body.y + 1, width: layout.body.width - 4, height: 1), state.theme)
    return
  }
  guard !state.board.runs.isEmpty else {
    drawWelcome(state, layout.body, &frame)
    return
  }
  let theme = state.theme
  let table = state.table
  drawColumnHeads(state, table, layout.columns, &frame)
  if state.list.visible.isEmpty {
    let words = [
      Span("   No run matches "), Span(state.list.filter.text, .accent), Span(".  esc", .footerKey),
      Span(" shows all again", .muted),
    ]
    frame.draw(StyledLine(words), in: layout.rows.row(1), theme)
  }
  for row in 0..<layout.rows.height {
    let rect = layout.rows.row(row)
    switch state.list.row(state.top + row) {
    case .run(let place): drawRunRow(state.board.runs[place], table, rect, state, &frame)
    case .group(let group): drawGroupHeader(state.list.groups[group], state.top + row, rect, state, &frame)
    case nil: break
    }
  }
  drawScrollMark(state.top, layout.rows, state.list.rowCount, theme, &frame)
  drawPreview(state, layout, &frame)
}

/// A thin mark at the right edge: where in the whole the screen is.
func drawScrollMark(_ top: Int, _ rect: Rect, _ count: Int, _ theme: Theme, _ frame: inout Frame) {
  guard count > rect.height, rect.height > 2 else { return }
  let length = max(1, rect.height * rect.height / count)
  let start = top * (rect.height - length) / max(1, count - rect.height)
  for row in 0..<length {
    frame.put(
      "▐", x: rect.right - 1, y: rect.y + min(start, rect.height - length) + row, width: 1, style: theme[.faint])
  }
}

private func drawWelcome(_ state: DashboardState, _ rect: Rect, _ frame: inout Frame) {
  var lines: [StyledLine] = []
  if !state.hasSnapshot {
    lines = waitingWords(state, rect.width)
  } else {
    lines = [
      StyledLine("No runs yet.", .heading), .blank,
      StyledLine([Span("D", .accent, .bold), Span("  dispatch work to an agent")]),
      StyledLine([Span("2", .accent, .bold), Span("  see the runtimes")]),
      StyledLine([Span("?", .accent, .bold), Span("  help")]), .blank,
      StyledLine("or from a shell:  flightdeck dispatch \"Fix the login test\"", .muted),
    ]
  }
  let width = lines.map { $0.spans.reduce(0) { $0 + $1.width } }.max() ?? 0
  let x = max(2, (rect.width - width) / 2)
  let y = rect.y + max(1, (rect.height - lines.count) / 3)
  frame.draw(lines, in: Rect(x: x, y: y, width: rect.width - x, height: rect.bottom - y), state.theme)
}

/// While nothing is known yet: that it is waited for, or why it does not come.
func waitingWords(_ state: DashboardState, _ width: Int) -> [StyledLine] {
  guard case .refused(_, let reason) = state.link else {
    return [StyledLine("Waiting for the orchestrator…", .muted)]
  }
  return [StyledLine("The orchestrator does not let you in.", .heading), .blank]
    + wrapped([Span(reason)], width: max(20, min(72, width - 6))).map { StyledLine($0) }
}

func elapsedText(_ run: Run, _ state: DashboardState) -> String {
  guard let started = run.startedAt else { return "—" }
  return Format.elapsed(((run.endedAt ?? state.boardTime) - started).milliseconds)
}

/// What a run is doing, in `width` columns: a bar where progress is known, words where it is not.
func progressCell(_ run: Run, _ width: Int, _ state: DashboardState) -> [Span] {
  func words(_ text: String, _ role: Role) -> [Span] { [Span(fitted(text, width), role)] }
  let percent = Format.percent(run.progress)
  func bar(_ fill: Role, _ text: Role) -> [Span] {
    Glyphs.bar(run.progress, width: width - 5, fill: fill) + [Span(fitted("\(percent)%", 5, right: true), text)]
  }
  switch run.status {
  case .queued:
    if run.cancellation != nil { return words("cancel requested", .runCanceled) }
    let waits = run.waitsFor.joined(separator: ", ")
    return words(waits.isEmpty ? "queued" : "waits: \(waits)", .runQueued)
  case .running:
    let spinner = state.spinner
    if let attention = run.attention, attention.kind == "stuck" {
      return words("▲ \(attention.question)", .runAttention)
    }
    if let step = cancelWords(run) { return words("\(spinner) \(step)", .runFailed) }
    if let attention = run.attention { return words("▲ \(attention.question)", .runAttention) }
    if run.isVerifying {
      let command = run.activity.map { $0.hasPrefix("verify: ") ? String($0.dropFirst(8)) : $0 } ?? ""
      return words("\(spinner) verifying: \(command)", .runVerifying)
    }
    let isStalled = state.isStalled(run)
    if run.progressKnown, isStalled, width > 8 {
      return Glyphs.bar(run.progress, width: width - 7) + [
        Span(" \(Glyphs.stalled)", .runAttention), Span(fitted("\(percent)%", 5, right: true)),
      ]
    }
    if run.progressKnown { return bar(.progressFill, .text) }
    if isStalled {
      let silence = Format.age(run.silence(at: state.boardTime).milliseconds)
      return words("\(Glyphs.stalled) quiet \(silence)", .runAttention)
    }
    return words("\(spinner) working", .runRunning)
  case .succeeded:
    // A thin line: what is done must not outshine what still moves.
    return [
      Span(String(repeating: "━", count: max(0, width - 5)), .runSucceeded),
      Span(fitted("100%", 5, right: true), .muted),
    ]
  case .failed:
    let why = run.reason ?? run.exitCode.map { "exit \($0)" }
    return words(why ?? "failed", .runFailed)
  case .canceled:
    let proof = run.proof.map(Format.proof)
    return words(proof ?? run.reason ?? "canceled", .runCanceled)
  }
}

// MARK: The preview

private func drawPreview(_ state: DashboardState, _ layout: Layout, _ frame: inout Frame) {
  var rect = layout.preview
  guard !rect.isEmpty else { return }
  guard let run = state.selected else {
    drawGroupPreview(state, layout, &frame)
    return
  }
  let theme = state.theme
  let title = [Span(run.runId.shortName, .muted), Span("  "), Span(run.title, .emphasis)]
  if layout.previewIsRight {
    for y in rect.y..<rect.bottom { frame.put("│", x: rect.x, y: y, width: 1, style: theme[.border]) }
    rect = Rect(x: rect.x + 2, y: rect.y, width: rect.width - 3, height: rect.height)
    for line in wrapped(title, width: rect.width, indent: 8, most: 2) {
      frame.draw(StyledLine(line), in: rect.takeTop(1), theme)
    }
  } else {
    frame.rule(rect.takeTop(1), title, theme)
    rect = rect.inset(dx: 2, dy: 0)
  }
  for line in previewFacts(run, state, width: rect.width) { frame.draw(line, in: rect.takeTop(1), theme) }
  guard rect.height > 1 else { return }
  if layout.previewIsRight { _ = rect.takeTop(1) }
  guard let log = state.log, log.run == run.runId else { return }
  let start = max(0, log.count - rect.height)
  for row in 0..<min(rect.height, log.count) {
    guard let line = log[start + row] else { break }
    frame.draw(logLine(line, .clock, run, state, width: rect.width), in: rect.row(row), theme)
  }
}

/// What one must know of a run, in a few lines.
private func previewFacts(_ run: Run, _ state: DashboardState, width: Int) -> [StyledLine] {
  var lines = [StyledLine(statusLine(run, state))]
  if let attention = run.attention, run.needsAttention {
    for line in wrapped(
      [Span("▲ ", .runAttention), Span(attention.question, .runAttention)], width: width, indent: 2, most: 3)
    {
      lines.append(StyledLine(line))
    }
    let options = attention.options.isEmpty ? "" : attention.options.joined(separator: " / ") + "   "
    if let words = state.answerRefusal(run) {
      if !options.isEmpty { lines.append(StyledLine("  \(options)")) }
      lines += wrapped([Span("  " + words, .muted)], width: width, indent: 2, most: 2).map { StyledLine($0) }
    } else {
      lines.append(StyledLine([Span("  \(options)"), Span("a", .accent, .bold), Span(" answers", .muted)]))
    }
  }
  lines += conflictLines(run, state, width: width, most: 2)
  if run.cancellation != nil || run.proof != nil { lines += cancelSteps(run, state, isShort: true, width: width) }
  if run.status == .failed, let reason = run.reason {
    lines += wrapped([Span(reason, .runFailed)], width: width, most: 2).map { StyledLine($0) }
  }
  return lines
}

/// A word for how it stands: a cancel under way before all else, as there is nothing more to do.
func statusWord(_ run: Run, _ role: Role) -> Span {
  if let words = cancelWords(run) { return Span(words, .runFailed) }
  return Span(run.needsAttention ? "needs you" : run.status.rawValue, role)
}

/// How far a cancel is that is under way; nil when there is none.
func cancelWords(_ run: Run) -> String? {
  guard !run.status.isTerminal, run.attention?.kind != "stuck", let cancellation = run.cancellation else { return nil }
  return cancellation.stopSentAt == nil ? "cancel requested" : "stop sent, ending"
}

/// Glyph, status, time, runtime and branch.
func statusLine(_ run: Run, _ state: DashboardState) -> [Span] {
  let (glyph, role) = Glyphs.status(run)
  var word = statusWord(run, role)
  if run.isVerifying, run.status == .running, !run.needsAttention, run.cancellation == nil { word.text = "verifying" }
  var spans = [Span("\(glyph) ", role), word]
  if state.isStalled(run) {
    spans.append(
      Span("  \(Glyphs.stalled) quiet \(Format.age(run.silence(at: state.boardTime).milliseconds))", .runAttention))
  }
  if run.startedAt != nil { spans.append(Span("  \(elapsedText(run, state))")) }
  if let left = state.remaining(run) { spans.append(Span("  \(Format.remaining(left.milliseconds)) left", .muted)) }
  if let runtime = run.runtimeId { spans += [Span("  on ", .muted), Span(runtime.rawValue)] }
  if run.attempt > 1 { spans += [Span("  attempt ", .muted), Span("\(run.attempt)")] }
  if run.status == .running, let activity = run.activity, !run.isVerifying { spans += [Span("  \(activity)", .muted)] }
  if run.status.isTerminal, let branch = run.branch { spans += [Span("  \(branch)", .muted)] }
  return spans
}

/// The way to a cancel that is proven: requested, stop sent, processes gone, work kept.
func cancelSteps(_ run: Run, _ state: DashboardState, isShort: Bool, width: Int) -> [StyledLine] {
  func clock(_ time: Timestamp?) -> String { time.map { Format.clock($0, offset: state.utcOffset) } ?? "" }
  let proof = run.proof
  let isDead = run.status == .canceled
  let stopSent = run.cancellation?.stopSentAt ?? proof?.stopSentAt
  let neverStarted = isDead && stopSent == nil
  // Its processes are on another machine: there is its word alone.
  let isRemote = state.runtimes.first { $0.runtimeId == run.runtimeId }?.kind == "a2a"
  let unconfirmed = isDead && stopSent != nil && proof?.confirmedAt == nil
  var steps: [(done: Bool, name: String, detail: String)] = []
  let asked = run.cancellation
  steps.append(
    (
      asked != nil, "cancel requested",
      [clock(asked?.requestedAt), asked.map { "by \($0.by)" } ?? ""].joined(separator: "  ")
    ))
  if !neverStarted { steps.append((stopSent != nil, "stop sent", clock(stopSent))) }
  let gone = proof.map { proof in
    var text = clock(proof.confirmedAt)
    if proof.processes > 0 { text += "  \(proof.words)" }
    return text
  }
  if neverStarted {
    // One that has worked was quicker than the stop.
    steps.append((true, run.startedAt == nil ? "nothing had started" : "it had ended by itself", clock(run.endedAt)))
  } else {
    let confirmed = isRemote ? "the agent says it has ended" : "processes gone"
    steps.append((isDead && !unconfirmed, unconfirmed ? "end not confirmed" : confirmed, gone ?? ""))
  }
  if !isRemote, !neverStarted || run.startedAt != nil {
    if let folder = proof?.uncommitted {
      steps.append((false, "work not committed, it lies in the worktree", folder))
    } else {
      let kept = proof?.commit.map { String($0.prefix(12)) } ?? (isDead ? "nothing to keep" : "")
      steps.append((isDead, "work kept", kept))
    }
  }
  if isShort {
    var spans: [Span] = []
    for (place, step) in steps.enumerated() {
      if place > 0 { spans.append(Span(" → ", .muted)) }
      spans.append(Span("\(step.done ? "✔" : "·") \(step.name)", step.done ? .text : .muted))
    }
    return [StyledLine(spans)]
  }
  return steps.flatMap { step in
    let lead = [
      Span(step.done ? "✔ " : "· ", step.done ? .yes : .muted),
      Span(fitted(step.name, max(20, measure(step.name) + 1)), step.done ? .text : .muted),
    ]
    return wrapped(lead + [Span(step.detail, .muted)], width: width, indent: 22, most: 4).map { StyledLine($0) }
  }
}
