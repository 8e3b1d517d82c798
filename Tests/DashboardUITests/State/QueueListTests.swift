import RunModel
import Testing
import TerminalKit

@testable import DashboardUI

@Suite struct QueueListTests {
  private let size = Size(width: 120, height: 40)

  private func titles(_ state: DashboardState) -> [String] {
    (0..<state.queue.list.count).compactMap { state.queue.list[$0].map { state.board.runs[$0].title } }
  }

  @Test("What needs an approval comes first, then priority, then age")
  func order() {
    var state = Pages.queued(size)
    state.press("3")
    #expect(
      titles(state) == [
        "Rotate the signing keys", "Drop the legacy tables", "Translate the mails into Portuguese",
        "Write API docs for /reveal", "Shrink the container image", "Explain the queue in the handbook",
        "Add a test for the 日本 importer",
      ])
    #expect(state.queue.list.approvals == 2)
  }

  @Test("A run that starts leaves the queue; the selection stays with its run")
  func leaves() {
    var state = Pages.queued(size)
    state.press("3", "j", "j")
    let selected = state.queue.selection
    _ = state.update(.tick(Sample.now + .seconds(5)))
    _ = state.update(
      .events([Sample.event(2000, .started, Sample.id(11), 5, ["runtimeId": "local"])]))
    #expect(titles(state).first == "Drop the legacy tables")
    #expect(state.queue.selection == selected)
    #expect(state.queue.cursor == 1)
  }

  @Test("While someone moves, the rows hold still; a moment later they settle")
  func holds() {
    var state = Pages.queued(size)
    state.press("3", "j")
    _ = state.update(.events([Sample.event(2000, .started, Sample.id(11), 0, ["runtimeId": "local"])]))
    #expect(state.queue.list.count == 7)
    _ = state.update(.tick(Sample.now + .seconds(2)))
    #expect(state.queue.list.count == 6)
  }

  @Test("Kept incrementally, the queue is what sorting all runs gives")
  func incremental() {
    var state = Pages.queued(size)
    state.press("3")
    var seq: UInt64 = 2000
    var random = Seeded(7)
    for number in 20..<80 {
      seq += 1
      let data: JSONObject = [
        "contractId": .string(Sample.contract(number).description), "title": .string("Run \(number)"),
        "priority": .int(Int64.random(in: 1...5, using: &random)),
        "waitsFor": .array(Bool.random(using: &random) ? ["approval pending"] : []),
      ]
      var events = [Sample.event(seq, .queued, Sample.id(number), number, data)]
      if Bool.random(using: &random) {
        seq += 1
        let gone = Int.random(in: 9...number, using: &random)
        events.append(Sample.event(seq, .started, Sample.id(gone), number, ["runtimeId": "local"]))
      }
      _ = state.update(.events(events))
    }
    var fresh = QueueList()
    fresh.reset(state.board)
    #expect(fresh.count == state.board.count(.queued))
    #expect((0..<fresh.count).map { fresh[$0] } == (0..<state.queue.list.count).map { state.queue.list[$0] })
    #expect(fresh.approvals == state.queue.list.approvals)
  }

  @Test("enter opens the run, esc comes back to the queue; a double click opens too")
  func opens() {
    var state = Pages.queued(size)
    state.press("3", "j", "enter")
    #expect(state.open?.id == Sample.id(12))
    state.press("esc")
    #expect(state.screen == .queue)
    let at = Point(x: 20, y: state.queueRows.y)
    _ = state.update(.input(.mouse(Input.Mouse(.press, at: at))))
    #expect(state.queue.selection == Sample.id(11))
    _ = state.update(.input(.mouse(Input.Mouse(.doubleClick, at: at))))
    #expect(state.open?.id == Sample.id(11))
  }

  @Test("x cancels the run under the cursor")
  func cancels() {
    var state = Pages.queued(size)
    state.press("3", "j")
    guard case .cancel([Sample.id(12)], _, false)? = state.press("x", "x").first else {
      Issue.record("no cancel")
      return
    }
  }
}
