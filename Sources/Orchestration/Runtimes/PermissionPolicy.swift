package import RunModel

/// What agents may do unasked, and what not: the first rule that matches decides, else a person is asked.
///
/// The orchestrator asks it, with the rules of the runtime's configuration and what people have said to remember for the
/// run; an adapter only reports its `attention`. It goes by the agent's own word of what it will do, so it spares people
/// questions and is no sandbox.
package struct PermissionPolicy: Sendable, Hashable {
  package var rules: [PermissionRule]

  package init(_ rules: [PermissionRule] = []) { self.rules = rules }

  package struct Finding: Sendable, Hashable {
    package var decision: PermissionRule.Decision
    /// Nil when none matched.
    package var rule: PermissionRule?

    package init(_ decision: PermissionRule.Decision, rule: PermissionRule? = nil) {
      self.decision = decision
      self.rule = rule
    }
  }

  package func decide(_ detail: AttentionDetail) -> Finding {
    guard let rule = rules.first(where: { Self.matches($0, detail) }) else { return Finding(.ask) }
    return Finding(rule.decision, rule: rule)
  }

  /// The option that gives this answer: `once` rather than `always`, so that each is decided, and told, anew. Nil to ask a
  /// person, also where no option means that.
  package func answer(to detail: AttentionDetail, options: [String]) -> (option: String, rule: PermissionRule)? {
    let finding = decide(detail)
    guard let rule = finding.rule else { return nil }
    let wanted: [AttentionDetail.Choice]
    switch finding.decision {
    case .ask: return nil
    case .allow: wanted = [.allowOnce, .allowAlways]
    case .reject: wanted = [.rejectOnce, .rejectAlways]
    }
    let choices = zip(options, detail.choices)
    for choice in wanted {
      if let (option, _) = choices.first(where: { $0.1 == choice }) { return (option, rule) }
    }
    return nil
  }

  private static func matches(_ rule: PermissionRule, _ detail: AttentionDetail) -> Bool {
    guard rule.tools.isEmpty || rule.tools.contains(detail.tool) else { return false }
    guard rule.titles.isEmpty || rule.titles.contains(detail.title) else { return false }
    if !rule.commands.isEmpty {
      guard let command = detail.command, rule.commands.contains(command) else { return false }
    }
    if rule.paths.isEmpty { return true }
    // A command may touch what its agent does not name: paths alone allow none.
    if rule.decision == .allow, rule.commands.isEmpty, detail.command != nil { return false }
    // What is allowed must hold for all that would be touched; what is not, for any of it.
    let places = detail.paths.map { AskedPath($0) }
    let isCovered = { (place: AskedPath) in rule.paths.contains { place.isCovered(by: $0) } }
    return rule.decision == .allow ? !places.isEmpty && places.allSatisfy(isCovered) : places.contains(where: isCovered)
  }
}

extension AskedPath {
  /// Whether a pattern means it: one that begins with `/` what is outside the worktree, any other what is in it.
  fileprivate func isCovered(by pattern: String) -> Bool {
    pattern.hasPrefix("/") != isInside && (isInside || path.hasPrefix("/")) && PathPattern(pattern).admits(path)
  }
}
