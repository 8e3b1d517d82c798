import RunModel
import TerminalKit

/// The form, with what the orchestrator would do with it beside or under it.
func drawDispatch(_ state: DashboardState, _ rect: Rect, _ frame: inout Frame) {
  if let batch = state.form.batch {
    drawBatch(batch, state, rect, &frame)
    return
  }
  if state.form.isReviewing {
    drawReview(state, rect, &frame)
    return
  }
  let theme = state.theme
  let layout = state.formLayout
  let top = state.form.top
  for block in layout.blocks where block.y + block.total > top && block.y < top + layout.area.height {
    drawBlock(block, layout, state, &frame)
  }
  drawScrollMarks(layout, top, theme, &frame)
  if layout.planIsRight {
    for y in layout.plan.y..<layout.plan.bottom {
      frame.put("│", x: layout.plan.x, y: y, width: 1, style: theme[.border])
    }
    let side = layout.plan.inset(dx: 2, dy: rect.height > 40 ? 1 : 0)
    let lines = [StyledLine("What would happen", .heading), .blank] + planLines(state, width: side.width)
    frame.draw(lines, in: side, theme)
  } else {
    frame.rule(layout.plan, [Span("What would happen", .heading)], theme)
    var room = layout.plan
    _ = room.takeTop(1)
    frame.draw(
      planLines(state, width: room.width - 4),
      in: Rect(x: room.x + 2, y: room.y, width: room.width - 4, height: room.height),
      theme)
  }
  drawCompletion(layout, state, &frame)
  if let picker = state.form.picker { drawPicker(picker, state, &frame) }
}

/// That there is more above or below.
private func drawScrollMarks(_ layout: FormLayout, _ top: Int, _ theme: Theme, _ frame: inout Frame) {
  let x = layout.area.right
  if top > 0 { frame.put("▲", x: x, y: layout.area.y, width: 1, style: theme[.muted]) }
  if layout.height - top > layout.area.height {
    frame.put("▼", x: x, y: layout.area.bottom - 1, width: 1, style: theme[.muted])
  }
}

private func drawBlock(_ block: FormLayout.Block, _ layout: FormLayout, _ state: DashboardState, _ frame: inout Frame) {
  let theme = state.theme
  let field = block.field
  let isFocused = state.form.focus == field && state.layers.isEmpty && state.form.picker == nil
  let rect = layout.rect(block, top: state.form.top)
  let complaint = state.shownComplaint(field)
  func shows(_ y: Int) -> Bool { y >= layout.area.y && y < layout.area.bottom }
  for y in rect.y..<rect.bottom where shows(y) && isFocused {
    frame.put("▌", x: layout.area.x, y: y, width: 1, style: theme[.accent])
  }
  if shows(rect.y) {
    let role: Role = complaint != nil ? .invalid : isFocused ? .emphasis : .muted
    frame.put(
      (complaint != nil ? "✖ " : " ") + field.label, x: layout.area.x + 1, y: rect.y,
      width: FormLayout.labels - 1, style: theme[role])
  }
  switch field {
  case .needs: if shows(rect.y) { drawNeeds(rect, isFocused, state, &frame) }
  case .runtimes:
    for row in 0..<rect.height where shows(rect.y + row) {
      drawChoice(row, rect, isFocused, state, &frame)
    }
    let count = state.runtimes.count
    let first = state.listTop(state.form.runtimeCursor, count, rect.height - 1)
    if count > rect.height - 1, shows(rect.y + 1) {
      frame.put(
        " \(first + 1)–\(first + rect.height - 1) of \(count)", x: layout.area.x + 1, y: rect.y + 1,
        width: FormLayout.labels - 1, style: theme[.accent])
    }
  default:
    guard let text = state.form[field] else { break }
    for row in 0..<rect.height where shows(rect.y + row) {
      drawTextRow(row, text, field, rect, isFocused, state, &frame)
    }
  }
  if let complaint, shows(rect.bottom) {
    frame.put(complaint, x: rect.x, y: rect.bottom, width: rect.width, style: theme[.invalid])
  }
}

/// One row of a text field.
private func drawTextRow(
  _ row: Int, _ text: TextField, _ field: DispatchForm.Field, _ rect: Rect, _ isFocused: Bool, _ state: DashboardState,
  _ frame: inout Frame
) {
  let theme = state.theme
  let isShort = field == .priority || field == .count || field == .timeout
  let line = Rect(x: rect.x, y: rect.y + row, width: isShort ? min(8, rect.width) : rect.width, height: 1)
  let style = theme[isFocused ? .inputFocused : .input]
  if field.isMultiline {
    frame.fill(line, style: style)
    if text.top + row < text.rowCount {
      frame.put(text.row(text.top + row), x: line.x, y: line.y, width: line.width, style: style)
    }
    let more = text.rowCount - text.top - rect.height
    if row == rect.height - 1, more > 0 {
      let word = " \(more) more "
      frame.put(
        word, x: line.right - measure(word), y: line.y, width: measure(word), style: theme[.muted].on(style.background))
    }
    let cursor = text.cursorPlace
    if isFocused, cursor.y == text.top + row {
      frame.cursor = Point(x: min(line.right - 1, line.x + cursor.x), y: line.y)
    }
  } else {
    drawField(text, line, state, &frame, isFocused: isFocused)
  }
  if row == 0, text.characters.isEmpty {
    frame.put(
      fieldHint(field), x: isShort ? line.right + 2 : line.x + (isFocused ? 1 : 0), y: line.y,
      width: isShort ? max(0, rect.right - line.right - 2) : line.width - 1,
      style: isShort ? theme[.muted] : theme[.muted].on(style.background))
  } else if row == 0, let note = fieldNote(field, state) {
    let width = measure(note.text)
    let x = isShort ? line.right + 2 : line.right - width - 1
    if isShort || measure(text.text) + width + 4 < line.width {
      frame.put(
        note.text, x: x, y: line.y, width: width,
        style: isShort ? theme[note.role] : theme[note.role].on(style.background))
    }
  }
}

private func fieldHint(_ field: DispatchForm.Field) -> String {
  switch field {
  case .title: "what is to be done"
  case .prompt: "what the agent is told; the title alone, if empty"
  case .criteria: "what must be true in the end, one a line: AC-1, AC-2, …"
  case .labels: "words such as api, webhook, docs: they tell the risk"
  case .repository: "a git repository; some runtimes need none"
  case .base: "HEAD"
  case .paths: "where it may change files, one a line; anywhere, if empty"
  case .verify: "a command a line, run after the agent"
  case .dependsOn: "what must succeed before: GH-102, or contract ids"
  case .timeout: "none; such as 90s, 30m, 2h"
  case .needs, .runtimes, .priority, .count: ""
  }
}

/// What a field's text comes to.
private func fieldNote(_ field: DispatchForm.Field, _ state: DashboardState) -> (text: String, role: Role)? {
  switch field {
  case .labels:
    let (_, risk) = RiskRules.classify(state.form.labelWords)
    return ("risk \(risk.rawValue)", risk >= .high ? .runAttention : .muted)
  case .priority: return ("1 to 1000, higher first", .muted)
  case .count: return ("contracts of this kind", .muted)
  case .repository, .base:
    guard let facts = state.form.freshFacts, facts.problem == nil else { return nil }
    if field == .base { return ("✔", .yes) }
    return ("✔ on \(facts.branch ?? "no branch")", .yes)
  case .title, .prompt, .criteria, .paths, .needs, .runtimes, .verify, .dependsOn, .timeout: return nil
  }
}

private func drawNeeds(_ rect: Rect, _ isFocused: Bool, _ state: DashboardState, _ frame: inout Frame) {
  for (place, capability) in Capability.allCases.enumerated() {
    let chosen = state.form.needs.contains(capability)
    let here = isFocused && place == state.form.needCursor
    let x = rect.x + state.needX(place)
    frame.draw(
      [
        Span(chosen ? "[x] " : "[ ] ", here ? .accent : chosen ? .emphasis : .muted, here ? .bold : []),
        Span(state.needName(capability), here ? .emphasis : chosen ? .text : .muted, here ? .underline : []),
      ], x: x, y: rect.y, width: max(0, rect.right - x), state.theme)
  }
}

extension DashboardState {
  func needName(_ capability: Capability) -> String {
    formLayout.fieldWidth >= 90 ? capability.rawValue : shortName(capability).lowercased()
  }

  /// The column, within the field, where a need begins: for drawing and for clicks.
  func needX(_ place: Int) -> Int {
    Capability.allCases.prefix(place).reduce(0) { $0 + 4 + measure(needName($1)) + 3 }
  }
}

/// The runtimes as a matrix in small: a header, then a row each with what it says to this contract.
private func drawChoice(
  _ row: Int, _ rect: Rect, _ isFocused: Bool, _ state: DashboardState, _ frame: inout Frame
) {
  let theme = state.theme
  let y = rect.y + row
  guard !state.runtimes.isEmpty else {
    frame.put("none known yet", x: rect.x, y: y, width: rect.width, style: theme[.muted])
    return
  }
  let name = max(8, min(16, state.runtimes.map { measure($0.runtimeId.rawValue) }.max() ?? 8))
  let isWide = rect.width >= 80
  func width(_ capability: Capability) -> Int { isWide ? measure(shortName(capability)) + 1 : 3 }
  if row == 0 {
    var spans = [Span("    " + fitted("RUNTIME", name) + "  ", .muted)]
    for capability in Capability.allCases {
      spans.append(Span(fitted(String(shortName(capability).prefix(width(capability) - 1)), width(capability)), .muted))
    }
    spans.append(Span(fitted(" SLOTS", 13) + " SAYS", .muted))
    frame.draw(spans, x: rect.x, y: y, width: rect.width, theme)
    return
  }
  let top = state.listTop(state.form.runtimeCursor, state.runtimes.count, rect.height - 1)
  guard let runtime = state.runtimes[safe: top + row - 1] else { return }
  let here = isFocused && top + row - 1 == state.form.runtimeCursor
  let chosen = state.form.runtimes.contains(runtime.runtimeId)
  let (eligible, isNext, reasons) = state.form.verdict(on: runtime)
  let body: Role = eligible ? (chosen || here ? .emphasis : .text) : .muted
  var spans = [
    Span(chosen ? "[x] " : "[ ] ", here ? .accent : body, here ? .bold : []),
    Span(fitted(runtime.runtimeId.rawValue, name), body, here ? .underline : []), Span("  "),
  ]
  for capability in Capability.allCases {
    let has = runtime.capabilities.has(capability)
    let needed = state.form.needs.contains(capability)
    spans.append(
      Span(fitted(has ? "✔" : "✖", width(capability)), needed && !has ? .invalid : has && eligible ? .yes : .no))
  }
  spans +=
    [Span(" ")] + slotsBar(runtime, width: 5) + [
      Span(fitted(" \(runtime.slotsUsed)/\(runtime.capabilities.maxParallelTasks)", 7), .muted)
    ]
  let word = reasons.isEmpty ? (isNext ? "chosen" : "") : reasons.joined(separator: "; ")
  spans.append(Span((isNext ? "▸ " : "  ") + word, isNext ? .accent : .muted))
  frame.draw(spans, x: rect.x, y: y, width: rect.width, theme)
}

/// The orchestrator's word on the form as it stands.
func planLines(_ state: DashboardState, width: Int) -> [StyledLine] {
  let form = state.form
  if let problem = form.problem {
    return wrapped([Span(problem.detail, .runFailed)], width: width, most: 6).map { StyledLine($0) }
  }
  if let words = state.codeRefusal {
    return wrapped([Span("✖ " + words, .runFailed)], width: width, indent: 2, most: 6).map { StyledLine($0) }
  }
  if form.title.isBlank { return [StyledLine("A title is enough; enter then shows what will happen.", .muted)] }
  if form.outcomes.isEmpty {
    return [
      StyledLine(form.firstInvalid == nil ? "Asking the orchestrator…" : "Something is still to be put right.", .muted)
    ]
  }
  var lines: [StyledLine] = []
  for outcome in form.outcomes.prefix(6) { lines += outcomeLines(outcome, width: width) }
  if form.outcomes.count > 6 { lines.append(StyledLine("and \(form.outcomes.count - 6) more", .muted)) }
  return lines
}

/// Where one run goes, and what each runtime says.
func outcomeLines(_ outcome: DispatchOutcome, width: Int) -> [StyledLine] {
  var lines: [StyledLine] = []
  if let runtime = outcome.runtimeId ?? outcome.decision.runtimeId {
    lines.append(StyledLine([Span("▸ ", .accent), Span("runs on "), Span(runtime.rawValue, .emphasis)]))
  } else if outcome.decision.waitsFor.isEmpty {
    lines.append(StyledLine("✖ no runtime can take it", .runFailed))
  } else {
    lines.append(StyledLine("◔ queued", .runQueued))
  }
  lines += decisionLines(outcome.decision, chosen: outcome.runtimeId, width: width - 2).map {
    StyledLine([Span("  ")] + $0.spans)
  }
  return lines
}

/// Lines on a dialog's ground; filled buttons keep their own.
func drawInDialog(_ lines: [StyledLine], _ rect: Rect, _ theme: Theme, _ frame: inout Frame) {
  frame.draw(lines, in: rect, theme)
  let ground = theme[.dialog].background
  frame.restyle(rect) { $0.background == theme[.text].background ? $0.on(ground) : $0 }
}
