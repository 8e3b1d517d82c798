import RunModel

/// What an edit did, as a diff, from the text that was replaced and the one in its place.
enum EditDiff {
  static let mostLines = 400

  /// Nil without both. The lines' numbers are those within the texts, as nothing says where they stand in the file.
  static func text(path: String, old: String?, new: String?) -> String? {
    guard old != nil || new != nil else { return nil }
    let change = LineChange(from: old ?? "", to: new ?? "")
    guard !change.isEmpty else { return nil }
    var text = "--- \(old == nil ? "/dev/null" : "a/" + path)\n+++ \(new == nil ? "/dev/null" : "b/" + path)\n"
    text += change.mark + "\n"
    var left = mostLines
    for (sign, lines) in change.parts {
      for line in lines.prefix(max(0, left)) { text += sign + line + "\n" }
      left -= lines.count
    }
    if left < 0 { text += "\\ \(-left) more lines\n" }
    return text.bounded(Bounds.toolDiff)
  }
}
