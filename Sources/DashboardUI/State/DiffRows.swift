/// One row of the diff: a line of the patch, or one on each side.
struct DiffRow: Sendable, Equatable {
  /// Lines of the patch. Where both sides show the same line, as headers and context do, both are that line.
  var old: Int?
  var new: Int?

  init(old: Int?, new: Int?) {
    self.old = old
    self.new = new
  }

  init(_ line: Int) {
    old = line
    new = line
  }

  /// The line by which the row is known.
  var line: Int { old ?? new ?? 0 }
  /// Whether it is two different lines, or one and a gap.
  var isSplit: Bool { old != new }

  func holds(_ line: Int) -> Bool { old == line || new == line }
}

/// The rows that a patch is shown in, found from one to the next: a row costs the same wherever it lies in a million lines.
struct DiffRows: Sendable {
  let patch: Patch
  /// Files of which only the header shows.
  let folded: Set<String>
  let isSideBySide: Bool
  private var pairing: LinePairing?
  private var blockRows: BlockRows?

  init(_ patch: Patch, folded: Set<String> = [], isSideBySide: Bool = false) {
    self.patch = patch
    self.folded = folded
    self.isSideBySide = isSideBySide
  }

  func isFolded(_ file: Int) -> Bool { !folded.isEmpty && folded.contains(patch.files[file].path) }

  mutating func pairing(at line: Int) -> LinePairing? {
    if let pairing, line >= pairing.block.start, line < pairing.block.end { return pairing }
    guard let block = patch.block(at: line) else { return nil }
    pairing = LinePairing(block, of: patch)
    blockRows = isSideBySide ? pairing?.rows() : nil
    return pairing
  }

  /// The line at or before `line` that shows.
  private func visible(_ line: Int) -> Int {
    guard let file = patch.fileIndex(at: line) else { return line }
    let head = patch.files[file]
    if line == head.firstLine || isFolded(file) { return head.firstLine }
    if let binary = head.binaryLine, line > binary { return binary }
    if line < head.firstHunk ?? .max, isRedundant(line) { return head.firstLine }
    return line
  }

  /// `--- a/x` and `+++ b/x`: the header says so already.
  private func isRedundant(_ line: Int) -> Bool {
    let bytes = patch.bytes(of: line)
    return bytes.starts(with: "--- ".utf8) || bytes.starts(with: "+++ ".utf8)
  }

  mutating func row(at line: Int) -> DiffRow {
    let line = visible(max(0, min(line, patch.lineCount - 1)))
    guard isSideBySide, pairing(at: line) != nil, let rows = blockRows else { return DiffRow(line) }
    return rows[rows.place(of: line)]
  }

  mutating func next(_ row: DiffRow) -> DiffRow? {
    var after = row.line + 1
    if isSideBySide, pairing(at: row.line) != nil, let rows = blockRows {
      let place = rows.place(of: row.line) + 1
      if place < rows.count { return rows[place] }
      after = rows.block.end
    }
    while after < patch.lineCount {
      guard let file = patch.fileIndex(at: after) else { break }
      let head = patch.files[file]
      if after == head.firstLine { break }
      if isFolded(file) || after > head.binaryLine ?? .max {
        after = patch.lines(ofFile: file).upperBound
      } else if after < head.firstHunk ?? .max, isRedundant(after) {
        after += 1
      } else {
        break
      }
    }
    guard after < patch.lineCount else { return nil }
    // A block begins with its first row, which need not be that of its first line.
    if isSideBySide, pairing(at: after) != nil, let rows = blockRows, rows.count > 0 { return rows[0] }
    return DiffRow(after)
  }

  mutating func previous(_ row: DiffRow) -> DiffRow? {
    var before = row.line - 1
    if isSideBySide, pairing(at: row.line) != nil, let rows = blockRows {
      let place = rows.place(of: row.line) - 1
      if place >= 0 { return rows[place] }
      before = rows.block.start - 1
    }
    while before >= 0 {
      guard let file = patch.fileIndex(at: before) else { break }
      let head = patch.files[file]
      if before == head.firstLine { break }
      if isFolded(file) {
        before = head.firstLine
      } else if let binary = head.binaryLine, before > binary {
        before = binary
      } else if before < head.firstHunk ?? .max, isRedundant(before) {
        before -= 1
      } else {
        break
      }
    }
    guard before >= 0 else { return nil }
    if isSideBySide, pairing(at: before) != nil, let rows = blockRows, rows.count > 0 { return rows[rows.count - 1] }
    return DiffRow(before)
  }

  /// Whether `a` stands above `b`.
  mutating func isBefore(_ a: DiffRow, _ b: DiffRow) -> Bool {
    if isSideBySide, a.line != b.line, let block = patch.block(at: a.line), block == patch.block(at: b.line),
      pairing(at: a.line) != nil, let rows = blockRows
    {
      return rows.place(of: a.line) < rows.place(of: b.line)
    }
    return a.line < b.line
  }

  /// `count` rows on from `row`, fewer at the ends.
  mutating func moved(_ row: DiffRow, by count: Int) -> DiffRow {
    var row = row
    for _ in 0..<abs(count) {
      guard let other = count > 0 ? next(row) : previous(row) else { break }
      row = other
    }
    return row
  }

  /// In a block of two sides `row(at:)` of the last line need not be the last row.
  mutating func end() -> DiffRow {
    var row = row(at: patch.lineCount - 1)
    while let next = next(row) { row = next }
    return row
  }
}
