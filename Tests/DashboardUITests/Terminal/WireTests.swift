import RunModel
import TestSupport
import Testing

@testable import DashboardUI
@testable import TerminalKit

/// What goes over a slow line: the bytes that bring a terminal of 24-bit colour from one frame to the next.
@Suite(.serialized) struct WireTests {
  static let size = Size(width: 200, height: 50)

  /// A home screen that is full to its last row.
  static func busy() -> DashboardState {
    let titles = Sample.runs.map(\.title)
    let runs = (1...90).map { number in
      Sample.run(number, "\(titles[number % titles.count]), part \(number)") { run in
        run.runtimeId = number % 3 == 0 ? "local" : "vibe"
        run.startedAt = Sample.start + .seconds(number)
        run.status = [.running, .running, .running, .queued, .succeeded, .failed, .canceled][number % 7]
        run.progress = Double(number) / 90
        run.progressKnown = number % 4 != 0
        run.filesChanged = number
        run.added = number * 13
        run.removed = number * 3
        run.testsTotal = 40
        run.testsPassed = number % 41
        if run.status.isTerminal { run.endedAt = Sample.start + .seconds(number + 300) }
        if number == 4 {
          run.attention = Attention(
            attentionId: "q1", question: "Drop the old table?", options: ["yes", "no"], since: Sample.start)
        }
      }
    }
    var state = DashboardState(size: size, now: Sample.now)
    _ = state.update(.link(.live))
    _ = state.update(.snapshot(Snapshot(seq: 1000, runs: runs, runtimes: Sample.runtimes)))
    if let run = state.openRun { _ = state.update(.backlog(run, Sample.backlog(run))) }
    _ = state.update(.tick(Sample.now))
    return state
  }

  @TerminalActor private static func open() throws -> NcursesScreen {
    let screen = try NcursesScreen.open(
      term: "xterm-256color", wish: .trueColor, isUTF8: true, size: size, environment: { _ in nil })
    _ = screen.enter()
    return screen
  }

  @Test("A full redraw of a busy home screen at 200×50 is at most 25 kB, in any theme")
  @TerminalActor func whole() throws {
    var sizes: [String: Int] = [:]
    for theme in ThemeLibrary.builtin {
      let screen = try Self.open()
      defer { screen.close() }
      var state = Self.busy()
      _ = state.update(.setTheme(theme))
      sizes[theme.slug] = screen.render(drawDashboard(state)).count
    }
    #expect(sizes.values.allSatisfy { $0 > 5000 && $0 <= 25_000 }, "\(sizes)")
  }

  @Test("An ordinary frame is at most 2 kB: a run that goes on, the cursor one row down, the clock")
  @TerminalActor func ordinary() throws {
    let screen = try Self.open()
    defer { screen.close() }
    var state = Self.busy()
    _ = screen.render(drawDashboard(state))
    var sizes: [String: Int] = [:]
    let run = Sample.id(7)
    _ = state.update(
      .events([
        RunEvent(
          seq: 5000, type: .progress, run: run, time: state.now, data: ["progress": 0.71, "message": "4 of 5"])
      ]))
    sizes["progress"] = screen.render(drawDashboard(state)).count
    state.press("down")
    sizes["cursor"] = screen.render(drawDashboard(state)).count
    _ = state.update(.tick(state.now + .milliseconds(100)))
    sizes["nothing"] = screen.render(drawDashboard(state)).count
    _ = state.update(.tick(state.now + .milliseconds(1000)))
    _ = screen.render(drawDashboard(state))
    _ = state.update(.tick(state.now + .milliseconds(1000)))
    sizes["second"] = screen.render(drawDashboard(state)).count
    #expect(sizes.values.allSatisfy { $0 <= 2000 }, "\(sizes)")
    #expect(sizes["nothing"] ?? 1 < 32, "\(sizes)")
    #expect(sizes["progress"] ?? 0 > 0 && sizes["cursor"] ?? 0 > 0, "\(sizes)")
  }
}
