import Glibc
import Orchestration
import RunModel

@testable import RuntimeAdapters

/// What an agent says in the Agent Client Protocol, and the log of what it is told.
enum ACPTargets {
  static let all = [session, inputLog]

  // MARK: A session

  private static func update(_ members: String) -> String {
    #"{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"s","update":{\#(members)}}}"#
  }

  private static let start = [
    #"{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":1,"agentCapabilities":{"loadSession":true}}}"#,
    #"{"jsonrpc":"2.0","id":2,"result":{"sessionId":"s","modes":{"currentModeId":"a","availableModes":[{"id":"a"}]}}}"#,
  ]

  private static let options =
    #""options":[{"optionId":"y","name":"Yes","kind":"allow_once"},{"optionId":"n","name":"No","kind":"reject_once"}]"#

  private static let messages =
    [
      #""sessionUpdate":"agent_message_chunk","messageId":"m","content":{"type":"text","text":"one\ntwo"}"#,
      #""sessionUpdate":"agent_thought_chunk","content":{"type":"text","text":"hm"}"#,
      #""sessionUpdate":"tool_call","toolCallId":"t","title":"Edit","kind":"edit","status":"pending","content":[{"type":"diff","path":"/w/a","oldText":"1\n","newText":"2\n"}],"locations":[{"path":"/w/a","line":3}]"#,
      #""sessionUpdate":"tool_call","toolCallId":"x","kind":"execute","rawInput":{"command":"rm -rf build"}"#,
      #""sessionUpdate":"tool_call_update","toolCallId":"t","status":"completed","rawOutput":{"output":"boom"}"#,
      #""sessionUpdate":"plan","entries":[{"content":"a","status":"completed"},{"content":"b","status":"in_progress"}]"#,
      #""sessionUpdate":"usage_update","used":50,"size":100,"cost":{"amount":1e308,"currency":"USD"}"#,
      #""sessionUpdate":"available_commands_update","availableCommands":[{"name":"a"},{}]"#,
      #""sessionUpdate":"current_mode_update","currentModeId":"a""#, #""sessionUpdate":"shiny","value":[[[[]]]]"#,
    ].map(update) + start + [
      #"{"jsonrpc":"2.0","id":3,"result":{"stopReason":"end_turn","usage":{"inputTokens":9223372036854775807}}}"#,
      #"{"jsonrpc":"2.0","id":4,"result":{"stopReason":"cancelled"}}"#,
      #"{"jsonrpc":"2.0","id":3,"error":{"code":-32000,"message":"Authentication required"}}"#,
      #"{"jsonrpc":"2.0","id":2,"error":{"code":9223372036854775807}}"#, #"{"jsonrpc":"2.0","id":99,"result":null}"#,
      #"{"jsonrpc":"2.0","id":5,"method":"session/request_permission","params":{"toolCall":{"toolCallId":"t","title":"T","kind":"execute"},\#(options)}}"#,
      #"{"jsonrpc":"2.0","id":"p","method":"session/request_permission","params":{\#(options)}}"#,
      #"{"jsonrpc":"2.0","id":6,"method":"session/request_permission","params":{"options":[]}}"#,
      #"{"jsonrpc":"2.0","id":7,"method":"fs/read_text_file","params":{"path":"a","line":-9223372036854775808,"limit":0}}"#,
      #"{"jsonrpc":"2.0","id":8,"method":"fs/write_text_file","params":{"path":"../a","content":"x"}}"#,
      #"{"jsonrpc":"2.0","id":9,"method":"terminal/create","params":{"command":"sh","args":["-c","x"],"env":[{"name":"A","value":"b"}],"outputByteLimit":-1}}"#,
      #"{"jsonrpc":"2.0","id":10,"method":"terminal/wait_for_exit","params":{"terminalId":"1"}}"#,
      #"{"jsonrpc":"2.0","id":11,"method":"terminal/release","params":{"terminalId":"1"}}"#,
      #"{"jsonrpc":"2.0","id":12,"method":"terminal/output","params":{"terminalId":"99999999999999999999"}}"#,
      #"{"jsonrpc":"2.0","id":13,"method":"_vendor/ask","params":[]}"#,
      #"{"jsonrpc":"2.0","method":"_vendor/tell","params":{}}"#, "noise", "{\"json\":1}", "[1]", "",
    ]

  private static let words =
    messages + [
      "\n", "\"id\":", "null", "1e999", "-0", "\"method\":", "\"params\":", "[]", "{}", "\\u0000", "\\ud800",
      "\"kind\":",
      "\"status\":\"failed\"", "\"terminalId\":\"1\"", "\"sessionId\":\"other\"",
    ]

  private static func requests(_ count: Int, _ line: (Int) -> String) -> [UInt8] {
    Array((start + (1...count).map(line)).joined(separator: "\n").utf8)
  }

  static let session = FuzzTarget(
    name: "acp-session",
    seeds: [
      Array((start + messages).joined(separator: "\n").utf8),
      Array((start + messages.reversed()).joined(separator: "\n").utf8),
    ],
    heavy: [
      requests(3000) {
        #"{"jsonrpc":"2.0","id":\#($0 + 100),"method":"terminal/wait_for_exit","params":{"terminalId":"1"}}"#
      },
      requests(3000) { #"{"jsonrpc":"2.0","id":\#($0 + 100),"method":"terminal/create","params":{"command":"x"}}"# },
      requests(3000) { #"{"jsonrpc":"2.0","id":\#($0 + 100),"method":"fs/read_text_file","params":{"path":"x"}}"# },
      requests(300) {
        #"{"jsonrpc":"2.0","id":\#($0 + 100),"method":"session/request_permission","params":{"toolCall":{"toolCallId":"\#($0)"},\#(options)}}"#
      },
      requests(3000) {
        update(#""sessionUpdate":"tool_call","toolCallId":"\#($0)","kind":"execute","rawInput":{"command":"c\#($0)"}"#)
      },
      Array(
        (start + [String(repeating: #"{"jsonrpc":"2.0","id":1,"params":["#, count: 20_000)]).joined(separator: "\n")
          .utf8),
      Array(
        (start + [
          update(
            #""sessionUpdate":"agent_message_chunk","content":{"type":"text","text":"\#(String(repeating: "e\u{301}", count: 150_000))"}"#
          )
        ]).joined(separator: "\n").utf8),
    ], words: words, longest: 6000, cases: 150,
    make: { random in
      let said = random.chance(0.9) ? start : []
      return Array((said + (0..<random.below(12)).map { _ in random.one(of: messages) }).joined(separator: "\n").utf8)
    }
  ) { bytes in
    var random = SplitMix(of: bytes)
    var session = ACPSession()
    try session.act()
    for line in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
      try session.take(.stdout, Array(line))
      switch random.below(16) {
      case 0 where random.chance(0.3): _ = session.conversation.cancel()
      case 1: try? session.conversation.message("more")  // it says why not
      case 2 where random.chance(0.2): session.timeOut()
      case 3, 4: try session.answer(random.chance(0.5) ? "Yes" : "reject_once")
      case 5, 6, 7: session.serve()
      default: break
      }
      try session.act()
    }
    // Another orchestrator reads it again, and says nothing that has been said.
    if !session.hasTimedOut, !session.repeatsIds {
      var again = ACPSession(said: session.said)
      try again.act()
      for (kind, payload) in session.records { try again.take(kind, payload) }
      try hold(again.told.isEmpty, "after a restart it says again \(again.told)")
    }
    try session.end()
  }

  // MARK: What is told, as a log

  private struct Reading {
    var records: [InputRecord] = []
    /// What the agent gets.
    var text: [UInt8] = []
    var isOpen = true
    var isDamaged = false
    /// Where the whole records end.
    var end = 0
  }

  /// As the format is described, byte by byte.
  private static func read(_ bytes: [UInt8]) -> Reading {
    var reading = Reading()
    while true {
      let rest = bytes[reading.end...]
      guard let newline = rest.prefix(InputRecord.longestHead).firstIndex(of: 0x0A) else {
        reading.isDamaged = rest.count >= InputRecord.longestHead
        break
      }
      let words = rest[..<newline].split(separator: 0x20, maxSplits: 3, omittingEmptySubsequences: false).map {
        String(decoding: $0, as: UTF8.self)
      }
      guard words.count == 4, words[0].utf8.count == 1, let kind = words[0].utf8.first.flatMap(InputRecord.Kind.init),
        let length = Int(words[2]), length >= 0, length <= Bounds.inputLine
      else {
        reading.isDamaged = true
        break
      }
      let end = newline + 1 + length
      guard end < bytes.count else { break }
      guard bytes[end] == 0x0A else {
        reading.isDamaged = true
        break
      }
      let payload = bytes[(newline + 1)..<end]
      reading.records.append(InputRecord(kind: kind, tag: words[3], note: kind == .note ? Array(payload) : []))
      if kind == .end { reading.isOpen = false }
      if reading.isOpen, kind != .note { reading.text += payload + [0x0A] }
      reading.end = end + 1
    }
    if reading.isDamaged { reading.isOpen = false }
    return reading
  }

  private static func log(_ random: inout SplitMix) -> [UInt8] {
    var bytes: [UInt8] = []
    for number in 0..<random.below(7) {
      let kind = random.one(of: [InputRecord.Kind.line, .line, .line, .answer, .note] + (number > 3 ? [.end] : []))
      let payload = kind == .end ? [] : Array(random.one(of: messages).utf8)
      bytes +=
        "\(String(decoding: [kind.rawValue], as: UTF8.self)) 1790000000000 \(payload.count) request:\(number)\n".utf8
      bytes += payload + [0x0A]
    }
    return bytes
  }

  static let inputLog = FuzzTarget(
    name: "input-log",
    seeds: [1, 2, 3].map { seed in
      var random = SplitMix(UInt64(seed) * 77)
      return log(&random)
    },
    words: [
      "i 1 5 tag\n", "a 1 0 \n\n", "n 1 3 message\nabc\n", "x 1 0 end\n\n", "i 1 -1 t\n", "i 1 9223372036854775807 t\n",
      " 99999999 ", "\n", "i 1 2 t\nabX",
    ], longest: 4096, cases: 400, make: { random in log(&random) }
  ) { bytes in
    let path = "/tmp/flightdeck-fuzz-input-\(getpid())-\(SplitMix(of: bytes).peek)"
    defer { unlink(path) }
    func put(_ bytes: [UInt8]) throws {
      guard CaseFolder.write(bytes, to: path) else { throw Broken("no file \(path)") }
    }
    try put(bytes)
    let wanted = read(bytes)
    let (text, isOpen) = try handOn(path)
    try hold(text == wanted.text, "the agent is told \(text.shown), not \(wanted.text.shown)")
    try hold(isOpen == wanted.isOpen, "its input is \(isOpen ? "open" : "closed")")
    try hold(CaseFolder.read(path) == bytes, "the supervisor changes the log")
    guard let records = try open(path) else { return try hold(wanted.isDamaged, "it finds damage where there is none") }
    try hold(!wanted.isDamaged && records == wanted.records, "it reads \(records), not \(wanted.records)")
    try hold(CaseFolder.read(path) == Array(bytes.prefix(wanted.end)), "half a record stays, or a whole one goes")
    // What is said next is the next record; cut anywhere, those before the cut are known.
    do {
      let log = try InputLog(path: path)
      try log.append(.line, tag: "next one", Array("{}".utf8))
    }
    let next = InputRecord(kind: .line, tag: "next_one")
    try hold(try open(path) == records + [next], "what is appended is not read")
    var random = SplitMix(of: bytes)
    let whole = Array(bytes.prefix(wanted.end))
    let cut = Array(whole.prefix(random.below(whole.count + 1)))
    try put(cut)
    try hold(try open(path) == read(cut).records, "cut at \(cut.count) it reads other records")
  }

  /// As the orchestrator does; nil for one that is damaged.
  private static func open(_ path: String) throws -> [InputRecord]? {
    do { return try InputLog(path: path).records } catch {
      try hold(error.detail.contains("damaged at byte"), "it says \(error.detail)")
      return nil
    }
  }

  /// As the supervisor does; what the agent gets, and whether more may come.
  private static func handOn(_ path: String) throws -> (text: [UInt8], isOpen: Bool) {
    var ends: [CInt] = [-1, -1]
    guard pipe(&ends) == 0 else { throw Broken("no pipe") }
    // A program that is started meanwhile would hold it open.
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    for end in ends { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
    let log = Glibc.open(path, O_RDONLY | O_CLOEXEC)
    defer {
      close(ends[0])
      close(log)
    }
    var feed = InputFeed(log: log, pipe: ends[1])
    var buffer = [UInt8](repeating: 0, count: 4096)
    var text: [UInt8] = []
    for _ in 0..<100 {
      feed.hand(by: &buffer) { _ in }
      let count = Glibc.read(ends[0], &buffer, buffer.count)
      if count == 0 { return (text, false) }
      if count < 0, !feed.isBlocked {
        close(ends[1])
        return (text, true)
      }
      if count > 0 { text += buffer[..<count] }
    }
    throw Broken("the feed goes on for ever")
  }
}

/// One side of a session, in the place of the run that has it.
private struct ACPSession {
  var stream: AgentStream
  private(set) var records: [(LogRecord.Kind, [UInt8])] = []
  private(set) var said: [InputRecord] = []
  private(set) var hasTimedOut = false
  private(set) var repeatsIds = false
  private var requests: [Int] = []
  private var ids: Set<String> = []
  private var isEnded = false
  var told: [String] { said.filter { $0.kind == .line || $0.kind == .answer }.map(\.tag) }

  var conversation: ACPConversation {
    get { stream.language as? ACPConversation ?? ACPConversation(Self.settings) }
    set { stream.language = newValue }
  }

  private static let settings = ACPConversation.Settings(worktree: "/w", prompt: { () throws(Problem) in "go" })

  init(said: [InputRecord] = []) {
    stream = AgentStream(ACPConversation(Self.settings))
    conversation.begin(said: said)
  }

  mutating func take(_ kind: LogRecord.Kind, _ payload: [UInt8]) throws {
    records.append((kind, payload))
    if case .request(let id, _, _)? = ACPMessage(payload), !ids.insert(ACPMessage.replyTag(id)).inserted {
      repeatsIds = true
    }
    for event in stream.take(LogRecord(kind: kind, time: 0, payload: payload)) { try check(event) }
    try act()
  }

  /// Does what is asked for, as a run does; nothing is served before `serve`.
  mutating func act() throws {
    var answers: [[UInt8]] = []
    for action in conversation.takeActions() {
      switch action {
      case .tell(let line):
        try hold(!line.bytes.contains(0x0A), "it tells more than a line: \(line.bytes.shown)")
        try hold(InputLog.clean(line.tag) == line.tag, "\(line.tag) is no tag")
        try hold((try? JSONValue(parsing: line.bytes))?.object != nil, "it tells no message: \(line.bytes.shown)")
        said.append(InputRecord(kind: line.isAnswer ? .answer : .line, tag: line.tag))
        if line.isAnswer { answers.append(line.bytes) }
      case .note(let tag, let bytes): said.append(InputRecord(kind: .note, tag: tag, note: bytes))
      case .report(let event): try check(event)
      case .serve(let number, _): requests.append(number)
      case .keepSession(let id): try hold((1...1024).contains(id.utf8.count), "a session's id is too long")
      case .endInput, .finish, .stop: isEnded = true
      }
    }
    let state = conversation
    try hold(state.tools.count <= 100 && state.toolOrder.count <= 100, "\(state.tools.count) tool calls are known")
    try hold(state.commands.count <= 1000 && state.permissions.count <= 100, "commands or permissions pile up")
    try hold(state.serving.count <= ACPConversation.mostServing, "\(state.serving.count) requests are under way")
    try hold(state.terminals <= 1000 && state.released.count <= state.terminals, "\(state.terminals) terminals")
    try hold((state.handoff?.utf8.count ?? 0) <= 1 << 20, "the note grows")
    for answer in answers { try take(.answered, answer) }
  }

  private func check(_ event: RuntimeEvent.Kind) throws {
    switch event {
    case .output(_, let text, _): try hold(text.utf8.count <= 2 * Bounds.line, "a line of \(text.utf8.count) bytes")
    case .progress(let part, _): try hold((0...1).contains(part), "progress is \(part)")
    case .usage(let usage):
      try hold((usage.costUSD ?? 0).isFinite && (usage.inputTokens ?? 0) >= 0, "usage is \(usage)")
    case .custom(let type, let data):
      try hold(!type.isEmpty && type.utf8.count <= 64 && data.weight <= 40_000, "\(type) weighs \(data.weight)")
    case .attention(_, let text, let options, _, _):
      try hold(!text.isEmpty && !options.isEmpty && Set(options).count == options.count, "it asks \(text) \(options)")
    default: break
    }
  }

  mutating func answer(_ text: String) throws {
    guard let question = stream.question else { return }
    let line: AgentLine
    // One that is answered already, or has other options.
    do { line = try stream.language.reply(to: question.id, text) } catch { return }
    said.append(InputRecord(kind: .answer, tag: line.tag))
    try take(.answered, line.bytes)
  }

  mutating func serve() {
    guard !requests.isEmpty else { return }
    conversation.served(requests.removeFirst(), .result([:]))
  }

  mutating func timeOut() {
    guard let wait = conversation.wait else { return }
    hasTimedOut = true
    conversation.timedOut(wait)
  }

  /// However it stands, a cancel and time end it, and it says why.
  mutating func end() throws {
    _ = conversation.cancel()
    for _ in 0..<10 where conversation.wait != nil { timeOut() }
    try act()
    try hold(conversation.phase == .over && isEnded, "it does not end: it is \(conversation.phase)")
    switch conversation.verdict {
    case .failed(let reason), .unfinished(let reason):
      try hold(!reason.isEmpty && reason.utf8.count <= 8192, "it ends with \(reason.utf8.count) bytes of reason")
    case .succeeded: break
    case nil: throw Broken("it ends without a word")
    }
  }
}
