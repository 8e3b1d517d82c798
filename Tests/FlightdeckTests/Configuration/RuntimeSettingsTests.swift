import Foundation
import RunModel
import RuntimeAdapters
import Testing

@testable import flightdeck

@Suite("Runtimes in the configuration file")
struct RuntimeSettingsTests {
  private static func local(_ settings: String) throws(Problem) -> RuntimeConfiguration.Local? {
    let text = "runtimes:\n  - id: a\n    kind: local\n    \(settings)\n"
    let runtime = try ConfigurationFile(path: "/etc/fd/config.yaml").parse(text).runtimes.first
    if case .local(let local)? = runtime?.kind { return local }
    return nil
  }

  @Test(
    "A misspelt placeholder is named with its line and the one that was meant",
    arguments: [
      ("{promt}", "{prompt}"), ("{promptfile}", "{promptFile}"), ("--in={prompt_file}", "{promptFile}"),
      ("{runID}", "{runId}"), ("{Worktree}/x", "{worktree}"), ("{titel}", "{title}"),
    ])
  func misspelt(_ word: String, _ meant: String) {
    let problem = #expect(throws: Problem.self) { try Self.local("command: [my-agent, \"\(word)\"]") }
    #expect(problem?.detail.hasPrefix("/etc/fd/config.yaml:4: There is no placeholder {") == true)
    #expect(problem?.detail.contains("Did you mean \(meant)?") == true, "\(problem?.detail ?? "")")
  }

  @Test(
    "Braces that are no placeholder pass",
    arguments: [
      "${promt}", "${PROMPT:-x}", "{\"promt\": 1}", "{print}", "{}", "{ promt }", "{title}", "{", "a{b", "{file}",
      "awk '{print $1}'", "{{promt", "{a,b}",
    ])
  func otherBraces(_ word: String) throws {
    let quoted = word.replacing("'", with: "''")
    #expect(try Self.local("command: [sh, -c, '\(quoted)']")?.command == ["sh", "-c", word])
  }

  @Test("A variable is a text, or says where its secret is")
  func secrets() throws {
    let local = try Self.local("command: [x]\n    env: {A: b, N: 4, KEY: {env: MY_KEY}, T: {file: secrets/t}}")
    #expect(
      local?.env == [
        "A": "b", "N": "4", "KEY": .secret(.environment("MY_KEY")), "T": .secret(.file("/etc/fd/secrets/t")),
      ])
  }

  @Test("~/ is the home folder in the path of a secret, and of any file; another user's is refused with the way out")
  func home() throws {
    func env(_ place: String, home: String?) throws -> [String: EnvironmentValue]? {
      var file = ConfigurationFile(path: "/etc/fd/config.yaml")
      file.home = home
      let text = "runtimes: [{id: a, kind: local, command: [x], env: {K: {file: \(place)}}}]"
      guard case .local(let local)? = try file.parse(text).runtimes.first?.kind else { return nil }
      return local.env
    }
    #expect(try env("~/keys/../k", home: "/home/me")?["K"] == .secret(.file("/home/me/k")))
    #expect(try env("./~/k", home: "/home/me")?["K"] == .secret(.file("/etc/fd/~/k")))
    for (place, home, words) in [
      ("~you/k", "/home/me", "only ~/ stands for a home folder"), ("~/k", nil, "HOME, which is not set"),
    ] as [(String, String?, String)] {
      let problem = #expect(throws: Problem.self) { try env(place, home: home) }
      #expect(problem?.detail.contains("config.yaml:1") == true && problem?.detail.contains(words) == true)
    }
  }

  @Test("Pull requests are set for each kind of runtime that opens them")
  func pullRequests() throws {
    let text = """
      runtimes:
        - {id: l, kind: local, command: [x], pullRequests: {remote: fork, draft: true}}
        - {id: a, kind: acp, command: [x], pullRequests: {remote: fork, draft: true}}
        - {id: b, kind: bridge, command: [x], pullRequests: {remote: fork, draft: true}}
        - {id: c, kind: a2a, url: "https://agent.example/", opensPullRequests: true}
      """
    let settings = try ConfigurationFile(path: "/etc/fd/config.yaml").parse(text).runtimes.map { runtime in
      switch runtime.kind {
      case .local(let local): local.pullRequests
      case .acp(let acp): acp.pullRequests
      case .bridge(let bridge): bridge.pullRequests
      case .a2a(let a2a): PullRequestSettings(remote: a2a.opensPullRequests ? "theirs" : "none")
      case .mock, .simulated: PullRequestSettings()
      }
    }
    let fork = PullRequestSettings(remote: "fork", isDraft: true)
    #expect(settings == [fork, fork, fork, PullRequestSettings(remote: "theirs")])
    #expect(throws: Problem.self) { try Self.local("command: [x]\n    pullRequests: {remote: --all}") }
  }

  @Test(
    "A reference to a secret that is none is named with its line",
    arguments: ["{envv: X}", "{env: X, file: y}", "[a]", "{env: \"\"}"])
  func badSecrets(_ value: String) {
    let problem = #expect(throws: Problem.self) { try Self.local("command: [x]\n    env:\n      KEY: \(value)") }
    #expect(problem?.detail.hasPrefix("/etc/fd/config.yaml:6: ") == true, "\(problem?.detail ?? "")")
  }

  @Test("A secret is read when it is needed; what is wrong with it names the place, never the secret")
  func reading() throws {
    let folder = Program()
    defer { folder.remove() }
    let file = folder.folder + "/key"
    try Data("s3cret\r\n".utf8).write(to: URL(fileURLWithPath: file))
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
    let reference = SecretReference.file(file)
    #expect(try reference.read(environment: [:]) == "s3cret")
    #expect(reference.warning?.contains("chmod 600") == true)
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
    #expect(reference.warning == nil)
    #expect("\(reference)".contains("s3cret") == false)
    try Data("other".utf8).write(to: URL(fileURLWithPath: file))
    #expect(try reference.read(environment: [:]) == "other")
    try Data("a\0b".utf8).write(to: URL(fileURLWithPath: file))
    #expect(throws: Problem.self) { try reference.read(environment: [:]) }

    #expect(try SecretReference.environment("K").read(environment: ["K": "v"]) == "v")
    let missing = #expect(throws: Problem.self) { try SecretReference.environment("K").read(environment: [:]) }
    #expect(missing?.detail.contains("variable K") == true)
    let env: [String: EnvironmentValue] = ["KEY": .secret(.file(folder.folder + "/none"))]
    let named = #expect(throws: Problem.self) { try env.read(environment: [:]) }
    #expect(named?.detail.hasPrefix("KEY of \"env\" cannot be set.") == true)
  }
}
