import RunModel
import TerminalKit

/// A row of what is asked: words, or a line of a diff.
enum AnswerRow: Sendable {
  case words(StyledLine)
  /// `sign` in the first row of a line; the ground goes to the edge.
  case diff(sign: String, [DiffPiece], Role)
}

/// Where the parts of the answer dialog stand.
private struct AnswerLayout {
  var width: Int
  var question: [[Span]]
  var body: Int
  var items: Int
  var hasRoom: Bool
  var height: Int

  init(_ dialog: AnswerDialog, _ state: DashboardState) {
    let isWide = dialog.attention.detail != nil
    width = min(isWide ? 110 : 76, state.size.width - 4)
    let most = state.size.height - 4
    hasRoom = most >= 14
    let wanted = max(1, dialog.items.count)
    items = min(wanted, max(3, most / 3))
    // The run, the buttons, and what parts them.
    let fixed = 2 + (hasRoom ? 2 : 0)
    question = wrapped(
      [Span(dialog.attention.question, .emphasis)], width: width - 4,
      most: max(1, min(isWide ? 4 : 10, most - fixed - items - (isWide ? 6 : 0))))
    let rows = isWide ? state.answerBody(dialog, width: width - 4).count : 0
    // A line over the answers says how much more there is.
    let left = max(0, most - fixed - items - question.count - (isWide ? 1 : 0))
    body = min(rows, left)
    height = fixed + question.count + (isWide ? body + 1 : 0) + items
  }
}

extension DashboardState {
  func answerBodyHeight(_ dialog: AnswerDialog) -> Int { max(1, AnswerLayout(dialog, self).body) }
  func answerBody(_ dialog: AnswerDialog) -> [AnswerRow] {
    answerBody(dialog, width: AnswerLayout(dialog, self).width - 4)
  }

  /// The tool, the command, where, and what it would change.
  func answerBody(_ dialog: AnswerDialog, width: Int) -> [AnswerRow] {
    guard let detail = dialog.attention.detail else { return [] }
    var rows: [AnswerRow] = []
    func fact(_ name: String, _ spans: [Span], most: Int) {
      rows += wrapped([Span(fitted(name, 9), .muted)] + spans, width: width, indent: 9, most: most).map {
        .words(StyledLine($0))
      }
    }
    let title = detail.title == dialog.attention.question ? "" : detail.title
    fact("tool", [Span(detail.tool.rawValue, .heading), Span(title.isEmpty ? "" : "  \(title)")], most: 3)
    if let command = detail.command {
      for (place, line) in command.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
        fact(place == 0 ? "command" : "", [Span(String(line), .code)], most: 200)
      }
    }
    for (place, path) in detail.paths.enumerated() {
      var spans = [Span(path, .code)]
      if !AskedPath(path).isInside { spans.append(Span("  outside the worktree", .runAttention)) }
      fact(place == 0 ? "in" : "", spans, most: 3)
    }
    guard let diff = detail.diff, !diff.isEmpty else { return rows }
    rows.append(.words(.blank))
    return rows + AskedDiff.rows(diff, width: width)
  }
}

/// A unified diff as an agent shows it: with or without file heads, of one hunk or many.
enum AskedDiff {
  static func rows(_ diff: String, width: Int) -> [AnswerRow] {
    var rows: [AnswerRow] = []
    var left = (old: 0, new: 0)
    for line in diff.utf8.split(separator: 0x0A, omittingEmptySubsequences: false) {
      let bytes = Array(line)
      if rows.count > 4000 { break }
      guard !bytes.isEmpty || left.old > 0 || left.new > 0 else { continue }
      let sign = bytes.first ?? 0x20
      let inHunk = left.old > 0 || left.new > 0
      if sign == UInt8(ascii: "@"), let counts = counts(bytes) {
        left = counts
        rows += wrap(bytes[...], sign: "", .diffHunk, width)
      } else if !inHunk, bytes.starts(with: "--- ".utf8) || bytes.starts(with: "+++ ".utf8) || !isChange(sign) {
        rows += wrap(bytes[...], sign: "", .diffMeta, width)
      } else if sign == UInt8(ascii: "+") {
        left.new -= 1
        rows += wrap(bytes.dropFirst(), sign: "+", .diffAdded, width)
      } else if sign == UInt8(ascii: "-") {
        left.old -= 1
        rows += wrap(bytes.dropFirst(), sign: "-", .diffRemoved, width)
      } else {
        left = (left.old - 1, left.new - 1)
        rows += wrap(sign == 0x20 ? bytes.dropFirst() : bytes[...], sign: " ", .diffContext, width)
      }
    }
    return rows
  }

  private static func isChange(_ sign: UInt8) -> Bool { sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") }

  private static func wrap(_ bytes: ArraySlice<UInt8>, sign: String, _ role: Role, _ width: Int) -> [AnswerRow] {
    let pieces = DiffText(body: role, marksSpace: role == .diffAdded).pieces(bytes.prefix(Patch.longest))
    let rows = DiffFlow.wrapped(pieces, width: max(2, width - 2), most: 100)
    return rows.enumerated().map { .diff(sign: $0.offset == 0 ? sign : "", $0.element, role) }
  }

  /// How many old and new lines follow a hunk's head.
  private static func counts(_ bytes: [UInt8]) -> (old: Int, new: Int)? {
    let words = bytes.split(separator: 0x20).prefix(3).map { String(decoding: $0, as: UTF8.self) }
    guard words.count == 3, words[0].hasPrefix("@@"), words[1].hasPrefix("-"), words[2].hasPrefix("+") else {
      return nil
    }
    func count(_ word: String) -> Int? {
      let parts = word.dropFirst().split(separator: ",")
      return parts.count > 1 ? Int(parts[1]) : parts.first.flatMap { Int($0) }.map { _ in 1 }
    }
    guard let old = count(words[1]), let new = count(words[2]) else { return nil }
    return (old, new)
  }
}

func drawAnswer(_ dialog: AnswerDialog, _ state: DashboardState, _ frame: inout Frame) {
  let theme = state.theme
  let layout = AnswerLayout(dialog, state)
  let others = state.waitingForAnswer(dialog).count
  let title = dialog.attention.kind == "permission" ? "The agent asks for permission" : "The agent asks"
  let more = others > 0 ? ", and \(Format.plural(others, "other"))" : ""
  var rest = frame.box(centered(layout.width, layout.height + 2, state), title: title + more, theme)
  drawInDialog([runLine(dialog.run, state, layout.width - 4)], rest.takeTop(1), theme, &frame)
  if layout.hasRoom { _ = rest.takeTop(1) }
  drawInDialog(layout.question.map { StyledLine($0) }, rest.takeTop(layout.question.count), theme, &frame)
  if dialog.attention.detail != nil {
    drawAsked(dialog, rest.takeTop(layout.body), state, &frame)
    let below = max(0, state.answerBody(dialog, width: layout.width - 4).count - dialog.top - layout.body)
    var words: [Span] = []
    if below > 0 { words = [Span("\(Format.plural(below, "more line"))  ", .runAttention), Span("pgdn", .accent)] }
    if below == 0, dialog.top > 0 { words = [Span("end  ", .muted), Span("pgup", .accent)] }
    let line = rest.takeTop(1)
    frame.rule(line, words, theme)
    drawInDialog([], line, theme, &frame)
  } else if layout.hasRoom {
    _ = rest.takeTop(1)
  }
  drawAnswers(dialog, rest.takeTop(layout.items), state, &frame)
  if rest.height > 1 { _ = rest.takeTop(1) }
  drawInDialog([StyledLine(answerButtons(dialog, state, hasOthers: others > 0))], rest, theme, &frame)
}

private func drawAsked(_ dialog: AnswerDialog, _ rect: Rect, _ state: DashboardState, _ frame: inout Frame) {
  let theme = state.theme
  let rows = state.answerBody(dialog, width: rect.width)
  for (place, row) in rows.dropFirst(dialog.top).prefix(rect.height).enumerated() {
    let at = rect.row(place)
    switch row {
    case .words(let line): drawInDialog([line], at, theme, &frame)
    case .diff(let sign, let pieces, let role):
      frame.fill(at, style: theme[role])
      frame.put(sign, x: at.x, y: at.y, width: 1, style: theme[role])
      frame.draw(pieces, x: at.x + 2, y: at.y, width: at.width - 2, theme)
    }
  }
}

private func drawAnswers(_ dialog: AnswerDialog, _ rect: Rect, _ state: DashboardState, _ frame: inout Frame) {
  let theme = state.theme
  guard !dialog.items.isEmpty else {
    if state.refusalWords(for: .answer) == nil, state.isOpen(dialog) {
      drawField(dialog.text, rect.row(0), state, &frame, isFocused: true)
    }
    return
  }
  let top = state.listTop(dialog.cursor, dialog.items.count, rect.height)
  let canAnswer = state.refusalWords(for: .answer) == nil && state.isOpen(dialog)
  for (row, item) in dialog.items.dropFirst(top).prefix(rect.height).enumerated() {
    let place = top + row
    let isHere = place == dialog.cursor && canAnswer
    let key = canAnswer ? item.key.map { String($0) } ?? "\(place + 1)" : " "
    let note = fitted(item.note, min(measure(item.note), max(0, rect.width / 3)))
    let line = StyledLine(
      [
        Span(isHere ? "▌ " : "  ", .accent), Span(fitted(key, 2) + " ", item.key == nil ? .muted : .accent),
        Span(fitted(item.text, max(4, rect.width - 7 - measure(note))), isHere ? .emphasis : .text),
      ], right: note.isEmpty ? [] : [Span(note, .muted)])
    frame.addZone(rect.row(row), .item(place))
    drawInDialog([line], rect.row(row), theme, &frame)
  }
}

private func answerButtons(_ dialog: AnswerDialog, _ state: DashboardState, hasOthers: Bool) -> [Span] {
  var spans: [Span]
  if !state.isOpen(dialog) {
    spans = [Span("It has been answered meanwhile", .runAttention)]
  } else if let refusal = state.refusalWords(for: .answer) {
    spans = [Span(refusal, .muted)]
  } else {
    spans = [Span(" enter  answer ", .buttonFocused).pressing(.enter)]
  }
  if hasOthers { spans += [Span("   tab", .accent).pressing(.tab), Span("  next", .muted).pressing(.tab)] }
  spans += [Span("   esc", .accent).pressing(.escape), Span("  not now", .muted).pressing(.escape)]
  return spans
}

extension AnswerDialog {
  /// The keys and what they do, for the footer.
  func hints(canAnswer: Bool) -> [(key: Key?, keys: String, text: String)] {
    var hints: [(key: Key?, keys: String, text: String)] = []
    if canAnswer {
      for item in items {
        if let key = item.key {
          hints.append((.character(key), String(key), item.answer.remember ? "always" : item.word))
        }
      }
      hints.append((.enter, "enter", "answer"))
    }
    if attention.detail != nil { hints += [(.pageDown, "pgdn", "on"), (.pageUp, "pgup", "back")] }
    return hints + [(.tab, "tab", "next"), (.escape, "esc", "not now")]
  }
}

extension AnswerDialog.Item {
  fileprivate var word: String {
    switch key {
    case "o": "once"
    case "A": "always"
    case "r": "no"
    case "R": "never"
    default: text
    }
  }
}

func drawMessage(_ dialog: MessageDialog, _ state: DashboardState, _ frame: inout Frame) {
  let theme = state.theme
  guard let run = state.board[dialog.run] else { return }
  let width = min(84, state.size.width - 4)
  let way = state.wayOfMessages(to: run)
  var lines = [runLine(dialog.run, state, width - 4), .blank]
  lines += wrapped([Span(way.words(run), .muted)], width: width - 4, most: 3).map { StyledLine($0) }
  lines.append(.blank)
  let height = max(1, min(max(3, dialog.text.rows(width: width - 4).rows.count), state.size.height - 6 - lines.count))
  let fieldRow = lines.count
  lines += Array(repeating: StyledLine.blank, count: height + 1)
  lines.append(
    StyledLine([
      Span(" enter  \(way == .session ? "say it" : way == .newRun ? "go on" : "keep it until then") ", .buttonFocused)
        .pressing(.enter), Span("   alt-enter", .accent), Span("  new line", .muted),
      Span("   ctrl-o", .accent), Span("  editor", .muted), Span("   esc", .accent).pressing(.escape),
      Span("  leave", .muted).pressing(.escape),
    ]))
  let inner = frame.box(
    centered(width, lines.count + 2, state), title: way == .session ? "Say to the agent" : "Go on with a new run", theme
  )
  if lines.count > inner.height { lines = Array(lines.prefix(max(0, inner.height - 1))) + lines.suffix(1) }
  drawInDialog(lines, inner, theme, &frame)
  let room = min(height, inner.height - 1 - fieldRow)
  guard room > 0 else { return }
  let (rows, cursor) = dialog.text.rows(width: width - 4)
  let top = max(0, cursor.y - room + 1)
  frame.fill(Rect(x: inner.x, y: inner.y + fieldRow, width: inner.width, height: room), style: theme[.inputFocused])
  for (place, row) in rows.dropFirst(top).prefix(room).enumerated() {
    frame.put(row, x: inner.x, y: inner.y + fieldRow + place, width: inner.width, style: theme[.inputFocused])
  }
  frame.cursor = Point(x: min(inner.right - 1, inner.x + cursor.x), y: inner.y + fieldRow + cursor.y - top)
}

extension MessageDialog.Way {
  /// What becomes of the words, before it happens.
  func words(_ run: Run) -> String {
    let name = run.runId.shortName
    let branch = run.branch ?? "its branch"
    switch self {
    case .session: return "It goes into the live session of \(name); the agent takes it with its next turn."
    case .newRun: return "\(name) has ended. A new run goes on with \(branch), and this is its prompt."
    case .newRunLater:
      return
        "No live session of \(name) takes it. It waits here, and goes out as a new run on \(branch) when \(name) has ended."
    }
  }
}
