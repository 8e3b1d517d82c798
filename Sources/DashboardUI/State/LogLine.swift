import RunModel

/// What kind of line an event makes.
enum LogKind: Sendable { case output, error, tool, progress, milestone, attention, good, bad, other }

/// One event as a line of a run's log.
struct LogLine: Sendable {
  var seq: UInt64
  var time: Timestamp
  var kind: LogKind
  var label: String
  var text: String
  /// At the right: exit codes, counts.
  var detail: String?
  /// The text with its agent's colours, where it has any.
  var styled: [Span]?
  /// Whether it tells of something that went wrong: what `e` goes to.
  var isError = false
  /// The event whole; nil when it is too long to be kept.
  var event: RunEvent?

  /// Longer texts are cut here.
  static let longest = 16_384

  init(_ event: RunEvent) {
    seq = event.seq
    time = event.time
    let data = event.data
    func text(_ key: String) -> String? { data[key]?.string }
    switch event.type {
    case .output:
      let isStderr = text("stream") == "stderr"
      kind = isStderr ? .error : .output
      label = isStderr ? "stderr" : "output"
      self.text = text("text") ?? ""
      if let dropped = data["dropped"]?.int, dropped > 0 {
        detail = "\(Format.plural(Int(clamping: dropped), "line")) dropped before"
      }
    case .outputCut:
      kind = .bad
      label = "output"
      self.text = OutputCut(json: .object(data)).words
    case .conflict:
      kind = .other
      label = "conflict"
      self.text = LogLine.conflict(data)
    case .tool:
      kind = .tool
      label = "tool"
      self.text = [text("name"), text("target")].compactMap { $0 }.joined(separator: "  ")
      detail = [text("summary"), text("status")].compactMap { $0 }.joined(separator: "  ")
      if detail == "" { detail = nil }
    case .progress:
      kind = .progress
      label = "progress"
      let percent = data["progress"]?.double.map { "\(Format.percent($0))%" }
      self.text = text("message") ?? percent ?? ""
      detail = text("message") == nil ? nil : percent
    case .plan:
      let plan = data["entries"]?.array?.compactMap(PlanEntry.init(json:)) ?? []
      kind = .progress
      label = "plan"
      let spans = PlanWords.spans(plan)
      styled = spans
      self.text = spans.reduce("") { $0 + $1.text }
    case .message:
      kind = .milestone
      label = "message"
      self.text = text("text") ?? ""
      detail = text("by").map { "by \($0)" }
    case .attention:
      kind = .attention
      label = "question"
      let asked = AttentionDetail(json: .object(data)).map { $0.command ?? $0.paths.joined(separator: " ") } ?? ""
      self.text = (text("question") ?? "") + (asked.isEmpty ? "" : "  \(asked)")
      detail = data["options"]?.array?.compactMap(\.string).joined(separator: " / ")
      if detail == "" { detail = nil }
    case .resolved:
      kind = .milestone
      label = "answer"
      self.text = text("answer") ?? ""
      if let rule = data["remember"].flatMap(PermissionRule.init(json:)) {
        self.text += ", and from now on \(rule.words)"
      }
      if data["rule"] != nil, let asked = AttentionDetail(json: .object(data)) {
        self.text += "  \(asked.tool.rawValue) " + (asked.command ?? asked.paths.joined(separator: " "))
      }
      detail = text("by").map { "by \($0)" }
    case .queued:
      kind = .milestone
      label = "queued"
      self.text = text("title") ?? ""
    case .waiting:
      kind = .milestone
      label = "waits"
      self.text = data["waitsFor"]?.array?.compactMap(\.string).joined(separator: ", ") ?? ""
    case .started:
      kind = .milestone
      label = "started"
      self.text = text("branch").map { "on \($0)" } ?? ""
      detail = text("runtimeId")
    case .usage:
      kind = .other
      label = "usage"
      self.text = LogLine.usage(data)
    case .verifying:
      kind = .milestone
      label = "verify"
      self.text = text("command") ?? ""
      if let index = data["index"]?.int, let count = data["count"]?.int { detail = "\(index) of \(count)" }
    case .cancelRequested:
      kind = .milestone
      label = "cancel"
      self.text = text("reason") ?? ""
      detail = text("by").map { "by \($0)" }
    case .stopSent:
      kind = .milestone
      label = "stop"
      self.text = "stop sent to the run"
    case .canceled:
      kind = .milestone
      label = "canceled"
      self.text = data["proof"].map { Format.proof(CancelProof(json: $0)) } ?? ""
    case .succeeded:
      kind = .good
      label = "succeeded"
      self.text = text("reason") ?? ""
    case .failed:
      kind = .bad
      label = "failed"
      self.text = text("reason") ?? ""
      detail = data["exitCode"]?.int.map { "exit \($0)" }
    case .artifacts:
      kind = .milestone
      label = "artifacts"
      self.text = data["files"]?.int.map { $0 == 1 ? "1 file changed" : "\($0) files changed" } ?? ""
    case .approvalRequested:
      kind = .attention
      label = "approval"
      let what = [text("risk").map { "\($0) risk" }, text("taskClass")?.replacing("_", with: " ")]
      self.text = (["asked for"] + what).compactMap { $0 }.joined(separator: ", ")
      detail = text("by").map { "by \($0)" }
    case .approvalApproved, .approvalRejected:
      kind = event.type == .approvalApproved ? .good : .bad
      label = event.type == .approvalApproved ? "approved" : "rejected"
      self.text = text("why") ?? ""
      detail = text("by").map { "by \($0)" }
    case .pullRequest:
      kind = text("url") == nil ? .bad : .milestone
      label = "PR"
      self.text = text("url") ?? text("reason").map { "not opened: \($0)" } ?? ""
    default:
      // A type that is not ours, or newer than this program: shown with all it says.
      kind = .other
      label =
        event.type.rawValue.hasPrefix("awf.runtime.") ? String(event.type.rawValue.dropFirst(12)) : event.type.shortName
      // One that says it in words needs its name only to be chosen by: without whose it is.
      if text("message") != nil, let last = label.split(separator: ".").last {
        label = String(last).replacing("_", with: " ")
      }
      // One that brings a message says it by that; enter shows what else there is.
      self.text = text("message") ?? PlainData.words(data)
    }
    if self.text.utf8.count > Self.longest {
      self.text = String(self.text.prefix(8192)) + "…"
    } else {
      self.event = event
    }
    if event.type == .output, self.text.utf8.contains(0x1B) {
      let styled = AgentColors.spans(self.text, kind == .error ? .outputError : .text)
      self.styled = styled
      self.text = styled.reduce("") { $0 + $1.text }
    }
    self.isError = Self.tellsOfError(event.type, data, self.text)
  }

  /// Failed tools, questions and bad ends; of output the lines that compilers, test runners and shells mark so.
  private static func tellsOfError(_ type: EventType, _ data: JSONObject, _ text: String) -> Bool {
    switch type {
    case .failed, .attention: return true
    case .tool:
      let words = ((data["status"]?.string ?? "") + " " + (data["summary"]?.string ?? "")).lowercased()
      if words.contains("fail") || words.contains("error") { return true }
      guard let exit = words.firstRange(of: "exit ") else { return false }
      return words[exit.upperBound...].first.map { $0 != "0" && $0.isNumber } ?? false
    case .output:
      return LineSearch.errors.contains { $0.isIn(text) } || text.hasPrefix("FAIL")
    default: return false
    }
  }

  private static func conflict(_ data: JSONObject) -> String {
    let conflicts = data["conflicts"]?.array?.compactMap(Conflict.init(json:)) ?? []
    guard let first = conflicts.first else { return "no other live run changes its files any more" }
    let runs = Set(conflicts.map(\.run)).sorted().map(\.shortName)
    let files = Int(data["files"]?.int ?? 0)
    let more = files > 1 ? " and \(Format.plural(files - 1, "other file"))" : ""
    return "\(runs.joined(separator: ", ")) \(runs.count == 1 ? "changes" : "change") \(first.path)\(more) too"
  }

  /// About the bytes that it takes.
  var weight: Int { 200 + text.utf8.count + (styled?.count ?? 0) * 64 + (event.map { $0.data.count * 48 } ?? 0) }

  private static func usage(_ data: JSONObject) -> String {
    [
      data["inputTokens"]?.int.map { "\(Format.count($0)) tokens in" },
      data["outputTokens"]?.int.map { "\(Format.count($0)) out" },
      data["costUSD"]?.double.map { Format.dollars($0) },
    ].compactMap { $0 }.joined(separator: ", ")
  }
}

/// Finds a text in lines, whatever the case of its letters.
struct LineSearch: Sendable, Equatable {
  let text: String
  private let wanted: [UInt8]
  private let isCaseSensitive: Bool

  init(_ text: String, isCaseSensitive: Bool = false) {
    self.text = text
    self.isCaseSensitive = isCaseSensitive
    wanted = Array((isCaseSensitive ? text : text.lowercased()).utf8)
  }

  /// How tools of all kinds begin to say that something went wrong.
  static let errors = [
    LineSearch("error:"), LineSearch("fatal:"), LineSearch("panic"), LineSearch("Traceback", isCaseSensitive: true),
    LineSearch("FAILED", isCaseSensitive: true),
  ]

  var isEmpty: Bool { wanted.isEmpty }

  func isIn(_ line: String) -> Bool {
    guard let first = wanted.first else { return false }
    var line = line
    return line.withUTF8 { hay in
      var at = 0
      while at + wanted.count <= hay.count {
        if lower(hay[at]) == first {
          var next = 1
          while next < wanted.count, lower(hay[at + next]) == wanted[next] { next += 1 }
          if next == wanted.count { return true }
        }
        at += 1
      }
      return false
    }
  }

  private func lower(_ byte: UInt8) -> UInt8 {
    !isCaseSensitive && byte >= 65 && byte <= 90 ? byte | 32 : byte
  }
}
