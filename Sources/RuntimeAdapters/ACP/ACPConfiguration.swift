import Orchestration
package import RunModel

extension ACPRuntime {
  /// What the configuration says of an `acp` runtime.
  package struct Configuration: Sendable {
    package var id: RuntimeID
    /// The program that speaks the protocol, and its arguments.
    package var command: [String]
    /// Set in the agent's environment, over the operator's.
    package var environment: [String: EnvironmentValue] = [:]
    package var maxParallelTasks = 4
    /// The session's mode, by its id; nil leaves it to the agent.
    package var mode: String?
    /// MCP servers that the agent is given.
    package var servers: [Server] = []
    /// How long the agent may take for each answer until it has its prompt.
    package var startLimit = Duration.seconds(60)
    /// How long it may take to end once its work is done, before it is ended.
    package var closeLimit = Duration.seconds(5)
    package var stopGrace = Duration.seconds(5)
    package var limits = RunLimits()
    /// How pull requests are opened for its runs.
    package var pullRequests = PullRequestSettings()
    /// Ours, as the agent is told it.
    package var clientVersion = "0"

    package init(id: RuntimeID = "acp", command: [String]) {
      self.id = id
      self.command = command
    }
  }

  /// An MCP server, as the agent is told of it.
  package struct Server: Sendable, Hashable {
    package enum Reach: Sendable, Hashable {
      /// A program that the agent starts, its arguments, and its variables.
      case program(String, [String], [String: EnvironmentValue])
      /// `http` or `sse`, the address, and headers.
      case address(String, String, [String: EnvironmentValue])
    }

    package var name: String
    package var reach: Reach

    package init(_ name: String, _ reach: Reach) {
      self.name = name
      self.reach = reach
    }

    /// Secrets are read now.
    func json(environment: [String: String]) throws(Problem) -> JSONValue {
      func pairs(_ values: [String: EnvironmentValue]) throws(Problem) -> JSONValue {
        .array(
          try values.read(environment: environment).sorted { $0.key < $1.key }
            .map { ["name": .string($0.key), "value": .string($0.value)] })
      }
      switch reach {
      case .program(let program, let arguments, let variables):
        return [
          "name": .string(name), "command": .string(program), "args": .array(arguments.map { .string($0) }),
          "env": try pairs(variables),
        ]
      case .address(let type, let url, let headers):
        return [
          "type": .string(type), "name": .string(name), "url": .string(url), "headers": try pairs(headers),
        ]
      }
    }
  }
}

extension ACPRuntime.Configuration {
  /// Of a run's conversation.
  func settings(
    _ spec: LocalRunSpec, _ folder: RunFolder, _ environment: [String: String]
  ) -> ACPConversation.Settings {
    var settings = settings(in: spec.workspace.path, environment) { () throws(Problem) in
      guard let prompt = try Files.text(folder.prompt, following: false) else {
        throw Problem(.internal, "\(folder.prompt) is gone.")
      }
      return prompt
    }
    settings.earlierSession = spec.earlierSession
    return settings
  }

  /// Of any conversation with the agent.
  func settings(
    in worktree: String, _ environment: [String: String], prompt: @escaping @Sendable () throws(Problem) -> String
  ) -> ACPConversation.Settings {
    let servers = servers
    var settings = ACPConversation.Settings(worktree: worktree, prompt: prompt)
    settings.servers = { () throws(Problem) in
      var list: [JSONValue] = []
      for server in servers { list.append(try server.json(environment: environment)) }
      return list
    }
    settings.mode = mode
    settings.version = clientVersion
    settings.startLimit = startLimit
    settings.closeLimit = closeLimit
    settings.cancelLimit = stopGrace / 2
    return settings
  }
}
