import RunModel
import TerminalKit

/// What happened over time.
func drawPulse(_ state: DashboardState, _ rect: Rect, _ frame: inout Frame) {
  drawPageWord([StyledLine("Waiting for the first minute…", .muted)], rect, state, &frame)
}
