import Orchestration
import RunModel

@testable import RunClient
@testable import RuntimeAdapters

/// What agents and adapters that nobody here wrote send over a wire.
enum WireTargets {
  static let all = [bridge, a2a]

  // MARK: An adapter's lines

  private static let bridgeWords = [
    #"{"jsonrpc":"2.0","id":3,"result":{"status":"running","progress":0.5}}"#,
    #"{"jsonrpc":"2.0","id":"4","error":{"code":-32001,"message":"unknown run"}}"#,
    #"{"jsonrpc":"2.0","id":5,"method":"ask","params":{}}"#,
    #"{"jsonrpc":"2.0","id":6,"result":{"files_changed":["a"],"tests_run":[{"name":"t","passed":true}],"pr_url":"https://x"}}"#,
    #"{"jsonrpc":"2.0","method":"event","params":{"runId":"r","type":"task.output","text":"a\nb\r\n"}}"#,
    #"{"jsonrpc":"2.0","method":"event","params":{"runId":"r","type":"progress","data":{"percent":250}}}"#,
    #"{"jsonrpc":"2.0","method":"event","params":{"runId":"r","type":"tool","name":"edit","path":"a","diff":"+1"}}"#,
    #"{"jsonrpc":"2.0","method":"event","params":{"runId":"r","type":"attention","attentionId":"q","question":"?","options":["y"]}}"#,
    #"{"jsonrpc":"2.0","method":"event","params":{"runId":"r","type":"resolved","attentionId":"q","answer":"y"}}"#,
    #"{"jsonrpc":"2.0","method":"event","params":{"runId":"r","type":"plan","entries":[{"text":"a","status":"completed"}]}}"#,
    #"{"jsonrpc":"2.0","method":"event","params":{"runId":"r","type":"usage","inputTokens":9223372036854775807,"costUSD":1e308}}"#,
    #"{"jsonrpc":"2.0","method":"event","params":{"runId":"r","type":"run.task.failed","error":{"message":"x"}}}"#,
    #"{"jsonrpc":"2.0","method":"log","params":{"level":"error","message":"m"}}"#, "npm warn", "{", "  \t", "\r",
  ]

  /// The framing told plainly.
  private static func plainLines(_ bytes: [UInt8], limit: Int) -> [LineFramer.Line] {
    bytes.split(separator: 0x0A, omittingEmptySubsequences: false).compactMap { raw in
      if raw.count > limit { return .tooLong(beginning: Array(raw.prefix(200)), length: raw.count) }
      var line = Array(raw)
      if line.last == 0x0D { line.removeLast() }
      return line.allSatisfy { $0 == 0x20 || $0 == 0x09 } ? nil : .whole(line)
    }
  }

  static let bridge = FuzzTarget(
    name: "bridge-lines", seeds: [Array(bridgeWords.joined(separator: "\n"))] + bridgeWords.map { Array($0.utf8) },
    words: bridgeWords + [
      "\n", "\r\n", #""runId":"r","#, #""type":"#, #""params":"#, #""data":{"#, "1e999", "-0.0", #"\ud800"#, "[[[[[[",
    ], cases: 400,
    make: { random in (0..<(1 + random.below(5))).flatMap { _ in Array(random.one(of: bridgeWords).utf8) + [0x0A] } }
  ) { bytes in
    let limit = 700
    func lines(_ portions: [ArraySlice<UInt8>]) -> [LineFramer.Line] {
      var framer = LineFramer(limit: limit)
      let cut = portions.flatMap { $0.withUnsafeBytes { framer.take($0) } }
      return cut + [framer.finish()].compactMap { $0 }
    }
    let plain = plainLines(bytes, limit: limit)
    let whole = lines([bytes[...]])
    try hold(whole == plain, "it cuts \(whole), not \(plain)")
    let pieces = lines(bytes.portions())
    try hold(pieces == plain, "in pieces it cuts \(pieces), not \(plain)")
    var run = BridgeRun(RunID(ULID(high: 1, low: 1)), name: "r", linesPerSecond: 50)
    run.started()
    for case .whole(let line) in whole { try take(BridgeMessage(line: line), &run) }
    let after = run.finish(TaskEnd(.failed), artifacts: nil, patch: [])
    try hold(after.last == .ended(TaskEnd(.failed)), "its end is not the last that is told")
  }

  private static func take(_ message: BridgeMessage, _ run: inout BridgeRun) throws {
    switch message {
    case .reply(_, .result(let json)):
      if case .known(let status) = BridgeStatus.read(json) {
        try hold(status.progress.map { (0...1).contains($0) } ?? true, "progress is \(status)")
      }
      try hold(Artifacts(bridged: json, canCreatePR: false)?.prURL == nil, "a pull request that cannot be")
    case .reply(_, .fault(let fault)):
      try hold(!fault.message.isEmpty && fault.message.utf8.count <= Bounds.activity + 3, "a fault says \(fault)")
    case .request(let id, let method):
      let answer = BridgeMessage.refusal(of: id, method)
      try hold(answer.firstIndex(of: 0x0A) == answer.count - 1, "a refusal is not one line")
      try hold(try JSONValue(parsing: answer)["id"] == id, "a refusal answers something else")
    case .notification("event", let params):
      guard let event = BridgeEvent(params) else { return }
      let reports = run.take(event, at: .seconds(1))
      try hold((0...1).contains(run.progress), "progress is \(run.progress)")
      try holdLines(event.reports)
      try hold(event.type.utf8.count <= BridgeBounds.typeLength + 3, "a type is \(event.type.utf8.count) bytes long")
      let asked = reports.compactMap { if case .attention(let id, _, _, _, _) = $0 { id } else { nil } }
      try hold(asked.allSatisfy { $0 == run.question }, "it asks \(asked) and waits for \(run.question ?? "nothing")")
    case .notification, .noise: break
    }
  }

  private static func holdLines(_ reports: [RuntimeEvent.Kind]) throws {
    for case .output(_, let text, _) in reports {
      try hold(!text.utf8.contains(0x0A) && text.utf8.count <= Bounds.line + 3, "a line is none: \(text.bounded(200))")
    }
  }

  // MARK: An agent's stream

  private static let a2aWords = [
    #"{"task":{"id":"t","contextId":"c","status":{"state":"TASK_STATE_SUBMITTED"},"history":[{"messageId":"m","role":"ROLE_USER","parts":[{"text":"go"}]}]}}"#,
    #"{"statusUpdate":{"taskId":"t","contextId":"c","status":{"state":"TASK_STATE_WORKING","timestamp":"1","message":{"messageId":"n","role":"ROLE_AGENT","parts":[{"text":"I\nbegin"}]}}}}"#,
    #"{"artifactUpdate":{"taskId":"t","artifact":{"artifactId":"a","name":"n","parts":[{"text":"one\ntw"}]},"append":true}}"#,
    #"{"artifactUpdate":{"taskId":"t","artifact":{"artifactId":"a","parts":[{"text":"o"},{"raw":"aGk=","filename":"../x.txt"},{"url":"http://x/"},{"data":{"k":1}}]},"append":true,"lastChunk":true}}"#,
    #"{"artifactUpdate":{"taskId":"t","artifact":{"artifactId":"p","parts":[{"text":"--- a\n+++ b\n@@ -1 +1 @@\n-x\n+y\n","mediaType":"text/x-patch"}]}}}"#,
    #"{"statusUpdate":{"taskId":"t","status":{"state":"TASK_STATE_INPUT_REQUIRED","message":{"messageId":"q","role":"ROLE_AGENT","parts":[{"text":"Which?"}]}}}}"#,
    #"{"statusUpdate":{"taskId":"t","status":{"state":"TASK_STATE_FAILED"}}}"#,
    #"{"kind":"task","id":"t","contextId":"c","status":{"state":"completed"},"artifacts":[{"artifactId":"a","parts":[{"kind":"text","text":"one\ntwo"}]}]}"#,
    #"{"kind":"status-update","taskId":"t","status":{"state":"auth-required"},"final":true}"#,
    #"{"kind":"artifact-update","taskId":"t","artifact":{"artifactId":"f","parts":[{"kind":"file","file":{"name":"/etc/passwd","bytes":"aGk"}}]}}"#,
    #"{"kind":"message","messageId":"b","role":"agent","parts":[{"kind":"text","text":"Paris"}]}"#,
    #"{"name":"A","capabilities":{"streaming":true},"supportedInterfaces":[{"url":"https://agent.example/rpc","protocolBinding":"JSONRPC","protocolVersion":"1.0"},{"url":"http://0.0.0.0:9/"}],"url":"http://127.0.0.1:9/","securitySchemes":{"b":{"type":"http"}},"security":[{"b":[]}]}"#,
  ]

  private static func event(_ result: String) -> [UInt8] {
    Array("data: {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\(result)}\r\n\r\n".utf8)
  }

  static let a2a = FuzzTarget(
    name: "a2a-stream", seeds: [a2aWords[..<7].flatMap(event), a2aWords[7...].flatMap(event)],
    words: a2aWords + [
      "data: ", "\n\n", "\r\n", ": ping\n\n", #""taskId":"t","#, #""append":true,"#, #""parts":[{"text":""}]"#,
      #""state":"TASK_STATE_COMPLETED""#, #""raw":"====""#, #""filename":"..\\..\\.ssh""#, #"\u202e"#, "\u{2028}",
      #"data: {"jsonrpc":"2.0","id":1,"error":{"code":-32001,"message":"no"}}"#,
    ], cases: 300,
    make: { random in (0..<(1 + random.below(6))).flatMap { _ in event(random.one(of: a2aWords)) } }
  ) { bytes in
    let whole = try updates([bytes[...]])
    let pieces = try updates(bytes.portions())
    try hold(whole == pieces, "in pieces it says \(pieces), not \(whole)")
    var (task, again) = (A2ATask(), A2ATask())
    for update in whole {
      let before = task.outcome
      let taken = task.take(try putAway(update))
      try hold(before == nil || before == task.outcome, "after \(before as Any) it came out as \(task.outcome as Any)")
      try holdLines(taken.reports)
      guard let news = taken.news else {
        try hold(taken.reports.isEmpty, "it tells \(taken.reports) of what is no news")
        continue
      }
      let read = A2AUpdate(json: try JSONValue(parsing: news.jsonBytes))
      try hold(read == news, "on record \(news) is \(read as Any)")
      let told = again.take(news).reports
      try hold(told == taken.reports, "from the record it tells \(told), not \(taken.reports)")
    }
    try hold(task.flush() == again.flush(), "from the record other lines are left open")
    let same = task.outcome == again.outcome && task.question == again.question && task.id == again.id
    try hold(same && task.artifacts.map(\.text) == again.artifacts.map(\.text), "from the record it is another task")
    try hold(Set(task.artifacts.map(\.id)).count == task.artifacts.count, "an artifact is there twice")
  }

  private static func updates(_ portions: [ArraySlice<UInt8>]) throws -> [A2AUpdate] {
    var framer = SSEFramer()
    var events: [[UInt8]] = []
    for portion in portions {
      try portion.withUnsafeBytes { portion in try framer.feed(portion) { _, data in events.append(Array(data)) } }
    }
    var updates: [A2AUpdate] = []
    for event in events {
      switch A2AReader.reply(event) {
      case .result(let result)?:
        updates += A2AReader.updates(result)
        if let card = AgentCard(json: result) { try holdHome(card) }
      case .error(_, let message)?: try hold(message.utf8.count <= 2003, "an error is \(message.utf8.count) bytes long")
      case nil: break
      }
    }
    return updates
  }

  /// A card leads to no other machine, and from TLS never out of it.
  private static func holdHome(_ card: AgentCard) throws {
    guard let far = A2AAddress("https://agent.example/"), let near = A2AAddress("http://127.0.0.1:9/") else {
      throw Broken("an address is none")
    }
    for interface in card.interfaces {
      if let there = far.interface(interface.url) {
        try hold(there.isSecure && there.host == far.host, "\(interface.url) leads to \(there)")
      }
      if let there = near.interface(interface.url) { try hold(there.isLoopback, "\(interface.url) leads to \(there)") }
    }
  }

  /// As a run puts an artifact's files away before it is taken.
  private static func putAway(_ update: A2AUpdate) throws -> A2AUpdate {
    guard case .artifact(var artifact, let appends, let isLast) = update else { return update }
    for place in artifact.parts.indices {
      guard case .bytes(let content) = artifact.parts[place].content else { continue }
      let name = FileName.confined(artifact.parts[place].name ?? artifact.name ?? artifact.id)
      let isPlain =
        name.utf8.count <= 130 && ![nil, UInt8(ascii: "."), UInt8(ascii: "-")].contains(name.utf8.first)
        && name.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "/") }
      try hold(isPlain, "a file would be called \(name)")
      artifact.parts[place].content = .kept(name: name, size: content.count, digest: "")
    }
    return .artifact(artifact, appends: appends, isLast: isLast)
  }
}
