import RunModel
import Testing

@Suite struct RiskRulesTests {
  @Test(
    "The first rule that a label matches decides",
    arguments: [
      (["payment"], "payment_integration", Contract.Risk.high), (["stripe"], "payment_integration", .high),
      (["entitlement"], "payment_integration", .high), (["auth"], "auth_policy", .high),
      (["jwt"], "auth_policy", .high),
      (["session"], "auth_policy", .high), (["oauth"], "auth_policy", .high),
      (["database"], "database_migration", .high), (["migration"], "database_migration", .high),
      (["postgres"], "database_migration", .high), (["security"], "security_policy", .high),
      (["rate-limiting"], "security_policy", .high), (["webhook"], "webhook_integration", .high),
      (["reliability"], "webhook_integration", .high), (["retry"], "webhook_integration", .high),
      (["backend"], "api_development", .medium), (["api"], "api_development", .medium),
      (["ui"], "ui_refactor", .medium),
      (["frontend"], "ui_refactor", .medium), (["mobile"], "ui_refactor", .medium),
      (["documentation"], "documentation_architecture", .low), (["docs"], "documentation_architecture", .low),
      (["test"], "test_addition", .low), (["testing"], "test_addition", .low), ([], "general_task", .medium),
      (["bug", "critical"], "general_task", .medium), (["docs", "payment"], "payment_integration", .high),
      (["test", "ui", "api"], "api_development", .medium), (["AUTH"], "auth_policy", .high),
      (["authentication"], "general_task", .medium), (["api-docs"], "general_task", .medium),
    ])
  func rules(labels: [String], taskClass: String, risk: Contract.Risk) {
    let found = RiskRules.classify(labels)
    #expect(found.taskClass == taskClass)
    #expect(found.risk == risk)
  }

  @Test(
    "A contract's own risk wins if it is higher, and its own class stays",
    arguments: [
      (nil, ["docs"], Contract.Risk.low), (.high, ["docs"], .high), (.low, ["auth"], .high),
      (.critical, ["auth"], .critical), (.low, [], .medium), (.low, ["docs"], .low),
    ] as [(Contract.Risk?, [String], Contract.Risk)])
  func ownRisk(own: Contract.Risk?, labels: [String], expected: Contract.Risk) {
    var contract = Contract(title: "T")
    contract.risk = own
    contract.labels = labels
    contract.classify()
    #expect(contract.risk == expected)
    var named = contract
    named.taskClass = "mine"
    named.classify()
    #expect(named.taskClass == "mine" && named.risk == expected)
  }
}
