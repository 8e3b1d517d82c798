import RunModel
import TerminalKit

/// What there is to know of one runtime.
func drawRuntimePane(_ state: DashboardState, _ rect: Rect, _ frame: inout Frame) {
  guard let runtime = state.chosenRuntime, rect.height > 0 else { return }
  let rule = Rect(x: 0, y: rect.y - 1, width: state.size.width, height: 1)
  let lines = state.runtimePaneLines(width: rect.width)
  let top = max(0, min(state.runtimesPage.top, lines.count - rect.height))
  let more = lines.count - rect.height - top
  frame.rule(
    rule, [Span(runtime.runtimeId.rawValue, .emphasis), Span("  \(runtime.kind)", .muted)],
    right: more > 0 ? [Span("\(more) more: pgdn", .muted)] : [], state.theme)
  frame.draw(Array(lines.dropFirst(top)), in: rect, state.theme)
}

extension DashboardState {
  func runtimePaneLines(width: Int) -> [StyledLine] {
    guard let runtime = chosenRuntime else { return [] }
    guard width >= 108 else {
      return runtimeFacts(runtime, width: width) + [.blank] + runtimeWork(runtime, width: width)
    }
    let half = width / 2 - 2
    let left = runtimeFacts(runtime, width: half)
    let right = runtimeWork(runtime, width: half)
    return (0..<max(left.count, right.count)).map { row in
      let first = left[safe: row]?.spans ?? []
      let used = first.reduce(0) { $0 + $1.width }
      return StyledLine(
        first + [Span(String(repeating: " ", count: max(0, half - used) + 4))] + (right[safe: row]?.spans ?? []))
    }
  }

  private func runtimeFacts(_ runtime: RuntimeSummary, width: Int) -> [StyledLine] {
    let (glyph, role) = healthGlyph(runtime.health)
    func fact(_ name: String, _ spans: [Span]) -> [StyledLine] {
      wrapped([Span(fitted(name, 12), .muted)] + spans, width: width, indent: 12, most: 4).map { StyledLine($0) }
    }
    var lines = fact(
      "health",
      [Span("\(glyph) \(runtime.health.rawValue)", role)]
        + (runtime.trouble(at: now).map { [Span("  \($0)", role)] } ?? []))
    if let agent = runtime.agent { lines += fact("agent", [Span(agent)]) }
    lines += fact(
      "slots",
      slotsBar(runtime, width: 20) + [Span(" \(runtime.slotsUsed) of \(runtime.capabilities.maxParallelTasks) in use")])
    lines += fact(
      "ended",
      [
        Span("✔ \(runtime.succeeded)", .runSucceeded), Span("  ✖ \(runtime.failed)", .runFailed),
        Span("  ⊘ \(runtime.canceled)", .runCanceled), Span("  \(successText(runtime)) succeeded", .muted),
      ])
    let rate = history.throughput(of: runtime.runtimeId)
    lines += fact(
      "pace",
      [
        Span("median \(runtime.medianMilliseconds.map(Format.duration) ?? "—")"),
        Span("   \(Format.amount(rate)) ended a minute, over the last five", .muted),
      ])
    lines += [.blank, StyledLine("Capabilities", .heading)]
    for capability in Capability.allCases {
      let has = runtime.capabilities.has(capability)
      lines.append(
        StyledLine([
          Span(has ? "✔ " : "✖ ", has ? .yes : .no), Span(fitted(capability.rawValue, 18), has ? .text : .muted),
          Span(fitted(Self.meaning(capability, has), max(8, width - 20)), .muted),
        ]))
    }
    if !runtime.limits.isEmpty {
      lines += [.blank, StyledLine("Each run", .heading)]
      for limit in runtime.limits {
        let head = [limit.name, limit.value].compactMap { $0 }.joined(separator: " ")
        lines += wrapped(
          [Span(fitted(head, 18)), Span(limit.holds, .muted)], width: width, indent: 18, most: 4
        ).map { StyledLine($0) }
      }
    }
    lines += [.blank, StyledLine("Health so far", .heading)]
    let changes = runtimesPage.health.filter { $0.runtime == runtime.runtimeId }
    if changes.isEmpty { lines.append(StyledLine("no change in the events read", .muted)) }
    for change in changes.reversed().prefix(12) {
      let (glyph, role) = healthGlyph(change.health)
      lines += wrapped(
        [
          Span(Format.clock(change.time, offset: utcOffset) + "  ", .timestamp),
          Span("\(glyph) \(change.health == .healthy ? "healthy" : change.health.rawValue)", role),
          Span(change.reason.map { "  \($0)" } ?? "", .muted),
        ], width: width, indent: 10, most: 2
      ).map { StyledLine($0) }
    }
    return lines
  }

  private static func meaning(_ capability: Capability, _ has: Bool) -> String {
    switch (capability, has) {
    case (.canCreateBranch, true): "works on a branch of its own"
    case (.canCreateBranch, false): "makes no branch"
    case (.canCreatePR, true): "can open a pull request"
    case (.canCreatePR, false): "opens no pull request"
    case (.supportsWebhooks, true): "reports by web hook"
    case (.supportsWebhooks, false): "sends no web hooks"
    case (.supportsStreaming, true): "its events come as they happen"
    case (.supportsStreaming, false): "its events come late, at the end"
    }
  }

  private func runtimeWork(_ runtime: RuntimeSummary, width: Int) -> [StyledLine] {
    var lines = [StyledLine([Span("Running now", .heading), Span("  \(runtimesPage.live.count)", .muted)])]
    if runtimesPage.live.isEmpty { lines.append(StyledLine("nothing", .muted)) }
    for id in runtimesPage.live.prefix(12) {
      guard let run = board[id] else { continue }
      let (glyph, role) = Glyphs.status(run)
      lines.append(
        StyledLine([
          Span("\(glyph) ", role), Span(id.shortName + "  ", .muted), Span(fitted(run.title, max(8, width - 20))),
          Span(fitted(elapsedText(run, self), 9, right: true), .muted),
        ]))
    }
    if runtimesPage.live.count > 12 {
      lines.append(StyledLine("and \(runtimesPage.live.count - 12) more", .muted))
    }
    lines += [.blank, StyledLine("Last failures", .heading)]
    if runtimesPage.failures.isEmpty { lines.append(StyledLine("none", .muted)) }
    for id in runtimesPage.failures {
      guard let run = board[id] else { continue }
      lines.append(
        StyledLine([
          Span("✖ ", .runFailed), Span(id.shortName + "  ", .muted), Span(fitted(run.title, max(8, width - 20))),
          Span(fitted(run.endedAt.map { Format.age((boardTime - $0).milliseconds) } ?? "", 9, right: true), .muted),
        ]))
      if let reason = run.reason {
        lines.append(StyledLine([Span("          " + fitted(reason, max(8, width - 10)), .runFailed)]))
      }
    }
    return lines
  }
}
