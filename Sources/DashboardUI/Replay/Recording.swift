import Glibc
package import RunModel

/// Where a recording's bytes come from. Reading may wait for a disk, so it is no business of the terminal's thread.
package protocol RecordingSource: Sendable {
  /// In bytes, as it was at the start.
  var size: Int { get }
  /// Fewer when there are fewer by now.
  func bytes(_ range: Range<Int>) -> [UInt8]
}

/// A recording in memory.
package struct RecordedBytes: RecordingSource {
  private let all: [UInt8]
  package init(_ all: [UInt8]) { self.all = all }
  package var size: Int { all.count }
  package func bytes(_ range: Range<Int>) -> [UInt8] { Array(all[range.clamped(to: 0..<all.count)]) }
}

/// CloudEvents as JSON lines, by place: an index of some 24 bytes an event, made piece by piece, so that a long recording
/// plays from its start while the rest is still being looked through. The events themselves stay where they are.
///
/// A line that is no event, or whose seq is not above the one before, is skipped, counted and named.
package struct Recording: Sendable {
  private let source: any RecordingSource
  private var offsets: [Int] = []
  private var lengths: [UInt32] = []
  /// Never falling: an event that says it is older than the one before counts as of the same moment.
  private var times: [Int64] = []
  /// Which run, numbered from 1; 0 for none.
  private var runs: [UInt32] = []
  private var numbers: [RunID: UInt32] = [:]
  private var lastSeq: UInt64 = 0
  /// Where the next line begins, and its number.
  private var scanned = 0
  private var line = 1
  /// Of badly long lines: up to the next newline nothing counts.
  private var isSkipping = false

  /// The first hundred lines that are no events.
  package private(set) var badLines: [Int] = []
  package private(set) var badCount = 0
  package private(set) var marks: [ReplayMark] = []
  /// The seq of the first event.
  private(set) var firstSeq: UInt64 = 0

  /// No event is longer than this.
  private static let longestLine = 64 << 20
  private static let mostMarks = 4096

  package init(_ source: any RecordingSource) { self.source = source }

  package var isComplete: Bool { scanned >= source.size }
  package var count: Int { offsets.count }
  package var first: Timestamp? { times.first.map(Timestamp.init(milliseconds:)) }
  package var last: Timestamp? { times.last.map(Timestamp.init(milliseconds:)) }

  /// The moment of the event before `place`; of the first one at the start.
  func time(before place: Int) -> Timestamp? {
    guard !times.isEmpty else { return nil }
    return Timestamp(milliseconds: times[max(0, min(place, times.count) - 1)])
  }

  /// How many events there are up to `time` and at it.
  package func place(at time: Timestamp) -> Int {
    var low = 0
    var high = times.count
    while low < high {
      let middle = (low + high) / 2
      if times[middle] <= time.milliseconds { low = middle + 1 } else { high = middle }
    }
    return low
  }

  // MARK: Looking through

  /// Looks through about `budget` bytes more.
  package mutating func index(_ budget: Int) {
    var wanted = budget
    while !isComplete {
      let bytes = source.bytes(scanned..<min(source.size, scanned + wanted))
      guard !bytes.isEmpty else {
        // The file has become shorter.
        scanned = source.size
        return
      }
      let used = bytes.withUnsafeBytes { take($0, isLast: scanned + $0.count >= source.size) }
      scanned += used
      if used > 0 { return }
      if wanted >= Self.longestLine {
        note(line)
        isSkipping = true
        scanned += bytes.count
        return
      }
      wanted *= 4
    }
  }

  /// Takes the whole lines in; returns how many bytes they were.
  private mutating func take(_ bytes: UnsafeRawBufferPointer, isLast: Bool) -> Int {
    guard let base = bytes.baseAddress else { return 0 }
    var start = 0
    while start < bytes.count {
      var end = bytes.count
      if let newline = memchr(base + start, 0x0A, bytes.count - start) {
        end = base.distance(to: UnsafeRawPointer(newline))
      } else if !isLast {
        break
      }
      if isSkipping {
        isSkipping = false
      } else {
        take(UnsafeRawBufferPointer(rebasing: bytes[start..<end]), at: scanned + start)
      }
      line += 1
      start = end + 1
    }
    return min(start, bytes.count)
  }

  private mutating func take(_ text: UnsafeRawBufferPointer, at offset: Int) {
    if text.allSatisfy({ $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }) { return }
    guard let head = EventHead(text), head.seq > lastSeq else { return note(line) }
    if offsets.isEmpty { firstSeq = head.seq }
    lastSeq = head.seq
    let time = max(head.time ?? .min, times.last ?? .min)
    offsets.append(offset)
    lengths.append(UInt32(text.count))
    times.append(time == .min ? 0 : time)
    runs.append(head.run.map { number($0) } ?? 0)
    if let kind = head.mark { mark(ReplayMark(time: Timestamp(milliseconds: times[times.count - 1]), kind: kind)) }
  }

  private mutating func number(_ run: RunID) -> UInt32 {
    if let known = numbers[run] { return known }
    let next = UInt32(numbers.count + 1)
    numbers[run] = next
    return next
  }

  private mutating func note(_ line: Int) {
    badCount += 1
    if badLines.count < 100 { badLines.append(line) }
  }

  private mutating func mark(_ mark: ReplayMark) {
    marks.append(mark)
    // Marks side by side look like one: of very many every second one tells as much.
    if marks.count > Self.mostMarks { marks = marks.enumerated().filter { $0.offset % 2 == 0 }.map(\.element) }
  }

  // MARK: Reading

  /// The events at these places; those whose bytes are gone by now are left out. Output of runs that nobody looks at comes
  /// without its text.
  func events(_ places: Range<Int>, wantsOutput: (RunID) -> Bool = { _ in true }) -> [RunEvent] {
    var events: [RunEvent] = []
    events.reserveCapacity(places.count)
    var start = places.lowerBound
    while start < places.upperBound {
      // Read together what lies together, a megabyte at a time.
      var end = start + 1
      while end < places.upperBound, offsets[end] + Int(lengths[end]) - offsets[start] < 1 << 20 { end += 1 }
      let from = offsets[start]
      let bytes = source.bytes(from..<(offsets[end - 1] + Int(lengths[end - 1])))
      bytes.withUnsafeBytes { bytes in
        for place in start..<end {
          let range = (offsets[place] - from)..<(offsets[place] - from + Int(lengths[place]))
          guard range.upperBound <= bytes.count else { continue }
          var reader = JSONReader(UnsafeRawBufferPointer(rebasing: bytes[range]))
          // Its head was read before: what cannot be read now was changed meanwhile.
          guard var event = try? RunEvent(from: &reader) else { continue }
          if event.type == .output, let run = event.run, !wantsOutput(run) {
            event.data = event.data.filtered("dropped")
          }
          events.append(event)
        }
      }
      start = end
    }
    return events
  }

  /// The last `limit` events of a run before `place`.
  func events(of run: RunID, before place: Int, limit: Int) -> [RunEvent] {
    guard let number = numbers[run] else { return [] }
    var places: [Int] = []
    var at = min(place, runs.count)
    while at > 0, places.count < limit {
      at -= 1
      if runs[at] == number { places.append(at) }
    }
    return places.reversed().flatMap { events($0..<($0 + 1)) }
  }
}

extension JSONObject {
  fileprivate func filtered(_ key: String) -> JSONObject {
    guard let value = self[key] else { return [:] }
    var object: JSONObject = [:]
    object.append(key, value)
    return object
  }
}

/// What the index needs of an event; the rest is checked to be JSON and left unread.
private struct EventHead {
  var seq: UInt64 = 0
  var time: Int64?
  var run: RunID?
  var mark: ReplayMark.Kind?

  /// Nil for what is no event.
  init?(_ bytes: UnsafeRawBufferPointer) {
    var reader = JSONReader(bytes)
    var head = (seq: UInt64(0), type: "", run: RunID?.none, time: Timestamp?.none)
    do throws(JSONError) {
      try reader.object { key, reader throws(JSONError) in
        switch key {
        case "id": head.seq = UInt64(try reader.string()) ?? 0
        case "type": head.type = try reader.string()
        case "subject":
          head.run = RunID(try reader.string())
          if head.run == nil { throw reader.error("An event's subject must be a run id") }
        case "time":
          head.time = Timestamp(try reader.string())
          if head.time == nil { throw reader.error("An event's time must be RFC 3339") }
        default: try reader.skip()
        }
      }
      try reader.finish()
    } catch { return nil }
    guard head.seq > 0, head.seq <= RunEvent.lastSeq, !head.type.isEmpty else { return nil }
    seq = head.seq
    time = head.time?.milliseconds
    run = head.run
    switch EventType(rawValue: head.type) {
    case .failed: mark = .failed
    case .attention: mark = .attention
    default: break
    }
  }
}
