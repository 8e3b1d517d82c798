/// A change as an agent tells it, whole text or a fragment, as a unified diff for people.
enum ACPDiff {
  /// `old` nil: a new file. Line numbers count from the text that was given, which may be a fragment of the file.
  static func unified(path: String, old: String?, new: String) -> String {
    let change = LineChange(from: old ?? "", to: new)
    let name = String(path.map { $0.isNewline ? " " : $0 })
    var text = "--- \(old == nil ? "/dev/null" : "a/\(name)")\n+++ b/\(name)\n"
    if change.isEmpty { return text }
    text += change.mark + "\n"
    for (sign, lines) in change.parts {
      for line in lines { text += "\(sign)\(line)\n" }
    }
    return text
  }
}
