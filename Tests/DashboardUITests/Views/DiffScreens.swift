import RunModel
import TerminalKit

@testable import DashboardUI

/// The diff tab in its states.
let diffScreens: [(name: String, make: @Sendable (Size) -> DashboardState)] = [
  ("diff-unified", { DiffSample.opened($0) }),
  (
    "diff-two-sides",
    { size in
      var state = DiffSample.opened(size)
      state.press("|")
      return state
    }
  ),
  (
    "diff-folded",
    { size in
      var state = DiffSample.opened(size)
      state.press("space", "g")
      return state
    }
  ),
  ("diff-odd", { DiffSample.opened($0, DiffSample.odd) }),
  (
    "diff-wrapped",
    { size in
      var state = DiffSample.opened(
        size,
        Array(
          ("diff --git a/long.txt b/long.txt\n--- a/long.txt\n+++ b/long.txt\n@@ -1,2 +1,2 @@\n same\n-"
            + String(repeating: "word 漢字 ", count: 40) + "\n+" + String(repeating: "word 漢字 ", count: 39) + "end\n")
            .utf8))
      state.press("w")
      return state
    }
  ),
  (
    "diff-search",
    { size in
      var state = DiffSample.opened(size)
      state.press("/")
      state.type("capacity")
      state.press("enter", "n")
      return state
    }
  ),
  (
    "diff-comments",
    { size in
      var state = DiffSample.opened(size)
      state.press("}", "j", "j", "j", "j", "j", "j", "j", "c")
      state.type("Why 250? Say where the number comes from,")
      _ = state.update(.input(.key(.alt("\r"))))
      state.type("and what happens past it.")
      state.press("enter", "j", "j", "j", "j", "j", "v", "j", "j", "c")
      state.type("Return early instead")
      return state
    }
  ),
  (
    "diff-review",
    { size in
      var state = DiffSample.opened(size)
      state.press("}", "j", "j", "j", "j", "j", "j", "j", "c")
      state.type("Why 250?")
      state.press("enter", "G", "c")
      state.type("Export the type as well, please")
      state.press("enter", "S")
      return state
    }
  ),
]
