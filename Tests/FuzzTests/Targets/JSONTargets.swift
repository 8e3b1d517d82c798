import Foundation
import RunModel

@testable import DashboardUI
@testable import RunClient

enum JSONTargets {
  static let all = [json, tree, event, time, recording, snapshot, fold]

  static let words = [
    "{", "}", "[", "]", "\"", ",", ":", "null", "true", "false", "\\u0000", "\\ud83d\\ude80", "\\ud800", "\\udc00",
    "\\n",
    "\\", "\\/", "-", "1e5", "E+", ".5", "0", "\u{FEFF}", "\u{2028}", "é", "🚀", " ", "\t", "\r\n", "{\"a\":", "[1,",
    "\"a\":1,", "e\u{301}", "\u{0}", "1e999", "-0", "-0.0", "4.9e-324", "9223372036854775808",
  ]

  /// Any value, by lot.
  static func value(_ random: inout SplitMix, depth: Int = 0) -> JSONValue {
    switch random.below(depth > 5 ? 6 : 8) {
    case 0: return .null
    case 1: return .bool(random.chance(0.5))
    case 2: return .int([0, -1, .max, .min, Int64(random.below(100_000))][random.below(5)])
    case 3:
      let number = Double(bitPattern: random.next())
      return .double(number.isFinite ? number : 0.5)
    case 4, 5: return .string(text(&random))
    case 6: return .array((0..<random.below(5)).map { _ in value(&random, depth: depth + 1) })
    default:
      return .object(
        JSONObject(
          (0..<random.below(5)).map { (key: "\($0)" + text(&random), value: value(&random, depth: depth + 1)) }))
    }
  }

  static let texts = [
    "", "a", "hello world", "é", "e\u{301}", "日本語", "👩‍👩‍👧‍👦🇩🇪", "\u{0}\u{1}\u{1F}", "\"\\/", "\u{7F}\u{80}\u{9B}2J", "\r\n",
    "\u{1B}[31m", "\u{202E}x", "\u{FFFD}", "\u{10FFFF}", String(repeating: "long ", count: 60),
  ]
  static func text(_ random: inout SplitMix) -> String { random.one(of: texts) }

  static let json = FuzzTarget(
    name: "json",
    seeds: [
      Array(#"{"a":[1,2.5,-3e-7,true,false,null,"x\n\u00e9\ud83d\ude80"],"b":{"c":{}}}"#), Array("[[[[]]],{}]"),
      Array(" 12345678901234567890 "), Array(#""\ud800\udc00""#), [0x22, 0xFF, 0xC3, 0x28, 0x22],
      Array(repeating: 0x5B, count: 129), Array(#"{"a":1,"a":2}"#),
    ], words: words, cases: 1200, make: { random in value(&random).jsonBytes }
  ) { bytes in
    let ours = Result { () throws(JSONError) in try JSONValue(parsing: bytes) }
    let skipped = Result { () throws(JSONError) in try bytes.readJSON { reader throws(JSONError) in try reader.skip() }
    }
    switch (ours, skipped) {
    case (.success, .success): break
    case (.failure(let a), .failure(let b)): try hold(a.offset <= bytes.count + 4, "\(a) is past the end; \(b)")
    default: throw Broken("reading says \(ours), skipping says \(skipped)")
    }
    if case .success(let value) = ours {
      let written = value.jsonBytes
      let again = try JSONValue(parsing: written)
      try hold(again.isIdentical(to: value), "written and read again it is \(again), not \(value)")
      try hold(again.jsonBytes == written, "written twice it is not the same: \(written.shown)")
      if !value.repeatsName {
        guard let theirs = FoundationJSON.read(written) else { throw Broken("Foundation refuses what we write") }
        try hold(value.isSame(as: theirs), "Foundation reads what we write as \(theirs)")
      }
    }
    guard FoundationJSON.isComparable(bytes) else { return }
    let theirs = FoundationJSON.read(bytes)
    switch (ours, theirs) {
    case (.success(let a), let b?):
      if !a.repeatsName { try hold(a.isSame(as: b), "we read \(a), Foundation \(b)") }
    case (.failure, nil): break
    case (.success(let a), nil): throw Broken("we read \(a), Foundation refuses it")
    case (.failure(let a), let b?):
      if !a.message.hasPrefix("Nested deeper"), b.members == FoundationJSON.members(in: bytes) {
        throw Broken("we say \(a), Foundation reads \(b)")
      }
    }
  }

  static let tree = FuzzTarget(
    name: "json-tree", seeds: json.seeds, words: words, cases: 150, make: { random in value(&random).jsonBytes }
  ) { bytes in
    guard let value = try? JSONValue(parsing: bytes) else { return }
    var random = SplitMix(of: bytes)
    var tree = JSONTree(value)
    for _ in 0..<12 {
      tree.cursor = random.below(tree.rows.count + 1) - (random.chance(0.1) ? 1 : 0)
      switch random.below(4) {
      case 0: tree.toggle()
      case 1: tree.fold()
      case 2: tree.unfold()
      default: tree = JSONTree(value, like: tree)
      }
      try hold(!tree.rows.isEmpty, "no row is left")
      _ = tree.copied
      for row in tree.rows.indices { try hold(tree.node(atRow: row) != nil, "row \(row) belongs to nothing") }
    }
  }

  // MARK: Events

  static let types: [EventType] = [
    .queued, .waiting, .started, .progress, .output, .tool, .usage, .attention, .resolved, .cancelRequested, .stopSent,
    .verifying, .canceled, .succeeded, .failed, .artifacts, .conflict, .approvalRequested, .approvalApproved,
    .approvalRejected, .runtimeRegistered, "awf.runtime.x.y",
  ]
  static let runs = (1...4).map { RunID(ULID(high: 0x0190_0000_0000_0000, low: UInt64($0))) }

  static func event(_ seq: UInt64, _ random: inout SplitMix) -> RunEvent {
    var data: JSONObject = [
      "contractId": .string(ULID(high: 1, low: UInt64(random.below(9))).description), "title": .string(text(&random)),
    ]
    let names = [
      "progress", "priority", "attempt", "text", "stream", "dropped", "name", "target", "message", "inputTokens",
      "outputTokens", "costUSD", "attentionId", "question", "options", "by", "reason", "force", "proof", "files",
      "added",
      "removed", "testsPassed", "testsTotal", "exitCode", "commit", "verdict", "score", "conflicts", "waitsFor", "risk",
      "needed", "why", "runtimeId", "worktree", "branch", "command",
    ]
    for _ in 0..<random.below(7) { data[random.one(of: names)] = value(&random, depth: 4) }
    var event = RunEvent(
      seq: seq, source: "/runtimes/local", type: random.one(of: types),
      run: random.chance(0.9) ? random.one(of: runs) : nil,
      time: Timestamp(milliseconds: 1_790_000_000_000 + Int64(random.below(100_000_000))), data: data)
    if random.chance(0.2) { event.extensions.append("x", value(&random, depth: 4)) }
    return event
  }

  static let eventWords =
    words + types.map(\.rawValue) + [
      "\"id\":\"7\",", "\"id\":\"+7\"", "\"id\":\"18446744073709551615\"", "\"subject\":null", "\"time\":\"",
      "2026-02-29T00:00:00Z", "2024-02-29T23:59:60.999999999+14:00", "0000-01-01T00:00:00Z", "\"data\":[]",
      "\"data\":{",
      "\"type\":\"\"", "\"specversion\":\"1.0\"", "\"dropped\":", runs[0].description,
    ]

  /// As `RunEvent` is meant to read, told again by way of Foundation.
  private static func expected(_ json: FoundationJSON) -> (RunEvent, FoundationJSON?)? {
    guard case .object(let members) = json else { return nil }
    func text(_ key: String) -> String?? {
      switch members[key] {
      case nil: .some(nil)
      case .string(let text)?: text
      default: .none
      }
    }
    guard let id = text("id"), let source = text("source"), let type = text("type"), let subject = text("subject"),
      let time = text("time"), let id, let seq = UInt64(id), seq > 0, seq <= RunEvent.lastSeq, let type, !type.isEmpty
    else { return nil }
    var event = RunEvent(
      seq: seq, source: source ?? "", type: EventType(rawValue: type), run: nil, time: Timestamp(milliseconds: 0))
    if let subject {
      guard let run = RunID(subject) else { return nil }
      event.run = run
    }
    if let time {
      guard let moment = Timestamp(time) else { return nil }
      event.time = moment
    }
    if case .object? = members["data"] { return (event, members["data"]) }
    return (event, nil)
  }

  static let event = FuzzTarget(
    name: "event",
    seeds: [1, 2, 3, 4, 5, 6].map { seed in
      var random = SplitMix(UInt64(seed))
      return event(UInt64(seed), &random).jsonBytes
    }, words: eventWords, cases: 600, make: { random in event(1 + random.next() % 1000, &random).jsonBytes }
  ) { bytes in
    let ours = Result { () throws(JSONError) in try RunEvent(parsing: bytes) }
    let whole = try? JSONValue(parsing: bytes)
    if case .success(let event) = ours {
      try hold(whole != nil, "an event that is no JSON: \(event)")
      let again = try RunEvent(parsing: event.jsonBytes)
      try hold(again.jsonBytes == event.jsonBytes, "written and read again it is \(again)")
      var index = Recording(RecordedBytes(bytes))
      while !index.isComplete { index.index(1 << 20) }
      if !bytes.contains(0x0A) { try hold(index.count == 1, "a recording has no room for \(event)") }
    }
    for wants in [true, false] {
      let scanned = bytes.withUnsafeBytes { bytes in
        Result { () throws(JSONError) in try RunEvent(parsing: bytes) { _ in wants } }
      }
      switch (ours, scanned) {
      case (.failure, .failure): break
      case (.success(let a), .success(let b)):
        let isOutput = a.type == .output && a.run != nil && !wants
        if !isOutput { try hold(a.jsonBytes == b.jsonBytes, "the scanner reads \(b), not \(a)") }
        try hold(a.seq == b.seq && a.run == b.run && a.type == b.type, "the scanner reads \(b), not \(a)")
        try hold(
          whole?.repeatsName == true || a.data["dropped"] == b.data["dropped"], "the scanner drops what was dropped")
      default: throw Broken("read as \(ours), scanned as \(scanned)")
      }
    }
    // Foundation's reading of the same bytes must come to the same event.
    guard FoundationJSON.isComparable(bytes), let whole, !whole.repeatsName, let theirs = FoundationJSON.read(bytes)
    else {
      return
    }
    switch (ours, expected(theirs)) {
    case (.failure, nil): break
    case (.success(let a), let (b, data)?):
      try hold(
        a.seq == b.seq && a.run == b.run && a.type == b.type && a.time == b.time && a.source == b.source,
        "we read \(a), Foundation's reading makes \(b)")
      if let data { try hold(JSONValue.object(a.data).isSame(as: data), "we read \(a.data), Foundation \(data)") }
    case (.success(let a), nil): throw Broken("we read \(a), by Foundation's reading it is no event")
    case (.failure(let a), let (b, _)?): throw Broken("we say \(a), Foundation's reading makes \(b)")
    }
  }

  static let time = FuzzTarget(
    name: "time",
    seeds: [
      "2026-11-26T07:00:00.123Z", "1970-01-01T00:00:00Z", "2024-02-29t23:59:60.9999+05:30", "0000-03-01T00:00:00-23:59",
    ]
    .map { Array($0) },
    words: [
      "T", "t", "Z", "z", "+14:00", "-00:00", ".", ":", "-", "24", "60", "00", "99", "29", "0000", "9999", "2026-",
    ],
    longest: 60, cases: 3000,
    make: { random in
      let ms = Int64(bitPattern: random.next()) >> Int64(random.below(60))
      return Array(Timestamp(milliseconds: ms).description)
    }
  ) { bytes in
    var random = SplitMix(of: bytes)
    let edges: [Int64] = [.min, .min + 1, .max, -1, 0, 253_402_300_799_999, 253_402_300_800_000, -62_167_219_200_001]
    let any = Timestamp(
      milliseconds: random.chance(0.2)
        ? random.one(of: edges) : Int64(bitPattern: random.next()) >> Int64(random.below(64)))
    let other = Timestamp(milliseconds: random.one(of: edges))
    try hold((any - other >= .zero) == (any >= other), "\(any) less \(other) is \(any - other)")
    _ = any + (other - any)
    let text = any.description
    try hold(text.utf8.count == 24, "\(any.milliseconds) is written as \(text)")
    if (-62_167_219_200_000..<253_402_300_800_000).contains(any.milliseconds) {
      try hold(
        Timestamp(text) == any, "\(text) reads as \(Timestamp(text)?.milliseconds ?? -1), not \(any.milliseconds)")
    }
    _ = ULID(bytes.text).map { ULID($0.description) == $0 }
    guard let time = Timestamp(bytes.text) else { return }
    // Years 0 and 10000, which an offset may lead to, have no text form.
    if (-62_167_219_200_000..<253_402_300_800_000).contains(time.milliseconds) {
      try hold(Timestamp(time.description) == time, "it is written as \(time), which reads otherwise")
    }
    // A leap second is the next minute's first, and Foundation takes no small letters.
    let plain = bytes.text.uppercased()
    guard plain.utf8.count >= 20, Array(plain.utf8)[17] < 0x36, !plain.contains("."),
      let date = try? Date.ISO8601FormatStyle().parse(plain)
    else { return }
    let theirs = Int64((date.timeIntervalSince1970 * 1000).rounded())
    if !plain.hasPrefix("0") && !plain.hasPrefix("1") {
      try hold(theirs == time.milliseconds, "Foundation reads \(theirs), we \(time.milliseconds)")
    }
  }

  // MARK: Many events

  /// JSON lines of some runs' lives.
  static func lines(_ random: inout SplitMix) -> [UInt8] {
    var seq: UInt64 = 0
    var bytes: [UInt8] = []
    for _ in 0..<(1 + random.below(12)) {
      seq += 1 + UInt64(random.below(10) == 0 ? random.below(5) : 0)
      bytes += event(seq, &random).jsonBytes + [0x0A]
    }
    return bytes
  }

  static let recording = FuzzTarget(
    name: "recording",
    seeds: [1, 2, 3].map { seed in
      var random = SplitMix(UInt64(seed) * 77)
      return lines(&random)
    }, words: eventWords + ["\n", "\r\n", "\n\n"], longest: 16_384, cases: 120, make: { random in lines(&random) }
  ) { bytes in
    var whole = Recording(RecordedBytes(bytes))
    while !whole.isComplete { whole.index(.max >> 8) }
    var pieces = Recording(RecordedBytes(bytes))
    var random = SplitMix(of: bytes)
    while !pieces.isComplete { pieces.index(1 + random.below(300)) }
    try hold(
      whole.count == pieces.count && whole.badCount == pieces.badCount && whole.badLines == pieces.badLines,
      "in pieces there are \(pieces.count) events and \(pieces.badCount) bad lines, not \(whole.count) and \(whole.badCount)"
    )
    let events = whole.events(0..<whole.count)
    try hold(events.map(\.seq) == pieces.events(0..<pieces.count).map(\.seq), "in pieces the events are others")
    try hold(zip(events, events.dropFirst()).allSatisfy { $0.seq < $1.seq }, "the seqs do not rise")
    for time in [Timestamp(milliseconds: .min), Timestamp(milliseconds: 0), Timestamp(milliseconds: .max)] {
      try hold((0...whole.count).contains(whole.place(at: time)), "a place outside of it")
    }
    var board = RunBoard()
    for event in events { board.apply(event) }
  }

  static let snapshot = FuzzTarget(
    name: "snapshot",
    seeds: [1, 2, 3].map { seed in
      var random = SplitMix(UInt64(seed) * 99)
      return madeSnapshot(&random)
    },
    words: eventWords + ["\"runs\":[", "\"seq\":", "\"runtimes\":[", "]}", "\"counts\":{", "runs", "\"runs\""],
    longest: 16_384, cases: 150, make: { random in madeSnapshot(&random) }
  ) { bytes in
    func read(_ portions: [ArraySlice<UInt8>]) -> Result<[UInt8], JSONError> {
      Result { () throws(JSONError) in
        var reader = SnapshotReader()
        for portion in portions {
          let fed = portion.withUnsafeBytes { bytes in Result { () throws(JSONError) in try reader.feed(bytes) } }
          try fed.get()
        }
        return try reader.finish().jsonBytes
      }
    }
    let whole = read([bytes[...]])
    let pieces = read(bytes.portions())
    // Which of two errors is met first may depend on the portions; whether there is one may not.
    switch (whole, pieces) {
    case (.success(let a), .success(let b)): try hold(a == b, "in pieces it reads \(b.shown)")
    case (.failure, .failure): break
    default: throw Broken("as a whole it reads \(whole), in pieces \(pieces)")
    }
    let plain = Result { () throws(JSONError) in
      try bytes.readJSON { reader throws(JSONError) in try Snapshot(from: &reader) }.jsonBytes
    }
    if case .success(let a) = plain, (try? JSONValue(parsing: bytes))?.repeatsName == false {
      guard case .success(let b) = whole else {
        throw Broken("the whole reader takes it, the one in pieces says \(whole)")
      }
      try hold(a == b, "the whole reader reads \(a.shown), the one in pieces \(b.shown)")
    }
  }

  static func board(_ random: inout SplitMix) -> RunBoard {
    var board = RunBoard()
    for seq in 1...UInt64(1 + random.below(20)) { board.apply(event(seq, &random)) }
    return board
  }

  static func madeSnapshot(_ random: inout SplitMix) -> [UInt8] {
    let board = board(&random)
    return Snapshot(seq: board.seq, runs: board.runs, runtimes: []).jsonBytes
  }

  /// A client that joined late knows what one knows that was there from the start.
  static let fold = FuzzTarget(
    name: "fold", seeds: recording.seeds, words: eventWords + ["\n"], longest: 16_384, cases: 200,
    make: { random in lines(&random) }
  ) { bytes in
    let events = bytes.split(separator: 0x0A).compactMap { try? RunEvent(parsing: Array($0)) }
    var random = SplitMix(of: bytes)
    let joined = random.below(events.count + 1)
    var fromStart = RunBoard()
    var late = RunBoard()
    for (place, event) in events.enumerated() {
      if place == joined {
        let wire = Snapshot(seq: fromStart.seq, runs: fromStart.runs, runtimes: []).jsonBytes
        let read = try wire.readJSON { reader throws(JSONError) in try Snapshot(from: &reader) }
        late = RunBoard(runs: read.runs, seq: read.seq)
      }
      fromStart.apply(event)
      if place >= joined { late.apply(event) }
      // Told twice it changes nothing.
      if random.chance(0.2) { fromStart.apply(event) }
    }
    guard joined < events.count else { return }
    try hold(late.seq == fromStart.seq, "the late one is at \(late.seq), not \(fromStart.seq)")
    try hold(
      late.runs.map(\.jsonText).sorted() == fromStart.runs.map(\.jsonText).sorted(),
      "the late one has\n\(late.runs.jsonText)\nnot\n\(fromStart.runs.jsonText)")
    for status in RunStatus.allCases {
      try hold(
        fromStart.count(status) == fromStart.runs.count { $0.status == status }, "it counts \(status) wrongly")
    }
    try hold(fromStart.needingAttention == fromStart.runs.count { $0.needsAttention }, "it counts attention wrongly")
  }
}
