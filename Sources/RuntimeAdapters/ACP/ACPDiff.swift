import RunModel

/// A change as an agent tells it, whole text or a fragment, as a unified diff for people.
enum ACPDiff {
  private static let context = 3

  /// `old` nil: a new file. Line numbers count from the text that was given, which may be a fragment of the file.
  static func unified(path: String, old: String?, new: String) -> String {
    let before = lines(old ?? "")
    let after = lines(new)
    var head = 0
    while head < before.count, head < after.count, before[head] == after[head] { head += 1 }
    var tail = 0
    while tail < before.count - head, tail < after.count - head,
      before[before.count - 1 - tail] == after[after.count - 1 - tail]
    { tail += 1 }
    let name = path.map { $0.isNewline ? " " : $0 }
    var text = "--- \(old == nil ? "/dev/null" : "a/\(String(name))")\n+++ b/\(String(name))\n"
    if before.count == after.count, head == before.count { return text }
    let start = max(0, head - context)
    let rest = min(tail, context)
    let removed = before.count - tail + rest - start
    let added = after.count - tail + rest - start
    text += "@@ -\(range(start, removed)) +\(range(start, added)) @@\n"
    for line in before[start..<head] { text += " \(line)\n" }
    for line in before[head..<(before.count - tail)] { text += "-\(line)\n" }
    for line in after[head..<(after.count - tail)] { text += "+\(line)\n" }
    for line in before[(before.count - tail)..<(before.count - tail + rest)] { text += " \(line)\n" }
    return text
  }

  private static func range(_ start: Int, _ count: Int) -> String { "\(count == 0 ? start : start + 1),\(count)" }

  private static func lines(_ text: String) -> [Substring] {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    if lines.last?.isEmpty ?? false { lines.removeLast() }
    return lines
  }
}
