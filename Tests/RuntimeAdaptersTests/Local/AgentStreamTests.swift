import Foundation
import Orchestration
import RunModel
import Testing

@testable import RuntimeAdapters

@Suite("What an agent's output says")
struct AgentStreamTests {
  private func kinds(_ records: [(LogRecord.Kind, String)]) -> [RuntimeEvent.Kind] {
    var stream = AgentStream()
    return records.flatMap { stream.take(LogRecord(kind: $0.0, time: 0, payload: Array($0.1.utf8))) }
  }

  private func output(_ text: String, _ stream: RuntimeEvent.OutputStream = .stdout) -> RuntimeEvent.Kind {
    .output(stream: stream, text: text, dropped: 0)
  }

  @Test("OSC 9;4 is progress wherever it stands, and is taken out of the text")
  func terminalProgress() {
    #expect(
      kinds([
        (.stdout, "a\u{1B}]9;4;1;50\u{07}b"), (.stderr, "\u{1B}]9;4;1;80\u{1B}\\"), (.stdout, "\u{1B}]9;4;3\u{07}"),
        (.stdout, "\u{1B}]0;title\u{07}x"), (.stdout, "\u{1B}]9;4;1;150\u{07}"),
      ]) == [
        .progress(0.5, message: nil), output("ab"), .progress(0.8, message: nil), output("\u{1B}]0;title\u{07}x"),
      ])
  }

  @Test("What the supervisor cannot end is put to a person, and says that no answer helps")
  func stuck() {
    #expect(
      kinds([(.stuck, "1 process could not be ended: sudo (pid 7), which belongs to root")]) == [
        .attention(
          id: "stuck",
          question:
            "1 process could not be ended: sudo (pid 7), which belongs to root. End it by hand: the run ends as "
            + "soon as nothing of it is left.", options: [], kind: "stuck")
      ])
  }

  @Test("An agent that speaks to us tells its plan, and what it asks leave for")
  func planAndDetail() {
    let ask =
      #"{"awf":"attention","question":"May I?","options":["y","n"],"kind":"permission","tool":"execute","command":"ls","choices":["allow_once","reject_once"]}"#
    #expect(
      kinds([
        (.stdout, #"{"awf":"plan","entries":[{"text":"a","status":"completed"},{"text":"b"},{"no":1}]}"#),
        (.stdout, ask),
      ]) == [
        .plan([PlanEntry("a", .completed), PlanEntry("b")]), .progress(0.5, message: nil),
        .attention(
          id: "q1", question: "May I?", options: ["y", "n"], kind: "permission",
          detail: AttentionDetail(tool: .execute, command: "ls", choices: [.allowOnce, .rejectOnce])),
      ])
  }

  @Test("A sequence in two fragments counts once, and the same progress is not told twice")
  func fragments() {
    #expect(
      kinds([
        (.stdoutFragment, "work \u{1B}]9;4;"), (.stdoutFragment, "1;40\u{07}"),
        (.stdoutFragment, "\u{1B}]9;4;1;40\u{07}"),
        (.stdout, "done"),
      ]) == [.progress(0.4, message: nil), output("work done")])
  }

  @Test("A line that redraws itself a hundred thousand times is its last pieces, with the count of the others")
  func redraws() {
    let line = String(repeating: "a\r", count: 100_000) + "end"
    let found = kinds([(.stdout, line)])
    #expect(found.count == Bounds.redraws)
    #expect(found.first == .output(stream: .stdout, text: "a", dropped: 100_001 - Bounds.redraws))
    #expect(found.last == output("end"))
  }

  @Test("Bytes that are no UTF-8 show as U+FFFD, which is told once; what is valid stays as it is")
  func invalidBytes() {
    var stream = AgentStream()
    let lines: [[UInt8]] = [[0x61, 0x00, 0x1B], [0xFF, 0xFE, 0x61], [0xC3, 0x28], Array("é🚀".utf8)]
    let found = lines.flatMap { stream.take(LogRecord(kind: .stdout, time: 0, payload: $0)) }
    let marks = found.filter { if case .custom(AgentStream.invalidUTF8, _) = $0 { true } else { false } }
    #expect(marks.count == 1)
    #expect(
      found.filter { !marks.contains($0) } == [
        output("a\0\u{1B}"), output("\u{FFFD}\u{FFFD}a"), output("\u{FFFD}("), output("é🚀"),
      ])
  }

  @Test("A carriage return ends a line; one before the newline is nothing")
  func carriageReturns() {
    #expect(
      kinds([(.stdout, "10%\r20%\r"), (.stdout, "plain\r"), (.stdout, "")]) == [
        output("10%"), output("20%"), output("plain"), output(""),
      ])
  }

  private func misspoken(_ why: String) -> RuntimeEvent.Kind {
    .custom(
      type: "line_not_understood",
      data: ["message": .string("\(why). It counts as output; others like it are not told.")])
  }

  @Test("awf lines count on standard output alone; what is wrong in one is output, and told once")
  func speech() {
    let wrong = #"{"awf":"progress","progress":"much"}"#
    #expect(
      kinds([
        (.stdout, #"{"awf":"progress","progress":0.2}"#), (.stderr, #"{"awf":"progress","progress":0.3}"#),
        (.stdout, wrong), (.stdout, #"{"awf":"#),
      ]) == [
        .progress(0.2, message: nil), output(#"{"awf":"progress","progress":0.3}"#, .stderr), output(wrong),
        misspoken(#"A line {"awf": "progress", …} is not understood: "progress" must be a number from 0 to 1"#),
        output(#"{"awf":"#),
      ])
  }

  @Test(
    "A line of ours with a wrong field says which",
    arguments: [
      (#"{"awf":"attention"}"#, "question"), (#"{"awf":"attention","question":"x","options":"yes"}"#, "options"),
      (#"{"awf":"handoff","text":"x"}"#, "note"), (#"{"awf":"tool"}"#, "name"), (#"{"awf":"plan"}"#, "entries"),
      (#"{"awf":"usage","costUSD":"1"}"#, "costUSD"),
      (#"{"awf":"usage","inputTokens":1.5}"#, "inputTokens"), (#"{"awf":1}"#, "awf"),
      (#"{"awf":"progress","progress":0.4"#, "whole JSON object"),
    ])
  func misspoken(_ line: String, _ field: String) {
    let said = kinds([(.stdout, line), (.stdout, line)])
    #expect(said.count == 3 && said.first == output(line) && said.last == output(line), "\(said)")
    guard said.count == 3, case .custom("line_not_understood", let data) = said[1] else { return }
    #expect(data["message"]?.string?.contains(field) == true)
  }

  @Test("Every awf line in the documentation is understood")
  func documented() throws {
    let path = #filePath.replacing(
      "Tests/RuntimeAdaptersTests/Local/AgentStreamTests.swift", with: "Sources/flightdeck/Profiles/FORMAT.md")
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").filter {
      $0.hasPrefix(#"{"awf""#)
    }
    #expect(lines.count == 6)
    for line in lines {
      let said = kinds([(.stdout, String(line))])
      #expect(!said.contains(output(String(line))), "\(line)")
    }
  }

  @Test("A lower or impossible progress is told and not applied")
  func progress() {
    var stream = AgentStream()
    for value in ["0.5", "0.2", "7"] {
      _ = stream.take(
        LogRecord(kind: .stdout, time: 0, payload: Array(#"{"awf":"progress","progress":\#(value)}"#.utf8)))
    }
    #expect(stream.progress == 0.5)
  }

  @Test("It remembers what the record may lack: the stop and the last answer")
  func remembers() {
    var stream = AgentStream()
    #expect(!stream.stopWasSent && stream.answer == nil)
    _ = stream.take(LogRecord(kind: .stopSent, time: 0, payload: []))
    _ = stream.take(
      LogRecord(kind: .answered, time: 0, payload: Array(#"{"attentionId":"q1","answer":"yes"}"#.utf8)))
    #expect(stream.stopWasSent && stream.answer?.id == "q1" && stream.answer?.text == "yes")
  }
}
