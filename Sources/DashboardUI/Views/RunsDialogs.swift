import RunModel
import TerminalKit

/// The chooser of columns, at the right, so that what it does is seen at once.
func drawColumnsDialog(_ dialog: ColumnsDialog, _ state: DashboardState, _ frame: inout Frame) {
  let width = min(58, state.size.width - 2)
  let height = min(dialog.rows.count + 2, state.size.height - 4)
  let rect = Rect(x: state.size.width - width - 1, y: 3, width: width, height: height)
  let inner = frame.box(rect, title: "Columns", state.theme)
  let onScreen = Set(state.table.cells.map(\.column))
  let top = state.listTop(dialog.cursor, dialog.rows.count, inner.height)
  var lines: [StyledLine] = []
  for (place, row) in dialog.rows.enumerated().dropFirst(top).prefix(inner.height) {
    let here = place == dialog.cursor
    let column = row.choice.column
    let width = row.choice.width.map { "\($0)" } ?? ""
    // Chosen, but the screen is too narrow for it.
    let note = row.isShown && !onScreen.contains(column) ? "no room" : width
    lines.append(
      StyledLine(
        [
          Span(here ? "▌" : " ", .accent), Span(row.isShown ? "✔ " : "  ", .yes),
          Span(fitted(column.rawValue, 10), here ? .emphasis : row.isShown ? .text : .muted), Span(" "),
          Span(column.help, .muted),
        ], right: note.isEmpty ? [] : [Span(" " + note, .accent)]))
  }
  drawInDialog(lines, inner, state.theme, &frame)
}

func drawViewsDialog(_ dialog: ViewsDialog, _ state: DashboardState, _ frame: inout Frame) {
  let theme = state.theme
  let width = min(76, state.size.width - 4)
  var lines: [StyledLine] = []
  let most = max(1, state.size.height - 10)
  let views = state.views
  let top = state.listTop(dialog.cursor, views.count, most)
  let name = max(10, min(24, views.map { measure($0.name) }.max() ?? 10))
  for (place, view) in views.enumerated().dropFirst(top).prefix(most) {
    let here = place == dialog.cursor
    let isNow = view.name == state.viewName
    lines.append(
      StyledLine([
        Span(here ? "▌" : " ", .accent), Span(isNow ? "✔ " : "  ", .yes),
        Span(fitted(view.name, name), here ? .emphasis : .text), Span("  "), Span(view.summary, .muted),
      ]))
  }
  lines.append(.blank)
  let fieldRow = lines.count
  if dialog.naming != nil {
    lines.append(StyledLine("Save as", .muted))
  } else if dialog.isDeleting, let view = views[safe: dialog.cursor] {
    lines.append(
      StyledLine([
        Span(" d  delete \(view.name) ", .buttonFocused), Span("   esc", .accent), Span("  keep it", .muted),
      ]))
  } else {
    lines.append(
      StyledLine([
        Span(" enter  take ", .buttonFocused), Span("   s", .accent), Span("  save what is on the screen   ", .muted),
        Span("d", .accent), Span("  delete", .muted),
      ]))
  }
  let inner = frame.box(centered(width, lines.count + 2, state), title: "Views", theme)
  drawInDialog(lines, inner, theme, &frame)
  guard let naming = dialog.naming, fieldRow < inner.height else { return }
  drawField(
    naming, Rect(x: inner.x + 9, y: inner.y + fieldRow, width: inner.width - 9, height: 1), state, &frame,
    isFocused: true)
}

/// What tab can take, in the footer while a filter is typed. False when there is nothing to offer.
func drawFilterOffers(_ prompt: FilterPrompt, _ state: DashboardState, _ rect: Rect, _ frame: inout Frame) -> Bool {
  let offers = prompt.completion?.offers ?? state.filterOffers(prompt.field.text).offers
  guard !offers.isEmpty else { return false }
  let theme = state.theme
  let chosen = prompt.completion?.place
  frame.draw([Span(" tab", .footerKey), Span("  ", .footer)], x: rect.x, y: rect.y, width: rect.width, theme)
  var x = rect.x + 6
  // The one taken stays in sight.
  var first = 0
  if let chosen {
    while first < chosen, offers[first...chosen].reduce(0, { $0 + measure($1) + 2 }) > rect.width - 8 { first += 1 }
  }
  for (place, offer) in offers.enumerated().dropFirst(first) {
    let width = measure(offer)
    guard x + width < rect.right - 1 else {
      frame.put("…", x: min(x, rect.right - 1), y: rect.y, width: 1, style: theme[.footer])
      break
    }
    frame.put(offer, x: x, y: rect.y, width: width, style: theme[place == chosen ? .buttonFocused : .footer])
    x += width + 2
  }
  return true
}
