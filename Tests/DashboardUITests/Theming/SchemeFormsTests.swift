import RunModel
import TerminalKit
import Testing

@testable import DashboardUI

/// Schemes as they lie about in the world, in each of the forms that people publish them in. The colours are ours.
@Suite struct SchemeFormsTests {
  private static let colors = [
    "181a1f", "22252b", "31353d", "6f7683", "9aa1ad", "cfd4dc", "e2e5ea", "f4f5f7", "e0707a", "dd9a63", "d8bb6c",
    "8cbf7e", "6ebdb9", "74a5e0", "b592dc", "a98064", "101216", "0a0b0e", "ff8b95", "ffc48a", "aee39f", "90dfdb",
    "96c5ff", "d6b5ff",
  ]

  private static func lines(_ count: Int, indent: String = "", _ form: (String) -> String) -> String {
    zip(Palette.names, colors).prefix(count).map { "\(indent)\($0): \(form($1))\n" }.joined()
  }

  private static let forms: [(String, String)] = [
    (
      "as the specification has it",
      "system: \"base16\"\nname: \"Any\"\nauthor: \"Someone (https://example.org)\"\nvariant: \"dark\"\npalette:\n"
        + lines(16, indent: "  ") { "\"#\($0)\"" }
    ),
    (
      "without the number sign, in capitals, with a slug and a description",
      "---\nsystem: 'base16'\nname: Any\nslug: any-dark\ndescription: 'Ours'\nauthor: Someone\nvariant: dark\npalette:\n"
        + lines(16, indent: "    ") { "'\($0.uppercased())'  # a comment" }
    ),
    (
      "the older one: flat, with a scheme for a name, and no quotes",
      "# made by hand\nscheme: \"Any\"\nauthor: \"Someone\"\n" + lines(16) { $0 }
    ),
    ("the older one with quotes and number signs", "scheme: Any\nauthor: Someone\n" + lines(16) { "\"#\($0)\"" }),
    (
      "the older one with names in small letters",
      "scheme: Any\nauthor: Someone\n"
        + lines(16) { "\"\($0)\"" }.lowercased().replacing("scheme: any", with: "scheme: Any")
    ),
    (
      "base24",
      "system: \"base24\"\nname: \"Any\"\nauthor: \"Someone\"\nvariant: \"dark\"\npalette:\n"
        + lines(24, indent: "  ") { "\"\($0)\"" }
    ),
    ("the older base24", "scheme: \"Any\"\nauthor: \"Someone\"\n" + lines(24) { "\"\($0)\"" }),
    (
      "with the end of lines of another system, and an end mark",
      ("system: base16\nname: Any\nauthor: Someone\nvariant: dark\npalette:\n" + lines(16, indent: "  ") { "\"\($0)\"" }
        + "...\n").replacing("\n", with: "\r\n")
    ),
  ]

  @Test("A scheme loads as it is, in any of its forms", arguments: forms.map(\.0))
  func loads(form: String) throws {
    let text = try #require(Self.forms.first { $0.0 == form }?.1)
    #expect(ThemeLibrary.check(text) == [])
    let theme = try ThemeLibrary.parse(text, slug: "any")
    #expect(theme.name == "Any" && theme.isDark)
    #expect(theme[.text].background == .rgb(0x181a1f))
    #expect(theme[.text].foreground == .rgb(0xcfd4dc))
    #expect(theme[.runSucceeded].foreground == .rgb(0x8cbf7e))
  }

  @Test("Light or dark is told from the ground when the scheme does not say")
  func variant() throws {
    let light =
      "scheme: Day\n"
      + zip(Palette.names, Self.colors.prefix(8).reversed() + Self.colors[8..<16]).map {
        "\($0): \"\($1)\"\n"
      }.joined()
    #expect(try ThemeLibrary.parse(light, slug: "day").isDark == false)
  }

  @Test(
    "A flat scheme with a mistake is told what and where",
    arguments: [
      (
        "base0A: \"d8bb6c\"", "base0A: \"d8bb6\"",
        "line 13: \"base0A\" must be a colour such as \"#8fc87c\", not \"d8bb6\"."
      ),
      ("base0A: \"d8bb6c\"", "base0A: #d8bb6c", "a colour with # needs quotes"),
      ("base0A: \"d8bb6c\"\n", "", "The palette has no \"base0A\"."),
      ("base0A: \"d8bb6c\"", "base0G: \"d8bb6c\"", "Unknown colour \"base0G\""),
      ("author: \"Someone\"", "auther: \"Someone\"", "Did you mean \"author\"?"),
    ])
  func mistakes(right: String, wrong: String, word: String) {
    let text = ("scheme: \"Any\"\nauthor: \"Someone\"\n" + Self.lines(16) { "\"\($0)\"" }).replacing(right, with: wrong)
    let issues = ThemeLibrary.check(text)
    #expect(issues.contains { $0.description.contains(word) }, "\(issues)")
  }

  @Test("What a role was set to is held to the grounds it is drawn on, each named with its ratio and the way out")
  func overrides() {
    let base = "scheme: Any\n" + Self.lines(16) { "\"\($0)\"" }
    func issues(_ roles: String) -> [String] { ThemeLibrary.check(base + "roles:\n" + roles).map(\.description) }
    let muted = issues("  muted: \"#555555\"\n")
    #expect(muted.count == 1)
    #expect(muted.first?.hasPrefix("line 19: \"muted\" has too little contrast: ") == true, "\(muted)")
    for part in [
      " on the screen", " on the selected row", " on dialogs", "text needs 4.5:1", "Give it the foreground #",
    ] {
      #expect(muted.first?.contains(part) == true, "\(part) in \(muted)")
    }
    #expect(issues("  faint: base02\n").first?.contains("marks need 3.0:1") == true)
    #expect(issues("  border: base02\n") == [])
    #expect(issues("  diffAdded: {background: base05}\n").first?.contains("on its own ground") == true)
    // A selection that hides what is on it is the fault of all that is.
    #expect(issues("  selection: {background: base05}\n").contains { $0.contains("\"text\"") })
    // The way out that is offered is one.
    if let hex = muted.first?.firstMatch(of: /foreground (#[0-9a-f]{6})/)?.1 {
      #expect(issues("  muted: \"\(hex)\"\n") == [])
    }
  }

  @Test("A ground that a role is given takes along what lies on it")
  func grounds() throws {
    let base = "scheme: Any\n" + Self.lines(16) { "\"\($0)\"" }
    let theme = try ThemeLibrary.parse(
      base
        + "roles:\n  text: {background: \"#000000\"}\n  header: {background: base10}\n".replacing(
          "base10", with: "base02"),
      slug: "any")
    #expect(theme[.muted].background == .rgb(0) && theme[.runFailed].background == .rgb(0))
    #expect(theme[.headerName].background == .rgb(0x31353d) && theme[.footer].background == .rgb(0x22252b))
    #expect(theme[.diffAdded].background != .rgb(0))
  }
}
