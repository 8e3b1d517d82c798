import TerminalKit

func drawDiff(_ state: DashboardState, _ open: OpenRun, _ rect: Rect, _ frame: inout Frame) {
  let theme = state.theme
  guard let patch = open.patch, patch.lineCount > 0 else {
    drawAbsence(open.patch == nil ? nil : "Nothing has changed.", open.patchProblem, rect, state, &frame)
    return
  }
  let pane = open.diff
  var row = 0
  var number = min(pane.top, patch.lineCount - 1)
  let digits = numberWidth(patch, from: number, height: rect.height)
  var changes = WordChanges(patch: patch)
  while row < rect.height, number < patch.lineCount {
    let line = patch.line(number)
    let used = drawDiffLine(
      line, number, patch, changes.ranges(for: number, line), digits, pane,
      Rect(x: rect.x, y: rect.y + row, width: rect.width, height: rect.height - row), theme, &frame)
    row += used
    number += 1
  }
  drawScrollMark(pane.top, rect, patch.lineCount, theme, &frame)
}

/// Columns for a line number on this page.
private func numberWidth(_ patch: Patch, from: Int, height: Int) -> Int {
  var most = 999
  for number in stride(from: from, to: min(patch.lineCount, from + height), by: max(1, height / 4)) {
    let line = patch.line(number)
    most = max(most, line.old ?? 0, line.new ?? 0)
  }
  return String(most + height).count
}

/// Finds, for lines in view, the words that changed against the line they are paired with.
private struct WordChanges {
  let patch: Patch
  private var found: [Int: [Range<Int>]] = [:]
  private var looked = -1
  private static let longestBlock = 64

  init(patch: Patch) { self.patch = patch }

  mutating func ranges(for number: Int, _ line: PatchLine) -> [Range<Int>] {
    guard line.kind == .removed || line.kind == .added else { return [] }
    if number > looked { look(around: number) }
    return found[number] ?? []
  }

  /// A block of removed lines and the added ones right after it are paired in order.
  private mutating func look(around number: Int) {
    func kind(_ at: Int) -> PatchLineKind? { at >= 0 && at < patch.lineCount ? patch.kind(of: at) : nil }
    var start = number
    while number - start < 2 * Self.longestBlock, kind(start - 1) == .added, kind(number) == .added { start -= 1 }
    while number - start < 2 * Self.longestBlock, kind(start - 1) == .removed { start -= 1 }
    var middle = start
    while middle - start < Self.longestBlock, kind(middle) == .removed { middle += 1 }
    var end = middle
    while end - middle < Self.longestBlock, kind(end) == .added { end += 1 }
    looked = max(number, end - 1)
    guard kind(middle) == .added || end > middle else { return }
    for offset in 0..<min(middle - start, end - middle) {
      let old = patch.line(start + offset)
      let new = patch.line(middle + offset)
      guard let changes = WordDiff.changes(old.text, new.text) else { continue }
      found[start + offset] = changes.old
      found[middle + offset] = changes.new
    }
  }
}

/// Draws one line of the patch on one row, or several when it wraps; returns how many.
private func drawDiffLine(
  _ line: PatchLine, _ number: Int, _ patch: Patch, _ changed: [Range<Int>], _ digits: Int, _ pane: DiffPane,
  _ rect: Rect, _ theme: Theme, _ frame: inout Frame
) -> Int {
  let body: Role
  switch line.kind {
  case .file:
    frame.fill(rect.row(0), style: theme[.diffFile])
    if let place = patch.fileIndex(at: number) {
      frame.draw(fileHead(patch.files[place]), in: rect.row(0), theme, ground: .diffFile)
    }
    return 1
  case .meta, .noNewline:
    frame.draw(
      [Span(String(repeating: " ", count: digits * 2 + 3)), Span(line.text, .diffMeta)], x: rect.x, y: rect.y,
      width: rect.width, theme)
    return 1
  case .hunk:
    frame.draw(
      [Span(String(repeating: " ", count: digits * 2 + 3)), Span(line.text, .diffHunk)], x: rect.x, y: rect.y,
      width: rect.width, theme)
    return 1
  case .context: body = .diffContext
  case .added: body = .diffAdded
  case .removed: body = .diffRemoved
  }
  func digit(_ value: Int?) -> String { fitted(value.map(String.init) ?? "", digits, right: true) }
  let sign = line.kind == .added ? "+" : line.kind == .removed ? "-" : " "
  let lead = [Span("\(digit(line.old)) \(digit(line.new)) ", .diffNumber), Span(sign + " ", body)]
  let leadWidth = digits * 2 + 4
  var spans = diffText(line, body, changed)
  if !pane.search.isEmpty { spans = highlighted(spans, pane.search) }
  if line.isCut { spans.append(Span(" … the line goes on", .muted)) }
  let room = rect.width - leadWidth
  let rows = pane.wraps ? wrapped(spans, width: room, most: max(1, rect.height)) : [scrolledLeft(spans, by: pane.left)]
  for (place, spans) in rows.prefix(rect.height).enumerated() {
    let at = rect.row(place)
    frame.fill(Rect(x: at.x + digits * 2 + 2, y: at.y, width: at.width - digits * 2 - 2, height: 1), style: theme[body])
    if place == 0 { frame.draw(lead, x: at.x, y: at.y, width: at.width, theme) }
    frame.draw(spans, x: at.x + leadWidth, y: at.y, width: room, theme)
  }
  return max(1, min(rows.count, rect.height))
}

private func fileHead(_ file: PatchFile) -> StyledLine {
  let (letter, role) = changeLetter(file.change)
  let path =
    file.oldPath != file.newPath && (file.change == .renamed || file.change == .copied)
    ? "\(file.oldPath) → \(file.newPath)" : file.path
  var spans = [Span(" \(letter)  ", role), Span(path, .diffFile)]
  if let old = file.oldMode, let new = file.newMode { spans.append(Span("   mode \(old) → \(new)", .diffMeta)) }
  var right: [Span] = []
  if file.isBinary {
    right = [Span("binary ", .diffMeta)]
  } else {
    right = [Span("+\(file.added) ", .added), Span("-\(file.removed) ", .removed)]
  }
  return StyledLine(spans, right: right)
}

/// The line's text: changed words stand out, tabs become arrows, and white space that git would complain of is marked.
private func diffText(_ line: PatchLine, _ body: Role, _ changed: [Range<Int>]) -> [Span] {
  let characters = Array(line.text)
  let word: Role = line.kind == .added ? .diffAddedWord : .diffRemovedWord
  var end = characters.count
  if line.kind == .added, !line.isCut {
    while end > 0, characters[end - 1] == " " || characters[end - 1] == "\t" || characters[end - 1] == "\r" { end -= 1 }
  }
  var spans: [Span] = []
  var column = 0
  var range = changed[...]
  for (place, character) in characters.enumerated() {
    while let first = range.first, first.upperBound <= place { range = range.dropFirst() }
    let isChanged = range.first?.contains(place) ?? false
    var role = isChanged ? word : body
    var text = String(character)
    if character == "\t" {
      let width = 4 - column % 4
      text = "→" + String(repeating: " ", count: width - 1)
      column += width
    } else {
      column += 1
    }
    if line.kind == .added, place >= end {
      role = .diffSpace
      if character == " " { text = "·" }
    }
    if let last = spans.last, last.role == role {
      spans[spans.count - 1].text += text
    } else {
      spans.append(Span(text, role))
    }
  }
  return spans
}
