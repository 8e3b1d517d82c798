import RunModel
import Testing
import TerminalKit

@testable import DashboardUI

@Suite struct PulseScreenTests {
  private let size = Size(width: 120, height: 40)

  @Test("Arrows and + - turn the window, which is remembered")
  func windows() {
    var state = Sample.state(size)
    state.press("5")
    #expect(state.pulse.window == .quarter)
    let effects = state.press("right", "-")
    #expect(state.pulse.window == .sixHours)
    guard case .keep(let preferences)? = effects.last else {
      Issue.record("not kept")
      return
    }
    #expect(DashboardState(size: size, now: Sample.now, preferences: preferences).pulse.window == .sixHours)
    state.press("left", "+", "+", "+")
    #expect(state.pulse.window == .fiveMinutes)
    #expect(state.pulse.picture.succeeded.count == 60)
  }

  @Test("j and k move in the timeline, enter opens, Y copies")
  func rows() {
    var state = Sample.state(size)
    state.press("5", "j", "j", "k")
    #expect(state.pulse.cursor == 1)
    let run = state.pulse.rows[1]
    guard case .copy(let text)? = state.press("Y").first else {
      Issue.record("nothing copied")
      return
    }
    #expect(text == run.description)
    state.press("enter")
    #expect(state.open?.id == run)
    state.press("esc")
    #expect(state.screen == .pulse)
  }

  @Test("v turns through charts and timeline, charts alone, timeline alone")
  func parts() {
    var state = Sample.state(size)
    state.press("5")
    #expect(drawDashboard(state).text.contains("Timeline"))
    state.press("v")
    #expect(!drawDashboard(state).text.contains("Timeline"))
    #expect(drawDashboard(state).text.contains("Tokens/min") || drawDashboard(state).text.contains("Cost/min"))
    state.press("v")
    #expect(!drawDashboard(state).text.contains("Ended/min"))
  }

  @Test("b turns the style; with ASCII alone it stays")
  func style() {
    var state = Sample.state(size)
    state.press("5")
    #expect(state.chartStyle == .braille)
    state.press("b")
    #expect(state.chartStyle == .blocks)
    state.asciiOnly = true
    state.press("b")
    #expect(state.chartStyle == .ascii)
    var console = Sample.state(size)
    console.hasBraille = false
    #expect(console.chartStyle == .blocks)
  }

  @Test("The picture moves once a second, and not while nobody looks")
  func pace() {
    var state = Sample.state(size)
    state.press("5")
    let first = state.pulse.picture.end
    _ = state.update(.tick(Sample.now + .milliseconds(900)))
    #expect(state.pulse.picture.end == first)
    _ = state.update(.tick(Sample.now + .milliseconds(1100)))
    #expect(state.pulse.picture.end == Sample.now + .milliseconds(1100))
    state.press("1")
    _ = state.update(.tick(Sample.now + .seconds(60)))
    #expect(state.pulse.picture.end == Sample.now + .milliseconds(1100))
  }

  @Test("A click chooses a window or a run, a double click opens it")
  func mouse() throws {
    var state = Sample.state(size)
    state.press("5")
    let hour = try #require(state.windowSpans.first { $0.window == .hour })
    _ = state.update(.input(.mouse(Input.Mouse(.press, at: Point(x: hour.x + 1, y: state.layout.body.y)))))
    #expect(state.pulse.window == .hour)
    let at = Point(x: 10, y: state.timelineRows.y + 2)
    _ = state.update(.input(.mouse(Input.Mouse(.press, at: at))))
    #expect(state.pulse.cursor == 2)
    _ = state.update(.input(.mouse(Input.Mouse(.doubleClick, at: at))))
    #expect(state.open?.id == state.pulse.rows[2])
  }
}
