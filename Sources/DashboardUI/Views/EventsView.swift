import RunModel
import TerminalKit

/// One event on one line of `width` columns. What stands at the right has a quarter of it, and what the text leaves: the
/// text is what the line is about.
func logLine(
  _ line: LogLine, _ times: EventsPane.Times, _ run: Run, _ state: DashboardState, width: Int, left: Int = 0
) -> StyledLine {
  var spans = logLead(line, times, run, state)
  spans += scrolledLeft(logText(line), by: left)
  guard let detail = line.detail else { return StyledLine(spans) }
  let room = max(width / 4, width - spans.reduce(0) { $0 + $1.width } - 1)
  return StyledLine(spans, right: [Span(measure(detail) > room ? fitted(detail, max(1, room)) : detail, .muted)])
}

private func logLead(_ line: LogLine, _ times: EventsPane.Times, _ run: Run, _ state: DashboardState) -> [Span] {
  let time: String
  switch times {
  case .clock: time = Format.clock(line.time, offset: state.utcOffset) + "  "
  case .sinceStart:
    time = fitted(Format.elapsed((line.time - (run.startedAt ?? run.createdAt)).milliseconds), 8, right: true) + "  "
  case .none: time = ""
  }
  return [
    Span(time, .timestamp),
    Span(fitted(line.label, max(9, min(20, measure(line.label)))) + "  ", logRole(line.kind, isLabel: true)),
  ]
}

private func logText(_ line: LogLine) -> [Span] { line.styled ?? [Span(line.text, logRole(line.kind, isLabel: false))] }

private func logRole(_ kind: LogKind, isLabel: Bool) -> Role {
  switch kind {
  case .output: isLabel ? .muted : .text
  case .error: .outputError
  case .tool: isLabel ? .accent : .text
  case .progress: isLabel ? .muted : .text
  case .milestone: isLabel ? .heading : .emphasis
  case .attention: .runAttention
  case .good: .runSucceeded
  case .bad: .runFailed
  case .other: .muted
  }
}

extension DashboardState {
  /// The rows that an event takes, as it is shown now.
  func eventLines(_ index: Int, width: Int) -> [StyledLine] {
    guard let log, let run = board[log.run], let pane = open?.events, let line = log[index] else { return [] }
    let isCurrent = index == eventsCursor
    var single = logLine(line, pane.times, run, self, width: width, left: pane.wraps ? 0 : pane.left)
    if !log.search.isEmpty {
      single.spans = highlighted(single.spans, log.search.text, isCurrent ? .matchCurrent : .match)
    }
    guard pane.wraps else { return [single] }
    let lead = logLead(line, pane.times, run, self).reduce(0) { $0 + $1.width }
    single.right = []
    let detail = line.detail.map { [Span("  " + $0, Role.muted)] } ?? []
    return wrapped(single.spans + detail, width: width, indent: lead, most: 200).map { StyledLine($0) }
  }
}

func drawEvents(_ state: DashboardState, _ run: Run, _ rect: Rect, _ frame: inout Frame) {
  guard let log = state.log, log.run == run.runId, let pane = state.open?.events else { return }
  let count = state.shownLogCount
  guard count > 0 else {
    let words =
      !log.isLoaded
      ? "Fetching the events…"
      : log.total > 0
        ? "None of the chosen types yet; F chooses others."
        : state.open?.detail?.collected?.events == true
          ? "Its events were removed by gc; artifacts and diff are still there." : "Nothing has happened yet."
    frame.put(words, x: 2, y: rect.y + 1, width: rect.width - 2, style: state.theme[.muted])
    return
  }
  let (list, tree) = state.eventsAreas
  let inner = Rect(x: list.x + 2, y: list.y, width: list.width - 4, height: list.height)
  var shown: [(index: Int, line: StyledLine)] = []
  func add(_ index: Int) { shown += state.eventLines(index, width: inner.width).map { (index, $0) } }
  if pane.isFollowing {
    var index = count - 1
    while index >= 0, shown.count < inner.height {
      shown = state.eventLines(index, width: inner.width).map { (index, $0) } + shown
      index -= 1
    }
    shown = shown.suffix(inner.height)
  } else {
    var index = state.eventsTop
    if index == 0, state.hasEarlierEvents { shown.append((-1, earlier(log))) }
    while index < count, shown.count < inner.height {
      add(index)
      index += 1
    }
  }
  let cursor = state.eventsCursor
  for (row, item) in shown.prefix(inner.height).enumerated() {
    let isCursor = item.index == cursor && !pane.isFollowing
    let isFirst = row == 0 || shown[row - 1].index != item.index
    let isMarked = isFirst && log[item.index].map { pane.marks.contains($0.seq) } ?? false
    if isCursor { frame.put("▌", x: list.x, y: list.y + row, width: 1, style: state.theme[.accent]) }
    if isMarked { frame.put("●", x: list.x + 1, y: list.y + row, width: 1, style: state.theme[.mark]) }
    frame.draw(item.line, in: inner.row(row), state.theme)
    if isCursor { select(list.row(row), state.theme, &frame) }
  }
  drawScrollMark(state.eventsTop, list, count, state.theme, &frame)
  if let opened = pane.tree { drawDetail(opened, "Event", "esc closes", tree, list, state.theme, &frame) }
}

private func earlier(_ log: RunLog) -> StyledLine {
  if log.isAsking { return StyledLine("Reading earlier events…", .muted) }
  if log.total >= RunLog.most {
    return StyledLine(
      "More than \(Format.count(Int64(RunLog.most))) events: flightdeck events prints the others", .muted)
  }
  return StyledLine([
    Span("There are earlier events: ", .muted), Span("g", .accent, .bold), Span(" reads them", .muted),
  ])
}

/// A value opened beside or below the list that it comes from.
func drawDetail(
  _ tree: JSONTree, _ title: String, _ hint: String, _ rect: Rect, _ list: Rect, _ theme: Theme, _ frame: inout Frame
) {
  guard !rect.isEmpty else { return }
  var body = rect
  if rect.y == list.y {
    for y in rect.y..<rect.bottom { frame.put("│", x: rect.x, y: y, width: 1, style: theme[.border]) }
    body = Rect(x: rect.x + 2, y: rect.y, width: rect.width - 2, height: rect.height)
    frame.draw(StyledLine([Span(title, .heading)], right: [Span(hint + " ", .muted)]), in: body.takeTop(1), theme)
  } else {
    frame.rule(body.takeTop(1), [Span(title, .heading)], right: [Span(hint, .muted)], theme)
  }
  drawJSONTree(tree, body, theme, &frame)
}

/// The chooser of event types, with how many of each there are.
func drawEventTypes(_ cursor: Int, _ state: DashboardState, _ frame: inout Frame) {
  let theme = state.theme
  let rows = state.eventTypes
  let chosen = state.log?.types ?? []
  let height = max(3, min(rows.count + 4, state.size.height - 4))
  let width = min(46, state.size.width - 4)
  let rect = Rect(x: max(0, state.size.width - width - 2), y: 3, width: width, height: height)
  let inner = frame.box(rect, title: "Events shown", theme)
  let here = min(cursor, rows.count - 1)
  let room = max(1, inner.height - 2)
  let top = state.listTop(here, rows.count, room)
  for row in 0..<room {
    guard let item = rows[safe: top + row] else { break }
    let isOn = item.name == "all" ? chosen.isEmpty : chosen.contains(item.name)
    let isHere = top + row == here
    frame.draw(
      StyledLine(
        [
          Span(isHere ? "▌" : " ", .accent), Span(isOn ? "[x] " : "[ ] ", isOn ? .yes : .muted),
          Span(item.name, isHere ? .emphasis : .text),
        ], right: [Span(Format.count(Int64(item.count)) + " ", .muted)]), in: inner.row(row), theme, ground: .dialog)
  }
  let hints = [
    Span("space", .accent), Span("  on or off   ", .muted), Span("enter", .accent), Span("  only this   ", .muted),
    Span("esc", .accent),
  ]
  if inner.height > room {
    frame.draw(hints, x: inner.x, y: inner.bottom - 1, width: inner.width, theme, ground: .dialog)
  }
}
