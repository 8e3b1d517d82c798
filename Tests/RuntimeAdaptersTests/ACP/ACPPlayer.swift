import FoundationEssentials
import Orchestration
import RunModel
import TestSupport

@testable import RuntimeAdapters

/// Plays a recorded session through a conversation, in the place of its client.
struct ACPPlayer {
  var stream: AgentStream
  private(set) var events: [RuntimeEvent.Kind] = []
  /// What was to be done, in order; that which is told the agent by its tag.
  private(set) var actions: [AgentAction] = []
  var told: [String] {
    actions.compactMap { if case .tell(let line) = $0 { line.tag } else { nil } }
  }

  var conversation: ACPConversation {
    get { stream.language as? ACPConversation ?? ACPConversation(Self.settings()) }
    set { stream.language = newValue }
  }

  static func settings(_ change: (inout ACPConversation.Settings) -> Void = { _ in }) -> ACPConversation.Settings {
    var settings = ACPConversation.Settings(worktree: "/w", prompt: { () throws(Problem) in "the prompt" })
    change(&settings)
    return settings
  }

  init(_ settings: ACPConversation.Settings = Self.settings(), said: [InputRecord] = []) {
    stream = AgentStream(ACPConversation(settings))
    conversation.begin(said: said)
    act()
  }

  mutating func act() { actions += conversation.takeActions() }

  mutating func take(_ line: String, _ kind: LogRecord.Kind = .stdout) {
    events += stream.take(LogRecord(kind: kind, time: 0, payload: Array(line.utf8)))
    act()
  }

  /// Answers the open question, as a person does whose answer the supervisor hands on at once.
  mutating func answer(_ text: String) throws {
    guard let question = stream.question else { throw ConformanceFailure("nothing is asked") }
    let line = try stream.language.reply(to: question.id, text)
    actions.append(.tell(line))
    take(String(decoding: line.bytes, as: UTF8.self), .answered)
  }

  /// The sessions of a recording, each from its `initialize` on.
  static func sessions(_ name: String) throws -> [[JSONValue]] {
    let path = agents.appending(path: "Recordings/acp-vibe-\(name).jsonl").path
    guard let bytes = FileManager.default.contents(atPath: path) else { throw ConformanceFailure("no \(path)") }
    var sessions: [[JSONValue]] = []
    for line in bytes.split(separator: 0x0A) {
      let entry = try JSONValue(parsing: Array(line))
      if entry["dir"]?.string == "->", entry["msg"]?["method"]?.string == "initialize" { sessions.append([]) }
      sessions[sessions.count - 1].append(entry)
    }
    return sessions
  }

  static var agents: URL {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Agents")
  }

  /// Plays it: what the agent said comes as lines, and at what the client said a person does the same.
  mutating func play(_ session: [JSONValue]) throws {
    for entry in session {
      var message = entry["msg"]?.object ?? [:]
      if entry["dir"]?.string == "<-" {
        // Its client counted its requests from 0, and ours counts from 1.
        if message["method"] == nil, let id = message["id"]?.int { message["id"] = .int(id + 1) }
        take(JSONValue.object(message).jsonText)
        continue
      }
      let outcome = message["result"]?["outcome"]
      if message["method"]?.string == "session/cancel" {
        _ = conversation.cancel()
        act()
      } else if let chosen = outcome?["optionId"]?.string {
        let place = conversation.permissions.first?.options.firstIndex { $0.id == chosen }
        try answer(conversation.permissions.first?.options[place ?? 0].text ?? "")
      } else if outcome?["outcome"]?.string == "cancelled", !conversation.isCanceled {
        take(JSONValue.object(message).jsonText, .answered)
      }
    }
  }

  // MARK: What came of it

  var lines: [String] { events.compactMap { if case .output(_, let text, _) = $0 { text } else { nil } } }
  var tools: [RuntimeEvent.ToolCall] { events.compactMap { if case .tool(let call) = $0 { call } else { nil } } }
  var usage: RuntimeEvent.Usage? { events.reduce(nil) { if case .usage(let usage) = $1 { usage } else { $0 } } }
  var customs: [String] { events.compactMap { if case .custom(let type, _) = $0 { type } else { nil } } }
  var questions: [AgentStream.Question] {
    events.compactMap {
      guard case .attention(let id, let text, let options, let kind, let detail) = $0 else { return nil }
      return AgentStream.Question(id: id, text: text, options: options, kind: kind, detail: detail)
    }
  }
}
