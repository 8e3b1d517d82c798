import TerminalKit

/// Where the rows of a text begin when it is broken to a width, between words where it can be.
///
/// An edit breaks anew only the rows around it, so that a key costs the same in a long text as in a short one, apart from
/// moving numbers.
struct SoftWrap: Sendable {
  private(set) var width: Int
  /// The place of each row's first character; never empty. A row ends before the next one, or before its line end.
  private(set) var starts: [Int] = [0]

  init(width: Int, of text: [Character]) {
    self.width = max(1, width)
    starts = breakRows(from: 0, of: text) { _ in false }
  }

  var count: Int { starts.count }

  /// The row that a place is in.
  func row(of place: Int) -> Int {
    var low = 0
    var high = starts.count - 1
    while low < high {
      let middle = (low + high + 1) / 2
      if starts[middle] <= place { low = middle } else { high = middle - 1 }
    }
    return low
  }

  /// The characters of a row without its line end; empty for a row that there is not.
  func characters(of row: Int, in text: [Character]) -> Range<Int> {
    guard starts.indices.contains(row) else { return text.count..<text.count }
    let start = min(starts[row], text.count)
    var end = row + 1 < starts.count ? min(starts[row + 1], text.count) : text.count
    if end > start, row + 1 < starts.count, text[end - 1] == "\n" { end -= 1 }
    return start..<max(start, end)
  }

  /// Columns from the start of the row to a place in it.
  func column(of place: Int, in text: [Character]) -> Int {
    var column = 0
    for index in characters(of: row(of: place), in: text) where index < place {
      column += Self.columns(of: text[index], at: column)
    }
    return column
  }

  /// The place in a row that is at, or last before, a column.
  func place(row: Int, column: Int, in text: [Character]) -> Int {
    let range = characters(of: row, in: text)
    var used = 0
    for index in range {
      let next = used + Self.columns(of: text[index], at: used)
      if next > column { return index }
      used = next
    }
    // The end of a row that goes on in the next is the start of that one.
    let goesOn = row + 1 < starts.count && starts[row + 1] == range.upperBound
    return goesOn ? max(range.lowerBound, range.upperBound - 1) : range.upperBound
  }

  /// After `removed` characters at `place` gave way to `added` ones, which `text` has already.
  mutating func update(at place: Int, removed: Int, added: Int, in text: [Character]) {
    // A word that now fits, or no longer does, changes the row before; what decided there may lie one row further on.
    let first = max(0, row(of: place) - 2)
    let old = starts
    let shift = added - removed
    var next = first + 1
    var end = old.count
    let fresh = breakRows(from: old[first], of: text) { start in
      guard start >= place + added else { return false }
      while next < old.count, old[next] + shift < start || old[next] < place + removed { next += 1 }
      guard next < old.count, old[next] + shift == start else { return false }
      end = next
      return true
    }
    starts.replaceSubrange(first..<end, with: fresh)
    if shift != 0 { for index in (first + fresh.count)..<starts.count { starts[index] += shift } }
  }

  /// Row starts from one on, up to the first that `isKnown` says yes to, which is left out.
  private func breakRows(from start: Int, of text: [Character], until isKnown: (Int) -> Bool) -> [Int] {
    var rows = [start]
    var start = start
    while let next = nextStart(after: start, of: text), !isKnown(next) {
      rows.append(next)
      start = next
    }
    return rows
  }

  private func nextStart(after start: Int, of text: [Character]) -> Int? {
    var used = 0
    var lastBreak = start
    var place = start
    while place < text.count {
      let character = text[place]
      if character == "\n" { return place + 1 }
      let columns = Self.columns(of: character, at: used)
      if used + columns > width, place > start { return lastBreak > start ? lastBreak : place }
      used += columns
      place += 1
      if character == " " || character == "\t" || columns == 2 { lastBreak = place }
    }
    return nil
  }

  /// As `DisplayText` will draw it.
  static func columns(of character: Character, at column: Int) -> Int {
    let bytes = character.utf8
    if bytes.count == 1, let byte = bytes.first {
      if byte == 0x09 { return 8 - column % 8 }
      return 1
    }
    return DisplayText(String(character)).width
  }
}
