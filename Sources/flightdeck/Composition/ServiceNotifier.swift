import Glibc

/// Tells the service manager how the orchestrator is (sd_notify(3)); without one it tells nobody.
struct ServiceNotifier: Sendable {
  private let socket: String?

  /// Names by which systemd tells a service about itself; agents are to get none of them.
  static let ownVariables: Set<String> = [
    "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "JOURNAL_STREAM",
    "INVOCATION_ID", "SYSTEMD_EXEC_PID", "MAINPID", "MANAGERPID", "FDSTORE", "CREDENTIALS_DIRECTORY",
  ]

  init(environment: [String: String]) { socket = environment["NOTIFY_SOCKET"].flatMap { $0.isEmpty ? nil : $0 } }

  func ready(_ status: String) { send(["READY=1", "STATUS=\(status)"]) }
  func stopping(_ status: String) { send(["STOPPING=1", "STATUS=\(status)"]) }

  /// A start that takes long and gets on: the manager is to wait on.
  func starting(_ status: String) { send(["STATUS=\(status)", "EXTEND_TIMEOUT_USEC=120000000"]) }

  /// `@` begins the name of an abstract socket. A manager that does not listen is no reason to stop.
  private func send(_ fields: [String]) {
    guard let socket else { return }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    var name = Array(socket.utf8)
    guard name.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
    if name[0] == UInt8(ascii: "@") { name[0] = 0 }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
    let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    let message = Array(fields.map { $0.split(separator: "\n").joined(separator: " ") }.joined(separator: "\n").utf8)
    withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = sendto(descriptor, message, message.count, Int32(MSG_NOSIGNAL), $0, length)
      }
    }
  }
}
