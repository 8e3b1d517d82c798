import Orchestration
import RunModel

/// One line from an adapter: a JSON-RPC 2.0 message, or what is none.
enum BridgeMessage: Equatable {
  case reply(id: Int, Reply)
  case notification(method: String, params: JSONObject)
  /// A call of ours to make, which the protocol has none of; `id` is handed back.
  case request(id: JSONValue, method: String)
  /// Noise, and why it is none of the protocol's.
  case noise(String)

  enum Reply: Equatable {
    case result(JSONValue)
    case fault(BridgeFault)
  }

  init(line: some Sequence<UInt8>) {
    let json: JSONValue
    do { json = try JSONValue(parsing: line) } catch {
      self = .noise("no JSON")
      return
    }
    guard let object = json.object, object["jsonrpc"]?.string == "2.0" else {
      self = .noise("JSON, but no object with \"jsonrpc\": \"2.0\"")
      return
    }
    if let method = object["method"]?.string {
      if let id = object["id"] {
        self = .request(id: id, method: method)
      } else if let params = object["params"]?.object {
        self = .notification(method: method, params: params)
      } else {
        self = .noise("the notification \(method.bounded(80)) has no params that are an object")
      }
      return
    }
    // A shell script that quotes what it was given means the same.
    guard let id = object["id"]?.int ?? object["id"]?.string.flatMap({ Int64($0) }), let id = Int(exactly: id) else {
      self = .noise("neither a method nor the id of a call")
      return
    }
    if let error = object["error"], !error.isNull {
      self = .reply(id: id, .fault(BridgeFault(json: error)))
    } else if let result = object["result"] {
      self = .reply(id: id, .result(result))
    } else {
      self = .noise("a reply with neither result nor error")
    }
  }

  /// A call as a line; `params` is a JSON object.
  static func call(_ id: Int, _ method: String, _ params: some JSONWritable) -> [UInt8] {
    line { json in
      json.member("id", id)
      json.member("method", method)
      json.member("params", params)
    }
  }

  /// The answer to what an adapter asks of us.
  static func refusal(of id: JSONValue, _ method: String) -> [UInt8] {
    line { json in
      json.member("id", id)
      json.key("error")
      json.object { json in
        json.member("code", BridgeFault.methodNotFound)
        json.member("message", "\(BridgeFault.noCalls) \(method.bounded(80)) is none that it knows.")
      }
    }
  }

  private static func line(_ members: (inout JSONWriter) -> Void) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { json in
      json.member("jsonrpc", "2.0")
      members(&json)
    }
    return writer.bytes + [UInt8(ascii: "\n")]
  }
}

/// A JSON-RPC error object.
struct BridgeFault: Error, Equatable {
  /// How our answer to a call begins.
  static let noCalls = "The orchestrator answers no calls;"
  static let methodNotFound = -32601
  static let invalidParams = -32602
  /// Ours, as PROTOCOL.md has them.
  static let unknownRun = -32001
  static let conflict = -32002
  static let refused = -32003

  var code: Int
  var message: String

  init(code: Int, message: String) {
    self.code = code
    self.message = message
  }

  /// Whatever an adapter gives as its error.
  init(json: JSONValue) {
    code = json["code"]?.int.flatMap { Int(exactly: $0) } ?? -32603
    let text = json["message"]?.string ?? json.string ?? json.jsonText
    message = text.isEmpty ? "no message" : text.bounded(Bounds.activity)
  }

  func problem(_ method: String, of adapter: RuntimeID) -> Problem {
    let answer = "The adapter of runtime \(adapter) answered \(method) with an error: \(message)"
    let detail = answer.hasSuffix(".") ? answer : answer + "."
    switch code {
    case Self.methodNotFound where message.hasPrefix(Self.noCalls):
      return Problem(
        .unavailable,
        "The program of runtime \(adapter) sends back what it is told: it is no adapter. What one does is in PROTOCOL.md."
      )
    case Self.methodNotFound:
      let why = message.hasSuffix(".") ? String(message.dropLast()) : message
      return Problem(.unavailable, "The adapter of runtime \(adapter) does not implement \(method): \(why).")
    case Self.unknownRun: return Problem(.notFound, detail)
    case Self.conflict: return Problem(.conflict, detail)
    case Self.refused, Self.invalidParams: return Problem(.invalid, detail)
    default: return Problem(.unavailable, detail)
    }
  }
}

/// A member of AWFAgentRuntime, or what a bridge may have beside them.
enum BridgeMember: String, CaseIterable {
  case startTask, getStatus, cancelTask, getArtifacts, onEvent, runtimeId, getCapabilities
  case answer, sendMessage, getPatch

  static let required: [Self] = [
    .startTask, .getStatus, .cancelTask, .getArtifacts, .onEvent, .runtimeId, .getCapabilities,
  ]
}

/// The params of a call.
struct BridgeParams: JSONWritable {
  private let members: [(String, any JSONWritable)]

  init(_ members: [(String, any JSONWritable)] = []) { self.members = members }
  init(_ members: KeyValuePairs<String, JSONValue>) { self.members = members.map { ($0.key, $0.value) } }
  init(texts: KeyValuePairs<String, String>) { members = texts.map { ($0.key, JSONValue.string($0.value)) } }

  func write(to json: inout JSONWriter) {
    json.object { json in for (name, value) in members { Self.write(name, value, to: &json) } }
  }

  private static func write(_ name: String, _ value: some JSONWritable, to json: inout JSONWriter) {
    json.member(name, value)
  }
}
