import Glibc
import RunModel

/// What an agent is told on its standard input, as a durable log: `input` in the run's folder.
///
/// The orchestrator appends, the supervisor hands on in order and keeps its place; either may die, and what was said is
/// known. Each record is one line `KIND MILLISECONDS LENGTH TAG`, then LENGTH bytes, then a newline.
struct InputRecord: Equatable {
  enum Kind: UInt8 {
    /// A line for the agent, without its newline.
    case line = 0x69
    /// The same, told in the output log too, at the moment when the agent gets it: the answer to its question.
    case answer = 0x61
    /// Not for the agent: what we have to remember.
    case note = 0x6E
    /// The agent's standard input ends here.
    case end = 0x78
  }

  var kind: Kind
  /// What it was, in a word, for whoever reads the log again without all that was said.
  var tag: String
  /// Of notes alone; what an agent was told may be large.
  var note: [UInt8] = []

  static let longestTag = 128
  /// A kind, two numbers, a tag, three spaces and a newline have room in it.
  static let longestHead = 48 + longestTag

  /// What begins at a place in a log.
  enum Look {
    case record(Head)
    /// Nothing, or not a whole record yet.
    case unfinished
    /// No record, or the log ends before this place: it is not what was written.
    case damaged
  }

  /// The beginning of a whole record.
  struct Head {
    var kind: Kind
    var tag: String
    /// Where the payload begins in the log, and where the next record does.
    var payload: Int
    var length: Int
    var end: Int { payload + length + 1 }

    static func look(at offset: Int, of log: CInt) -> Look {
      let head = withUnsafeTemporaryAllocation(byteCount: InputRecord.longestHead, alignment: 1) { buffer in
        let count = pread(log, buffer.baseAddress, buffer.count, off_t(offset))
        return count > 0 ? Array(buffer[..<count]) : []
      }
      var status = stat()
      guard fstat(log, &status) == 0 else { return .unfinished }
      guard let newline = head.firstIndex(of: 0x0A) else {
        return head.count < InputRecord.longestHead && Int(status.st_size) >= offset ? .unfinished : .damaged
      }
      let words = head[..<newline].split(separator: 0x20, maxSplits: 3, omittingEmptySubsequences: false)
      guard words.count == 4, words[0].count == 1, let kind = words[0].first.flatMap(Kind.init),
        let length = Int(String(decoding: words[2], as: UTF8.self)), (0...Bounds.inputLine).contains(length)
      else { return .damaged }
      let found = Head(
        kind: kind, tag: String(decoding: words[3], as: UTF8.self), payload: offset + newline + 1, length: length)
      guard Int(status.st_size) >= found.end else { return .unfinished }
      var last: UInt8 = 0
      guard pread(log, &last, 1, off_t(found.end - 1)) == 1, last == 0x0A else { return .damaged }
      return .record(found)
    }
  }
}

/// The orchestrator's end of an input log.
final class InputLog {
  private let descriptor: CInt
  private let path: String
  private var size = 0
  /// What was there when it was opened.
  let records: [InputRecord]

  /// Opens or makes it. Half a record, of an orchestrator that died while it wrote, is taken away: nobody has seen it. Throws
  /// for one that is damaged: what the agent has been told by then cannot be known.
  init(path: String) throws(Problem) {
    self.path = path
    descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
    guard descriptor >= 0 else { throw Files.problem(errno, "write", path) }
    var records: [InputRecord] = []
    reading: while true {
      let head: InputRecord.Head
      switch InputRecord.Head.look(at: size, of: descriptor) {
      case .record(let found): head = found
      case .unfinished: break reading
      case .damaged:
        close(descriptor)
        throw Problem(.internal, "\(path) is damaged at byte \(size), so what it was told is not known.")
      }
      var record = InputRecord(kind: head.kind, tag: head.tag)
      if head.kind == .note, head.length > 0 {
        record.note = [UInt8](repeating: 0, count: head.length)
        guard pread(descriptor, &record.note, head.length, off_t(head.payload)) == head.length else { break }
      }
      records.append(record)
      size = head.end
    }
    self.records = records
    ftruncate(descriptor, off_t(size))
  }

  deinit { close(descriptor) }

  /// Whole or not at all.
  func append(_ kind: InputRecord.Kind, tag: String, _ payload: [UInt8] = []) throws(Problem) {
    guard payload.count <= Bounds.inputLine else {
      throw Problem(.tooLarge, "The agent is told no more than \(Bounds.inputLine >> 20) MiB at once.")
    }
    var bytes = [kind.rawValue]
    bytes.reserveCapacity(payload.count + InputRecord.longestHead)
    bytes += " \(millisecondsNow()) \(payload.count) \(Self.clean(tag))\n".utf8
    bytes += payload
    bytes.append(0x0A)
    var status = stat()
    guard fstat(descriptor, &status) == 0, Int(status.st_size) == size else {
      throw Problem(.internal, "\(path) was changed by somebody else.")
    }
    guard Files.writeAll(bytes, to: descriptor) else {
      let code = errno
      ftruncate(descriptor, off_t(size))
      throw Files.problem(code, "write", path)
    }
    size += bytes.count
  }

  static func clean(_ tag: String) -> String {
    String(decoding: tag.utf8.prefix(InputRecord.longestTag).map { $0 < 0x21 || $0 > 0x7E ? 0x5F : $0 }, as: UTF8.self)
  }
}

/// The supervisor's end: copies from the log to the agent's standard input as fast as that takes it, and never waits.
struct InputFeed {
  private let log: CInt
  private var pipe: CInt
  private var offset = 0
  /// Bytes of the present record that the agent has not taken, its newline among them.
  private var left = 0
  /// The agent's pipe is full: worth another call once it can be written.
  private(set) var isBlocked = false

  /// `pipe` does not block.
  init(log: CInt, pipe: CInt) {
    self.log = log
    self.pipe = pipe
  }

  /// To be polled for writing; -1 when there is nothing to wait for.
  var waitsFor: CInt { isBlocked ? pipe : -1 }

  /// Hands on what is there. `answered` gets each answer as its turn comes.
  mutating func hand(by buffer: inout [UInt8], _ answered: ([UInt8]) -> Void) {
    isBlocked = false
    // A fast reader must not keep its own output from being read.
    for _ in 0..<64 where pipe >= 0 {
      if left == 0 {
        switch InputRecord.Head.look(at: offset, of: log) {
        case .record(let head): begin(head, answered)
        case .unfinished: return
        // By whom ever: nothing behind it can be trusted to be ours, and an agent that is told no more must not wait for it.
        case .damaged: end()
        }
        continue
      }
      let count = pread(log, &buffer, min(left, buffer.count), off_t(offset))
      guard count > 0 else { return }
      let written = write(pipe, buffer, count)
      if written > 0 {
        offset += written
        left -= written
      } else if errno == EAGAIN {
        isBlocked = true
        return
      } else if errno != EINTR {
        // The agent has closed its standard input.
        end()
      }
    }
    isBlocked = pipe >= 0
  }

  private mutating func begin(_ head: InputRecord.Head, _ answered: ([UInt8]) -> Void) {
    switch head.kind {
    case .line, .answer:
      offset = head.payload
      left = head.length + 1
      guard head.kind == .answer, head.length <= Bounds.line else { return }
      var payload = [UInt8](repeating: 0, count: head.length)
      if pread(log, &payload, head.length, off_t(offset)) == head.length { answered(payload) }
    case .note: offset = head.end
    case .end: end()
    }
  }

  private mutating func end() {
    close(pipe)
    pipe = -1
  }
}
