import Orchestration
import RunModel

/// What `session/update` tells.
extension ACPConversation {
  private static let mostTools = 100
  private static let mostCommands = 1000
  private static let longestData = 16_384

  mutating func take(update params: JSONValue) -> [RuntimeEvent.Kind] {
    guard let update = params["update"], let kind = update["sessionUpdate"]?.string else {
      return [Self.custom("session/update", params)]
    }
    if let session, let other = params["sessionId"]?.string, other != session {
      return [Self.custom("update_of_another_session", update)]
    }
    if phase == .loading {
      // What the earlier run has told already.
      history += 1
      return []
    }
    switch kind {
    case "agent_message_chunk":
      let text = ACPText.words(update["content"] ?? .null)
      return Self.thoughts(thought.flush()) + Self.lines(message.append(text, of: update["messageId"]?.string))
    case "agent_thought_chunk":
      let text = ACPText.words(update["content"] ?? .null)
      return Self.lines(message.flush()) + Self.thoughts(thought.append(text, of: update["messageId"]?.string))
    case "user_message_chunk": return []
    case "tool_call", "tool_call_update":
      guard let id = update["toolCallId"]?.string else { return [Self.custom(kind, update)] }
      let event = merge(tool: id.bounded(256), update)
      return flush() + [event].compactMap { $0 }
    case "plan":
      let entries = (update["entries"]?.array ?? []).compactMap { entry in
        entry["content"]?.string.map {
          PlanEntry($0, entry["status"]?.string.flatMap(PlanEntry.Status.init) ?? .pending)
        }
      }.bounded
      guard let progress = entries.progress else { return flush() + [.plan(entries)] }
      let current = entries.first { $0.status == .inProgress }?.text
      return flush() + [.plan(entries), .progress(progress, message: current)]
    case "usage_update":
      return takeUsage(update)
    case "available_commands_update":
      let names = (update["availableCommands"]?.array ?? []).prefix(200).compactMap { $0["name"]?.string?.bounded(64) }
      return [
        .custom(type: "available_commands", data: ["commands": .array(names.map { .string($0) })])
      ]
    case "current_mode_update":
      let mode = (update["currentModeId"]?.string ?? update["modeId"]?.string ?? "").bounded(64)
      return [
        .custom(type: "current_mode", data: ["mode": .string(mode), "message": .string("Its mode is \(mode) now")])
      ]
    default:
      return [Self.custom(kind, update)]
    }
  }

  /// Takes in what is said of a tool call, known or not.
  mutating func merge(tool id: String, _ json: JSONValue) -> RuntimeEvent.Kind? {
    var tool = tools[id] ?? ACPToolCall(id: id)
    if tools[id] == nil {
      toolOrder.append(id)
      if toolOrder.count > Self.mostTools { tools[toolOrder.removeFirst()] = nil }
    }
    let hadCommand = tool.command != nil
    tool.merge(json, relative: relative)
    if !hadCommand, tool.kind == "execute", let command = tool.command, commands.count < Self.mostCommands {
      commands.append(command)
    }
    let event = tool.report()
    tools[id] = tool
    return event
  }

  func relative(_ path: String) -> String {
    let path = path.bounded(Bounds.activity)
    return path.hasPrefix(settings.worktree + "/") ? String(path.dropFirst(settings.worktree.count + 1)) : path
  }

  /// An update, or the answer to a prompt: the totals of the session so far.
  mutating func takeUsage(_ json: JSONValue?) -> [RuntimeEvent.Kind] {
    guard let json else { return [] }
    var events: [RuntimeEvent.Kind] = []
    var total = usage
    func more(_ known: Int64?, _ new: Int64?) -> Int64? {
      guard let new, new > 0 else { return known }
      return max(known ?? 0, new)
    }
    let extra = json["_meta"]
    total.inputTokens = more(usage.inputTokens, json["inputTokens"]?.int ?? extra?["promptTokens"]?.int)
    total.outputTokens = more(usage.outputTokens, json["outputTokens"]?.int ?? extra?["completionTokens"]?.int)
    if let cost = json["cost"], cost["currency"]?.string ?? "USD" == "USD", let amount = cost["amount"]?.double,
      amount >= 0, amount.isFinite
    {
      total.costUSD = max(usage.costUSD ?? 0, amount)
    }
    if total != usage {
      usage = total
      events.append(.usage(total))
    }
    if let used = json["used"]?.int, let size = json["size"]?.int, size > 0, used >= 0, used <= size {
      let percent = Int64(Double(used) / Double(size) * 100)
      if percent != context ?? 0 {
        context = percent
        events.append(
          .custom(
            type: "context",
            data: [
              "used": .int(used), "size": .int(size), "message": .string("\(percent) % of its context is in use"),
            ]))
      }
    }
    return events
  }

  /// The lines whose end has not come: something else begins.
  mutating func flush() -> [RuntimeEvent.Kind] { Self.lines(message.flush()) + Self.thoughts(thought.flush()) }

  private static func lines(_ lines: [String]) -> [RuntimeEvent.Kind] {
    lines.map { .output(stream: .stdout, text: $0, dropped: 0) }
  }

  private static func thoughts(_ lines: [String]) -> [RuntimeEvent.Kind] {
    lines.filter { !$0.isEmpty }.map { .custom(type: "thought", data: ["message": .string($0)]) }
  }

  /// What we do not know is kept under its own name.
  static func custom(_ name: String, _ data: JSONValue) -> RuntimeEvent.Kind {
    let bytes = name.utf8.prefix(64).map { byte -> UInt8 in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
        byte
      default: UInt8(ascii: ".")
      }
    }
    let type = String(decoding: bytes.drop { $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".") }, as: UTF8.self)
    var object = data.object ?? ["value": data]
    if object.weight > longestData {
      object = ["message": .string("What it said was too large to keep here: about \(object.weight / 1024) KiB")]
    }
    return .custom(type: type.isEmpty ? "unknown" : type, data: object)
  }
}
