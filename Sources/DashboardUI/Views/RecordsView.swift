import RunModel
import TerminalKit

/// The commands and the tests tab: a list, and the chosen one's output beside it or below.
func drawRecords(_ state: DashboardState, _ open: OpenRun, _ rect: Rect, _ frame: inout Frame) {
  let rows = state.records(open.tab)
  let theme = state.theme
  guard !rows.isEmpty else {
    let what = open.tab == .tests ? "tests have run" : "commands are recorded"
    let nothing = open.showsFailedOnly ? "None has failed; F shows all." : "No \(what)."
    drawAbsence(open.artifacts == nil ? nil : nothing, open.artifactsProblem, rect, state, &frame)
    return
  }
  var list = rect
  var output = rect
  let isBeside = rect.width >= 120
  if isBeside {
    list = output.takeLeft(rect.width / 2 - 4)
    let border = theme[open.readsOutput ? .accent : .border]
    for y in rect.y..<rect.bottom { frame.put("│", x: output.x, y: y, width: 1, style: border) }
    output = Rect(x: output.x + 2, y: output.y, width: output.width - 3, height: output.height)
  } else {
    list = output.takeTop(max(3, min(rows.count, rect.height / 2)))
  }
  let cursor = min(open.recordCursor[open.tab] ?? 0, rows.count - 1)
  let top = state.listTop(cursor, rows.count, list.height)
  for row in 0..<list.height {
    guard let record = rows[safe: top + row] else { break }
    let isSelected = top + row == cursor
    let (glyph, role) = recordGlyph(record)
    var right: [Span] = []
    if let remark = record.remark { right.append(Span(remark + "  ", .muted)) }
    if let code = record.exitCode, code != 0 { right.append(Span("exit \(code)  ", .runFailed)) }
    if let time = record.milliseconds { right.append(Span(fitted(Format.duration(time), 12, right: true), .muted)) }
    let spans = [
      Span(isSelected ? "▌" : " ", .accent), Span(glyph + "  ", role),
      Span(record.name, isSelected ? .emphasis : .text),
    ]
    frame.draw(
      StyledLine(spans, right: right), in: Rect(x: list.x, y: list.y + row, width: list.width - 2, height: 1), theme)
    if isSelected { select(list.row(row), theme, &frame) }
  }
  drawScrollMark(top, list, rows.count, theme, &frame)
  drawOutput(rows[cursor], open, isBeside: isBeside, output, theme, &frame)
}

private func drawOutput(
  _ record: RecordRow, _ open: OpenRun, isBeside: Bool, _ rect: Rect, _ theme: Theme, _ frame: inout Frame
) {
  var output = rect
  let hint = open.readsOutput ? "j k scroll, esc back" : "enter scrolls"
  if isBeside {
    frame.draw(
      StyledLine([Span(record.name, .heading)], right: [Span(hint, .muted)]), in: output.takeTop(1), theme)
    _ = output.takeTop(1)
  } else {
    frame.rule(output.takeTop(1), [Span(record.name, .heading)], right: [Span(hint, .muted)], theme)
    output = output.inset(dx: 2, dy: 0)
  }
  let text = record.output ?? ""
  guard !text.isEmpty else {
    let isOurs = record.test != nil || record.exitCode != nil
    let words = isOurs ? "No output." : "Reported by the agent; no output was kept."
    frame.put(words, x: output.x, y: output.y, width: output.width, style: theme[.muted])
    return
  }
  // The end of an output is where it says what went wrong.
  let lines = text.split(separator: "\n", omittingEmptySubsequences: false).suffix(500)
  var shown = lines.flatMap { line in
    wrapped(AgentColors.spans(String(line.prefix(2000)), .text), width: output.width, most: 6)
  }
  while shown.last?.allSatisfy({ $0.text.isEmpty }) == true { shown.removeLast() }
  let up = min(open.outputUp, max(0, shown.count - output.height))
  let end = shown.count - up
  frame.draw(shown[max(0, end - output.height)..<end].map { StyledLine($0) }, in: output, theme)
  drawScrollMark(max(0, end - output.height), output, shown.count, theme, &frame)
}

private func recordGlyph(_ record: RecordRow) -> (String, Role) {
  switch record.test?.status {
  case .passed: ("✔", .runSucceeded)
  case .failed, .error: ("✖", .runFailed)
  case .skipped: ("·", .muted)
  case nil:
    switch record.exitCode {
    case 0?: ("✔", .runSucceeded)
    case _?: ("✖", .runFailed)
    case nil: ("·", .muted)
    }
  }
}
