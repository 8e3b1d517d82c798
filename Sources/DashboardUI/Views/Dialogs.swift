import RunModel
import TerminalKit

func drawLayer(_ layer: Layer, _ state: DashboardState, _ frame: inout Frame) {
  switch layer {
  case .help(let top): drawHelp(state, top, &frame)
  case .confirm(let confirm): drawConfirm(confirm, state, &frame)
  case .cancel(let dialog): drawCancel(dialog, state, &frame)
  case .answer(let dialog): drawAnswer(dialog, state, &frame)
  case .message(let dialog): drawMessage(dialog, state, &frame)
  case .approval(let dialog): drawApproval(dialog, state, &frame)
  case .palette(let dialog): drawPalette(dialog, state, &frame)
  case .columns(let dialog): drawColumnsDialog(dialog, state, &frame)
  case .views(let dialog): drawViewsDialog(dialog, state, &frame)
  case .switcher(let dialog): drawSwitcher(dialog, state, &frame)
  case .eventTypes(let cursor): drawEventTypes(cursor, state, &frame)
  case .themes(let picker): drawThemePicker(picker, state, &frame)
  case .filter, .search, .auditFilter: break  // on the tabs line and in the footer
  case .comment: break  // under its line of the diff
  case .review(let dialog): drawReview(dialog, state, &frame)
  case .compare(let dialog): drawCompare(dialog, state, &frame)
  }
}

func centered(_ width: Int, _ height: Int, _ state: DashboardState) -> Rect {
  let width = min(width, state.size.width - 2)
  let height = min(height, state.size.height - 2)
  return Rect(
    x: (state.size.width - width) / 2, y: max(1, (state.size.height - height) / 3), width: width, height: height)
}

func runLine(_ run: RunID, _ state: DashboardState, _ width: Int) -> StyledLine {
  guard let known = state.board[run] else { return StyledLine(run.shortName, .muted) }
  let (glyph, role) = Glyphs.status(known)
  return StyledLine([
    Span("\(glyph) ", role), Span(run.shortName + "  ", .muted), Span(fitted(known.title, max(4, width - 10))),
  ])
}

/// What waits in this dashboard for the end of a run.
private func waitingWords(_ state: DashboardState) -> [StyledLine] {
  let waiting = state.preferences
  let runs = Set(waiting.messagesToSend.runs + waiting.reviewsToSend.runs).sorted()
  guard let first = runs.first else { return [] }
  let name = runs.count == 1 ? first.shortName : "\(runs.count) runs"
  return wrapped(
    [
      Span(
        "What you wrote for \(name) waits for \(runs.count == 1 ? "its" : "their") end: it is kept, and goes out while a dashboard is open."
      )
    ], width: 56, most: 3
  ).map { StyledLine($0) }
}

private func drawConfirm(_ confirm: Confirm, _ state: DashboardState, _ frame: inout Frame) {
  var lines: [StyledLine]
  let title: String
  let yes: String
  switch confirm.subject {
  case .quit:
    title = "Quit"
    let live = state.board.count(.running)
    lines = [StyledLine("Leave the dashboard?")]
    if state.isDemo {
      lines.append(StyledLine("The tour's runs end with it, and nothing of it stays.", .muted))
    } else {
      lines.append(
        StyledLine(
          live > 0
            ? "\(Format.plural(live, "run")) \(live == 1 ? "goes" : "go") on without it." : "Nothing is running.",
          .muted))
      lines += waitingWords(state)
    }
    yes = " q  leave "
  case .retry(let runs):
    title = "Retry"
    lines = [
      StyledLine(
        runs.count == 1
          ? "Try this contract again, as a new run?" : "Try these \(runs.count) contracts again, each as a new run?")
    ]
    lines += runs.prefix(6).map { runLine($0, state, 52) }
    if runs.count > 6 { lines.append(StyledLine("and \(runs.count - 6) more", .muted)) }
    yes = " r  retry "
  }
  lines += [
    .blank,
    StyledLine([
      Span(yes, .buttonFocused).pressing(.enter), Span("   esc", .accent).pressing(.escape),
      Span("  stay", .muted).pressing(.escape),
    ]),
  ]
  let inner = frame.box(centered(60, lines.count + 2, state), title: title, state.theme)
  drawInDialog(lines, inner, state.theme, &frame)
}

private func drawCancel(_ dialog: CancelDialog, _ state: DashboardState, _ frame: inout Frame) {
  let theme = state.theme
  let width = min(76, state.size.width - 4)
  let most = max(1, min(8, state.size.height - 12))
  var lines = dialog.runs.prefix(most).map { runLine($0, state, width - 4) }
  if dialog.runs.count > most { lines.append(StyledLine("and \(dialog.runs.count - most) more", .muted)) }
  if dialog.endedCount > 0 {
    lines.append(
      StyledLine(
        "\(Format.plural(dialog.endedCount, "marked run")) ended already and \(dialog.endedCount == 1 ? "is" : "are") left out",
        .muted))
  }
  lines.append(.blank)
  let reasonRow = lines.count
  lines.append(StyledLine("Because", .muted))
  lines.append(.blank)
  let word =
    dialog.force
    ? "Their processes are killed at once; what they changed is kept on their branches."
    : "They are asked to stop, then killed; what they changed is kept on their branches."
  let one =
    dialog.runs.count == 1
    ? word.replacing("Their processes are", with: "Its processes are").replacing("They are", with: "It is").replacing(
      "they", with: "it"
    ).replacing("their branches", with: "its branch") : word
  lines += wrapped([Span(one, .muted)], width: width - 4).map { StyledLine($0) }
  lines.append(.blank)
  var buttons: [Span] = []
  for (place, word) in dialog.words.enumerated() {
    let parts =
      place == 0
      ? [Span(" \(word.keys)  \(word.text) ", .buttonFocused)]
      : [Span("   " + word.keys, .accent), Span("  " + word.text, .muted)]
    buttons += parts.map { span in word.key.map { span.pressing($0) } ?? span }
  }
  lines.append(StyledLine(buttons))
  let title = (dialog.force ? "Kill " : "Cancel ") + Format.plural(dialog.runs.count, "run")
  let inner = frame.box(centered(width, lines.count + 2, state), title: title, theme)
  if lines.count > inner.height {  // the button is what must show
    lines = Array(lines.prefix(max(0, inner.height - 1))) + lines.suffix(1)
  }
  drawInDialog(lines, inner, theme, &frame)
  let field = Rect(x: inner.x + 9, y: inner.y + reasonRow, width: inner.width - 9, height: 1)
  guard field.y < inner.bottom - 1 || lines.count <= inner.height else { return }
  drawField(dialog.reason, field, state, &frame, isFocused: true)
  if !dialog.isEditing { frame.cursor = nil }
}

extension CancelDialog {
  /// The keys and what they do, in the dialog and in the footer alike.
  var words: [(key: Key?, keys: String, text: String)] {
    let key = isEditing ? "enter" : force ? "X" : "x"
    let verb = force ? "kill" : "cancel"
    return [
      (.enter, key, runs.count == 1 ? "\(verb) the run" : "\(verb) \(runs.count) runs"),
      (.tab, "tab", isEditing ? "leave the reason" : "another reason"),
      (.escape, "esc", "let \(runs.count == 1 ? "it" : "them") run"),
    ]
  }
}

private func drawPalette(_ dialog: PaletteDialog, _ state: DashboardState, _ frame: inout Frame) {
  let theme = state.theme
  let entries = state.paletteEntries(dialog.field.text)
  let rows = max(1, min(entries.count, 12, state.size.height - 6))
  let rect = Rect(x: 1, y: state.size.height - 3 - rows, width: min(78, state.size.width - 2), height: rows + 2)
  let inner = frame.box(rect, title: "Commands", theme)
  guard !entries.isEmpty else {
    drawInDialog([StyledLine("no such command", .muted)], inner, theme, &frame)
    return
  }
  let top = state.listTop(dialog.cursor, entries.count, inner.height)
  var lines: [StyledLine] = []
  for place in top..<min(entries.count, top + inner.height) {
    let entry = entries[place]
    let here = place == dialog.cursor
    lines.append(
      StyledLine(
        [
          Span(here ? "▌" : " ", .accent), Span(fitted(entry.name, 22) + " ", here ? .emphasis : .text),
          Span(entry.help, .muted),
        ], right: [Span(entry.keys, .accent)]))
    frame.addZone(inner.row(place - top), .item(place))
  }
  drawInDialog(lines, inner, theme, &frame)
}

// MARK: Help

extension DashboardState {
  var helpArea: Rect {
    Rect(x: 2, y: 1, width: size.width - 4, height: size.height - 2).inset(dx: 2, dy: 1)
  }

  func helpRowCount(width: Int) -> Int { helpLines(width: width).count }

  /// The key table for where one is, in as many columns as fit.
  func helpLines(width: Int) -> [StyledLine] {
    var groups: [[StyledLine]] = []
    let columns = max(1, min(3, width / 52))
    let columnWidth = width / columns - 2
    for context in contexts + (screen == .run ? [] : []) {
      var lines = [StyledLine(context.title, .heading)]
      for binding in keys.bindings where binding.context == context && !binding.keys.isEmpty {
        let names = binding.keys.map(\.label).joined(separator: " ")
        let spans = [Span(fitted(names, 14) + " ", .accent), Span(binding.help)]
        lines += wrapped(spans, width: columnWidth, indent: 15).map { StyledLine($0) }
      }
      groups.append(lines + [.blank])
    }
    var bins = Array(repeating: [StyledLine](), count: columns)
    for group in groups {
      let least = bins.indices.min { bins[$0].count < bins[$1].count } ?? 0
      bins[least] += group
    }
    return (0..<(bins.map(\.count).max() ?? 0)).map { row in
      var spans: [Span] = []
      for bin in bins {
        let line = bin[safe: row]?.spans ?? []
        let used = line.reduce(0) { $0 + $1.width }
        spans += line + [Span(String(repeating: " ", count: max(0, columnWidth + 2 - used)))]
      }
      return StyledLine(spans)
    }
  }
}

private func drawHelp(_ state: DashboardState, _ top: Int, _ frame: inout Frame) {
  let rect = Rect(x: 2, y: 1, width: state.size.width - 4, height: state.size.height - 2)
  let inner = frame.box(rect, title: "Keys", state.theme)
  let lines = state.helpLines(width: inner.width)
  let top = min(top, max(0, lines.count - inner.height))
  drawInDialog(Array(lines.dropFirst(top).prefix(inner.height)), inner, state.theme, &frame)
  if lines.count > inner.height {
    let more = lines.count - inner.height - top
    frame.put(
      more > 0 ? " \(more) more below " : " end ", x: rect.right - 20, y: rect.bottom - 1, width: 18,
      style: state.theme[.dialogTitle])
  }
}
