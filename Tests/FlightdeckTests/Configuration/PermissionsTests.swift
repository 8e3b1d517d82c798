import RunModel
import Testing

@testable import flightdeck

@Suite("permissions: in the configuration")
struct PermissionsTests {
  private func parse(_ permissions: String) throws(Problem) -> [PermissionRule] {
    try ConfigurationFile(path: "config.yaml").parse(
      "runtimes:\n  - id: a\n    kind: simulated\n    permissions:\(permissions)\n"
    ).runtimes.first?.permissions ?? []
  }

  @Test("Rules are read in their order, with kinds of tools, paths and commands")
  func rules() throws {
    let rules = try parse(
      """

            - {allow: [read, search]}
            - {reject: any, paths: [.env, "secrets/**"]}
            - {allow: edit, paths: [src]}
            - {allow: execute, commands: ["npm test", make]}
            - ask: any
      """)
    #expect(
      rules == [
        PermissionRule(.allow, tools: [.read, .search]), PermissionRule(.reject, paths: [".env", "secrets/**"]),
        PermissionRule(.allow, tools: [.edit], paths: ["src"]),
        PermissionRule(.allow, tools: [.execute], commands: ["npm test", "make"]), PermissionRule(.ask),
      ])
    #expect(try parse(" []").isEmpty)
  }

  @Test(
    "What is wrong is named with its line and the way out",
    arguments: [
      (" all", "must be a list of rules"), (" [{paths: [a]}]", "needs one of allow, reject and ask"),
      (" [{allow: edit, reject: read}]", "needs one of allow, reject and ask"),
      (" [{allow: [edti]}]", "Did you mean \"edit\"?"), (" [{allow: edit, path: a}]", "Did you mean \"paths\"?"),
      (" [{allow: edit, paths: []}]", "must not be empty"), (" [{allow: []}]", "must name kinds of tools"),
      (" [{allow: edit, paths: [\"../x\"]}]", "can match nothing"),
      (" [{allow: edit, paths: [\"~/x\"]}]", "can match nothing"),
    ])
  func errors(_ text: String, _ detail: String) {
    let problem = #expect(throws: Problem.self) { try parse(text) }
    #expect(problem?.detail.contains("config.yaml:4") == true, "\(problem?.detail ?? "")")
    #expect(problem?.detail.contains(detail) == true, "\(problem?.detail ?? "")")
  }
}
