import RunModel

/// Reads what an agent sends, in the shapes of 1.0 and of 0.3, into updates. What it does not know it leaves out.
enum A2AReader {
  /// An answer of JSON-RPC.
  enum Reply: Sendable, Equatable {
    case result(JSONValue)
    case error(code: Int64, message: String)
  }

  /// Nil for what is no answer of JSON-RPC.
  static func reply(_ bytes: [UInt8]) -> Reply? {
    guard let json = try? JSONValue(parsing: bytes) else { return nil }  // what is no JSON is no answer either
    if let error = json["error"], !error.isNull {
      let message = error["message"]?.string ?? "an error without a message"
      return .error(code: error["code"]?.int ?? 0, message: message.bounded(2000))
    }
    return json["result"].map { .result($0) }
  }

  /// What a result, or an event of a stream, says; empty when it is none that is known.
  static func updates(_ result: JSONValue) -> [A2AUpdate] {
    if let task = result["task"] { return snapshot(task) }
    if let message = result["message"], message.object != nil { return answer(message) }
    if let update = result["statusUpdate"] { return status(update) }
    if let update = result["artifactUpdate"] { return artifact(update) }
    switch result["kind"]?.string {
    case "task": return snapshot(result)
    case "message": return answer(result)
    case "status-update": return status(result)
    case "artifact-update": return artifact(result)
    default:
      // 1.0 answers GetTask and CancelTask with the bare task.
      if result["status"] != nil, result["id"] != nil { return snapshot(result) }
      if result["parts"] != nil, result["role"] != nil { return answer(result) }
      return []
    }
  }

  /// The id of the task among these whose first message was this.
  static func task(withMessage id: String, in list: JSONValue) -> String? {
    list["tasks"]?.array?.first { task in
      task["history"]?.array?.contains { $0["messageId"]?.string == id } ?? false
    }?["id"]?.string
  }

  private static func snapshot(_ task: JSONValue) -> [A2AUpdate] {
    guard let id = task["id"]?.string, !id.isEmpty else { return [] }
    var updates: [A2AUpdate] = [.task(id: id, context: task["contextId"]?.string)]
    for message in (task["history"]?.array ?? []).compactMap(message(_:)) where message.isAgent {
      updates.append(.message(message))
    }
    let state = state(task["status"])
    updates += pullRequests(task["metadata"])
    // Of an agent that works, its word comes before what it has made so far; of one that is done, after it.
    var isFirst = false
    if case .status(let name, _, _)? = state { isFirst = !name.isTerminal && !name.waits }
    if isFirst { updates += [state].compactMap { $0 } }
    for json in task["artifacts"]?.array ?? [] {
      updates += pullRequests(in: json)
      if let artifact = artifactBody(json) { updates.append(.artifact(artifact, appends: false, isLast: false)) }
    }
    return isFirst ? updates : updates + [state].compactMap { $0 }
  }

  private static func status(_ update: JSONValue) -> [A2AUpdate] {
    guard let state = state(update["status"]) else { return [] }
    let named = pullRequests(update["metadata"]) + (update["status"]?["message"].map(pullRequests(in:)) ?? [])
    return ids(update) + named + [state]
  }

  private static func artifact(_ update: JSONValue) -> [A2AUpdate] {
    guard let artifact = update["artifact"].flatMap(artifactBody) else { return [] }
    let named = pullRequests(update["metadata"]) + (update["artifact"].map(pullRequests(in:)) ?? [])
    return ids(update) + named + [
      .artifact(
        artifact, appends: update["append"]?.bool ?? false, isLast: update["lastChunk"]?.bool ?? false)
    ]
  }

  /// A message within a task is no answer to it: the task goes on.
  private static func answer(_ json: JSONValue) -> [A2AUpdate] {
    guard let message = message(json) else { return [] }
    let named = pullRequests(in: json)
    if let task = json["taskId"]?.string, !task.isEmpty {
      return [.task(id: task, context: json["contextId"]?.string)] + named + [.message(message)]
    }
    return named + [.answer(message)]
  }

  /// A message or an artifact names a pull request in its metadata, or a part of it in the part's, or as data.
  private static func pullRequests(in json: JSONValue) -> [A2AUpdate] {
    pullRequests(json["metadata"])
      + (json["parts"]?.array ?? []).flatMap { pullRequests($0["metadata"]) + pullRequests($0["data"]) }
  }

  /// By `pr_url`, as the artifacts of AWFAgentRuntime have it.
  private static func pullRequests(_ object: JSONValue?) -> [A2AUpdate] {
    let address = object?["pr_url"]?.string.flatMap(PullRequest.address)
    return address.map { [.pullRequest($0)] } ?? []
  }

  private static func ids(_ update: JSONValue) -> [A2AUpdate] {
    guard let task = update["taskId"]?.string, !task.isEmpty else { return [] }
    return [.task(id: task, context: update["contextId"]?.string)]
  }

  private static func state(_ status: JSONValue?) -> A2AUpdate? {
    guard let state = status?["state"]?.string else { return nil }
    return .status(
      A2AState(wire: state), status?["message"].flatMap(message(_:)), stamp: status?["timestamp"]?.string?.bounded(64))
  }

  private static func message(_ json: JSONValue) -> A2AMessage? {
    guard json.object != nil else { return nil }
    let role = json["role"]?.string ?? ""
    return A2AMessage(
      id: json["messageId"]?.string?.bounded(200) ?? "", isAgent: role != "user" && role != "ROLE_USER",
      parts: (json["parts"]?.array ?? []).compactMap(part))
  }

  private static func artifactBody(_ json: JSONValue) -> A2AArtifact? {
    guard let id = json["artifactId"]?.string else { return nil }
    let name = json["name"]?.string ?? ""
    return A2AArtifact(
      id: id.bounded(200), name: name.isEmpty ? nil : name.bounded(200),
      parts: (json["parts"]?.array ?? []).compactMap(part))
  }

  private static func part(_ json: JSONValue) -> A2APart? {
    // 0.3 puts a file's facts in `file`; drafts of 1.0 called its members `fileWithBytes`, `fileWithUri`, `mediaType`.
    let file = json["file"]
    let name = json["filename"]?.string ?? file?["name"]?.string ?? ""
    let type = json["mediaType"]?.string ?? file?["mimeType"]?.string ?? file?["mediaType"]?.string ?? ""
    let content: A2APart.Content
    if let text = json["text"]?.string {
      content = .text(text)
    } else if let encoded = json["raw"]?.string ?? file?["bytes"]?.string ?? file?["fileWithBytes"]?.string {
      guard let bytes = Base64.decode(encoded) else { return nil }
      content = .bytes(bytes)
    } else if let url = json["url"]?.string ?? file?["uri"]?.string ?? file?["fileWithUri"]?.string {
      content = .link(url.bounded(2000))
    } else if let data = json["data"] {
      content = .text(data.jsonText)
    } else {
      return nil
    }
    return A2APart(
      content: content, name: name.isEmpty ? nil : name.bounded(200), mediaType: type.isEmpty ? nil : type.bounded(100))
  }
}

/// Base64 as JSON carries bytes, with or without padding, also in the alphabet for addresses.
enum Base64 {
  /// Nil when there is anything else in it.
  static func decode(_ text: String) -> [UInt8]? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count / 4 * 3)
    var held: UInt32 = 0
    var count = 0
    var isOver = false
    for byte in text.utf8 {
      let value: UInt8
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = byte - 65
      case UInt8(ascii: "a")...UInt8(ascii: "z"): value = byte - 71
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = byte + 4
      case UInt8(ascii: "+"), UInt8(ascii: "-"): value = 62
      case UInt8(ascii: "/"), UInt8(ascii: "_"): value = 63
      case UInt8(ascii: "="):
        isOver = true
        continue
      case 0x0A, 0x0D: continue
      default: return nil
      }
      if isOver { return nil }
      held = held << 6 | UInt32(value)
      count += 1
      if count % 4 == 0 {
        bytes.append(UInt8(truncatingIfNeeded: held >> 16))
        bytes.append(UInt8(truncatingIfNeeded: held >> 8))
        bytes.append(UInt8(truncatingIfNeeded: held))
      }
    }
    switch count % 4 {
    case 1: return nil
    case 2: bytes.append(UInt8(truncatingIfNeeded: held >> 4))
    case 3:
      bytes.append(UInt8(truncatingIfNeeded: held >> 10))
      bytes.append(UInt8(truncatingIfNeeded: held >> 2))
    default: break
    }
    return bytes
  }
}
