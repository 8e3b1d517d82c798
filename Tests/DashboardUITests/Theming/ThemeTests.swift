import Foundation
import RunModel
import Testing
import TerminalKit

@testable import DashboardUI

@Suite struct ThemeTests {
  private static let top = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  @Test("Each file of themes/ is embedded by Package.swift, listed in BuiltinThemes, and without issue")
  func builtinThemes() throws {
    let folder = Self.top.appending(path: "themes")
    let package = try String(contentsOf: Self.top.appending(path: "Package.swift"), encoding: .utf8)
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".yaml") }
    #expect(files.count >= 8)
    for slug in files.map({ String($0.dropLast(5)) }) {
      let name = slug.replacing("-", with: "_")
      #expect(package.contains("\"\(slug)\""), "Add \"\(slug)\" to `themes` in Package.swift.")
      #expect(
        ThemeLibrary.slugs.contains(slug), "Add (\"\(slug)\", PackageResources.\(name)_yaml) to BuiltinThemes.files.")
    }
    #expect(Set(files.map { String($0.dropLast(5)) }) == Set(ThemeLibrary.slugs))
    #expect(ThemeLibrary.builtin.map(\.slug) == ThemeLibrary.slugs)
    for slug in ThemeLibrary.slugs {
      let text = try String(contentsOf: folder.appending(path: "\(slug).yaml"), encoding: .utf8)
      #expect(ThemeLibrary.source(slug) == text)
      #expect(ThemeLibrary.check(text) == [])
    }
    let variants = ThemeLibrary.builtin.map(\.isDark)
    #expect(variants.contains(true) && variants.contains(false))
    #expect(Set(ThemeLibrary.builtin.map(\.name)).count == ThemeLibrary.builtin.count)
  }

  @Test("Our own show every role on each of its grounds: text at 4.5 to 1, marks at 3", arguments: ThemeLibrary.slugs)
  func contrast(slug: String) throws {
    let theme = try #require(ThemeLibrary.builtin.first { $0.slug == slug })
    expectReadable(theme)
  }

  @Test("Those of high contrast reach 7 to 1 for text", arguments: ["flightdeck-contrast", "noon"])
  func highContrast(slug: String) throws {
    let theme = try #require(ThemeLibrary.builtin.first { $0.slug == slug })
    for entry in theme.legibility where entry.role.use == .text && entry.ground.name != "its own ground" {
      #expect(entry.ratio >= 7, "\(entry.role) on \(entry.ground.name)")
    }
  }

  @Test("A scheme with hardly any contrast is still made readable")
  func anySchemeIsReadable() throws {
    var text = "system: base16\nname: Fog\nvariant: dark\npalette:\n"
    for (place, name) in Palette.names.prefix(16).enumerated() {
      text += "  \(name): \"3\(place % 10)4\(place % 10)50\"\n"
    }
    expectReadable(try ThemeLibrary.parse(text, slug: "fog"))
  }

  @Test("Sixteen colours drawn by lot are made readable, whatever they are", arguments: 1...4)
  func random(seed: Int) {
    var random = Seeded(UInt64(seed))
    for _ in 0..<40 {
      let colors = (0..<16).map { _ in RGB(UInt32.random(in: 0...0xFFFFFF, using: &random)) }
      let palette = Palette(colors: colors, isDark: colors[0].luminance < 0.4)
      let theme = Theme(slug: "any", name: "Any", isDark: palette.isDark, style: palette.style(for:))
      expectReadable(theme)
    }
  }

  private func expectReadable(_ theme: Theme) {
    for entry in theme.legibility {
      #expect(
        entry.isEnough,
        "\(theme.slug): \(entry.role) on \(entry.ground.name) has \(Theme.ratio(entry.ratio)), needs \(entry.needed)")
    }
    // Each ground a role has to show on is a colour, so that nothing was left out above.
    #expect(Set(theme.legibility.map(\.role)).count == Role.allCases.count - 1)
  }

  @Test(
    "A bad theme names the key, the line and the nearest known",
    arguments: [
      ("system: base16\nname: X\npalete: {}", "Unknown key \"palete\". Did you mean \"palette\"?"),
      ("system: base16\nvariant: drak", "must be dark or light"), ("name: X\nname: Y", "is there twice"),
      ("system: base16\nroles:\n  runFaild: base08\n", "Did you mean \"runFailed\"?"),
      ("system: base99", "base16 or base24"), ("name: X", "\"palette\" is missing"), ("- a\n- b", "mapping"),
      ("name: X\na: [", "This is not YAML"), ("roles:\n  runFailed: red\n", "\"runFailed\" must be a colour"),
      ("roles:\n  runFailed: {blod: true}\n", "Did you mean \"bold\"?"),
    ])
  func issues(text: String, word: String) {
    var whole = text
    if text.contains("roles:") || text.contains("variant") {
      if !whole.hasSuffix("\n") { whole += "\n" }
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
