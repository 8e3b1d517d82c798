import RunModel
import TerminalKit

@testable import DashboardUI

extension Sample {
  /// The sample's runs as two batches with labels, one of them silent for long.
  static func batches(_ size: Size) -> DashboardState {
    var state = DashboardState(size: size, now: now, directory: "/home/ana/shop")
    let runs = runs.enumerated().map { place, run in
      var run = run
      run.batch = place < 4 ? id(1) : place < 7 ? id(5) : nil
      run.labels = [["backend", "p1"], ["frontend"], []][place % 3]
      run.externalRef = place % 2 == 0 ? "GH-\(100 + place)" : nil
      run.lastEventAt = now + .seconds(place == 4 ? -312 : -9)
      return run
    }
    _ = state.update(.link(.live))
    _ = state.update(.snapshot(Snapshot(seq: 1000, runs: runs, runtimes: runtimes)))
    return state
  }
}

let runsScreens: [(name: String, make: @Sendable (Size) -> DashboardState)] = [
  (
    "runs-grouped",
    { size in
      var state = Sample.batches(size)
      state.type("bbb")
      state.press("G", "left", "left", "k")
      return state
    }
  ),
  (
    "runs-grouped-status",
    { size in
      var state = Sample.batches(size)
      state.type(":group status")
      state.press("enter", "g", "j", "j", "space", "G", "left")
      return state
    }
  ),
  (
    "runs-wide",
    { size in
      var state = Sample.batches(size)
      state.press("W", "right", "right")
      return state
    }
  ),
  (
    "runs-columns",
    { size in
      var state = Sample.batches(size)
      state.press("C", "j", "j", "space", "j", "J", "+", "+")
      return state
    }
  ),
  (
    "runs-columns-chosen",
    { size in
      var state = Sample.batches(size)
      state.type(":columns run,reference,title,labels,priority,activity,created,branch:12")
      state.press("enter")
      return state
    }
  ),
  (
    "runs-views",
    { size in
      var state = Sample.batches(size)
      state.type("/status:failed")
      state.press("enter", "S", "s")
      state.type("Failures")
      state.press("enter", "esc", "esc", "b", "S", "s")
      state.type("By runtime")
      state.press("enter", "d")
      return state
    }
  ),
  (
    "runs-completing",
    { size in
      var state = Sample.batches(size)
      state.type("/is:live status:")
      state.press("tab", "tab")
      return state
    }
  ),
  (
    "runs-stalled",
    { size in
      var state = Sample.batches(size)
      state.type("/is:stalled")
      state.press("enter")
      return state
    }
  ),
]
