import TerminalKit

@testable import DashboardUI

let themeScreens: [(name: String, make: @Sendable (Size) -> DashboardState)] = [
  (
    "themes",
    { size in
      var state = Sample.state(size)
      state.press(":")
      state.type("theme ")
      state.press("down", "down")
      return state
    }
  ),
  (
    "themes-none",
    { size in
      var state = Sample.state(size)
      state.press(":")
      state.type("theme nothing like it")
      return state
    }
  ),
]
