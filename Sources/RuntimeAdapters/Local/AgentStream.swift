import Orchestration
import RunModel

/// What an agent's output says: turns records of the log into events, its lines by the language that it speaks. A value, so
/// that reading the same log again comes to the same state.
struct AgentStream {
  struct Question: Equatable {
    var id: String
    var text: String
    var options: [String]
    var kind: String
    var detail: AttentionDetail?

    var report: RuntimeEvent.Kind {
      .attention(id: id, question: text, options: options, kind: kind, detail: detail)
    }
  }

  var language: any AgentLanguage
  /// The highest accepted.
  private(set) var progress = 0.0
  private(set) var progressKnown = false
  private(set) var message: String?
  private(set) var usage: RuntimeEvent.Usage?
  /// The question that waits for an answer.
  private(set) var question: Question?
  /// The last answer that went to the agent, and to which question.
  private(set) var answer: (id: String, text: String)?
  private(set) var stopWasSent = false
  /// The last lines, for a run that leaves no note.
  private(set) var tail: [String] = []
  private var hasInvalid = false
  private var stdout = Partial()
  private var stderr = Partial()
  static let tailLength = 20
  static let invalidUTF8 = "invalid_utf8"

  init(_ language: any AgentLanguage = PlainLanguage()) { self.language = language }

  var handoff: String? { language.handoff }

  /// A line whose end has not come yet.
  private struct Partial {
    var bytes: [UInt8] = []
    /// Whether a report was taken out of it.
    var heldReport = false

    /// Returns the progress that the beginning of the line holds already.
    mutating func extend(with record: LogRecord) -> [Double] {
      let begun = bytes.count
      bytes += record.payload
      let length = bytes.count
      defer { if bytes.count < length { heldReport = true } }
      return TerminalProgress.strip(from: &bytes, beginningAt: begun)
    }
  }

  mutating func take(_ record: LogRecord) -> [RuntimeEvent.Kind] {
    var events: [RuntimeEvent.Kind] = []
    switch record.kind {
    case .stdout:
      let begun = stdout
      stdout = Partial()
      end(begun, record.payload, .stdout, &events)
    case .stderr:
      let begun = stderr
      stderr = Partial()
      end(begun, record.payload, .stderr, &events)
    case .stdoutFragment:
      for report in stdout.extend(with: record) { terminalReported(report, &events) }
      note(language.read(unfinished: stdout.bytes, from: .stdout), &events)
    case .stderrFragment:
      for report in stderr.extend(with: record) { terminalReported(report, &events) }
      note(language.read(unfinished: stderr.bytes, from: .stderr), &events)
    case .stopSent:
      stopWasSent = true
      events.append(.stopSent)
    case .stuck: stuck(record.text, &events)
    case .answered: note(language.answered(record.payload), &events)
    case .dropped:
      let numbers = record.text.split(separator: " ").map { Int64($0) }
      let limit = numbers.count > 1 ? numbers[1] : nil
      if let lines = numbers.first ?? nil, lines > 0 {
        events.append(.outputCut(OutputCut(lines: lines, limit: limit)))
      }
    }
    return events
  }

  private mutating func end(
    _ begun: Partial, _ rest: [UInt8], _ stream: RuntimeEvent.OutputStream, _ events: inout [RuntimeEvent.Kind]
  ) {
    var bytes = begun.bytes + rest
    let length = bytes.count
    let reports = TerminalProgress.strip(from: &bytes, beginningAt: begun.bytes.count)
    let heldReport = begun.heldReport || bytes.count < length
    for report in reports { terminalReported(report, &events) }
    note(language.lineEnds(on: stream), &events)
    if bytes.last == 0x0D { bytes.removeLast() }
    // A line that held a report alone says nothing else.
    if bytes.isEmpty, heldReport { return }
    if stream == .stdout, let said = language.take(bytes) { return note(said, &events) }
    // A carriage return ends a line too: what redraws itself is seen as it goes.
    let pieces = bytes.split(separator: 0x0D, omittingEmptySubsequences: bytes.contains(0x0D))
    var passed = max(0, pieces.count - Bounds.redraws)
    for line in pieces.suffix(Bounds.redraws) {
      let said = language.read(Array(line), from: stream)
      if said.isOutput {
        let text = self.text(line, &events)
        keep(text)
        events.append(.output(stream: stream, text: text, dropped: passed))
        passed = 0
      }
      note(said.reports, &events)
    }
  }

  /// Bytes that are no UTF-8 become U+FFFD each; that there are any is told once, as the log alone has them.
  private mutating func text(_ line: ArraySlice<UInt8>, _ events: inout [RuntimeEvent.Kind]) -> String {
    if let text = String(validating: line, as: UTF8.self) { return text }
    if !hasInvalid {
      hasInvalid = true
      events.append(
        .custom(
          type: Self.invalidUTF8,
          data: ["message": "Some of the output is not UTF-8: those bytes are shown as U+FFFD, the run's log has them"])
      )
    }
    return String(decoding: line, as: UTF8.self)
  }

  private mutating func terminalReported(_ value: Double, _ events: inout [RuntimeEvent.Kind]) {
    // Terminals are told the same again and again.
    guard !progressKnown || value != progress else { return }
    note([.progress(value, message: nil)], &events)
  }

  /// Keeps what these reports say of how things stand.
  mutating func note(_ reports: [RuntimeEvent.Kind], _ events: inout [RuntimeEvent.Kind]) {
    for report in reports {
      switch report {
      case .progress(let value, let message):
        if value >= progress, value <= 1 {
          progress = value
          progressKnown = true
        }
        self.message = message ?? self.message
      case .usage(let total): usage = total
      case .attention(let id, let text, let options, let kind, let detail):
        question = Question(id: id, text: text, options: options, kind: kind, detail: detail)
      case .resolved(let id, let text, _):
        if question?.id == id { question = nil }
        answer = (id, text)
      case .output(_, let text, _): keep(text)
      case .tool, .plan, .outputCut, .stopSent, .changes, .ended, .custom: break
      }
    }
    events += reports
  }

  private mutating func keep(_ text: String) {
    guard !text.allSatisfy(\.isWhitespace) else { return }
    tail.append(String(text.prefix(2000)))
    if tail.count > Self.tailLength { tail.removeFirst() }
  }

  /// A process that cannot be ended needs a person, so it is put to them as a question is.
  private mutating func stuck(_ complaint: String, _ events: inout [RuntimeEvent.Kind]) {
    let asked = Question(id: Self.stuckQuestion, text: Self.plea(complaint), options: [], kind: Self.stuckQuestion)
    question = asked
    events.append(asked.report)
  }

  /// The id of what is no question: no answer helps.
  static let stuckQuestion = "stuck"

  static func plea(_ complaint: String) -> String {
    "\(complaint). End it by hand: the run ends as soon as nothing of it is left."
  }
}

/// OSC 9;4, by which programs tell a terminal their progress: `ESC ] 9 ; 4 ; STATE ; PERCENT (BEL | ESC \)`.
enum TerminalProgress {
  private static let start = Array("\u{1B}]9;4;".utf8)

  /// No body is longer.
  private static let longestBody = 31

  /// Takes the sequences out of the text from `begin` on, where those before are out already, and returns the progress of
  /// each that has one, in [0, 1]; a sequence whose end has not come stays. What is left of the text never makes another
  /// one, so that it is all the same in which pieces a line comes.
  static func strip(from bytes: inout [UInt8], beginningAt begin: Int = 0) -> [Double] {
    guard bytes.contains(0x1B) else { return [] }
    var reports: [Double] = []
    var kept = begin
    for place in begin..<bytes.count {
      bytes[kept] = bytes[place]
      kept += 1
      guard let body = body(in: bytes[..<kept]) else { continue }
      let words = bytes[body].split(separator: UInt8(ascii: ";")).map { Int(String(decoding: $0, as: UTF8.self)) }
      // 1 is a value, 2 an error and 4 a pause with one; 0 takes it away and 3 says only "busy".
      if words.count == 2, let state = words[0], [1, 2, 4].contains(state), let percent = words[1],
        (0...100).contains(percent)
      {
        reports.append(Double(percent) / 100)
      }
      kept = body.lowerBound - start.count
    }
    bytes.removeLast(bytes.count - kept)
    return reports
  }

  /// Where the body is of the sequence that the text ends with; nil when it ends with none.
  private static func body(in text: ArraySlice<UInt8>) -> Range<Int>? {
    let end: Int
    switch text.last {
    case 0x07: end = text.endIndex - 1
    case UInt8(ascii: "\\") where text.dropLast().last == 0x1B: end = text.endIndex - 2
    default: return nil
    }
    let head = text[..<end].suffix(start.count + longestBody)
    guard let escape = head.lastIndex(where: { $0 == 0x1B || $0 == 0x07 }), text[escape...].starts(with: start),
      escape + start.count <= end
    else { return nil }
    return (escape + start.count)..<end
  }
}
