/// Why a contract was not taken in; reads as a person would say it.
package struct ContractError: Error, Equatable, CustomStringConvertible {
  package var message: String
  /// The member that it is about, when there is one.
  package var key: String?
  package var description: String { message }
  package init(_ message: String, key: String? = nil) {
    self.message = message
    self.key = key
  }
}

extension Contract {
  package static let keys = [
    "contractId", "runId", "title", "prompt", "acceptanceCriteria", "labels", "priority", "taskClass", "risk",
    "requires",
    "runtime", "repository", "base", "allowedPaths", "verify", "dependsOn", "timeoutSeconds", "externalRef",
    "externalURL", "metadata",
  ]

  /// Reads the canonical JSON; an unknown key or a value of the wrong type is an error that names it.
  package init(json: JSONValue) throws(ContractError) {
    guard let object = json.object else { throw ContractError("A contract must be a JSON object.") }
    for key in object.keys where !Self.keys.contains(key) {
      throw ContractError(
        "Unknown key \"\(key)\" in the contract.\(Nearest.hint(for: key, among: Self.keys))", key: key)
    }
    let members = Members(object: object)
    guard let title = try members.text("title"), !title.allSatisfy(\.isWhitespace) else {
      throw ContractError("The contract needs a \"title\".")
    }
    self.init(title: title)
    if let text = try members.text("contractId") {
      guard let id = ContractID(text) else { throw ContractError("\"contractId\" must be a ULID (26 characters).") }
      contractId = id
    }
    if let text = try members.text("runId") {
      guard let id = RunID(text) else { throw ContractError("\"runId\" must be a ULID (26 characters).") }
      runId = id
    }
    prompt = try members.text("prompt")
    labels = try members.texts("labels")
    taskClass = try members.text("taskClass")
    runtime = try members.text("runtime").map { RuntimeID($0) }
    repository = try members.text("repository")
    base = try members.text("base")
    allowedPaths = try members.texts("allowedPaths")
    verify = try members.texts("verify")
    dependsOn = try members.texts("dependsOn")
    externalRef = try members.text("externalRef")
    externalURL = try members.text("externalURL")
    if let value = members["priority"] {
      guard let priority = value.int, (1...1000).contains(priority) else {
        throw ContractError("\"priority\" must be a whole number from 1 to 1000.", key: "priority")
      }
      self.priority = Int(priority)
    }
    if let text = try members.text("risk") {
      guard let risk = Risk(rawValue: text) else {
        throw ContractError("\"risk\" must be low, medium, high or critical, not \"\(text)\".", key: "risk")
      }
      self.risk = risk
    }
    for name in try members.texts("requires") {
      guard let capability = Capability(rawValue: name) else {
        let known = Capability.allCases.map(\.rawValue)
        throw ContractError(
          "Unknown capability \"\(name)\" in \"requires\".\(Nearest.hint(for: name, among: known))", key: "requires")
      }
      requires.append(capability)
    }
    if let value = members["timeoutSeconds"] {
      guard let seconds = value.double, seconds > 0 else {
        throw ContractError("\"timeoutSeconds\" must be a number above 0.", key: "timeoutSeconds")
      }
      timeoutSeconds = seconds
    }
    if let value = members["metadata"] {
      guard let object = value.object else { throw ContractError("\"metadata\" must be an object.", key: "metadata") }
      metadata = object
    }
    if let value = members["acceptanceCriteria"] {
      guard let list = value.array else { throw ContractError("\"acceptanceCriteria\" must be an array.") }
      for (index, item) in list.enumerated() {
        let id = "AC-\(index + 1)"
        if let text = item.string {
          acceptanceCriteria.append(Criterion(id: id, text: text))
        } else if let text = item["text"]?.string, item.object?.keys.allSatisfy({ $0 == "id" || $0 == "text" }) == true,
          item["id"] == nil || item["id"]?.string != nil
        {
          acceptanceCriteria.append(Criterion(id: item["id"]?.string ?? id, text: text))
        } else {
          throw ContractError(
            "Entry \(index + 1) of \"acceptanceCriteria\" must be {\"id\": \"AC-1\", \"text\": …} or a text.",
            key: "acceptanceCriteria")
        }
      }
    }
  }

  /// Typed access that names the member in its errors; null counts as absent.
  private struct Members {
    let object: JSONObject
    subscript(key: String) -> JSONValue? {
      guard let value = object[key], !value.isNull else { return .none }
      return value
    }

    func text(_ key: String) throws(ContractError) -> String? {
      guard let value = self[key] else { return nil }
      guard let text = value.string else { throw ContractError("\"\(key)\" must be text.", key: key) }
      return text
    }

    func texts(_ key: String) throws(ContractError) -> [String] {
      guard let value = self[key] else { return [] }
      guard let list = value.array else { throw ContractError("\"\(key)\" must be an array of texts.", key: key) }
      var texts: [String] = []
      for item in list {
        guard let text = item.string else { throw ContractError("\"\(key)\" must be an array of texts.", key: key) }
        texts.append(text)
      }
      return texts
    }
  }
}

/// Finds the word that was probably meant.
package enum Nearest {
  /// ` Did you mean "x"?`, or the empty text when nothing is near.
  package static func hint(for word: String, among known: [String]) -> String {
    nearest(to: word, among: known).map { " Did you mean \"\($0)\"?" } ?? ""
  }

  /// The known word with the least edit distance, if that is at most a third of its length (at least 2).
  package static func nearest(to word: String, among known: [String]) -> String? {
    // No word of ours is that long, and the distance takes time in the length of both.
    if word.utf8.count > 64 { return nil }
    let best = known.map { ($0, distance(word.lowercased(), $0.lowercased())) }.min { $0.1 < $1.1 }
    guard let (candidate, distance) = best, distance <= max(2, candidate.count / 3) else { return nil }
    return candidate
  }

  private static func distance(_ a: String, _ b: String) -> Int {
    let a = Array(a.utf8)
    let b = Array(b.utf8)
    var row = Array(0...b.count)
    for (i, x) in a.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, y) in b.enumerated() {
        let substituted = diagonal + (x == y ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(substituted, row[j] + 1, row[j + 1] + 1)
      }
    }
    return row[b.count]
  }
}
