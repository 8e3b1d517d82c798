import Orchestration
import RunModel
import Testing

@testable import RuntimeAdapters

@Suite("What an adapter says is read line by line")
struct BridgeValueTests {
  @Test(
    "A line is a message, or noise that says why",
    arguments: [
      (#"{"jsonrpc":"2.0","id":3,"result":null}"#, BridgeMessage.reply(id: 3, .result(.null))),
      (#"{"jsonrpc":"2.0","id":"3","result":1}"#, .reply(id: 3, .result(1))),
      (
        #"{"jsonrpc":"2.0","id":3,"error":{"code":-32001,"message":"who?"}}"#,
        .reply(id: 3, .fault(BridgeFault(code: -32001, message: "who?")))
      ),
      (#"{"jsonrpc":"2.0","id":3,"error":"no"}"#, .reply(id: 3, .fault(BridgeFault(code: -32603, message: "no")))),
      (#"{"jsonrpc":"2.0","method":"event","params":{"a":1}}"#, .notification(method: "event", params: ["a": 1])),
      (#"{"jsonrpc":"2.0","id":"x","method":"ask","params":{}}"#, .request(id: "x", method: "ask")),
      (#"{"jsonrpc":"2.0","id":3}"#, .noise("a reply with neither result nor error")),
      (#"{"jsonrpc":"2.0","id":{},"result":1}"#, .noise("neither a method nor the id of a call")),
      (#"{"id":3,"result":1}"#, .noise("JSON, but no object with \"jsonrpc\": \"2.0\"")),
      ("Loading…", .noise("no JSON")),
    ])
  func messages(_ line: String, _ message: BridgeMessage) {
    #expect(BridgeMessage(line: line.utf8) == message)
  }

  @Test("A call is one line with its members in their order and without white space")
  func calls() throws {
    let line = BridgeMessage.call(7, "getStatus", BridgeParams(texts: ["runId": "a\nb"]))
    #expect(
      String(decoding: line, as: UTF8.self)
        == #"{"jsonrpc":"2.0","id":7,"method":"getStatus","params":{"runId":"a\nb"}}"# + "\n")
  }

  @Test("Lines are cut wherever the pieces end, and one past the limit is skipped")
  func framing() {
    for size in 1...9 {
      var framer = LineFramer(limit: 8)
      var lines: [LineFramer.Line] = []
      let bytes = Array("one\r\n\n  \n123456789012\ntwo\nrest".utf8)
      for start in stride(from: 0, to: bytes.count, by: size) {
        let piece = Array(bytes[start..<min(start + size, bytes.count)])
        lines += piece.withUnsafeBytes { framer.take($0) }
      }
      if let last = framer.finish() { lines.append(last) }
      guard case .tooLong(_, 12) = lines[1] else {
        Issue.record("\(lines)")
        continue
      }
      lines.remove(at: 1)
      #expect(lines == [.whole(Array("one".utf8)), .whole(Array("two".utf8)), .whole(Array("rest".utf8))])
    }
  }

  @Test("Pauses grow with every end in a row, up to a minute, and begin anew after a quiet time")
  func restarts() {
    var life = AdapterLife(pause: .milliseconds(500), patience: 3)
    let first = (0..<10).map { _ in life.failed(upFor: nil) }
    #expect(first.map(\.pause.milliseconds) == [500, 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000])
    #expect(first.map(\.givesUp) == [false, false] + Array(repeating: true, count: 8))
    let after = life.failed(upFor: .seconds(61))
    #expect(after == AdapterLife.Restart(pause: .milliseconds(500), givesUp: false))
    #expect(life.failed(upFor: .seconds(1)).pause == .seconds(1))
  }

  @Test(
    "Types are known under the names that adapters give them; what is not known is kept whole",
    arguments: [
      (
        #"{"runId":"r","type":"task.progress","data":{"percent":25,"message":"m"}}"#, [.progress(0.25, message: "m")],
        false
      ),
      (
        #"{"runId":"r","type":"stderr","text":"a\r\nb\n"}"#,
        [
          .output(stream: .stderr, text: "a", dropped: 0), .output(stream: .stderr, text: "b", dropped: 0),
        ], false
      ),
      (
        #"{"runId":"r","type":"AGENT:TOOL","name":"edit","path":"a.c"}"#,
        [
          .tool(RuntimeEvent.ToolCall(name: "edit", target: "a.c"))
        ], false
      ),
      (
        #"{"runId":"r","type":"plan","entries":[{"text":"a","status":"completed"},{"text":"b"}]}"#,
        [
          .plan([PlanEntry("a", .completed), PlanEntry("b")]), .progress(0.5, message: nil),
        ], false
      ),
      (
        #"{"runId":"r","type":"task.failed","error":{"message":"x"}}"#,
        [
          .custom(type: "task.failed", data: ["error": ["message": "x"]])
        ], true
      ),
      (
        #"{"runId":"r","type":"status","status":"succeeded"}"#,
        [
          .custom(type: "status", data: ["status": "succeeded"])
        ], true
      ),
      (
        #"{"runId":"r","type":"status","status":"running"}"#,
        [
          .custom(type: "status", data: ["status": "running"])
        ], false
      ),
      (
        #"{"runId":"r","type":"progress","progress":"half"}"#,
        [
          .custom(type: "progress", data: ["progress": "half"])
        ], false
      ),
    ] as [(String, [RuntimeEvent.Kind], Bool)])
  func events(_ json: String, _ reports: [RuntimeEvent.Kind], _ isHint: Bool) throws {
    let object = try JSONValue(parsing: json).object
    let event = try #require(object.flatMap(BridgeEvent.init))
    #expect(event.reports == reports)
    #expect(event.isHint == isHint)
  }

  @Test(
    "An event without a run or a type is none",
    arguments: [#"{"type":"x"}"#, #"{"runId":"r"}"#, #"{"runId":1,"type":"x"}"#])
  func noEvents(_ json: String) throws {
    let object = try #require(try JSONValue(parsing: json).object)
    #expect(BridgeEvent(object) == nil)
  }

  @Test("A status that nobody knows decides nothing")
  func statuses() {
    #expect(BridgeStatus.read(["status": "Cancelled", "progress": 7]) == .known(BridgeStatus(status: .canceled)))
    #expect(BridgeStatus.read(["status": "unknown"]) == .unknownRun)
    #expect(BridgeStatus.read(["status": "fine"]) == .wrong)
    #expect(BridgeStatus.read(.null) == .wrong)
  }
}
