import Orchestration
import RunModel

/// The language of an agent with a profile, beside our own lines.
struct ProfileLanguage: AgentLanguage {
  private var plain = PlainLanguage()
  private(set) var reader: ProfileReader
  private var questions = 0
  private var question: Question?
  /// How much of each stream's unfinished line was looked at for a question.
  private var looked = (stdout: 0, stderr: 0)

  private struct Question {
    var id: String
    var options: [String]
    var reply: QuestionReply
    /// Where it stands as a line whose end has not come.
    var prompt: RuntimeEvent.OutputStream?
  }

  init(_ profile: AgentProfile) { reader = ProfileReader(profile) }

  var handoff: String? { plain.handoff }
  var lastWord: String? { reader.note }
  var result: ProfileReader.Result? { reader.result }

  mutating func take(_ line: [UInt8]) -> [RuntimeEvent.Kind]? {
    let said = plain.take(line)
    // It asks by a line of ours now: the answer is to that.
    if said?.contains(where: { if case .attention = $0 { true } else { false } }) == true { question = nil }
    return said
  }

  mutating func read(
    _ line: [UInt8], from stream: RuntimeEvent.OutputStream
  ) -> (reports: [RuntimeEvent.Kind], isOutput: Bool) {
    let said = reader.take(line, from: stream)
    return (plain.takeComplaint() + said.reports.map { kind(of: $0) }, said.isOutput)
  }

  /// A question at a terminal is a line whose end does not come.
  mutating func read(unfinished line: [UInt8], from stream: RuntimeEvent.OutputStream) -> [RuntimeEvent.Kind] {
    let before = stream == .stdout ? looked.stdout : looked.stderr
    guard question == nil, let asked = reader.prompt(in: line.dropFirst(before)) else { return [] }
    if stream == .stdout { looked.stdout = line.count } else { looked.stderr = line.count }
    return [kind(of: asked, prompt: stream)]
  }

  mutating func lineEnds(on stream: RuntimeEvent.OutputStream) -> [RuntimeEvent.Kind] {
    if stream == .stdout { looked.stdout = 0 } else { looked.stderr = 0 }
    guard let asked = question, asked.prompt == stream else { return [] }
    // It went on without an answer.
    question = nil
    return [.resolved(id: asked.id, answer: "", by: "agent")]
  }

  mutating func answered(_ answer: [UInt8]) -> [RuntimeEvent.Kind] {
    guard let asked = question else { return plain.answered(answer) }
    // A question is answered by the line that went to the agent while it waited, whatever its form.
    question = nil
    let given = asked.reply.answer(of: String(decoding: answer, as: UTF8.self), id: asked.id, options: asked.options)
    return [.resolved(id: asked.id, answer: given, by: "operator")]
  }

  mutating func reply(to id: String, _ answer: String) throws(Problem) -> AgentLine {
    guard let asked = question, asked.id == id else { return try plain.reply(to: id, answer) }
    return AgentLine(tag: "answer", bytes: Array(try asked.reply.line(for: answer, id: id).utf8), isAnswer: true)
  }

  private mutating func kind(
    of report: ProfileReader.Report, prompt: RuntimeEvent.OutputStream? = nil
  ) -> RuntimeEvent.Kind {
    switch report {
    case .output(let text, let dropped): return .output(stream: .stdout, text: text, dropped: dropped)
    case .tool(let call): return .tool(call)
    case .usage(let total): return .usage(total)
    case .progress(let value, let message): return .progress(value, message: message)
    case .plan(let entries): return .plan(entries)
    case .question(let id, let text, let options, let reply):
      questions += 1
      let asked = Question(id: id ?? "p\(questions)", options: options, reply: reply, prompt: prompt)
      question = asked
      return .attention(id: asked.id, question: text, options: options, kind: "question")
    }
  }
}

extension ProfileReader.Result {
  /// Which said what, after the exit code.
  func words(after code: Int) -> String {
    switch (hasFailed, reason) {
    case (true, let reason?): code == 0 ? ", but reported a failure: \(reason)" : ": \(reason)"
    case (true, nil): code == 0 ? ", but reported a failure" : ""
    case (false, _): ", though it reported success"
    }
  }
}
