import RunModel

/// The versions of the Agent2Agent protocol that are spoken here, and what each calls things.
enum A2AVersion: String, Sendable, Hashable {
  case v1 = "1.0"
  case v03 = "0.3"

  /// Of a card's `protocolVersion`; nil for one that is not spoken. Those before 0.3 differ in nothing that is used here.
  init?(card text: String) {
    let parts = text.split(separator: ".")
    switch parts.first {
    case "1": self = .v1
    case "0": self = .v03
    default: return nil
    }
  }

  enum Method: Sendable { case send, stream, get, cancel, subscribe, list }

  /// Nil for what the version does not have.
  func name(of method: Method) -> String? {
    switch (self, method) {
    case (.v1, .send): "SendMessage"
    case (.v1, .stream): "SendStreamingMessage"
    case (.v1, .get): "GetTask"
    case (.v1, .cancel): "CancelTask"
    case (.v1, .subscribe): "SubscribeToTask"
    case (.v1, .list): "ListTasks"
    case (.v03, .send): "message/send"
    case (.v03, .stream): "message/stream"
    case (.v03, .get): "tasks/get"
    case (.v03, .cancel): "tasks/cancel"
    case (.v03, .subscribe): "tasks/resubscribe"
    case (.v03, .list): nil
    }
  }

  /// The parameters that send a text, into a task or context where one is named.
  func message(
    _ text: String, id: String, task: String? = nil, context: String? = nil, after references: [String] = []
  ) -> JSONObject {
    var message: JSONObject = ["messageId": .string(id)]
    switch self {
    case .v1:
      message.append("role", "ROLE_USER")
      message.append("parts", .array([["text": .string(text)]]))
    case .v03:
      message.append("kind", "message")
      message.append("role", "user")
      message.append("parts", .array([["kind": "text", "text": .string(text)]]))
    }
    if let task { message.append("taskId", .string(task)) }
    if let context { message.append("contextId", .string(context)) }
    if !references.isEmpty { message.append("referenceTaskIds", .array(references.map { .string($0) })) }
    return ["message": .object(message)]
  }

  /// What asks for an answer at once instead of at the task's end.
  var withoutWaiting: JSONObject {
    switch self {
    case .v1: ["returnImmediately": true]
    case .v03: ["blocking": false]
    }
  }
}

/// What the protocol's errors mean.
enum A2AErrorCode {
  static let methodNotFound: Int64 = -32601
  static let taskNotFound: Int64 = -32001
  static let notCancelable: Int64 = -32002
  static let unsupported: Int64 = -32004
  static let versionNotSupported: Int64 = -32009
}
