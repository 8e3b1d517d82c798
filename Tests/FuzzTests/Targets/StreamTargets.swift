import Glibc
import Orchestration
import RunModel

@testable import RunClient
@testable import RuntimeAdapters

/// What arrives in portions, wherever they begin and end.
enum StreamTargets {
  static let all = [sse, lines, cutter, log, agent]

  // MARK: Server-Sent Events

  private struct SSEFrame: Equatable {
    var id: UInt64
    var data: [UInt8]
  }

  /// The framing told plainly: lines, an empty one ends a frame, the last `id` counts, `data` lines are joined.
  private static func plainFrames(_ bytes: [UInt8]) -> [SSEFrame] {
    var frames: [SSEFrame] = []
    var id: UInt64 = 0
    var data: [[UInt8]] = []
    // What follows the last newline is no line yet.
    for var line in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).dropLast() {
      if line.last == 0x0D { line.removeLast() }
      if line.isEmpty {
        if !data.isEmpty { frames.append(SSEFrame(id: id, data: Array(data.joined(separator: [0x0A])))) }
        (id, data) = (0, [])
        continue
      }
      guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
      var value = line[line.index(after: colon)...]
      if value.first == 0x20 { value.removeFirst() }
      switch String(decoding: line[..<colon], as: UTF8.self) {
      case "data": data.append(Array(value))
      case "id": id = value.filter { $0 >= 48 && $0 <= 57 }.reduce(0) { $0 &* 10 &+ UInt64($1 - 48) }
      default: break
      }
    }
    return frames
  }

  static let sse = FuzzTarget(
    name: "sse",
    seeds: [
      Array("id: 1\ndata: {\"a\":1}\n\nid: 2\ndata: two\ndata: lines\n\n"), Array(": keep-alive\n\nretry: 5\n\n"),
      Array("event: x\r\nid:7\r\ndata:y\r\n\r\n"),
      Array("data\n\ndata:\n\ndata: \n\nid: 99999999999999999999999\ndata: z\n\n"),
    ],
    words: [
      "data:", "data: ", "id: ", "id:", "\n", "\n\n", "\r\n", "\r", ":", ": ping\n", "event: x\n", "data\n", "\u{FEFF}",
    ],
    cases: 1500,
    make: { random in
      (0..<(1 + random.below(6))).flatMap { seq in
        Array("id: \(seq)\n") + (0..<random.below(3)).flatMap { _ in Array("data: \(JSONTargets.text(&random))\n") } + [
          0x0A
        ]
      }
    }
  ) { bytes in
    func frames(_ portions: [ArraySlice<UInt8>]) throws -> [SSEFrame] {
      var framer = SSEFramer()
      var frames: [SSEFrame] = []
      for portion in portions {
        try portion.withUnsafeBytes { portion in
          try framer.feed(portion) { id, data in frames.append(SSEFrame(id: id, data: Array(data))) }
        }
      }
      return frames
    }
    let whole = try frames([bytes[...]])
    let plain = plainFrames(bytes)
    try hold(whole == plain, "it finds \(whole), not \(plain)")
    let pieces = try frames(bytes.portions())
    try hold(pieces == plain, "in pieces it finds \(pieces), not \(plain)")
  }

  // MARK: JSON lines

  static let lines = FuzzTarget(
    name: "wire-lines",
    seeds: [
      Array("{\"seq\":1}\n{\"seq\":2}\n"), Array("\n\n1\n"), Array("{\"a\":\"\\n\"}\n{\"cut\":"),
      [0x0A, 0xFF, 0x0A, 0x00],
      Array(
        "{\"seq\":1,\"actor_type\":\"human\",\"event_type\":\"x\",\"created_at\":\"2026-01-01T00:00:00.000Z\",\"event_hash\":\"a\"}\n"
      ),
    ],
    words: JSONTargets.words + [
      "\n", "\r\n", "\n\n", "\"event_type\":\"x\",", "\"created_at\":\"2026-01-01T00:00:00.000Z\",", "\"seq\":-1,",
    ], cases: 800,
    make: { random in
      (0..<(1 + random.below(6))).flatMap { _ in JSONTargets.value(&random).jsonBytes + [0x0A] }
    }
  ) { bytes in
    var whole = WholeLines()
    var read: [UInt8] = []
    for portion in bytes.portions() {
      guard let lines = whole.take(portion) else { continue }
      try hold(lines.last == 0x0A, "a portion ends within a line: \(Array(lines).shown)")
      read += lines
    }
    // What has no end yet is not given out, and nothing before it is kept back.
    let end = (bytes.lastIndex(of: 0x0A) ?? -1) + 1
    try hold(read == Array(bytes[..<end]), "in pieces it reads \(read.shown)")

    let wanted = read.split(separator: 0x0A).map { line in
      Result { () throws(JSONError) in try JSONValue(parsing: line) }
    }
    switch Result(catching: { () throws(JSONError) in try AuditLine.read(read[...]) }) {
    case .success(let records):
      try hold(records.count == wanted.count, "\(records.count) records of \(wanted.count) lines")
      for (record, line) in zip(records, wanted) {
        guard case .success(let value) = line else { throw Broken("a line that is no JSON is read") }
        try hold(record.json.isIdentical(to: value), "a line is read as \(record.json)")
        if let audit = record.record {
          let written = audit.json.jsonBytes
          let again = AuditRecord(json: try JSONValue(parsing: written))?.json.jsonBytes
          try hold(again == written, "written and read again it is not \(written.shown)")
        }
      }
    case .failure(let error):
      let isOdd = wanted.contains { if case .failure = $0 { true } else { false } }
      try hold(isOdd, "lines that are JSON are refused: \(error)")
    }
  }

  // MARK: An agent's output

  private struct Emitted: Equatable {
    var kind: LogRecord.Kind
    var bytes: [UInt8]
  }

  static let cutter = FuzzTarget(
    name: "line-cutter",
    seeds: [Array("one\ntwo\r\n\nthree"), Array("\n\n\n"), Array("no end"), [0x0A, 0xFF, 0x0A, 0x00]],
    words: ["\n", "\r\n", "\n\n", "\r", "\u{0}", "é"], cases: 1000
  ) { bytes in
    var random = SplitMix(of: bytes)
    let flushes = random.chance(0.5)
    var cutter = LineCutter(line: .stdout, fragment: .stdoutFragment)
    var emitted: [Emitted] = []
    let emit = { (kind: LogRecord.Kind, bytes: UnsafeRawBufferPointer) in
      emitted.append(Emitted(kind: kind, bytes: Array(bytes)))
    }
    for portion in bytes.portions() {
      portion.withUnsafeBytes { cutter.feed($0, emit) }
      if flushes, random.chance(0.3) { cutter.flush(emit) }
    }
    cutter.finish(emit)
    // A line's fragments and its record, one after the other, are the line.
    var lines: [[UInt8]] = []
    var begun: [UInt8] = []
    for piece in emitted {
      begun += piece.bytes
      if piece.kind == .stdout {
        lines.append(begun)
        begun = []
      }
    }
    try hold(begun.isEmpty, "a fragment has no line")
    var wanted = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map { Array($0) }
    if wanted.last?.isEmpty == true { wanted.removeLast() }
    try hold(lines == wanted, "it cuts \(lines.map(\.shown)), not \(wanted.map(\.shown))")
  }

  /// Records as a supervisor writes them.
  private static func records(_ random: inout SplitMix) -> [UInt8] {
    var bytes: [UInt8] = []
    let kinds: [LogRecord.Kind] = [.stdout, .stderr, .stdoutFragment, .stderrFragment, .stopSent, .answered, .dropped]
    for number in 0..<(1 + random.below(8)) {
      let kind = random.one(of: kinds)
      let payload: [UInt8]
      switch kind {
      case .stopSent: payload = Array("{\"processes\":3}")
      case .answered: payload = Array("{\"attentionId\":\"q1\",\"answer\":\"yes\"}")
      case .dropped: payload = Array("\(random.below(1000))")
      default: payload = random.chance(0.5) ? speech(&random) : Array(JSONTargets.text(&random))
      }
      payload.withUnsafeBytes { LogRecord.append(kind, time: 1_790_000_000_000 + Int64(number), $0, to: &bytes) }
    }
    return bytes
  }

  private static let recordWords =
    speechWords + [
      "o 1790000000000 5\n", "e 1 0\n\n", "O 1 3\nabc\n", "d 1 1\n9\n", "s 0 2\n{}\n", "\no 9 9\n", "o -1 ",
      " 9223372036854775807\n",
      "x 1 1\n", "o 1 -1\n",
    ]

  static let log = FuzzTarget(
    name: "output-log",
    seeds: [1, 2, 3].map { seed in
      var random = SplitMix(UInt64(seed) * 1234)
      return records(&random)
    }, words: recordWords, cases: 400, make: { random in records(&random) }
  ) { bytes in
    let path = "/tmp/flightdeck-fuzz-log-\(getpid())-\(SplitMix(of: bytes).peek)"
    guard CaseFolder.write(bytes, to: path) else { throw Broken("no file \(path)") }
    defer { unlink(path) }
    func read(from offset: Int) throws -> [LogRecord] {
      guard var reader = OutputLogReader(path: path, from: offset) else { throw Broken("no log") }
      var found: [LogRecord] = []
      while case let records = reader.next(), !records.isEmpty {
        found += records
        try hold(found.count <= bytes.count, "it reads more records than there are bytes")
      }
      return found
    }
    let whole = try read(from: 0)
    var end = 0
    for record in whole {
      try hold(record.offset >= end && record.end > record.offset, "record \(record) lies over the one before")
      try hold(record.end <= bytes.count, "record \(record) ends past the end")
      end = record.end
    }
    // From any record on the rest is the same.
    var random = SplitMix(of: bytes)
    if !whole.isEmpty {
      let place = random.below(whole.count)
      let rest = try read(from: whole[place].offset)
      try hold(rest == Array(whole[place...]), "from record \(place) on it reads others")
    }
    // A torn tail takes nothing from what stands before it. Behind damage it may: there the rest may seem to be yet to come.
    let cut = random.below(bytes.count + 1)
    guard CaseFolder.write(Array(bytes.prefix(cut)), to: path) else { throw Broken("no file \(path)") }
    let torn = try read(from: 0)
    var begin = 0
    let before = whole.prefix { record in
      defer { begin = record.end }
      return record.offset == begin && record.end <= cut
    }
    try hold(torn.starts(with: before), "cut at \(cut) it reads \(torn), not \(Array(before))")
    var stream = AgentStream()
    for record in whole { _ = stream.take(record) }
  }

  // MARK: What the output says

  private static let speechWords = [
    #"{"awf":"progress","progress":0.5,"message":"half"}"#, #"{"awf":"tool","name":"edit","target":"a"}"#,
    #"{"awf":"attention","question":"May I?","options":["yes","no"]}"#, #"{"awf":"handoff","note":"done"}"#,
    #"{"awf":"usage","inputTokens":9223372036854775807,"costUSD":1e308}"#, #"{"awf":"my.type","x":1}"#,
    "\u{1B}]9;4;1;50\u{7}", "\u{1B}]9;4;3\u{1B}\\", "\u{1B}]9;4;", "\u{1B}]9;4;1;101\u{7}", "\r", "\u{1B}", "\u{7}",
    "1e400",
  ]

  private static func speech(_ random: inout SplitMix) -> [UInt8] {
    (0..<(1 + random.below(2))).flatMap { _ in Array(random.one(of: speechWords)) }
  }

  static let agent = FuzzTarget(
    name: "agent-output",
    seeds: [
      Array(speechWords.joined(separator: "\n")), Array("plain\r50%\r100%\r\n"), Array("a\u{1B}]9;4;1;40\u{7}b\n"),
    ],
    words: speechWords + ["\n"], cases: 800,
    make: { random in (0..<(1 + random.below(5))).flatMap { _ in speech(&random) + [0x0A] } }
  ) { bytes in
    func events(_ records: [LogRecord]) throws -> ([RuntimeEvent.Kind], AgentStream) {
      var stream = AgentStream()
      var events: [RuntimeEvent.Kind] = []
      for record in records {
        events += stream.take(record)
        try hold((0...1).contains(stream.progress), "progress is \(stream.progress)")
        try hold(stream.tail.count <= AgentStream.tailLength, "the tail grows")
      }
      return (events, stream)
    }
    var random = SplitMix(of: bytes)
    var whole: [LogRecord] = []
    var pieces: [LogRecord] = []
    var wholeEnd = 0
    var pieceEnd = 0
    func add(_ kind: LogRecord.Kind, _ payload: some Sequence<UInt8>, _ records: inout [LogRecord], _ end: inout Int) {
      let payload = Array(payload)
      let begin = end
      end += payload.count + 20
      records.append(LogRecord(kind: kind, time: 0, payload: payload, offset: begin, end: end))
    }
    for line in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
      add(.stdout, line, &whole, &wholeEnd)
      var rest = line
      while random.chance(0.4), !rest.isEmpty {
        let cut = 1 + random.below(rest.count)
        add(.stdoutFragment, rest.prefix(cut), &pieces, &pieceEnd)
        rest = rest.dropFirst(cut)
      }
      add(.stdout, rest, &pieces, &pieceEnd)
    }
    let (told, stream) = try events(whole)
    let (pieced, cut) = try events(pieces)
    func outputs(_ events: [RuntimeEvent.Kind]) -> [RuntimeEvent.Kind] {
      events.filter { if case .progress = $0 { false } else { true } }
    }
    // As texts: an object with a name twice is not equal to itself.
    try hold(
      "\(outputs(told))" == "\(outputs(pieced))", "in fragments it says \(outputs(pieced)), not \(outputs(told))")
    try hold(
      stream.question == cut.question && stream.handoff == cut.handoff && stream.usage == cut.usage
        && stream.progress == cut.progress, "in fragments it comes to another state")
  }
}

extension SplitMix {
  /// A number for a name.
  var peek: UInt64 {
    var copy = self
    return copy.next()
  }
}
