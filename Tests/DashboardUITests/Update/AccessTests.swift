import RunModel
import Testing
import TerminalKit

@testable import DashboardUI

@Suite struct AccessTests {
  private func readOnly() -> DashboardState {
    var state = Sample.state(Size(width: 120, height: 40))
    state.isReadOnly = true
    return state
  }

  @Test(
    "A read-only dashboard refuses each key that changes something, with a word", arguments: ["x", "X", "r", "M", "D"])
  func refused(key: String) {
    var state = readOnly()
    #expect(!state.press(key, "enter", "enter").contains { $0.changesRuns })
    #expect(state.layers.isEmpty)
    #expect(state.toasts.first?.text.contains("read-only") == true)
    #expect(state.screen != .dispatch)
  }

  @Test("A refusal amid the work says why and what to do, once, and what was known stays")
  func refusedLink() {
    var state = Sample.state(Size(width: 120, height: 40))
    let total = state.board.total
    let reason = "The token \"ada\" was revoked. Ask an admin for a new one."
    for _ in 0..<3 { _ = state.update(.link(.refused(since: Sample.now, reason: reason))) }
    #expect(state.toasts.map(\.text) == [reason])
    #expect(state.board.total == total)
    #expect(state.boardTime == Sample.now)
    #expect(drawDashboard(state).text.contains("✖ refused, 0 s old: not let in"))
    _ = state.update(.link(.live))
    #expect(!drawDashboard(state).text.contains("refused"))
  }

  @Test("Who is not let in from the start reads why and what to do, on each screen", arguments: ["1", "2", "3", "5"])
  func refusedFromTheStart(screen: String) {
    for size in [Size(width: 80, height: 24), Size(width: 120, height: 40)] {
      var state = DashboardState(size: size, now: Sample.now)
      let reason =
        "The token \"ada\" has expired. Ask an admin for a new one: flightdeck token create ada --role viewer."
      _ = state.update(.link(.refused(since: Sample.now, reason: reason)))
      state.press(screen)
      let words = drawDashboard(state).text.split { $0.isWhitespace }.joined(separator: " ")
      #expect(words.contains(reason), "\(words)")
      #expect(words.contains("refused: not let in"))
    }
  }

  @Test("What was under way when it became read-only is held back as well")
  func heldBack() {
    var state = Sample.state(Size(width: 120, height: 40))
    state.press("x")
    state.isReadOnly = true
    #expect(!state.press("x").contains { $0.changesRuns })
  }

  @Test("Its footer offers none of them, its palette neither, and its header says so")
  func shown() {
    var state = readOnly()
    var lines = drawDashboard(state).text.split(separator: "\n")
    #expect(lines.first?.contains("read-only") == true)
    #expect(lines.last?.contains("cancel") == false)
    #expect(lines.last?.contains("dispatch") == false)
    state.press(":", "c", "a", "n", "c")
    lines = drawDashboard(state).text.split(separator: "\n")
    #expect(!lines.contains { $0.contains("cancel  ") })
  }

  @Test("The same copied again takes the program, and says so; without one it asks the terminal again")
  func copying() {
    var state = Sample.state(Size(width: 120, height: 40))
    state.clipboardTool = "xclip"
    func kinds(_ effects: [Effect]) -> [String] {
      effects.map {
        switch $0 {
        case .copy: "terminal"
        case .copyWithTool: "tool"
        default: "other"
        }
      }
    }
    #expect(kinds(state.press("Y")) == ["terminal"])
    #expect(state.toasts.last?.text.contains("Asked the terminal") == true)
    #expect(state.toasts.last?.text.contains("xclip") == true)
    #expect(kinds(state.press("Y")) == ["tool"])
    #expect(kinds(state.press("Y")) == ["terminal"])
    _ = state.update(.tick(Sample.now + .seconds(20)))
    #expect(kinds(state.press("Y")) == ["terminal"])
    state.clipboardTool = nil
    #expect(kinds(state.press("Y", "Y")) == ["terminal", "terminal"])
  }

  @Test("Too much for a terminal is said, and goes to the program if there is one")
  func tooLong() {
    var state = Sample.state(Size(width: 120, height: 40))
    let text = String(repeating: "x", count: 100_000)
    state.copyOut(text)
    #expect(state.outbox.isEmpty)
    #expect(state.toasts.last?.kind == .bad)
    state.clipboardTool = "wl-copy"
    state.copyOut(text)
    guard case .copyWithTool? = state.outbox.last else {
      Issue.record("not by the program")
      return
    }
  }

  @Test(
    "The palette saves the screen in the format and to the file that it is told",
    arguments: [
      (":save html", "html", nil), (":save ansi pic.ans", "ansi", "pic.ans"), (":save", "svg", nil),
    ] as [(String, String, String?)])
  func saving(typed: String, format: String, path: String?) {
    var state = Sample.state(Size(width: 120, height: 40))
    state.type(typed)
    guard case .saveScreen(let found, let file)? = state.press("enter").first else {
      Issue.record("nothing saved")
      return
    }
    #expect(found.rawValue == format)
    #expect(file == path)
  }

  @Test("ctrl-s saves in the configured format at once; an unknown format is named")
  func savingAtOnce() {
    var state = Sample.state(Size(width: 120, height: 40))
    state.screenFormat = .ansi
    guard case .saveScreen(.ansi, nil)? = state.press("ctrl-s").first else {
      Issue.record("nothing saved")
      return
    }
    state.type(":save smg")
    #expect(state.press("enter").isEmpty)
    #expect(state.toasts.last?.text.contains("Did you mean \"svg\"?") == true)
  }
}
