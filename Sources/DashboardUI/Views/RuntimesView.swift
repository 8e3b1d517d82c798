import RunModel
import TerminalKit

struct RuntimesLayout {
  var heads: Rect
  var rows: Rect
  /// Empty unless it is open.
  var pane: Rect
}

extension DashboardState {
  var runtimesLayout: RuntimesLayout {
    var rest = layout.body
    let heads = rest.takeTop(1)
    guard runtimesPage.isOpen else {
      return RuntimesLayout(heads: heads, rows: rest, pane: Rect(x: rest.x, y: rest.bottom, width: 0, height: 0))
    }
    let wanted = runtimes.reduce(0) { $0 + runtimeRows($1) }
    let rows = rest.takeTop(max(1, min(wanted, rest.height * 2 / 5)))
    _ = rest.takeTop(1)
    return RuntimesLayout(heads: heads, rows: rows, pane: rest.inset(dx: 2, dy: 0))
  }

  /// A runtime that is not well says why on a row of its own.
  func runtimeRows(_ runtime: RuntimeSummary) -> Int { runtime.health == .healthy ? 1 : 2 }

  /// The first runtime that shows, so that the one under the cursor does.
  func runtimesTop(height: Int) -> Int {
    var top = 0
    while top < runtimeCursor,
      runtimes[top...min(runtimeCursor, runtimes.count - 1)].reduce(0, { $0 + runtimeRows($1) }) > height
    { top += 1 }
    return top
  }

  func runtimeIndex(atRow row: Int, height: Int) -> Int? {
    var y = 0
    for index in runtimesTop(height: height)..<runtimes.count {
      y += runtimeRows(runtimes[index])
      if row < y { return index }
    }
    return nil
  }
}

/// The capability matrix: a row a runtime, and a pane that tells more of one.
func drawRuntimes(_ state: DashboardState, _ rect: Rect, _ frame: inout Frame) {
  let theme = state.theme
  guard !state.runtimes.isEmpty else {
    drawAbsence(
      state.hasSnapshot
        ? "No runtime is registered; flightdeck doctor says what is missing." : "Waiting for the orchestrator…",
      state.link.refusal, rect, state, &frame)
    return
  }
  let layout = state.runtimesLayout
  let name = max(9, state.runtimes.map { measure($0.runtimeId.rawValue) }.max() ?? 9)
  let columns = RuntimeColumns(width: rect.width, name: name)
  frame.draw([Span(columns.heads, .muted)], x: rect.x, y: layout.heads.y, width: rect.width, theme)
  var y = layout.rows.y
  for (place, runtime) in state.runtimes.enumerated().dropFirst(state.runtimesTop(height: layout.rows.height))
  where y < layout.rows.bottom {
    let isSelected = place == state.runtimeCursor
    frame.draw(columns.row(runtime, isSelected, state), x: rect.x, y: y, width: rect.width, theme)
    if isSelected { select(Rect(x: rect.x, y: y, width: rect.width, height: 1), theme, &frame) }
    y += 1
    if runtime.health != .healthy, y < layout.rows.bottom {
      frame.draw(
        [Span("     \(runtime.trouble(at: state.now) ?? "")", healthGlyph(runtime.health).1)], x: rect.x, y: y,
        width: rect.width, theme)
      y += 1
    }
  }
  if state.runtimesPage.isOpen { drawRuntimePane(state, layout.pane, &frame) }
}

/// Widths of the matrix; 0 leaves a column out. They go by priority as the room gets less.
struct RuntimeColumns {
  var name: Int
  var health = 0
  var hasLongNames = false
  var bar = 6
  var counts = 0
  var rate = 6
  var median = 0
  var throughput = 0
  var spark = 0

  init(width: Int, name: Int) {
    self.name = min(width < 100 ? 12 : 20, name)
    var room =
      width - 3 - self.name - (Capability.allCases.reduce(0) { $0 + 2 + shortName($1).count }) - 2 - bar - 8 - rate - 1
    func take(_ wanted: Int) -> Int {
      guard room >= wanted else { return 0 }
      room -= wanted
      return wanted
    }
    spark = take(12)
    median = take(12)
    health = take(11)
    throughput = take(9)
    if take(4) > 0 { bar = 10 }
    counts = take(18)
    let long = Capability.allCases.reduce(0) { $0 + $1.rawValue.count - shortName($1).count }
    hasLongNames = take(long) > 0
    if spark > 0 { spark += max(0, min(18, room)) }
  }

  private func capability(_ capability: Capability) -> String {
    hasLongNames ? capability.rawValue : shortName(capability)
  }

  var heads: String {
    var text = "   " + fitted("RUNTIME", name)
    if health > 0 { text += "  " + fitted("HEALTH", health - 2) }
    for each in Capability.allCases { text += "  " + capability(each) }
    text += "  " + fitted("SLOTS", bar + 8)
    if counts > 0 { text += fitted("✔", 6, right: true) + fitted("✖", 6, right: true) + fitted("⊘", 6, right: true) }
    text += fitted("OK", rate, right: true)
    if median > 0 { text += fitted("MEDIAN", median, right: true) }
    if throughput > 0 { text += fitted("PER MIN", throughput, right: true) }
    if spark > 0 { text += "  " + fitted(spark >= 18 ? "ENDED, LAST 30 MIN" : "LAST 30 MIN", spark - 2) }
    return text
  }

  func row(_ runtime: RuntimeSummary, _ isSelected: Bool, _ state: DashboardState) -> [Span] {
    let (glyph, role) = healthGlyph(runtime.health)
    var spans = [
      Span(isSelected ? "▌" : " ", .accent), Span("\(glyph) ", role),
      Span(fitted(runtime.runtimeId.rawValue, name), isSelected ? .emphasis : .text),
    ]
    if health > 0 { spans.append(Span("  " + fitted(runtime.health.rawValue, health - 2), role)) }
    for each in Capability.allCases {
      let has = runtime.capabilities.has(each)
      spans.append(Span("  " + fitted(has ? "✔" : "✖", capability(each).count), has ? .yes : .no))
    }
    let slots =
      " \(Format.count(Int64(max(0, runtime.slotsUsed))))/\(Format.count(Int64(runtime.capabilities.maxParallelTasks)))"
    spans += [Span("  ")] + slotsBar(runtime, width: bar) + [Span(fitted(slots, 8))]
    if counts > 0 {
      for (count, role) in [
        (runtime.succeeded, Role.runSucceeded), (runtime.failed, .runFailed), (runtime.canceled, .runCanceled),
      ] {
        spans.append(Span(fitted(Format.count(Int64(count)), 6, right: true), count > 0 ? role : .muted))
      }
    }
    spans.append(Span(fitted(successText(runtime), rate, right: true)))
    if median > 0 {
      spans.append(Span(fitted(runtime.medianMilliseconds.map(Format.duration) ?? "—", median, right: true)))
    }
    if throughput > 0 {
      let rate = state.history.throughput(of: runtime.runtimeId)
      spans.append(Span(fitted(Format.amount(rate), throughput, right: true), rate > 0 ? .text : .muted))
    }
    if spark > 0 {
      let ended = state.history.ended(on: runtime.runtimeId, cells: spark - 2)
      let line = ChartKit.sparkline(ended.all.map { $0 }, style: state.chartStyle)
      spans.append(Span("  "))
      // Where any failed the part is in the colour of failures; the pane tells how many.
      for (character, failed) in zip(line, ended.failed) {
        spans.append(Span(String(character), failed > 0 ? .runFailed : .accent))
      }
    }
    return spans
  }
}

func successText(_ runtime: RuntimeSummary) -> String {
  let ended = runtime.succeeded &+ runtime.failed
  return ended > 0 ? "\(Format.percent(Double(runtime.succeeded) / Double(ended)))%" : "—"
}

func shortName(_ capability: Capability) -> String {
  switch capability {
  case .canCreateBranch: "BRANCH"
  case .canCreatePR: "PR"
  case .supportsWebhooks: "HOOKS"
  case .supportsStreaming: "STREAM"
  }
}

func healthGlyph(_ health: RuntimeSummary.Health) -> (String, Role) {
  switch health {
  case .healthy: ("●", .runSucceeded)
  case .degraded: ("▲", .runAttention)
  case .lost: ("✖", .runFailed)
  }
}

/// Used slots of all, as `███░`: one cell a slot while they fit.
func slotsBar(_ runtime: RuntimeSummary, width: Int) -> [Span] {
  let most = max(1, runtime.capabilities.maxParallelTasks)
  if most <= width {
    let used = max(0, min(most, runtime.slotsUsed))
    return [
      Span(String(repeating: "█", count: used), .progressFill),
      Span(String(repeating: "░", count: most - used), .progressTrack),
      Span(String(repeating: " ", count: width - most)),
    ]
  }
  return Glyphs.bar(Double(runtime.slotsUsed) / Double(most), width: width)
}
