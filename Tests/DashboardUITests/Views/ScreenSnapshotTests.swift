import Foundation
import RunModel
import Testing
import TerminalKit

@testable import DashboardUI

/// Every screen as text at three sizes, held to the files in `Snapshots/`. `RECORD_SNAPSHOTS=1` writes them anew, and
/// fails, so that nobody records by accident.
@Suite struct ScreenSnapshotTests {
  static let sizes = [Size(width: 80, height: 24), Size(width: 120, height: 40), Size(width: 200, height: 50)]

  typealias Screens = [(name: String, make: @Sendable (Size) -> DashboardState)]

  /// All of them: each feature has its own list, in a file of its own.
  static let screens: Screens =
    common + pageScreens + runsScreens + runTabScreens + themeScreens + dispatchScreens + diffScreens
    + answerScreens

  private static let common: Screens = [
    ("runs", { Sample.state($0) }),
    (
      "runs-marked",
      { size in
        var state = Sample.state(size)
        state.press("j", "space", "space", "j")
        return state
      }
    ),
    (
      "runs-filtering",
      { size in
        var state = Sample.state(size)
        state.press("/")
        state.type("status:running ad")
        return state
      }
    ),
    (
      "empty",
      { size in
        var state = DashboardState(size: size, now: Sample.now)
        _ = state.update(.link(.live))
        _ = state.update(.snapshot(Snapshot(seq: 0, runs: [], runtimes: [])))
        return state
      }
    ),
    ("connecting", { DashboardState(size: $0, now: Sample.now) }),
    (
      "lost",
      { size in
        var state = Sample.state(size)
        _ = state.update(.link(.lost(since: Sample.now + .seconds(-12), nextTry: Sample.now + .seconds(3))))
        return state
      }
    ),
    (
      "outage",
      { size in
        var state = Sample.state(size)
        _ = state.update(.outage(Sample.outage))
        return state
      }
    ),
    (
      "cancel",
      { size in
        var state = Sample.state(size)
        state.press("j", "space", "space", "G", "space", "x")
        return state
      }
    ),
    (
      "answer",
      { size in
        var state = Sample.state(size)
        state.press("a", "down")
        return state
      }
    ),
    (
      "retry",
      { size in
        var state = Sample.state(size)
        state.press("G", "r")
        return state
      }
    ),
    (
      "quit",
      { size in
        var state = Sample.state(size)
        state.press("q")
        return state
      }
    ),
    (
      "palette",
      { size in
        var state = Sample.state(size)
        state.press(":", "r", "e")
        return state
      }
    ),
    (
      "help",
      { size in
        var state = Sample.state(size)
        state.press("?")
        return state
      }
    ),
    (
      "toasts",
      { size in
        var state = Sample.state(size)
        _ = state.update(.saved(path: "/home/ana/flightdeck.txt"))
        _ = state.update(.failed(Problem(.conflict, "The run has ended already."), .cancel(Sample.id(1))))
        return state
      }
    ),
    ("overview", { Sample.opened($0, .overview) }),
    (
      "overview-canceled",
      { size in
        var state = Sample.state(size)
        state.openRun(Sample.id(3), .overview)
        return state
      }
    ),
    ("events", { Sample.opened($0, .events) }),
    ("files", { Sample.opened($0, .files) }),
    ("diff", { Sample.opened($0, .diff) }),
    ("commands", { Sample.opened($0, .commands) }),
    ("tests", { Sample.opened($0, .tests) }),
    ("handoff", { Sample.opened($0, .handoff) }),
    (
      "runtimes",
      { size in
        var state = Sample.state(size)
        state.press("2")
        return state
      }
    ),
    ("dispatch", { size in Self.form(size) }),
    (
      "dispatch-review",
      { size in
        var state = Self.form(size)
        state.press("ctrl-d")
        _ = state.update(.dryRun(generation: state.form.generation, state.form.outcomes))
        return state
      }
    ),
  ]

  static func form(_ size: Size) -> DashboardState {
    var state = Sample.state(size)
    state.press("D")
    state.type("Fix the login test")
    state.press("tab")
    state.type("It fails on Sundays.")
    state.focus(.needs)
    state.press("right", "space")
    let outcome = DispatchOutcome(
      title: "Fix the login test", runtimeId: "vibe",
      decision: RoutingDecision(
        runtimeId: "vibe",
        considered: [
          .init(runtimeId: "local", eligible: false, reasons: ["canCreatePR is false"]),
          .init(runtimeId: "vibe", eligible: true, reasons: ["most free slots (6 of 8)"]),
          .init(runtimeId: "a2a-web", eligible: false, reasons: ["degraded: answers took 9 s"]),
        ]))
    _ = state.update(.dryRun(generation: state.form.generation, [outcome]))
    return state
  }

  @Test("Every screen looks as recorded", arguments: screens.map(\.name), sizes)
  func matches(name: String, size: Size) throws {
    let make = try #require(Self.screens.first { $0.name == name }?.make)
    var state = make(size)
    _ = state.update(.tick(Sample.now))
    let frame = drawDashboard(state)
    let text = frame.text + "\n"
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Snapshots/\(name)-\(size.width)x\(size.height).txt")
    if ProcessInfo.processInfo.environment["RECORD_SNAPSHOTS"] != nil {
      try text.write(to: file, atomically: true, encoding: .utf8)
      Issue.record("Recorded \(file.lastPathComponent); look at it and run again without RECORD_SNAPSHOTS.")
      return
    }
    let known = try String(contentsOf: file, encoding: .utf8)
    #expect(text == known, "\(file.lastPathComponent) differs; it now looks like this:\n\(text)")
  }
}
