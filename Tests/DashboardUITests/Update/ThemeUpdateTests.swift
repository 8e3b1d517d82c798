import RunModel
import TerminalKit
import Testing

@testable import DashboardUI

@Suite struct ThemeUpdateTests {
  private static func state(_ preferences: Preferences = Preferences()) -> DashboardState {
    var state = DashboardState(size: Size(width: 100, height: 30), now: Sample.now, preferences: preferences)
    state.setUpTheme(ThemeSetting(), groundIsLight: false)
    return state
  }

  private static func kept(_ effects: [Effect]) -> Preferences? {
    for case .keep(let preferences) in effects { return preferences }
    return nil
  }

  @Test("T takes the next theme on, and remembers it for the next sitting")
  func next() throws {
    var state = Self.state()
    #expect(state.theme.slug == "flightdeck-dark")
    let kept = try #require(Self.kept(state.press("T")))
    #expect(state.theme.slug == ThemeLibrary.slugs[1])
    let json = try JSONValue(
      parsing: String(
        decoding: {
          var json = JSONWriter(); kept.write(to: &json); return json.bytes
        }(), as: UTF8.self))
    #expect(Self.state(Preferences(json: json)).theme.slug == ThemeLibrary.slugs[1])
  }

  @Test("A configuration that was changed since goes before the choice")
  func configurationWins() {
    var preferences = Preferences()
    preferences.theme = "noon"
    preferences.themeOver = ThemeSetting().fingerprint
    var state = Self.state(preferences)
    #expect(state.theme.slug == "noon")
    state.setUpTheme(ThemeSetting("hangar"), groundIsLight: false)
    #expect(state.theme.slug == "hangar")
  }

  @Test("The terminal's ground chooses between dark and light, early or late, unless a person chose")
  func ground() {
    var state = Self.state()
    state.setUpTheme(ThemeSetting(dark: "altitude", light: "cirrus"), groundIsLight: true)
    #expect(state.theme.slug == "cirrus")
    #expect(state.update(.input(.background(0x101010))).isEmpty)
    #expect(state.theme.slug == "altitude")
    _ = state.update(.input(.background(0xFAFAFA)))
    #expect(state.theme.slug == "cirrus")
    state.press("T")
    let chosen = state.theme.slug
    _ = state.update(.input(.background(0x000000)))
    #expect(state.theme.slug == chosen)
  }

  @Test("The name is shown while one moves in :theme; esc goes back, enter keeps")
  func picker() throws {
    var state = Self.state()
    state.press(":")
    state.type("theme")
    #expect(state.press("enter").isEmpty)
    let first = state.theme
    state.press("down")
    #expect(state.theme.slug == ThemeLibrary.slugs[1])
    state.press("down", "down")
    #expect(state.theme.slug == ThemeLibrary.slugs[3])
    #expect(Self.kept(state.press("esc")) == nil)
    #expect(state.theme == first && state.layers.isEmpty)
    state.press(":")
    state.type("theme hang")
    #expect(state.theme.slug == "hangar")
    let kept = try #require(Self.kept(state.press("enter")))
    #expect(kept.theme == "hangar" && state.theme.slug == "hangar" && state.layers.isEmpty)
    // Back to what the configuration says.
    state.press(":")
    state.type("theme auto")
    #expect(Self.kept(state.press("enter"))?.theme == nil)
    #expect(state.theme.slug == "flightdeck-dark")
    // Nothing by that name: enter changes nothing.
    state.press(":")
    state.type("theme zzz")
    state.press("enter")
    #expect(state.theme.slug == "flightdeck-dark" && state.layers.isEmpty)
  }

  private static func own(_ color: String, slug: String = "mine") throws -> Theme {
    let source = try #require(ThemeLibrary.source("flightdeck-dark"))
    return try ThemeLibrary.parse(source.replacing("#14171c", with: color), slug: slug)
  }

  @Test("A file that changes is shown at once; a broken one leaves the theme and says which line is wrong")
  func hotReload() throws {
    let one = try Self.own("#101010")
    let two = try Self.own("#202020")
    var state = Self.state()
    _ = state.update(.themes(ThemeLibrary.builtin + [one], broken: []))
    #expect(state.toasts.last?.text.contains("New theme") == true)
    state.press(":")
    state.type("theme mine")
    state.press("enter")
    #expect(state.theme == one)
    _ = state.update(.themes(ThemeLibrary.builtin + [two], broken: []))
    #expect(state.theme == two)
    let fault = ThemeFault(slug: "mine", text: "The theme \"mine\": line 7: Unknown key \"plaette\".")
    _ = state.update(.themes(ThemeLibrary.builtin, broken: [fault]))
    #expect(state.theme == two && state.themes.contains(two))
    #expect(state.toasts.last?.kind == .bad && state.toasts.last?.text.contains("line 7") == true)
    _ = state.update(.themes(ThemeLibrary.builtin, broken: []))
    #expect(state.theme.slug == "flightdeck-dark")
  }

  @Test("A file that changes while one chooses changes what is shown and what esc goes back to")
  func reloadWhileChoosing() throws {
    let one = try Self.own("#101010", slug: "flightdeck-dark")
    var state = Self.state()
    state.press(":")
    state.type("theme noon")
    _ = state.update(.themes([one] + ThemeLibrary.builtin.dropFirst(), broken: []))
    #expect(state.theme.slug == "noon")
    state.press("esc")
    #expect(state.theme == one)
  }

  @Test("On a terminal without colours themes are refused with a word, and nothing loses its attributes")
  func colorless() {
    var state = Self.state()
    state.isColorless = true
    state.setUpTheme(ThemeSetting("noon"), groundIsLight: true)
    #expect(state.theme == .monochrome)
    state.press("T")
    #expect(state.theme == .monochrome && state.toasts.last?.text.contains("no colours") == true)
    state.press(":")
    state.type("theme ")
    #expect(state.layers.isEmpty)
    _ = state.update(.input(.background(0xFFFFFF)))
    _ = state.update(.themes(ThemeLibrary.builtin, broken: []))
    #expect(state.theme == .monochrome)
  }

  @Test(
    "COLORFGBG tells light from dark",
    arguments: [
      ("15;0", false), ("0;15", true), ("0;default;15", true), ("12;8", false), ("0;7", true), ("7;default", nil),
      ("", nil), (nil, nil), ("0;99", nil),
    ] as [(String?, Bool?)])
  func environment(value: String?, isLight: Bool?) { #expect(TerminalGround.isLight(environment: value) == isLight) }
}
