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
  /// What its agents may do unasked: the first rule that matches decides, else a person.
  var permissions: [PermissionRule] = []

  enum Kind: Sendable, Equatable {
    case simulated(Simulated)
    case mock(Mock)
    case local(Local)
    case acp(ACP)
    case a2a(A2A)
    case bridge(Bridge)
  }

  /// What there is without a configuration.
  static let defaults = [
    RuntimeConfiguration(id: "simulated", kind: .simulated(Simulated())),
    RuntimeConfiguration(id: "local", kind: .local(Local())),
  ]
}
