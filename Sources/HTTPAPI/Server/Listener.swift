import FoundationEssentials
import Glibc
import Hummingbird
import Orchestration
import RunModel
import Synchronization

/// One address to listen on: checked and, for a socket, claimed before anything is bound.
struct Listener: Sendable {
  let address: ServerAddress
  let binding: BindAddress
  /// For a socket; held as long as the listener lives.
  private let lock: FileLock?
  /// For a socket in a folder that others may enter.
  let mask: BindMask?
  /// The socket as it was made, once it was.
  let made = Shared<FileStatus?>(nil)
  /// Whether it was found missing, and is being made anew.
  let isMissing = Shared(false)
  private let laterLock = Shared<FileLock?>(nil)

  /// A value that the copies of a listener share.
  final class Shared<Value: Sendable>: Sendable {
    private let value: Mutex<Value>
    init(_ value: Value) { self.value = Mutex(value) }
    func withLock<Result: Sendable>(_ body: (inout Value) -> Result) -> Result { value.withLock { body(&$0) } }
  }

  /// Throws `Problem(.conflict)` when another process listens there, `.invalid` for an address that is not served.
  init(_ address: ServerAddress, tls: ServerTLS? = nil) throws(Problem) {
    self.address = address
    switch address {
    case .unix(let path):
      let isPrivate = try SocketPath(path).prepareFolder()
      mask = isPrivate ? nil : BindMask()
      lock = try SocketPath(path).claim()
      binding = .unixDomainSocket(path: path)
    case .http(let host, let port):
      guard let numeric = ServerAddress.loopback(host) else {
        throw Problem(
          .invalid,
          "\(address) is not a loopback address, and plain HTTP must not leave this machine. "
            + "Listen on https://\(host):\(port) with a certificate (tls in config.yaml), or on http://127.0.0.1:\(port) "
            + "and reach it from elsewhere through ssh -L.")
      }
      lock = nil
      mask = nil
      binding = .hostname(numeric, port: port)
    case .https(let host, let port):
      guard tls != nil else {
        throw Problem(
          .invalid,
          "\(address) needs a certificate and its key: name the files in config.yaml, "
            + "tls: {certificate: FILE, key: FILE}.")
      }
      lock = nil
      mask = nil
      let bare = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
      binding = .hostname(ServerAddress.loopback(host) ?? bare, port: port)
    }
  }

  /// What clients connect to, once `port` is known; makes a socket the user's alone.
  func bound(port: Int?) throws(Problem) -> ServerAddress {
    mask?.restore()
    switch address {
    case .unix(let path):
      guard chmod(path, 0o600) == 0 else {
        throw Problem(.unavailable, "The socket \(path) cannot be made private: \(String(cString: strerror(errno))).")
      }
      made.withLock { $0 = FileStatus(path: path) }
      isMissing.withLock { $0 = false }
      return address
    case .http(let host, let asked): return .http(host: host, port: port ?? asked)
    case .https(let host, let asked): return .https(host: host, port: port ?? asked)
    }
  }

  /// Before a socket that was taken away is made anew: its folder and the claim on its name may have gone with it.
  func reclaim() throws(Problem) {
    guard case .unix(let path) = address else { return }
    _ = try SocketPath(path).prepareFolder()
    guard FileStatus(path: path + ".lock") == nil else { return }
    let lock = try SocketPath(path).claim()
    laterLock.withLock { $0 = lock }
  }

  /// What a failed bind means to a person.
  func problem(_ error: any Error) -> Problem {
    if let problem = error as? Problem { return problem }
    return Problem(
      .conflict,
      "Cannot listen on \(address): \(error). Choose another address with --listen; port 0 takes any free one.")
  }
}

/// A Unix socket's place in the file system.
struct SocketPath {
  let path: String
  init(_ path: String) { self.path = path }

  var folder: String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// Makes the folder with mode 0700, or checks that nobody else can put a socket of their own there. Returns whether nobody
  /// else may enter it.
  func prepareFolder() throws(Problem) -> Bool {
    if FileStatus(path: folder) == nil {
      do {
        try FileManager.default.createDirectory(
          atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      } catch {
        throw Problem(
          .unavailable, "The socket's folder \(folder) cannot be made: \(error). Choose another with --listen.")
      }
    }
    guard var status = FileStatus(path: folder) else {
      throw Problem(.unavailable, "The socket's folder \(folder) is gone. Choose another with --listen.")
    }
    try check(status)
    // A symbolic link of ours may lead elsewhere: what counts is where the socket will be.
    if status.kind == .link {
      guard let target = FileStatus(path: folder, followingLinks: true) else {
        throw Problem(.unavailable, "The socket's folder \(folder) leads nowhere. Choose another with --listen.")
      }
      status = target
      try check(status)
    }
    guard status.kind == .folder else {
      throw Problem(.invalid, "\(folder) is not a folder, so no socket can be put there. Choose another with --listen.")
    }
    guard status.mode & 0o022 == 0 || status.mode & 0o1000 != 0 else {
      throw Problem(
        .forbidden, "Others may write to the socket's folder \(folder). Run chmod 700 \(folder), or choose another.")
    }
    return status.mode & 0o077 == 0
  }

  private func check(_ status: FileStatus) throws(Problem) {
    guard status.owner == getuid() || status.owner == 0 else {
      throw Problem(
        .forbidden,
        "The socket's folder \(folder) belongs to another user (uid \(status.owner)). Choose another with --listen.")
    }
  }

  /// Takes `<path>.lock`, so that a live socket is never replaced: binding removes what is there.
  func claim() throws(Problem) -> FileLock {
    let lock: FileLock
    do throws(FileLock.Failure) {
      lock = try FileLock(path: path + ".lock")
    } catch {
      switch error {
      case .held(let pid): throw taken(by: pid.map { "process \($0)" } ?? "another orchestrator")
      case .unusable: throw Problem(.unavailable, "The socket \(path) cannot be claimed: \(error.cause).")
      }
    }
    if let status = FileStatus(path: path) {
      guard status.kind == .socket else {
        throw Problem(.conflict, "\(path) is a file, not a socket. Move it away, or choose another with --listen.")
      }
      if isAnswered { throw taken(by: "another program") }
    }
    return lock
  }

  private func taken(by holder: String) -> Problem {
    Problem(
      .conflict,
      "unix:\(path) is already served by \(holder). Use it with --connect unix:\(path), stop it, or choose another "
        + "address with --listen.")
  }

  /// Whether something accepts connections there.
  private var isAnswered: Bool {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return false }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
      }
    }
  }
}

/// Makes what is created meanwhile the user's alone, so that a socket is private from its first moment: the mode is set only
/// after it has been bound. For the few milliseconds of a bind, as the mask is the whole process's.
final class BindMask: Sendable {
  private struct State {
    var holders = 0
    var before: mode_t = 0
  }

  private static let state = Mutex(State())
  private let isNarrow = Mutex(false)

  func narrow() {
    guard
      isNarrow.withLock({ narrow in
        defer { narrow = true }
        return !narrow
      })
    else { return }
    Self.state.withLock { state in
      if state.holders == 0 { state.before = umask(0o077) }
      state.holders += 1
    }
  }

  func restore() {
    guard
      isNarrow.withLock({ narrow in
        defer { narrow = false }
        return narrow
      })
    else { return }
    Self.state.withLock { state in
      state.holders -= 1
      if state.holders == 0 { umask(state.before) }
    }
  }
}
