import Orchestration
import RunModel
import Testing

@testable import RuntimeAdapters
@testable import flightdeck

@Suite("What a profile makes of lines")
struct ProfileReaderTests {
  /// A reader that is fed lines.
  private final class Play {
    private(set) var reader: ProfileReader

    init(_ text: String) throws { reader = ProfileReader(try ProfileFile.parse(text, name: "test")) }

    func reports(_ line: String) -> [ProfileReader.Report] { reader.take(Array(line.utf8), from: .stdout).reports }

    func isOutput(_ line: String, _ stream: RuntimeEvent.OutputStream = .stdout) -> Bool {
      reader.take(Array(line.utf8), from: stream).isOutput
    }
  }

  /// An agent's output as the log holds it.
  private final class Output {
    private(set) var stream: AgentStream

    init(_ text: String) throws { stream = AgentStream(ProfileLanguage(try ProfileFile.parse(text, name: "test"))) }

    /// The line that goes to the agent as this answer.
    func reply(_ answer: String) throws -> String {
      let id = stream.question?.id ?? ""
      return String(decoding: try stream.language.reply(to: id, answer).bytes, as: UTF8.self)
    }

    func take(_ kind: RuntimeAdapters.LogRecord.Kind, _ text: String) -> [RuntimeEvent.Kind] {
      stream.take(RuntimeAdapters.LogRecord(kind: kind, time: 0, payload: Array(text.utf8)))
    }
  }

  /// An agent that puts several blocks into a message, as several real ones do.
  private static let blocks = """
    stdin: answers
    objects:
      - when: {type: assistant}
        each: message.content[]
        where: {type: text}
        output: text
      - when: {type: assistant}
        each: message.content[]
        where: {type: tool_use, name: {not: [Edit, Todo]}}
        tool: {name: name, target: [input.command, input.file_path], status: $.state, summary: {text: a tool}}
      - when: {type: assistant}
        each: message.content[]
        where: {name: Edit}
        edit: {path: input.file_path, old: input.old, new: input.new}
      - when: {type: assistant}
        each: message.content[]
        where: {name: Todo}
        plan: {entries: input.todos, text: content, status: status}
      - when: {type: turn}
        usage: {input: usage.in, output: usage.out, cost: usage.cost, delta: true}
      - when: {type: ask, choices: {exists: true}}
        question: {text: question, id: id, options: "choices[].label", reply: '{"id":{id:json},"answer":{answer:json}}'}
      - when: {type: step}
        progress: {value: done, of: all, message: "[\\"a.b\\"].c"}
      - when: {type: result, is_error: false}
        result: {outcome: succeeded}
        note: result
      - when: {type: result, is_error: true}
        result: {outcome: failed, reason: [error, result]}
      - when: {type: {match: '^(ping|pong)$'}}
        ignore: true
    """

  @Test("Parts of an object, alternatives, the line's own object, edits and plans")
  func parts() throws {
    let play = try Play(Self.blocks)
    let line = #"""
      {"type":"assistant","state":"done","message":{"content":[{"type":"text","text":"One\ntwo\n"},{"type":"tool_use","name":"Bash","input":{"command":"ls"}},{"type":"tool_use","name":"Read","input":{"file_path":"a.txt"}},{"type":"tool_use","name":"Edit","input":{"file_path":"b.txt","old":"1\n2\n3\n","new":"1\nzwei\n3\n"}},{"type":"tool_use","name":"Todo","input":{"todos":[{"content":"x","status":"completed"},{"content":"y","status":"in_progress"}]}}]}}
      """#
    let diff = "--- a/b.txt\n+++ b/b.txt\n@@ -1,3 +1,3 @@\n 1\n-2\n+zwei\n 3\n"
    #expect(
      play.reports(line) == [
        .output("One", dropped: 0), .output("two", dropped: 0),
        .tool(RuntimeEvent.ToolCall(name: "Bash", target: "ls", summary: "a tool", status: "done")),
        .tool(RuntimeEvent.ToolCall(name: "Read", target: "a.txt", summary: "a tool", status: "done")),
        .tool(RuntimeEvent.ToolCall(name: "edit", target: "b.txt", diff: diff)),
        .plan([PlanEntry("x", .completed), PlanEntry("y", .inProgress)]), .progress(0.5, message: nil),
      ])
  }

  @Test("Counts that are added up, progress as a part of a whole, results and notes")
  func counts() throws {
    let play = try Play(Self.blocks)
    #expect(
      play.reports(#"{"type":"turn","usage":{"in":100,"out":"20","cost":0.5}}"#) == [
        .usage(RuntimeEvent.Usage(inputTokens: 100, outputTokens: 20, costUSD: 0.5))
      ])
    #expect(
      play.reports(#"{"type":"turn","usage":{"in":1,"out":-7,"cost":"x"}}"#) == [
        .usage(RuntimeEvent.Usage(inputTokens: 101, outputTokens: 20, costUSD: 0.5))
      ])
    #expect(
      play.reports(#"{"type":"step","done":3,"all":4,"a.b":{"c":"more"}}"#) == [.progress(0.75, message: "more")])
    #expect(play.isOutput(#"{"type":"step","done":3,"all":0}"#))
    #expect(play.reader.result == nil)
    _ = play.reports(#"{"type":"result","is_error":false,"result":"All done"}"#)
    #expect(play.reader.result == ProfileReader.Result(hasFailed: false) && play.reader.note == "All done")
    _ = play.reports(#"{"type":"result","is_error":true,"result":"no\nkey"}"#)
    #expect(play.reader.result == ProfileReader.Result(hasFailed: true, reason: "no key"))
  }

  @Test("What no rule knows, what is no JSON and what lacks the field stays output; colours hide no object")
  func fallback() throws {
    let play = try Play(Self.blocks)
    for line in [#"{"type":"new"}"#, "plain", #"{"type":"#, #"{"type":"assistant","message":{"content":"x"}}"#, "[1]"] {
      #expect(play.isOutput(line), "\(line)")
    }
    #expect(!play.isOutput(#"{"type":"ping"}"#))
    #expect(play.isOutput(#"{"type":"ping"}"#, .stderr))
    let coloured = "\u{1B}[32m \u{1B}]0;title\u{7}{\"type\":\"ping\"}\u{1B}[0m"
    #expect(!play.isOutput(coloured))
  }

  @Test("A question's answer is what the profile says, as JSON where it says so, and comes back as it was given")
  func questions() throws {
    let output = try Output(Self.blocks)
    let line = #"{"type":"ask","id":"7","question":"Which?","choices":[{"label":"left"},{"label":"right"}]}"#
    let asked = output.take(.stdout, line)
    #expect(asked == [.attention(id: "7", question: "Which?", options: ["left", "right"], kind: "question")])
    let written = try output.reply("right")
    #expect(written == #"{"id":"7","answer":"right"}"#)
    #expect(
      output.take(.answered, written) == [
        .resolved(id: "7", answer: "right", by: "operator")
      ])
    #expect(output.stream.question == nil)
  }

  private static let prompts = #"""
    stdin: answers
    prompts:
      - match: '(Overwrite .*)\? \[y/N\] ?$'
        question: $1?
        answers: {yes: "y", no: "n"}
      - match: 'Name: $'
    """#

  @Test("An unfinished line is a question only where a pattern says so, once, and takes no other answer")
  func terminal() throws {
    let output = try Output(Self.prompts)
    #expect(output.take(.stdoutFragment, "Overwrite \u{1B}[1ma.txt\u{1B}[0m? [y") == [])
    let asked = output.take(.stdoutFragment, "/N] ")
    #expect(asked == [.attention(id: "p1", question: "Overwrite a.txt?", options: ["yes", "no"], kind: "question")])
    #expect(output.take(.stdoutFragment, " ") == [])
    #expect(try output.reply("yes") == "y")
    #expect(throws: Problem(.invalid, "The agent takes one of these as an answer: yes, no.")) {
      try output.reply("maybe")
    }
    #expect(output.take(.answered, "n") == [.resolved(id: "p1", answer: "no", by: "operator")])
    #expect(
      output.take(.stdoutFragment, "Name: ") == [
        .attention(id: "p2", question: "Name:", options: [], kind: "question")
      ])
    #expect(try output.reply("Ada\nLovelace") == "Ada Lovelace")
    // The line goes on though nobody has answered.
    #expect(output.take(.stdout, "nobody").first == .resolved(id: "p2", answer: "", by: "agent"))
    #expect(output.stream.question == nil)
  }

  @Test("Deep, long, wide and wrongly typed lines stay within bounds")
  func hostile() throws {
    let play = try Play(Self.blocks)
    let deep = String(repeating: #"{"type":"#, count: 50_000)
    let wide =
      #"{"type":"assistant","message":{"content":["#
      + String(repeating: #"{"type":"tool_use","name":"x"},"#, count: 30_000) + "1]}}"
    let long =
      #"{"type":"assistant","message":{"content":[{"type":"text","text":""#
      + String(repeating: #"a\n"#, count: 300_000) + #""}]}}"#
    #expect(play.isOutput(deep))
    #expect(play.reports(wide).count == ProfileReader.mostParts)
    let lines = play.reports(long)
    #expect(lines.count == ProfileReader.mostLines)
    #expect(lines.first == .output("a", dropped: 300_000 - ProfileReader.mostLines))
    for value in ["1", "null", "[]", "{}", "true", "\"x\"", "1e308", "-1", "9223372036854775807"] {
      for line in [
        #"{"type":"turn","usage":\#(value)}"#, #"{"type":"turn","usage":{"in":\#(value),"cost":\#(value)}}"#,
        #"{"type":"step","done":\#(value),"all":\#(value)}"#, #"{"type":\#(value)}"#,
        #"{"type":"assistant","message":{"content":\#(value)}}"#,
        #"{"type":"result","is_error":\#(value),"result":\#(value)}"#,
        #"{"type":"ask","choices":\#(value),"question":\#(value)}"#,
      ] { _ = play.reports(line) }
    }
    let gathering = try Play("lines:\n- {match: '^a$', until: '^b$', tool: {name: x, target: $body}}")
    _ = gathering.reports("a")
    for _ in 0..<1000 { _ = gathering.reports(String(repeating: "c", count: 1000)) }
    guard case .tool(let call)? = gathering.reports("b").first else {
      Issue.record("no tool call")
      return
    }
    #expect(call.target?.utf8.count ?? 0 <= ProfileReader.longestText + 3)
  }
}
