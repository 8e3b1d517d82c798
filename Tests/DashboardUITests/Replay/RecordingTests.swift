import RunModel
import Testing

@testable import DashboardUI

@Suite struct RecordingTests {
  private let events = RecordingSample.events(300)

  @Test("However it is cut into pieces, the index is the same", arguments: [1, 7, 100, 5000, 1 << 20])
  func pieces(step: Int) {
    let recording = RecordingSample.recording(RecordingSample.bytes(events), step: step)
    #expect(recording.count == events.count)
    #expect(recording.badCount == 0)
    #expect(recording.events(0..<events.count) == events)
    #expect(recording.first == events.first?.time)
    #expect(recording.last == events.last?.time)
  }

  @Test("Lines that are no events are skipped, counted and named; empty ones are nothing")
  func badLines() {
    var lines = RecordingSample.bytes(Array(events.prefix(3))).split(separator: 10).map {
      String(decoding: $0, as: UTF8.self)
    }
    let again = lines[0]
    lines.insert("{\"id\":\"7\"", at: 1)
    lines.insert("", at: 2)
    lines += ["nonsense", again, "{\"id\":\"900\",\"type\":\"x.y\"}"]
    let recording = RecordingSample.recording(Array(lines.joined(separator: "\r\n").utf8))
    #expect(recording.badLines == [2, 6, 7])
    #expect(recording.badCount == 3)
    #expect(recording.count == 4)
    #expect(recording.events(3..<4).first?.type == "x.y")
  }

  @Test("What is no recording at all is only bad lines, and nothing at all is empty")
  func nothing() {
    #expect(RecordingSample.recording(Array("hello\nworld".utf8)).badLines == [1, 2])
    let empty = RecordingSample.recording([])
    #expect(empty.count == 0)
    #expect(empty.isComplete)
  }

  @Test("The place at a time is after all that happened by then")
  func places() {
    let recording = RecordingSample.recording(RecordingSample.bytes(events))
    for offset in [-1, 0, 1, 20_000, 60_000, 10_000_000] {
      let time = Sample.start + .milliseconds(offset)
      #expect(recording.place(at: time) == events.count { $0.time <= time })
    }
  }

  @Test("The last events of a run are those before the place, in order")
  func backlog() {
    let recording = RecordingSample.recording(RecordingSample.bytes(events))
    let run = Sample.id(1003)
    let expected = events.prefix(200).filter { $0.run == run }.suffix(5)
    #expect(recording.events(of: run, before: 200, limit: 5) == Array(expected))
    #expect(recording.events(of: Sample.id(1), before: 200, limit: 5).isEmpty)
  }

  @Test("A file that has become shorter gives less and breaks nothing")
  func shortened() {
    let bytes = RecordingSample.bytes(events)
    var recording = Recording(Shrinking(bytes, to: bytes.count / 2))
    while !recording.isComplete { recording.index(4096) }
    #expect(recording.count < events.count)
    #expect(recording.count > 0)
  }

  private struct Shrinking: RecordingSource {
    let all: [UInt8]
    let left: Int
    init(_ all: [UInt8], to left: Int) {
      self.all = all
      self.left = left
    }
    var size: Int { all.count }
    func bytes(_ range: Range<Int>) -> [UInt8] { Array(all[range.clamped(to: 0..<left)]) }
  }
}
