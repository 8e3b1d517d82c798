import RunModel
import Testing
import TerminalKit

@testable import DashboardUI

@Suite struct TourTests {
  @Test(
    "Who does what the tour says comes to its end",
    arguments: [Size(width: 80, height: 24), Size(width: 200, height: 50)])
  func whole(size: Size) {
    var state = Sample.state(size)
    state.toggleTour()
    let ways: [(Tour.Step, [String])] = [
      (.move, ["j", "k"]), (.answer, ["g", "a", "enter"]), (.open, ["enter"]), (.tabs, ["tab"]), (.diff, ["d"]),
      (.back, ["esc"]), (.cancel, ["j", "x", "x"]), (.filter, ["/", "a", "enter", "esc"]), (.pages, ["2", "1"]),
      (.dispatch, ["D", "esc"]), (.help, ["?", "esc"]),
    ]
    #expect(ways.map(\.0) == Tour.Step.allCases)
    for (step, keys) in ways {
      #expect(state.tour?.step == step)
      #expect(drawDashboard(state).text.contains("Tour \(step.rawValue + 1) of \(Tour.Step.allCases.count)"))
      for key in keys { state.press(key) }
    }
    #expect(state.tour == nil)
    #expect(state.toasts.last?.text.contains("That was the tour") == true)
  }

  @Test("It may begin before the runs have come")
  func early() {
    var state = DashboardState(size: Size(width: 120, height: 40), now: Sample.now)
    state.toggleTour()
    _ = state.update(.link(.live))
    _ = state.update(.snapshot(Snapshot(seq: 900, runs: Sample.runs, runtimes: Sample.runtimes)))
    #expect(state.tour?.step == .move)
    state.press("j")
    #expect(state.tour?.step == .answer)
  }

  @Test("Every step fits its strip on the smallest screen that shows it")
  func fits() {
    var state = Sample.state(Size(width: 80, height: 24))
    state.toggleTour()
    while let tour = state.tour {
      let words = tour.text(isDemo: false).replacing("`", with: "")
      let text = drawDashboard(state).text.split(separator: "\n").suffix(4).joined(separator: " ")
      for word in words.split(separator: " ") { #expect(text.contains(word), "\(tour.step): \(word)") }
      state.press("ctrl-n")
    }
  }

  @Test("The palette begins the tour and ends it")
  func palette() {
    var state = Sample.state(Size(width: 120, height: 40))
    for _ in 0..<2 {
      let before = state.tour == nil
      state.press(":")
      state.type("tour")
      state.press("enter")
      #expect((state.tour == nil) != before)
    }
  }
}
