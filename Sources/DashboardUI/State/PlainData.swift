import RunModel

/// What an event says whose type is not ours, in words: its members, one after the other.
enum PlainData {
  /// Lists and objects are counted; enter shows them whole.
  static func words(_ data: JSONObject) -> String {
    data.map { key, value in
      let key = key.replacing("_", with: " ")
      if let elements = value.array { return "\(key): \(elements.count)" }
      if let members = value.object { return members.isEmpty ? key : "\(key): \(inner(members))" }
      return "\(key): \(value.string ?? value.jsonText)"
    }.joined(separator: ", ")
  }

  private static func inner(_ data: JSONObject) -> String {
    data.map { key, value in
      if let elements = value.array { return "\(key) \(elements.count)" }
      if value.object != nil { return "\(key) …" }
      return "\(key) \(value.string ?? value.jsonText)"
    }.joined(separator: ", ")
  }
}
