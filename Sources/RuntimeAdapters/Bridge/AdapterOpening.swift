import Glibc
import Orchestration
import RunModel
import Synchronization

/// How an adapter is started, and asked what it is.
struct AdapterOpening: Sendable {
  let configuration: BridgeRuntime.Configuration
  /// Absolute; the adapter's own, for our host and the records of its runs.
  let folder: String
  /// The operator's.
  let environment: [String: String]
  let clock: BridgeClock
  let ready: @Sendable () async -> Void
  let report: @Sendable (AdapterLink, AdapterLink.Report) -> Void
  /// Whether what is left of it belongs to this adapter's folder, and is ended when the next orchestrator starts.
  var isKept = true

  /// What came of any start for this folder, by an orchestrator that is no more.
  private static let folderVariable = "FLIGHTDECK_BRIDGE"
  /// What came of one start.
  private static let startVariable = "FLIGHTDECK_BRIDGE_START"
  /// The folders that this process has looked after: what is marked with one of them now is its own.
  private static let swept = Mutex<Set<String>>([])

  /// `started` is told of the link before anything is asked of it. Throws a `Problem` when it cannot be started or is no
  /// adapter; nothing of it is left then.
  func open(started: (AdapterLink) async -> Void = { _ in }) async throws -> (AdapterLink, AdapterDescription) {
    let link = try AdapterLink(
      configuration.id, try launch(), ready: ready, sleep: clock.sleep, report: report)
    await started(link)
    do {
      return (link, try await AdapterDescription.ask(link, configuration, limit: configuration.openingLimit))
    } catch {
      await link.end(grace: configuration.stopGrace)
      throw error
    }
  }

  /// Ends what an orchestrator that was killed has left.
  func sweep() async {
    guard Self.swept.withLock({ $0.insert(folder).inserted }) else { return }
    _ = await SupervisedFolder.sweep(mark: "\(Self.folderVariable)=\(folder)", grace: configuration.stopGrace)
  }

  private func launch() throws -> AdapterLaunch {
    guard Files.isFolder(configuration.directory) else {
      throw Problem(
        .invalid,
        "The directory \(configuration.directory) of runtime \(configuration.id) is no folder. Make it, or correct \"directory\" in config.yaml."
      )
    }
    var agent = LaunchPlan.agentEnvironment(environment)
    agent.merge(try configuration.environment.read(environment: environment)) { $1 }
    agent["PWD"] = configuration.directory
    if isKept { agent[Self.folderVariable] = folder }
    let start = "\(getpid())-\(UInt64.random(in: 0 ... .max))"
    agent[Self.startVariable] = start
    let arguments: [String]
    switch configuration.adapter {
    case .command(let command): arguments = command
    case .module(let module):
      guard Files.exists(module.file) else {
        throw Problem(
          .invalid,
          "There is no module \(module.file). Correct \"module\" of runtime \(configuration.id) in config.yaml.")
      }
      arguments = [module.node, try host(), module.file] + (module.export.map { [$0] } ?? [])
    }
    let name = arguments.first ?? ""
    let path = agent["PATH"] ?? "/usr/bin:/bin"
    guard let program = LaunchPlan.locate(name, in: path, worktree: configuration.directory), Files.exists(program)
    else {
      let place = name.contains("/") ? "\(name) is no program" : "\(name) is not in PATH"
      let way =
        switch configuration.adapter {
        case .command: "Install it, or correct runtime \(configuration.id) in config.yaml."
        case .module:
          "A JavaScript adapter needs Node.js 18 or newer: install it (on Debian: apt install nodejs), or name its program "
            + "with \"node\" of runtime \(configuration.id) in config.yaml."
        }
      throw Problem(.invalid, "\(place). \(way)", cause: place)
    }
    return AdapterLaunch(
      program: program, arguments: arguments, environment: agent, directory: configuration.directory,
      mark: "\(Self.startVariable)=\(start)")
  }

  /// Our host for JavaScript, written where node can read it.
  private func host() throws -> String {
    let path = "\(folder)/host.mjs"
    if try Files.read(path, following: false) != PackageResources.host_mjs {
      try Files.makeFolder(folder)
      try Files.write(PackageResources.host_mjs, to: path)
    }
    return path
  }
}
