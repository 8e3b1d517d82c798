import RunModel
import TerminalKit

@testable import DashboardUI

/// The pages beside the runs: Queue, Audit, Pulse and what is opened on them.
let pageScreens: [(name: String, make: @Sendable (Size) -> DashboardState)] = [
  (
    "queue",
    { size in
      var state = Pages.queued(size)
      state.press("3", "j")
      return state
    }
  ),
  (
    "queue-empty",
    { size in
      var state = DashboardState(size: size, now: Sample.now)
      _ = state.update(.link(.live))
      _ = state.update(.snapshot(Snapshot(seq: 0, runs: [], runtimes: Sample.runtimes)))
      state.press("3")
      return state
    }
  ),
  (
    "pulse",
    { size in
      var state = Pages.busy(size)
      state.press("5", "j")
      return state
    }
  ),
  (
    "pulse-blocks",
    { size in
      var state = Pages.busy(size)
      state.press("5", "b", "v")
      _ = state.update(.tick(Sample.now + .seconds(10)))
      return state
    }
  ),
  (
    "pulse-empty",
    { size in
      var state = DashboardState(size: size, now: Sample.now)
      _ = state.update(.link(.live))
      _ = state.update(.snapshot(Snapshot(seq: 0, runs: [], runtimes: [])))
      state.press("5")
      return state
    }
  ),
  (
    "pulse-connecting",
    { size in
      var state = DashboardState(size: size, now: Sample.now)
      state.press("5")
      return state
    }
  ),
  (
    "runtimes-pane",
    { size in
      var state = Pages.busy(size)
      state.press("2", "enter")
      return state
    }
  ),
]

/// States of these pages.
enum Pages {
  /// A quarter of an hour of steady work on two runtimes, always the same.
  static func busy(_ size: Size) -> DashboardState {
    var runs = Sample.runs
    for number in 0..<90 {
      let started = -900 + number * 10
      let took = 20 + number * number % 37
      runs.append(
        Sample.run(100 + number, "Tidy module \(number)") { run in
          run.createdAt = Sample.now + .seconds(started - 15 - number % 4)
          run.startedAt = Sample.now + .seconds(started)
          run.runtimeId = number % 3 == 0 ? "vibe" : "local"
          run.inputTokens = Int64(1000 + 13 * number)
          run.costUSD = 0.01 * Double(number % 7)
          run.status = number % 11 == 5 ? .failed : number % 17 == 3 ? .canceled : .succeeded
          run.reason = run.status == .failed ? "exit 1" : nil
          if started + took < 0 { run.endedAt = Sample.now + .seconds(started + took) } else { run.status = .running }
        })
    }
    var state = DashboardState(size: size, now: Sample.now, directory: "/home/ana/shop")
    _ = state.update(.link(.live))
    _ = state.update(.snapshot(Snapshot(seq: 1000, runs: runs, runtimes: Sample.runtimes)))
    return state
  }

  /// A morning with a long queue: every kind of waiting.
  static func queued(_ size: Size) -> DashboardState {
    var runs = Sample.runs
    let waits: [(String, [String], Int, [String])] = [
      ("Rotate the signing keys", ["approval pending"], 300, ["security"]),
      ("Drop the legacy tables", ["approval pending", "GH-88"], 100, ["database"]),
      ("Shrink the container image", ["a slot on local"], 90, ["backend"]),
      ("Explain the queue in the handbook", ["a2a-web to be healthy again"], 80, ["docs"]),
      ("Add a test for the 日本 importer", [], 40, ["test"]),
    ]
    for (offset, wait) in waits.enumerated() {
      runs.append(
        Sample.run(11 + offset, wait.0) { run in
          run.waitsFor = wait.1
          run.priority = wait.2
          run.labels = wait.3
          run.createdAt = Sample.start + .seconds(300 * offset)
          run.pin = offset == 2 ? "local" : offset == 3 ? "a2a-web" : nil
        })
    }
    var state = DashboardState(size: size, now: Sample.now, directory: "/home/ana/shop")
    _ = state.update(.link(.live))
    _ = state.update(.snapshot(Snapshot(seq: 1000, runs: runs, runtimes: Sample.runtimes)))
    return state
  }
}
