package import TerminalKit

/// Draws the whole dashboard: a function of the state and nothing else.
package func drawDashboard(_ state: DashboardState) -> Frame {
  let theme = state.theme
  var frame = Frame(size: state.size, style: theme[.text])
  if state.isTooSmall {
    let need = "flightdeck needs \(Layout.smallest.width)×\(Layout.smallest.height)"
    let text = state.size.width < 34 ? "too small" : "\(need), this is \(state.size.width)×\(state.size.height)"
    frame.put(text, x: 0, y: state.size.height / 2, width: state.size.width, style: theme[.text])
  } else {
    let layout = state.layout
    drawHeader(state, layout.header, &frame)
    drawBanner(state, layout.banner, &frame)
    drawTabs(state, layout, &frame)
    switch state.screen {
    case .runs: drawRuns(state, layout, &frame)
    case .runtimes: drawRuntimes(state, layout.body, &frame)
    case .queue: drawQueue(state, layout.body, &frame)
    case .audit: drawAudit(state, layout.body, &frame)
    case .pulse: drawPulse(state, layout.body, &frame)
    case .run: drawRun(state, layout, &frame)
    case .dispatch: drawDispatch(state, layout.body, &frame)
    }
    if let tour = state.tour { drawTour(tour, layout.tour, state, &frame) }
    drawTimeBar(state, layout.timeBar, &frame)
    if !state.layers.isEmpty { frame.coverZones() }
    drawFooter(state, layout.footer, &frame)
    for layer in state.layers { drawLayer(layer, state, &frame) }
    drawToasts(state, layout, &frame)
  }
  if state.asciiOnly { frame.foldToASCII() }
  return frame
}
