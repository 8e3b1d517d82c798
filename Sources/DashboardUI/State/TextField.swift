import TerminalKit

/// Text that a person is writing, with a cursor.
struct TextField: Sendable, Equatable {
  private(set) var characters: [Character]
  private(set) var cursor: Int
  let isMultiline: Bool

  init(_ text: String = "", isMultiline: Bool = false) {
    characters = Array(text)
    cursor = characters.count
    self.isMultiline = isMultiline
  }

  var text: String { String(characters) }
  var isBlank: Bool { characters.allSatisfy(\.isWhitespace) }

  mutating func replace(_ text: String) { self = TextField(text, isMultiline: isMultiline) }

  /// Line ends become spaces in a field of one line; a trailing one goes.
  mutating func insert(_ text: String) {
    var added = Array(text.replacing("\r\n", with: "\n").replacing("\r", with: "\n"))
    if !isMultiline {
      while added.last == "\n" { added.removeLast() }
      added = added.map { $0 == "\n" || $0 == "\t" ? " " : $0 }
    }
    characters.insert(contentsOf: added, at: cursor)
    cursor += added.count
  }

  /// False if the key does nothing here, so that it may mean something else.
  mutating func handle(_ key: Key) -> Bool {
    switch key {
    case .character(let character): insert(String(character))
    case .enter, .alt("\r"):
      guard isMultiline else { return false }
      insert("\n")
    case .backspace:
      guard cursor > 0 else { return true }
      characters.remove(at: cursor - 1)
      cursor -= 1
    case .delete: if cursor < characters.count { characters.remove(at: cursor) }
    case .left: cursor = max(0, cursor - 1)
    case .right: cursor = min(characters.count, cursor + 1)
    case .home, .ctrl("a"): cursor = lineStart(cursor)
    case .end, .ctrl("e"): cursor = lineEnd(cursor)
    case .ctrl("u"):
      let start = lineStart(cursor)
      characters.removeSubrange(start..<cursor)
      cursor = start
    case .ctrl("k"): characters.removeSubrange(cursor..<lineEnd(cursor))
    case .ctrl("w"):
      var start = cursor
      while start > 0, characters[start - 1].isWhitespace { start -= 1 }
      while start > 0, !characters[start - 1].isWhitespace { start -= 1 }
      characters.removeSubrange(start..<cursor)
      cursor = start
    case .up:
      let start = lineStart(cursor)
      guard isMultiline, start > 0 else { return false }
      let above = lineStart(start - 1)
      cursor = min(above + cursor - start, start - 1)
    case .down:
      let end = lineEnd(cursor)
      guard isMultiline, end < characters.count else { return false }
      cursor = min(end + 1 + cursor - lineStart(cursor), lineEnd(end + 1))
    default: return false
    }
    return true
  }

  private func lineStart(_ place: Int) -> Int {
    var place = place
    while place > 0, characters[place - 1] != "\n" { place -= 1 }
    return place
  }

  private func lineEnd(_ place: Int) -> Int {
    var place = place
    while place < characters.count, characters[place] != "\n" { place += 1 }
    return place
  }

  /// Rows of at most `width` characters, and where the cursor is among them.
  func rows(width: Int) -> (rows: [String], cursor: Point) {
    let width = max(1, width)
    var rows: [[Character]] = [[]]
    var at = Point(x: 0, y: 0)
    for (place, character) in characters.enumerated() {
      if place == cursor { at = Point(x: rows[rows.count - 1].count, y: rows.count - 1) }
      if character == "\n" {
        rows.append([])
      } else {
        if rows[rows.count - 1].count >= width { rows.append([]) }
        rows[rows.count - 1].append(character)
        if place == cursor { at = Point(x: rows[rows.count - 1].count - 1, y: rows.count - 1) }
      }
    }
    if cursor == characters.count { at = Point(x: rows[rows.count - 1].count, y: rows.count - 1) }
    return (rows.map { String($0) }, at)
  }
}
