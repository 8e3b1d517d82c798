import TerminalKit

/// The themes by name, each with a few of its own colours; the screen behind shows the one under the cursor.
func drawThemePicker(_ picker: ThemePicker, _ state: DashboardState, _ frame: inout Frame) {
  let theme = state.theme
  let choices = state.themeChoices(picker.field.text)
  let rows = max(1, min(choices.count, 14, state.size.height - 6))
  let rect = Rect(x: 1, y: state.size.height - 3 - rows, width: min(66, state.size.width - 2), height: rows + 2)
  let inner = frame.box(rect, title: "Themes", theme)
  guard !choices.isEmpty else {
    drawInDialog([StyledLine("no such theme", .muted)], inner, theme, &frame)
    return
  }
  let top = state.listTop(picker.cursor, choices.count, inner.height)
  for (row, choice) in choices.dropFirst(top).prefix(inner.height).enumerated() {
    let here = top + row == picker.cursor
    let variant = choice.slug == nil ? "auto" : choice.theme.isDark ? "dark" : "light"
    let line = StyledLine([
      Span(here ? "▌" : " ", .accent),
      Span(fitted(choice.slug == nil ? "auto: \(choice.theme.name)" : choice.theme.name, 26), here ? .emphasis : .text),
      Span(" \(fitted(variant, 5)) ", .muted),
      Span(choice.slug == picker.before.slug ? "now" : "", .accent),
    ])
    let swatch = 22
    drawInDialog([line], Rect(x: inner.x, y: inner.y + row, width: inner.width - swatch, height: 1), theme, &frame)
    frame.draw(
      [
        Span(" Abc ", .text), Span("▶", .runRunning), Span(" "), Span("✔", .runSucceeded), Span(" "),
        Span("✖", .runFailed), Span(" "), Span("▲", .runAttention), Span(" "), Span("+12", .added), Span(" "),
        Span("-3", .removed), Span(" "),
      ], x: inner.right - swatch, y: inner.y + row, width: swatch, choice.theme)
  }
}
