/// What kind of work labels speak of, and how risky that is: the first rule of which a label matches exactly.
package enum RiskRules {
  private static let rules: [(labels: Set<String>, taskClass: String, risk: Contract.Risk)] = [
    (["payment", "stripe", "entitlement"], "payment_integration", .high),
    (["auth", "jwt", "session", "oauth"], "auth_policy", .high),
    (["database", "migration", "postgres"], "database_migration", .high),
    (["security", "rate-limiting"], "security_policy", .high),
    (["webhook", "reliability", "retry"], "webhook_integration", .high),
    (["backend", "api"], "api_development", .medium),
    (["ui", "frontend", "mobile"], "ui_refactor", .medium),
    (["documentation", "docs"], "documentation_architecture", .low),
    (["test", "testing"], "test_addition", .low),
  ]

  /// Never critical: only a contract itself can say that.
  package static func classify(_ labels: [String]) -> (taskClass: String, risk: Contract.Risk) {
    let labels = labels.map { $0.lowercased() }
    let rule = rules.first { rule in labels.contains { rule.labels.contains($0) } }
    return rule.map { ($0.taskClass, $0.risk) } ?? ("general_task", .medium)
  }
}

extension Contract {
  /// Fills in `taskClass` and `risk` from the labels; a class of its own stays, and a risk of its own wins if higher.
  package mutating func classify() {
    let found = RiskRules.classify(labels)
    taskClass = taskClass ?? found.taskClass
    risk = max(risk ?? found.risk, found.risk)
  }
}
