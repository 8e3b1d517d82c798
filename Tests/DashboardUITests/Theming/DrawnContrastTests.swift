import RunModel
import TerminalKit
import Testing

@testable import DashboardUI

/// Every screen in a dark, a light and a colourless theme, cell by cell: what is drawn can be read, whatever lies under it.
@Suite struct DrawnContrastTests {
  /// Lines, tracks and shades: what they part says the same without them.
  private static let decoration = Set("─│╭╮╰╯├┤┬┴┼━┃░▒·┄┈╌═".map(String.init))

  private struct Pair: Hashable {
    var style: Style
    var needed: Double
  }

  private static func screens() -> [(String, DashboardState)] {
    ScreenSnapshotTests.screens.flatMap { screen in
      ScreenSnapshotTests.sizes.map { ("\(screen.name) \($0.width)×\($0.height)", screen.make($0)) }
    }
  }

  @Test("Text has 4.5 to 1 and marks 3 to 1 against what is under them", arguments: ["flightdeck-dark", "cirrus"])
  func readable(slug: String) throws {
    let theme = try #require(ThemeLibrary.builtin.first { $0.slug == slug })
    var known: [Pair: Double] = [:]
    for (name, made) in Self.screens() {
      var state = made
      state.themes = ThemeLibrary.builtin
      _ = state.update(.setTheme(theme))
      state.toasts = made.toasts
      var bad: [String: Double] = [:]
      for cell in drawDashboard(state).cells where cell.width > 0 && cell.text != " " {
        guard !Self.decoration.contains(cell.text) else { continue }
        let isText = cell.text.unicodeScalars.contains { $0.properties.isAlphabetic || $0.value < 0x80 }
        let pair = Pair(style: cell.style, needed: isText ? 4.5 : 3)
        let ratio =
          known[pair]
          ?? {
            guard let ink = RGB(cell.style.foreground), let ground = RGB(cell.style.background) else { return 0 }
            return ink.contrast(with: ground)
          }()
        known[pair] = ratio
        if ratio < pair.needed { bad["\(cell.text) \(cell.style.foreground) on \(cell.style.background)"] = ratio }
      }
      #expect(bad.isEmpty, "\(name)")
    }
    #expect(known.count > 30)
  }

  @Test("Without colours nothing has one, and the row under the cursor differs by a mark and by its attributes")
  func colorless() {
    for (name, made) in Self.screens() {
      var state = made
      state.isColorless = true
      state.setUpTheme(ThemeSetting(), groundIsLight: false)
      if case .themes = state.layers.last { continue }
      let frame = drawDashboard(state)
      #expect(
        frame.cells.allSatisfy { $0.style.foreground == .terminalDefault && $0.style.background == .terminalDefault },
        "\(name)")
      guard state.layers.isEmpty, state.screen == .runs || state.screen == .runtimes, !state.board.runs.isEmpty else {
        continue
      }
      for y in 2..<(frame.size.height - 1) where frame[0, y].text == "▌" {
        let next = y + 1
        #expect(frame[4, y].style.attributes.contains(.reverse), "\(name), row \(y)")
        if frame[0, next].text == " " {
          #expect(!frame[4, next].style.attributes.contains(.reverse), "\(name), row \(next)")
        }
      }
    }
  }

  @Test("Each sign that is drawn has a form of its own in ASCII")
  func glyphs() {
    var missing: [String: String] = [:]
    for (name, state) in Self.screens() {
      for cell in drawDashboard(state).cells where cell.width == 1 && cell.text.utf8.contains(where: { $0 >= 0x80 }) {
        if asciiFallback(cell.text) == "?" { missing[cell.text] = name }
      }
    }
    #expect(missing.isEmpty, "Give them a form in TerminalKit's ASCIIFallback.")
  }

  @Test("In ASCII alone every screen is readable: no soup of question marks")
  func ascii() {
    for (name, made) in Self.screens() {
      var state = made
      state.asciiOnly = true
      let frame = drawDashboard(state)
      #expect(frame.text.utf8.allSatisfy { $0 < 0x80 }, "\(name)")
      state.asciiOnly = false
      let whole = drawDashboard(state)
      // Only what has no form in ASCII at all, wide characters, is a question mark that was none.
      let soup = zip(frame.cells, whole.cells).filter { $0.text == "?" && $1.text != "?" && $1.width == 1 }
      #expect(soup.isEmpty, "\(name): \(soup.map(\.1.text))")
    }
  }
}
