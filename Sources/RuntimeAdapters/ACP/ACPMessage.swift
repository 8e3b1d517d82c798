import RunModel

/// A JSON-RPC 2.0 message as the agent's line has it.
enum ACPMessage: Equatable {
  case request(id: JSONValue, method: String, params: JSONValue)
  case notification(method: String, params: JSONValue)
  case result(id: JSONValue, JSONValue)
  case error(id: JSONValue, code: Int64, message: String)

  /// Nil for what is no such message: noise.
  init?(_ line: [UInt8]) {
    // What does not parse is noise, too.
    guard line.first == UInt8(ascii: "{"), let json = try? JSONValue(parsing: line), json.object != nil else {
      return nil
    }
    let id = json["id"] ?? .null
    if let method = json["method"]?.string {
      let params = json["params"] ?? .object([:])
      self =
        id.isNull
        ? .notification(method: method, params: params) : .request(id: id, method: method, params: params)
    } else if let error = json["error"], !error.isNull {
      self = .error(id: id, code: error["code"]?.int ?? 0, message: error["message"]?.string ?? "no reason given")
    } else if json["jsonrpc"] != nil, let result = json["result"] {
      self = .result(id: id, result)
    } else {
      return nil
    }
  }

  /// The id of a request whose line was cut because it is too long; nil where that cannot be told.
  static func requestID(ofCut line: [UInt8]) -> JSONValue? {
    let head = line.prefix(4096)
    guard let name = head.firstRange(of: Array("\"id\"".utf8)), head.firstRange(of: Array("\"method\"".utf8)) != nil
    else { return nil }
    let rest = head[name.upperBound...].drop { $0 == 0x20 || $0 == UInt8(ascii: ":") }
    let end = rest.firstIndex { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "}") } ?? rest.endIndex
    // No JSON between them is no id.
    guard let id = try? JSONValue(parsing: Array(rest[..<end])) else { return nil }
    switch id {
    case .int, .string: return id
    default: return nil
    }
  }

  // MARK: What we say

  static func request(_ id: Int, _ method: String, _ params: JSONObject) -> AgentLine {
    AgentLine(
      tag: "request:\(id):\(method)",
      bytes: JSONValue.object([
        "jsonrpc": "2.0", "id": .int(Int64(id)), "method": .string(method), "params": .object(params),
      ]).jsonBytes)
  }

  static func notification(_ method: String, _ params: JSONObject) -> AgentLine {
    AgentLine(
      tag: "notify:\(method)",
      bytes: JSONValue.object(["jsonrpc": "2.0", "method": .string(method), "params": .object(params)]).jsonBytes)
  }

  static func reply(_ id: JSONValue, _ reply: ServiceReply, isAnswer: Bool = false) -> AgentLine {
    var message: JSONObject = ["jsonrpc": "2.0", "id": id]
    switch reply {
    case .result(let result): message.append("result", result)
    case .refused(let code, let reason):
      message.append("error", ["code": .int(Int64(code)), "message": .string(reason)])
    }
    return AgentLine(tag: replyTag(id), bytes: JSONValue.object(message).jsonBytes, isAnswer: isAnswer)
  }

  /// By which a reply is known in the input log.
  static func replyTag(_ id: JSONValue) -> String {
    let text = JSONValue.array([id]).jsonText
    guard text.utf8.count <= 90, InputLog.clean(text) == text else {
      // An id as nobody writes one: by its FNV-1a hash.
      var hash: UInt64 = 0xcbf2_9ce4_8422_2325
      for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
      return "reply:#\(hash)"
    }
    return "reply:\(text)"
  }
}
