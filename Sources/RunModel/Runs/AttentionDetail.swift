/// What an agent wants to do and asks leave for: beside the question's text, so that a person sees what they allow, and so
/// that a policy can tell.
package struct AttentionDetail: Sendable, Hashable {
  /// What the agent would use, in the words of the Agent Client Protocol.
  package enum Tool: String, Sendable, Hashable, CaseIterable {
    case read, edit, delete, move, search, execute, fetch, other
  }

  /// What an option means.
  package enum Choice: String, Sendable, Hashable, CaseIterable {
    case allowOnce = "allow_once"
    case allowAlways = "allow_always"
    case rejectOnce = "reject_once"
    case rejectAlways = "reject_always"
    /// The agent's own.
    case other

    package var allows: Bool { self == .allowOnce || self == .allowAlways }
    package var rejects: Bool { self == .rejectOnce || self == .rejectAlways }
    package var isForAlways: Bool { self == .allowAlways || self == .rejectAlways }
  }

  package var tool: Tool
  /// What it is about, in the agent's words.
  package var title: String
  /// The command line that it would run.
  package var command: String?
  /// The files that it would touch: relative to the worktree below it, else absolute.
  package var paths: [String]
  /// What it would change, as a unified diff.
  package var diff: String?
  /// Parallel to the question's options; empty where the agent does not say what they mean.
  package var choices: [Choice]

  package init(
    tool: Tool = .other, title: String = "", command: String? = nil, paths: [String] = [], diff: String? = nil,
    choices: [Choice] = []
  ) {
    self.tool = tool
    self.title = title
    self.command = command
    self.paths = paths
    self.diff = diff
    self.choices = choices
  }

  /// About the bytes that it takes.
  package var weight: Int {
    paths.reduce(96 + title.utf8.count + (command?.weight ?? 0) + (diff?.weight ?? 0) + 16 * choices.count) {
      $0 + 32 + $1.utf8.count
    }
  }

  /// Within the bounds of what every run's row may carry. What is left out of a diff is said in its last line.
  package var bounded: Self {
    var bounded = self
    bounded.title = title.bounded(Bounds.activity)
    bounded.command = command?.bounded(Bounds.question)
    bounded.paths = paths.prefix(Bounds.attentionPaths).map { $0.bounded(Bounds.activity) }
    if paths.count > Bounds.attentionPaths { bounded.paths.append("… and \(paths.count - Bounds.attentionPaths) more") }
    bounded.choices = Array(choices.prefix(Bounds.attentionChoices))
    if let diff, diff.utf8.count > Bounds.attentionDiff {
      let kept = diff.bounded(Bounds.attentionDiff).dropLast()
      let whole = kept.lastIndex(of: "\n").map { kept[...$0] } ?? kept[...]
      bounded.diff = "\(whole)… \(diff.utf8.count - whole.utf8.count) more bytes are not shown here\n"
    }
    return bounded
  }
}

extension AttentionDetail {
  /// The members beside those of the question: `tool title command paths diff choices`, those that say something.
  package var members: JSONObject {
    var members: JSONObject = ["tool": .string(tool.rawValue)]
    if !title.isEmpty { members.append("title", .string(title)) }
    if let command { members.append("command", .string(command)) }
    if !paths.isEmpty { members.append("paths", .array(paths.map { .string($0) })) }
    if let diff { members.append("diff", .string(diff)) }
    if !choices.isEmpty { members.append("choices", .array(choices.map { .string($0.rawValue) })) }
    return members
  }

  /// Nil for a question that says no more than its text.
  package init?(json: JSONValue) {
    let title = json["title"]?.string ?? ""
    let command = json["command"]?.string
    let paths = json["paths"]?.array?.compactMap(\.string) ?? []
    let diff = json["diff"]?.string
    let choices = json["choices"]?.array?.map { $0.string.flatMap(Choice.init) ?? .other } ?? []
    let tool = json["tool"]?.string
    guard tool != nil || command != nil || diff != nil || !title.isEmpty || !paths.isEmpty || !choices.isEmpty else {
      return nil
    }
    self.init(
      tool: tool.flatMap(Tool.init) ?? .other, title: title, command: command, paths: paths, diff: diff,
      choices: choices)
  }
}
