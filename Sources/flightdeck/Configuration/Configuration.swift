import DashboardUI
import RunModel

/// What the user has set in `config.yaml`, as plain values: the composition maps them to adapters and screens.
struct Configuration: Sendable, Equatable {
  var runtimes: [RuntimeConfiguration] = RuntimeConfiguration.defaults
  var theme = ThemeSetting()
  /// Where the theme is named, for errors: the file and the line.
  var themePlace: String?
  /// Nothing but ASCII is drawn, whatever the locale says.
  var ascii = false
  /// Keys for an action, by the action's name: they replace its own.
  var keys: [String: [String]] = [:]
  /// The columns of the runs, `name` or `name:width`; nil: the usual ones.
  var columns: [ColumnChoice]?
  var mouse = true
  /// The dashboard changes nothing.
  var readOnly = false
  /// What ctrl-s saves.
  var screenFormat = ScreenFormat.svg
  var notifications = NotificationRules()
  /// Others that the dashboard can turn to.
  var orchestrators: [OrchestratorConfiguration] = []
  /// How long one verify command may take.
  var verifyTimeout: Duration = .seconds(600)
  /// How long a canceled agent has to stop before it is killed.
  var stopGrace: Duration = .seconds(5)
  /// The risks that wait for people's approval.
  var approvalsRequired: Set<Contract.Risk> = [.high, .critical]
  /// Whether people may approve what they asked for; nil: where the orchestrator is one person's alone.
  var approvesOwnRequests: Bool?
  /// Names by which the orchestrator is reached over TCP beside those that it listens on: behind a proxy.
  var hostNames: [String] = []
  var tls = TLSSettings()
  /// Where the orchestrator writes down what it does.
  var log = LogSettings()
  /// What may go by itself, and when; nothing does without it.
  var retention = RetentionSettings()
}

/// Certificates: absolute paths of PEM files.
struct TLSSettings: Sendable, Equatable {
  /// What the orchestrator shows to clients: its certificate with those in between, and the key.
  var certificate: String?
  var key: String?
  /// Clients must show a certificate that one of these has signed.
  var clientCA: String?
  /// What a client trusts; nil: the system's authorities.
  var ca: String?
  /// What a client shows to an orchestrator that asks for it.
  var clientCertificate: String?
  var clientKey: String?
}

/// An orchestrator beside this user's own.
struct OrchestratorConfiguration: Sendable, Equatable {
  var name: String
  var address: ServerAddress
  /// Absolute path of the file with the bearer token; nil: the store's own.
  var tokenFile: String?
  /// What it is trusted by, and what is shown to it; nil: as `tls` says.
  var ca: String?
  var certificate: String?
  var key: String?
}

/// One runtime of the configuration.
struct RuntimeConfiguration: Sendable, Equatable {
  var id: RuntimeID
  var kind: Kind
  /// How long a live run may be silent before it is called stalled.
  var quietSeconds = 120.0

  enum Kind: Sendable, Equatable {
    case simulated(Simulated)
    case mock(Mock)
    case local(Local)

    static let names = ["simulated", "mock", "local"]
  }

  struct Simulated: Sendable, Equatable {
    var maxParallelTasks = 50
    /// The same seed gives the same runs; nil: another each time.
    var seed: UInt64?
    var medianSeconds = 4.0
    var maxSeconds = 8.0
    /// In [0, 1].
    var failureRate = 0.1
    var attentionRate = 0.1
    /// Of one run; nil: a plausible few.
    var eventsPerSecond: Double?
  }

  struct Mock: Sendable, Equatable {
    var maxParallelTasks = 4
    /// Absolute path of the script.
    var script: String
  }

  struct Local: Sendable, Equatable {
    enum Input: String, Sendable, CaseIterable { case prompt, answers, none }

    var maxParallelTasks = 4
    /// Nil: the contract's `metadata.command`.
    var command: [String]?
    var env: [String: String] = [:]
    /// What the agent's standard input gets; nil: `prompt` where no placeholder takes it, else `none`.
    var stdin: Input?
    /// What one run may use.
    var limits = RunLimits()
  }

  /// What there is without a configuration.
  static let defaults = [
    RuntimeConfiguration(id: "simulated", kind: .simulated(Simulated())),
    RuntimeConfiguration(id: "local", kind: .local(Local())),
  ]
}
