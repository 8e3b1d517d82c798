import RunModel
import TerminalKit

extension DashboardState {
  /// How long the run waited, worked and was verified, as one bar.
  func timingBar(_ run: Run, width: Int) -> [StyledLine] {
    guard let started = run.startedAt, width >= 40 else { return [] }
    let end = run.endedAt ?? boardTime
    let verifying = log?.run == run.runId ? log?.verifyingAt : nil
    let parts: [(name: String, from: Timestamp, to: Timestamp, role: Role)] = [
      ("queued", run.createdAt, started, .runQueued), ("running", started, verifying ?? end, .runRunning),
      ("verifying", verifying ?? end, end, .runVerifying),
    ]
    let times = parts.map { max(0, ($0.to - $0.from).milliseconds) }
    let total = times.reduce(Int64(0)) { $0.addingReportingOverflow($1).partialValue }
    guard total > 0 else { return [] }
    let room = min(40, width - 14)
    let glyphs = ["░", "█", "▓"]
    var bar = [Span(String(repeating: " ", count: 12))]
    var legend = [Span(String(repeating: " ", count: 12))]
    for (place, part) in parts.enumerated() where times[place] > 0 {
      let share = Double(times[place]) / Double(total)
      bar.append(Span(String(repeating: glyphs[place], count: max(1, Int(share * Double(room)))), part.role))
      legend += [
        Span(glyphs[place] + " ", part.role), Span(part.name + " " + Format.duration(times[place]) + "  ", .muted),
      ]
    }
    return [StyledLine(bar)] + wrapped(legend, width: width, indent: 12).map { StyledLine($0) }
  }
}
