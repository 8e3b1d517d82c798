import Foundation
import RunModel
import Testing
import TerminalKit

@testable import DashboardUI

@Suite struct ThemeTests {
  @Test("The built-in list is exactly what lies in themes/, and each file is without issue")
  func builtinThemes() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appending(path: "themes")
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".yaml") }
    #expect(Set(files.map { String($0.dropLast(5)) }) == Set(ThemeLibrary.slugs))
    #expect(ThemeLibrary.builtin.map(\.slug) == ThemeLibrary.slugs)
    for slug in ThemeLibrary.slugs {
      let text = try String(contentsOf: folder.appending(path: "\(slug).yaml"), encoding: .utf8)
      #expect(ThemeLibrary.source(slug) == text)
      #expect(ThemeLibrary.check(text) == [])
    }
  }

  /// Roles that draw lines and tracks and carry no text.
  static let graphic: Set<Role> = [.faint, .border, .progressTrack]

  @Test("Text has a contrast of 4.5 to 1 on every ground it is drawn on", arguments: ThemeLibrary.slugs)
  func contrast(slug: String) throws {
    let theme = try #require(ThemeLibrary.builtin.first { $0.slug == slug })
    try expectReadable(theme)
  }

  @Test("A scheme with hardly any contrast is still made readable")
  func anySchemeIsReadable() throws {
    var text = "system: base16\nname: Fog\nvariant: dark\npalette:\n"
    for (place, name) in Palette.names.prefix(16).enumerated() {
      text += "  \(name): \"3\(place % 10)4\(place % 10)50\"\n"
    }
    try expectReadable(ThemeLibrary.parse(text, slug: "fog"))
  }

  private func expectReadable(_ theme: Theme) throws {
    let screen = try #require(RGB(theme[.text].background))
    let selection = try #require(RGB(theme[.selection].background))
    let bar = try #require(RGB(theme[.header].background))
    for role in Role.allCases where !Self.graphic.contains(role) {
      let ink = try #require(RGB(theme[role].foreground), "\(role)")
      let own = try #require(RGB(theme[role].background), "\(role)")
      // What stands on the screen's ground is drawn under the cursor and on dialogs too.
      let grounds = own == screen ? [screen, selection, bar] : [own]
      for ground in grounds { #expect(ink.contrast(with: ground) >= 4.5, "\(theme.slug): \(role)") }
    }
  }

  @Test(
    "A bad theme names the key, the line and the nearest known",
    arguments: [
      ("system: base16\nname: X\npalete: {}", "Unknown key \"palete\". Did you mean \"palette\"?"),
      ("system: base16\nroles:\n  runFaild: base08\n", "Did you mean \"runFailed\"?"),
      ("system: base99", "base16 or base24"), ("name: X", "\"palette\" is missing"), ("- a\n- b", "mapping"),
      ("a: [", "not YAML"), ("roles:\n  runFailed: red\n", "\"runFailed\" must be a colour"),
      ("roles:\n  runFailed: {blod: true}\n", "Did you mean \"bold\"?"),
    ])
  func issues(text: String, word: String) {
    var whole = text
    if text.hasPrefix("roles") || text.contains("roles:") {
      whole += "palette:\n" + Palette.names.prefix(16).map { "  \($0): \"#112233\"\n" }.joined()
    }
    let issues = ThemeLibrary.check(whole)
    #expect(issues.contains { $0.description.contains(word) }, "\(issues)")
    #expect(throws: Problem.self) { try ThemeLibrary.parse(whole, slug: "x") }
  }

  @Test("A role may be a hex colour, a slot of the palette, or a mapping with attributes")
  func roles() throws {
    let source = try #require(ThemeLibrary.source("flightdeck-dark"))
    let theme = try ThemeLibrary.parse(
      source + "roles:\n  link: \"#010203\"\n  code: base08\n  text: {bold: true, background: base01}\n", slug: "x")
    #expect(theme[.link].foreground == .rgb(0x010203))
    #expect(theme[.code].foreground == .rgb(0xf2777f))
    #expect(theme[.text].attributes == .bold)
    #expect(theme[.text].background == .rgb(0x1b1f26))
  }

  @Test("Without colours statuses, the selection and changes still differ by attributes or glyph")
  func monochrome() {
    let theme = Theme.monochrome
    #expect(Role.allCases.allSatisfy { theme[$0].foreground == .terminalDefault })
    #expect(theme[.selection].attributes.contains(.reverse))
    #expect(theme[.diffAdded] != theme[.diffRemoved])
    #expect(Set(RunStatus.allCases.map { Glyphs.status($0).glyph }).count == 5)
  }
}
