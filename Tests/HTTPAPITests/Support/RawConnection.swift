import Foundation
import Glibc
import RunModel

/// A client that sends bytes, not requests. Blocking; use it in `onThread`.
final class RawConnection {
  struct Failure: Error { var what: String }

  private let descriptor: Int32
  private(set) var received: [UInt8] = []
  var text: String { String(decoding: received, as: UTF8.self) }

  init(_ address: ServerAddress) throws {
    switch address {
    case .unix(let path):
      descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
      var name = sockaddr_un()
      name.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
      try Self.connect(descriptor, &name)
    case .http(_, let port), .https(_, let port):
      descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
      var name = sockaddr_in()
      name.sin_family = sa_family_t(AF_INET)
      name.sin_port = UInt16(port).bigEndian
      name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
      try Self.connect(descriptor, &name)
    }
    // A server that hangs fails the test instead of holding it up.
    var patience = timeval(tv_sec: 30, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit { Glibc.close(descriptor) }

  private static func connect<Name>(_ descriptor: Int32, _ name: inout Name) throws {
    let failed = withUnsafePointer(to: &name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<Name>.size)) != 0
      }
    }
    if failed { throw Failure(what: "connect: \(String(cString: strerror(errno)))") }
  }

  /// False once the other side has closed.
  @discardableResult func send(_ text: String) -> Bool { send(Array(text.utf8)) }

  @discardableResult func send(_ bytes: [UInt8]) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
      }
      if count <= 0 { return false }
      sent += count
    }
    return true
  }

  func closeOutput() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// Reads until `done` or the end; false when it ended first.
  @discardableResult func read(until done: (String) -> Bool) throws -> Bool {
    var buffer = [UInt8](repeating: 0, count: 65536)
    while !done(text) {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      if count < 0, errno == EAGAIN { throw Failure(what: "The server neither answers nor closes; so far: \(text)") }
      if count <= 0 { return false }
      received += buffer.prefix(count)
    }
    return true
  }

  /// Everything to the end of the connection.
  @discardableResult func readToEnd() throws -> String {
    try read { _ in false }
    return text
  }

  /// The statuses of the answers that came, in order.
  var statuses: [Int] {
    text.components(separatedBy: "HTTP/1.1 ").dropFirst().compactMap { Int($0.prefix(3)) }
  }
}

/// Runs blocking work on a thread of its own, so that it holds up none of the tests' tasks.
func onThread<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
  try await withCheckedThrowingContinuation { continuation in
    Thread.detachNewThread { continuation.resume(with: Swift.Result { try work() }) }
  }
}
