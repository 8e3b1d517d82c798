package import RunModel

extension LocalRuntime {
  /// What stands in braces in a command.
  package static let placeholders = ["prompt", "promptFile", "title", "worktree", "runId", "contractFile"]

  /// What the configuration says of a `local` runtime.
  package struct Configuration: Sendable {
    /// What the agent's standard input is.
    package enum Input: String, Sendable, CaseIterable {
      /// The prompt, then its end.
      case prompt
      /// A pipe that brings the answers to its questions, one JSON line each.
      case answers
      case none
    }

    package var id: RuntimeID
    /// The program and its arguments, with placeholders; nil takes `metadata.command` of each contract.
    package var command: [String]?
    /// Set in the agent's environment, over the operator's; secrets are read at each start.
    package var environment: [String: EnvironmentValue]
    package var maxParallelTasks: Int
    /// Nil: the prompt where no placeholder takes it, else none.
    package var input: Input?
    /// Between the stop signal of a cancel and the kill.
    package var stopGrace: Duration
    /// The same for what an agent leaves running when it ends by itself.
    package var strayGrace: Duration
    /// Lines and tool calls handed on in a second of a run; those above are counted and stay in the run's folder alone.
    package var linesPerSecond: Int
    /// What one run may use.
    package var limits: RunLimits
    /// How the agent's output is read; nil: as plain lines.
    package var profile: AgentProfile?
    /// How pull requests are opened for its runs.
    package var pullRequests = PullRequestSettings()
    /// How long a supervisor may leave a cancel untaken before it is ended itself.
    package var supervisorPatience: Duration = .seconds(10)
    /// What a run's agent speaks.
    var language: @Sendable (LocalRunSpec, RunFolder) -> any AgentLanguage = { _, _ in PlainLanguage() }

    package init(
      id: RuntimeID = "local", command: [String]? = nil, environment: [String: EnvironmentValue] = [:],
      maxParallelTasks: Int = 4, input: Input? = nil, stopGrace: Duration = .seconds(5),
      strayGrace: Duration = .seconds(1), linesPerSecond: Int = Bounds.linesPerSecond,
      limits: RunLimits = RunLimits(), profile: AgentProfile? = nil
    ) {
      self.profile = profile
      self.id = id
      self.command = command
      self.environment = environment
      self.maxParallelTasks = maxParallelTasks
      self.input = input
      self.stopGrace = stopGrace
      self.strayGrace = strayGrace
      self.linesPerSecond = linesPerSecond
      self.limits = limits
    }
  }
}
