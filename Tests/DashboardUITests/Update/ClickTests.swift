import RunModel
import Testing
import TerminalKit

@testable import DashboardUI

@Suite struct ClickTests {
  /// Clicks on the first place where a text stands.
  private func click(_ text: String, _ state: inout DashboardState, row: ((Int) -> Bool) = { _ in true }) throws
    -> [Effect]
  {
    let frame = drawDashboard(state)
    for y in 0..<frame.size.height where row(y) {
      let line = (0..<frame.size.width).map { frame[$0, y].text.isEmpty ? "" : frame[$0, y].text }
      for x in line.indices where line[x...].joined().hasPrefix(text) {
        return state.update(.input(.mouse(.init(.press, at: Point(x: x + 1, y: y)))))
      }
    }
    throw Problem(.notFound, "\(text) is not on the screen:\n\(frame.text)")
  }

  @Test("Footer hints are buttons")
  func footer() throws {
    var state = Sample.state(Size(width: 120, height: 40))
    _ = try click("? help", &state) { $0 == 39 }
    guard case .help? = state.layers.last else {
      Issue.record("no help")
      return
    }
    _ = try click("esc close", &state) { $0 == 39 }
    #expect(state.layers.isEmpty)
  }

  @Test("Buttons of dialogs are pressed with a click, and a click beside them does nothing")
  func dialogs() throws {
    var state = Sample.state(Size(width: 120, height: 40))
    state.press("x")
    #expect(state.update(.input(.mouse(.init(.press, at: Point(x: 2, y: 5))))).isEmpty)
    #expect(state.layers.count == 1)
    _ = try click("esc  let it run", &state)
    #expect(state.layers.isEmpty)
    state.press("x")
    let effects = try click("x  cancel the run", &state)
    guard case .cancel? = effects.first else {
      Issue.record("\(effects)")
      return
    }
  }

  @Test("An option is chosen with a click and given with a double click")
  func options() throws {
    var state = Sample.state(Size(width: 120, height: 40))
    state.press("a")
    #expect(try click("keep it as a backup", &state) { $0 > 8 && $0 < 30 }.isEmpty)
    guard case .answer(let dialog)? = state.layers.last else {
      Issue.record("no question")
      return
    }
    #expect(dialog.cursor == 1)
  }

  @Test("A command of the palette is done with a click")
  func palette() throws {
    var state = Sample.state(Size(width: 120, height: 40))
    state.type(":redr")
    let effects = try click("redraw", &state) { $0 > 30 && $0 < 38 }
    guard case .redraw? = effects.first else {
      Issue.record("\(effects)")
      return
    }
  }

  @Test("A message goes when it is clicked")
  func toasts() throws {
    var state = Sample.state(Size(width: 120, height: 40))
    _ = state.update(.note("Something to read"))
    _ = try click("Something to read", &state)
    #expect(state.toasts.isEmpty)
  }

  @Test("The wheel scrolls what is in front")
  func wheel() {
    var state = Sample.state(Size(width: 80, height: 24))
    state.press("?")
    _ = state.update(.input(.mouse(.init(.wheelDown, at: Point(x: 10, y: 10)))))
    guard case .help(let top)? = state.layers.last else {
      Issue.record("no help")
      return
    }
    #expect(top > 0)
  }
}
