import RunModel
import Testing

@Suite struct RunEventTests {
  @Test("An event is a CloudEvent with the seq as its id")
  func cloudEvent() {
    let event = Sample.event(42, .output, ["stream": "stdout", "text": "a/é"])
    #expect(
      event.jsonText
        == #"{"specversion":"1.0","id":"42","source":"/orchestrator","type":"awf.run.output","#
        + #""subject":"\#(Sample.run)","time":"\#(Sample.time)","data":{"stream":"stdout","text":"a/é"}}"#)
    #expect(Sample.event(1, .runtimeLost, run: nil).jsonText.contains("subject") == false)
  }

  @Test("An unknown type and members beyond ours survive a round trip")
  func unknown() throws {
    let text =
      #"{"specversion":"1.0","id":"7","source":"/runtimes/local","type":"awf.runtime.local.odd","#
      + #""subject":"\#(Sample.run)","time":"2026-01-02T03:04:05.678Z","data":{"deep":{"list":[1,2.5,null]},"z":true},"#
      + #""traceparent":"00-1","x":{"y":[]}}"#
    let event = try RunEvent(parsing: Array(text.utf8))
    #expect(event.type == .custom("odd", of: "local"))
    #expect(event.extensions.keys == ["traceparent", "x"])
    #expect(event.jsonText == text)
  }

  @Test("Every event of ours reads back as it was written", arguments: Array(1...200))
  func roundTrip(seed: Int) throws {
    var random = Seeded(UInt64(seed))
    var event = Sample.event(
      UInt64.random(in: 1...UInt64(Int64.max), using: &random),
      [EventType.queued, .tool, .usage, "made.up"].randomElement(using: &random) ?? .queued,
      ["n": .int(Int64(bitPattern: random.next())), "t": .string(String(random.next()))],
      run: Bool.random(using: &random) ? Sample.run : nil)
    event.source = RunEvent.source(of: "local")
    #expect(try RunEvent(parsing: event.jsonBytes) == event)
  }

  @Test(
    "What is no event is refused",
    arguments: [
      "{}", "[]", #"{"id":"1"}"#, #"{"type":"t"}"#, #"{"id":"x","type":"t"}"#, #"{"id":1,"type":"t"}"#,
      #"{"id":"0","type":"t"}"#, #"{"id":"-1","type":"t"}"#, #"{"id":"1","type":"t","subject":"me"}"#,
      #"{"id":"1","type":"t","time":"now"}"#, #"{"id":"1","type":"t"} x"#, #"{"id":"1","type":""}"#,
    ])
  func refused(text: String) {
    #expect(throws: JSONError.self) { try RunEvent(parsing: Array(text.utf8)) }
  }

  @Test("A runtime cannot forge an event of ours")
  func custom() {
    #expect(EventType.custom("awf.run.succeeded", of: "local").endsRun == false)
    #expect(EventType.custom("awf.run.succeeded", of: "local").rawValue == "awf.runtime.local.awf.run.succeeded")
  }

  @Test("Types know their short names and what they change")
  func types() {
    #expect(EventType.output.shortName == "output")
    #expect(EventType.runtimeLost.shortName == "awf.runtime.lost")
    #expect(EventType.started.changesState)
    #expect(!EventType.output.changesState)
    #expect(!EventType.custom("x", of: "local").changesState)
    #expect(EventType.succeeded.endsRun && EventType.failed.endsRun && EventType.canceled.endsRun)
    #expect(!EventType.stopSent.endsRun)
  }
}
