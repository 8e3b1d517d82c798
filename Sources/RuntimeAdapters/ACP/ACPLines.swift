import RunModel

/// Joins the pieces of an agent's message to lines. A value.
struct ACPLines {
  private var pending = ""
  private var message: String?
  /// The text of the present or last message, its end where it is long.
  private(set) var text = ""
  private var isNew = true

  /// A line that does not end is given out in pieces of about this.
  static let longest = 8192
  static let longestText = 65_536

  /// Of one piece, the last of them.
  static let mostLines = 5000

  /// The lines that are whole now. `id` is the message's; another begins a new one.
  mutating func append(_ piece: String, of id: String?) -> [String] {
    var lines: [String] = []
    if let id, let message, id != message { lines = flush() }
    message = id ?? message
    if isNew { text = "" }
    isNew = false
    text += piece
    if text.utf8.count > 2 * Self.longestText { text = "…" + String(text.suffix(Self.longestText / 2)) }
    let whole = pending + piece
    var rest = whole[...]
    while let newline = rest.utf8.firstIndex(of: 0x0A) {
      var line = rest[..<newline]
      if line.utf8.last == 0x0D { line = Substring(line.utf8.dropLast()) }
      lines.append(String(line))
      rest = rest[rest.utf8.index(after: newline)...]
    }
    while rest.utf8.count > Self.longest {
      let part = rest.prefix(Self.longest / 4)
      lines.append(String(part))
      rest = rest[part.endIndex...]
    }
    pending = String(rest)
    if lines.count > Self.mostLines {
      let passed = lines.count - Self.mostLines
      lines.removeFirst(passed)
      lines.insert("[\(passed) lines of the message are in the run's log alone]", at: 0)
    }
    return lines
  }

  /// What waits for its end: the message is over.
  mutating func flush() -> [String] {
    isNew = true
    message = nil
    defer { pending = "" }
    return pending.isEmpty ? [] : [pending]
  }
}
