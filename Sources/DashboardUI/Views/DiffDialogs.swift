import RunModel
import TerminalKit

/// All comments of the open run, before they go to the agent.
func drawReview(_ dialog: ReviewDialog, _ state: DashboardState, _ frame: inout Frame) {
  guard let open = state.open, let run = state.board[open.id] else { return }
  let theme = state.theme
  let comments = state.preferences.comments[open.id]
  let width = min(96, state.size.width - 4)
  var lines: [StyledLine] = []
  let branch = run.branch ?? "its branch"
  let way = state.wayOfMessages(to: run)
  let words =
    way == .session
    ? "They go into the live session of \(run.runId.shortName); the agent takes them with its next turn."
    : run.status.isTerminal
      ? "A new run goes on where \(run.runId.shortName) ended, on \(branch), with these comments as its work."
      : "\(run.runId.shortName) works still. The comments wait here and go out when it has ended."
  lines += wrapped([Span(words, .muted)], width: width - 4).map { StyledLine($0) }
  lines.append(.blank)
  let fieldRow = lines.count
  lines.append(StyledLine("Say first", .muted))
  lines.append(.blank)
  let fixed = lines.count
  var items: [[StyledLine]] = []
  for (place, comment) in comments.enumerated() {
    let isHere = place == dialog.cursor && !dialog.isEditing
    var item = [
      StyledLine([
        Span(isHere ? "▌ " : "  ", .accent), Span("● ", .mark), Span(comment.place, isHere ? .emphasis : .heading),
      ])
    ]
    if let quote = comment.quote.last {
      item.append(StyledLine([Span("    > ", .muted), Span(fitted(quote.trimmed, width - 12), .muted)]))
    }
    for part in comment.text.split(separator: "\n", omittingEmptySubsequences: false).prefix(8) {
      item += wrapped([Span(String(part))], width: width - 10, most: 6).map { StyledLine([Span("    ")] + $0) }
    }
    items.append(item)
  }
  let verb =
    dialog.isSending
    ? " sending… "
    : way == .session
      ? " enter  send to the session "
      : run.status.isTerminal ? " enter  send as a follow-up " : " enter  send when it has ended "
  let button = StyledLine([
    Span(verb, .buttonFocused), Span("   tab", .accent), Span(dialog.isEditing ? "  comments" : "  say first", .muted),
    Span("   c", .accent), Span("  edit", .muted), Span("   x", .accent), Span("  delete", .muted),
    Span("   esc", .accent), Span("  not yet", .muted),
  ])
  let most = max(4, state.size.height - 4 - fixed - 2)
  var shown: [StyledLine] = []
  var first = 0
  // The one under the cursor shows whole, those before it as far as there is room.
  while first < dialog.cursor, items[first...dialog.cursor].reduce(0, { $0 + $1.count }) > most { first += 1 }
  for item in items[min(first, items.count)...] { shown += item }
  let left = shown.count - most
  lines += shown.prefix(most)
  lines.append(left > 0 ? StyledLine("    \(left) more lines below", .muted) : .blank)
  lines.append(button)
  let height = min(state.size.height - 2, lines.count + 2)
  let rect = Rect(
    x: (state.size.width - width) / 2, y: max(1, (state.size.height - height) / 3), width: width, height: height)
  let title = "Send \(Format.plural(comments.count, "comment")) to the agent"
  let inner = frame.box(rect, title: title, theme)
  if lines.count > inner.height { lines = Array(lines.prefix(max(0, inner.height - 1))) + [button] }
  drawInDialog(lines, inner, theme, &frame)
  if fieldRow < inner.height - 1 {
    let field = Rect(x: inner.x + 11, y: inner.y + fieldRow, width: inner.width - 11, height: 1)
    drawField(dialog.introduction, field, state, &frame, isFocused: dialog.isEditing)
    if dialog.introduction.isBlank, !dialog.isEditing {
      frame.put(
        "Your changes on this branch were reviewed. Please work through …", x: field.x, y: field.y, width: field.width,
        style: theme[.muted].on(theme[.input].background))
    }
  }
}

/// The other runs that this one can be compared with.
func drawCompare(_ dialog: CompareDialog, _ state: DashboardState, _ frame: inout Frame) {
  let theme = state.theme
  let width = min(76, state.size.width - 4)
  let most = max(1, state.size.height - 10)
  let top = state.listTop(dialog.cursor, dialog.others.count, most)
  var lines = [StyledLine("What differs between this run's result and the other's", .muted), .blank]
  for (place, id) in dialog.others.enumerated().dropFirst(top).prefix(most) {
    let isHere = place == dialog.cursor
    var spans = [Span(isHere ? "▌ " : "  ", .accent)]
    if id == dialog.run {
      spans.append(Span("this run's own changes", isHere ? .emphasis : .text))
    } else if let run = state.board[id] {
      let (glyph, role) = Glyphs.status(run)
      spans += [
        Span("\(glyph) ", role), Span(run.runId.shortName + "  ", .muted),
        Span(fitted(run.runtimeId?.rawValue ?? "—", 12) + " ", .text),
        Span(fitted(run.title, max(4, width - 34)), isHere ? .emphasis : .text),
      ]
      if let added = run.added, let removed = run.removed {
        spans += [Span(" +\(added)", .added), Span(" -\(removed)", .removed)]
      }
    }
    lines.append(StyledLine(spans))
  }
  lines += [
    .blank, StyledLine([Span(" enter  compare ", .buttonFocused), Span("   esc", .accent), Span("  leave", .muted)]),
  ]
  let height = min(state.size.height - 2, lines.count + 2)
  let rect = Rect(
    x: (state.size.width - width) / 2, y: max(1, (state.size.height - height) / 3), width: width, height: height)
  drawInDialog(lines, frame.box(rect, title: "Compare with", theme), theme, &frame)
}
