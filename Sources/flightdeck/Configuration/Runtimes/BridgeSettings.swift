import RunModel
import RuntimeAdapters
import Yams

extension RuntimeConfiguration {
  struct Bridge: Sendable, Equatable {
    var adapter: BridgeRuntime.Configuration.Adapter
    /// Absolute.
    var directory: String
    var env: [String: EnvironmentValue] = [:]
    var options: JSONValue?
    /// Nil: as many as the adapter says.
    var maxParallelTasks: Int?
    var pollSeconds = 2.0
    var callTimeoutSeconds = 60.0
    var cancelTimeoutSeconds = 60.0
    /// How pull requests are opened for its runs.
    var pullRequests = PullRequestSettings()
  }
}

extension RuntimeKind {
  static let bridge = RuntimeKind(
    name: "bridge",
    keys: [
      "command", "module", "export", "node", "directory", "env", "options", "pollSeconds", "callTimeoutSeconds",
      "cancelTimeoutSeconds", "pullRequests",
    ],
    read: { file, entry throws(Problem) in try file.bridge(entry) })
}

extension ConfigurationFile {
  fileprivate func bridge(_ entry: RuntimeEntry) throws(Problem) -> RuntimeConfiguration.Kind {
    var bridge = RuntimeConfiguration.Bridge(adapter: try adapter(entry), directory: Paths.absolute(".", in: folder))
    for (key, value) in entry.members {
      switch key {
      case "directory": bridge.directory = try absolute(value, key)
      case "env": bridge.env = try variables(value)
      case "options": bridge.options = try json(value)
      case "maxParallelTasks": bridge.maxParallelTasks = try count(value, key)
      case "pollSeconds": bridge.pollSeconds = try number(value, key, above: 0)
      case "callTimeoutSeconds": bridge.callTimeoutSeconds = try number(value, key, above: 0)
      case "cancelTimeoutSeconds": bridge.cancelTimeoutSeconds = try number(value, key, above: 0)
      case "pullRequests": bridge.pullRequests = try pullRequests(value)
      default: break
      }
    }
    return .bridge(bridge)
  }

  private func adapter(_ entry: RuntimeEntry) throws(Problem) -> BridgeRuntime.Configuration.Adapter {
    switch (entry["command"], entry["module"]) {
    case (let words?, nil):
      for key in ["export", "node"] {
        if let stray = entry[key] {
          throw error("\"\(key)\" belongs to \"module\": a \"command\" is run as it is.", stray)
        }
      }
      return .command(try command(words, placeholders: []))
    case (nil, let file?):
      let name = try absolute(file, "module")
      guard ["js", "mjs", "cjs"].contains(where: { name.hasSuffix(".\($0)") }) else {
        throw error(
          "\"module\" must be a JavaScript file: .js, .mjs or .cjs. Anything else is run by \"command\".", file)
      }
      var module = BridgeRuntime.Configuration.Module(file: name)
      if let value = entry["export"] { module.export = try text(value, "export") }
      if let value = entry["node"] { module.node = try text(value, "node") }
      return .module(module)
    case (_?, let file?):
      throw error("A bridge runtime has a \"command\" or a \"module\", not both.", file)
    case (nil, nil):
      throw error(
        "A bridge runtime needs a \"command\", such as [python3, adapter.py], or a \"module\": the file of a JavaScript AWFAgentRuntime.",
        entry.node)
    }
  }

  /// YAML as the JSON that it means.
  private func json(_ node: Node) throws(Problem) -> JSONValue {
    switch node {
    case .mapping:
      var object = JSONObject()
      for (key, value) in try members(node, of: "\"options\"", known: nil) { object[key] = try json(value) }
      return .object(object)
    case .sequence(let items):
      var values: [JSONValue] = []
      for item in items { values.append(try json(item)) }
      return .array(values)
    default:
      if node.null != nil { return .null }
      if let flag = node.bool { return .bool(flag) }
      if let number = node.int { return .int(Int64(number)) }
      if let number = node.float { return .double(number) }
      return .string(try text(node, "options"))
    }
  }
}
