import Orchestration
import RunModel

/// A permission that the agent waits for.
struct ACPPermission {
  struct Option: Equatable {
    var id: String
    var text: String
    var choice: AttentionDetail.Choice
  }

  /// As the agent gave it.
  var id: JSONValue
  var attention: String
  var question: String
  var options: [Option]
  var detail: AttentionDetail
  /// An answer is on its way.
  var isAnswered = false

  var report: RuntimeEvent.Kind {
    .attention(
      id: attention, question: question, options: options.map(\.text), kind: "permission", detail: detail)
  }

  static let cancelled: JSONValue = ["outcome": ["outcome": "cancelled"]]

  func selected(_ option: Option) -> JSONValue {
    ["outcome": ["outcome": "selected", "optionId": .string(option.id)]]
  }
}

/// What the agent asks of us.
extension ACPConversation {
  private static let mostPermissions = 100
  /// Requests for files and terminals that may be under way at once.
  static let mostServing = 1000

  mutating func take(request method: String, _ id: JSONValue, _ params: JSONValue) -> [RuntimeEvent.Kind] {
    guard phase != .closing, phase != .over else {
      tell(
        ACPMessage.reply(
          id,
          method == "session/request_permission"
            ? .result(ACPPermission.cancelled) : .refused(code: -32600, "The turn is over.")))
      return []
    }
    switch method {
    case "session/request_permission": return permission(id, params)
    case "fs/read_text_file":
      guard let path = params["path"]?.string else { return malformed(id, "path") }
      serve(
        id,
        .read(
          path: path, line: params["line"]?.int.flatMap { Int(exactly: $0) },
          limit: params["limit"]?.int.flatMap { Int(exactly: $0) }))
    case "fs/write_text_file":
      guard let path = params["path"]?.string else { return malformed(id, "path") }
      guard let text = params["content"]?.string else { return malformed(id, "content") }
      serve(id, .write(path: path, text: text))
    case "terminal/create":
      guard let command = params["command"]?.string, !command.isEmpty, !command.utf8.contains(0) else {
        return malformed(id, "command")
      }
      guard terminals < AgentTerminals.most else {
        tell(ACPMessage.reply(id, .refused(code: -32603, "No terminal can be opened any more.")))
        return []
      }
      terminals += 1
      serve(id, .create(terminal: terminals, Self.terminal(command, params)))
    case "terminal/output": terminal(id, params) { .output(terminal: $0) }
    case "terminal/wait_for_exit": terminal(id, params) { .waitForExit(terminal: $0) }
    case "terminal/kill": terminal(id, params) { .kill(terminal: $0) }
    case "terminal/release":
      terminal(id, params) { .kill(terminal: $0) }
      if let number = number(params) { released.insert(number) }
    default:
      tell(ACPMessage.reply(id, .refused(code: -32601, "Method not found: \(method.bounded(128))")))
      return [Self.custom(method, params)]
    }
    return []
  }

  private mutating func malformed(_ id: JSONValue, _ name: String) -> [RuntimeEvent.Kind] {
    tell(ACPMessage.reply(id, .refused(code: -32602, "\"\(name)\" is missing.")))
    return []
  }

  private static func terminal(_ command: String, _ params: JSONValue) -> TerminalCommand {
    var wanted = TerminalCommand(command: command)
    wanted.arguments = (params["args"]?.array ?? []).compactMap(\.string).filter { !$0.utf8.contains(0) }
    for variable in params["env"]?.array ?? [] {
      guard let name = variable["name"]?.string, let value = variable["value"]?.string, !name.isEmpty,
        !name.contains("="), !name.utf8.contains(0), !value.utf8.contains(0)
      else { continue }
      wanted.environment[name] = value
    }
    wanted.directory = params["cwd"]?.string
    wanted.outputLimit = params["outputByteLimit"]?.int.flatMap { Int(exactly: $0) }
    return wanted
  }

  private func number(_ params: JSONValue) -> Int? {
    guard let number = params["terminalId"]?.string.flatMap({ Int($0) }), (1...max(1, terminals)).contains(number),
      number <= terminals, !released.contains(number)
    else { return nil }
    return number
  }

  private mutating func terminal(_ id: JSONValue, _ params: JSONValue, _ request: (Int) -> ServiceRequest) {
    guard let number = number(params) else {
      tell(ACPMessage.reply(id, .refused(code: -32602, "There is no such terminal.")))
      return
    }
    serve(id, request(number))
  }

  /// Has it done, unless that was done and answered before a restart.
  private mutating func serve(_ id: JSONValue, _ request: ServiceRequest) {
    if take(ACPMessage.replyTag(id)) { return }
    guard serving.count < Self.mostServing else {
      tell(ACPMessage.reply(id, .refused(code: -32603, "Too much is asked for at once.")))
      return
    }
    serviceCount += 1
    serving[serviceCount] = id
    actions.append(.serve(serviceCount, request))
  }

  mutating func served(_ number: Int, _ reply: ServiceReply) {
    guard let id = serving.removeValue(forKey: number) else { return }
    actions.append(.tell(ACPMessage.reply(id, reply)))
  }

  // MARK: Permissions

  private mutating func permission(_ id: JSONValue, _ params: JSONValue) -> [RuntimeEvent.Kind] {
    let call = params["toolCall"] ?? .object([:])
    permissionCount += 1
    let event = merge(tool: call["toolCallId"]?.string?.bounded(256) ?? "permission-\(permissionCount)", call)
    var events = flush() + [event].compactMap { $0 }
    let tool = tools[call["toolCallId"]?.string?.bounded(256) ?? "permission-\(permissionCount)"] ?? ACPToolCall(id: "")
    let options = Self.options(params["options"]?.array ?? [])
    guard !options.isEmpty, permissions.count < Self.mostPermissions else {
      tell(ACPMessage.reply(id, .result(ACPPermission.cancelled)))
      events.append(
        .custom(
          type: "permission_unanswerable",
          data: [
            "message": .string(
              options.isEmpty ? "It asked leave for something and named no answers" : "It asks for too much at once")
          ]))
      return events
    }
    let title = tool.title.isEmpty ? "It asks leave to use \(tool.kind)" : tool.title
    var asked = ACPPermission(
      id: id, attention: "p\(permissionCount)", question: title, options: options,
      detail: AttentionDetail(
        tool: tool.tool, title: tool.title, command: tool.command, paths: tool.paths, diff: tool.diff,
        choices: options.map(\.choice)))
    // Sent before a restart, and perhaps not handed to the agent yet: that is told when it is.
    asked.isAnswered = take(ACPMessage.replyTag(id))
    permissions.append(asked)
    if permissions.count == 1 { events.append(asked.report) }
    if isCanceled, !asked.isAnswered {
      permissions[permissions.count - 1].isAnswered = true
      tell(ACPMessage.reply(id, .result(ACPPermission.cancelled), isAnswer: true))
    }
    return events
  }

  /// Answers come back by their text, so no two may have the same.
  private static func options(_ list: [JSONValue]) -> [ACPPermission.Option] {
    var options: [ACPPermission.Option] = []
    for entry in list.prefix(Bounds.attentionChoices) {
      guard let id = entry["optionId"]?.string else { continue }
      let choice = entry["kind"]?.string.flatMap(AttentionDetail.Choice.init) ?? .other
      var text = (entry["name"]?.string ?? id).bounded(256)
      if text.isEmpty { text = choice.rawValue }
      if options.contains(where: { $0.text == text }) { text += " (\(id.bounded(64)))" }
      if options.contains(where: { $0.text == text }) { continue }
      options.append(ACPPermission.Option(id: id, text: text, choice: choice))
    }
    return options
  }

  mutating func reply(to question: String, _ answer: String) throws(Problem) -> AgentLine {
    guard let place = permissions.firstIndex(where: { $0.attention == question && !$0.isAnswered }) else {
      throw Problem(.conflict, "The agent does not wait for an answer under \"\(question)\" any more.")
    }
    let asked = permissions[place]
    // By its text; by what it means, the first that does.
    guard
      let option = asked.options.first(where: { $0.text == answer })
        ?? asked.options.first(where: { $0.choice != .other && $0.choice.rawValue == answer })
    else {
      throw Problem(
        .invalid,
        "\"\(answer)\" is none of the options: \(asked.options.map(\.text).joined(separator: ", ")).")
    }
    permissions[place].isAnswered = true
    return ACPMessage.reply(asked.id, .result(asked.selected(option)), isAnswer: true)
  }

  mutating func answered(_ answer: [UInt8]) -> [RuntimeEvent.Kind] {
    guard case .result(let id, let result)? = ACPMessage(answer),
      let place = permissions.firstIndex(where: { $0.id == id })
    else { return [] }
    let asked = permissions.remove(at: place)
    // One that nobody has seen waits behind the first; it can only be ended by a cancel.
    guard place == 0 else { return [] }
    let chosen = result["outcome"]?["optionId"]?.string
    let option = asked.options.first { $0.id == chosen }
    var events: [RuntimeEvent.Kind] = [
      .resolved(
        id: asked.attention, answer: option?.text ?? "cancelled", by: option == nil ? "cancel" : "operator")
    ]
    if let next = permissions.first { events.append(next.report) }
    return events
  }
}
