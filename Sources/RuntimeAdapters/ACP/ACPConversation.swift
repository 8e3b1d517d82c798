import Orchestration
import RunModel

/// The Agent Client Protocol 1 from the client's side, for one run: one session, a prompt, and those that people add.
///
/// A value without I/O: lines come in, events and actions go out. The same lines make the same of it, so that after a restart
/// the logs bring it back to where it was; what it has said by then is not said again.
struct ACPConversation: AgentConversation {
  struct Settings: Sendable {
    var worktree: String
    /// Read when they are needed, so that a restarted orchestrator that needs them no more need not have them.
    var prompt: @Sendable () throws(Problem) -> String
    var servers: @Sendable () throws(Problem) -> [JSONValue] = { () throws(Problem) in [] }
    var mode: String?
    var earlierSession: String?
    /// For each answer until the prompt is sent.
    var startLimit = Duration.seconds(60)
    /// For the end of a turn that was canceled.
    var cancelLimit = Duration.milliseconds(2500)
    /// For the agent's end once its input has ended.
    var closeLimit = Duration.seconds(5)
    /// Ours, as the agent is told it.
    var version = "0"
  }

  enum Phase: Equatable { case new, initializing, loading, opening, choosingMode, prompting, closing, over }

  static let protocolVersion: Int64 = 1

  let settings: Settings
  var phase = Phase.new
  var actions: [AgentAction] = []
  private var said: [String: Int] = [:]
  private var lastRequest = 0
  private var sent: [Int: String] = [:]
  private(set) var agent = ACPAgent()
  var session: String?
  /// People's messages that wait for the end of the turn.
  private var queue: [String] = []
  private(set) var isCanceled = false
  /// The request after which an earlier orchestrator has told the session to cancel.
  private var canceledRequest: Int?
  private var cancelIsTold = false
  private var decided: AgentVerdict?
  // What the session is told by its updates.
  var message = ACPLines()
  var thought = ACPLines()
  var tools: [String: ACPToolCall] = [:]
  var toolOrder: [String] = []
  var commands: [String] = []
  var usage = RuntimeEvent.Usage()
  var context: Int64?
  var history = 0
  // What the agent has asked for.
  var permissions: [ACPPermission] = []
  var permissionCount = 0
  var serving: [Int: JSONValue] = [:]
  var serviceCount = 0
  var terminals = 0
  var released = Set<Int>()

  init(_ settings: Settings) { self.settings = settings }

  var handoff: String? { message.text.isEmpty ? nil : message.text }

  var verdict: AgentVerdict? {
    if let decided { return decided }
    switch phase {
    case .new, .initializing: return .unfinished("before it had answered initialize")
    case .loading, .opening, .choosingMode: return .unfinished("before its session was open")
    case .prompting, .closing, .over: return .unfinished("in the middle of its turn")
    }
  }

  // MARK: AgentConversation

  mutating func begin(said records: [InputRecord]) {
    for record in records {
      if record.kind == .note {
        if record.tag == "message" { queue.append(String(decoding: record.note, as: UTF8.self)) }
      } else {
        said[record.tag, default: 0] += 1
      }
    }
    if said["notify:session/cancel"] != nil { canceledRequest = records.count { $0.tag.hasPrefix("request:") } }
    phase = .initializing
    request(
      "initialize",
      [
        "protocolVersion": .int(Self.protocolVersion),
        "clientCapabilities": ["fs": ["readTextFile": true, "writeTextFile": true], "terminal": true],
        "clientInfo": ["name": "flightdeck", "title": "Flightdeck", "version": .string(settings.version)],
      ])
  }

  mutating func takeActions() -> [AgentAction] {
    defer { actions = [] }
    return actions
  }

  var wait: AgentWait? {
    switch phase {
    case .initializing: AgentWait(what: "initialize", limit: settings.startLimit)
    case .loading: AgentWait(what: "session/load", limit: settings.startLimit)
    case .opening: AgentWait(what: "session/new", limit: settings.startLimit)
    case .choosingMode: AgentWait(what: "session/set_mode", limit: settings.startLimit)
    case .prompting: isCanceled ? AgentWait(what: "the end of the canceled turn", limit: settings.cancelLimit) : nil
    case .closing: AgentWait(what: "its end", limit: settings.closeLimit)
    case .new, .over: nil
    }
  }

  mutating func timedOut(_ wait: AgentWait) {
    switch phase {
    case .initializing, .loading, .opening, .choosingMode:
      decided = .failed("did not answer \(wait.what) within \(RunLimits.words(wait.limit))")
      phase = .over
      actions.append(.finish)
    case .prompting where isCanceled:
      report("cancel_unanswered", "It did not end its turn within \(RunLimits.words(wait.limit)), so it is stopped")
      phase = .over
      actions.append(.stop)
    case .closing:
      phase = .over
      actions.append(.finish)
    case .new, .prompting, .over: break
    }
  }

  mutating func message(_ text: String) throws(Problem) {
    guard phase == .prompting, !isCanceled else {
      throw Problem(.conflict, "The agent's session takes no message now: it is being opened, or its turn is over.")
    }
    guard queue.count < 100 else { throw Problem(.conflict, "100 messages wait for the agent already.") }
    guard text.utf8.count <= Bounds.line else {
      throw Problem(.tooLarge, "A message may have \(Bounds.line >> 20) MiB at most.")
    }
    queue.append(text)
    actions.append(.note(tag: "message", Array(text.utf8)))
  }

  mutating func cancel() -> Bool {
    guard phase == .prompting, let session else { return false }
    if cancelIsTold { return true }
    cancelIsTold = true
    isCanceled = true
    let wasTold = hasSaid("notify:session/cancel")
    for place in permissions.indices where !permissions[place].isAnswered {
      permissions[place].isAnswered = true
      tell(ACPMessage.reply(permissions[place].id, .result(ACPPermission.cancelled), isAnswer: true))
    }
    tell(ACPMessage.notification("session/cancel", ["sessionId": .string(session)]))
    for number in 1...max(1, terminals) where number <= terminals && !released.contains(number) {
      serviceCount += 1
      actions.append(.serve(serviceCount, .kill(terminal: number)))
    }
    if !wasTold { report("session_canceled", "The session was told to cancel its turn") }
    for id in toolOrder {
      guard var tool = tools[id], tool.isOpen else { continue }
      tool.status = "cancelled"
      if let event = tool.report() { actions.append(.report(event)) }
      tools[id] = tool
    }
    return true
  }

  // MARK: Lines

  mutating func take(_ line: [UInt8]) -> [RuntimeEvent.Kind]? {
    guard let message = ACPMessage(line) else { return noise(line) }
    switch message {
    case .request(let id, let method, let params): return take(request: method, id, params)
    case .notification("session/update", let params): return take(update: params)
    case .notification(let method, let params): return flush() + [Self.custom(method, params)]
    case .result(let id, let result):
      guard let method = answered(id) else { return [unknownReply(id)] }
      return take(result, to: method)
    case .error(let id, let code, let text):
      guard let method = answered(id) else { return [unknownReply(id)] }
      return refused(method, code, text.bounded(Bounds.activity))
    }
  }

  private mutating func answered(_ id: JSONValue) -> String? {
    id.int.flatMap { Int(exactly: $0) }.flatMap { sent.removeValue(forKey: $0) }
  }

  private func unknownReply(_ id: JSONValue) -> RuntimeEvent.Kind {
    .custom(
      type: "unknown_reply",
      data: ["message": .string("It answered a request that it was not sent: \(id.jsonText.bounded(128))")])
  }

  private mutating func noise(_ line: [UInt8]) -> [RuntimeEvent.Kind]? {
    guard line.first == UInt8(ascii: "{"), line.count > LineCutter.longest,
      line.suffix(LineCutter.mark.count) == LineCutter.mark[...]
    else { return nil }
    // Whoever waits for an answer to that gets one.
    if let id = ACPMessage.requestID(ofCut: line) {
      tell(ACPMessage.reply(id, .refused(code: -32600, "A message may have \(Bounds.line >> 20) MiB at most.")))
    }
    return [
      .custom(
        type: "message_too_long",
        data: ["message": .string("A message of more than \(Bounds.line >> 20) MiB was left out")])
    ]
  }

  private mutating func take(_ result: JSONValue, to method: String) -> [RuntimeEvent.Kind] {
    switch (method, phase) {
    case ("initialize", .initializing): return initialized(result)
    case ("session/load", .loading):
      session = settings.earlierSession
      return [
        .custom(
          type: "session_loaded",
          data: [
            "updates": .int(Int64(history)), "message": "The session of the earlier run is gone on with",
          ])
      ] + opened(result)
    case ("session/new", .opening):
      guard let id = result["sessionId"]?.string, !id.isEmpty, id.utf8.count <= 1024 else {
        return fail("opened a session without an id")
      }
      session = id
      return opened(result)
    case ("session/set_mode", .choosingMode):
      prompt()
      return []
    case ("session/prompt", .prompting): return turnEnded(result)
    default: return []
    }
  }

  private mutating func refused(_ method: String, _ code: Int64, _ text: String) -> [RuntimeEvent.Kind] {
    switch (method, phase) {
    case ("session/load", .loading):
      open(anew: true)
      return [
        .custom(
          type: "session_not_loaded",
          data: ["message": .string("The earlier run's session could not be loaded, so a new one begins: \(text)")])
      ]
    case ("session/prompt", .prompting) where isCanceled:
      phase = .over
      actions.append(.stop)
      return closeTurn()
    case (_, .closing), (_, .over): return []
    default:
      if code == -32000 || (method != "session/prompt" && text.lowercased().contains("auth")) {
        return fail("asks for authentication (\(text)). \(agent.logInHint)")
      }
      return closeTurn() + fail("answered \(method) with an error: \(text) (\(code))")
    }
  }

  // MARK: From the start to the prompt

  private mutating func initialized(_ result: JSONValue) -> [RuntimeEvent.Kind] {
    agent = ACPAgent(result)
    guard agent.version == Self.protocolVersion else {
      let theirs = agent.version.map { "version \($0)" } ?? "no version that it names"
      return fail("speaks \(theirs) of the Agent Client Protocol, and Flightdeck version \(Self.protocolVersion)")
    }
    open(anew: false)
    return [.custom(type: "agent", data: agent.data)]
  }

  private mutating func open(anew: Bool) {
    let (usable, others): ([JSONValue], [String])
    do throws(Problem) { (usable, others) = agent.usable(try settings.servers()) } catch {
      _ = fail("could not be given its MCP servers: \(error.detail)")
      return
    }
    for name in others {
      report(
        "mcp_server_left_out",
        "The MCP server \(name) was left out: \(agent.title) does not take servers of its kind")
    }
    var params: JSONObject = ["cwd": .string(settings.worktree), "mcpServers": .array(usable)]
    if !anew, agent.loadsSessions, let earlier = settings.earlierSession {
      phase = .loading
      params.append("sessionId", .string(earlier))
      request("session/load", params)
    } else {
      phase = .opening
      request("session/new", params)
    }
  }

  private mutating func opened(_ result: JSONValue) -> [RuntimeEvent.Kind] {
    if let session { actions.append(.keepSession(session)) }
    let modes = result["modes"]
    guard let mode = settings.mode, mode != modes?["currentModeId"]?.string, let session else {
      prompt()
      return []
    }
    let known = modes?["availableModes"]?.array?.compactMap { $0["id"]?.string } ?? []
    guard known.contains(mode) else {
      let list = known.isEmpty ? "it has none" : "it has \(known.prefix(20).joined(separator: ", ").bounded(512))"
      return fail("has no mode \"\(mode)\": \(list). Correct \"mode\" of its runtime")
    }
    phase = .choosingMode
    request("session/set_mode", ["sessionId": .string(session), "modeId": .string(mode)])
    return []
  }

  private mutating func prompt() {
    do throws(Problem) { prompt(try settings.prompt()) } catch {
      _ = fail("could not be given its prompt: \(error.detail)")
    }
  }

  private mutating func prompt(_ text: String) {
    guard let session else { return }
    phase = .prompting
    request(
      "session/prompt",
      ["sessionId": .string(session), "prompt": [["type": "text", "text": .string(text)]]])
  }

  // MARK: The end of a turn

  private mutating func turnEnded(_ result: JSONValue) -> [RuntimeEvent.Kind] {
    var events = closeTurn() + takeUsage(result["usage"])
    let reason = result["stopReason"]?.string ?? ""
    if isCanceled {
      phase = .over
      actions.append(.stop)
      return events
    }
    switch reason {
    case "end_turn":
      guard queue.isEmpty else {
        prompt(queue.removeFirst())
        return events
      }
      decided = .succeeded
    case "max_tokens": decided = .failed("stopped at its limit of tokens (max_tokens)")
    case "max_turn_requests": decided = .failed("stopped at its limit of requests in one turn (max_turn_requests)")
    case "refusal": decided = .failed("refused to go on (refusal)")
    case "cancelled": decided = .failed("says that its turn was cancelled, and nobody here did that")
    default: decided = .failed("ended its turn for a reason that is none: \"\(reason.bounded(64))\"")
    }
    if !queue.isEmpty {
      let count = queue.count == 1 ? "1 message was" : "\(queue.count) messages were"
      events.append(.custom(type: "messages_unsent", data: ["message": .string("\(count) not sent: the turn failed")]))
    }
    close()
    return events
  }

  /// What is still open when a turn ends.
  private mutating func closeTurn() -> [RuntimeEvent.Kind] {
    var events = flush()
    if let first = permissions.first {
      events.append(.resolved(id: first.attention, answer: "", by: "agent"))
      permissions = []
    }
    return events
  }

  mutating func fail(_ reason: String) -> [RuntimeEvent.Kind] {
    decided = decided ?? .failed(reason)
    close()
    return flush()
  }

  private mutating func close() {
    guard phase != .closing, phase != .over else { return }
    phase = .closing
    if take("end") { return }
    actions.append(.endInput)
  }

  // MARK: What is said

  private mutating func request(_ method: String, _ params: JSONObject) {
    lastRequest += 1
    if lastRequest == canceledRequest { isCanceled = true }
    sent[lastRequest] = method
    tell(ACPMessage.request(lastRequest, method, params))
  }

  /// Says it, unless the input log has it already.
  mutating func tell(_ line: AgentLine) {
    if !take(line.tag) { actions.append(.tell(line)) }
  }

  mutating func take(_ tag: String) -> Bool {
    guard let count = said[tag], count > 0 else { return false }
    said[tag] = count - 1
    return true
  }

  func hasSaid(_ tag: String) -> Bool { said[tag] ?? 0 > 0 }

  private mutating func report(_ type: String, _ message: String) {
    actions.append(.report(.custom(type: type, data: ["message": .string(message)])))
  }
}
