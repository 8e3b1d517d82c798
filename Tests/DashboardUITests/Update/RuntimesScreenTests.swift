import RunModel
import Testing
import TerminalKit

@testable import DashboardUI

@Suite struct RuntimesScreenTests {
  private let size = Size(width: 120, height: 40)

  @Test("enter opens the pane of the runtime and closes it; esc closes it before it goes back")
  func pane() {
    var state = Sample.state(size)
    state.press("2", "j")
    let effects = state.press("enter")
    #expect(effects.contains { if case .fetchHealth = $0 { true } else { false } })
    #expect(drawDashboard(state).text.contains("Running now"))
    #expect(drawDashboard(state).text.contains("Replace the date picker"))
    state.press("esc")
    #expect(state.screen == .runtimes)
    #expect(!drawDashboard(state).text.contains("Running now"))
    #expect(state.press("enter").isEmpty)
    state.press("enter", "esc")
    #expect(state.screen == .runs)
  }

  @Test("D dispatches to the runtime under the cursor")
  func dispatch() {
    var state = Sample.state(size)
    state.press("2", "j", "D")
    #expect(state.screen == .dispatch)
    #expect(state.form.runtimes == ["vibe"])
    state.press("esc")
    #expect(state.screen == .runtimes)
  }

  @Test("The pane tells when the runtime fell ill and got well, live and from before")
  func health() {
    var state = Sample.state(size)
    state.press("2", "enter")
    func change(_ seq: UInt64, _ type: EventType, _ reason: String) -> RunEvent {
      RunEvent(
        seq: seq, source: RunEvent.source(of: "local"), type: type, run: nil,
        time: Sample.now + .seconds(Int(seq) - 2000), data: ["reason": .string(reason)])
    }
    _ = state.update(.events([change(2001, .runtimeDegraded, "its command is gone")]))
    _ = state.update(
      .health([change(900, .runtimeRegistered, ""), change(2001, .runtimeDegraded, "its command is gone")]))
    #expect(state.runtimesPage.health.map(\.seq) == [900, 2001])
    #expect(drawDashboard(state).text.contains("its command is gone"))
  }

  @Test("The pane says what each run may use and what holds that")
  func limits() {
    var state = Sample.state(size)
    var runtime = Sample.runtimes[0]
    runtime.limits = [
      LimitHolding("cancel", nil, "finds the run's processes through /proc"),
      LimitHolding("memory", "4 GB", "watched every 2 s, not enforced by the kernel"),
    ]
    _ = state.update(.runtimes([runtime]))
    state.press("2", "enter")
    let text = drawDashboard(state).text
    #expect(text.contains("Each run"))
    #expect(text.contains("memory 4 GB       watched every 2 s, not"))
  }

  @Test("A cancel that something resists says so in the run's row")
  func stuck() {
    var state = Sample.state(Size(width: 160, height: 40))
    let run = Sample.id(4)
    _ = state.update(
      .events([
        Sample.event(2000, .cancelRequested, run, 0, ["by": "ana", "reason": "enough"]),
        Sample.event(2001, .stopSent, run, 1, [:]),
        Sample.event(
          2002, .attention, run, 3,
          ["attentionId": "stuck", "question": "1 process could not be ended", "options": [], "kind": "stuck"]),
      ]))
    #expect(drawDashboard(state).text.contains("▲ 1 process could not"))
  }

  @Test("The last failures are told with their reasons, live ones too")
  func failures() {
    var state = Sample.state(size)
    state.press("2", "enter")
    #expect(drawDashboard(state).text.contains("verify failed: npm test exited 1"))
    _ = state.update(.events([Sample.event(2000, .failed, Sample.id(7), 1, ["reason": "out of memory"])]))
    _ = state.update(.tick(Sample.now + .seconds(3)))
    #expect(drawDashboard(state).text.contains("out of memory"))
  }

  @Test("A click chooses a runtime, also by the row of its reason; a double click opens the pane")
  func mouse() {
    var state = Sample.state(size)
    state.press("2")
    let y = state.runtimesLayout.rows.y
    _ = state.update(.input(.mouse(Input.Mouse(.press, at: Point(x: 5, y: y + 3)))))
    #expect(state.runtimeCursor == 2)
    _ = state.update(.input(.mouse(Input.Mouse(.doubleClick, at: Point(x: 5, y: y + 1)))))
    #expect(state.runtimeCursor == 1)
    #expect(state.runtimesPage.isOpen)
  }

  @Test("The sparkline counts what ended on the runtime, and the pace is that of the last five minutes")
  func sparkline() {
    var state = Sample.state(size)
    state.press("2")
    for number in 4...7 {
      _ = state.update(.events([Sample.event(UInt64(2000 + number), .succeeded, Sample.id(number), 1, [:])]))
    }
    #expect(state.history.ended(on: "local", cells: 10).all.last == 2)
    #expect(state.history.throughput(of: "local") == 2.0 / 5)
    #expect(state.history.ended(on: "unknown", cells: 3).all == [0, 0, 0])
  }
}
