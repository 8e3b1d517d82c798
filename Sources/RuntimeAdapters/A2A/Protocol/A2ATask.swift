import Orchestration
import RunModel

/// What is known of an agent's task: updates in, reports out, no I/O.
///
/// The agent tells the same again and again (a snapshot at each new link, its history in each snapshot): `take` gives what is
/// news in an update, and reports only that. The news on record, taken again in their order, give the same reports.
struct A2ATask: Sendable {
  struct Question: Sendable, Equatable {
    var id: String
    var text: String
  }

  enum Outcome: Sendable, Equatable {
    case completed, canceled
    case failed(String)
    /// It answered with a message and made no task.
    case answered
  }

  /// The text of all artifacts and messages of a run that is kept, and how many artifacts and messages are told apart.
  static let mostText = 16 << 20
  static let mostPieces = 200_000

  private(set) var id: String?
  private(set) var context: String?
  private(set) var state = A2AState.submitted
  private(set) var question: Question?
  private(set) var artifacts: [KnownArtifact] = []
  /// The agent's newest message.
  private(set) var lastWords = ""
  private(set) var outcome: Outcome?
  private(set) var stopWasSent = false
  /// The one that the agent named last.
  private(set) var pullRequest: String?
  /// The question that was answered last.
  private(set) var answered: Question?
  private(set) var isCutShort = false
  private var questions = 0
  private var heard: Set<String> = []
  private var text = 0
  private var pieces = 0

  struct KnownArtifact: Sendable {
    var id: String
    var name: String?
    var parts: [A2APart]
    /// It came in pieces, which belong together without a line between them.
    var isStreamed = false
    /// The last line said of it, which may go on.
    fileprivate var open = ""

    /// The lines that end with this piece; only the piece is looked through, however long the open line is.
    fileprivate mutating func lines(adding fresh: String, isLast: Bool) -> [String] {
      var lines: [String] = []
      func close() {
        lines.append(open.bounded(Bounds.line))
        open = ""
      }
      var isFirst = true
      for piece in fresh.pieces {
        if !isFirst { close() }
        isFirst = false
        // What is beyond a line's bound is not shown.
        if open.utf8.count <= Bounds.line { open += piece }
      }
      if isLast, !open.isEmpty { close() }
      return lines
    }

    /// Its texts as one.
    var text: String { joined(parts) }

    fileprivate func joined(_ parts: some Sequence<A2APart>) -> String {
      let texts = parts.compactMap(\.text)
      let isWhole = isStreamed || texts.contains { $0.first?.isWhitespace ?? true || $0.last?.isWhitespace ?? true }
      return texts.joined(separator: isWhole ? "" : "\n")
    }
  }

  /// What an update comes to: what of it is news, for the record, and what is to be told of that.
  struct Taken {
    var news: A2AUpdate?
    var reports: [RuntimeEvent.Kind] = []
  }

  mutating func take(_ update: A2AUpdate) -> Taken {
    switch update {
    case .task(let id, let context): takeIds(id, context)
    case .message(let message): take(message, update)
    case .answer(let message): takeAnswer(message, update)
    case .artifact(let artifact, let appends, let isLast): take(artifact, appends: appends, isLast: isLast)
    case .pullRequest(let address): takePullRequest(address, update)
    case .status(let state, let message, let stamp): take(state, message, stamp)
    case .answered(let id, let answer): takeAnswered(id, answer, update)
    case .stopSent: takeStopSent(update)
    }
  }

  private mutating func takeIds(_ id: String, _ context: String?) -> Taken {
    // Another task than the one that was made for us is none of ours.
    guard self.id == nil || self.id == id else { return Taken() }
    let known = context.flatMap { $0.isEmpty ? nil : $0 } ?? self.context
    guard self.id == nil || known != self.context else { return Taken() }
    self.id = id
    self.context = known
    return Taken(news: .task(id: id, context: known))
  }

  private mutating func take(_ message: A2AMessage, _ update: A2AUpdate) -> Taken {
    guard message.isAgent, isNew(message.id, or: message.text) else { return Taken() }
    return Taken(news: update, reports: say(message))
  }

  private mutating func takeAnswer(_ message: A2AMessage, _ update: A2AUpdate) -> Taken {
    guard outcome == nil, id == nil else { return take(message, .message(message)) }
    outcome = .answered
    state = .completed
    return Taken(news: update, reports: say(message))
  }

  /// Whether a message has not been heard; one without an id is known by its text.
  private mutating func isNew(_ id: String, or text: @autoclosure () -> String) -> Bool {
    guard heard.count < Self.mostPieces else { return false }
    return heard.insert(id.isEmpty ? "\(text().hashValueForRecord)" : id).inserted
  }

  private mutating func say(_ message: A2AMessage) -> [RuntimeEvent.Kind] {
    let text = bounded(message.text)
    guard !text.isEmpty else { return [] }
    lastWords = text.bounded(1 << 20)
    return text.lines.map { .output(stream: .stdout, text: $0, dropped: 0) }
  }

  /// The text, or as much of it as still is kept.
  private mutating func bounded(_ text: String) -> String {
    let room = max(0, Self.mostText - self.text)
    self.text += min(room, text.utf8.count)
    if text.utf8.count > room { isCutShort = true }
    return room == 0 ? "" : text.bounded(room)
  }

  // MARK: Artifacts

  private mutating func take(_ artifact: A2AArtifact, appends: Bool, isLast: Bool) -> Taken {
    guard let place = artifacts.firstIndex(where: { $0.id == artifact.id }) else {
      guard artifacts.count < 10_000 else {
        isCutShort = true
        return Taken()
      }
      // Whoever begins another is done with the line before.
      var reports = flush()
      artifacts.append(KnownArtifact(id: artifact.id, name: artifact.name, parts: [], isStreamed: appends))
      reports.append(.custom(type: "artifact", data: Self.announcement(artifact)))
      let kept = kept(artifact.parts)
      reports += add(kept, to: artifacts.count - 1, isLast: isLast)
      var whole = artifact
      whole.parts = kept
      return Taken(news: .artifact(whole, appends: appends, isLast: isLast), reports: reports)
    }
    if appends {
      artifacts[place].isStreamed = true
      let kept = kept(artifact.parts)
      guard !kept.isEmpty || (isLast && !artifacts[place].open.isEmpty) else { return Taken() }
      let reports = add(kept, to: place, isLast: isLast)
      let piece = A2AArtifact(id: artifact.id, name: artifact.name, parts: kept)
      return Taken(news: .artifact(piece, appends: true, isLast: isLast), reports: reports)
    }
    return replace(artifact, at: place, isLast: isLast)
  }

  /// A snapshot of one that is known: the same, the same and more, or another.
  private mutating func replace(_ artifact: A2AArtifact, at place: Int, isLast: Bool) -> Taken {
    let known = artifacts[place]
    // Beyond the bound a snapshot always differs from what is kept of it.
    if known.parts == artifact.parts || isCutShort { return Taken() }
    if artifact.parts.starts(with: known.parts) {
      let more = Array(artifact.parts.dropFirst(known.parts.count))
      return take(A2AArtifact(id: artifact.id, name: artifact.name, parts: more), appends: true, isLast: isLast)
    }
    let texts = known.parts.allSatisfy { $0.text != nil } && artifact.parts.allSatisfy { $0.text != nil }
    if texts {
      // The agent may have put the pieces of a stream together.
      let old = known.text
      let new = known.joined(artifact.parts)
      if old == new { return Taken() }
      if !old.isEmpty, new.hasPrefix(old) {
        var rest = artifact.parts.first ?? A2APart(content: .text(""))
        rest.content = .text(String(new.dropFirst(old.count)))
        return take(A2AArtifact(id: artifact.id, name: artifact.name, parts: [rest]), appends: true, isLast: isLast)
      }
    }
    text -= min(text, known.parts.reduce(0) { $0 + ($1.text?.utf8.count ?? 0) })
    artifacts[place].parts = []
    artifacts[place].open = ""
    artifacts[place].isStreamed = false
    let kept = kept(artifact.parts)
    let reports = add(kept, to: place, isLast: isLast)
    var whole = artifact
    whole.parts = kept
    return Taken(news: .artifact(whole, appends: false, isLast: isLast), reports: reports)
  }

  private mutating func kept(_ parts: [A2APart]) -> [A2APart] {
    var kept: [A2APart] = []
    for part in parts {
      pieces += 1
      guard pieces <= Self.mostPieces else {
        isCutShort = true
        break
      }
      var part = part
      switch part.content {
      case .text(let text):
        let short = bounded(text)
        if short.isEmpty { continue }
        part.content = .text(short)
      case .bytes: continue  // put away before it comes here, or too large to be
      case .kept, .link: break
      }
      kept.append(part)
    }
    return kept
  }

  private mutating func add(_ parts: [A2APart], to place: Int, isLast: Bool) -> [RuntimeEvent.Kind] {
    artifacts[place].parts += parts
    var reports: [RuntimeEvent.Kind] = []
    for part in parts {
      switch part.content {
      case .kept(let file, let size, _):
        reports.append(
          .custom(
            type: "file",
            data: [
              "file": .string(file), "bytes": .int(Int64(size)),
              "message": .string("kept the file \(file), \(size) bytes"),
            ]))
      case .link(let url):
        reports.append(
          .custom(type: "link", data: ["url": .string(url), "message": .string("a file that was not fetched: \(url)")]))
      case .text, .bytes: break
      }
    }
    guard let first = artifacts[place].parts.first, !PatchText.isPatch(first) else { return reports }
    let lines = artifacts[place].lines(adding: artifacts[place].joined(parts), isLast: isLast)
    return reports + lines.map { .output(stream: .stdout, text: $0, dropped: 0) }
  }

  private static func announcement(_ artifact: A2AArtifact) -> JSONObject {
    let name = artifact.name ?? artifact.id
    return ["artifactId": .string(artifact.id), "name": .string(name), "message": .string("artifact \(name)")]
  }

  // MARK: Status

  private mutating func takePullRequest(_ address: String, _ update: A2AUpdate) -> Taken {
    guard outcome == nil, pullRequest != address, pieces < Self.mostPieces else { return Taken() }
    pieces += 1
    pullRequest = address
    let told: JSONObject = ["url": .string(address), "message": .string("a pull request: \(address)")]
    return Taken(news: update, reports: [.custom(type: "pull_request", data: told)])
  }

  private mutating func take(_ new: A2AState, _ message: A2AMessage?, _ stamp: String?) -> Taken {
    guard outcome == nil else { return Taken() }
    var reports: [RuntimeEvent.Kind] = []
    let isHeard = message.map { !isNew($0.id, or: $0.text) } ?? false
    let hasNews = message != nil && !isHeard
    if let message, hasNews { reports += say(message) }
    if new.waits {
      // The same word of waiting as before: still asked, or answered from here already.
      let key = message?.id ?? stamp.map { "\(new.rawValue)@\($0)" }
      let isSame = message != nil ? isHeard : key.map { !heard.insert($0).inserted } ?? (state == new)
      if isSame, state == new || answered != nil || question != nil { return Taken() }
      reports += ask(new, message)
    } else if new == state, !hasNews {
      return Taken()
    } else if let open = question {
      // Somebody else has answered, or the agent went on without.
      question = nil
      if !new.isTerminal { reports.append(.resolved(id: open.id, answer: "", by: "agent")) }
    }
    if new != state {
      reports.append(.custom(type: "state", data: ["state": .string(new.rawValue), "message": .string(new.words)]))
    }
    state = new
    if new.isTerminal { reports += end(new, message) }
    return Taken(news: .status(new, message, stamp: stamp), reports: reports)
  }

  private mutating func ask(_ state: A2AState, _ message: A2AMessage?) -> [RuntimeEvent.Kind] {
    questions += 1
    var text = message?.text ?? ""
    if state == .authRequired {
      text = "The agent needs somebody to sign in. \(text.isEmpty ? "It does not say where." : text)"
    } else if text.isEmpty {
      text = lastWords.isEmpty ? "The agent waits for an answer and does not say to what." : lastWords
    }
    let asked = Question(id: "\(state.rawValue)-\(questions)", text: text.bounded(Bounds.question))
    question = asked
    return [.attention(id: asked.id, question: asked.text, options: [], kind: "question")]
  }

  private mutating func end(_ state: A2AState, _ message: A2AMessage?) -> [RuntimeEvent.Kind] {
    let said = message?.text ?? ""
    let words = (said.isEmpty ? lastWords : said).bounded(Bounds.activity)
    switch state {
    case .failed: outcome = .failed(words.isEmpty ? "The agent says that it failed" : "The agent failed: \(words)")
    case .rejected:
      outcome = .failed(words.isEmpty ? "The agent rejected the task" : "The agent rejected the task: \(words)")
    case .canceled: outcome = .canceled
    default: outcome = .completed
    }
    return flush()
  }

  /// The lines that were still open.
  mutating func flush() -> [RuntimeEvent.Kind] {
    var reports: [RuntimeEvent.Kind] = []
    for place in artifacts.indices where !artifacts[place].open.isEmpty {
      reports.append(.output(stream: .stdout, text: artifacts[place].open.bounded(Bounds.line), dropped: 0))
      artifacts[place].open = ""
    }
    return reports
  }

  private mutating func takeAnswered(_ id: String, _ answer: String, _ update: A2AUpdate) -> Taken {
    guard let open = question, open.id == id, outcome == nil else { return Taken() }
    question = nil
    answered = Question(id: id, text: answer)
    state = .working
    return Taken(news: update, reports: [.resolved(id: id, answer: answer, by: "operator")])
  }

  private mutating func takeStopSent(_ update: A2AUpdate) -> Taken {
    guard !stopWasSent, outcome == nil else { return Taken() }
    stopWasSent = true
    return Taken(news: update, reports: [.stopSent])
  }
}

extension A2AState {
  fileprivate var words: String {
    switch self {
    case .submitted: "the agent has the task"
    case .working: "the agent works"
    case .completed: "the agent says that it is done"
    case .canceled: "the agent says that it is canceled"
    case .failed: "the agent says that it failed"
    case .rejected: "the agent rejected the task"
    case .inputRequired: "the agent waits for an answer"
    case .authRequired: "the agent waits for somebody to sign in"
    case .unknown: "the agent says nothing of its state"
    }
  }
}

extension String {
  /// Its lines without their ends; none for nothing, and none after a last end.
  fileprivate var lines: [String] {
    guard !isEmpty else { return [] }
    var lines = pieces
    if last?.isNewline ?? false { lines.removeLast() }
    return lines.map { String($0).bounded(Bounds.line) }
  }

  /// What lies between the ends of lines; the last is what follows the last of them.
  fileprivate var pieces: [Substring] {
    // A long text without any is mostly told by its bytes, which takes a fraction of the time.
    guard utf8.contains(where: { $0 < 0x0E || $0 == 0xC2 || $0 == 0xE2 }) else { return [self[...]] }
    return split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
  }

  /// The same in every process, unlike `hashValue`: FNV-1a.
  fileprivate var hashValueForRecord: UInt64 {
    utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }
}
