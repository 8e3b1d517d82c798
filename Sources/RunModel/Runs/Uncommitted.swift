/// Work of an ended run that could not be committed (the disk was full, say): it is tried again until it is.
package struct Uncommitted: Sendable, Hashable {
  /// The folder where the work lies.
  package var path: String
  package var why: String

  package init(path: String, why: String) {
    self.path = path
    self.why = why
  }

  package var words: String { "its work could not be committed and is in \(path): \(why)" }

  /// A run's reason, with this said after it.
  package func added(to reason: String?) -> String { reason.map { "\($0); \(words)" } ?? words }

  /// The reason as it was before `added(to:)`.
  package func removed(from reason: String?) -> String? {
    guard let reason, reason.hasSuffix(words) else { return reason }
    let before = reason.dropLast(words.count)
    return before.isEmpty ? nil : String(before.hasSuffix("; ") ? before.dropLast(2) : before)
  }
}

extension Uncommitted: JSONWritable {
  package func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("path", path)
      json.member("why", why)
    }
  }

  package init?(json: JSONValue) {
    guard let path = json["path"]?.string else { return nil }
    self.init(path: path, why: json["why"]?.string ?? "")
  }
}
