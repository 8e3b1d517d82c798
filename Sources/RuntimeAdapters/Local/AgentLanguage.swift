import Orchestration
import RunModel

/// The language that an agent speaks on its standard output. A value, so that reading the same log again comes to the same
/// state; it sees whole lines and never a clock.
protocol AgentLanguage: Sendable {
  /// What a line without its newline says; nil when it says nothing in this language: it is output then.
  mutating func take(_ line: [UInt8]) -> [RuntimeEvent.Kind]?

  /// What a line for people says besides, and whether it is output; one of standard error too, and each piece of one that
  /// redraws itself.
  mutating func read(_ line: [UInt8], from stream: RuntimeEvent.OutputStream) -> (
    reports: [RuntimeEvent.Kind], isOutput: Bool
  )

  /// What the beginning of a line says whose end has not come.
  mutating func read(unfinished line: [UInt8], from stream: RuntimeEvent.OutputStream) -> [RuntimeEvent.Kind]

  /// What it means that this line's end has come; told before the line.
  mutating func lineEnds(on stream: RuntimeEvent.OutputStream) -> [RuntimeEvent.Kind]

  /// What it means that the agent was handed this answer.
  mutating func answered(_ answer: [UInt8]) -> [RuntimeEvent.Kind]

  /// What goes to the agent as the answer of a person to its question. Throws a `Problem` that says why not.
  mutating func reply(to question: String, _ answer: String) throws(Problem) -> AgentLine

  /// The note that the agent has left by its own words.
  var handoff: String? { get }

  /// The same where it leaves no note of another kind: what it said last.
  var lastWord: String? { get }

  /// How it went by the agent's words, which its exit status has to confirm.
  var result: ProfileReader.Result? { get }

  /// The command lines that it says it has run.
  var commands: [String] { get }

  /// How the work came out by the agent's words; nil when its exit status alone tells.
  var verdict: AgentVerdict? { get }
}

/// How an agent's words say that its work came out.
enum AgentVerdict: Sendable, Equatable {
  case succeeded
  /// As in `NAME REASON`.
  case failed(String)
  /// It had not come to an end; as in `NAME exited 3 REASON`.
  case unfinished(String)
}

extension AgentLanguage {
  mutating func answered(_ answer: [UInt8]) -> [RuntimeEvent.Kind] { PlainLanguage.resolution(answer) }
  mutating func reply(to question: String, _ answer: String) throws(Problem) -> AgentLine {
    AgentLine(tag: "answer", bytes: PlainLanguage.answer(question, answer), isAnswer: true)
  }
  mutating func read(
    _ line: [UInt8], from stream: RuntimeEvent.OutputStream
  ) -> (reports: [RuntimeEvent.Kind], isOutput: Bool) { ([], true) }
  mutating func read(unfinished line: [UInt8], from stream: RuntimeEvent.OutputStream) -> [RuntimeEvent.Kind] { [] }
  mutating func lineEnds(on stream: RuntimeEvent.OutputStream) -> [RuntimeEvent.Kind] { [] }
  var lastWord: String? { nil }
  var result: ProfileReader.Result? { nil }
  var commands: [String] { [] }
  var verdict: AgentVerdict? { nil }
}

/// Lines for people, and lines that speak to us: `{"awf": "progress", …}`.
struct PlainLanguage: AgentLanguage {
  private(set) var handoff: String?
  private var usage = RuntimeEvent.Usage()
  private var questions = 0
  private var hasReportedProgress = false

  mutating func take(_ line: [UInt8]) -> [RuntimeEvent.Kind]? {
    guard line.first == UInt8(ascii: "{"), let json = try? JSONValue(parsing: line), let type = json["awf"]?.string
    else {
      // What does not parse is output like any other.
      return nil
    }
    switch type {
    case "progress":
      guard let value = json["progress"]?.double else { return nil }
      hasReportedProgress = true
      return [.progress(value, message: json["message"]?.string)]
    case "tool":
      guard let name = json["name"]?.string else { return nil }
      return [
        .tool(
          RuntimeEvent.ToolCall(
            name: name, target: json["target"]?.string, summary: json["summary"]?.string,
            status: json["status"]?.string, diff: json["diff"]?.string))
      ]
    case "attention":
      guard let text = json["question"]?.string else { return nil }
      questions += 1
      return [
        .attention(
          id: json["attentionId"]?.string ?? "q\(questions)", question: text,
          options: json["options"]?.array?.compactMap(\.string) ?? [], kind: json["kind"]?.string ?? "question",
          detail: AttentionDetail(json: json))
      ]
    case "plan":
      guard let entries = json["entries"]?.array else { return nil }
      let plan = entries.compactMap(PlanEntry.init(json:))
      // What a plan comes to counts for those that report nothing better.
      guard !hasReportedProgress, let done = plan.progress else { return [.plan(plan)] }
      return [.plan(plan), .progress(done, message: plan.first { $0.status == .inProgress }?.text)]
    case "handoff":
      guard let note = json["note"]?.string else { return nil }
      handoff = note
      return []
    case "usage":
      usage.inputTokens = json["inputTokens"]?.int ?? usage.inputTokens
      usage.outputTokens = json["outputTokens"]?.int ?? usage.outputTokens
      usage.costUSD = json["costUSD"]?.double ?? usage.costUSD
      return [.usage(usage)]
    default:
      var data = json.object ?? [:]
      data["awf"] = nil
      return [.custom(type: type, data: data)]
    }
  }

  static func answer(_ question: String, _ answer: String) -> [UInt8] {
    JSONValue.object(["awf": "answer", "attentionId": .string(question), "answer": .string(answer)]).jsonBytes
  }

  static func resolution(_ answer: [UInt8]) -> [RuntimeEvent.Kind] {
    guard let json = try? JSONValue(parsing: answer), let id = json["attentionId"]?.string else {
      // Only our own answers are recorded; another text says nothing about a question.
      return []
    }
    return [.resolved(id: id, answer: json["answer"]?.string ?? "", by: "operator")]
  }
}
