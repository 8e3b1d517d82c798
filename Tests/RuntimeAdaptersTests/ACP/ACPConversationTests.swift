import Orchestration
import RunModel
import TestSupport
import Testing

@testable import RuntimeAdapters

@Suite("The Agent Client Protocol, from the client's side")
struct ACPConversationTests {
  private static let hello = #"{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":1,"agentCapabilities":{}}}"#
  private static let opened = #"{"jsonrpc":"2.0","id":2,"result":{"sessionId":"s"}}"#

  /// In the middle of its turn.
  private func prompted(said: [InputRecord] = []) -> ACPPlayer {
    var player = ACPPlayer(said: said)
    player.take(Self.hello)
    player.take(Self.opened)
    return player
  }

  private func update(_ members: String, session: String = "s") -> String {
    #"{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"\#(session)","update":{\#(members)}}}"#
  }

  private func failure(_ player: ACPPlayer) -> String? {
    if case .failed(let reason)? = player.conversation.verdict { reason } else { nil }
  }

  @Test("Another version is refused by naming both")
  func version() {
    var player = ACPPlayer()
    player.take(#"{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":2}}"#)
    #expect(failure(player) == "speaks version 2 of the Agent Client Protocol, and Flightdeck version 1")
    #expect(player.actions.last == .endInput)
    #expect(player.told == ["request:1:initialize"])
  }

  @Test("An agent that wants to be logged in is a failure that says how")
  func authentication() {
    var player = ACPPlayer()
    player.take(
      #"{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":1,"authMethods":[{"id":"k","name":"API key"}]}}"#)
    player.take(#"{"jsonrpc":"2.0","id":2,"error":{"code":-32000,"message":"Authentication required"}}"#)
    #expect(failure(player)?.contains("asks for authentication (Authentication required)") == true)
    #expect(failure(player)?.contains("API key") == true)
  }

  @Test("A mode that the agent has not is a failure that names those that it has")
  func unknownMode() {
    var player = ACPPlayer(ACPPlayer.settings { $0.mode = "yolo" })
    player.take(Self.hello)
    player.take(
      #"{"jsonrpc":"2.0","id":2,"result":{"sessionId":"s","modes":{"currentModeId":"a","availableModes":[{"id":"a"},{"id":"b"}]}}}"#
    )
    #expect(failure(player) == "has no mode \"yolo\": it has a, b. Correct \"mode\" of its runtime")
  }

  @Test(
    "Each stop reason has its outcome",
    arguments: [
      ("end_turn", nil), ("max_tokens", "stopped at its limit of tokens (max_tokens)"),
      ("max_turn_requests", "stopped at its limit of requests in one turn (max_turn_requests)"),
      ("refusal", "refused to go on (refusal)"),
      ("cancelled", "says that its turn was cancelled, and nobody here did that"),
      ("bored", "ended its turn for a reason that is none: \"bored\""),
    ])
  func stopReasons(_ reason: String, _ failure: String?) {
    var player = prompted()
    player.take(#"{"jsonrpc":"2.0","id":3,"result":{"stopReason":"\#(reason)"}}"#)
    let expected = failure.map { AgentVerdict.failed($0) } ?? AgentVerdict.succeeded
    #expect(player.conversation.verdict == expected)
    #expect(player.actions.last == .endInput)
  }

  @Test("Chunks join to lines; a thought, a tool or another message ends one")
  func chunks() {
    var player = prompted()
    func chunk(_ text: String, _ id: String) -> String {
      update(#""sessionUpdate":"agent_message_chunk","messageId":"\#(id)","content":{"type":"text","text":"\#(text)"}"#)
    }
    player.take(chunk("one ", "a"))
    player.take(chunk(#"line\r\nhalf "#, "a"))
    player.take(update(#""sessionUpdate":"usage_update","used":0,"size":10"#))
    player.take(chunk("more", "a"))
    player.take(chunk("other", "b"))
    player.take(update(#""sessionUpdate":"agent_thought_chunk","content":{"type":"text","text":"hm"}"#))
    player.take(update(#""sessionUpdate":"tool_call","toolCallId":"t","title":"T","kind":"think""#))
    player.take(update(#""sessionUpdate":"agent_message_chunk","content":{"type":"image","data":"AAAA"}"#))
    player.take(#"{"jsonrpc":"2.0","id":3,"result":{"stopReason":"end_turn"}}"#)
    #expect(player.lines == ["one line", "half more", "other", "[image]"])
    #expect(player.events.contains(.custom(type: "thought", data: ["message": "hm"])))
    #expect(player.tools == [.init(name: "think", summary: "T", status: "pending")])
  }

  @Test("A plan is told whole, and its progress with it; usage has tokens, cost and the context's share")
  func planAndUsage() {
    var player = prompted()
    player.take(
      update(
        #""sessionUpdate":"plan","entries":[{"content":"a","status":"completed"},{"content":"b","status":"in_progress"}]"#
      ))
    player.take(update(#""sessionUpdate":"usage_update","used":50,"size":100,"cost":{"amount":0.5,"currency":"USD"}"#))
    player.take(update(#""sessionUpdate":"usage_update","used":50,"size":100,"cost":{"amount":0.5,"currency":"USD"}"#))
    #expect(player.events.contains(.plan([PlanEntry("a", .completed), PlanEntry("b", .inProgress)])))
    #expect(player.events.contains(.progress(0.5, message: "b")))
    #expect(player.events.filter { $0 == .usage(.init(costUSD: 0.5)) }.count == 1)
    #expect(player.customs.count { $0 == "context" } == 1)
  }

  @Test("What is unknown is kept: updates, notifications, answers to what was not asked, another session's updates")
  func unknown() {
    var player = prompted()
    player.take(update(#""sessionUpdate":"shiny","value":7"#))
    player.take(#"{"jsonrpc":"2.0","method":"_vendor/thing","params":{"x":1}}"#)
    player.take(#"{"jsonrpc":"2.0","id":99,"result":{}}"#)
    player.take(#"{"jsonrpc":"2.0","id":"odd","error":{"code":1,"message":"x"}}"#)
    player.take(update(#""sessionUpdate":"plan","entries":[]"#, session: "other"))
    player.take(#"{"jsonrpc":"2.0","id":8,"method":"future/thing","params":{}}"#)
    #expect(player.events.contains(.custom(type: "shiny", data: ["sessionUpdate": "shiny", "value": 7])))
    #expect(player.events.contains(.custom(type: "vendor.thing", data: ["x": 1])))
    #expect(player.customs.count { $0 == "unknown_reply" } == 2)
    #expect(player.customs.contains("update_of_another_session"))
    #expect(player.told.last == "reply:[8]")
    #expect(player.conversation.phase == .prompting)
  }

  @Test("Noise is output like any other program's, and a message that was cut is named and answered")
  func noise() {
    var player = prompted()
    for line in ["plain", "{broken", #"{"json":"and no message"}"#, "[1]", ""] { player.take(line) }
    #expect(player.lines == ["plain", "{broken", #"{"json":"and no message"}"#, "[1]", ""])
    let head = #"{"jsonrpc":"2.0","id":"w1","method":"fs/write_text_file","params":{"content":""#
    let cut = head + String(repeating: "x", count: LineCutter.longest - head.utf8.count)
    player.take(cut + String(decoding: LineCutter.mark, as: UTF8.self))
    #expect(player.customs.last == "message_too_long")
    #expect(player.told.last == #"reply:["w1"]"#)
  }

  private func ask(_ id: Int, _ options: String, tool: String = #""toolCallId":"never told""#) -> String {
    #"{"jsonrpc":"2.0","id":\#(id),"method":"session/request_permission","params":{"sessionId":"s","toolCall":{\#(tool)},"options":[\#(options)]}}"#
  }
  private static let yesNo =
    #"{"optionId":"y","name":"Yes","kind":"allow_once"},{"optionId":"n","name":"No","kind":"reject_once"}"#

  @Test("Permissions wait for one another; equal names are told apart; the first of a kind is what a word means")
  func permissions() throws {
    var player = prompted()
    let twice =
      #"{"optionId":"a1","name":"Always","kind":"allow_always"},{"optionId":"a2","name":"Always","kind":"allow_always"}"#
    player.take(
      ask(
        5, twice,
        tool:
          #""toolCallId":"t","title":"Write x","kind":"edit","content":[{"type":"diff","path":"/w/x","newText":"hi\n"}]"#
      ))
    player.take(ask(6, Self.yesNo))
    #expect(player.questions.map(\.id) == ["p1"])
    #expect(player.questions[0].options == ["Always", "Always (a2)"])
    #expect(player.questions[0].detail?.paths == ["x"])
    #expect(player.questions[0].detail?.diff == "--- /dev/null\n+++ b/x\n@@ -0,0 +1,1 @@\n+hi\n")
    #expect(throws: Problem.self) { try player.answer("Perhaps") }
    try player.answer("Always (a2)")
    #expect(player.questions.map(\.id) == ["p1", "p2"])
    try player.answer("reject_once")
    let replies = player.actions.compactMap { action -> String? in
      if case .tell(let line) = action, line.isAnswer { String(decoding: line.bytes, as: UTF8.self) } else { nil }
    }
    #expect(replies.count == 2 && replies[0].contains(#""id":5"#) && replies[0].contains(#""optionId":"a2""#))
    #expect(replies[1].contains(#""optionId":"n""#))
    #expect(player.stream.question == nil)
  }

  @Test("A cancel answers every permission that waits, those that nobody has seen too, and what is asked after it")
  func cancelAnswers() {
    var player = prompted()
    player.take(ask(5, Self.yesNo))
    player.take(ask(6, Self.yesNo))
    let begins = player.conversation.cancel()
    player.act()
    player.take(ask(7, Self.yesNo))
    #expect(player.told.suffix(4) == ["reply:[5]", "reply:[6]", "notify:session/cancel", "reply:[7]"])
    let goesOn = player.conversation.cancel()
    #expect(begins && goesOn)
    player.act()
    #expect(player.told.count { $0 == "notify:session/cancel" } == 1)
  }

  @Test("A permission that was answered before a restart is neither answered nor asked of a person again")
  func answeredBefore() throws {
    let said = ["request:1:initialize", "request:2:session/new", "request:3:session/prompt", "reply:[5]"]
    var player = prompted(said: said.map { InputRecord(kind: .line, tag: $0) })
    player.take(ask(5, Self.yesNo))
    #expect(player.told == [])
    #expect(throws: Problem.self) { try player.answer("Yes") }
    player.take(#"{"jsonrpc":"2.0","id":5,"result":{"outcome":{"outcome":"selected","optionId":"y"}}}"#, .answered)
    #expect(player.events.contains(.resolved(id: "p1", answer: "Yes", by: "operator")))
  }

  @Test(
    "A cancel that was told before a restart, in the second turn, is not taken for one of the first, nor told again")
  func canceledBefore() throws {
    var said = ["initialize", "session/new", "session/prompt"].enumerated().map {
      InputRecord(kind: .line, tag: "request:\($0 + 1):\($1)")
    }
    said += [
      InputRecord(kind: .note, tag: "message", note: Array("more".utf8)),
      InputRecord(kind: .line, tag: "request:4:session/prompt"), InputRecord(kind: .answer, tag: "reply:[5]"),
      InputRecord(kind: .line, tag: "notify:session/cancel"),
    ]
    var player = prompted(said: said)
    #expect(!player.conversation.isCanceled)
    player.take(#"{"jsonrpc":"2.0","id":3,"result":{"stopReason":"end_turn"}}"#)
    #expect(player.conversation.isCanceled && player.conversation.phase == .prompting)
    player.take(ask(5, Self.yesNo))
    player.take(ask(6, Self.yesNo))
    let goesOn = player.conversation.cancel()
    player.act()
    // What was asked after the earlier orchestrator had gone is answered, and nothing is said twice.
    #expect(goesOn && player.told == ["reply:[6]"])
    #expect(player.conversation.wait?.what == "the end of the canceled turn")
    player.take(#"{"jsonrpc":"2.0","id":4,"result":{"stopReason":"cancelled"}}"#)
    #expect(player.actions.last == .stop)
    #expect(!player.actions.contains { if case .report(.custom) = $0 { true } else { false } })
  }

  @Test("After the end nothing is done for the agent, and it is told so")
  func afterTheEnd() {
    var player = prompted()
    player.take(#"{"jsonrpc":"2.0","id":3,"result":{"stopReason":"end_turn"}}"#)
    player.take(#"{"jsonrpc":"2.0","id":9,"method":"fs/write_text_file","params":{"path":"x","content":"y"}}"#)
    player.take(ask(10, Self.yesNo))
    #expect(player.told.suffix(2) == ["reply:[9]", "reply:[10]"])
    #expect(!player.actions.contains { if case .serve = $0 { true } else { false } })
    #expect(player.questions.isEmpty && player.conversation.verdict == .succeeded)
    #expect(throws: Problem.self) { try player.conversation.message("more") }
  }

  @Test("What does not come in its time ends the run with a reason, a canceled turn by a stop")
  func limits() throws {
    var player = ACPPlayer(ACPPlayer.settings { $0.startLimit = .seconds(7) })
    player.conversation.timedOut(try #require(player.conversation.wait))
    player.act()
    #expect(failure(player) == "did not answer initialize within 7 s")
    #expect(player.actions.last == .finish)
    var canceled = prompted()
    #expect(canceled.conversation.wait == nil)
    _ = canceled.conversation.cancel()
    canceled.conversation.timedOut(try #require(canceled.conversation.wait))
    canceled.act()
    #expect(canceled.actions.last == .stop)
  }

  @Test("Servers that the agent cannot reach are left out and named")
  func servers() {
    let list: [JSONValue] = [["name": "files", "command": "x"], ["name": "far", "type": "http", "url": "u"]]
    var player = ACPPlayer(ACPPlayer.settings { $0.servers = { () throws(Problem) in list } })
    player.take(Self.hello)
    let open = player.actions.compactMap { action -> JSONValue? in
      if case .tell(let line) = action, line.tag.hasSuffix("session/new") {
        try? JSONValue(parsing: line.bytes)
      } else {
        nil
      }
    }
    #expect(open.first?["params"]?["mcpServers"] == [["name": "files", "command": "x"]])
    #expect(
      player.actions.contains {
        if case .report(.custom("mcp_server_left_out", let data)) = $0 {
          data["message"]?.string?.contains("far") ?? false
        } else {
          false
        }
      })
  }

  @Test("Hostile sizes stay bounded: a million lines in a chunk, a thousand tool calls, an update that is too large")
  func bounded() {
    var player = prompted()
    let text = String(repeating: #"\n"#, count: 200_000)
    player.take(update(#""sessionUpdate":"agent_message_chunk","content":{"type":"text","text":"\#(text)"}"#))
    #expect(player.lines.count == ACPLines.mostLines + 1)
    for number in 0..<1000 {
      player.take(update(#""sessionUpdate":"tool_call","toolCallId":"\#(number)","title":"T""#))
    }
    #expect(player.conversation.tools.count <= 100 && player.conversation.toolOrder.count <= 100)
    player.take(update(#""sessionUpdate":"shiny","value":"\#(String(repeating: "x", count: 100_000))""#))
    guard case .custom("shiny", let data)? = player.events.last else {
      Issue.record("no event")
      return
    }
    #expect(data.weight < 1000)
  }
}
