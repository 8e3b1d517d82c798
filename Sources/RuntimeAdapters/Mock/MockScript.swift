import Orchestration
package import RunModel

/// What a `mock` runtime does, read from a JSON file:
///
/// ```json
/// {"capabilities": {"canCreatePR": true, "maxParallelTasks": 3},
///  "runs": [
///   {"match": "login",
///    "sessionId": "session-1",
///    "cancelAfter": 0.2,
///    "artifacts": {"files_changed": ["a.txt"], "diff_summary": "…", "handoff_note": "…"},
///    "patch": "diff --git …",
///    "steps": [
///     {"after": 0.1, "progress": 0.5, "message": "half"},
///     {"output": "a line", "stream": "stderr"},
///     {"tool": "edit", "target": "a.txt", "summary": "+1 -0", "status": "completed", "diff": "…"},
///     {"inputTokens": 10, "outputTokens": 2, "costUSD": 0.01},
///     {"plan": [{"text": "backoff", "status": "completed"}, {"text": "jitter", "status": "in_progress"}]},
///     {"attention": "May I?", "attentionId": "a1", "options": ["yes", "no"], "kind": "permission", "tool": "edit",
///      "title": "…", "command": "…", "paths": ["a.txt"], "diff": "…", "choices": ["allow_once", "reject_once"]},
///     {"changes": {"files": 1, "added": 1, "removed": 0}},
///     {"event": "my.type", "data": {"any": 1}},
///     {"end": "succeeded", "exitCode": 0, "reason": "…", "commit": "…"}]},
///   {"startError": "No seat is free."}]}
/// ```
///
/// Everything but `runs` may be left out. A contract gets the first run whose `match` is part of its title; without
/// one, the runs that have no `match` take turns. `after` is in seconds since the step before. `attention` waits for the
/// answer. A run without an `end` goes on until it is canceled, which takes `cancelAfter` seconds (0). A startError
/// makes `startTask` throw it.
package struct MockScript: Sendable {
  struct Scenario: Sendable {
    var match: String?
    var startError: String?
    var sessionId: String?
    var cancelAfter = 0.0
    var artifacts = Artifacts()
    var patch = ""
    var steps: [Step] = []
  }

  struct Step: Sendable {
    enum Action: Sendable {
      case event(RuntimeEvent.Kind)
      case end(TaskEnd)
    }
    var after = 0.0
    var action: Action
    /// Set for a question, which holds the run up.
    var question: String?
  }

  var capabilities = RuntimeCapabilities(supportsStreaming: true, maxParallelTasks: 50)
  var scenarios: [Scenario] = []

  /// Throws `Problem(.invalid)` that names the file's line and key.
  package init(parsing bytes: [UInt8], name: String = "the script") throws(Problem) {
    do throws(JSONError) {
      self = try bytes.readJSON { reader throws(JSONError) in try MockScript(from: &reader) }
    } catch {
      let line = 1 + bytes.prefix(error.offset).count { $0 == 0x0A }
      throw Problem(.invalid, "\(name), line \(line): \(error.message).")
    }
  }

  package init(file path: String) throws(Problem) {
    guard let bytes = try Files.read(path) else { throw Problem(.invalid, "There is no mock script \(path).") }
    try self.init(parsing: bytes, name: path)
  }

  private init(from reader: inout JSONReader) throws(JSONError) {
    var script = Self(scenarios: [])
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "capabilities": try script.readCapabilities(&reader)
      case "runs":
        try reader.array { reader throws(JSONError) in script.scenarios.append(try Scenario(from: &reader)) }
      default: throw reader.unknown(key, "the script", ["capabilities", "runs"])
      }
    }
    guard !script.scenarios.isEmpty else { throw reader.error("The script needs \"runs\" with at least one run") }
    self = script
  }

  private init(scenarios: [Scenario]) { self.scenarios = scenarios }

  private mutating func readCapabilities(_ reader: inout JSONReader) throws(JSONError) {
    var known = capabilities
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "canCreateBranch": known.canCreateBranch = try reader.bool()
      case "canCreatePR": known.canCreatePR = try reader.bool()
      case "supportsWebhooks": known.supportsWebhooks = try reader.bool()
      case "supportsStreaming": known.supportsStreaming = try reader.bool()
      case "maxParallelTasks":
        let count = try reader.int()
        guard count >= 1 else { throw reader.error("\"maxParallelTasks\" must be at least 1") }
        known.maxParallelTasks = Int(count)
      default:
        throw reader.unknown(key, "\"capabilities\"", Capability.allCases.map(\.rawValue) + ["maxParallelTasks"])
      }
    }
    capabilities = known
  }
}

extension JSONReader {
  fileprivate func unknown(_ key: String, _ place: String, _ known: [String]) -> JSONError {
    error(
      "Unknown key \"\(key)\" in \(place).\(Nearest.hint(for: key, among: known)) The known ones: \(known.joined(separator: ", "))"
    )
  }

  fileprivate mutating func seconds(_ key: String) throws(JSONError) -> Double {
    let value = try double()
    guard value >= 0 else { throw error("\"\(key)\" must be a number of seconds, 0 or more") }
    return value
  }
}

extension MockScript.Scenario {
  private static let keys = ["match", "startError", "sessionId", "cancelAfter", "artifacts", "patch", "steps"]

  fileprivate init(from reader: inout JSONReader) throws(JSONError) {
    var run = Self()
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "match": run.match = try reader.string()
      case "startError": run.startError = try reader.string()
      case "sessionId": run.sessionId = try reader.string()
      case "cancelAfter": run.cancelAfter = try reader.seconds(key)
      case "artifacts":
        let known = [
          "files_changed", "diff_summary", "commands_run", "tests_run", "handoff_note", "pr_url", "evidence",
        ]
        let value = try reader.value()
        guard let object = value.object else { throw reader.error("\"artifacts\" must be an object") }
        for key in object.keys where !known.contains(key) { throw reader.unknown(key, "\"artifacts\"", known) }
        run.artifacts = Artifacts(json: value)
      case "patch": run.patch = try reader.string()
      case "steps":
        try reader.array { reader throws(JSONError) in run.steps.append(try MockScript.Step(from: &reader)) }
      default: throw reader.unknown(key, "a run", Self.keys)
      }
    }
    self = run
  }
}

extension MockScript.Step {
  private static let words = [
    "progress": ["message"], "output": ["stream"], "tool": ["target", "summary", "status", "diff"],
    "attention": [
      "attentionId", "options", "kind", "tool", "title", "command", "paths", "diff", "choices",
    ], "plan": [], "changes": [], "event": ["data"],
    "end": ["exitCode", "reason", "commit"], "inputTokens": ["outputTokens", "costUSD"],
    "outputTokens": ["inputTokens", "costUSD"], "costUSD": ["inputTokens", "outputTokens"],
  ]

  fileprivate init(from reader: inout JSONReader) throws(JSONError) {
    let value = try reader.value()
    guard let step = value.object else { throw reader.error("A step must be an object") }
    var after = 0.0
    if let wait = step["after"] {
      guard let seconds = wait.double, seconds >= 0 else {
        throw reader.error("\"after\" must be a number of seconds, 0 or more")
      }
      after = seconds
    }
    // A question may say of which tool it is.
    guard let main = step["attention"] != nil ? "attention" : step.keys.first(where: { Self.words[$0] != nil }) else {
      let strange = step.keys.first { $0 != "after" } ?? ""
      throw reader.unknown(strange, "a step", Self.words.keys.sorted())
    }
    let allowed = (Self.words[main] ?? []) + [main, "after"]
    for key in step.keys where !allowed.contains(key) {
      throw reader.unknown(key, "a step with \"\(main)\"", allowed)
    }
    func text(_ key: String) throws(JSONError) -> String? {
      guard let value = step[key], !value.isNull else { return nil }
      guard let text = value.string else { throw reader.error("\"\(key)\" must be text") }
      return text
    }
    func number(_ key: String) throws(JSONError) -> Double? {
      guard let value = step[key], !value.isNull else { return nil }
      guard let number = value.double else { throw reader.error("\"\(key)\" must be a number") }
      return number
    }
    func whole(_ key: String) throws(JSONError) -> Int64? {
      guard let number = try number(key) else { return nil }
      guard let whole = Int64(exactly: number) else { throw reader.error("\"\(key)\" must be a whole number") }
      return whole
    }
    var question: String?
    let action: Action
    switch main {
    case "progress": action = .event(.progress(try number("progress") ?? 0, message: try text("message")))
    case "output":
      let name = try text("stream") ?? "stdout"
      guard let stream = RuntimeEvent.OutputStream(rawValue: name) else {
        throw reader.error("\"stream\" must be stdout or stderr")
      }
      action = .event(.output(stream: stream, text: try text("output") ?? "", dropped: 0))
    case "tool":
      action = .event(
        .tool(
          RuntimeEvent.ToolCall(
            name: try text("tool") ?? "", target: try text("target"), summary: try text("summary"),
            status: try text("status"), diff: try text("diff"))))
    case "attention":
      let id = try text("attentionId") ?? "a1"
      question = id
      action = .event(
        .attention(
          id: id, question: try text("attention") ?? "", options: step["options"]?.array?.compactMap(\.string) ?? [],
          kind: try text("kind") ?? "question", detail: AttentionDetail(json: value)))
    case "plan":
      guard let entries = step["plan"]?.array?.map(PlanEntry.init(json:)), !entries.contains(nil) else {
        throw reader.error("\"plan\" must be an array of entries with \"text\" and \"status\"")
      }
      action = .event(.plan(entries.compactMap { $0 }))
    case "changes":
      let counts = step["changes"]
      action = .event(
        .changes(
          files: Int(counts?["files"]?.int ?? 0), added: Int(counts?["added"]?.int ?? 0),
          removed: Int(counts?["removed"]?.int ?? 0), paths: counts?["paths"]?.array?.compactMap(\.string)))
    case "event": action = .event(.custom(type: try text("event") ?? "", data: step["data"]?.object ?? [:]))
    case "end":
      let name = try text("end") ?? ""
      guard let outcome = TaskEnd.Outcome(rawValue: name), outcome != .canceled else {
        throw reader.error("\"end\" must be succeeded or failed, not \"\(name)\"")
      }
      action = .end(
        TaskEnd(
          outcome, exitCode: try whole("exitCode").map(Int.init), reason: try text("reason"),
          commit: try text("commit")))
    default:
      action = .event(
        .usage(
          RuntimeEvent.Usage(
            inputTokens: try whole("inputTokens"), outputTokens: try whole("outputTokens"),
            costUSD: try number("costUSD"))))
    }
    self.init(after: after, action: action, question: question)
  }
}
