import CProcess
import Glibc
import RunModel

/// A program on a terminal of its own: keys go in, bytes come out and are searched as they come.
final class Screen {
  let pid: pid_t
  private let master: Int32
  private let slave: Int32
  private let process: Int32
  private(set) var bytes: [UInt8] = []

  /// The end of a frame, as the program marks it.
  static let frameEnd = Array("\u{1B}[?2026l".utf8)

  /// `program`: its path; nil is the dashboard. `folder`: where it works; nil is the workshop's.
  init(
    _ workshop: Workshop, program: String? = nil, _ arguments: [String], folder: String? = nil, rows: Int32 = 50,
    columns: Int32 = 160
  ) throws {
    let program = program ?? workshop.program
    let folder = folder ?? workshop.folder
    var master: Int32 = -1
    var slave: Int32 = -1
    var name = [CChar](repeating: 0, count: 128)
    guard cprocess_pty_open(rows, columns, &master, &slave, &name, name.count) == 0 else {
      throw Problem(.unavailable, "No terminal can be opened.")
    }
    var pid: pid_t = 0
    var process: Int32 = -1
    let failure = withCStrings([program] + arguments) { words in
      withCStrings(workshop.environment) { environment in
        cprocess_pty_spawn(name, folder, words, environment, &pid, &process)
      }
    }
    guard failure == 0 else { throw Problem(.unavailable, "\(program) cannot be started.") }
    (self.pid, self.master, self.slave, self.process) = (pid, master, slave, process)
  }

  func press(_ keys: String) {
    let bytes = Array(keys.utf8)
    _ = Glibc.write(master, bytes, bytes.count)
  }

  func forget() { bytes.removeAll(keepingCapacity: true) }

  /// Reads until one of the texts is there and the frame that shows it has ended. Throws when it never comes.
  func wait(forAny texts: [[UInt8]], seconds: Double = 30) throws {
    let end = ContinuousClock.now + .seconds(seconds)
    var searched = 0
    while true {
      for text in texts {
        if let place = find(text, in: bytes, from: searched), find(Self.frameEnd, in: bytes, from: place) != nil {
          return
        }
      }
      // A frame is searched again until its end has come.
      searched = max(searched, lastFrameEnd)
      guard ContinuousClock.now < end, read(within: 100) else {
        let tail = String(decoding: bytes.suffix(2000), as: UTF8.self)
        throw Problem(
          .unavailable, "The dashboard did not show what it should; it wrote \(bytes.count) bytes, the last: \(tail)")
      }
    }
  }

  func wait(for text: String, seconds: Double = 30) throws { try wait(forAny: [Array(text.utf8)], seconds: seconds) }

  /// Reads until the text has come, whether or not the program marks its frames.
  func wait(forPainted text: String, seconds: Double = 60) throws {
    let wanted = Array(text.utf8)
    let end = ContinuousClock.now + .seconds(seconds)
    var searched = 0
    while find(wanted, in: bytes, from: max(0, searched - wanted.count)) == nil {
      searched = bytes.count
      guard ContinuousClock.now < end, read(within: 100) else {
        let tail = String(decoding: bytes.suffix(500), as: UTF8.self)
        throw Problem(.unavailable, "\"\(text)\" never showed; the last that was written: \(tail)")
      }
    }
  }

  /// Reads what comes for so long.
  func read(for duration: Duration) {
    let end = ContinuousClock.now + duration
    while ContinuousClock.now < end {
      _ = read(within: Int32(max(1, ContinuousClock.now.duration(to: end).inMilliseconds)))
    }
  }

  /// Just past the last whole frame.
  private var lastFrameEnd: Int {
    var place = bytes.count - Self.frameEnd.count
    while place >= 0 {
      if bytes[place...].starts(with: Self.frameEnd) { return place + Self.frameEnd.count }
      place -= 1
    }
    return 0
  }

  /// False when the program has ended.
  private func read(within milliseconds: Int32) -> Bool {
    let state = cprocess_pty_wait(master, process, milliseconds)
    if state & Int32(CPROCESS_PTY_READABLE) != 0 {
      withUnsafeTemporaryAllocation(byteCount: 65_536, alignment: 1) { buffer in
        let count = Glibc.read(master, buffer.baseAddress, buffer.count)
        if count > 0 { bytes.append(contentsOf: buffer.prefix(count)) }
      }
      return true
    }
    return state & Int32(CPROCESS_PTY_ENDED) == 0
  }

  func stop() {
    kill(pid, SIGTERM)
    reap(pid, within: 5000) { _ = read(within: 1) }
    for descriptor in [master, slave, process] { close(descriptor) }
  }
}

/// Where `needle` begins.
func find(_ needle: [UInt8], in bytes: [UInt8], from start: Int = 0) -> Int? {
  bytes.withUnsafeBytes { bytes in
    guard let base = bytes.baseAddress, let first = needle.first else { return nil }
    var place = start
    while place + needle.count <= bytes.count {
      guard let found = memchr(base + place, Int32(first), bytes.count - needle.count + 1 - place) else { return nil }
      place = base.distance(to: UnsafeRawPointer(found))
      if memcmp(found, needle, needle.count) == 0 { return place }
      place += 1
    }
    return nil
  }
}
