import Glibc
import RunModel

/// The record that a supervisor keeps of a run: `output` in the run's folder.
///
/// Each record is one line `KIND MILLISECONDS LENGTH`, then LENGTH bytes as they came, then a newline. A reader takes
/// whole records only and can go on from any record's offset, also while the file grows and after a crash.
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
    /// Lines that were not kept, as a decimal count.
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
      guard let newline = buffer[start...].prefix(Self.longestHead).firstIndex(of: 0x0A) else {
        guard buffer.count - start >= Self.longestHead else { return nil }
        // No head of ours: somebody wrote into the log. What is whole again begins after a newline.
        pass(buffer[start...].firstIndex(of: 0x0A).map { $0 + 1 } ?? buffer.count)
        continue
      }
      guard let (kind, time, length) = head(newline) else {
        pass(newline + 1)
        continue
      }
      let end = newline + 1 + length
      guard end < buffer.count else { return nil }
      let size = end + 1 - start
      let record = LogRecord(
        kind: kind, time: time, payload: Array(buffer[(newline + 1)..<end]), offset: offset, end: offset + size)
      start = end + 1
      offset += size
      return record
    }
  }

  private static let longestHead = 48
  /// No record is longer: a line, the mark of a cut one, and room.
  private static let longest = Bounds.line + 4096

  private mutating func pass(_ next: Int) {
    offset += next - start
    start = next
  }

  /// `KIND MILLISECONDS LENGTH`.
  private func head(_ newline: Int) -> (LogRecord.Kind, Int64, Int)? {
    guard newline > start + 4, let kind = LogRecord.Kind(rawValue: buffer[start]), buffer[start + 1] == 0x20 else {
      return nil
    }
    var numbers: (Int64, Int64) = (0, 0)
    var isSecond = false
    for byte in buffer[(start + 2)..<newline] {
      switch byte {
      case 0x20 where !isSecond: isSecond = true
      case 0x30...0x39:
        let value = (isSecond ? numbers.1 : numbers.0)
        guard value < 1 << 56 else { return nil }
        if isSecond { numbers.1 = value * 10 + Int64(byte - 0x30) } else { numbers.0 = value * 10 + Int64(byte - 0x30) }
      case 0x2D where !isSecond: continue
      default: return nil
      }
    }
    guard isSecond, numbers.1 <= Int64(Self.longest) else { return nil }
    return (kind, numbers.0, Int(numbers.1))
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
