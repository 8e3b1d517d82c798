import RunModel
import TerminalKit

/// What waits, and for what, in the order in which it will go.
func drawQueue(_ state: DashboardState, _ rect: Rect, _ frame: inout Frame) {
  let theme = state.theme
  let list = state.queue.list
  guard list.count > 0 else {
    drawPageWord(
      state.hasSnapshot
        ? [
          StyledLine("Nothing waits.", .heading), .blank, StyledLine("What is dispatched starts at once.", .muted),
          .blank,
          StyledLine([Span("D", .accent, .bold), Span("  dispatch work to an agent")]),
        ] : waitingWords(state, rect.width), rect, state, &frame)
    return
  }
  let columns = QueueColumns(
    width: rect.width, runtimeName: state.runtimes.map { measure($0.runtimeId.rawValue) }.max() ?? 7)
  drawQueueSummary(state, rect.row(0), &frame)
  frame.draw(columns.heads, x: rect.x, y: rect.y + 1, width: rect.width, theme)
  let rows = state.queueRows
  for row in 0..<rows.height {
    guard let index = state.queueIndex(atRow: row), let place = list[index] else { break }
    let run = state.board.runs[place]
    let isSelected = run.runId == state.queue.selection
    frame.draw(columns.row(run, index, state), x: rect.x, y: rows.y + row, width: rect.width, theme)
    if isSelected { select(rows.row(row), theme, &frame) }
  }
  drawScrollMark(state.queue.top, rows, list.count, theme, &frame)
}

private func drawQueueSummary(_ state: DashboardState, _ rect: Rect, _ frame: inout Frame) {
  let list = state.queue.list
  var spans = [Span("   "), Span(Format.plural(list.count, "run waits", "runs wait"), .muted)]
  if list.approvals > 0 {
    spans += [
      Span("   "), Span("▲ \(list.approvals) \(list.approvals == 1 ? "needs" : "need") approval", .runAttention),
    ]
  }
  var right: [Span] = []
  let used = state.runtimes.reduce(0) { $0 &+ max(0, $1.slotsUsed) }
  let most = state.runtimes.filter { $0.health != .lost }.reduce(0) { $0 &+ max(0, $1.capabilities.maxParallelTasks) }
  if most > 0 { right = [Span("\(used) of \(most) slots used ", .muted)] }
  frame.draw(StyledLine(spans, right: right), in: rect, state.theme)
}

/// Widths of the queue's columns; 0 leaves one out.
struct QueueColumns {
  static let place = 4
  static let priority = 4
  static let risk = 8
  static let age = 8
  var title = 0
  var runtime = 0
  var risk = 0
  var waits = 0

  init(width: Int, runtimeName: Int) {
    // Mark, place, sign, run, priority and age always show.
    var room = width - 1 - Self.place - 3 - RunColumn.run.width - 3 - (Self.priority + 2) - (Self.age + 2) - 1
    waits = max(16, min(40, room * 2 / 5))
    room -= waits + 2
    if room - Self.risk - 2 >= 14 {
      risk = Self.risk
      room -= Self.risk + 2
    }
    let name = max(7, min(12, runtimeName))
    if room - name - 2 >= 18 {
      runtime = name
      room -= name + 2
    }
    title = max(0, room)
  }

  var heads: [Span] {
    var text = " " + fitted("#", Self.place, right: true) + "   " + fitted("RUN", RunColumn.run.width)
    text += "   " + fitted("TITLE", title) + "  " + fitted("PRIO", Self.priority, right: true)
    if risk > 0 { text += "  " + fitted("RISK", risk) }
    if runtime > 0 { text += "  " + fitted("RUNTIME", runtime) }
    return [Span(text + "  " + fitted("WAITS FOR", waits) + "  " + fitted("AGE", Self.age, right: true), .muted)]
  }

  func row(_ run: Run, _ index: Int, _ state: DashboardState) -> [Span] {
    let isSelected = run.runId == state.queue.selection
    let wait = QueueWait(run)
    let (glyph, role): (String, Role) =
      wait == .approval ? (Glyphs.attention, .runAttention) : (Glyphs.queued, .runQueued)
    let isMarked = state.marks.contains(run.runId)
    let canceling = run.cancellation != nil
    var spans = [
      Span(isSelected ? "▌" : " ", .accent), Span(fitted("\(index + 1)", Self.place, right: true), .muted),
      Span(" \(glyph) ", role), Span(run.runId.shortName, .muted), Span(isMarked ? " ● " : "   ", .mark),
      Span(fitted(run.title, title)),
      Span("  " + fitted("\(run.priority)", Self.priority, right: true), .muted),
    ]
    if risk > 0 { spans.append(Span("  " + fitted(riskWord(run).word, risk), riskWord(run).role)) }
    if runtime > 0 { spans.append(Span("  " + fitted(run.pin?.rawValue ?? "any", runtime), .muted)) }
    let words = canceling ? "cancel requested" : waitWords(run, wait)
    spans.append(Span("  " + fitted(words, waits), wait == .approval ? .runAttention : .text))
    spans.append(
      Span("  " + fitted(Format.age((state.boardTime - run.createdAt).milliseconds), Self.age, right: true), .muted))
    return spans
  }
}

/// What the run waits for, as the orchestrator says it.
private func waitWords(_ run: Run, _ wait: QueueWait) -> String {
  switch wait {
  case .turn: "its turn"
  case .approval:
    ([approvalWords(run)] + run.waits.filter { $0 != .approval }.map(\.text)).joined(separator: ", ")
  case .dependency, .health, .slot: run.waitsFor.joined(separator: ", ")
  }
}

/// Whose consent is missing, and for what.
private func approvalWords(_ run: Run) -> String {
  guard let approval = run.approval else { return "approval" }
  let kind = approval.taskClass.isEmpty ? "" : " (\(approval.taskClass.replacing("_", with: " ")))"
  return (approval.needed > 1 ? "approval \(approval.given.count) of \(approval.needed)" : "approval") + kind
}

/// The risk as a word whose colour only repeats it.
func riskWord(_ run: Run) -> (word: String, role: Role) {
  let risk = run.approval?.risk ?? RiskRules.classify(run.labels).risk
  switch risk {
  case .low: return ("low", .muted)
  case .medium: return ("medium", .text)
  case .high: return ("high", .runAttention)
  case .critical: return ("CRITICAL", .runFailed)
  }
}

/// A few lines in the upper third of a page: what it is, and what to press.
func drawPageWord(_ lines: [StyledLine], _ rect: Rect, _ state: DashboardState, _ frame: inout Frame) {
  let width = lines.map { $0.spans.reduce(0) { $0 + $1.width } }.max() ?? 0
  let x = max(2, (rect.width - width) / 2)
  let y = rect.y + max(1, (rect.height - lines.count) / 3)
  frame.draw(lines, in: Rect(x: x, y: y, width: rect.width - x, height: rect.bottom - y), state.theme)
}
