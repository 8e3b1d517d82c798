import RunModel
import RuntimeAdapters

extension RuntimeConfiguration {
  struct Local: Sendable, Equatable {
    enum Input: String, Sendable, CaseIterable { case prompt, answers, none }

    var maxParallelTasks = 4
    /// Nil: the contract's `metadata.command`.
    var command: [String]?
    var env: [String: EnvironmentValue] = [:]
    /// What the agent's standard input gets; nil: `prompt` where no placeholder takes it, else `none`.
    var stdin: Input?
    /// What one run may use.
    var limits = RunLimits()
  }
}

extension RuntimeKind {
  static let local = RuntimeKind(
    name: "local", keys: ["command", "env", "stdin", "limits"],
    read: { file, entry throws(Problem) in try file.local(entry) })
}

extension ConfigurationFile {
  fileprivate func local(_ entry: RuntimeEntry) throws(Problem) -> RuntimeConfiguration.Kind {
    guard let words = entry["command"] else {
      throw error("A local runtime needs a \"command\": a list such as [my-agent, --task, \"{prompt}\"].", entry.node)
    }
    var local = RuntimeConfiguration.Local()
    local.command = try command(words, placeholders: LocalRuntime.placeholders)
    for (key, value) in entry.members {
      switch key {
      case "maxParallelTasks": local.maxParallelTasks = try count(value, key)
      case "env": local.env = try variables(value)
      case "stdin":
        let word = try text(value, key)
        guard let input = RuntimeConfiguration.Local.Input(rawValue: word) else {
          throw error("\"stdin\" must be prompt, answers or none, not \"\(word)\".", value)
        }
        local.stdin = input
      case "limits": local.limits = try limits(value)
      default: break
      }
    }
    return .local(local)
  }
}
