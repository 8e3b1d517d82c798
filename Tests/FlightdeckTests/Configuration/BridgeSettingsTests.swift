import RunModel
import RuntimeAdapters
import Testing

@testable import flightdeck

@Suite("The settings of a bridge runtime")
struct BridgeSettingsTests {
  private static func runtime(_ lines: String) throws -> RuntimeConfiguration.Bridge? {
    let text =
      "runtimes:\n  - id: mine\n    kind: bridge\n" + lines.split(separator: "\n").map { "    \($0)\n" }.joined()
    guard case .bridge(let bridge)? = try ConfigurationFileTests.parse(text).runtimes.first?.kind else { return nil }
    return bridge
  }

  @Test("A command is run in the configuration's folder, with what is set for it")
  func command() throws {
    let bridge = try Self.runtime(
      """
      command: [python3, adapter.py]
      env: {TOKEN: {file: token}, MODE: batch}
      options: {steps: 3, deep: {list: [1, 2.5, true, "3", null]}}
      maxParallelTasks: 2
      pollSeconds: 0.5
      callTimeoutSeconds: 5
      cancelTimeoutSeconds: 90
      """)
    var expected = RuntimeConfiguration.Bridge(adapter: .command(["python3", "adapter.py"]), directory: "/etc/fd")
    expected.env = ["TOKEN": .secret(.file("/etc/fd/token")), "MODE": "batch"]
    expected.options = ["steps": 3, "deep": ["list": [1, 2.5, true, "3", nil]]]
    expected.maxParallelTasks = 2
    expected.pollSeconds = 0.5
    expected.callTimeoutSeconds = 5
    expected.cancelTimeoutSeconds = 90
    #expect(bridge == expected)
  }

  @Test("A module is a JavaScript file, run by node")
  func module() throws {
    let bridge = try Self.runtime("module: js/agent.mjs\nexport: MyRuntime\nnode: /opt/node\ndirectory: work")
    #expect(
      bridge
        == RuntimeConfiguration.Bridge(
          adapter: .module(.init(file: "/etc/fd/js/agent.mjs", export: "MyRuntime", node: "/opt/node")),
          directory: "/etc/fd/work"))
  }

  @Test(
    "What does not go together is said with its line",
    arguments: [
      (
        "pollSeconds: 1",
        "/etc/fd/config.yaml:2: A bridge runtime needs a \"command\", such as [python3, adapter.py], or a \"module\": the file of a JavaScript AWFAgentRuntime."
      ),
      (
        "command: [a]\nmodule: b.js",
        "/etc/fd/config.yaml:5: A bridge runtime has a \"command\" or a \"module\", not both."
      ),
      (
        "command: [a]\nexport: b",
        "/etc/fd/config.yaml:5: \"export\" belongs to \"module\": a \"command\" is run as it is."
      ),
      (
        "module: b.py",
        "/etc/fd/config.yaml:4: \"module\" must be a JavaScript file: .js, .mjs or .cjs. Anything else is run by \"command\"."
      ),
    ])
  func errors(_ lines: String, _ words: String) throws {
    let problem = #expect(throws: Problem.self) { try Self.runtime(lines) }
    #expect(problem?.detail == words)
  }
}
