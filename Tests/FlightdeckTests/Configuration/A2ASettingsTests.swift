import RunModel
import RuntimeAdapters
import Testing

@testable import flightdeck

@Suite("A runtime of kind a2a in the configuration")
struct A2ASettingsTests {
  private func parse(_ keys: String) throws -> RuntimeConfiguration.A2A {
    let text = "runtimes:\n  - id: remote\n    kind: a2a\n" + keys.split(separator: "\n").map { "    \($0)\n" }.joined()
    let file = ConfigurationFile(path: "/etc/flightdeck/config.yaml")
    guard case .a2a(let a2a)? = try file.parse(text).runtimes.first?.kind else {
      throw Problem(.internal, "no a2a runtime")
    }
    return a2a
  }

  @Test("All its keys are read, paths from the file's folder")
  func all() throws {
    let a2a = try parse(
      """
      url: https://agent.example/team
      endpoint: https://calls.agent.example/rpc
      token: {env: AGENT_TOKEN}
      ca: ca.pem
      certificate: /keys/client.pem
      key: client.key
      maxParallelTasks: 9
      patienceSeconds: 60
      """)
    #expect(a2a.url == "https://agent.example/team" && a2a.endpoint == "https://calls.agent.example/rpc")
    #expect(a2a.token == .environment("AGENT_TOKEN") && a2a.ca == "/etc/flightdeck/ca.pem")
    #expect(a2a.certificate == "/keys/client.pem" && a2a.key == "/etc/flightdeck/client.key")
    #expect(a2a.maxParallelTasks == 9 && a2a.patienceSeconds == 60 && !a2a.insecure)
    #expect(try parse("url: http://agent.example/\ninsecure: true").insecure)
  }

  @Test(
    "What is wrong names its line and the way out",
    arguments: [
      ("maxParallelTasks: 2", "needs a \"url\""),
      ("url: http://agent.example/", "config.yaml:4: \"url\": agent.example is another machine"),
      ("url: http://agent.example/\ninsecure: true\ntoken: {file: t}", "A token does not go over plain HTTP"),
      (
        "url: https://agent.example/\ntoken: abc",
        "\"token\" must say where the secret is: {env: NAME} or {file: PATH}."
      ),
      ("url: https://agent.example/\nendpoint: agent.example", "\"endpoint\": \"agent.example\" is no address"),
      ("url: https://u:secret@agent.example/", "without a user name"),
      ("url: https://agent.example/\ncertificate: c.pem", "go together"),
      ("url: https://agent.example/\ntokn: {env: A}", "Did you mean"),
      ("url: https://agent.example/\ninsecure: maybe", "true or false"),
      ("url: https://agent.example/\npatienceSeconds: 0", "above 0"),
    ])
  func wrong(_ keys: String, _ words: String) {
    let problem = #expect(throws: Problem.self) { try parse(keys) }
    #expect(problem?.detail.contains(words) == true, "\(problem?.detail ?? "")")
    #expect(problem?.detail.contains("u:secret") != true)
  }
}
