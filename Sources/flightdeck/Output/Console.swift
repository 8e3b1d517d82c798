import Glibc
import RunModel

/// Standard output and standard error: whole writes, and a quiet end when nobody reads any more.
enum Console {
  static func print(_ text: String) { write(STDOUT_FILENO, Array((text + "\n").utf8)) }

  static func print(_ json: some JSONWritable) {
    var bytes = json.jsonBytes
    bytes.append(UInt8(ascii: "\n"))
    write(STDOUT_FILENO, bytes)
  }

  static func write(_ bytes: some Collection<UInt8>) { write(STDOUT_FILENO, Array(bytes)) }

  static func note(_ text: String) { write(STDERR_FILENO, Array((text + "\n").utf8)) }

  /// As it is, without a newline: for progress lines.
  static func noteRaw(_ text: String) { write(STDERR_FILENO, Array(text.utf8)) }

  private static func write(_ descriptor: Int32, _ bytes: [UInt8]) {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress?.advanced(by: sent), $0.count - sent) }
      if count > 0 {
        sent += count
      } else if errno == EAGAIN {
        var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = poll(&wait, 1, -1)
      } else if errno != EINTR {
        // The reader has gone (`| head`), or the terminal has: there is nobody left to tell.
        if errno == EPIPE || errno == EIO { exit(0) }
        if descriptor == STDERR_FILENO { return }
        note("flightdeck: cannot write: \(String(cString: strerror(errno)))")
        exit(1)
      }
    }
  }
}
