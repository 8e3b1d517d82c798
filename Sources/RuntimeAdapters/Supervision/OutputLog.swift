import Glibc
import RunModel

/// The record that a supervisor keeps of a run: `output` in the run's folder.
///
/// Each record is one line `KIND MILLISECONDS LENGTH`, then LENGTH bytes as they came, then a newline. A reader takes
/// whole records only and can go on from any record's offset, also while the file grows and after a crash. What is damaged
/// it passes over, up to the next record.
struct LogRecord: Equatable {
  enum Kind: UInt8 {
    /// A line of the agent's, without its newline.
    case stdout = 0x6F, stderr = 0x65
    /// The beginning of a line whose end has not come yet.
    case stdoutFragment = 0x4F, stderrFragment = 0x45
    /// The stop signal has been sent: JSON `{"processes": N}`.
    case stopSent = 0x73
    /// An answer that went to the agent's standard input.
    case answered = 0x61
    /// Lines that were not kept: `COUNT LIMIT` beyond a limit in bytes, `COUNT` when they could not be written.
    case dropped = 0x64
    /// Processes that do not end, as a person reads it.
    case stuck = 0x75
  }

  var kind: Kind
  /// Milliseconds since 1970.
  var time: Int64
  var payload: [UInt8]
  /// Where the record begins, and where the next does.
  var offset = 0
  var end = 0

  var text: String { String(decoding: payload, as: UTF8.self) }

  /// Adds the record's bytes to `buffer`.
  static func append(_ kind: Kind, time: Int64, _ payload: UnsafeRawBufferPointer, to buffer: inout [UInt8]) {
    buffer.append(kind.rawValue)
    buffer.append(0x20)
    appendDecimal(time, to: &buffer)
    buffer.append(0x20)
    appendDecimal(Int64(payload.count), to: &buffer)
    buffer.append(0x0A)
    buffer.append(contentsOf: payload)
    buffer.append(0x0A)
  }

  private static func appendDecimal(_ value: Int64, to buffer: inout [UInt8]) {
    buffer.append(contentsOf: String(value).utf8)
  }
}

/// Reads an output log record by record.
struct OutputLogReader: ~Copyable {
  private let descriptor: CInt
  private var buffer: [UInt8] = []
  private var start = 0
  /// A kind, two numbers of 64 bits, two spaces and a newline have room in it.
  private static let longestHead = 48
  /// No record is longer: a line, the mark of a cut one, and room.
  private static let longestPayload = Bounds.line + 4096
  /// Where the next record begins.
  private(set) var offset: Int
  /// Bytes read and not handed out: never much more than the longest record.
  var held: Int { buffer.count - start }

  /// Nil when there is no log.
  init?(path: String, from offset: Int) {
    // The agent knows the folder: a link or a FIFO in the log's place is no log.
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    self.offset = offset
    guard descriptor >= 0 else { return nil }
    lseek(descriptor, off_t(offset), SEEK_SET)
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// The next whole records, from about 256 KB; empty at the end of what has been written.
  mutating func next() -> [LogRecord] {
    var records: [LogRecord] = []
    while records.isEmpty {
      while let record = take() { records.append(record) }
      if !records.isEmpty { break }
      let count = fill()
      if count <= 0 { break }
    }
    return records
  }

  private mutating func fill() -> Int {
    if start > 0 {
      buffer.removeFirst(start)
      start = 0
    }
    var chunk = [UInt8](repeating: 0, count: 262_144)
    let count = read(descriptor, &chunk, chunk.count)
    if count > 0 { buffer.append(contentsOf: chunk[..<count]) }
    return count
  }

  private mutating func take() -> LogRecord? {
    while true {
      switch head(at: start) {
      case .unfinished: return nil
      case .record(let kind, let time, let payload):
        guard payload.upperBound < buffer.count else { return nil }
        guard buffer[payload.upperBound] == 0x0A else { break }
        let next = payload.upperBound + 1
        let record = LogRecord(
          kind: kind, time: time, payload: Array(buffer[payload]), offset: offset, end: offset + next - start)
        pass(next)
        return record
      case .none: break
      }
      // Not what we wrote: it is damaged, or somebody else wrote into the log.
      guard start < buffer.count else { return nil }
      passDamage()
    }
  }

  private mutating func pass(_ next: Int) {
    offset += next - start
    start = next
  }

  private enum Head {
    case record(LogRecord.Kind, time: Int64, payload: Range<Int>)
    case unfinished
    /// No record begins here.
    case none
  }

  private func head(at place: Int) -> Head {
    let bytes = buffer[place...].prefix(Self.longestHead)
    guard let newline = bytes.firstIndex(of: 0x0A) else { return bytes.count < Self.longestHead ? .unfinished : .none }
    let words = bytes[..<newline].split(separator: 0x20, omittingEmptySubsequences: false)
    guard words.count == 3, words[0].count == 1, let kind = words[0].first.flatMap(LogRecord.Kind.init),
      let time = Int64(String(decoding: words[1], as: UTF8.self)),
      let length = Int(String(decoding: words[2], as: UTF8.self)), (0...Self.longestPayload).contains(length)
    else { return .none }
    return .record(kind, time: time, payload: (newline + 1)..<(newline + 1 + length))
  }

  /// Goes on where the next record seems to begin: after a newline.
  private mutating func passDamage() {
    var place = start
    while let newline = buffer[place...].firstIndex(of: 0x0A) {
      place = newline + 1
      if case .none = head(at: place) { continue }
      return pass(place)
    }
    pass(buffer.count)
  }
}

extension OutputLogReader {
  /// The last `most` bytes of what both streams said, a newline after each line, and whether anything is missing before or
  /// between; nil without a log.
  static func tail(of path: String, most: Int) -> (bytes: [UInt8], isCut: Bool)? {
    guard var reader = OutputLogReader(path: path, from: 0) else { return nil }
    var tail: [UInt8] = []
    var isCut = false
    func shorten() {
      tail.removeFirst(tail.count - most)
      isCut = true
    }
    while true {
      let records = reader.next()
      if records.isEmpty { break }
      for record in records {
        switch record.kind {
        case .stdout, .stderr: tail += record.payload + [0x0A]
        case .stdoutFragment, .stderrFragment: tail += record.payload
        case .dropped: isCut = true
        case .stopSent, .answered, .stuck: break
        }
      }
      if tail.count > 2 * most { shorten() }
    }
    if tail.count > most { shorten() }
    return (tail, isCut)
  }
}

/// Cuts one of the agent's streams into lines, of at most `longest` bytes each.
struct LineCutter {
  static let longest = Bounds.line
  static let mark = Array(" … [the line was longer than 1 MB]".utf8)

  private let line: LogRecord.Kind
  private let fragment: LogRecord.Kind
  private var pending: [UInt8] = []
  /// Bytes of the present line that fragments took already.
  private var flushed = 0
  private var isCut = false

  init(line: LogRecord.Kind, fragment: LogRecord.Kind) {
    self.line = line
    self.fragment = fragment
  }

  /// Whether the beginning of a line waits for its end.
  var isPending: Bool { !pending.isEmpty }

  mutating func feed(_ bytes: UnsafeRawBufferPointer, _ emit: (LogRecord.Kind, UnsafeRawBufferPointer) -> Void) {
    var start = 0
    while start < bytes.count {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[start...])
      guard let base = rest.baseAddress, let found = memchr(base, 0x0A, rest.count) else {
        keep(rest)
        return
      }
      let length = base.distance(to: UnsafeRawPointer(found))
      let head = UnsafeRawBufferPointer(rebasing: rest[..<length])
      if pending.isEmpty, flushed == 0, length <= Self.longest {
        emit(line, head)
      } else {
        keep(head)
        end(emit)
      }
      start += length + 1
    }
  }

  /// Gives out what waits as a fragment: for progress that is written without a newline.
  mutating func flush(_ emit: (LogRecord.Kind, UnsafeRawBufferPointer) -> Void) {
    guard !pending.isEmpty else { return }
    pending.withUnsafeBytes { emit(fragment, $0) }
    flushed += pending.count
    pending.removeAll(keepingCapacity: true)
  }

  /// The stream has ended: what waits is a line.
  mutating func finish(_ emit: (LogRecord.Kind, UnsafeRawBufferPointer) -> Void) {
    if !pending.isEmpty || flushed > 0 { end(emit) }
  }

  private mutating func keep(_ bytes: UnsafeRawBufferPointer) {
    let room = Self.longest - flushed - pending.count
    if bytes.count <= room {
      pending.append(contentsOf: bytes)
    } else if !isCut {
      pending.append(contentsOf: bytes.prefix(max(0, room)))
      pending.append(contentsOf: Self.mark)
      isCut = true
    }
  }

  private mutating func end(_ emit: (LogRecord.Kind, UnsafeRawBufferPointer) -> Void) {
    pending.withUnsafeBytes { emit(line, $0) }
    pending.removeAll(keepingCapacity: true)
    flushed = 0
    isCut = false
  }
}
