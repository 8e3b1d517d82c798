import Glibc
import NIOCore
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

/// Enters its channel into `Connections` for as long as it is open.
final class ConnectionHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = NIOAny

  private let connections: Connections
  private let asksForPeer: Bool

  init(_ connections: Connections, asksForPeer: Bool) {
    self.connections = connections
    self.asksForPeer = asksForPeer
  }

  func handlerAdded(context: ChannelHandlerContext) {
    let channel = context.channel
    let connections = connections
    connections.add(channel)
    channel.closeFuture.whenComplete { _ in connections.remove(channel) }
    guard asksForPeer, let socket = channel as? any SocketOptionProvider else { return }
    // `struct ucred`: pid, uid, gid.
    let credentials: EventLoopFuture<PeerCredentials> = socket.unsafeGetSocketOption(
      level: .init(rawValue: SOL_SOCKET), name: .init(rawValue: SO_PEERCRED))
    credentials.whenSuccess { connections.set(uid: $0.uid, of: channel) }
  }
}

/// Linux's `struct ucred`, which Glibc's module does not offer everywhere.
private struct PeerCredentials: Sendable {
  var pid: pid_t
  var uid: uid_t
  var gid: gid_t
}
