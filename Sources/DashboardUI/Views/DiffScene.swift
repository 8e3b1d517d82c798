import TerminalKit

/// What the diff tab shows on this frame, and how many rows each row of the patch takes. Moving asks it too, so that the
/// cursor is where it is drawn.
struct DiffScene {
  let patch: Patch
  let pane: DiffPane
  var rows: DiffRows
  let width: Int
  let isSideBySide: Bool
  let hasSyntax: Bool
  /// Columns of a line number; wide enough for the numbers in sight, and four at least, so that nothing jumps.
  let digits: Int
  /// Under the line of the patch: the comments on it.
  private var notes: [Int: [LineComment]] = [:]
  let editor: CommentDialog?
  private var syntax: DiffSyntax
  private let needle: [UInt8]

  static let sideBySideWidth = 100
  static let mostWrapped = 200

  init(
    _ patch: Patch, _ pane: DiffPane, width: Int, sideBySide: Bool, syntax: Bool, comments: [LineComment],
    editor: CommentDialog?
  ) {
    self.patch = patch
    self.pane = pane
    self.width = width
    isSideBySide = sideBySide && width >= Self.sideBySideWidth
    rows = DiffRows(patch, folded: pane.folded, isSideBySide: isSideBySide)
    hasSyntax = syntax
    self.editor = editor
    self.syntax = DiffSyntax(patch)
    digits = Self.digits(patch, pane)
    needle = Array(pane.search.lowercased().utf8)
    for comment in comments {
      if let line = patch.line(of: comment) { notes[line, default: []].append(comment) }
    }
  }

  private static func digits(_ patch: Patch, _ pane: DiffPane) -> Int {
    var most = 999
    for line in [pane.top, pane.top + 200, pane.cursor] {
      guard let hunk = patch.hunk(at: min(line, patch.lineCount - 1)) else { continue }
      let last = patch.numbers(before: min(line, hunk.end), in: hunk)
      most = max(most, last.old, last.new)
    }
    return String(most + 200).count
  }

  // MARK: Heights

  /// Rows of the screen that a row of the patch takes.
  mutating func height(_ row: DiffRow) -> Int {
    var height = 1
    if pane.wraps {
      height =
        isSideBySide
        ? max(wrappedHeight(row.old, textWidth), row.isSplit ? wrappedHeight(row.new, textWidth) : 1)
        : wrappedHeight(row.line, textWidth)
    }
    return height + noteHeight(row)
  }

  private mutating func wrappedHeight(_ line: Int?, _ width: Int) -> Int {
    guard let line, patch.hunk(at: line).map({ $0.line != line }) == true else { return 1 }
    let bytes = patch.bytes(of: line)
    // Most lines fit whatever they hold.
    if bytes.count * 4 <= width { return 1 }
    return max(1, text(line, width: width, rows: Self.mostWrapped).count)
  }

  private func noteHeight(_ row: DiffRow) -> Int {
    guard !notes.isEmpty || editor != nil else { return 0 }
    return noteLines(row).count
  }

  /// The comments under a row, and the editor.
  func noteLines(_ row: DiffRow) -> [NoteLine] {
    var lines: [NoteLine] = []
    for line in row.isSplit ? [row.old, row.new] : [row.old] {
      guard let line else { continue }
      if let editor, editor.line == line { lines += Self.editorLines(editor, width: noteWidth) }
      for comment in notes[line] ?? [] where comment != editor?.comment || editor?.place == nil {
        lines += Self.lines(comment, isHere: isAt(comment, line), width: noteWidth)
      }
    }
    return lines
  }

  func comments(at line: Int) -> [LineComment] { notes[line] ?? [] }

  private func isAt(_ comment: LineComment, _ line: Int) -> Bool {
    patch.kind(of: line) == .removed || patch.kind(of: line) == .added || patch.kind(of: line) == .context
  }

  struct NoteLine {
    var spans: [Span]
    /// The place of the cursor in it, and the row of the field.
    var cursor: Int?
  }

  private var noteWidth: Int { max(20, min(100, width - lead - 4)) }

  private static func lines(_ comment: LineComment, isHere: Bool, width: Int) -> [NoteLine] {
    var lines: [NoteLine] = []
    let head = isHere ? "" : "  (\(comment.place): the line is gone)"
    for part in comment.text.split(separator: "\n", omittingEmptySubsequences: false) {
      for row in wrapped([Span(String(part), .dialog)], width: width - 4, most: 40) {
        lines.append(NoteLine(spans: [Span(lines.isEmpty ? "● " : "  ", .mark)] + row))
      }
    }
    if !head.isEmpty { lines.append(NoteLine(spans: [Span(head, .muted)])) }
    return lines
  }

  private static func editorLines(_ editor: CommentDialog, width: Int) -> [NoteLine] {
    let (rows, cursor) = editor.field.rows(width: width - 4)
    var lines = rows.enumerated().map { place, row in
      NoteLine(
        spans: [Span(place == 0 ? "▸ " : "  ", .mark), Span(row, .inputFocused)],
        cursor: place == cursor.y ? measure(String(row.prefix(cursor.x))) + 2 : nil)
    }
    lines.append(
      NoteLine(spans: [
        Span("  enter", .accent), Span(" keep   ", .muted), Span("alt-enter", .accent), Span(" new line   ", .muted),
        Span("ctrl-d", .accent), Span(" delete   ", .muted), Span("esc", .accent), Span(" leave", .muted),
      ]))
    return lines
  }

  // MARK: Columns

  /// Columns before the text: cursor, numbers, sign and mark.
  var lead: Int { isSideBySide ? digits + 4 : digits * 2 + 5 }
  var half: Int { (width - 1) / 2 }
  var textWidth: Int { max(2, (isSideBySide ? half : width) - lead) }

  // MARK: Text

  /// The pieces of a line, on one row or wrapped.
  mutating func text(_ number: Int, width: Int, rows most: Int) -> [[DiffPiece]] {
    let columns = pane.wraps ? Patch.longest : (pane.left + width + 8) * 4
    let line = patch.line(number, limit: max(256, columns))
    var look = DiffText(body: body(line.kind, number))
    switch line.kind {
    case .file, .meta, .noNewline: look.body = .diffMeta
    case .hunk: look.body = .diffHunk
    case .context, .added, .removed:
      if hasSyntax { look.tokens = syntax.tokens(number, line.kind) }
    }
    if line.kind == .added {
      look.marksSpace = !line.isCut
      look.marksReturn = line.body.last == 0x0D && !isUsualReturn(number)
    }
    if line.kind == .added || line.kind == .removed {
      look.word = line.kind == .added ? .diffAddedWord : .diffRemovedWord
      look.changed = changes(number, line)
    }
    if !needle.isEmpty {
      look.matches = DiffText.matches(needle, in: line.body)
      if pane.matchLine == number { look.matchRole = .matchCurrent }
    }
    var pieces = look.pieces(line.body)
    if line.kind == .noNewline {
      pieces = [DiffPiece(text: "no newline at the end", role: .diffMeta, ground: .diffMeta)]
    }
    if line.kind == .meta { pieces = meta(number, pieces) }
    if pane.wraps {
      if line.isCut { pieces.append(DiffPiece(text: " … the line goes on", role: .diffNumber, ground: look.body)) }
      return DiffFlow.wrapped(pieces, width: width, most: most)
    }
    return [DiffFlow.scrolled(pieces, by: pane.left, width: width)]
  }

  func body(_ kind: PatchLineKind, _ number: Int) -> Role {
    switch kind {
    case .added: mark(number) == nil ? .diffAdded : .diffMoved
    case .removed: mark(number) == nil ? .diffRemoved : .diffMoved
    default: .diffContext
    }
  }

  /// Whether a line went elsewhere, came from elsewhere or was only indented anew.
  enum Mark: Equatable { case away(to: Int), here(from: Int), reindented }

  func mark(_ number: Int) -> Mark? {
    if let move = pane.moved.move(of: number) {
      if number >= move.to, number < move.to + move.count {
        return patch.block(at: move.from) == patch.block(at: number)
          ? .reindented : .here(from: move.from + number - move.to)
      }
      return patch.block(at: move.to) == patch.block(at: number) ? .reindented : .away(to: move.to + number - move.from)
    }
    return nil
  }

  private mutating func changes(_ number: Int, _ line: PatchLine) -> [Range<Int>] {
    guard let pairing = rows.pairing(at: number), let other = pairing.partner(of: number) else { return [] }
    switch mark(number) {
    case .away, .here: return []
    case .reindented, nil: break
    }
    let partner = patch.line(other)
    let whole = patch.line(number)
    let found =
      line.kind == .removed
      ? WordDiff.changes(whole.body, partner.body)?.old : WordDiff.changes(partner.body, whole.body)?.new
    return found ?? []
  }

  mutating func isReindented(_ number: Int) -> Bool {
    mark(number) == .reindented || rows.pairing(at: number)?.isReindented(number) == true
  }

  /// Whether the lines around end in a carriage return as well: then it is how the file is, and no mistake.
  private func isUsualReturn(_ number: Int) -> Bool {
    guard let hunk = patch.hunk(at: number) else { return false }
    var seen = false
    for line in (hunk.line + 1)..<min(hunk.end, hunk.line + 400) {
      let bytes = patch.bytes(of: line)
      guard bytes.first == UInt8(ascii: " ") || bytes.first == UInt8(ascii: "-") else { continue }
      seen = true
      if bytes.last == 0x0D { return true }
    }
    // A new file is as it is.
    return !seen
  }

  /// Hashes short, binaries in words.
  private func meta(_ number: Int, _ pieces: [DiffPiece]) -> [DiffPiece] {
    let text = pieces.map(\.text).joined()
    func piece(_ text: String) -> [DiffPiece] { [DiffPiece(text: text, role: .diffMeta, ground: .diffMeta)] }
    if text.hasPrefix("index ") {
      var words = text.split(separator: " ", omittingEmptySubsequences: true)
      guard words.count > 1, let dots = words[1].firstRange(of: "..") else { return pieces }
      words[1] = words[1][..<dots.lowerBound].prefix(8) + ".." + words[1][dots.upperBound...].prefix(8)
      return piece(words.joined(separator: " "))
    }
    if text.hasPrefix("GIT binary patch") || text.hasPrefix("Binary files ") {
      guard let place = patch.fileIndex(at: number) else { return piece("binary file") }
      let file = patch.files[place]
      let sizes = [file.oldSize, file.newSize].compactMap { $0 }.map { "\(Format.count(Int64($0))) bytes" }
      return piece(sizes.isEmpty ? "binary file, not shown" : "binary file: \(sizes.joined(separator: " → "))")
    }
    return pieces
  }
}

extension Patch {
  /// The line that a comment belongs to now: the same number with the same text, else the text nearby; the file's header
  /// when it is gone, and nil when the file is.
  func line(of comment: LineComment) -> Int? {
    guard let file = files.firstIndex(where: { $0.path == comment.path || $0.oldPath == comment.path }) else {
      return nil
    }
    let wanted = comment.quote.last.map { Array($0.utf8) }
    return line(
      inFile: file, comment.side, comment.last, text: comment.quote.count > comment.last - comment.first ? wanted : nil)
      ?? files[file].firstLine
  }

  /// The line with a number on one side of a file; with `text`, only a line that begins so, there or nearby.
  func line(inFile file: Int, _ side: LineComment.Side, _ number: Int, text: [UInt8]?) -> Int? {
    guard let place = nearest(inFile: file, side, number) else { return nil }
    guard let text else { return place }
    func fits(_ line: Int) -> Bool {
      let kind = kind(of: line)
      guard kind == .context || kind == (side == .new ? .added : .removed) else { return false }
      let body = bytes(of: line).dropFirst()
      return body.prefix(LineComment.longestQuote).elementsEqual(text.prefix(LineComment.longestQuote))
        || String(decoding: body.prefix(LineComment.longestQuote), as: UTF8.self)
          == String(decoding: text, as: UTF8.self)
    }
    let lines = lines(ofFile: file)
    for step in 0..<300 {
      for at in step == 0 ? [place] : [place + step, place - step] where lines.contains(at) && fits(at) { return at }
    }
    return nil
  }

  /// The line that has the number on one side of a file, or the one before it.
  func nearest(inFile file: Int, _ side: LineComment.Side, _ number: Int) -> Int? {
    let range = lines(ofFile: file)
    let first = hunkPlace(after: range.lowerBound)
    let end = hunkPlace(after: range.upperBound - 1)
    guard first < end else { return nil }
    var low = first
    var high = end
    while low < high {
      let middle = (low + high) / 2
      if numbers(before: hunks[middle].line + 1, in: hunks[middle])[side] > number {
        high = middle
      } else {
        low = middle + 1
      }
    }
    let hunk = hunks[max(first, low - 1)]
    var from = hunk.line + 1
    var to = hunk.end
    // The last line before which fewer than all smaller numbers were.
    while from < to {
      let middle = (from + to) / 2
      if numbers(before: middle, in: hunk)[side] > number { to = middle } else { from = middle + 1 }
    }
    var line = min(max(hunk.line, from - 1), hunk.end - 1)
    // Lines of the other side have the same number before them: the one that carries it is the last.
    while line > hunk.line + 1, kind(of: line) == (side == .new ? .removed : .added) || kind(of: line) == .noNewline {
      line -= 1
    }
    return line
  }
}
