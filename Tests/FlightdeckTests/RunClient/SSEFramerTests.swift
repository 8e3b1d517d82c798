import RunModel
import Testing

@testable import RunClient

@Suite("Server-Sent Events")
struct SSEFramerTests {
  struct Frame: Equatable {
    var id: UInt64
    var data: String
  }

  static func frames(_ portions: [[UInt8]]) throws -> [Frame] {
    var framer = SSEFramer()
    var frames: [Frame] = []
    for portion in portions {
      try portion.withUnsafeBytes { bytes in
        try framer.feed(bytes) { id, data in frames.append(Frame(id: id, data: String(decoding: data, as: UTF8.self))) }
      }
    }
    return frames
  }

  static let text = Array(
    ": hello\n\nid: 1\ndata: {\"a\":1}\n\nid: 2\r\ndata:{\"b\":\"é😀\"}\r\n\r\n: life\n\nevent: x\nid: 3\ndata: one\ndata: two\n\nretry: 5\n\nid: 4\ndata: x\n\n"
      .utf8)
  static let expected = [
    Frame(id: 1, data: "{\"a\":1}"), Frame(id: 2, data: "{\"b\":\"é😀\"}"), Frame(id: 3, data: "one\ntwo"),
    Frame(id: 4, data: "x"),
  ]

  @Test("Frames are the same wherever the stream is cut in two")
  func everySplit() throws {
    for cut in 0...Self.text.count {
      #expect(try Self.frames([Array(Self.text[..<cut]), Array(Self.text[cut...])]) == Self.expected)
    }
  }

  @Test("Frames are the same byte by byte and in odd portions", arguments: [1, 2, 3, 7, 64])
  func portions(size: Int) throws {
    let portions = stride(from: 0, to: Self.text.count, by: size).map {
      Array(Self.text[$0..<min($0 + size, Self.text.count)])
    }
    #expect(try Self.frames(portions) == Self.expected)
  }

  @Test("What a comment tells of the store is known, wherever the stream is cut, and other comments tell nothing")
  func outage() throws {
    let outage = StoreOutage(cause: "the disk is full", detail: "Free some.", since: Timestamp(milliseconds: 0))
    let told = Array(": hello\n\n: outage ".utf8) + outage.jsonBytes + Array("\n\n".utf8)
    for cut in 0...told.count {
      var batches = EventBatches(expected: 1)
      for portion in [Array(told[..<cut]), Array(told[cut...])] {
        #expect(try portion.withUnsafeBytes { try batches.feed($0) }.isEmpty)
      }
      #expect(try batches.takeOutage() == .some(outage))
      #expect(try batches.takeOutage() == nil)
      _ = try Array(": keep-alive\n\n: outage null\n\n".utf8).withUnsafeBytes { try batches.feed($0) }
      #expect(try batches.takeOutage() == .some(nil))
    }
  }

  @Test("A frame that is not complete is not given out")
  func incomplete() throws {
    #expect(try Self.frames([Array("id: 1\ndata: {}\n".utf8)]).isEmpty)
  }

  @Test("A missing seq is a gap, one that came before is dropped")
  func order() throws {
    var batches = EventBatches(expected: 5)
    func feed(_ seqs: [UInt64]) throws -> [UInt64] {
      let text = seqs.map { Samples.frame(Samples.output($0)) }.joined()
      return try Array(text.utf8).withUnsafeBytes { try batches.feed($0) }.map(\.seq)
    }
    #expect(try feed([3, 4, 5, 6]) == [5, 6])
    #expect(try feed([7]) == [7])
    #expect(throws: EventGap(after: 7, next: 9)) { try feed([9]) }
  }

  @Test("With a filter any rising seq goes")
  func filtered() throws {
    var batches = EventBatches(expected: nil)
    let text = Array((Samples.frame(Samples.output(3)) + Samples.frame(Samples.output(90))).utf8)
    #expect(try text.withUnsafeBytes { try batches.feed($0) }.map(\.seq) == [3, 90])
  }

  @Test("Output that nobody looks at comes without its text but with its count of dropped lines")
  func unwantedOutput() throws {
    var event = Samples.output(1, "secret \\ \"x\"")
    event.data["dropped"] = 12
    event.extensions = ["traceparent": "00-1"]
    let bytes = event.jsonBytes
    func parse(_ wanted: (@Sendable (RunID) -> Bool)?) throws -> RunEvent {
      try bytes.withUnsafeBytes { try RunEvent(parsing: $0, wantsOutput: wanted) }
    }
    let lean = try parse { _ in false }
    #expect(lean.data == ["dropped": 12])
    #expect(try parse { _ in true } == event)
    #expect(try parse(nil) == event)
    var one = Samples.run()
    var other = one
    one.apply(RunEvent(seq: 9, type: .output, run: Samples.id, time: Samples.time, data: event.data))
    other.apply(RunEvent(seq: 9, type: .output, run: Samples.id, time: Samples.time, data: lean.data))
    #expect(one == other)
  }
}

@Suite("Reading a snapshot")
struct SnapshotReaderTests {
  static let snapshot = Snapshot(
    seq: 42,
    runs: [
      Samples.run(),
      Samples.run {
        $0.title = "braces } ] { [ , and \"quotes\\\""
        $0.labels = ["a", "]"]
        $0.attention = Attention(attentionId: "1", question: "go on?", options: ["yes"], since: Samples.time)
      },
    ],
    runtimes: [RuntimeSummary(runtimeId: "runs", kind: "runs", capabilities: .init(maxParallelTasks: 3))])

  static func read(_ portions: [[UInt8]]) throws -> Snapshot {
    var reader = SnapshotReader()
    for portion in portions { try portion.withUnsafeBytes { bytes throws in try reader.feed(bytes) } }
    return try reader.finish()
  }

  @Test("A snapshot is the same wherever its text is cut in two")
  func everySplit() throws {
    let text = Self.snapshot.jsonBytes
    for cut in 0...text.count {
      let read = try Self.read([Array(text[..<cut]), Array(text[cut...])])
      #expect(read.runs == Self.snapshot.runs)
      #expect(read.seq == 42)
      #expect(read.runtimes == Self.snapshot.runtimes)
    }
  }

  @Test("White space, other members and other orders are read as well")
  func otherForms() throws {
    let run = Samples.run().jsonText
    let read = try Self.read([
      Array("{ \"x\" : [[1],{\"runs\":[2]}], \"runs\" : [ \(run) , \(run) ] , \"y\":{}, \"seq\" : 7 }".utf8)
    ])
    #expect(read.runs.count == 2)
    #expect(read.seq == 7)
  }

  @Test("A glimpse comes once, with the first runs and the counts of all, while the rest is on its way")
  func glimpse() throws {
    let whole = Snapshot(
      seq: 900,
      runs: (1...300).map { number in
        Samples.run {
          $0.firstSeq = UInt64(number)
          $0.title = "Run \(number)"
          $0.status = number == 7 ? .running : .succeeded
        }
      }, runtimes: [])
    let text = whole.jsonBytes
    var reader = SnapshotReader()
    var glimpses: [Snapshot] = []
    for start in stride(from: 0, to: text.count, by: 500) {
      try text[start..<min(text.count, start + 500)].withUnsafeBytes { bytes throws in try reader.feed(bytes) }
      if let glimpse = try reader.glimpse() { glimpses.append(glimpse) }
    }
    let glimpse = try #require(glimpses.first)
    #expect(glimpses.count == 1)
    #expect(glimpse.seq == 900 && glimpse.counts[.succeeded] == 299 && glimpse.counts[.running] == 1)
    #expect(glimpse.runs.count >= 100 && glimpse.runs.count < 120)
    #expect(glimpse.runs.first?.title == "Run 7" && glimpse.runs.last?.title == "Run 300")
    #expect(try reader.finish().runs.map(\.title) == whole.runs.map(\.title))
  }

  @Test("What fits one screen comes without a glimpse")
  func noGlimpse() throws {
    var reader = SnapshotReader()
    try Self.snapshot.jsonBytes.withUnsafeBytes { bytes throws in try reader.feed(bytes) }
    #expect(try reader.glimpse() == nil)
  }

  @Test("An empty one has no runs")
  func empty() throws {
    #expect(try Self.read([Array("{\"seq\":0,\"runtimes\":[],\"runs\":[]}".utf8)]).runs.isEmpty)
  }

  @Test(
    "A text that is cut off or wrong is an error",
    arguments: ["{\"seq\":1,\"runs\":[", "{\"seq\":1,\"runs\":[{}]}", "[]x"])
  func broken(text: String) {
    #expect(throws: JSONError.self) { try Self.read([Array(text.utf8)]) }
  }
}
