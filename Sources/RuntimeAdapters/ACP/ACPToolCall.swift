import Orchestration
import RunModel

/// A tool call of the agent's, as far as it has told.
struct ACPToolCall {
  var id: String
  var title = ""
  var kind = "other"
  var status = "pending"
  var command: String?
  var locations: [String] = []
  var diffs: [(path: String, text: String)] = []
  var output = ""
  /// What was told last, its diff as a hash: many calls may be open.
  private var told: RuntimeEvent.ToolCall?
  private var toldDiff: Int?

  init(id: String) { self.id = id }

  var isOpen: Bool { status != "completed" && status != "failed" && status != "cancelled" }

  var tool: AttentionDetail.Tool { AttentionDetail.Tool(rawValue: kind) ?? .other }

  /// The files that it is about, those of its diffs too.
  var paths: [String] {
    var paths = locations
    for diff in diffs where !paths.contains(diff.path) { paths.append(diff.path) }
    return paths
  }

  var diff: String? { diffs.isEmpty ? nil : diffs.map(\.text).joined().bounded(Bounds.toolDiff) }

  /// Takes in a `tool_call`, a `tool_call_update` or what a permission request says: each has some of the members.
  mutating func merge(_ json: JSONValue, relative: (String) -> String) {
    if let title = json["title"]?.string { self.title = title.bounded(Bounds.activity) }
    if let kind = json["kind"]?.string { self.kind = kind.bounded(64) }
    if let status = json["status"]?.string { self.status = status.bounded(64) }
    if let input = json["rawInput"] {
      let words = input["command"]?.array?.compactMap(\.string)
      command = (input["command"]?.string ?? words?.joined(separator: " "))?.bounded(Bounds.question) ?? command
    }
    if let places = json["locations"]?.array {
      locations = places.prefix(Bounds.attentionPaths).compactMap { $0["path"]?.string.map(relative) }
    }
    guard let content = json["content"]?.array else { return }
    diffs = []
    output = ""
    for part in content.prefix(100) {
      switch part["type"]?.string {
      case "diff":
        guard let path = part["path"]?.string.map(relative), let new = part["newText"]?.string else { continue }
        let room = Bounds.toolDiff - diffs.reduce(0) { $0 + $1.text.utf8.count }
        let text = ACPDiff.unified(path: path, old: part["oldText"]?.string, new: new)
        if room > 0 { diffs.append((path, text.bounded(room))) }
      case "content":
        output += ACPText.words(part["content"] ?? .null)
      case "terminal": output += "[terminal \((part["terminalId"]?.string ?? "").bounded(64))]"
      default: break
      }
      output = output.bounded(Bounds.toolDiff)
    }
  }

  /// The event that tells of it; nil when it would say what the last one said.
  mutating func report() -> RuntimeEvent.Kind? {
    var call = RuntimeEvent.ToolCall(name: kind)
    call.target = (command ?? Self.list(paths))?.bounded(Bounds.activity)
    call.status = status
    call.diff = diff
    let said = output.drop { $0.isNewline }
    call.summary = isOpen || said.isEmpty ? title : String(said).bounded(Bounds.activity)
    if call.summary?.isEmpty ?? true { call.summary = nil }
    let hash = call.diff.hashValue
    var light = call
    light.diff = nil
    guard light != told || hash != toldDiff else { return nil }
    (told, toldDiff) = (light, hash)
    if !isOpen {
      diffs = []
      output = ""
    }
    return .tool(call)
  }

  private static func list(_ paths: [String]) -> String? {
    guard let first = paths.first else { return nil }
    return paths.count == 1 ? first : "\(first) and \(paths.count - 1) more"
  }
}

/// Content blocks as text.
enum ACPText {
  static func words(_ block: JSONValue) -> String {
    switch block["type"]?.string {
    case "text": block["text"]?.string ?? ""
    case "resource_link":
      "[\((block["name"]?.string ?? "").bounded(256)): \((block["uri"]?.string ?? "").bounded(1024))]"
    case "resource": block["resource"]?["text"]?.string ?? "[a resource]"
    case let type?: "[\(type.bounded(64))]"
    case nil: ""
    }
  }
}
