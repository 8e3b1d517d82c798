import RunModel
import TerminalKit

/// Where the audit tab stands.
struct AuditPane: Sendable {
  var trail: AuditTrail?
  var problem: String?
  var askedAt: Timestamp?
  var cursor = 0
  /// The record that is open.
  var tree: JSONTree?
}

/// The run's audit records: who did what, why, and whether the chain holds.
func drawRunAudit(_ state: DashboardState, _ open: OpenRun, _ rect: Rect, _ frame: inout Frame) {
  let pane = open.audit
  let theme = state.theme
  guard let trail = pane.trail, !trail.records.isEmpty else {
    drawAbsence(
      pane.trail == nil ? nil : "No audit record names this run yet.", pane.problem, rect, state, &frame)
    return
  }
  let (list, detail) = state.auditAreas
  let records = trail.records
  let cursor = min(pane.cursor, records.count - 1)
  let top = state.listTop(cursor, records.count, list.height)
  let isWide = list.width >= 100
  for row in 0..<list.height {
    guard let record = records[safe: top + row] else { break }
    let isSelected = top + row == cursor
    let actor = [isWide ? record.actorType : "", record.actorId ?? ""].filter { !$0.isEmpty }.joined(separator: " ")
    let spans = [
      Span(isSelected ? "▌ " : "  ", .accent),
      Span(Format.clock(record.createdAt, offset: state.utcOffset) + "  ", .timestamp),
      Span(fitted(actor, isWide ? 18 : 12) + "  ", .muted),
      Span(fitted(auditEvent(record), 18) + "  ", isSelected ? .emphasis : .heading),
      Span(record.rationale ?? answerWords(record) ?? ""),
    ]
    let right = [Span("  " + record.eventHash.prefix(8) + " ", .muted), verifiedMark(trail, record)]
    frame.draw(
      StyledLine(spans, right: right), in: Rect(x: list.x, y: list.y + row, width: list.width - 2, height: 1), theme)
    if isSelected { select(list.row(row), theme, &frame) }
  }
  drawScrollMark(top, list, records.count, theme, &frame)
  if let tree = pane.tree { drawDetail(tree, "Record", "esc closes", detail, list, theme, &frame) }
}

private func verifiedMark(_ trail: AuditTrail, _ record: AuditRecord) -> Span {
  if trail.isVerified(record) { return Span("✔", .runSucceeded) }
  return record.seq == trail.brokenAt ? Span("✖", .runFailed) : Span("·", .muted)
}

/// How the chain stands, for the tab's state.
func auditState(_ trail: AuditTrail, isShort: Bool) -> [Span] {
  if let broken = trail.broken {
    let place = trail.brokenAt.map { " at \($0)" } ?? ""
    return [Span(isShort ? "✖ broken" : "✖ chain broken\(place): \(broken)", .runFailed)]
  }
  let count = Format.count(Int64(clamping: trail.checked))
  return [Span(isShort ? "✔ verified" : "✔ chain of \(count) verified", .runSucceeded)]
}
