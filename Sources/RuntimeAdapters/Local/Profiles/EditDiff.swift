import RunModel

/// What an edit did, as a diff, from the text that was replaced and the one in its place.
enum EditDiff {
  static let mostLines = 400

  /// Nil without both. The lines' numbers are those within the texts, as nothing says where they stand in the file.
  static func text(path: String, old: String?, new: String?) -> String? {
    guard old != nil || new != nil else { return nil }
    let before = lines(old)
    let after = lines(new)
    var head = 0
    while head < before.count, head < after.count, before[head] == after[head] { head += 1 }
    var tail = 0
    while tail < before.count - head, tail < after.count - head,
      before[before.count - 1 - tail] == after[after.count - 1 - tail]
    { tail += 1 }
    let removed = before[head..<(before.count - tail)]
    let added = after[head..<(after.count - tail)]
    guard !removed.isEmpty || !added.isEmpty else { return nil }
    let context = (lead: before[max(0, head - 3)..<head], trail: before[(before.count - tail)...].prefix(3))
    let around = context.lead.count + context.trail.count
    func range(_ count: Int) -> String {
      count == 0 ? "0,0" : "\(head - context.lead.count + 1),\(count)"
    }
    var text = "--- \(old == nil ? "/dev/null" : "a/" + path)\n+++ \(new == nil ? "/dev/null" : "b/" + path)\n"
    text += "@@ -\(range(removed.count + around)) +\(range(added.count + around)) @@\n"
    var left = mostLines
    for (sign, lines) in [(" ", context.lead), ("-", removed), ("+", added), (" ", context.trail)] {
      for line in lines.prefix(max(0, left)) { text += sign + line + "\n" }
      left -= lines.count
    }
    if left < 0 { text += "\\ \(-left) more lines\n" }
    return text.bounded(Bounds.toolDiff)
  }

  private static func lines(_ text: String?) -> [Substring] {
    guard let text, !text.isEmpty else { return [] }
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines
  }
}
