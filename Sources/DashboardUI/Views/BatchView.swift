import RunModel
import TerminalKit

/// What a file or a paste would make: a row each, what is wrong where, and what would become of it.
func drawBatch(_ batch: WorkBatch, _ state: DashboardState, _ rect: Rect, _ frame: inout Frame) {
  let theme = state.theme
  frame.draw(batchSummary(batch, state), in: Rect(x: rect.x + 1, y: rect.y, width: rect.width - 2, height: 1), theme)
  let rows = state.batchRows
  if batch.isReading || batch.problem != nil {
    let line =
      batch.problem.map { StyledLine($0, .runFailed) } ?? StyledLine("Reading…", .muted)
    frame.draw(wrapped(line.spans, width: rows.width, most: 6).map { StyledLine($0) }, in: rows, theme)
    return
  }
  let columns = BatchColumns(width: rows.width)
  frame.draw(columns.header, x: rows.x, y: rows.y - 1, width: rows.width, theme)
  let top = state.listTop(batch.cursor, batch.rows.count, rows.height)
  for place in top..<min(batch.rows.count, top + rows.height) {
    let line = rows.row(place - top)
    frame.draw(columns.line(batch.rows[place]), x: line.x, y: line.y, width: line.width, theme)
    if place == batch.cursor { select(Rect(x: rect.x, y: line.y, width: rect.width, height: 1), theme, &frame) }
  }
  if let row = batch.rows[safe: batch.cursor] { drawDetails(row, rect, rows, state, &frame) }
}

extension DashboardState {
  /// Where the rows are: under the summary and the header, above the details.
  var batchRows: Rect {
    let body = layout.body
    let details = body.height >= 30 ? 8 : body.height >= 16 ? 5 : 2
    return Rect(x: body.x + 1, y: body.y + 2, width: body.width - 2, height: max(1, body.height - 2 - details))
  }
}

private func batchSummary(_ batch: WorkBatch, _ state: DashboardState) -> StyledLine {
  var spans = [Span(batch.path ?? "Pasted work", .heading)]
  if batch.isReading { return StyledLine(spans) }
  spans.append(Span("   \(batch.chosenCount) to dispatch", .emphasis))
  if batch.faultCount > 0 { spans.append(Span("   ✖ \(batch.faultCount) wrong", .runFailed)) }
  let out = batch.rows.count - batch.chosenCount - batch.faultCount
  if out > 0 { spans.append(Span("   \(out) left out", .muted)) }
  if batch.isCut { spans.append(Span("   only the first \(batch.rows.count) are here", .runAttention)) }
  var right: [Span] = []
  if batch.isSending {
    right = [Span("Dispatching…", .accent)]
  } else if !batch.isDecided, batch.rows.contains(where: { $0.contract != nil }) {
    right = [Span("asking the orchestrator…", .muted)]
  }
  return StyledLine(spans, right: right)
}

private struct BatchColumns {
  let width: Int
  let title: Int
  let says: Int

  init(width: Int) {
    self.width = width
    let fixed = 4 + 7 + 9 + 6 + 9 + (width >= 100 ? 4 : 0)
    let rest = max(10, width - fixed)
    title = rest * (width >= 100 ? 5 : 6) / 10
    says = rest - title
  }

  var header: [Span] {
    let criteria = width >= 100 ? fitted("AC", 4) : ""
    return [
      Span(
        "    " + fitted("LINE", 7) + fitted("TITLE", title - 1) + " " + fitted("REF", 9) + fitted("PRIO", 6)
          + fitted("RISK", 9) + criteria + fitted("WHAT HAPPENS", says), .muted)
    ]
  }

  func line(_ row: WorkBatch.Row) -> [Span] {
    let contract = row.contract
    let body: Role = row.isIncluded ? .text : .muted
    let (mark, markRole): (String, Role) =
      row.fault != nil ? ("✖", .runFailed) : row.isIncluded ? ("[x]", .accent) : ("[ ]", .muted)
    var spans = [
      Span(fitted(mark, 4), markRole), Span(fitted("\(row.item.line)", 7), .muted),
      Span(fitted(row.item.title, title - 1) + " ", body),
      Span(fitted(contract?.externalRef ?? "—", 8) + " ", .muted),
      Span(fitted(contract.map { "\($0.priority)" } ?? "—", 6), body),
    ]
    let risk = contract?.risk
    spans.append(Span(fitted(risk?.rawValue ?? "—", 9), (risk ?? .low) >= .high ? .runAttention : body))
    if width >= 100 { spans.append(Span(fitted(contract.map { "\($0.acceptanceCriteria.count)" } ?? "—", 4), body)) }
    let (word, role) = row.says
    spans.append(Span(fitted(word, says), role))
    return spans
  }
}

extension WorkBatch.Row {
  /// What would become of it, in a few words.
  var says: (text: String, role: Role) {
    if let fault { return (fault, .invalid) }
    if case .leftOut(let why) = item.finding { return (why, .muted) }
    guard let first = outcomes.first else { return ("", .muted) }
    if let run = first.runId {
      return first.status == .queued
        ? ("already queued: updates \(run.shortName)", .runQueued)
        : ("known as \(run.shortName), \(first.status?.rawValue ?? "ended"): left alone", .muted)
    }
    let names = outcomes.compactMap { $0.decision.runtimeId?.rawValue }
    if let wait = first.decision.waitsFor.first { return (waitWords(wait), .runQueued) }
    return (names.isEmpty ? "queued" : "▸ " + names.joined(separator: ", "), names.isEmpty ? .runQueued : .accent)
  }
}

private func drawDetails(
  _ row: WorkBatch.Row, _ rect: Rect, _ rows: Rect, _ state: DashboardState, _ frame: inout Frame
) {
  let theme = state.theme
  let area = Rect(x: rect.x, y: rows.bottom, width: rect.width, height: rect.bottom - rows.bottom)
  frame.rule(Rect(x: area.x, y: area.y, width: area.width, height: 1), [Span("Line \(row.item.line)", .heading)], theme)
  let room = Rect(x: area.x + 2, y: area.y + 1, width: area.width - 4, height: area.height - 1)
  var lines = wrapped([Span(row.item.title, .emphasis)], width: room.width, most: 2).map { StyledLine($0) }
  let (word, role) = row.says
  lines += wrapped([Span(word, role)], width: room.width, most: 3).map { StyledLine($0) }
  if let contract = row.contract {
    var facts: [String] = []
    if !contract.labels.isEmpty { facts.append("labels " + contract.labels.prefix(12).joined(separator: " ")) }
    if let kind = contract.taskClass { facts.append(kind) }
    facts.append(Format.plural(contract.acceptanceCriteria.count, "criterion", "criteria"))
    if let runtime = contract.runtime { facts.append("pinned to \(runtime)") }
    if let repository = contract.repository ?? (state.form.repository.isBlank ? nil : state.form.repository.text) {
      facts.append(repository)
    }
    lines += wrapped([Span(facts.joined(separator: " · "), .muted)], width: room.width, most: 2).map { StyledLine($0) }
    if let decision = row.outcomes.first?.decision, row.outcomes.first?.runId == nil, row.fault == nil {
      lines += decisionLines(decision, chosen: nil, width: room.width)
    }
  }
  frame.draw(lines, in: room, theme)
}
