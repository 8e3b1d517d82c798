import Foundation
import Glibc
import Synchronization

/// A server of a few lines on a Unix socket that answers as a test says, also wrongly: HTTP/1.1, one call a connection.
final class ScriptedServer: Sendable {
  struct Call: Sendable {
    var method: String
    /// With the query.
    var target: String
    var head: String
    var body: String

    var path: String { String(target.prefix { $0 != "?" }) }
    func query(_ name: String) -> String? {
      guard let mark = target.firstIndex(of: "?") else { return nil }
      return target[target.index(after: mark)...].split(separator: "&").map { $0.split(separator: "=", maxSplits: 1) }
        .first { $0.first ?? "" == name }.map { String($0.last ?? "") }
    }
  }

  /// One call's answer as it is written.
  struct Answer: Sendable {
    let descriptor: Int32

    func send(_ text: String) { send(Array(text.utf8)) }

    /// False once the other side has gone.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
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

    func json(_ text: String, status: Int = 200, type: String = "application/json") {
      send(
        "HTTP/1.1 \(status) X\r\nContent-Type: \(type)\r\nContent-Length: \(text.utf8.count)\r\nConnection: close\r\n\r\n\(text)"
      )
    }

    /// The head of a stream that goes on until the connection ends.
    func stream(_ type: String = "text/event-stream") {
      send("HTTP/1.1 200 OK\r\nContent-Type: \(type)\r\nConnection: close\r\n\r\n")
    }

    /// Returns when the other side has gone, or when the server stops.
    func waitForEnd() {
      var byte: UInt8 = 0
      while recv(descriptor, &byte, 1, 0) > 0 {}
    }
  }

  let path: String
  private let folder: String
  private let state = Mutex<(listener: Int32, open: Set<Int32>, calls: [Call])>((-1, [], []))
  private let answer: @Sendable (Call, Answer) -> Void

  init(_ answer: @escaping @Sendable (Call, Answer) -> Void) {
    self.answer = answer
    var template = Array("/tmp/fdt-XXXXXX".utf8CString)
    folder = String(cString: mkdtemp(&template))
    path = folder + "/s"
    start()
  }

  var calls: [Call] { state.withLock { $0.calls } }

  /// Listens (again) at the same path.
  func start() {
    let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    unlink(path)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    precondition(bound == 0 && listen(listener, 64) == 0)
    state.withLock { $0.listener = listener }
    Thread.detachNewThread { [weak self] in
      // Closed here alone: a number closed under a thread that is about to use it may be another server's by then.
      defer { close(listener) }
      while true {
        let descriptor = accept(listener, nil, nil)
        if descriptor < 0 { return }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        guard let server = self else {
          close(descriptor)
          return
        }
        _ = server.state.withLock { $0.open.insert(descriptor) }
        Thread.detachNewThread { server.serve(descriptor) }
      }
    }
  }

  /// Ends every connection and listens no more.
  func stop() {
    state.withLock { state in
      if state.listener >= 0 { shutdown(state.listener, Int32(SHUT_RDWR)) }
      state.listener = -1
      for descriptor in state.open { shutdown(descriptor, Int32(SHUT_RDWR)) }
    }
    unlink(path)
  }

  deinit {
    stop()
    rmdir(folder)
  }

  private func serve(_ descriptor: Int32) {
    defer {
      _ = state.withLock { $0.open.remove(descriptor) }
      close(descriptor)
    }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      if count <= 0 { return }
      bytes += buffer.prefix(count)
      let text = String(decoding: bytes, as: UTF8.self)
      guard let end = text.range(of: "\r\n\r\n") else { continue }
      let head = String(text[..<end.lowerBound])
      let length =
        head.lowercased().components(separatedBy: "\r\n").first { $0.hasPrefix("content-length:") }
        .flatMap { Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces)) } ?? 0
      let body = String(text[end.upperBound...])
      if body.utf8.count < length { continue }
      let words = head.prefix { $0 != "\r\n" }.split(separator: " ")
      let call = Call(method: String(words[0]), target: String(words[1]), head: head, body: body)
      state.withLock { $0.calls.append(call) }
      answer(call, Answer(descriptor: descriptor))
      return
    }
  }
}
