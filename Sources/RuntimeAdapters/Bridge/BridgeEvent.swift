import Orchestration
import RunModel

/// An adapter's event, read: it has `runId` and `type`, and any shape beside them.
struct BridgeEvent {
  /// The run's name at the adapter.
  let run: String
  /// As the adapter wrote it.
  let type: String
  let reports: [RuntimeEvent.Kind]
  /// It speaks of the run's end, so that its status is worth asking for.
  let isHint: Bool
  /// What it says of why, for a run that turns out to have failed.
  let reason: String?

  /// Nil without a run and a type.
  init?(_ event: JSONObject) {
    guard let run = event["runId"]?.string, let type = event["type"]?.string, !run.isEmpty, !type.isEmpty else {
      return nil
    }
    self.run = run
    self.type = type.bounded(BridgeBounds.typeLength)
    let fields = Fields(event)
    let word = Self.word(type)
    isHint = Self.speaksOfTheEnd(word, fields)
    reason = isHint ? fields.reason : nil
    reports = Self.reports(word, fields) ?? [Self.own(self.type, event)]
  }

  /// The type without what many write before it: `task.completed` is `completed`.
  private static func word(_ type: String) -> String {
    var word = type.lowercased()
    while let prefix = prefixes.first(where: { word.hasPrefix($0) && word.utf8.count > $0.utf8.count + 1 }) {
      guard let separator = word.dropFirst(prefix.count).first, ".:/_-".contains(separator) else { break }
      word = String(word.dropFirst(prefix.count + 1))
    }
    return word
  }

  private static let prefixes = ["task", "run", "agent", "awf", "runtime", "job", "session"]
  private static let ends: Set = [
    "completed", "complete", "succeeded", "success", "done", "finished", "ended", "failed", "failure", "error",
    "canceled", "cancelled", "aborted", "stopped",
  ]

  private static func speaksOfTheEnd(_ word: String, _ fields: Fields) -> Bool {
    if ends.contains(word) { return true }
    guard ["status", "status_changed", "statuschanged", "state", "updated"].contains(word) else { return false }
    return fields.text("status", "state").map { ends.contains($0.lowercased()) } ?? false
  }

  /// Nil for what is the runtime's own.
  private static func reports(_ word: String, _ fields: Fields) -> [RuntimeEvent.Kind]? {
    switch word {
    case "progress":
      let part = fields["progress"]?.double ?? fields["percent"]?.double.map { $0 / 100 }
      return part.map { [.progress($0, message: fields.text("message", "text"))] }
    case "output", "log", "stdout", "stderr":
      guard let text = fields.text("text", "line", "message", "output", "chunk", "data") else { return nil }
      let isError = word == "stderr" || fields["stream"]?.string == "stderr"
      return output(text, isError ? .stderr : .stdout)
    case "tool":
      guard let name = fields.text("name", "tool") else { return nil }
      return [
        .tool(
          RuntimeEvent.ToolCall(
            name: name, target: fields.text("target", "path"), summary: fields.text("summary"),
            status: fields.text("status"), diff: fields.text("diff")))
      ]
    case "usage":
      let usage = RuntimeEvent.Usage(
        inputTokens: fields["inputTokens"]?.int, outputTokens: fields["outputTokens"]?.int,
        costUSD: fields["costUSD"]?.double)
      return usage == RuntimeEvent.Usage() ? nil : [.usage(usage)]
    case "attention":
      guard let question = fields.text("question"), let id = fields.text("attentionId"), !id.isEmpty else { return nil }
      let options = (fields["options"]?.array ?? []).prefix(BridgeBounds.options).compactMap {
        $0.string?.bounded(Bounds.activity)
      }
      let kind = fields.text("kind")?.bounded(BridgeBounds.typeLength) ?? "question"
      let detail = fields["detail"].flatMap(AttentionDetail.init(json:))?.bounded
      return [
        .attention(id: id.bounded(200), question: question, options: Array(options), kind: kind, detail: detail)
      ]
    case "plan":
      guard let entries = fields["entries"]?.array?.compactMap(PlanEntry.init(json:)) else { return nil }
      return [.plan(entries.bounded)] + (entries.progress.map { [.progress($0, message: nil)] } ?? [])
    case "resolved":
      guard let id = fields.text("attentionId") else { return nil }
      return [
        .resolved(
          id: id.bounded(200), answer: (fields.text("answer") ?? "").bounded(Bounds.activity),
          by: "adapter")
      ]
    default: return nil
    }
  }

  /// A text of many lines is many reports; of very many the last.
  private static func output(_ text: String, _ stream: RuntimeEvent.OutputStream) -> [RuntimeEvent.Kind] {
    var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    if lines.count > 1, lines.last?.isEmpty == true { lines.removeLast() }
    var dropped = max(0, lines.count - most)
    return lines.suffix(most).map { line in
      defer { dropped = 0 }
      return .output(stream: stream, text: String(line).bounded(Bounds.line), dropped: dropped)
    }
  }

  /// Lines of one event.
  private static let most = 1000

  private static func own(_ type: String, _ event: JSONObject) -> RuntimeEvent.Kind {
    var data = event
    data["runId"] = nil
    data["type"] = nil
    return .custom(type: type, data: data.weight > Bounds.toolDiff ? ["dropped": "it was too large to be kept"] : data)
  }

  /// An event's members, also where they lie one deeper in `data` or `payload`.
  struct Fields {
    private let objects: [JSONObject]

    init(_ event: JSONObject) {
      objects = [event] + ["data", "payload"].compactMap { event[$0]?.object }
    }

    subscript(name: String) -> JSONValue? {
      for object in objects { if let value = object[name], !value.isNull { return value } }
      return nil
    }

    /// The first of these that is a text.
    func text(_ names: String...) -> String? {
      for name in names { if let text = self[name]?.string { return text } }
      return nil
    }

    var reason: String? {
      let text = text("reason", "error", "message") ?? self["error"]?["message"]?.string
      return text.flatMap { $0.isEmpty ? nil : $0.bounded(Bounds.activity) }
    }
  }
}

/// What `getStatus` answered.
struct BridgeStatus: Equatable {
  var status: RunStatus
  /// Nil when it says nothing of it.
  var progress: Double?
  var reason: String?

  enum Answer: Equatable {
    case known(BridgeStatus)
    /// Some answer so instead of with an error.
    case unknownRun
    /// None of the contract's words.
    case wrong
  }

  static func read(_ json: JSONValue) -> Answer {
    guard let word = json["status"]?.string?.lowercased() else { return .wrong }
    let status: RunStatus
    switch word {
    case "unknown", "not_found": return .unknownRun
    case "completed": status = .succeeded
    case "cancelled": status = .canceled
    default:
      guard let known = RunStatus(rawValue: word) else { return .wrong }
      status = known
    }
    let progress = json["progress"]?.double.flatMap { (0...1).contains($0) ? $0 : nil }
    return .known(Self(status: status, progress: progress, reason: BridgeEvent.Fields(json.object ?? [:]).reason))
  }
}

extension Artifacts {
  /// What `getArtifacts` answered; what is no artifact by its shape is kept in `evidence.unread`. Nil for what is no object.
  init?(bridged json: JSONValue, canCreatePR: Bool) {
    guard let object = json.object else { return nil }
    self.init(json: json)
    var unread = JSONObject()
    for (key, value) in object {
      switch key {
      case "files_changed", "commands_run":
        if !(value.array?.allSatisfy { $0.string != nil } ?? false) { unread.append(key, value) }
      case "diff_summary", "handoff_note", "pr_url": if value.string == nil, !value.isNull { unread.append(key, value) }
      case "evidence": break
      case "tests_run":
        let entries = value.array ?? []
        testsRun = entries.compactMap(TestRecord.init(bridged:))
        let others = entries.filter { TestRecord(bridged: $0) == nil }
        if value.array == nil { unread.append(key, value) }
        if !others.isEmpty { unread.append(key, .array(others)) }
      default: unread.append(key, value)
      }
    }
    if !canCreatePR, let url = prURL {
      prURL = nil
      unread.append("pr_url", .string(url))
    }
    guard !unread.isEmpty else { return }
    var evidence = evidence?.object ?? (evidence.map { ["given": $0] } ?? [:])
    evidence["unread"] = .object(unread)
    self.evidence = .object(evidence)
  }
}

extension TestRecord {
  /// Also in the words of those who write their tests' results otherwise.
  fileprivate init?(bridged json: JSONValue) {
    if let record = TestRecord(json: json) {
      self = record
      return
    }
    guard let name = json["name"]?.string ?? json["test"]?.string ?? json["title"]?.string else { return nil }
    let status: Status
    switch (json["status"]?.string ?? json["result"]?.string)?.lowercased() {
    case "pass", "passed", "ok", "success", "succeeded": status = .passed
    case "fail", "failed", "failure": status = .failed
    case "skip", "skipped", "pending", "todo": status = .skipped
    case "error", "errored": status = .error
    case nil:
      guard let passed = json["passed"]?.bool else { return nil }
      status = passed ? .passed : .failed
    default: return nil
    }
    self.init(name: name, status: status, durationMilliseconds: json["duration_ms"]?.int ?? 0)
  }
}
