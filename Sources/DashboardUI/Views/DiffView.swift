import RunModel
import TerminalKit

/// Where the parts of the diff tab are.
struct DiffLayout: Sendable {
  /// The list of files; empty when there is no room for it.
  var list: Rect
  /// The header of the file at the top, always in sight.
  var head: Rect
  var rows: Rect

  init(_ body: Rect, files: Int) {
    var rest = body
    list = Rect(x: body.x, y: body.y, width: 0, height: 0)
    if body.width >= 140, files > 1 {
      list = rest.takeLeft(min(44, body.width / 4))
      _ = rest.takeLeft(1)
    }
    head = rest.takeTop(1)
    rows = rest
  }
}

extension DashboardState {
  var diffLayout: DiffLayout { DiffLayout(layout.body, files: open?.patch?.files.count ?? 0) }

  /// Nil while there is nothing to show.
  var diffScene: DiffScene? {
    guard let open, let patch = open.patch, patch.lineCount > 0 else { return nil }
    return DiffScene(
      patch, open.diff, width: diffLayout.rows.width, sideBySide: preferences.diffSideBySide,
      syntax: preferences.diffSyntax, comments: preferences.comments[open.id], editor: commentDialog)
  }

  var commentDialog: CommentDialog? {
    for layer in layers { if case .comment(let dialog) = layer { return dialog } }
    return nil
  }
}

func drawDiff(_ state: DashboardState, _ open: OpenRun, _ rect: Rect, _ frame: inout Frame) {
  let theme = state.theme
  guard let patch = open.patch, patch.lineCount > 0, var scene = state.diffScene else {
    drawAbsence(open.patch == nil ? nil : emptyWords(open, state), open.patchProblem, rect, state, &frame)
    return
  }
  let layout = state.diffLayout
  drawFileList(state, patch, layout.list, &frame)
  let topRow = scene.rows.row(at: open.diff.top)
  if let file = patch.fileIndex(at: topRow.line) {
    frame.fill(layout.head, style: theme[.diffFile])
    var head = fileHead(state, patch, file, function: function(at: topRow.line, patch))
    head.right = state.diffOptionSpans + head.right
    frame.draw(head, in: layout.head, theme, ground: .diffFile)
    if patch.files[file].firstLine == open.diff.cursor {
      frame.put(
        "▌", x: layout.head.x, y: layout.head.y, width: 1, style: theme[.accent].on(theme[.diffFile].background))
    }
  }
  var row = topRow
  // The header is above already.
  if patch.fileIndex(at: row.line).map({ patch.files[$0].firstLine == row.line }) == true,
    scene.comments(at: row.line).isEmpty, state.commentDialog?.line != row.line, let next = scene.rows.next(row)
  {
    row = next
  }
  let cursor = scene.rows.row(at: open.diff.cursor)
  let range = state.diffRange
  var y = 0
  while y < layout.rows.height {
    let room = Rect(
      x: layout.rows.x, y: layout.rows.y + y, width: layout.rows.width, height: layout.rows.height - y)
    y += drawDiffRow(
      row, &scene, isCursor: row == cursor,
      isInRange: range.map { row.line >= $0.lowerBound && row.line <= $0.upperBound } ?? false,
      state, room, &frame)
    guard let next = scene.rows.next(row) else { break }
    row = next
  }
  if patch.lineCount > layout.rows.height {
    drawScrollMark(open.diff.top, layout.rows, patch.lineCount, theme, &frame)
  }
}

private func emptyWords(_ open: OpenRun, _ state: DashboardState) -> String {
  let files = state.board[open.id]?.filesChanged ?? 0
  if let other = open.diff.shown.against {
    return "The results are the same as those of \(other.shortName). Press = for this run's own changes."
  }
  return open.diff.shown.ignoresWhiteSpace
    ? "Nothing has changed but white space. Press W to see it."
    : files > 0
      ? "\(Format.plural(files, "file")) changed, and the runtime gave no patch of it." : "Nothing has changed."
}

/// The context that git gives after the second `@@`.
private func function(at line: Int, _ patch: Patch) -> String {
  guard let hunk = patch.hunk(at: line) else { return "" }
  let text = String(decoding: patch.bytes(of: hunk.line).prefix(300), as: UTF8.self)
  guard let end = text.dropFirst(2).firstRange(of: "@@") else { return "" }
  return String(text[end.upperBound...]).trimmed
}

// MARK: Rows

/// Draws one row with what stands under it; returns the rows of the screen it took.
private func drawDiffRow(
  _ row: DiffRow, _ scene: inout DiffScene, isCursor: Bool, isInRange: Bool, _ state: DashboardState, _ rect: Rect,
  _ frame: inout Frame
) -> Int {
  let patch = scene.patch
  let theme = state.theme
  var used = 1
  let kind = patch.kind(of: row.line)
  switch kind {
  case .file:
    frame.fill(rect.row(0), style: theme[.diffFile])
    if let file = patch.fileIndex(at: row.line) {
      frame.draw(fileHead(state, patch, file, function: ""), in: rect.row(0), theme, ground: .diffFile)
    }
  case .meta, .hunk:
    let text = kind == .hunk ? hunkHead(row.line, patch, scene.lead) : nil
    if let text {
      frame.draw(text, x: rect.x, y: rect.y, width: rect.width, theme)
    } else {
      frame.draw(
        scene.text(row.line, width: rect.width - scene.lead, rows: 1).first ?? [], x: rect.x + scene.lead, y: rect.y,
        width: rect.width - scene.lead, theme)
    }
  case .context, .added, .removed, .noNewline:
    if scene.isSideBySide {
      let half = scene.half
      let left = drawSide(
        row.old, .old, &scene, Rect(x: rect.x, y: rect.y, width: half, height: rect.height), theme, &frame)
      let right = drawSide(
        row.new, .new, &scene, Rect(x: rect.x + half + 1, y: rect.y, width: rect.width - half - 1, height: rect.height),
        theme, &frame)
      used = min(rect.height, max(left, right))
      for place in 0..<used { frame.put("│", x: rect.x + half, y: rect.y + place, width: 1, style: theme[.border]) }
    } else {
      used = drawUnified(row.line, &scene, rect, theme, &frame)
    }
  }
  if isCursor || isInRange {
    for place in 0..<(isInRange ? used : 1) where place < rect.height {
      frame.put(
        isCursor ? "▌" : "│", x: rect.x, y: rect.y + place, width: 1,
        style: theme[.accent].on(frame[rect.x, rect.y + place].style.background))
    }
  }
  for note in scene.noteLines(row) {
    guard used < rect.height else { break }
    let at = Rect(x: rect.x + scene.lead, y: rect.y + used, width: rect.width - scene.lead, height: 1)
    let box = Rect(x: at.x, y: at.y, width: min(at.width, 104), height: 1)
    frame.fill(box, style: theme[.dialog])
    frame.put("┃", x: box.x, y: box.y, width: 1, style: theme[.mark].on(theme[.dialog].background))
    var x = box.x + 2
    for span in note.spans {
      let style = span.role == .inputFocused ? theme[.inputFocused] : theme[span.role].on(theme[.dialog].background)
      x += frame.put(span.text, x: x, y: box.y, width: box.right - x, style: style)
    }
    if let cursor = note.cursor { frame.cursor = Point(x: min(box.right - 1, box.x + 2 + cursor), y: box.y) }
    used += 1
  }
  return used
}

private func drawUnified(
  _ number: Int, _ scene: inout DiffScene, _ rect: Rect, _ theme: Theme, _ frame: inout Frame
) -> Int {
  let line = scene.patch.line(number, limit: 0)
  let digits = scene.digits
  let body = scene.body(line.kind, number)
  let ground = theme[body]
  let rows = scene.text(number, width: scene.textWidth, rows: rect.height)
  for (place, pieces) in rows.prefix(rect.height).enumerated() {
    let at = rect.row(place)
    if line.kind == .added || line.kind == .removed {
      frame.fill(Rect(x: at.x + digits * 2 + 3, y: at.y, width: at.width - digits * 2 - 3, height: 1), style: ground)
    }
    if place == 0 {
      func digit(_ value: Int?) -> String { fitted(value.map(String.init) ?? "", digits, right: true) }
      frame.draw(
        [Span(" \(digit(line.old)) \(digit(line.new)) ", .diffNumber)], x: at.x, y: at.y, width: at.width, theme)
      drawSign(line.kind, number, &scene, x: at.x + digits * 2 + 3, y: at.y, theme, &frame)
    }
    frame.draw(pieces, x: at.x + scene.lead, y: at.y, width: scene.textWidth, theme)
    if place == 0 { drawMove(number, &scene, pieces, at, theme, &frame) }
  }
  return max(1, min(rows.count, rect.height))
}

private func drawSide(
  _ number: Int?, _ side: LineComment.Side, _ scene: inout DiffScene, _ rect: Rect, _ theme: Theme,
  _ frame: inout Frame
) -> Int {
  guard let number else {
    frame.fill(rect.row(0), "╱", style: theme[.faint])
    return 1
  }
  let line = scene.patch.line(number, limit: 0)
  let digits = scene.digits
  let ground = theme[scene.body(line.kind, number)]
  let width = max(2, rect.width - digits - 4)
  let rows = scene.text(number, width: width, rows: rect.height)
  for (place, pieces) in rows.prefix(rect.height).enumerated() {
    let at = rect.row(place)
    if line.kind == .added || line.kind == .removed {
      frame.fill(Rect(x: at.x + digits + 2, y: at.y, width: at.width - digits - 2, height: 1), style: ground)
    }
    if place == 0 {
      let value = side == .old ? line.old : line.new
      frame.put(
        " " + fitted(value.map(String.init) ?? "", digits, right: true) + " ", x: at.x, y: at.y, width: at.width,
        style: theme[.diffNumber])
      drawSign(line.kind, number, &scene, x: at.x + digits + 2, y: at.y, theme, &frame)
    }
    frame.draw(pieces, x: at.x + digits + 4, y: at.y, width: width, theme)
    if place == 0 { drawMove(number, &scene, pieces, at, theme, &frame) }
  }
  return max(1, min(rows.count, rect.height))
}

/// `+` or `-`, and beside it what else is to be known: `▸` moved away, `◂` moved here, `≈` only white space.
private func drawSign(
  _ kind: PatchLineKind, _ number: Int, _ scene: inout DiffScene, x: Int, y: Int, _ theme: Theme,
  _ frame: inout Frame
) {
  let style = theme[scene.body(kind, number)]
  var sign = kind == .added ? "+" : kind == .removed ? "-" : " "
  if kind == .added || kind == .removed {
    switch scene.mark(number) {
    case .away: sign += "▸"
    case .here: sign += "◂"
    case .reindented: sign += "≈"
    case nil: if scene.isReindented(number) { sign += "≈" }
    }
  }
  frame.put(sign, x: x, y: y, width: 2, style: style)
}

/// At the first line of a move: where the lines went, or came from.
private func drawMove(
  _ number: Int, _ scene: inout DiffScene, _ pieces: [DiffPiece], _ rect: Rect, _ theme: Theme, _ frame: inout Frame
) {
  guard let move = scene.pane.moved.move(of: number), number == move.from || number == move.to,
    let mark = scene.mark(number)
  else { return }
  let words: String
  switch mark {
  case .reindented: return
  case .away(let to): words = "moved to \(place(to, scene.patch, from: number))"
  case .here(let from): words = "moved from \(place(from, scene.patch, from: number))"
  }
  let used = pieces.reduce(0) { $0 + measure($1.text) } + scene.lead
  let width = measure(words) + 2
  guard used + width + 2 < rect.width else { return }
  frame.put(
    words, x: rect.right - width, y: rect.y, width: width,
    style: theme[.diffNumber].on(theme[.diffMoved].background))
}

/// `line 12`, or `src/a.swift:12` in another file.
private func place(_ line: Int, _ patch: Patch, from: Int) -> String {
  let there = patch.line(line, limit: 0)
  let number = there.new ?? there.old ?? 0
  guard let file = patch.fileIndex(at: line), file != patch.fileIndex(at: from) else { return "line \(number)" }
  return "\(patch.files[file].path):\(number)"
}

/// Without the second pair of at signs: `@@ -10,9 +10,12 @@ func deliver()`.
private func hunkHead(_ line: Int, _ patch: Patch, _ lead: Int) -> [Span] {
  let text = String(decoding: patch.bytes(of: line).prefix(400), as: UTF8.self)
  guard let end = text.dropFirst(2).firstRange(of: "@@") else {
    return [Span(String(repeating: " ", count: lead)), Span(text, .diffHunk)]
  }
  return [
    Span(String(repeating: " ", count: lead)), Span(String(text[..<end.upperBound]), .diffHunk),
    Span(String(text[end.upperBound...]), .diffMeta),
  ]
}

// MARK: Files

/// A file's line: what happened to it, its names, the function in sight, counts, and whether it has been reviewed.
private func fileHead(_ state: DashboardState, _ patch: Patch, _ place: Int, function: String) -> StyledLine {
  let file = patch.files[place]
  let (letter, role) = changeLetter(file.change)
  let path =
    file.oldPath != file.newPath && (file.change == .renamed || file.change == .copied)
    ? "\(file.oldPath) → \(file.newPath)" : file.path
  let isFolded = state.open?.diff.folded.contains(file.path) == true
  var spans = [Span(" \(isFolded ? "▸" : "▾") ", .diffFile), Span("\(letter)  ", role), Span(path, .diffFile)]
  if file.isLink { spans.append(Span("   link", .runAttention)) }
  if let old = file.oldMode, let new = file.newMode { spans.append(Span("   mode \(old) → \(new)", .diffMeta)) }
  if !function.isEmpty { spans.append(Span("   \(function)", .diffMeta)) }
  var right: [Span] = []
  if state.isReviewed(file.path) { right.append(Span("✔ reviewed  ", .runSucceeded)) }
  if file.isBinary {
    right.append(Span("binary ", .diffMeta))
  } else {
    right += [Span("+\(file.added) ", .added), Span("-\(file.removed) ", .removed)]
  }
  return StyledLine(spans, right: right)
}

private func drawFileList(_ state: DashboardState, _ patch: Patch, _ rect: Rect, _ frame: inout Frame) {
  guard !rect.isEmpty else { return }
  let theme = state.theme
  let here = patch.fileIndex(at: state.open?.diff.cursor ?? 0) ?? 0
  let top = state.listTop(here, patch.files.count, rect.height)
  for row in 0..<rect.height {
    guard let file = patch.files[safe: top + row] else { break }
    let (letter, role) = changeLetter(file.change)
    let isHere = top + row == here
    let isReviewed = state.isReviewed(file.path)
    let counts =
      file.isBinary
      ? [Span("binary", .muted)] : [Span("+\(file.added)", .added), Span(" -\(file.removed)", .removed)]
    let room = rect.width - 5 - counts.reduce(0) { $0 + $1.width } - 2
    let spans = [
      Span(isHere ? "▌" : " ", .accent), Span(letter + " ", role), Span(isReviewed ? "✔ " : "  ", .runSucceeded),
      Span(endFitted(file.path, room), isHere ? .emphasis : isReviewed ? .muted : .text),
    ]
    frame.draw(StyledLine(spans, right: counts), in: rect.row(row), theme)
  }
  for y in rect.y..<rect.bottom {
    frame.put("│", x: rect.right, y: y, width: 1, style: theme[.border])
  }
}

/// The end of a path that is too long: the file's name says more than the folders.
private func endFitted(_ path: String, _ width: Int) -> String {
  guard measure(path) > width, width > 4 else { return path }
  var kept: [String] = []
  var used = 1
  for cluster in DisplayText(path).clusters.reversed() {
    guard used + Int(cluster.width) <= width else { break }
    kept.append(cluster.text)
    used += Int(cluster.width)
  }
  return "…" + kept.reversed().joined()
}

// MARK: At the right of the tabs

extension DashboardState {
  /// Where one is.
  var diffStateSpans: [Span] {
    guard let open, let patch = open.patch, patch.lineCount > 0 else { return [] }
    let pane = open.diff
    var spans: [Span] = []
    if patch.files.count > 1, let file = patch.fileIndex(at: pane.cursor) {
      spans.append(Span("file \(file + 1)/\(patch.files.count)\(patch.isComplete ? "" : "+")  ", .muted))
    }
    spans.append(Span("\(pane.cursor + 1)/\(patch.lineCount)\(patch.isComplete ? "" : "+")", .muted))
    return spans
  }

  /// How the diff is made and what is looked for in it: at the right of the file's header, which is always in sight.
  var diffOptionSpans: [Span] {
    guard let open else { return [] }
    let pane = open.diff
    var spans: [Span] = []
    if pane.wanted != pane.shown { spans.append(Span("…  ", .diffMeta)) }
    if let other = pane.shown.against { spans.append(Span("against \(other.shortName)  ", .accent)) }
    if pane.shown.ignoresWhiteSpace { spans.append(Span("no white space  ", .accent)) }
    if pane.shown.context != PatchOptions.usualContext {
      spans.append(Span("\(pane.shown.context) around  ", .accent))
    }
    if preferences.diffSideBySide, diffLayout.rows.width < DiffScene.sideBySideWidth {
      spans.append(Span("two sides need \(DiffScene.sideBySideWidth) columns  ", .runAttention))
    }
    if !pane.search.isEmpty {
      let count = pane.matchCount.map { " " + $0.words(at: pane.matchLine) } ?? ""
      spans.append(Span("/\(fitted(pane.search, min(measure(pane.search), 24)))\(count)  ", .accent))
    }
    let comments = preferences.comments[open.id].count
    if comments > 0 { spans.append(Span("● \(Format.plural(comments, "comment")), S sends  ", .mark)) }
    return spans
  }
}
