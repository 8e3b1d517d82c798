import RunModel
import Testing
import TerminalKit

@testable import DashboardUI

@Suite("Rows that need someone stay in sight") struct RowsInSightTests {
  /// Ten runs, eight rows.
  private let size = Size(width: 80, height: 12)

  @Test("A run that asks while another is open stands above it afterwards, in sight")
  func whileOpen() throws {
    var state = Sample.state(size)
    _ = state.update(.events([Sample.event(1500, .resolved, Sample.id(4), 0, ["attentionId": "q1", "answer": "no"])]))
    state.press("g")
    _ = state.update(.tick(Sample.now + .seconds(5)))
    state.press("g", "enter")
    let open = try #require(state.selection)
    let asking = Sample.id(open == Sample.id(6) ? 5 : 6)
    _ = state.update(.tick(Sample.now + .seconds(10)))
    _ = state.update(
      .events([Sample.event(1501, .attention, asking, 10, ["attentionId": "q2", "question": "Go on?"])]))
    _ = state.update(.tick(Sample.now + .seconds(20)))
    state.press("esc")
    #expect(state.selection == open)
    #expect(state.cursor > 0 && state.top == 0)
    guard case .run(let place)? = state.list.row(0) else {
      Issue.record("no first row")
      return
    }
    #expect(state.board.runs[place].runId == asking)
  }

  @Test("What a small terminal had scrolled out is there again when it grows", arguments: [10, 5])
  func growing(rows: Int) {
    var state = Sample.state(size)
    for _ in 0..<6 { state.press("j") }
    _ = state.update(.input(.resize(Size(width: 40, height: rows))))
    #expect(state.top > 0)
    _ = state.update(.input(.resize(size)))
    #expect(state.top == 0 && state.cursor == 6)
  }

  @Test("Without its filter the list begins at its top again")
  func clearing() {
    var state = Sample.state(size)
    state.press("/")
    state.type("checkout")
    state.press("enter", "j")
    #expect(state.list.visible.count == 1)
    state.press("esc")
    #expect(state.list.visible.count == 10)
    #expect(state.cursor > 0 && state.top == 0)
  }
}
