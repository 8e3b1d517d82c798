import RunModel
import TerminalKit

func drawColumnHeads(_ state: DashboardState, _ table: RunTable, _ rect: Rect, _ frame: inout Frame) {
  for cell in table.cells {
    let isSorted = state.list.sort.column == cell.column.sort
    let arrow = isSorted ? (state.list.sort.isInverted ? "↑" : "↓") : ""
    let head = cell.column.head
    // The arrow may stand in the gap, so that no head is cut for it.
    let overhang = measure(head + arrow) > cell.width ? 1 : 0
    let text =
      cell.column.isRight
      ? fitted(arrow + head, cell.width + overhang, right: true) : fitted(head + arrow, cell.width + overhang)
    frame.put(
      text, x: rect.x + cell.x - (cell.column.isRight ? overhang : 0), y: rect.y, width: cell.width + overhang,
      style: state.theme[isSorted ? .accent : .muted])
  }
  if table.hasMore {
    frame.put("→", x: rect.right - 1, y: rect.y, width: 1, style: state.theme[.accent])
  }
  if table.hiddenLeft > 0 { frame.put("←", x: rect.x + 1, y: rect.y, width: 1, style: state.theme[.accent]) }
}

func drawRunRow(_ run: Run, _ table: RunTable, _ rect: Rect, _ state: DashboardState, _ frame: inout Frame) {
  let theme = state.theme
  let isSelected = run.runId == state.selection
  let (glyph, role) = Glyphs.status(run)
  frame.draw([Span(isSelected ? "▌" : " ", .accent), Span(glyph, role)], x: rect.x, y: rect.y, width: 2, theme)
  if state.marks.contains(run.runId) {
    frame.put("●", x: rect.x + table.markX, y: rect.y, width: 1, style: theme[.mark])
  }
  var place = 0
  while place < table.cells.count {
    let cell = table.cells[place]
    var width = cell.width
    place += 1
    // Words of the progress take the room of what has nothing to say beside them.
    while cell.column == .progress, let next = table.cells[safe: place], gives(next.column, run) {
      width = next.x + next.width - cell.x
      place += 1
    }
    frame.draw(
      cellSpans(cell.column, run, width, state), x: rect.x + cell.x, y: rect.y,
      width: min(width, rect.width - cell.x), theme)
  }
  if isSelected { choose(rect, theme, &frame) }
}

private func choose(_ rect: Rect, _ theme: Theme, _ frame: inout Frame) {
  let chosen = theme[.selection]
  frame.restyle(rect) { style in
    style.background == theme[.text].background ? style.on(chosen.background).adding(chosen.attributes) : style
  }
}

/// Whether a column beside the progress is empty for this run, so that its words may go on there.
private func gives(_ column: RunColumn, _ run: Run) -> Bool {
  let waits = run.status == .queued && run.cancellation == nil
  return switch column {
  case .remaining:
    switch run.status {
    case .queued, .failed, .canceled: true
    case .running: run.attention != nil || run.isVerifying || run.cancellation != nil || !run.progressKnown
    case .succeeded: false
    }
  case .elapsed: waits
  default: false
  }
}

/// What a column says of a run, in exactly `width` columns.
private func cellSpans(_ column: RunColumn, _ run: Run, _ width: Int, _ state: DashboardState) -> [Span] {
  func cell(_ text: String?, _ role: Role = .muted) -> [Span] {
    [Span(fitted(text ?? "—", width, right: column.isRight), text == nil ? .faint : role)]
  }
  func count(_ value: Int64?) -> String { value.map { Format.count(max(0, $0)) } ?? "—" }
  let body: Role = run.status.isTerminal ? .muted : .text
  switch column {
  case .run: return cell(run.runId.shortName)
  case .title: return titleCell(run, width, state)
  case .runtime: return cell(run.runtimeId?.rawValue)
  case .progress: return progressCell(run, width, state)
  case .remaining: return [Span(fitted(remainingText(run, state), width, right: true), .text)]
  case .elapsed:
    return run.status == .queued && run.startedAt == nil ? cell(nil) : cell(elapsedText(run, state), body)
  case .files: return filesCell(run, width)
  case .tests: return [testsCell(run, width)]
  case .activity: return [activityCell(run, width, state)]
  case .priority: return cell("\(run.priority)")
  case .attempt: return cell(run.attempt > 1 ? "\(run.attempt)" : nil, .text)
  case .branch: return cell(run.branch)
  case .labels: return cell(run.labels.isEmpty ? nil : run.labels.joined(separator: ", "))
  case .reference: return cell(run.externalRef)
  case .cost: return cell(run.costUSD.map(Format.dollars))
  case .tokens:
    guard run.inputTokens != nil || run.outputTokens != nil else { return cell(nil) }
    return cell("\(count(run.inputTokens))/\(count(run.outputTokens))")
  case .score: return [scoreCell(run, width)]
  case .created: return cell(Format.day(run.createdAt, now: state.now, offset: state.utcOffset))
  case .ended: return cell(run.endedAt.map { Format.day($0, now: state.now, offset: state.utcOffset) })
  case .reason: return cell(run.reason, run.status == .failed ? .runFailed : .muted)
  }
}

private func titleCell(_ run: Run, _ width: Int, _ state: DashboardState) -> [Span] {
  let isContested = !run.conflicts.isEmpty && !run.status.isTerminal && width > 8
  let badge = isContested ? [Span("\(Glyphs.conflict) ", .runAttention)] : []
  var title = [Span(fitted(run.title, isContested ? width - 2 : width), run.status.isTerminal ? .muted : .text)]
  for word in state.list.filter.highlights { title = highlighted(title, word) }
  return badge + title
}

private func remainingText(_ run: Run, _ state: DashboardState) -> String {
  state.remaining(run).map { Format.remaining($0.milliseconds) } ?? ""
}

/// How long ago a live run was last heard of, with the mark of a stall.
private func activityCell(_ run: Run, _ width: Int, _ state: DashboardState) -> Span {
  guard run.status == .running else { return Span(fitted("—", width, right: true), .faint) }
  let ago = Format.ago(run.silence(at: state.boardTime).milliseconds)
  let isStalled = state.isStalled(run)
  return Span(
    fitted(isStalled ? "\(Glyphs.stalled) \(ago)" : ago, width, right: true), isStalled ? .runAttention : .muted)
}

private func filesCell(_ run: Run, _ width: Int) -> [Span] {
  guard let files = run.filesChanged else { return [Span(fitted("—", width, right: true), .faint)] }
  func number(_ sign: String, _ value: Int?, _ width: Int) -> String {
    fitted(value.map { sign + (($0 < 10_000) ? "\($0)" : Format.count(Int64($0))) } ?? "", width, right: true)
  }
  let count = Format.count(Int64(files))
  guard width >= 9 else { return [Span(fitted(count, width, right: true), .muted)] }
  let side = min(6, (width - 3) / 2)
  return [
    Span(fitted(count, width - 2 * side, right: true), .muted),
    Span(number("+", run.added, side), run.added ?? 0 > 0 ? .added : .muted),
    Span(number("-", run.removed, side), run.removed ?? 0 > 0 ? .removed : .muted),
  ]
}

private func testsCell(_ run: Run, _ width: Int) -> Span {
  guard let total = run.testsTotal, total > 0 else { return Span(fitted("—", width, right: true), .faint) }
  let passed = run.testsPassed ?? 0
  return Span(fitted("\(passed)/\(total)", width, right: true), passed == total ? .muted : .runFailed)
}

// MARK: Groups

func drawGroupHeader(
  _ group: RunGroup, _ index: Int, _ rect: Rect, _ state: DashboardState, _ frame: inout Frame
) {
  let isSelected = index == state.cursor
  let counts = groupCounts(group)
  let name = " \(state.groupName(group)) "
  let room = rect.width - 5 - counts.reduce(0) { $0 + $1.width } - 2
  let spans = [
    Span(isSelected ? "▌" : " ", .accent), Span(group.isFolded ? "▸" : "▾", .accent),
    Span(fitted(name, min(measure(name), max(6, room))), .heading), Span(" "),
  ]
  frame.draw(spans + counts, x: rect.x, y: rect.y, width: rect.width - 1, state.theme)
  if isSelected { choose(rect, state.theme, &frame) }
}

/// How many, and how they stand.
private func groupCounts(_ group: RunGroup) -> [Span] {
  var spans = [Span("\(group.total)  ", .muted)]
  for standing in RunStanding.allCases where group[standing] > 0 {
    let (glyph, role) = standing.status.map { Glyphs.status($0) } ?? (Glyphs.attention, .runAttention)
    spans.append(Span("\(glyph) \(group[standing])  ", role))
  }
  return spans
}

func drawGroupPreview(_ state: DashboardState, _ layout: Layout, _ frame: inout Frame) {
  guard case .group(let index)? = state.list.row(state.cursor), let group = state.list.groups[safe: index] else {
    return
  }
  var rect = layout.preview
  let title = [Span(state.groupName(group), .emphasis)]
  if layout.previewIsRight {
    for y in rect.y..<rect.bottom { frame.put("│", x: rect.x, y: y, width: 1, style: state.theme[.border]) }
    rect = Rect(x: rect.x + 2, y: rect.y, width: rect.width - 3, height: rect.height)
    frame.draw(title, x: rect.x, y: rect.y, width: rect.width, state.theme)
    _ = rect.takeTop(1)
  } else {
    frame.rule(rect.takeTop(1), title, state.theme)
    rect = rect.inset(dx: 2, dy: 0)
  }
  var lines: [StyledLine] = []
  for standing in RunStanding.allCases where group[standing] > 0 {
    let (glyph, role) = standing.status.map { Glyphs.status($0) } ?? (Glyphs.attention, .runAttention)
    lines.append(StyledLine([Span("\(glyph) \(group[standing]) \(standing.name)", role)]))
  }
  lines += [
    .blank,
    StyledLine([
      Span("enter", .accent), Span(group.isFolded ? " unfolds   " : " folds   ", .muted), Span("space", .accent),
      Span(" marks all of them", .muted),
    ]),
  ]
  frame.draw(lines, in: rect, state.theme)
}
