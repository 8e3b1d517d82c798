import Orchestration
import RunModel
import TestSupport
import Testing

@testable import RuntimeAdapters

/// mistral-vibe 3.0.2 with a scripted model, as it spoke to a client of somebody else's.
@Suite("Recorded sessions of an agent that nobody here wrote")
struct ACPRecordingTests {
  private func play(
    _ name: String, _ settings: ACPConversation.Settings = ACPPlayer.settings(),
    _ prepare: (inout ACPPlayer) throws -> Void = { _ in }
  ) throws -> ACPPlayer {
    var player = ACPPlayer(settings)
    try prepare(&player)
    try player.play(try #require(try ACPPlayer.sessions(name).first))
    return player
  }

  private static let start = ["request:1:initialize", "request:2:session/new", "request:3:session/prompt"]
  private static let test =
    "python3 -m unittest -q 2>&1 | tail -3; python3 -c 'import calc; assert calc.add(2,3)==5; print(\"1 passed\")'"

  @Test(
    "A turn: its words as lines, its tools with diffs and output, one permission, its usage, a good end",
    arguments: ["ok", "nocaps"])
  func turn(_ name: String) throws {
    let player = try play(name)
    #expect(player.told == Self.start + ["reply:[0]"])
    #expect(
      player.lines == ["Step: write.", "Step: write.", "Step: shell.", "Done: calc.py added and the check passed."])
    #expect(player.tools.map(\.name) == ["edit", "edit", "edit", "edit", "execute", "execute"])
    #expect(
      player.tools.map(\.status) == [
        "in_progress", "completed", "in_progress", "completed", "in_progress", "completed",
      ])
    #expect(player.tools[0].target == "calc.py" && player.tools[0].summary == "Writing calc.py")
    #expect(
      player.tools[1].diff
        == "--- /dev/null\n+++ b/calc.py\n@@ -0,0 +1,2 @@\n+def add(a, b):\n+    return a + b\n")
    #expect(player.tools[1].summary == "Created calc.py")
    #expect(player.tools[5].target == Self.test && player.tools[5].summary?.contains("1 passed") == true)
    let question = try #require(player.questions.first)
    #expect(question.options == ["Allow once", "Allow for remainder of this session", "Always allow", "Deny"])
    #expect(question.detail?.choices == [.allowOnce, .allowAlways, .allowAlways, .rejectOnce])
    #expect(question.detail?.tool == .execute && question.detail?.command == Self.test)
    #expect(player.events.contains(.resolved(id: "p1", answer: "Allow once", by: "operator")))
    #expect(player.usage == RuntimeEvent.Usage(inputTokens: 400, outputTokens: 80))
    #expect(player.conversation.verdict == .succeeded && player.actions.last == .endInput)
    #expect(player.conversation.commands == [Self.test])
    #expect(player.conversation.handoff == "Done: calc.py added and the check passed.")
    #expect(player.actions.contains { if case .keepSession(let id) = $0 { id.count == 36 } else { false } })
    #expect(player.customs.prefix(1) == ["agent"] && player.customs.contains("session_info_update"))
  }

  @Test("An edit of a fragment is a diff of that fragment, and a read names its file")
  func edit() throws {
    let player = try play("edit")
    #expect(
      player.tools[0] == .init(name: "read", target: "calc.py", summary: "Reading calc.py", status: "in_progress"))
    #expect(player.tools[1].summary == "Read 2 lines from calc.py")
    #expect(
      player.tools[3].diff == "--- a/calc.py\n+++ b/calc.py\n@@ -1,1 +1,1 @@\n-return a + b\n+return b + a\n")
    #expect(player.conversation.verdict == .succeeded)
  }

  @Test("A model that refuses the key is a failure that says so, though the agent goes on living")
  func error401() throws {
    let player = try play("err401")
    #expect(
      player.conversation.verdict
        == .failed(
          "answered session/prompt with an error: Invalid API key. Please check your API key and try again. (-31002)"))
    #expect(player.actions.last == .endInput)
  }

  @Test("Retries of the agent's own kind are kept as events, and one that never ends is unfinished")
  func error500() throws {
    let player = try play("err500")
    #expect(player.customs.count { $0 == "session.retrying" } == 10)
    #expect(player.conversation.verdict == .unfinished("in the middle of its turn"))
  }

  @Test("A command that exits 3 is `completed` with this agent: the turn is good by its word, the output is there")
  func failingCommand() throws {
    let player = try play("fail")
    #expect(player.tools.last?.status == "completed" && player.tools.last?.summary == "boom\n")
    #expect(player.conversation.verdict == .succeeded)
  }

  @Test("What is rejected is not done, and the agent is told the option of that kind")
  func rejected() throws {
    let player = try play("reject")
    #expect(player.events.contains(.resolved(id: "p1", answer: "Deny", by: "operator")))
    #expect(player.tools.last?.status == "failed")
    let reply = player.actions.compactMap { if case .tell(let line) = $0, line.isAnswer { line } else { nil } }
    #expect(
      reply.map { String(decoding: $0.bytes, as: UTF8.self) } == [
        #"{"jsonrpc":"2.0","id":0,"result":{"outcome":{"outcome":"selected","optionId":"reject_once"}}}"#
      ])
  }

  @Test("An answer `cancelled` to a permission resolves it and leaves the turn to the agent")
  func permissionCancelled() throws {
    let player = try play("permcancel")
    #expect(player.events.contains(.resolved(id: "p1", answer: "cancelled", by: "cancel")))
    #expect(player.conversation.verdict == .succeeded)
  }

  @Test(
    "A cancel during text, during a tool, and while a permission waits: told in order, then stopped",
    arguments: ["cancel-text", "cancel-tool", "permhang", "permhang-rude"])
  func canceled(_ name: String) throws {
    let player = try play(name)
    #expect(player.actions.last == .stop)
    #expect(player.conversation.isCanceled)
    let cancel = try #require(player.told.firstIndex(of: "notify:session/cancel"))
    // The agent that is not answered its question would never end its turn.
    if name.hasPrefix("permhang") { #expect(player.told.firstIndex(of: "reply:[0]") ?? .max < cancel) }
    #expect(!player.actions.contains(.endInput))
  }

  @Test("An open tool call is closed by a cancel, before the agent says anything")
  func closesTools() throws {
    let player = try play("permhang")
    let closed = player.actions.compactMap { action -> String? in
      if case .report(.tool(let call)) = action { call.status } else { nil }
    }
    #expect(closed == ["cancelled"])
  }

  @Test("A session that is loaded tells nothing of the earlier run again")
  func loaded() throws {
    let second = try ACPPlayer.sessions("load")[1]
    var player = ACPPlayer(ACPPlayer.settings { $0.earlierSession = "62873152-5d8f-e465-8e20-86634a4b4104" })
    try player.play(second)
    #expect(player.told == ["request:1:initialize", "request:2:session/load", "request:3:session/prompt"])
    #expect(player.lines == [] && player.tools == [])
    #expect(player.customs == ["agent", "session_loaded", "available_commands"])
    #expect(player.conversation.session == "62873152-5d8f-e465-8e20-86634a4b4104")
  }

  @Test("A mode of the configuration is set before the prompt")
  func mode() throws {
    let player = try play("mode-auto", ACPPlayer.settings { $0.mode = "auto-approve" })
    #expect(player.told.contains("request:3:session/set_mode") && player.told.contains("request:4:session/prompt"))
    #expect(player.conversation.verdict == .succeeded && player.questions == [])
  }

  @Test("A message that waits for the turn's end is the next prompt of the same session")
  func twoTurns() throws {
    let sessions = try ACPPlayer.sessions("twoturn")
    var player = ACPPlayer()
    let first = try #require(sessions.first)
    let middle = try #require(first.firstIndex { $0["msg"]?["method"]?.string == "session/prompt" })
    try player.play(Array(first[...middle]))
    try player.conversation.message("now edit")
    player.act()
    try player.play(Array(first[(middle + 1)...]))
    #expect(
      player.told.filter { $0.hasSuffix("session/prompt") } == ["request:3:session/prompt", "request:4:session/prompt"])
    #expect(player.questions.map(\.id) == ["p1", "p2"])
    #expect(player.usage == RuntimeEvent.Usage(inputTokens: 800, outputTokens: 160))
    #expect(player.conversation.verdict == .succeeded)
  }

  @Test(
    "The logs of any session, read again up to any line, say nothing twice and everything that is missing",
    arguments: ["ok", "reject", "mode-auto"])
  func replayed(_ name: String) throws {
    var settings = ACPPlayer.settings()
    if name == "mode-auto" { settings.mode = "auto-approve" }
    let whole = try play(name, settings)
    let said = whole.actions.compactMap { action -> InputRecord? in
      if case .tell(let line) = action { InputRecord(kind: .line, tag: line.tag) } else { nil }
    }
    var records: [(String, LogRecord.Kind)] = []
    for entry in try #require(try ACPPlayer.sessions(name).first) {
      var message = entry["msg"]?.object ?? [:]
      if entry["dir"]?.string == "<-" {
        if message["method"] == nil, let id = message["id"]?.int { message["id"] = .int(id + 1) }
        records.append((JSONValue.object(message).jsonText, .stdout))
      } else if message["result"] != nil {
        records.append((JSONValue.object(message).jsonText, .answered))
      }
    }
    for count in 0...said.count {
      var again = ACPPlayer(settings, said: Array(said.prefix(count)))
      for (line, kind) in records { again.take(line, kind) }
      let answers = said.dropFirst(count).map(\.tag).filter { $0.hasPrefix("request:") }
      #expect(again.told == answers, "after \(count)")
      #expect(again.events == whole.events)
    }
  }
}
