import RunModel
import Testing
import TerminalKit

@testable import DashboardUI

@Suite struct CommentTests {
  private let size = Size(width: 120, height: 40)
  private let live = Sample.id(5)

  private func commented() -> DashboardState {
    var state = DiffSample.opened(size)
    state.press("}", "j", "j", "j", "j", "j", "j", "j")
    state.press("c")
    state.type("Why 250?")
    state.press("enter")
    return state
  }

  @Test("A comment is written under its line, shown there, kept, edited and deleted again")
  func writing() throws {
    var state = commented()
    let comment = try #require(state.preferences.comments[live].first)
    #expect(comment.path == "Sources/Store/Cache.swift")
    #expect(comment.side == .new && comment.first == 12 && comment.last == 12)
    #expect(comment.quote == ["  let capacity = 250"])
    let rows = drawDashboard(state).text.split(separator: "\n").map(String.init)
    let place = try #require(rows.firstIndex { $0.contains("capacity = 250") })
    #expect(rows[place + 1].contains("● Why 250?"))
    state.press("c")
    state.type(" And why not 300?")
    let effects = state.press("enter")
    #expect(effects.contains { if case .keep(let kept) = $0 { kept.comments[live].count == 1 } else { false } })
    #expect(state.preferences.comments[live].map(\.text) == ["Why 250? And why not 300?"])
    state.press("c", "ctrl-d")
    #expect(state.preferences.comments[live].isEmpty)
  }

  @Test("Escape leaves things as they were, and an empty comment is none")
  func leaving() {
    var state = commented()
    state.press("c")
    state.type("more")
    state.press("esc")
    #expect(state.preferences.comments[live].map(\.text) == ["Why 250?"])
    state.press("j", "c", "enter")
    #expect(state.preferences.comments[live].count == 1)
  }

  @Test("A range quotes its lines, and removed lines alone are named by their old numbers")
  func ranges() throws {
    var state = DiffSample.opened(size)
    state.press("}", "j", "j", "j", "j", "v", "j", "c")
    state.type("These were better")
    state.press("enter")
    let comment = try #require(state.preferences.comments[live].first)
    #expect(comment.side == .old && comment.first == 11 && comment.last == 12)
    #expect(comment.quote == ["  let capacity = 100", "  let name = \"cache\""])
    #expect(state.open?.diff.rangeStart == nil)
    #expect(comment.place == "Sources/Store/Cache.swift:11–12 (removed)")
  }

  @Test("A comment stays with its line when the diff changes, and goes to the file's header when the line is gone")
  func anchored() throws {
    var state = commented()
    let more = DiffSample.code.replacing(
      "+  /// How many entries are kept.\n", with: "+  /// How many.\n+  /// More.\n"
    )
    .replacing("@@ -8,19 +8,18 @@", with: "@@ -8,19 +8,19 @@")
    _ = state.update(.patch(live, Array(more.utf8)))
    let comment = try #require(state.preferences.comments[live].first)
    let patch = try #require(state.open?.patch)
    #expect(patch.line(of: comment).map { patch.line($0).text } == "  let capacity = 250")
    _ = state.update(.patch(live, Array(more.replacing("capacity = 250", with: "capacity = 9").utf8)))
    let changed = try #require(state.open?.patch)
    #expect(changed.line(of: comment) == changed.files[0].firstLine)
    state.press("g")
    #expect(drawDashboard(state).text.contains("the line is gone"))
  }

  @Test("Comments survive a restart")
  func preferences() throws {
    let state = commented()
    var json = JSONWriter()
    state.preferences.write(to: &json)
    let read = Preferences(json: try JSONValue(parsing: json.bytes))
    #expect(read == state.preferences)
    #expect(read.comments[live].count == 1)
  }

  @Test("Comments on a live run wait for its end and go out then, once")
  func waiting() throws {
    var state = commented()
    state.press("S")
    #expect(drawDashboard(state).text.contains("send when it has ended"))
    #expect(Self.sent(state.press("enter")) == nil)
    #expect(state.layers.isEmpty)
    let effects = state.update(.events([Sample.event(2000, .succeeded, live, 5, ["exitCode": 0])]))
    let sent = try #require(Self.sent(effects))
    #expect(sent.run == live)
    #expect(sent.prompt.contains("Why 250?"))
    #expect(Self.sent(state.update(.events([Sample.event(2001, .artifacts, live, 6, [:])]))) == nil)
  }

  @Test("Comments on an ended run are sent with file, line and quote, and are gone once they are on their way")
  func sending() throws {
    var state = commented()
    _ = state.update(.events([Sample.event(2000, .succeeded, live, 5, ["exitCode": 0])]))
    state.press("S", "tab")
    state.type("Two things:")
    let sent = try #require(Self.sent(state.press("enter")))
    #expect(
      sent.prompt == """
        Two things:

        1. Sources/Store/Cache.swift, line 12:

           >   let capacity = 250

           Why 250?

        """)
    #expect(Self.sent(state.press("enter")) == nil)
    _ = state.update(.failed(Problem(.conflict, "The branch is gone."), .followUp(live)))
    #expect(state.preferences.comments[live].count == 1)
    #expect(Self.sent(state.press("enter")) != nil)
    let outcome = DispatchOutcome(
      runId: Sample.id(77), title: "Follow up", decision: RoutingDecision(runtimeId: "local", considered: []))
    _ = state.update(.followedUp(live, outcome))
    #expect(state.preferences.comments[live].isEmpty)
    #expect(state.layers.isEmpty)
  }

  private static func sent(_ effects: [Effect]) -> (run: RunID, prompt: String)? {
    for effect in effects {
      switch effect {
      case .followUp(let run, let prompt), .followUpOnce(let run, let prompt): return (run, prompt)
      default: break
      }
    }
    return nil
  }
}
