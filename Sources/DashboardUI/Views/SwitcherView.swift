import TerminalKit

/// The orchestrators there are, and how each is.
func drawSwitcher(_ dialog: SwitcherDialog, _ state: DashboardState, _ frame: inout Frame) {
  let theme = state.theme
  let width = min(84, state.size.width - 4)
  let most = max(1, state.size.height - 8)
  let names = min(24, state.orchestrators.map { measure($0.name) }.max() ?? 5)
  let top = state.listTop(dialog.cursor, state.orchestrators.count, most)
  var lines: [StyledLine] = []
  for (place, sight) in state.orchestrators.enumerated().dropFirst(top).prefix(most) {
    let here = place == dialog.cursor
    let isCurrent = sight.name == state.place
    var right: [Span] = []
    switch sight.link {
    case _ where isCurrent: right = [Span("you are here", .muted)]
    case .unknown: break
    case .asking: right = [Span("◌ asking…", .muted)]
    case .silent(let reason): right = [Span("✖ \(fitted(reason, min(measure(reason), width / 2)))", .runFailed)]
    case .answers:
      if let attention = sight.attention, attention > 0 { right.append(Span("▲ \(attention)  ", .runAttention)) }
      right.append(Span("● \(sight.running.map { "\($0) running" } ?? "answers")", .runSucceeded))
    }
    lines.append(
      StyledLine(
        [
          Span(here ? "▌ " : "  ", .accent), Span(place < 9 ? "\(place + 1)  " : "   ", .muted),
          Span(fitted(sight.name, names) + "  ", here ? .emphasis : .text, here ? .underline : []),
          Span(fitted(sight.address, max(0, min(measure(sight.address), width - names - 36))), .muted),
        ], right: right))
  }
  if state.orchestrators.count < 2 {
    lines += [.blank, StyledLine("Others are named in config.yaml: orchestrators: [{name: …, address: …}]", .muted)]
  }
  lines += [
    .blank,
    StyledLine([
      Span(" enter  go there ", .buttonFocused).pressing(.enter), Span("   esc", .accent).pressing(.escape),
      Span("  stay", .muted).pressing(.escape),
    ]),
  ]
  let inner = frame.box(centered(width, lines.count + 2, state), title: "Orchestrators", theme)
  for row in 0..<min(most, max(0, state.orchestrators.count - top)) {
    frame.addZone(Rect(x: inner.x, y: inner.y + row, width: inner.width, height: 1), .item(top + row))
  }
  drawInDialog(lines, inner, theme, &frame)
}
