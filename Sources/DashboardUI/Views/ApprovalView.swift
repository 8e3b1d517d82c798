import RunModel
import TerminalKit

func drawApproval(_ dialog: ApprovalDialog, _ state: DashboardState, _ frame: inout Frame) {
  let theme = state.theme
  let width = min(80, state.size.width - 4)
  let most = max(1, min(6, (state.size.height - 12) / 2))
  var lines: [StyledLine] = []
  for id in dialog.runs.prefix(most) {
    lines.append(runLine(id, state, width - 4))
    guard let run = state.board[id], let approval = run.approval else { continue }
    var words = "risk \(approval.risk.rawValue)"
    if !approval.taskClass.isEmpty { words += ": \(approval.taskClass.replacing("_", with: " "))" }
    words += "; asked by \(approval.requestedBy)"
    if approval.needed > 1 {
      words += "; \(approval.given.count) of \(approval.needed) people agree"
      if !approval.given.isEmpty { words += ": " + approval.given.map(\.by).joined(separator: ", ") }
    }
    lines.append(StyledLine("  " + fitted(words, min(measure(words), width - 6)), .runAttention))
  }
  if dialog.runs.count > most { lines.append(StyledLine("and \(dialog.runs.count - most) more", .muted)) }
  if dialog.otherCount > 0 {
    lines.append(
      StyledLine("\(Format.plural(dialog.otherCount, "marked run")) without a pending approval left out", .muted))
  }
  lines.append(.blank)
  let whyRow = lines.count
  lines += [StyledLine("Because", .muted), .blank]
  let one = dialog.runs.count == 1
  let word =
    switch dialog.verdict {
    case .approve: "The rationale is recorded with your name; up brings back earlier ones."
    case .reject: "\(one ? "It ends" : "They end") as canceled, with this as the reason; up brings back earlier ones."
    }
  lines += wrapped([Span(word, .muted)], width: width - 4).map { StyledLine($0) }
  lines.append(.blank)
  let verb = dialog.verdict == .approve ? "approve" : "reject"
  lines.append(
    StyledLine([
      Span(" enter  \(verb) \(one ? "the run" : "\(dialog.runs.count) runs") ", .buttonFocused),
      Span("   esc", .accent),
      Span("  not now", .muted),
    ]))
  let title = (dialog.verdict == .approve ? "Approve " : "Reject ") + Format.plural(dialog.runs.count, "run")
  let inner = frame.box(centered(width, lines.count + 2, state), title: title, theme)
  if lines.count > inner.height { lines = Array(lines.prefix(max(0, inner.height - 1))) + lines.suffix(1) }
  drawInDialog(lines, inner, theme, &frame)
  let field = Rect(x: inner.x + 9, y: inner.y + whyRow, width: inner.width - 9, height: 1)
  guard field.y < inner.bottom - 1 || lines.count <= inner.height else { return }
  drawField(dialog.why, field, state, &frame, isFocused: true)
}
