import FoundationEssentials
import Glibc
import Hummingbird
import Orchestration
import RunModel

/// One address to listen on: checked and, for a socket, claimed before anything is bound.
struct Listener: Sendable {
  let address: ServerAddress
  let binding: BindAddress
  /// For a socket; held as long as the listener lives.
  private let lock: FileLock?

  /// Throws `Problem(.conflict)` when another process listens there, `.invalid` for an address that is not served.
  init(_ address: ServerAddress) throws(Problem) {
    self.address = address
    switch address {
    case .unix(let path):
      try SocketPath(path).prepareFolder()
      lock = try SocketPath(path).claim()
      binding = .unixDomainSocket(path: path)
    case .http(let host, let port):
      guard let numeric = Self.loopback(host) else {
        throw Problem(
          .invalid,
          "\(address) is not a loopback address, and plain HTTP must not leave this machine. "
            + "Listen on http://127.0.0.1:\(port), and reach it from elsewhere through ssh -L.")
      }
      lock = nil
      binding = .hostname(numeric, port: port)
    case .https:
      throw Problem(
        .invalid, "\(address) cannot be served: there is no TLS yet. Use unix:PATH or http://127.0.0.1:PORT.")
    }
  }

  /// The numeric form of a loopback host; nil for any other.
  static func loopback(_ host: String) -> String? {
    switch host {
    case "localhost": return "127.0.0.1"
    case "::1", "[::1]": return "::1"
    default:
      let parts = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
      return parts.count == 4 && parts[0] == 127 && parts.allSatisfy { $0 != nil } ? host : nil
    }
  }

  /// What clients connect to, once `port` is known; makes a socket the user's alone.
  func bound(port: Int?) throws(Problem) -> ServerAddress {
    switch address {
    case .unix(let path):
      guard chmod(path, 0o600) == 0 else {
        throw Problem(.unavailable, "The socket \(path) cannot be made private: \(String(cString: strerror(errno))).")
      }
      return address
    case .http(let host, let asked): return .http(host: host, port: port ?? asked)
    case .https: return address
    }
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

  /// Makes the folder with mode 0700, or checks that nobody else can put a socket of their own there.
  func prepareFolder() throws(Problem) {
    var status = stat()
    if lstat(folder, &status) != 0 {
      do {
        try FileManager.default.createDirectory(
          atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      } catch {
        throw Problem(
          .unavailable, "The socket's folder \(folder) cannot be made: \(error). Choose another with --listen.")
      }
      guard lstat(folder, &status) == 0 else {
        throw Problem(.unavailable, "The socket's folder \(folder) is gone. Choose another with --listen.")
      }
    }
    try check(status)
    // A symbolic link of ours may lead elsewhere: what counts is where the socket will be.
    if status.st_mode & S_IFMT == S_IFLNK {
      guard stat(folder, &status) == 0 else {
        throw Problem(.unavailable, "The socket's folder \(folder) leads nowhere. Choose another with --listen.")
      }
      try check(status)
    }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      throw Problem(.invalid, "\(folder) is not a folder, so no socket can be put there. Choose another with --listen.")
    }
    guard status.st_mode & 0o022 == 0 || status.st_mode & S_ISVTX != 0 else {
      throw Problem(
        .forbidden, "Others may write to the socket's folder \(folder). Run chmod 700 \(folder), or choose another.")
    }
  }

  private func check(_ status: stat) throws(Problem) {
    guard status.st_uid == getuid() || status.st_uid == 0 else {
      throw Problem(
        .forbidden,
        "The socket's folder \(folder) belongs to another user (uid \(status.st_uid)). Choose another with --listen.")
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
    var status = stat()
    if lstat(path, &status) == 0 {
      guard status.st_mode & S_IFMT == S_IFSOCK else {
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
