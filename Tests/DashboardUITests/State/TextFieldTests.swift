import Testing
import TerminalKit

@testable import DashboardUI

@Suite struct TextFieldTests {
  private func field(_ text: String, at cursor: Int? = nil, width: Int = 20, height: Int = 4) -> TextField {
    var field = TextField(text, isMultiline: true)
    field.layOut(width: width, height: height)
    if let cursor {
      _ = field.handle(.textStart)
      for _ in 0..<cursor { _ = field.handle(.right) }
    }
    return field
  }

  @Test(
    "Keys move and cut as they do in a shell",
    arguments: [
      ("ctrl-left", "one two.three| x", "one two.|three x"), ("alt-b", "one two| x", "one |two x"),
      ("ctrl-right", "one| two.three", "one two|.three"), ("alt-f", "|one two", "one| two"),
      ("home", "ab\ncd|e", "ab\n|cde"), ("end", "a|b\ncde", "ab|\ncde"), ("ctrl-a", "ab\ncd|e", "ab\n|cde"),
      ("ctrl-e", "a|b\ncde", "ab|\ncde"), ("ctrl-home", "ab\ncd|e", "|ab\ncde"), ("ctrl-end", "a|b\ncde", "ab\ncde|"),
      ("ctrl-w", "one two.three|", "one |"), ("alt-backspace", "one two.three|", "one two.|"),
      ("alt-d", "one| two three", "one| three"), ("ctrl-delete", "|one two", "| two"), ("ctrl-u", "ab\ncd|e", "ab\n|e"),
      ("ctrl-k", "a|bc\nd", "a|\nd"), ("ctrl-k", "abc|\nd", "abc|d"), ("backspace", "日本|", "日|"),
      ("delete", "|e\u{301}x", "|x"), ("enter", "a|b", "a\n|b"), ("left", "|a", "|a"), ("right", "a|", "a|"),
      ("ctrl-w", "|a", "|a"), ("ctrl-k", "a|", "a|"), ("alt-d", "a|", "a|"),
    ])
  func keys(name: String, before: String, after: String) throws {
    let parts = before.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
    var field = field(parts.joined(), at: parts[0].count)
    let text = field.text
    let key = try #require(Key(name: name))
    let isTaken = field.handle(key)
    #expect(isTaken)
    var shown = Array(field.text)
    shown.insert("|", at: field.cursor)
    #expect(String(shown) == after)
    _ = field.handle(.ctrl("_"))
    #expect(field.text == text)
  }

  @Test("What was cut comes back with ctrl-y; cuts in a row are one text")
  func yank() {
    var field = field("one two three")
    _ = field.handle(.ctrl("w"))
    _ = field.handle(.ctrl("w"))
    #expect(field.text == "one ")
    _ = field.handle(.ctrl("a"))
    _ = field.handle(.ctrl("y"))
    #expect(field.text == "two threeone ")
    _ = field.handle(.ctrl("k"))
    _ = field.handle(.ctrl("y"))
    #expect(field.text == "two threeone ")
  }

  @Test("Undo takes back a word at a time, redo gives it again, and writing on forgets what was undone")
  func undo() {
    var field = field("")
    for character in "fix the login" { _ = field.handle(.character(character)) }
    _ = field.handle(.ctrl("_"))
    #expect(field.text == "fix the ")
    _ = field.handle(.alt("u"))
    #expect(field.text == "fix ")
    _ = field.handle(.alt("e"))
    #expect(field.text == "fix the ")
    _ = field.handle(.character("x"))
    _ = field.handle(.alt("e"))
    #expect(field.text == "fix the x")
    for _ in 0..<9 { _ = field.handle(.ctrl("_")) }
    #expect(field.text.isEmpty)
    #expect(field.cursor == 0)
  }

  @Test("Rows break between words and count columns, not characters")
  func rows() {
    let field = field("one two three four\n日本語の長い文です ok", width: 10)
    #expect((0..<field.rowCount).map { field.row($0) } == ["one two ", "three four", "日本語の長", "い文です ", "ok"])
    #expect(field.cursorPlace == Point(x: 2, y: 4))
  }

  @Test("Up and down keep to the column over wrapped and wide rows, and leave the field at its ends")
  func upAndDown() {
    var field = field("abcdefgh\n日本語日本\nx\nabcdefgh", at: 7, width: 20)
    func press(_ key: Key, _ times: Int = 1) -> [Bool] { (0..<times).map { _ in field.handle(key) } }
    #expect(press(.down) == [true])
    #expect(field.cursorPlace == Point(x: 6, y: 1))
    #expect(press(.down) == [true])
    #expect(field.cursorPlace == Point(x: 1, y: 2))
    #expect(press(.down) == [true])
    #expect(field.cursorPlace == Point(x: 7, y: 3))
    #expect(press(.down) == [false])
    #expect(press(.up, 4) == [true, true, true, false])
  }

  @Test("A field of one line turns line ends into spaces and leaves up and down to others")
  func oneLine() {
    var field = TextField()
    field.insert("a\nb\tc\r\n")
    #expect(field.text == "a b c")
    #expect([Key.up, .down, .enter].map { field.handle($0) } == [false, false, false])
  }

  @Test("Marks and halves of flags join what they meet, in the text and under the cursor alike")
  func joining() {
    var field = field("e")
    _ = field.handle(.character("\u{301}"))
    #expect(field.characters == ["e\u{301}"])
    #expect(field.cursor == 1)
    field.insert("🇩")
    field.insert("🇪")
    #expect(field.characters.count == 2)
    for _ in 0..<3 { _ = field.handle(.ctrl("_")) }
    #expect(field.text == "e")
  }

  @Test("Random edits keep rows and cursor right, and undo and redo return to the same text", arguments: 1...20)
  func random(seed: Int) throws {
    var random = Seeded(UInt64(seed))
    let texts = [
      "a", " ", "word ", "日本", "e\u{301}", "\u{301}", "👩‍👩‍👧", "🇩", "\t", "\n", "long_word_without_end", "x\r\ny",
      "\u{202E}",
    ]
    let keys: [Key] = [
      .backspace, .delete, .left, .right, .up, .down, .home, .end, .wordLeft, .wordRight, .wordBackspace, .wordDelete,
      .textStart, .textEnd, .pageUp, .pageDown, .ctrl("w"), .ctrl("u"), .ctrl("k"), .ctrl("y"), .alt("d"), .ctrl("_"),
      .alt("e"), .enter, .character("q"), .character(" "),
    ]
    var field = field("", width: 9, height: 3)
    for step in 0..<400 {
      switch Int.random(in: 0..<10, using: &random) {
      case 0...3: field.insert(try #require(texts.randomElement(using: &random)))
      case 4: field.layOut(width: Int.random(in: 1...14, using: &random), height: Int.random(in: 1...5, using: &random))
      default: _ = field.handle(try #require(keys.randomElement(using: &random)))
      }
      #expect((0...field.characters.count).contains(field.cursor), "seed \(seed) step \(step)")
      #expect(Array(field.text) == field.characters, "seed \(seed) step \(step): characters are whole")
      checkRows(field, "seed \(seed) step \(step)")
    }
    let text = field.text
    var undone = 0
    while true {
      let before = field.revision
      _ = field.handle(.ctrl("_"))
      if field.revision == before { break }
      undone += 1
    }
    #expect(field.text.isEmpty)
    for _ in 0..<undone { _ = field.handle(.alt("e")) }
    #expect(field.text == text)
  }

  private func checkRows(_ field: TextField, _ comment: Comment) {
    let width = field.rowWidth
    let fresh = field.rows(width: width)
    #expect((0..<field.rowCount).map { field.row($0) } == fresh.rows, comment)
    #expect(field.cursorPlace == fresh.cursor, comment)
    #expect(field.top <= field.cursorPlace.y, comment)
    #expect(field.row(field.cursorPlace.y).isEmpty || field.cursorPlace.x <= max(width, 8), comment)
  }

  @Test("A megabyte is taken in, what is past the bound is refused, and editing inside it breaks few rows anew")
  func large() {
    var field = field("", width: 60, height: 5)
    let fits = field.insert(String(repeating: "lorem ipsum ", count: 80_000))
    #expect(fits)
    #expect(field.characters.count == 960_000)
    let fitsToo = field.insert(String(repeating: "x", count: 200_000))
    #expect(!fitsToo)
    #expect(field.characters.count == TextField.longestText)
    // The last word, so that there is room again.
    _ = field.handle(.ctrl("w"))
    _ = field.handle(.textStart)
    for _ in 0..<200 { _ = field.handle(.character("z")) }
    for _ in 0..<200 { _ = field.handle(.down) }
    #expect(field.cursorPlace.y == 203)
    _ = field.handle(.ctrl("_"))
    #expect(!field.row(field.top).isEmpty)
    var line = TextField()
    let fitsInLine = line.insert(String(repeating: "x", count: 100_000))
    #expect(!fitsInLine)
    #expect(line.characters.count == TextField.longestLine)
  }
}
