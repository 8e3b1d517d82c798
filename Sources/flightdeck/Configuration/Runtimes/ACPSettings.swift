import RunModel
import RuntimeAdapters
import Yams

extension RuntimeConfiguration {
  /// An agent that speaks the Agent Client Protocol.
  struct ACP: Sendable, Equatable {
    var maxParallelTasks = 4
    var command: [String]
    var env: [String: EnvironmentValue] = [:]
    /// The session's mode, by its id.
    var mode: String?
    var mcpServers: [ACPRuntime.Server] = []
    /// How long the agent may take for each answer until it has its prompt.
    var startSeconds = 60.0
    /// What one run may use.
    var limits = RunLimits()
    /// How pull requests are opened for its runs.
    var pullRequests = PullRequestSettings()
  }
}

extension RuntimeKind {
  static let acp = RuntimeKind(
    name: "acp", keys: ["command", "env", "mode", "mcpServers", "startSeconds", "limits", "pullRequests"],
    read: { file, entry throws(Problem) in try file.acp(entry) })
}

extension ConfigurationFile {
  fileprivate func acp(_ entry: RuntimeEntry) throws(Problem) -> RuntimeConfiguration.Kind {
    guard let words = entry["command"] else {
      throw error(
        "An acp runtime needs a \"command\": the agent's program with what makes it speak the protocol, such as "
          + "[my-agent, --acp].", entry.node)
    }
    var acp = RuntimeConfiguration.ACP(command: try command(words, placeholders: LocalRuntime.placeholders))
    for (key, value) in entry.members {
      switch key {
      case "maxParallelTasks": acp.maxParallelTasks = try count(value, key)
      case "env": acp.env = try variables(value)
      case "mode": acp.mode = try text(value, key)
      case "mcpServers": acp.mcpServers = try servers(value)
      case "startSeconds": acp.startSeconds = try number(value, key, above: 0)
      case "limits": acp.limits = try limits(value)
      case "pullRequests": acp.pullRequests = try pullRequests(value)
      default: break
      }
    }
    return .acp(acp)
  }

  /// `NAME: {command: [PROGRAM, …], env: {…}}`, or `NAME: {url: …, type: http|sse, headers: {…}}`.
  private func servers(_ node: Node) throws(Problem) -> [ACPRuntime.Server] {
    var servers: [ACPRuntime.Server] = []
    for (name, value) in try members(node, of: "\"mcpServers\"", known: nil) {
      var words: [String]?
      var address: String?
      var type = "http"
      var values: [String: EnvironmentValue] = [:]
      let known = ["command", "env", "url", "type", "headers"]
      for (key, part) in try members(value, of: "the MCP server \"\(name)\"", known: known) {
        switch key {
        case "command": words = try command(part, placeholders: [])
        case "url": address = try text(part, key)
        case "type":
          type = try text(part, key)
          guard type == "http" || type == "sse" else { throw error("\"type\" must be http or sse.", part) }
        default: values = try variables(part)
        }
      }
      switch (words, address) {
      case (let words?, nil):
        servers.append(.init(name, .program(words.first ?? "", Array(words.dropFirst()), values)))
      case (nil, let address?): servers.append(.init(name, .address(type, address, values)))
      default:
        throw error("The MCP server \"\(name)\" needs either a \"command\" or a \"url\".", value)
      }
    }
    return servers
  }
}
