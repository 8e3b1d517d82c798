/// What is another between two texts, by lines: all between what they begin with alike and what they end with alike.
struct LineChange {
  static let context = 3

  private let before: [Substring]
  private let after: [Substring]
  private var head = 0
  private var tail = 0

  init(from old: String, to new: String) {
    before = Self.lines(old)
    after = Self.lines(new)
    while head < before.count, head < after.count, before[head] == after[head] { head += 1 }
    while tail < before.count - head, tail < after.count - head,
      before[before.count - 1 - tail] == after[after.count - 1 - tail]
    { tail += 1 }
  }

  var removed: ArraySlice<Substring> { before[head..<(before.count - tail)] }
  var added: ArraySlice<Substring> { after[head..<(after.count - tail)] }
  var lead: ArraySlice<Substring> { before[max(0, head - Self.context)..<head] }
  var trail: ArraySlice<Substring> { before[(before.count - tail)...].prefix(Self.context) }
  var isEmpty: Bool { removed.isEmpty && added.isEmpty }

  /// `@@ -1,4 +1,5 @@`, by the numbers of lines within the texts.
  var mark: String {
    func range(_ lines: Int) -> String {
      let count = lead.count + lines + trail.count
      return count == 0 ? "0,0" : "\(head - lead.count + 1),\(count)"
    }
    return "@@ -\(range(removed.count)) +\(range(added.count)) @@"
  }

  /// The lines of the change with what stands around them, each kind with its sign.
  var parts: [(sign: String, lines: ArraySlice<Substring>)] {
    [(" ", lead), ("-", removed), ("+", added), (" ", trail)]
  }

  private static func lines(_ text: String) -> [Substring] {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines
  }
}
