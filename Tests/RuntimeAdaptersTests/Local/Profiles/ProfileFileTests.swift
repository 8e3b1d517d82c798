import RunModel
import Testing

@testable import RuntimeAdapters
@testable import flightdeck

@Suite("A profile's file")
struct ProfileFileTests {
  @Test(
    "Those built in are free of issues, have a command, and are those that the package embeds",
    arguments: ProfileShelf.builtin)
  func builtin(name: String) throws {
    let profile = try ProfileShelf(folder: "/nowhere").profile(name)
    // One way or the other the agent learns what it is to do.
    #expect((profile.command?.contains("{prompt}") == true) != (profile.stdin == .prompt))
    #expect(!profile.summary.isEmpty)
  }

  @Test(
    "What is wrong is said with its line and the nearest name",
    arguments: [
      ("objekts: []", "line 1: Unknown key \"objekts\" in a profile. Did you mean \"objects\"?"),
      ("objects:\n- wen: {a: 1}", "line 2: Unknown key \"wen\" in a rule of \"objects\". Did you mean \"when\"?"),
      ("objects:\n- when: {a..b: 1}\n  output: a", "line 2: \"a..b\" is no path such as message.role."),
      (
        "objects:\n- when: {a: 1}\n  tool: {name: n,\n    targt: x}",
        "line 4: Unknown key \"targt\" in \"tool\". Did you mean \"target\"?"
      ),
      (
        "objects:\n- output: 'a b'",
        "line 2: \"a b\" is no path such as message.content[].text; a text of its own is {text: \"…\"}."
      ),
      ("objects:\n- tool: {target: x}", "line 2: \"tool\" needs \"name\"."),
      (
        "objects:\n- where: {a: 1}\n  output: a",
        "line 2: \"where\" needs \"each\": the path of the parts that it tests."
      ),
      ("lines:\n- match: '('\n  hide: true", "line 2: \"match\" is no pattern: A \")\" is missing."),
      ("lines:\n- hide: true", "line 2: A rule of \"lines\" needs \"match\": a pattern."),
      (
        "sections: {agent: x}\nlines:\n- match: a\n  in: agnt\n  hide: true",
        "line 4: There is no section \"agnt\". Did you mean \"agent\"?"
      ),
      (
        "lines:\n- match: a\n  result: {outcome: faild}",
        "line 3: \"outcome\" must be one of succeeded, failed, open, not \"faild\". Did you mean \"failed\"?"
      ),
      ("command: mini", "line 1: \"command\" must be a list of texts."),
      (
        "stdin: answer",
        "line 1: \"stdin\" must be one of prompt, answers, none, not \"answer\". Did you mean \"answers\"?"
      ),
      (
        "prompts:\n- match: 'x'",
        "line 2: A profile with questions needs \"stdin: answers\": else no answer reaches the agent."
      ),
      (
        "stdin: answers\nprompts:\n- match: x\n  answers: {yes: 1}",
        "line 4: \"yes\" must be the text that is written; quote it."
      ),
      ("objects: {}", "line 1: \"objects\" must be a list."), ("- a", "A profile is a mapping"),
      ("", "A profile is a mapping"),
      ("a: [", "This is not YAML"), ("description: &a x\nenv: {A: *a, B: 1}", "\"B\" must be text."),
      ("objects:\n- {}", "line 2: The rule does nothing"),
    ])
  func issues(text: String, words: String) {
    let (profile, issues) = ProfileFile.read(text, name: "x")
    #expect(profile == nil)
    #expect(issues.contains { $0.description.contains(words) }, "\(issues.map(\.description))")
  }

  @Test("It is written down with a run and read again as it was")
  func stored() throws {
    for name in ProfileShelf.builtin {
      let profile = try ProfileShelf(folder: "/nowhere").profile(name)
      #expect(AgentProfile(stored: try JSONValue(parsing: profile.storedBytes)) == profile)
    }
  }

  @Test("A runtime takes its command, standard input and environment from its profile, and its own settings win")
  func configuration() throws {
    func local(_ more: String) throws -> RuntimeConfiguration.Local {
      let text = "runtimes:\n- {id: a, kind: local, profile: mini-swe-agent\(more)}"
      let read = try ConfigurationFile(path: "/nowhere/config.yaml").parse(text)
      guard case .local(let local)? = read.runtimes.first?.kind else { throw Problem(.internal, "no local runtime") }
      return local
    }
    let plain = try local("")
    #expect(plain.command?.first == "mini" && plain.stdin == RuntimeConfiguration.Local.Input.none)
    #expect(plain.env["MSWEA_SILENT_STARTUP"] == .text("1"))
    let own = try local(", command: [./mini, '{prompt}'], env: {MSWEA_SILENT_STARTUP: '0', B: c}, stdin: answers")
    #expect(own.command == ["./mini", "{prompt}"] && own.stdin == .answers && own.profile?.name == "mini-swe-agent")
    #expect(own.env == ["MSWEA_SILENT_STARTUP": .text("0"), "B": .text("c")])
    #expect {
      try ConfigurationFile(path: "/nowhere/config.yaml").parse("runtimes:\n- id: a\n  kind: local\n  profile: vieb")
    } throws: { error in
      (error as? Problem)?.detail.contains(
        "config.yaml:4: There is no profile \"vieb\". Did you mean \"vibe\"? See: flightdeck profiles list") == true
    }
  }
}
