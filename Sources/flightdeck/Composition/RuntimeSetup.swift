import Logging
import Orchestration
import RunClient
import RunModel
import RuntimeAdapters
import Synchronization

/// Makes the runtimes of a configuration.
struct RuntimeSetup {
  let state: String
  let environment: [String: String]
  let configuration: Configuration
  /// What adapters say beside their work.
  let logger: Logger

  private let adapters = Adapters()

  /// The runtimes made here whose adapters live as long as they do.
  private final class Adapters: Sendable {
    let all = Mutex<[BridgeRuntime]>([])
  }

  init(
    state: String, environment: [String: String], configuration: Configuration,
    logger: Logger = Logger(label: "flightdeck") { _ in SwiftLogNoOpLogHandler() }
  ) {
    self.state = state
    self.environment = environment
    self.configuration = configuration
    self.logger = logger
  }

  /// Ends the adapters with all that they have started; returns when nothing of them is left.
  func retire() async {
    let adapters = adapters.all.withLock { $0 }
    await withDiscardingTaskGroup { group in
      for adapter in adapters { group.addTask { await adapter.retire() } }
    }
  }

  var verifier: any Verifier {
    VerifyRunner(state: state, environment: environment, limit: configuration.verifyTimeout)
  }

  func registrations() throws -> [Registration] { try configuration.runtimes.map(registration) }

  func registration(_ runtime: RuntimeConfiguration) throws -> Registration {
    var registration = try make(runtime)
    registration.permissions = PermissionPolicy(runtime.permissions)
    return registration
  }

  private func make(_ runtime: RuntimeConfiguration) throws -> Registration {
    switch runtime.kind {
    case .simulated(let settings):
      return Registration(
        SimulatedRuntime(
          .init(
            id: runtime.id, maxParallelTasks: settings.maxParallelTasks, seed: settings.seed ?? .random(in: 0 ... .max),
            medianSeconds: settings.medianSeconds, maxSeconds: settings.maxSeconds, failureRate: settings.failureRate,
            attentionRate: settings.attentionRate, eventsPerSecond: settings.eventsPerSecond)),
        kind: "simulated", quietSeconds: runtime.quietSeconds)
    case .mock(let settings):
      return Registration(
        MockRuntime(id: runtime.id, script: try MockScript(file: settings.script)), kind: "mock",
        quietSeconds: runtime.quietSeconds)
    case .local(let settings):
      var own = LocalRuntime.Configuration(
        id: runtime.id, command: settings.command, environment: settings.env,
        maxParallelTasks: settings.maxParallelTasks,
        input: settings.stdin.flatMap { LocalRuntime.Configuration.Input(rawValue: $0.rawValue) },
        stopGrace: configuration.stopGrace, limits: settings.limits, profile: settings.profile)
      own.pullRequests = settings.pullRequests
      let local = LocalRuntime(own, state: state, environment: environment)
      let hasCommand = settings.command != nil
      let inspection = RepositoryInspection(environment: environment, standIns: "\(state)/git")
      return Registration(
        local, kind: "local", quietSeconds: runtime.quietSeconds,
        refusal: { contract in
          if contract.repository == nil { return "it needs a git repository: give one with --repo" }
          if !hasCommand, contract.metadata["command"] == nil {
            return "it has no command: set one in config.yaml, or metadata.command in the contract"
          }
          return nil
        },
        inspect: { await inspection.complaint(about: $0, base: $1) })
    case .acp(let settings):
      var acp = ACPRuntime.Configuration(id: runtime.id, command: settings.command)
      acp.environment = settings.env
      acp.maxParallelTasks = settings.maxParallelTasks
      acp.mode = settings.mode
      acp.servers = settings.mcpServers
      acp.startLimit = .seconds(settings.startSeconds)
      acp.stopGrace = configuration.stopGrace
      acp.limits = settings.limits
      acp.pullRequests = settings.pullRequests
      acp.clientVersion = flightdeckVersion
      let agent = ACPRuntime(acp, state: state, environment: environment)
      let inspection = RepositoryInspection(environment: environment, standIns: "\(state)/git")
      return Registration(
        agent, kind: "acp", quietSeconds: runtime.quietSeconds,
        refusal: { $0.repository == nil ? "it needs a git repository: give one with --repo" : nil },
        complaint: { await agent.programComplaint() },
        inspect: { await inspection.complaint(about: $0, base: $1) })
    case .a2a(let settings):
      let a2a = A2ARuntime(settings, id: runtime.id, environment: environment, state: state)
      return Registration(
        a2a, kind: A2ARuntime.kind, quietSeconds: runtime.quietSeconds,
        refusal: { contract in
          if !contract.verify.isEmpty {
            return
              "its agent works elsewhere, where verify commands cannot be run: leave them out, or use another runtime"
          }
          if contract.requires.contains(.canCreatePR), !settings.opensPullRequests {
            return "its agent works elsewhere: set opensPullRequests if it opens pull requests and names them as pr_url"
          }
          return nil
        },
        complaint: { await a2a.complaint() })
    case .bridge(let settings):
      var bridge = BridgeRuntime.Configuration(
        id: runtime.id, adapter: settings.adapter, directory: settings.directory, environment: settings.env,
        maxParallelTasks: settings.maxParallelTasks)
      bridge.options = settings.options
      bridge.pollInterval = .seconds(clamping: settings.pollSeconds)
      bridge.callLimit = .seconds(clamping: settings.callTimeoutSeconds)
      bridge.openingLimit = max(bridge.openingLimit, bridge.callLimit)
      bridge.cancelLimit = .seconds(clamping: settings.cancelTimeoutSeconds)
      bridge.pullRequests = settings.pullRequests
      let bridged = BridgeRuntime(bridge, state: state, environment: environment, logger: logger)
      adapters.all.withLock { all in
        all.removeAll(where: \.isGone)
        all.append(bridged)
      }
      return Registration(bridged, kind: BridgeRuntime.kind, quietSeconds: runtime.quietSeconds)
    }
  }
}

extension A2ARuntime {
  fileprivate convenience init(
    _ settings: RuntimeConfiguration.A2A, id: RuntimeID, environment: [String: String], state: String
  ) {
    var configuration = A2ARuntime.Configuration(
      id: id, url: settings.url, endpoint: settings.endpoint, maxParallelTasks: settings.maxParallelTasks,
      isInsecure: settings.insecure)
    if let token = settings.token { configuration.token = { try token.read(environment: environment) } }
    configuration.tls = { try ClientTLS.load(ca: settings.ca, certificate: settings.certificate, key: settings.key) }
    configuration.opensPullRequests = settings.opensPullRequests
    configuration.patience = Duration.seconds(settings.patienceSeconds)
    self.init(configuration, state: state)
  }
}
