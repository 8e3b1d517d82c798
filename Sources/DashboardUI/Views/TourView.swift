import RunModel
import TerminalKit

/// The strip above the footer that says what to try next.
func drawTour(_ tour: Tour, _ rect: Rect, _ state: DashboardState, _ frame: inout Frame) {
  guard rect.height >= 2 else { return }
  let count = Tour.Step.allCases.count
  var leave = "ctrl-n skips   f2 ends it"
  if let key = state.keys.keys(for: .nextTip, in: [.everywhere]).first { leave = "\(key.label) skips   f2 ends it" }
  frame.rule(
    rect, [Span("Tour \(tour.number) of \(count)", .accent)], right: [Span(leave, .muted)], state.theme)
  // Between backticks stand keys.
  let spans = tour.text(isDemo: state.isDemo).split(separator: "`", omittingEmptySubsequences: false).enumerated().map {
    place, text in
    Span(String(text), place % 2 == 1 ? .emphasis : .text)
  }
  let lines = wrapped([Span(" ")] + spans, width: rect.width - 2, indent: 1, most: rect.height - 1)
  for (row, line) in lines.enumerated() {
    frame.draw(line, x: rect.x + 1, y: rect.y + 1 + row, width: rect.width - 2, state.theme)
  }
}
