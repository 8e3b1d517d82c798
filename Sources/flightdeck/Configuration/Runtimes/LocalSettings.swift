import RunModel
import RuntimeAdapters
import Yams

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
    /// How its output is read; nil: as plain lines.
    var profile: AgentProfile?
    /// How pull requests are opened for its runs.
    var pullRequests = PullRequestSettings()
  }
}

extension RuntimeKind {
  static let local = RuntimeKind(
    name: "local", keys: ["command", "env", "stdin", "limits", "profile", "pullRequests"],
    read: { file, entry throws(Problem) in try file.local(entry) })
}

extension ConfigurationFile {
  fileprivate func local(_ entry: RuntimeEntry) throws(Problem) -> RuntimeConfiguration.Kind {
    var local = RuntimeConfiguration.Local()
    if let node = entry["profile"] {
      let profile = try profile(node)
      local.profile = profile
      local.command = profile.command
      local.env = profile.environment.mapValues { .text($0) }
      local.stdin = profile.stdin.flatMap { .init(rawValue: $0.rawValue) }
    }
    if let words = entry["command"] {
      // `command: null` is what a local runtime is without a configuration: each contract brings its own.
      local.command = words.null == nil ? try command(words, placeholders: LocalRuntime.placeholders) : nil
    } else if local.command == nil {
      throw error(
        "A local runtime needs a \"command\": a list such as [my-agent, --task, \"{prompt}\"]; or a \"profile\" "
          + "that has one.", entry.node)
    }
    for (key, value) in entry.members {
      switch key {
      case "maxParallelTasks": local.maxParallelTasks = try count(value, key)
      case "env": local.env.merge(try variables(value)) { $1 }
      case "stdin":
        let word = try text(value, key)
        guard let input = RuntimeConfiguration.Local.Input(rawValue: word) else {
          throw error("\"stdin\" must be prompt, answers or none, not \"\(word)\".", value)
        }
        local.stdin = input
      case "pullRequests": local.pullRequests = try pullRequests(value)
      case "limits": local.limits = try limits(value)
      default: break
      }
    }
    return .local(local)
  }

  private func profile(_ node: Node) throws(Problem) -> AgentProfile {
    let name = try text(node, "profile")
    do throws(Problem) { return try ProfileShelf(folder: folder + "/profiles").profile(name) } catch let problem {
      throw error(problem.detail, node)
    }
  }
}
