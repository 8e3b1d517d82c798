import RunModel
import TerminalKit

/// The audit trail.
func drawAudit(_ state: DashboardState, _ rect: Rect, _ frame: inout Frame) {
  drawPageWord([StyledLine("Reading the audit trail…", .muted)], rect, state, &frame)
}
