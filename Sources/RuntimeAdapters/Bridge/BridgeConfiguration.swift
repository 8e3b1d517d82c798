package import RunModel

extension BridgeRuntime {
  /// What the configuration says of a `bridge` runtime.
  package struct Configuration: Sendable {
    /// What speaks the protocol.
    package enum Adapter: Sendable, Equatable {
      /// A program and its arguments.
      case command([String])
      /// A JavaScript subclass of AWFAgentRuntime, run by our host.
      case module(Module)
    }

    package struct Module: Sendable, Equatable {
      /// Absolute path of an ES or CommonJS module.
      package var file: String
      /// The export that is the class or an instance of it; nil: the default one, or the only one that will do.
      package var export: String?
      package var node: String

      package init(file: String, export: String? = nil, node: String = "node") {
        self.file = file
        self.export = export
        self.node = node
      }
    }

    package var id: RuntimeID
    package var adapter: Adapter
    /// Where the adapter runs, absolute; relative paths in its command start there.
    package var directory: String
    /// Set in the adapter's environment, over the operator's; secrets are read at each start.
    package var environment: [String: EnvironmentValue]
    /// Told with the first call; a JavaScript class gets them in its constructor. Nil: none.
    package var options: JSONValue?
    /// Fewer than the adapter says; nil: as many.
    package var maxParallelTasks: Int?
    /// How often a live run's status is asked for; an event that speaks of its end has it asked for at once.
    package var pollInterval: Duration = .seconds(2)
    /// For each call.
    package var callLimit: Duration = .seconds(60)
    /// For the first calls, with which an adapter says that it is ready.
    package var openingLimit: Duration = .seconds(60)
    /// After it the end of a canceled run counts as unconfirmed; a forced cancel waits a tenth of it.
    package var cancelLimit: Duration = .seconds(60)
    /// Between the end of its standard input and the stop signal, and between that and the kill.
    package var stopGrace: Duration = .seconds(1)
    /// Before the first restart; doubled for each that follows, up to a minute.
    package var restartPause: Duration = .milliseconds(500)
    /// When so many starts in a row have failed, the runs that wait for the adapter are given up.
    package var patience = 6
    /// How pull requests are opened for its runs.
    package var pullRequests = PullRequestSettings()
    /// Lines and tool calls handed on in a second of a run; those above are counted.
    package var linesPerSecond = Bounds.linesPerSecond

    package init(
      id: RuntimeID, adapter: Adapter, directory: String, environment: [String: EnvironmentValue] = [:],
      maxParallelTasks: Int? = nil
    ) {
      self.id = id
      self.adapter = adapter
      self.directory = directory
      self.environment = environment
      self.maxParallelTasks = maxParallelTasks
    }
  }
}
