import RunModel
import TerminalKit

/// What happened over time: charts, and the runs on a timeline.
func drawPulse(_ state: DashboardState, _ rect: Rect, _ frame: inout Frame) {
  let theme = state.theme
  guard state.hasSnapshot else {
    drawPageWord(waitingWords(state, rect.width), rect, state, &frame)
    return
  }
  let layout = PulseLayout(rect, state.pulse.parts)
  drawWindows(state, rect.row(0), &frame)
  let charts = pulseCharts(state)
  let from = "-" + state.pulse.window.title
  for (chart, place) in zip(charts, layout.charts) {
    drawChart(chart, place, from: from, state.chartStyle, theme, &frame)
  }
  if !layout.timeline.isEmpty { drawTimeline(state, layout.timeline, &frame) }
}

/// Where the charts and the timeline are.
struct PulseLayout {
  var charts: [Rect] = []
  /// With its line of times.
  var timeline = Rect(x: 0, y: 0, width: 0, height: 0)

  static let count = 6

  init(_ rect: Rect, _ parts: PulsePage.Parts) {
    var rest = rect
    _ = rest.takeTop(1)
    let across = rect.width >= 114 ? 3 : 2
    let most = (Self.count + across - 1) / across
    var rows = 0
    switch parts {
    case .timeline: break
    case .charts: rows = min(most, max(1, rest.height / 4))
    case .both: rows = min(most, max(1, rest.height * 3 / 5 / 6))
    }
    if rows > 0 {
      let area = rest.takeTop(parts == .charts ? rest.height : max(rows * 6, min(rows * 11, rest.height * 3 / 5)))
      let height = area.height / rows
      for row in 0..<rows {
        for column in 0..<across {
          let left = area.x + 1 + column * (area.width - 1) / across
          let right = area.x + 1 + (column + 1) * (area.width - 1) / across
          charts.append(
            Rect(
              x: left, y: area.y + row * height, width: right - left - 2, height: min(height - (height > 5 ? 1 : 0), 14)
            ))
        }
      }
    }
    if parts != .charts { timeline = rest }
  }

  /// The rows of the timeline, below its line of times.
  var rows: Rect {
    var rect = timeline
    _ = rect.takeTop(1)
    return rect
  }
}

extension DashboardState {
  /// The names of the windows and where they are: for drawing and for clicks.
  var windowSpans: [(window: PulsePage.Window, text: String, x: Int)] {
    var x = 2
    return PulsePage.Window.allCases.map { window in
      let text = window == pulse.window ? "[\(window.title)]" : " \(window.title) "
      defer { x += measure(text) }
      return (window, text, x)
    }
  }

  /// A click on the name of a window.
  mutating func clickWindow(_ at: Point) {
    guard at.y == layout.body.y,
      let found = windowSpans.first(where: { at.x >= $0.x && at.x < $0.x + measure($0.text) })
    else { return }
    turnWindow(
      (PulsePage.Window.allCases.firstIndex(of: found.window) ?? 0)
        - (PulsePage.Window.allCases.firstIndex(of: pulse.window) ?? 0))
  }
}

private func drawWindows(_ state: DashboardState, _ rect: Rect, _ frame: inout Frame) {
  let spans =
    [Span("  ")] + state.windowSpans.map { Span($0.text, $0.window == state.pulse.window ? .accent : .muted) }
  var right: [Span] = []
  if state.link.staleSince != nil {
    right = [Span("as of \(Format.clock(state.boardTime, offset: state.utcOffset)) ", .runAttention)]
  } else if let since = state.history.eventsSince, state.pulse.window.milliseconds > (state.now - since).milliseconds {
    right = [Span("events counted since \(Format.clock(since, offset: state.utcOffset, seconds: false)) ", .muted)]
  }
  if state.drops.total > 0 {
    let words = "\(Glyphs.conflict) \(Format.count(state.drops.total)) output lines dropped in all "
    right.insert(Span(words + (right.isEmpty ? "" : "  "), .runAttention), at: 0)
  }
  // Since when is told before what was dropped, which the header tells while it goes on.
  let room = rect.width - spans.reduce(0) { $0 + $1.width } - 1
  while right.count > 1, right.reduce(0, { $0 + $1.width }) > room { right.removeFirst() }
  frame.draw(StyledLine(spans, right: rect.width >= 76 ? right : []), in: rect, state.theme)
}

/// The charts, the most telling first: where there is little room the last ones stay away.
private func pulseCharts(_ state: DashboardState) -> [Chart] {
  let picture = state.pulse.picture
  let slots = state.runtimes.filter { $0.health != .lost }.reduce(0) { $0 &+ max(0, $1.capabilities.maxParallelTasks) }
  let hasCost = picture.cost.contains { ($0 ?? 0) > 0 }
  return [
    Chart(
      title: "Ended/min",
      series: [
        ChartSeries(name: "ok", mark: Glyphs.succeeded, role: .runSucceeded, values: picture.succeeded),
        ChartSeries(name: "failed", mark: Glyphs.failed, role: .runFailed, values: picture.failed),
        ChartSeries(name: "canceled", mark: Glyphs.canceled, role: .runCanceled, values: picture.canceled),
      ], format: { Format.amount($0) }),
    Chart(
      title: slots > 0 ? "Slots of \(Format.count(Int64(slots)))" : "Slots",
      series: [
        ChartSeries(name: "used", mark: Glyphs.running, role: .runRunning, values: picture.running),
        ChartSeries(name: "waiting", mark: Glyphs.queued, role: .runQueued, values: picture.queued),
      ], format: { Format.count(Int64(min($0, 1e15))) }),
    Chart(
      title: "Duration",
      series: [
        ChartSeries(name: "median", mark: "●", role: .accent, values: picture.median),
        ChartSeries(name: "p90", mark: "○", role: .runAttention, values: picture.longest),
      ], format: { Format.brief($0) }, nothing: "no run has ended"),
    Chart(
      title: "Success",
      series: [ChartSeries(name: "success", mark: Glyphs.succeeded, role: .runSucceeded, values: picture.success)],
      format: { "\(Format.percent($0))%" }, fixedTop: 1, nothing: "no run has ended"),
    Chart(
      title: "Events/s", series: [ChartSeries(name: "events", mark: "●", role: .accent, values: picture.events)],
      format: { Format.amount($0) },
      nothing: state.history.eventsSince.map {
        "none seen since \(Format.clock($0, offset: state.utcOffset, seconds: false))"
      } ?? "none seen since this was opened"),
    hasCost
      ? Chart(
        title: "Cost/min", series: [ChartSeries(name: "cost", mark: "●", role: .accent, values: picture.cost)],
        format: { Format.money($0) }, leastTop: 0.01)
      : Chart(
        title: "Tokens/min", series: [ChartSeries(name: "tokens", mark: "●", role: .accent, values: picture.tokens)],
        format: { Format.amount($0) }, nothing: "none reported"),
  ]
}

// MARK: The timeline

/// How long each run took, one a row: dots while it waited, a line while it worked, its sign where it ended.
private func drawTimeline(_ state: DashboardState, _ rect: Rect, _ frame: inout Frame) {
  let theme = state.theme
  let page = state.pulse
  let name = min(40, max(20, rect.width * 3 / 10))
  let bars = Rect(x: rect.x + name + 3, y: rect.y, width: rect.width - name - 5, height: rect.height)
  guard bars.width > 8 else { return }
  frame.draw(
    [Span(" Timeline", .heading), Span("  \(page.rows.count)", .muted)], x: rect.x, y: rect.y, width: name, theme)
  drawTimes(state, bars, &frame)
  let rows = PulseLayout(state.layout.body, page.parts).rows
  if page.rows.isEmpty {
    frame.put(
      "no run was live in this window", x: bars.x, y: rows.y, width: bars.width, style: theme[.muted])
  }
  let end = state.pulse.picture.end.milliseconds
  let window = page.window.milliseconds
  func column(_ time: Timestamp) -> Int {
    let share = Double(time.milliseconds - (end - window)) / Double(window)
    return Int((max(-1, min(1, share)) * Double(bars.width - 1)).rounded())
  }
  let isASCII = state.chartStyle == .ascii
  for row in 0..<rows.height {
    guard let id = page.rows[safe: page.top + row], let run = state.board[id], let started = run.startedAt else {
      continue
    }
    let isSelected = page.top + row == page.cursor
    let y = rows.y + row
    let (glyph, role) = Glyphs.status(run)
    frame.draw(
      [
        Span(isSelected ? "▌" : " ", .accent), Span(glyph + " ", role), Span(id.shortName + " ", .muted),
        Span(fitted(run.title, name - 10)),
      ], x: rect.x, y: y, width: name, theme)
    let (created, from) = (column(run.createdAt), column(started))
    let to = run.endedAt.map { min(bars.width - 1, column($0)) } ?? bars.width - 1
    for x in max(0, created)..<max(0, created, from) {
      frame.put(isASCII ? "." : "┈", x: bars.x + x, y: y, width: 1, style: theme[.runQueued])
    }
    guard to >= 0 else { continue }
    for x in max(0, from)..<max(0, from, to) {
      frame.put(isASCII ? "=" : "━", x: bars.x + x, y: y, width: 1, style: theme[role])
    }
    frame.put(glyph, x: bars.x + max(0, to), y: y, width: 1, style: theme[role])
    if isSelected { select(rows.row(row), theme, &frame) }
  }
  drawScrollMark(page.top, rows, page.rows.count, theme, &frame)
}

/// Clock times over the bars, at round minutes.
private func drawTimes(_ state: DashboardState, _ bars: Rect, _ frame: inout Frame) {
  let window = state.pulse.window.milliseconds
  let end = state.pulse.picture.end.milliseconds
  let steps: [Int64] = [
    60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000, 3_600_000, 7_200_000, 14_400_000, 21_600_000,
  ]
  let most = max(1, Int64(bars.width / 12))
  let step = steps.first { window / $0 <= most } ?? 43_200_000
  let offset = Int64(state.utcOffset) * 1000
  var time = ((end - window + offset) / step + 1) * step - offset
  while time <= end {
    let x = Int(Double(time - (end - window)) / Double(window) * Double(bars.width - 1))
    let label = Format.clock(Timestamp(milliseconds: time), offset: state.utcOffset, seconds: false)
    if x + 6 <= bars.width - 4 {
      frame.put("|" + label, x: bars.x + x, y: bars.y, width: 6, style: state.theme[.muted])
    }
    time += step
  }
  frame.put("now", x: bars.right - 3, y: bars.y, width: 3, style: state.theme[.muted])
}
