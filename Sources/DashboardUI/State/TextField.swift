import TerminalKit

/// Text that a person is writing: a cursor, rows as they are drawn, undo and redo, and what was cut out last.
struct TextField: Sendable {
  private(set) var characters: [Character]
  private(set) var cursor: Int
  let isMultiline: Bool
  /// Goes up with each change of the text.
  private(set) var revision = 0
  /// What `ctrl-y` puts in.
  var killed = ""
  /// The first row drawn, in a field that is lower than its text.
  private(set) var top = 0

  private var history = EditHistory()
  private var wrap: SoftWrap
  private var height = 1
  /// The column that up and down keep to.
  private var wantedColumn: Int?
  private var killsGoOn = false

  /// No text grows past this many characters.
  static let longestText = 1 << 20
  static let longestLine = 4096

  init(_ text: String = "", isMultiline: Bool = false) {
    self.isMultiline = isMultiline
    characters = Self.cleaned(text, isMultiline: isMultiline)
    cursor = characters.count
    wrap = SoftWrap(width: isMultiline ? 80 : .max, of: characters)
  }

  var text: String { String(characters) }
  var isBlank: Bool { characters.allSatisfy(\.isWhitespace) }
  private var longest: Int { isMultiline ? Self.longestText : Self.longestLine }

  /// Puts another text in place of all; undo brings the old one back.
  mutating func replace(_ text: String) {
    edit(0..<characters.count, Self.cleaned(text, isMultiline: isMultiline), .other)
    top = 0
    keepCursorVisible()
  }

  /// Line ends become spaces in a field of one line; a trailing one goes. False when there was no room for all of it.
  @discardableResult
  mutating func insert(_ text: String) -> Bool {
    defer { keepCursorVisible() }
    return insert(text, .other)
  }

  @discardableResult
  private mutating func insert(_ text: String, _ kind: EditHistory.Kind) -> Bool {
    var added = Self.cleaned(text, isMultiline: isMultiline, most: .max)
    let room = max(0, longest - characters.count)
    let fits = added.count <= room
    if !fits { added.removeLast(added.count - room) }
    edit(cursor..<cursor, added, kind)
    return fits
  }

  private static func cleaned(_ text: String, isMultiline: Bool, most: Int? = nil) -> [Character] {
    var added = Array(text.contains("\r") || text.contains("\r\n") ? unixLines(text) : text)
    if !isMultiline {
      while added.last == "\n" { added.removeLast() }
      added = added.map { $0 == "\n" || $0 == "\t" ? " " : $0 }
    }
    let most = most ?? (isMultiline ? longestText : longestLine)
    return added.count > most ? Array(added.prefix(most)) : added
  }

  private static func unixLines(_ text: String) -> String {
    text.replacing("\r\n", with: "\n").replacing("\r", with: "\n")
  }

  // MARK: Keys

  /// False if the key does nothing here, so that it may mean something else.
  mutating func handle(_ key: Key) -> Bool {
    let killsWentOn = killsGoOn
    killsGoOn = false
    if key != .up, key != .down, key != .pageUp, key != .pageDown { wantedColumn = nil }
    switch key {
    case .character(let character): insert(String(character), .typing)
    case .enter:
      guard isMultiline else { return false }
      insert("\n", .typing)
    case .backspace: if cursor > 0 { edit(cursor - 1..<cursor, [], .erasing) }
    case .delete: if cursor < characters.count { edit(cursor..<cursor + 1, [], .erasing) }
    case .left: cursor = max(0, cursor - 1)
    case .right: cursor = min(characters.count, cursor + 1)
    case .wordLeft, .alt("b"): cursor = wordStart(before: cursor)
    case .wordRight, .alt("f"): cursor = wordEnd(after: cursor)
    case .home, .ctrl("a"): cursor = lineStart(cursor)
    case .end, .ctrl("e"): cursor = lineEnd(cursor)
    case .textStart, .alt("<"): cursor = 0
    case .textEnd, .alt(">"): cursor = characters.count
    case .ctrl("u"): kill(lineStart(cursor)..<cursor, after: killsWentOn)
    case .ctrl("k"):
      let end = lineEnd(cursor)
      kill(cursor..<(end == cursor ? min(end + 1, characters.count) : end), after: killsWentOn)
    case .ctrl("w"): kill(spacedWordStart(before: cursor)..<cursor, after: killsWentOn)
    case .wordBackspace: kill(wordStart(before: cursor)..<cursor, after: killsWentOn)
    case .alt("d"), .wordDelete: kill(cursor..<wordEnd(after: cursor), after: killsWentOn)
    case .ctrl("y"): if !killed.isEmpty { insert(killed, .other) }
    case .ctrl("_"), .alt("u"): undo()
    case .alt("e"): redo()
    case .up: return moveRows(-1)
    case .down: return moveRows(1)
    case .pageUp: return moveRows(-max(1, height - 1))
    case .pageDown: return moveRows(max(1, height - 1))
    default: return false
    }
    keepCursorVisible()
    return true
  }

  private mutating func moveRows(_ step: Int) -> Bool {
    guard isMultiline else { return false }
    let row = wrap.row(of: cursor)
    let target = max(0, min(row + step, wrap.count - 1))
    guard target != row else { return false }
    let column = wantedColumn ?? wrap.column(of: cursor, in: characters)
    wantedColumn = column
    cursor = wrap.place(row: target, column: column, in: characters)
    keepCursorVisible()
    return true
  }

  private mutating func undo() {
    for edit in history.undo() {
      put(edit.removed, in: edit.place..<edit.place + edit.added.count)
      cursor = edit.cursorBefore
    }
  }

  private mutating func redo() {
    for edit in history.redo() {
      put(edit.added, in: edit.place..<edit.place + edit.removed.count)
      cursor = edit.cursorAfter
    }
  }

  /// Cuts out, for `ctrl-y`; cuts that follow each other make one text.
  private mutating func kill(_ range: Range<Int>, after goesOn: Bool) {
    killsGoOn = true
    guard !range.isEmpty else { return }
    let cut = String(characters[range])
    killed = !goesOn ? cut : range.upperBound == cursor && range.lowerBound < cursor ? cut + killed : killed + cut
    edit(range, [], .other)
  }

  // MARK: Edits

  /// The one way in which the text changes under a person's hands.
  private mutating func edit(_ range: Range<Int>, _ added: [Character], _ kind: EditHistory.Kind) {
    guard !range.isEmpty || !added.isEmpty else { return }
    var range = range
    var added = added
    var cursorAfter = range.lowerBound + added.count
    // Marks join the character before them, and so do the halves of a flag: what meets anew is cut anew.
    if needsJoining(range, added) {
      let before = characters[max(0, range.lowerBound - 1)..<range.lowerBound]
      let after = characters[range.upperBound..<min(characters.count, range.upperBound + 1)]
      let joined = Array(String(before) + String(added) + String(after))
      let upToCursor = String(before) + String(added)
      range = range.lowerBound - before.count..<range.upperBound + after.count
      added = joined
      cursorAfter = range.lowerBound + min(joined.count, upToCursor.count)
    }
    let last = cursor > 0 ? characters[cursor - 1] : " "
    history.record(
      place: range.lowerBound, removed: Array(characters[range]), added: added, cursorBefore: cursor,
      cursorAfter: cursorAfter, kind: kind, startsWord: last.isWhitespace && added.first?.isWhitespace == false)
    put(added, in: range)
    cursor = cursorAfter
  }

  private func needsJoining(_ range: Range<Int>, _ added: [Character]) -> Bool {
    let neighbours =
      [range.lowerBound > 0 ? characters[range.lowerBound - 1] : nil, added.first, added.last]
      + [range.upperBound < characters.count ? characters[range.upperBound] : nil]
    return !neighbours.allSatisfy { $0?.isASCII ?? true }
  }

  private mutating func put(_ added: [Character], in range: Range<Int>) {
    characters.replaceSubrange(range, with: added)
    wrap.update(at: range.lowerBound, removed: range.count, added: added.count, in: characters)
    revision += 1
  }

  // MARK: Words and lines

  private func isWord(_ place: Int) -> Bool {
    let character = characters[place]
    return character.isLetter || character.isNumber || character == "_"
  }

  private func wordStart(before place: Int) -> Int {
    var place = place
    while place > 0, !isWord(place - 1) { place -= 1 }
    while place > 0, isWord(place - 1) { place -= 1 }
    return place
  }

  private func wordEnd(after place: Int) -> Int {
    var place = place
    while place < characters.count, !isWord(place) { place += 1 }
    while place < characters.count, isWord(place) { place += 1 }
    return place
  }

  private func spacedWordStart(before place: Int) -> Int {
    var place = place
    while place > 0, characters[place - 1].isWhitespace { place -= 1 }
    while place > 0, !characters[place - 1].isWhitespace { place -= 1 }
    return place
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
}

extension TextField: Equatable {
  static func == (a: Self, b: Self) -> Bool {
    a.cursor == b.cursor && a.isMultiline == b.isMultiline && a.characters == b.characters
  }
}

// MARK: Rows

extension TextField {
  /// Breaks the text to a room of this size; costs nothing when it is the same as before.
  mutating func layOut(width: Int, height: Int) {
    if isMultiline, max(1, width) != wrap.width {
      wrap = SoftWrap(width: width, of: characters)
      wantedColumn = nil
    }
    self.height = max(1, height)
    keepCursorVisible()
  }

  var rowWidth: Int { wrap.width }
  var rowCount: Int { wrap.count }

  func row(_ index: Int) -> String { String(characters[wrap.characters(of: index, in: characters)]) }

  /// Column and row of the cursor, counted from the first row of the text.
  var cursorPlace: Point {
    Point(x: wrap.column(of: cursor, in: characters), y: wrap.row(of: cursor))
  }

  /// Puts the cursor where someone clicked: a row of the text, and a column in it.
  mutating func moveCursor(row: Int, column: Int) {
    wantedColumn = nil
    cursor = wrap.place(row: max(0, min(row, wrap.count - 1)), column: max(0, column), in: characters)
    keepCursorVisible()
  }

  private mutating func keepCursorVisible() {
    guard isMultiline else { return }
    let row = wrap.row(of: cursor)
    top = max(0, min(max(top, row - height + 1), row, wrap.count - height))
  }

  /// Rows of at most `width` columns, and where the cursor is among them: for a room that no `layOut` told it of.
  func rows(width: Int) -> (rows: [String], cursor: Point) {
    let wrap = SoftWrap(width: width, of: characters)
    let rows = (0..<wrap.count).map { String(characters[wrap.characters(of: $0, in: characters)]) }
    return (rows, Point(x: wrap.column(of: cursor, in: characters), y: wrap.row(of: cursor)))
  }
}

extension TextField {
  mutating func goToFirstRow() { moveCursor(row: 0, column: 0) }
  mutating func goToLastRow() { moveCursor(row: rowCount - 1, column: 0) }
}
