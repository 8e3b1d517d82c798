import RunModel
import TerminalKit

/// The form, with what the orchestrator would do with it beside or under it.
func drawDispatch(_ state: DashboardState, _ rect: Rect, _ frame: inout Frame) {
  let theme = state.theme
  var area = Rect(
    x: rect.x + 1, y: rect.y + (rect.height > 22 ? 1 : 0), width: rect.width - 2,
    height: rect.height - (rect.height > 22 ? 1 : 0))
  var side = Rect(x: 0, y: 0, width: 0, height: 0)
  if rect.width >= 150 {
    side = area.takeRight(area.width * 2 / 5)
    for y in rect.y..<rect.bottom { frame.put("│", x: side.x, y: y, width: 1, style: theme[.border]) }
    side = side.inset(dx: 2, dy: 0)
    area = Rect(x: area.x, y: area.y, width: area.width - 2, height: area.height)
  }
  let roomy = area.height >= 30
  let blocks = DispatchForm.Field.allCases.map { ($0, fieldHeight($0, state, roomy)) }
  let total = blocks.reduce(0) { $0 + $1.1 }
  var offset = 0
  var at = 0
  for (field, height) in blocks {
    if field == state.form.focus { offset = max(0, min(at - (area.height - height) / 2, total - area.height)) }
    at += height
  }
  var y = area.y - offset
  for (field, height) in blocks {
    if y >= area.y, y + height - (roomy ? 1 : 0) <= area.bottom {
      drawFormField(field, Rect(x: area.x, y: y, width: area.width, height: height - (roomy ? 1 : 0)), state, &frame)
    }
    y += height
  }
  if !side.isEmpty {
    var lines = [StyledLine("What would happen", .heading), .blank]
    lines += planLines(state, width: side.width)
    frame.draw(lines, in: side, theme)
  } else if y + 2 < area.bottom {
    frame.rule(Rect(x: area.x, y: y, width: area.width, height: 1), [Span("What would happen", .heading)], theme)
    let lines = planLines(state, width: area.width - 4)
    frame.draw(lines, in: Rect(x: area.x + 2, y: y + 1, width: area.width - 4, height: area.bottom - y - 1), theme)
  }
  if state.form.isReviewing { drawReview(state, &frame) }
}

private func fieldHeight(_ field: DispatchForm.Field, _ state: DashboardState, _ roomy: Bool) -> Int {
  let gap = roomy ? 1 : 0
  switch field {
  case .prompt: return (roomy ? 6 : 3) + gap
  case .verify: return (roomy ? 3 : 2) + gap
  case .runtimes: return max(1, min(state.runtimes.count, roomy ? 10 : 5)) + gap
  case .title, .repository, .base, .needs, .priority, .count: return 1 + gap
  }
}

private func drawFormField(_ field: DispatchForm.Field, _ rect: Rect, _ state: DashboardState, _ frame: inout Frame) {
  let theme = state.theme
  let isFocused = state.form.focus == field && !state.form.isReviewing && state.layers.isEmpty
  frame.put(isFocused ? "▌" : " ", x: rect.x, y: rect.y, width: 1, style: theme[.accent])
  frame.put(field.label, x: rect.x + 2, y: rect.y, width: 11, style: theme[isFocused ? .emphasis : .muted])
  let room = Rect(x: rect.x + 13, y: rect.y, width: rect.width - 14, height: rect.height)
  switch field {
  case .needs:
    var spans: [Span] = []
    for (place, capability) in Capability.allCases.enumerated() {
      let chosen = state.form.needs.contains(capability)
      let here = isFocused && place == state.form.needCursor
      let name = room.width >= 90 ? capability.rawValue : shortName(capability).lowercased()
      spans.append(Span(chosen ? "[x] " : "[ ] ", here ? .accent : chosen ? .emphasis : .muted, here ? .bold : []))
      spans.append(Span(name, here ? .emphasis : chosen ? .text : .muted, here ? .underline : []))
      spans.append(Span("   "))
    }
    frame.draw(spans, x: room.x, y: room.y, width: room.width, theme)
  case .runtimes: drawChoices(room, isFocused, state, &frame)
  case .prompt, .verify:
    guard let text = state.form[field] else { return }
    drawLongField(
      text, field == .prompt ? "the title alone, if empty" : "a command a line, run after the agent", room, isFocused,
      state, &frame)
  case .title, .repository, .base, .priority, .count:
    guard let text = state.form[field] else { return }
    let isShort = field == .priority || field == .count
    let box = Rect(x: room.x, y: room.y, width: isShort ? min(8, room.width) : room.width, height: 1)
    drawField(text, box, state, &frame, isFocused: isFocused)
    let hint =
      field == .base
      ? "HEAD"
      : field == .repository ? "a git repository; some runtimes need none" : field == .title ? "what is to be done" : ""
    if text.characters.isEmpty {
      frame.put(
        hint, x: box.x + (isFocused ? 1 : 0), y: box.y, width: box.width - 1,
        style: theme[.muted].on(theme[isFocused ? .inputFocused : .input].background))
    }
    if let complaint = state.form.complaint(field),
      field != .title || state.form.isReviewing || !text.characters.isEmpty
    {
      frame.put(
        complaint, x: box.right + 2, y: box.y, width: max(0, room.right - box.right - 2), style: theme[.invalid])
    }
  }
}

private func drawLongField(
  _ field: TextField, _ hint: String, _ rect: Rect, _ isFocused: Bool, _ state: DashboardState, _ frame: inout Frame
) {
  let theme = state.theme
  let style = theme[isFocused ? .inputFocused : .input]
  frame.fill(rect, style: style)
  if !isFocused {
    for y in rect.y..<rect.bottom { frame.put("│", x: rect.x - 1, y: y, width: 1, style: theme[.faint]) }
  }
  if field.characters.isEmpty {
    frame.put(
      hint, x: rect.x + (isFocused ? 1 : 0), y: rect.y, width: rect.width - 1, style: theme[.muted].on(style.background)
    )
  }
  let (rows, cursor) = field.rows(width: rect.width - 1)
  let top = max(0, min(cursor.y - rect.height + 1, rows.count - rect.height))
  for row in 0..<rect.height {
    if let text = rows[safe: top + row] { frame.put(text, x: rect.x, y: rect.y + row, width: rect.width, style: style) }
  }
  if isFocused { frame.cursor = Point(x: min(rect.right - 1, rect.x + cursor.x), y: rect.y + cursor.y - top) }
}

/// The runtimes with the matrix in small, and what each says to this contract.
private func drawChoices(_ rect: Rect, _ isFocused: Bool, _ state: DashboardState, _ frame: inout Frame) {
  let theme = state.theme
  guard !state.runtimes.isEmpty else {
    frame.put("none known yet", x: rect.x, y: rect.y, width: rect.width, style: theme[.muted])
    return
  }
  let name = max(8, min(16, state.runtimes.map { measure($0.runtimeId.rawValue) }.max() ?? 8))
  let top = state.listTop(state.form.runtimeCursor, state.runtimes.count, rect.height)
  for row in 0..<rect.height {
    guard let runtime = state.runtimes[safe: top + row] else { break }
    let here = isFocused && top + row == state.form.runtimeCursor
    let chosen = state.form.runtimes.contains(runtime.runtimeId)
    let (eligible, isNext, reasons) = state.form.verdict(on: runtime)
    let body: Role = eligible ? (chosen || here ? .emphasis : .text) : .muted
    var spans = [
      Span(chosen ? "[x] " : "[ ] ", here ? .accent : body, here ? .bold : []),
      Span(fitted(runtime.runtimeId.rawValue, name) + "  ", body, here ? .underline : []),
    ]
    for capability in Capability.allCases {
      let has = runtime.capabilities.has(capability)
      let needed = state.form.needs.contains(capability)
      spans.append(Span(has ? "✔ " : "✖ ", needed && !has ? .invalid : has && eligible ? .yes : .no))
    }
    spans +=
      [Span(" ")] + slotsBar(runtime, width: 5) + [
        Span(fitted(" \(runtime.slotsUsed)/\(runtime.capabilities.maxParallelTasks)", 7), .muted)
      ]
    let word = reasons.isEmpty ? (isNext ? "chosen" : "") : reasons.joined(separator: "; ")
    spans.append(Span((isNext ? " ▸ " : "   ") + word, isNext ? .accent : .muted))
    frame.draw(spans, x: rect.x, y: rect.y + row, width: rect.width, theme)
  }
}

/// The orchestrator's word on the form as it stands.
private func planLines(_ state: DashboardState, width: Int) -> [StyledLine] {
  let form = state.form
  if let problem = form.problem {
    return wrapped([Span(problem.detail, .runFailed)], width: width, most: 6).map { StyledLine($0) }
  }
  if form.title.isBlank { return [StyledLine("A title is enough; enter then shows what will happen.", .muted)] }
  if form.outcomes.isEmpty {
    return [
      StyledLine(form.firstInvalid == nil ? "Asking the orchestrator…" : "Something is still to be put right.", .muted)
    ]
  }
  var lines: [StyledLine] = []
  for outcome in form.outcomes.prefix(6) {
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
  }
  if form.outcomes.count > 6 { lines.append(StyledLine("and \(form.outcomes.count - 6) more", .muted)) }
  return lines
}

/// Enter once shows this, enter again does it.
private func drawReview(_ state: DashboardState, _ frame: inout Frame) {
  let form = state.form
  let theme = state.theme
  let request = form.request(dryRun: false)
  guard let contract = request.contracts.first else { return }
  let width = min(84, state.size.width - 4)
  let inner = width - 4
  func fact(_ name: String, _ text: String, _ role: Role = .text) -> [StyledLine] {
    wrapped([Span(fitted(name, 12), .muted), Span(text, role)], width: inner, indent: 12, most: 3).map {
      StyledLine($0)
    }
  }
  let count = request.count * max(1, request.runtimes.count)
  var lines = fact("dispatch", "\(Format.plural(count, "run")) of \"\(contract.title)\"", .emphasis)
  if let repository = contract.repository {
    lines += fact("repository", repository + (contract.base.map { " at \($0)" } ?? ""))
  }
  if !contract.requires.isEmpty { lines += fact("needs", contract.requires.map(\.rawValue).joined(separator: ", ")) }
  if !request.runtimes.isEmpty { lines += fact("runtimes", request.runtimes.map(\.rawValue).joined(separator: ", ")) }
  for command in contract.verify.prefix(3) { lines += fact("verify", command, .code) }
  lines.append(.blank)
  lines += planLines(state, width: inner)
  lines.append(.blank)
  lines.append(
    StyledLine(
      form.isSending
        ? [Span("Dispatching…", .muted)]
        : [Span(" enter  dispatch ", .buttonFocused), Span("   esc", .accent), Span("  back to the form", .muted)]))
  let height = min(state.size.height - 4, lines.count + 2)
  let rect = Rect(
    x: (state.size.width - width) / 2, y: max(2, (state.size.height - height) / 2), width: width, height: height)
  let body = frame.box(rect, title: "What will happen", theme)
  let shown = lines.count > body.height ? Array(lines.prefix(max(0, body.height - 1))) + lines.suffix(1) : lines
  drawInDialog(shown, body, theme, &frame)
  frame.cursor = nil
}

/// Lines on a dialog's ground; filled buttons keep their own.
func drawInDialog(_ lines: [StyledLine], _ rect: Rect, _ theme: Theme, _ frame: inout Frame) {
  frame.draw(lines, in: rect, theme)
  let ground = theme[.dialog].background
  frame.restyle(rect) { $0.background == theme[.text].background ? $0.on(ground) : $0 }
}
