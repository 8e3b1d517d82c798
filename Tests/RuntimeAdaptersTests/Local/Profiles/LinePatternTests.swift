import Testing

@testable import RuntimeAdapters

@Suite("A pattern over a line")
struct LinePatternTests {
  @Test(
    "It finds what it says, with its groups",
    arguments: [
      ("a", "xay", ["a"]), ("^a$", "a", ["a"]), ("(a)(b)?", "a", ["a", "a", ""]), ("a|b|", "c", [""]),
      (#"step (\d+), \$([\d.]+)"#, "(step 12, $0.34):", ["step 12, $0.34", "12", "0.34"]),
      ("(a+)(a*)", "aaa", ["aaa", "aaa", ""]), ("(?:ab){2,3}", "abababab", ["ababab"]), ("x{2}", "xxx", ["xx"]),
      ("x{2,}", "xxxx", ["xxxx"]), (#"\bcat\b"#, "a cat.", ["cat"]), ("[^a-c]+", "abcxyz", ["xyz"]),
      ("[]a]+", "]a]", ["]a]"]), (#"[\]\d-]+"#, "4]-", ["4]-"]), ("─+$", "──", ["──"]), ("é?x", "éx", ["éx"]),
      (#"Continue\? \[y/N\] ?$"#, "Continue? [y/N] ", ["Continue? [y/N] "]), ("a{,2}", "a{,2}", ["a{,2}"]),
      ("(x|^b)c", "abc xc", ["xc", "x"]), (#"{"a""#, #"{"a":1}"#, [#"{"a""#]), ("(a*)*b", "aab", ["aab", "aa"]),
      ("", "any", [""]),
    ] as [(String, String, [String])])
  func finds(pattern: String, line: String, groups: [String]) throws {
    #expect(try LinePattern(pattern).groups(in: line.utf8) == groups)
  }

  @Test(
    "It finds nothing where there is nothing",
    arguments: [("^b", "ab"), ("a$", "ab"), ("[0-9]", "x"), ("ab{2}", "ab"), (#"\d"#, ""), ("A", "a")])
  func findsNot(pattern: String, line: String) throws {
    #expect(try LinePattern(pattern).groups(in: line.utf8) == nil)
  }

  @Test(
    "What makes no sense is refused in words",
    arguments: [
      ("(", "\")\" is missing"), (")", "too many"), ("[a", "\"]\" is missing"), ("*a", "nothing before it"),
      ("a**", "follows a repetition"), (#"\q"#, "not known"), (#"a\"#, "ends with"), ("[z-a]", "from the lower"),
      ("[é]", "ASCII"), ("a{3,2}", "A repetition is"), ("(a{200}){200}", "too many"),
      ("((((((((((a))))))))))", "more than 9 groups"), (String(repeating: "a", count: 1001), "longer than"),
      (String(repeating: "(?:", count: 30), "too deeply"),
    ])
  func refuses(pattern: String, words: String) {
    #expect {
      try LinePattern(pattern)
    } throws: { error in
      (error as? LinePattern.Issue)?.message.contains(words) == true
    }
  }

  @Test("A line made for it, and a pattern made for a line, take steps in proportion to both")
  func bounded() throws {
    let pattern = try LinePattern("(?:a?){60}(a|aa)*(a*)*b$")
    #expect(pattern.groups(in: [UInt8](repeating: 0x61, count: 1 << 20)) == nil)
  }
}
