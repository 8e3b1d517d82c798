import Glibc
import RunModel
import TerminalKit

/// Standard output and standard error: whole writes, and a quiet end when nobody reads any more.
enum Console {
  static func print(_ text: String) { write(STDOUT_FILENO, Array((text + "\n").utf8)) }

  static func print(_ json: some JSONWritable) { write(json: json.jsonBytes + [UInt8(ascii: "\n")]) }

  /// JSON text, whole values: the same values, with what a terminal would obey or a reader would not see as `\u` escapes.
  static func write(json bytes: some Collection<UInt8>) { write(STDOUT_FILENO, visible(json: bytes)) }

  static func write(_ bytes: some Collection<UInt8>) { write(STDOUT_FILENO, Array(bytes)) }

  /// A file's text, to be read or kept: its lines made plain, the last one ended.
  static func write(lines text: String) {
    write(Array((Plain.lines(text).joined(separator: "\n") + (text.hasSuffix("\n") ? "" : "\n")).utf8))
  }

  static func visible(json bytes: some Collection<UInt8>) -> [UInt8] {
    // What a JSON text holds beyond ASCII stands within its strings.
    if bytes.allSatisfy({ $0 < 0x7F }) { return Array(bytes) }
    var safe: [UInt8] = []
    safe.reserveCapacity(bytes.count)
    for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
      if scalar.value < 0x7F {
        safe.append(UInt8(scalar.value))
      } else if DisplayText.hides(scalar) {
        for unit in String(Character(scalar)).utf16 {
          let digits = String(unit, radix: 16)
          safe += Array(("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8)
        }
      } else {
        safe += Array(String(Character(scalar)).utf8)
      }
    }
    return safe
  }

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
