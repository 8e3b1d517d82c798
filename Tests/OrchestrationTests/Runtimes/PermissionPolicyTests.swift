import Orchestration
import RunModel
import Testing

@Suite("What agents may do unasked")
struct PermissionPolicyTests {
  private let options = ["Always", "Yes", "No"]

  private func edit(_ paths: String...) -> AttentionDetail {
    AttentionDetail(tool: .edit, paths: paths, choices: [.allowAlways, .allowOnce, .rejectOnce])
  }

  private func run(_ command: String) -> AttentionDetail {
    AttentionDetail(tool: .execute, command: command, choices: [.allowAlways, .allowOnce, .rejectOnce])
  }

  private func decision(_ rules: [PermissionRule], _ detail: AttentionDetail) -> PermissionRule.Decision {
    PermissionPolicy(rules).decide(detail).decision
  }

  @Test("Without a rule that matches a person is asked, and of those that match the first decides")
  func firstMatch() {
    let rules = [
      PermissionRule(.reject, tools: [.edit], paths: ["src/secret"]), PermissionRule(.allow, tools: [.edit, .read]),
      PermissionRule(.reject, tools: [.edit]),
    ]
    #expect(decision([], edit("a")) == .ask)
    #expect(decision(rules, run("ls")) == .ask)
    #expect(decision(rules, edit("src/secret/key")) == .reject)
    #expect(decision(rules, edit("src/a")) == .allow)
    #expect(PermissionPolicy(rules).decide(edit("src/a")).rule == rules[1])
    #expect(PermissionPolicy(rules).decide(run("ls")).rule == nil)
  }

  @Test("Leave must cover every path, a refusal or a question any of them")
  func everyPath() {
    let allow = [PermissionRule(.allow, tools: [.edit], paths: ["src/**", "docs"])]
    #expect(decision(allow, edit("src/a.swift", "docs/b.md")) == .allow)
    #expect(decision(allow, edit("src/a.swift", "Makefile")) == .ask)
    #expect(decision(allow, edit()) == .ask)
    #expect(decision([PermissionRule(.reject, paths: ["*.lock"])], edit("a.swift", "Gemfile.lock")) == .reject)
    #expect(decision([PermissionRule(.ask, paths: ["ci"]), .init(.allow)], edit("a", "ci/run")) == .ask)
  }

  @Test(
    "A pattern for the worktree covers nothing outside, whichever way the path is written",
    arguments: [
      ("src/a", true), ("./src/a", true), ("src//b/../a", true), ("/etc/passwd", false), ("../x", false),
      ("src/../../x", false), ("~/.ssh/id_rsa", false), ("/src/a", false), ("..", false),
    ])
  func outside(_ path: String, isAllowed: Bool) {
    #expect(decision([PermissionRule(.allow, paths: ["**"])], edit(path)) == (isAllowed ? .allow : .ask))
  }

  @Test("A pattern that begins with / covers what is outside, without detours")
  func absolute() {
    let rules = [PermissionRule(.allow, paths: ["/tmp/build"])]
    #expect(decision(rules, edit("/tmp/build/a")) == .allow)
    #expect(decision(rules, edit("/tmp/build/../other")) == .ask)
    #expect(decision(rules, edit("tmp/build/a")) == .ask)
    #expect(decision([PermissionRule(.allow, paths: ["src"])], edit("src/../Makefile")) == .ask)
  }

  @Test("A command is allowed as a whole, and nothing that only begins like it")
  func commands() {
    let rules = [PermissionRule(.allow, tools: [.execute], commands: ["npm test"])]
    #expect(decision(rules, run("npm test")) == .allow)
    #expect(decision(rules, run("npm test; rm -rf /")) == .ask)
    #expect(decision(rules, edit("a")) == .ask)
    var named = run("rm -r /")
    named.paths = ["src/a"]
    #expect(decision([PermissionRule(.allow, paths: ["src"])], named) == .ask)
    #expect(decision([PermissionRule(.reject, paths: ["src"])], named) == .reject)
  }

  @Test(
    "The answer is an option of the agent's that means it: once rather than always, and a person where there is none")
  func answers() {
    let allow = PermissionPolicy([PermissionRule(.allow)])
    let reject = PermissionPolicy([PermissionRule(.reject)])
    #expect(allow.answer(to: edit("a"), options: options)?.option == "Yes")
    #expect(reject.answer(to: edit("a"), options: options)?.option == "No")
    let onlyAlways = AttentionDetail(tool: .edit, choices: [.allowAlways])
    #expect(allow.answer(to: onlyAlways, options: ["Ever"])?.option == "Ever")
    #expect(reject.answer(to: onlyAlways, options: ["Ever"]) == nil)
    #expect(allow.answer(to: AttentionDetail(tool: .edit), options: options) == nil)
    #expect(PermissionPolicy([PermissionRule(.ask)]).answer(to: edit("a"), options: options) == nil)
  }

  @Test("An answer for always is remembered no wider than what was asked")
  func remembering() {
    func remembered(_ detail: AttentionDetail) -> PermissionPolicy {
      PermissionPolicy([PermissionRule.remembering(.allow, detail, from: "ada")])
    }
    let edits = remembered(edit("src/a"))
    #expect(edits.decide(edit("docs/b")).decision == .allow)
    #expect(edits.decide(edit("../b")).decision == .ask)
    #expect(edits.decide(AttentionDetail(tool: .delete, paths: ["src/a"])).decision == .ask)
    #expect(edits.rules.first?.words == "allow edit in the worktree")
    let outside = remembered(edit("/etc/hosts"))
    #expect(outside.decide(edit("/etc/hosts")).decision == .allow)
    #expect(outside.decide(edit("/etc/passwd")).decision == .ask)
    #expect(outside.decide(edit("src/a")).decision == .ask)
    let command = remembered(run("make"))
    #expect(command.decide(run("make")).decision == .allow)
    #expect(command.decide(run("make install")).decision == .ask)
    let other = remembered(AttentionDetail(tool: .other, title: "Call a friend"))
    #expect(other.decide(AttentionDetail(tool: .other, title: "Call a friend")).decision == .allow)
    #expect(other.decide(AttentionDetail(tool: .other, title: "Call a foe")).decision == .ask)
  }

  @Test("A rule reads back as it was, and one that is not understood is none")
  func json() throws {
    let rule = PermissionRule(
      .reject, tools: [.edit, .delete], paths: ["a"], commands: ["b"], titles: ["c"], rememberedFrom: "ada")
    #expect(PermissionRule(json: rule.json) == rule)
    for text in [
      #"{"tools": ["edit"]}"#, #"{"decision": "allow", "tools": ["fly"]}"#, #"{"decision": "allow", "paths": [7]}"#,
      #"{"decision": "allow", "paths": []}"#, #"{"decision": "allow", "commands": "x"}"#,
    ] {
      #expect(PermissionRule(json: try JSONValue(parsing: text)) == nil, "\(text)")
    }
  }
}
