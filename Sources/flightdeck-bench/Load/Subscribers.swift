import Glibc
import RunModel

/// Clients of the event stream that only read: they note the last seq each has seen and cost next to nothing, so that the
/// orchestrator has the machine.
final class Subscribers {
  private var sockets: [Int32] = []
  private(set) var seqs: [UInt64]
  private var buffer = [UInt8](repeating: 0, count: 1 << 20)

  init(_ count: Int, socket path: String, after: UInt64) throws {
    seqs = Array(repeating: after, count: count)
    let request = Array(
      "GET /v1/events?after=\(after)&follow=true HTTP/1.1\r\nHost: bench\r\nAccept: text/event-stream\r\n\r\n".utf8)
    for _ in 0..<count {
      let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
      sockets.append(descriptor)
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
      let connected = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
      }
      guard connected == 0, write(descriptor, request, request.count) == request.count else {
        throw Problem(.unavailable, "The orchestrator at \(path) does not answer.")
      }
    }
  }

  /// Reads whatever comes for so long.
  func read(for duration: Duration) throws {
    let end = ContinuousClock.now + duration
    while ContinuousClock.now < end {
      var polled = sockets.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      guard poll(&polled, UInt(polled.count), 50) > 0 else { continue }
      for (place, poll) in polled.enumerated() where poll.revents != 0 {
        let count = Glibc.read(poll.fd, &buffer, buffer.count)
        guard count > 0 else { throw Problem(.unavailable, "The orchestrator closed a stream.") }
        if let seq = lastSeq(count) { seqs[place] = seq }
      }
    }
  }

  /// Those that the orchestrator has not closed.
  var open: Int {
    var polled = sockets.map { pollfd(fd: $0, events: 0, revents: 0) }
    poll(&polled, UInt(polled.count), 0)
    return polled.count { $0.revents & Int16(POLLHUP) == 0 }
  }

  /// Of the last whole `id:` line among the first `count` bytes.
  private func lastSeq(_ count: Int) -> UInt64? {
    let mark = Array("\nid: ".utf8)
    var place = count - mark.count
    while place >= 0 {
      defer { place -= 1 }
      guard buffer[place] == mark[0], buffer[place..<place + mark.count].elementsEqual(mark) else { continue }
      let digits = buffer[(place + mark.count)..<count].prefix { $0 >= 48 && $0 <= 57 }
      // Cut off at the end, it would be another number.
      if digits.endIndex < count, let seq = UInt64(String(decoding: digits, as: UTF8.self)) { return seq }
    }
    return nil
  }

  func close() { for socket in sockets { Glibc.close(socket) } }
}
