import Testing

@testable import DashboardUI

@Suite struct LexerTests {
  /// One letter a byte: k s c n t f, and a dot for the rest.
  private func lex(_ path: String, _ lines: [String]) throws -> [String] {
    let lexer = Lexer(language: try #require(Language.of(path)))
    var state = LexState()
    return lines.map { line in
      var tokens: [SyntaxToken] = []
      lexer.lex(Array(line.utf8)[...], &state, &tokens)
      return String(
        tokens.map { token -> Character in
          switch token {
          case .plain: "."
          case .keyword: "k"
          case .string: "s"
          case .comment: "c"
          case .number: "n"
          case .type: "t"
          case .function: "f"
          }
        })
    }
  }

  static let table: [(path: String, line: String, tokens: String)] = [
    ("a.swift", "let x = 42 // why", "kkk.....nn.cccccc"),
    ("a.swift", "func go(_ a: Int) {", "kkkk.ff......ttt..."),
    ("a.swift", "@main struct App", "ttttt.kkkkkk.ttt"),
    ("a.swift", "let s = \"a \\\" b\" + c", "kkk.....ssssssss...."),
    ("m.c", "#include <stdio.h>", "kkkkkkkk.........."),
    ("m.c", "int x = 'a';", "ttt.....sss."),
    ("a.rs", "fn f<'a>(x: &'a str) -> u8 {", "kk...tt......tt.ttt.....tt.."),
    ("a.go", "func main() { return nil }", "kkkk.ffff.....kkkkkk.kkk.."),
    ("a.py", "def go(self): # x", "kkk.ff.kkkk...ccc"),
    ("a.py", "@cached", "ttttttt"),
    ("a.ts", "const a: string = `x`;", "kkkkk....tttttt...sss."),
    ("a.rb", "puts :name unless @done", ".....ttttt.kkkkkk.ttttt"),
    ("a.php", "$a = foo(1);", "tt...fff.n.."),
    ("a.sh", "echo \"$HOME\" # hi", "kkkk.sssssss.cccc"),
    ("a.sh", "x=${y}#z", "..tttt.."),
    ("a.sql", "SELECT id FROM users -- all", "kkkkkk....kkkk.......cccccc"),
    ("a.json", "{\"key\": [1, true, \"v\"]}", ".fffff...n..kkkk..sss.."),
    ("a.yaml", "max-age: 12 # s", "fffffff..nn.ccc"),
    ("a.toml", "name = \"x\"", "ffff...sss"),
    ("a.html", "<a href=\"x\">hi &amp;</a>", "kk.tttt.sssk...nnnnnkkkk"),
    ("a.css", "color: #fff; /* c */", "fffff..kkkk..ccccccc"),
    ("README.md", "# Title", "kkkkkkk"),
    ("README.md", "see `code` now", "....ssssss...."),
    ("Makefile", "all: $(OBJ)", "fff..tttttt"),
    ("Dockerfile", "FROM swift:6", "kkkk.......n"),
    ("x.diff", "+added", "ssssss"),
  ]

  @Test("Tokens of one line", arguments: table)
  func line(path: String, line: String, tokens: String) throws { #expect(try lex(path, [line]) == [tokens]) }

  @Test("Block comments and long strings go on over lines, and nest where the language lets them")
  func overLines() throws {
    #expect(try lex("a.swift", ["a /* b", "/* c */ d", "*/ let"]) == ["..cccc", "ccccccccc", "cc.kkk"])
    #expect(try lex("a.c", ["/* b /* c */ int"]) == ["cccccccccccc.ttt"])
    #expect(try lex("a.py", ["x = \"\"\"one", "two\"\"\" + 1"]) == ["....ssssss", "ssssss...n"])
    #expect(try lex("a.js", ["\"open", "let a"]) == ["sssss", "kkk.."])
    #expect(try lex("a.md", ["```", "let x", "```", "let x"]) == ["sss", "sssss", "sss", "....."])
    #expect(try lex("a.html", ["<a", " b=\"1\">", "<!-- x", "--> y"]) == ["kk", ".t.sssk", "cccccc", "ccc.."])
  }

  @Test("Files without a known language have none", arguments: ["a", "a.bin", "LICENSE", "x.unknown", ".", ""])
  func unknown(path: String) { #expect(Language.of(path) == nil) }

  @Test("Any bytes can be lexed in any language", arguments: Language.all.map(\.name))
  func anything(name: String) throws {
    var random = Seeded(11)
    let language = try #require(Language.all.first { $0.name == name })
    let lexer = Lexer(language: language)
    let pieces = [
      "\"", "'", "`", "/*", "*/", "//", "#", "<!--", "-->", "<", ">", "\\", "$", "${", "{", "é", "\u{FF}", "a", "1",
      " ", "r#\"", "\"\"\"", "@", ":", "=", "&", "```", "[", "](", ")",
    ]
    for _ in 0..<300 {
      var state = LexState()
      for _ in 0..<4 {
        var line = Array(
          (0..<Int.random(in: 0...12, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
            .utf8)
        if Bool.random(using: &random) { line.append(UInt8.random(in: 0...255, using: &random)) }
        var tokens: [SyntaxToken] = []
        lexer.lex(line[...], &state, &tokens)
        #expect(tokens.count == line.count)
      }
    }
  }
}
