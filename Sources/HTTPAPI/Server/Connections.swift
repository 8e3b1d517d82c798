import Glibc
import NIOCore
import NIOSSL
import NIOTLS
import Orchestration
import Synchronization

/// Every open connection, and whose it is: so that a request knows its peer and a shutdown can end what does not drain.
final class Connections: Sendable {
  private struct Entry {
    var channel: any Channel
    var uid: uid_t?
  }

  private struct State {
    var entries: [ObjectIdentifier: Entry] = [:]
    var isClosed = false
  }

  private let state = Mutex(State())

  /// The uid of the process at the other end of a Unix socket; nil for TCP or when the system does not tell.
  func uid(of channel: any Channel) -> uid_t? { state.withLock { $0.entries[ObjectIdentifier(channel)]?.uid } }

  var count: Int { state.withLock { $0.entries.count } }

  /// Ends every connection at once, and each that still comes.
  func close() {
    let channels = state.withLock { state in
      state.isClosed = true
      return state.entries.values.map(\.channel)
    }
    for channel in channels { channel.close(promise: nil) }
  }

  fileprivate func add(_ channel: any Channel) {
    let isClosed = state.withLock { state in
      state.entries[ObjectIdentifier(channel)] = Entry(channel: channel)
      return state.isClosed
    }
    if isClosed { channel.close(promise: nil) }
  }

  fileprivate func set(uid: uid_t, of channel: any Channel) {
    state.withLock { $0.entries[ObjectIdentifier(channel)]?.uid = uid }
  }

  fileprivate func remove(_ channel: any Channel) {
    state.withLock { _ = $0.entries.removeValue(forKey: ObjectIdentifier(channel)) }
  }
}

/// Enters its channel into `Connections` for as long as it is open, and gives a TLS handshake its limit.
final class ConnectionHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = NIOAny

  private let connections: Connections
  private let asksForPeer: Bool
  /// For TLS: where a handshake that fails is noted.
  private let handshake: AccessControl?
  private var isShaken = false
  private var limit: Scheduled<Void>?

  /// A client that takes longer holds a connection for nothing.
  private let patience: TimeAmount

  init(
    _ connections: Connections, asksForPeer: Bool, handshake: AccessControl? = nil, patience: TimeAmount = .seconds(10)
  ) {
    self.patience = patience
    self.connections = connections
    self.asksForPeer = asksForPeer
    self.handshake = handshake
  }

  func handlerAdded(context: ChannelHandlerContext) {
    let channel = context.channel
    let connections = connections
    connections.add(channel)
    channel.closeFuture.whenComplete { _ in connections.remove(channel) }
    if handshake != nil {
      limit = context.eventLoop.scheduleTask(in: patience) { channel.close(promise: nil) }
    }
    guard asksForPeer, let socket = channel as? any SocketOptionProvider else { return }
    // `struct ucred`: pid, uid, gid.
    let credentials: EventLoopFuture<PeerCredentials> = socket.unsafeGetSocketOption(
      level: .init(rawValue: SOL_SOCKET), name: .init(rawValue: SO_PEERCRED))
    credentials.whenSuccess { connections.set(uid: $0.uid, of: channel) }
  }

  func handlerRemoved(context: ChannelHandlerContext) { limit?.cancel() }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .handshakeCompleted? = event as? TLSUserEvent {
      isShaken = true
      limit?.cancel()
    }
    context.fireUserInboundEventTriggered(event)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // With TLS 1.3 a client's certificate is looked at when the client takes the handshake for done.
    if let handshake, error is NIOSSLError || error is BoringSSLError {
      handshake.noteRefusal(
        AccessRefusal(
          .tls, peer: PeerAddress.of(context.channel),
          reason: isShaken ? "TLS broke." : "The TLS handshake failed, perhaps for want of a certificate."))
      context.close(promise: nil)
    }
    context.fireErrorCaught(error)
  }
}

/// Linux's `struct ucred`, which Glibc's module does not offer everywhere.
private struct PeerCredentials: Sendable {
  var pid: pid_t
  var uid: uid_t
  var gid: gid_t
}
