import RunModel
import TerminalKit

/// The capability matrix: a row a runtime.
func drawRuntimes(_ state: DashboardState, _ rect: Rect, _ frame: inout Frame) {
  let theme = state.theme
  guard !state.runtimes.isEmpty else {
    drawAbsence(
      state.hasSnapshot
        ? "No runtime is registered; flightdeck doctor says what is missing." : "Waiting for the orchestrator…", nil,
      rect, state, &frame)
    return
  }
  let wide = rect.width >= 130
  let name = max(9, min(20, state.runtimes.map { measure($0.runtimeId.rawValue) }.max() ?? 9))
  let slots = wide ? 14 : 10
  var heads = [Span("   " + fitted("RUNTIME", name) + "  " + fitted("HEALTH", 9), .muted)]
  for capability in Capability.allCases {
    heads.append(
      Span("  " + fitted(wide ? capability.rawValue : shortName(capability), columnWidth(capability, wide)), .muted))
  }
  heads.append(Span("  " + fitted("SLOTS", slots + 8), .muted))
  if rect.width >= 84 {
    heads.append(Span(fitted("✔", 6, right: true) + fitted("✖", 6, right: true) + fitted("⊘", 6, right: true), .muted))
  }
  if rect.width >= 104 {
    heads.append(Span(fitted("RATE", 7, right: true) + fitted("MEDIAN", 14, right: true), .muted))
  }
  var y = rect.y
  frame.draw(heads, x: rect.x, y: y, width: rect.width, theme)
  y += 1
  var top = 0
  let perRow = { (runtime: RuntimeSummary) in runtime.health == .healthy ? 1 : 2 }
  while state.runtimes[top...(max(top, state.runtimeCursor))].reduce(0, { $0 + perRow($1) }) > rect.height - 1,
    top < state.runtimeCursor
  { top += 1 }
  for (place, runtime) in state.runtimes.enumerated().dropFirst(top) where y < rect.bottom {
    let isSelected = place == state.runtimeCursor
    let (glyph, role) = healthGlyph(runtime.health)
    var spans = [
      Span(isSelected ? "▌" : " ", .accent), Span("\(glyph) ", role),
      Span(fitted(runtime.runtimeId.rawValue, name), isSelected ? .emphasis : .text),
      Span("  " + fitted(runtime.health.rawValue, 9), role),
    ]
    for capability in Capability.allCases {
      let has = runtime.capabilities.has(capability)
      spans.append(Span("  " + fitted(has ? "✔" : "✖", columnWidth(capability, wide)), has ? .yes : .no))
    }
    spans +=
      [Span("  ")] + slotsBar(runtime, width: slots) + [
        Span(fitted(" \(runtime.slotsUsed)/\(runtime.capabilities.maxParallelTasks)", 8))
      ]
    if rect.width >= 84 {
      for (count, role) in [
        (runtime.succeeded, Role.runSucceeded), (runtime.failed, .runFailed), (runtime.canceled, .runCanceled),
      ] {
        spans.append(Span(fitted(Format.count(Int64(count)), 6, right: true), count > 0 ? role : .muted))
      }
    }
    if rect.width >= 104 {
      let ended = runtime.succeeded &+ runtime.failed
      spans.append(
        Span(fitted(ended > 0 ? "\(Format.percent(Double(runtime.succeeded) / Double(ended)))%" : "—", 7, right: true)))
      spans.append(Span(fitted(runtime.medianMilliseconds.map(Format.duration) ?? "—", 14, right: true)))
    }
    let line = Rect(x: rect.x, y: y, width: rect.width, height: 1)
    frame.draw(spans, x: rect.x, y: y, width: rect.width, theme)
    if isSelected { select(line, theme, &frame) }
    y += 1
    if runtime.health != .healthy, y < rect.bottom {
      frame.draw(
        [Span("     \(runtime.healthReason ?? "no reason given")", role)], x: rect.x, y: y, width: rect.width, theme)
      y += 1
    }
  }
}

func shortName(_ capability: Capability) -> String {
  switch capability {
  case .canCreateBranch: "BRANCH"
  case .canCreatePR: "PR"
  case .supportsWebhooks: "HOOKS"
  case .supportsStreaming: "STREAM"
  }
}

private func columnWidth(_ capability: Capability, _ wide: Bool) -> Int {
  wide ? capability.rawValue.count : shortName(capability).count
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
