import RunModel

/// What an agent says of a task, whichever version it speaks. These are also what a run's record holds, one JSON line each.
enum A2AUpdate: Sendable, Equatable {
  case task(id: String, context: String?)
  /// In the course of a task.
  case message(A2AMessage)
  /// An answer without a task: there is nothing to follow and nothing to cancel.
  case answer(A2AMessage)
  case artifact(A2AArtifact, appends: Bool, isLast: Bool)
  /// Where the agent says that its work is to be merged.
  case pullRequest(String)
  /// `stamp` is the agent's own time of it.
  case status(A2AState, A2AMessage?, stamp: String?)
  /// A question was answered from here.
  case answered(id: String, answer: String)
  /// A cancel was sent to the agent.
  case stopSent
}

/// The states of a task, as 0.3 spells them.
enum A2AState: String, Sendable {
  case submitted, working, completed, canceled, failed, rejected, unknown
  case inputRequired = "input-required"
  case authRequired = "auth-required"

  /// `input-required` or `TASK_STATE_INPUT_REQUIRED`; what is neither is `unknown`.
  init(wire: String) {
    let prefix = "TASK_STATE_"
    let word = wire.hasPrefix(prefix) ? wire.dropFirst(prefix.count).lowercased().replacing("_", with: "-") : wire
    self = word == "cancelled" ? .canceled : Self(rawValue: word) ?? .unknown
  }

  var isTerminal: Bool {
    switch self {
    case .completed, .canceled, .failed, .rejected: true
    case .submitted, .working, .inputRequired, .authRequired, .unknown: false
    }
  }

  /// Whether the agent waits for a person.
  var waits: Bool { self == .inputRequired || self == .authRequired }
}

struct A2AMessage: Sendable, Equatable {
  var id: String
  var isAgent: Bool
  var parts: [A2APart]

  /// Its texts, a line between them.
  var text: String { parts.compactMap(\.text).joined(separator: "\n") }
}

struct A2AArtifact: Sendable, Equatable {
  var id: String
  var name: String?
  var parts: [A2APart]
}

struct A2APart: Sendable, Equatable {
  enum Content: Sendable, Equatable {
    case text(String)
    /// A file as it came; it is put away before it goes on record.
    case bytes([UInt8])
    /// A file in the run's folder, under this name.
    case kept(name: String, size: Int, digest: String)
    /// A file elsewhere: named and never fetched.
    case link(String)
  }

  var content: Content
  var name: String?
  var mediaType: String?

  var text: String? { if case .text(let text) = content { text } else { nil } }
}

// MARK: - On record

extension A2AUpdate: JSONWritable {
  func write(to json: inout JSONWriter) {
    json.object { json in
      switch self {
      case .task(let id, let context):
        json.member("is", "task")
        json.member("id", id)
        json.member("context", context)
      case .message(let message):
        json.member("is", "message")
        json.member("message", message)
      case .answer(let message):
        json.member("is", "answer")
        json.member("message", message)
      case .artifact(let artifact, let appends, let isLast):
        json.member("is", "artifact")
        json.member("id", artifact.id)
        json.member("name", artifact.name)
        json.member("appends", appends)
        json.member("last", isLast)
        json.member("parts", artifact.parts)
      case .pullRequest(let address):
        json.member("is", "pull_request")
        json.member("url", address)
      case .status(let state, let message, let stamp):
        json.member("is", "status")
        json.member("state", state.rawValue)
        if let message { json.member("message", message) }
        if let stamp { json.member("stamp", stamp) }
      case .answered(let id, let answer):
        json.member("is", "answered")
        json.member("id", id)
        json.member("answer", answer)
      case .stopSent: json.member("is", "stop_sent")
      }
    }
  }

  init?(json: JSONValue) {
    let message = json["message"].flatMap(A2AMessage.init(record:))
    switch (json["is"]?.string, message, json["id"]?.string) {
    case ("task", _, let id?): self = .task(id: id, context: json["context"]?.string)
    case ("message", let message?, _): self = .message(message)
    case ("answer", let message?, _): self = .answer(message)
    case ("artifact", _, let id?):
      let artifact = A2AArtifact(
        id: id, name: json["name"]?.string, parts: json["parts"]?.array?.compactMap(A2APart.init(record:)) ?? [])
      self = .artifact(artifact, appends: json["appends"]?.bool ?? false, isLast: json["last"]?.bool ?? false)
    case ("pull_request", _, _):
      guard let address = json["url"]?.string.flatMap(PullRequest.address) else { return nil }
      self = .pullRequest(address)
    case ("status", _, _):
      self = .status(A2AState(wire: json["state"]?.string ?? ""), message, stamp: json["stamp"]?.string)
    case ("answered", _, let id?): self = .answered(id: id, answer: json["answer"]?.string ?? "")
    case ("stop_sent", _, _): self = .stopSent
    default: return nil
    }
  }
}

extension A2AMessage: JSONWritable {
  func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("id", id)
      json.member("agent", isAgent)
      json.member("parts", parts)
    }
  }

  init?(record json: JSONValue) {
    guard let id = json["id"]?.string else { return nil }
    self.init(
      id: id, isAgent: json["agent"]?.bool ?? true, parts: json["parts"]?.array?.compactMap(A2APart.init(record:)) ?? []
    )
  }
}

extension A2APart: JSONWritable {
  func write(to json: inout JSONWriter) {
    json.object { json in
      switch content {
      case .text(let text): json.member("text", text)
      case .bytes(let bytes): json.member("size", bytes.count)
      case .kept(let file, let size, let digest):
        json.member("file", file)
        json.member("size", size)
        json.member("digest", digest)
      case .link(let url): json.member("link", url)
      }
      if let name { json.member("name", name) }
      if let mediaType { json.member("type", mediaType) }
    }
  }

  init?(record json: JSONValue) {
    if let text = json["text"]?.string {
      content = .text(text)
    } else if let file = json["file"]?.string {
      content = .kept(name: file, size: Int(json["size"]?.int ?? 0), digest: json["digest"]?.string ?? "")
    } else if let link = json["link"]?.string {
      content = .link(link)
    } else {
      return nil
    }
    name = json["name"]?.string
    mediaType = json["type"]?.string
  }
}
