/// One rule of what agents may do unasked. An empty list does not restrict.
package struct PermissionRule: Sendable, Hashable {
  package enum Decision: String, Sendable, Hashable, CaseIterable { case allow, reject, ask }

  package var decision: Decision
  package var tools: [AttentionDetail.Tool]
  /// As in a contract's `allowedPaths`; those that do not begin with `/` mean paths in the worktree and nothing outside.
  package var paths: [String]
  /// Whole command lines.
  package var commands: [String]
  /// What was asked, word for word: of a rule that remembers an answer where there is nothing else to go by.
  package var titles: [String]
  /// Whose answer it remembers; nil for a rule of the configuration.
  package var rememberedFrom: String?

  package init(
    _ decision: Decision, tools: [AttentionDetail.Tool] = [], paths: [String] = [], commands: [String] = [],
    titles: [String] = [], rememberedFrom: String? = nil
  ) {
    self.decision = decision
    self.tools = tools
    self.paths = paths
    self.commands = commands
    self.titles = titles
    self.rememberedFrom = rememberedFrom
  }

  /// In a person's words: `allow edit in src/**`.
  package var words: String {
    var words = decision.rawValue + " " + (tools.isEmpty ? "any" : tools.map(\.rawValue).joined(separator: ", "))
    if !paths.isEmpty { words += " in " + (paths == ["**"] ? "the worktree" : paths.joined(separator: ", ")) }
    if !commands.isEmpty { words += ": " + commands.joined(separator: ", ") }
    if !titles.isEmpty { words += ": " + titles.joined(separator: ", ") }
    return words
  }
}

extension PermissionRule {
  /// The rule that an answer given once and for all amounts to: this command, or this kind of tool in the worktree; where it
  /// reaches beyond, only these paths, and where nothing tells, only the same question again.
  package static func remembering(_ decision: Decision, _ detail: AttentionDetail, from person: String) -> Self {
    var rule = PermissionRule(decision, tools: [detail.tool], rememberedFrom: person)
    if let command = detail.command {
      rule.commands = [command]
    } else if detail.paths.isEmpty {
      rule.titles = [detail.title]
    } else {
      rule.paths = detail.paths.allSatisfy { AskedPath($0).isInside } ? ["**"] : detail.paths
    }
    return rule
  }
}

/// A path that an agent names, without the detours that would make one file look like another.
package struct AskedPath: Sendable, Hashable {
  package let path: String
  /// Whether it stays in the worktree, as far as its text tells.
  package let isInside: Bool

  package init(_ text: String) {
    let isAbsolute = text.hasPrefix("/")
    var names: [Substring] = []
    var climbs = false
    for name in text.split(separator: "/") where name != "." {
      if name != ".." {
        names.append(name)
      } else if names.popLast() == nil {
        climbs = true
      }
    }
    path = (isAbsolute ? "/" : "") + names.joined(separator: "/")
    // A home folder is a shell's word for a place outside.
    isInside = !isAbsolute && !climbs && !text.hasPrefix("~")
  }
}

extension PermissionRule: JSONWritable {
  package func write(to json: inout JSONWriter) { json.value(self.json) }

  package var json: JSONValue {
    var object: JSONObject = ["decision": .string(decision.rawValue)]
    func add(_ name: String, _ texts: [String]) {
      if !texts.isEmpty { object.append(name, .array(texts.map { .string($0) })) }
    }
    add("tools", tools.map(\.rawValue))
    add("paths", paths)
    add("commands", commands)
    add("titles", titles)
    if let rememberedFrom { object.append("rememberedFrom", .string(rememberedFrom)) }
    return .object(object)
  }

  /// Nil where anything in it is not understood: a rule half read might allow more than was meant.
  package init?(json: JSONValue) {
    guard let decision = json["decision"]?.string.flatMap(Decision.init) else { return nil }
    func texts(_ name: String) -> [String]? {
      guard let value = json[name] else { return [] }
      guard let texts = value.array?.compactMap(\.string), texts.count == value.array?.count, !texts.isEmpty else {
        return nil
      }
      return texts
    }
    guard let names = texts("tools"), let paths = texts("paths"), let commands = texts("commands"),
      let titles = texts("titles")
    else { return nil }
    let tools = names.compactMap(AttentionDetail.Tool.init)
    guard tools.count == names.count else { return nil }
    self.init(
      decision, tools: tools, paths: paths, commands: commands, titles: titles,
      rememberedFrom: json["rememberedFrom"]?.string)
  }
}
