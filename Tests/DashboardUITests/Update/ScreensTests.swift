import RunModel
import Testing
import TerminalKit

@testable import DashboardUI

@Suite struct ScreensTests {
  private let size = Size(width: 120, height: 40)

  @Test(
    "1 to 5 go to the screens, from each of them",
    arguments: zip(["1", "2", "3", "4", "5"], [Screen.runs, .runtimes, .queue, .audit, .pulse]))
  func numbers(key: String, screen: Screen) {
    for from in ["1", "2", "3", "4", "5"] {
      var state = Sample.state(size)
      state.press(from, key)
      #expect(state.screen == screen)
      #expect(state.tabSpans.first(where: \.isActive)?.text.hasPrefix(key) == true)
    }
  }

  @Test("tab and shift-tab go round the screens")
  func round() {
    var state = Sample.state(size)
    var seen: [Screen] = []
    for _ in 0..<6 {
      seen.append(state.screen)
      state.press("tab")
    }
    #expect(seen == [.runs, .runtimes, .queue, .audit, .pulse, .runs])
    state.press("shift-tab", "shift-tab")
    #expect(state.screen == .pulse)
  }

  @Test("esc and q lead from every page back to the runs", arguments: ["2", "3", "4", "5"], ["esc", "q"])
  func back(page: String, key: String) {
    var state = Sample.state(size)
    state.press(page, key)
    #expect(state.screen == .runs)
    #expect(state.layers.isEmpty)
  }

  @Test("Every page can be named from outside", arguments: ["queue", "audit", "pulse"])
  func destination(name: String) throws {
    var state = Sample.state(size)
    _ = try state.go(to: Destination(name))
    #expect(state.screen != .runs)
    #expect(state.paletteEntries(name).first?.name == name)
  }
}
