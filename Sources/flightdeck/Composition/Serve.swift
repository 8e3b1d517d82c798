import Dispatch
import FoundationEssentials
import HTTPAPI
import Logging
import Orchestration
import RunModel
import RuntimeAdapters
import SQLiteStore
import Synchronization

/// Runs an orchestrator until its task is canceled: store, runtimes, routing and the HTTP API put together.
///
/// `onReady` is called for each address once it is bound, with a real port where port 0 was asked for.
/// `exitWhenIdle`: ends itself when nothing runs, nothing waits and nobody is connected.
func serve(
  configuration: Configuration, paths: Paths, listen: [ServerAddress], exitWhenIdle: Bool,
  onReady: @escaping @Sendable (ServerAddress) -> Void
) async throws {
  let surroundings = ProcessInfo.processInfo.environment
  let manager = ServiceNotifier(environment: surroundings)
  let store = try SQLiteRunStore(folder: paths.state) { progress in
    let share = progress.share.map { " \(Int($0 * 100)) %" } ?? ""
    manager.starting("bringing the store up to date: \(progress.what)\(share)")
    if progress.share ?? 1 == 1 { Console.note("bringing the store up to date: \(progress.what)") }
  }
  // Only who holds the store may write to the log beside it.
  let book = try LogBook(configuration.log, paths: paths, environment: surroundings, isBackground: exitWhenIdle)
  let hangup = book.reopensOnHangup()
  defer {
    ListeningNote(state: paths.state).remove()
    hangup?.cancel()
    book.flush()
  }
  let logger = book.logger("flightdeck")
  let emptied = Confinement.found.clear(of: paths.state)
  if emptied > 0 { logger.notice("empty control groups removed", metadata: ["groups": "\(emptied)"]) }
  let runtimes = RuntimeSetup(
    state: paths.state, environment: surroundings.filter { !ServiceNotifier.ownVariables.contains($0.key) },
    configuration: configuration, logger: logger)
  let orchestrator = try await Orchestrator.restore(
    from: store, registrations: try runtimes.registrations(), verifier: runtimes.verifier,
    approvals: ApprovalPolicy(
      required: configuration.approvalsRequired,
      // Whoever can be reached from other machines is not one person's alone.
      ownRequests: configuration.approvesOwnRequests ?? (listen.allSatisfy(\.isLocal) ? nil : false)),
    retention: configuration.retention.policy, logger: logger)
  let addresses = Addresses()
  let server = APIServer(
    service: orchestrator, access: orchestrator.access, version: flightdeckVersion,
    tls: try serverTLS(configuration, listen), hostNames: configuration.hostNames,
    configuration: paths.configuration, logger: logger)

  try await withThrowingTaskGroup(of: Void.self) { group in
    let (ready, isReady) = AsyncStream<Void>.makeStream()
    let work = Task { try await orchestrator.run { isReady.finish() } }  // ended by shutDown below, not by cancellation
    for await _ in ready {}
    group.addTask { [logger] in
      try await withTaskCancellationHandler {
        let hasTCP = listen.contains { if case .unix = $0 { false } else { true } }
        if hasTCP, let complaint = try await TokenFile(paths.state + "/token").prepare(for: orchestrator.access) {
          logger.warning("\(complaint)")
        }
        try await server.run(listening: listen) { address in
          onReady(address)
          let all = addresses.add(address)
          guard all.count == listen.count else { return }
          ListeningNote(state: paths.state).write(all)
          manager.ready("listening on \(all.joined(separator: ", "))")
          logger.info(
            "ready", metadata: ["listen": "\(all.joined(separator: " "))", "version": "\(flightdeckVersion)"])
        }
      } onCancel: {
        manager.stopping("storing what is left; agents go on")
        logger.info("stopping")
        server.shutdown()
      }
    }
    group.addTask { try await MemoryTrim().run() }
    group.addTask {
      try await StoreSuspicion(state: paths.state).follow(logger: logger) { try await orchestrator.examineStore() }
    }
    group.addTask {
      try await ConfigurationReload(
        paths: paths, configuration: configuration, setup: runtimes, orchestrator: orchestrator
      ).run()
    }
    if configuration.retention.isOn {
      group.addTask { try await DailyRetention(orchestrator, state: paths.state, logger: logger).run() }
    }
    if exitWhenIdle {
      group.addTask {
        try await waitUntilIdle(orchestrator, server)
        server.shutdown()
      }
    }
    group.addTask {
      // An orchestrator that cannot go on ends the server too.
      try await withTaskCancellationHandler {
        try await work.value
      } onCancel: {
      }
      server.shutdown()
    }
    do {
      try await group.next()
    } catch {
      await orchestrator.shutDown()
      group.cancelAll()
      await runtimes.retire()
      _ = await work.result
      throw error
    }
    await orchestrator.shutDown()
    group.cancelAll()
    await runtimes.retire()
    try await work.value
  }
  try store.close()
}

/// What the server listens on so far.
private final class Addresses: Sendable {
  private let all = Mutex<[String]>([])

  func add(_ address: ServerAddress) -> [String] {
    all.withLock {
      $0.append("\(address)")
      return $0
    }
  }
}

/// The certificate, when there is an address that needs it.
private func serverTLS(_ configuration: Configuration, _ listen: [ServerAddress]) throws(Problem) -> ServerTLS? {
  guard listen.contains(where: { if case .https = $0 { true } else { false } }) else { return nil }
  guard let certificate = configuration.tls.certificate, let key = configuration.tls.key else { return nil }
  return try ServerTLS.load(certificate: certificate, key: key, clientCA: configuration.tls.clientCA)
}

/// Returns when nothing has run, waited or been connected for a while.
private func waitUntilIdle(_ orchestrator: Orchestrator, _ server: APIServer) async throws {
  var quiet = 0
  while quiet < 5 {
    try await Task.sleep(for: .seconds(2))
    quiet = await orchestrator.isIdle && server.connectionCount == 0 ? quiet + 1 : 0
  }
}
