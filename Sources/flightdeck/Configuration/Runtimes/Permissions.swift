import RunModel
import Yams

extension ConfigurationFile {
  private static let permissionKeys = PermissionRule.Decision.allCases.map(\.rawValue) + ["paths", "commands"]

  /// What a runtime's agents may do unasked: rules in their order, the first that matches decides.
  ///
  /// ```yaml
  /// permissions:
  ///   - {allow: [read, search]}
  ///   - {reject: any, paths: [.env, "secrets/**"]}
  ///   - {allow: [edit], paths: ["src/**", "tests/**"]}
  ///   - {allow: execute, commands: ["npm test"]}
  /// ```
  func permissions(_ node: Node) throws(Problem) -> [PermissionRule] {
    guard case .sequence(let entries) = node else {
      throw error("\"permissions\" must be a list of rules such as {allow: [read, search]}.", node)
    }
    var rules: [PermissionRule] = []
    for entry in entries { rules.append(try permission(entry)) }
    return rules
  }

  private func permission(_ node: Node) throws(Problem) -> PermissionRule {
    let pairs = try members(node, of: "a rule of \"permissions\"", known: Self.permissionKeys)
    let decisions = pairs.filter { PermissionRule.Decision(rawValue: $0.0) != nil }
    guard decisions.count == 1, let (word, tools) = decisions.first,
      let decision = PermissionRule.Decision(rawValue: word)
    else { throw error("A rule needs one of allow, reject and ask.", node) }
    var rule = PermissionRule(decision, tools: try permissionTools(tools, word))
    for (key, value) in pairs where key == "paths" || key == "commands" {
      let texts = try texts(value, key)
      guard !texts.isEmpty, !texts.contains("") else {
        throw error("\"\(key)\" must not be empty: without the key the rule holds for all of them.", value)
      }
      if key == "paths" { rule.paths = texts } else { rule.commands = texts }
    }
    if let path = rule.paths.first(where: { $0.hasPrefix("~") || $0.split(separator: "/").contains("..") }) {
      throw error(
        "\"\(path)\" can match nothing: name a path in the worktree, or one from / on for what is outside.", node)
    }
    return rule
  }

  /// `any`, one kind of tool, or a list of them.
  private func permissionTools(_ node: Node, _ key: String) throws(Problem) -> [AttentionDetail.Tool] {
    var words: [String]
    if case .scalar = node { words = [try text(node, key)] } else { words = try texts(node, key) }
    if words == ["any"] { return [] }
    let known = AttentionDetail.Tool.allCases.map(\.rawValue) + ["any"]
    guard !words.isEmpty else { throw error("\"\(key)\" must name kinds of tools: \(Self.list(known)).", node) }
    var tools: [AttentionDetail.Tool] = []
    for word in words {
      guard let tool = AttentionDetail.Tool(rawValue: word) else {
        throw error(
          "\"\(word)\" is no kind of tool.\(Nearest.hint(for: word, among: known)) There are \(Self.list(known)).", node
        )
      }
      tools.append(tool)
    }
    return tools
  }
}
