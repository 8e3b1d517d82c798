package import Glibc
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
package import Logging
import NIOCore
import NIOPosix
package import Orchestration
package import RunModel
import ServiceLifecycle
import Synchronization

/// The HTTP API of a `RunService`, on Unix sockets and TCP at once.
package final class APIServer: Sendable {
  private let api: API
  private let access: AccessControl
  private let servesTCP: Bool
  private let tls: ServerTLS?
  private let hostNames: [String]
  private let handshakeLimit: Duration
  private let logger: Logger
  private let timing: StreamTiming
  private let limits: ConnectionLimits
  private let socketWatch: Duration
  private let connections = Connections()
  private let stalls = Stalls()
  private let state = Mutex(State())

  private struct State {
    var group: ServiceGroup?
    var isShutDown = false
  }

  /// `access` is needed for TCP, `tls` for https; `hostNames`: by which TCP is reached beside those listened on. Requests
  /// are logged at debug. `configuration`: the file that it was started with, as `/healthz` tells it on this machine.
  /// `socketWatch`: how often it is looked whether a socket is still there, which is made anew when it is not.
  package init(
    service: any RunService, access: AccessControl? = nil, version: String, tls: ServerTLS? = nil,
    hostNames: [String] = [], configuration: String? = nil, handshakeLimit: Duration = .seconds(10), logger: Logger,
    timing: StreamTiming = .standard, limits: ConnectionLimits = .standard, socketWatch: Duration = .seconds(2)
  ) {
    self.socketWatch = socketWatch
    servesTCP = access != nil
    self.access = access ?? AccessControl(keeper: NoAccessRecord())
    api = API(
      service: service, access: self.access, version: version, figures: HTTPFigures(), listening: Listening(),
      configuration: configuration)
    self.tls = tls
    self.hostNames = hostNames
    self.handshakeLimit = handshakeLimit
    self.logger = logger
    self.timing = timing
    self.limits = limits
  }

  /// Serves until the task is canceled, the surrounding service group shuts down or `shutdown` is called; then ends
  /// streams and connections within a second and returns. Calls `onReady` for each address as clients reach it, with
  /// the real port for port 0. Throws a `Problem` when an address cannot be served; then none is.
  package func run(
    listening addresses: [ServerAddress], onReady: @escaping @Sendable (ServerAddress) -> Void
  ) async throws {
    var listeners: [Listener] = []
    for address in addresses {
      if !servesTCP {
        guard case .unix = address else {
          throw Problem(.invalid, "\(address) needs access tokens, and there are none. Listen on unix:PATH alone.")
        }
      }
      listeners.append(try Listener(address, tls: tls))
    }
    let closing = Closing()
    let listening = api.listening
    let failure = Failure()
    var services: [ServiceGroupConfiguration.ServiceConfiguration] = []
    for listener in listeners {
      let application = try application(for: listener, connections: connections, closing: closing) {
        [weak self] address in
        switch address {
        case .success(let address):
          listening.add(address)
          onReady(address)
        case .failure(let problem):
          failure.set(problem)
          self?.shutdown()
        }
      }
      services.append(
        .init(
          service: ListenerService(
            listener: listener, application: application,
            again: { [weak self] in
              guard let self else { return nil }
              return try self.application(for: listener, connections: connections, closing: closing) { _ in }
            }, interval: socketWatch, logger: logger),
          successTerminationBehavior: .gracefullyShutdownGroup, failureTerminationBehavior: .gracefullyShutdownGroup,
          serviceName: "\(listener.address)"))
    }
    // Groups shut down from the last to the first: streams end before the servers wait for them.
    services.append(
      .init(
        service: ClosingService(
          closing: closing, connections: connections, eventLoop: MultiThreadedEventLoopGroup.singleton.next(),
          grace: .milliseconds(timing.grace.milliseconds)),
        successTerminationBehavior: .ignore, serviceName: "closing"))
    var configuration = ServiceGroupConfiguration(services: services, logger: quiet(logger))
    configuration.maximumGracefulShutdownDuration = timing.grace + .seconds(1)
    let group = ServiceGroup(configuration: configuration)
    let isShutDown = state.withLock { state in
      if !state.isShutDown { state.group = group }
      return state.isShutDown
    }
    if isShutDown { return }
    // A task of its own, as a canceled group would drop its connections without a word.
    let running = Task { try await group.run() }
    try await withTaskCancellationOrGracefulShutdownHandler {
      try await running.value
    } onCancelOrGracefulShutdown: {
      Task { await group.triggerGracefulShutdown() }
    }
    if let problem = failure.problem { throw problem }
  }

  /// Clients that were let go because they took nothing.
  package var stalledClients: Int { stalls.count }

  /// Clients connected now.
  package var connectionCount: Int { connections.count }

  /// Ends `run`; before `run`, makes it return at once.
  package func shutdown() {
    let group = state.withLock { state in
      state.isShutDown = true
      return state.group
    }
    if let group { Task { await group.triggerGracefulShutdown() } }
  }

  private func application(
    for listener: Listener, connections: Connections, closing: Closing,
    ready: @escaping @Sendable (Result<ServerAddress, Problem>) -> Void
  ) throws -> Application<APIResponder> {
    let door: Gate.Door =
      switch listener.address {
      case .unix: .socket(uid: getuid(), name: UserName.of(uid: getuid()), connections: connections)
      case .http(let host, _): .tcp(hosts: HostNames(listening: host, names: hostNames), isTLS: false)
      case .https(let host, _):
        .tcp(hosts: HostNames(listening: host, names: hostNames + (tls?.names ?? [])), isTLS: true)
      }
    let isSocket = if case .unix = listener.address { true } else { false }
    let isTLS = if case .https = listener.address { true } else { false }
    let bound = ConnectionBound(limits.connections)
    api.figures.add(bound, of: isSocket ? "socket" : "tcp")
    let (access, handshakeLimit, limits) = (access, handshakeLimit, limits)
    let plain = HTTPServerBuilder.http1(
      configuration: .init(
        additionalChannelHandlers: [
          ConnectionHandler(
            connections, asksForPeer: isSocket, handshake: isTLS ? access : nil,
            patience: .milliseconds(handshakeLimit.milliseconds)),
          ExchangeInstaller(limits: limits, bound: bound),
        ],
        httpDecoderConfiguration: .init(
          maxHeaderFieldSize: limits.longestHead, maxHeaderListSize: limits.longestHead,
          maxHeaderFieldCount: limits.mostFields)))
    let server: HTTPServerBuilder =
      if isTLS, let tls { try .tls(plain, tlsConfiguration: tls.configuration) } else { plain }
    return Application(
      responder: APIResponder(
        api: api, gate: Gate(door: door, access: access, failures: FailureLimiter()),
        streams: Streams(closing: closing, timing: timing, stalls: stalls), logger: logger),
      server: server,
      configuration: .init(address: listener.binding, backlog: 1024),
      onServerRunning: { channel in
        do throws(Problem) { ready(.success(try listener.bound(port: channel.localAddress?.port))) } catch {
          ready(.failure(error))
        }
      },
      logger: quiet(logger))
  }

  /// Hummingbird and the service group report every start at info, which a person at a terminal need not read.
  private func quiet(_ logger: Logger) -> Logger {
    var quiet = logger
    if logger.logLevel > .debug { quiet.logLevel = max(logger.logLevel, .warning) }
    return quiet
  }
}

/// For a server that lets nobody in over TCP: there is nothing to keep.
private struct NoAccessRecord: AccessRecord {
  func record(_ entry: JournalEntry) async throws {}
  func note(_ entry: JournalEntry) {}
}

private final class Failure: Sendable {
  private let state = Mutex<Problem?>(nil)
  var problem: Problem? { state.withLock { $0 } }
  func set(_ problem: Problem) { state.withLock { $0 = problem } }
}

package enum UserName {
  /// The user's name, or `uid 1000` for one without.
  package static func of(uid: uid_t) -> String {
    var entry = passwd()
    var found: UnsafeMutablePointer<passwd>?
    var buffer = [CChar](repeating: 0, count: 16_384)
    let name: String? = buffer.withUnsafeMutableBufferPointer { buffer in
      guard let start = buffer.baseAddress, getpwuid_r(uid, &entry, start, buffer.count, &found) == 0, found != nil,
        let name = entry.pw_name
      else { return nil }
      return String(cString: name)
    }
    return name ?? "uid \(uid)"
  }
}
