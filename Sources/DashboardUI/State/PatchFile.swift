/// One file of a patch.
struct PatchFile: Sendable, Equatable {
  enum Change: Sendable, Equatable { case modified, added, deleted, renamed, copied }

  var change = Change.modified
  var oldPath = ""
  var newPath = ""
  var added = 0
  var removed = 0
  var isBinary = false
  /// What it is now, or was until it was deleted, is a symbolic link: its text is where that leads.
  var isLink = false
  /// Old and new mode, when they differ.
  var oldMode: String?
  var newMode: String?
  /// The line of its `diff --git`.
  var firstLine: Int
  /// The line of its first `@@`.
  var firstHunk: Int?
  /// The line of `GIT binary patch`, after which come its coded bytes.
  var binaryLine: Int?
  /// Bytes of the new and the old file, where a binary patch tells them.
  var newSize: Int?
  var oldSize: Int?
  /// What git calls the new content: its hash, as much of it as the patch has.
  var contentHash = ""
  var path: String { change == .deleted ? oldPath : newPath }

  /// `names`: what follows `diff --git `.
  init(firstLine: Int, names: Substring) {
    self.firstLine = firstLine
    // Both names are the same here unless other lines say so: the middle is where they part.
    guard names.utf8.count % 2 == 1 else { return }
    let half = Self.unquoted(String(decoding: names.utf8.prefix(names.utf8.count / 2), as: UTF8.self))
    guard half.hasPrefix("a/") else { return }
    oldPath = String(half.dropFirst(2))
    newPath = oldPath
  }

  /// By its `---` and `+++` lines alone.
  init(firstLine: Int, old: String, new: String) {
    self.firstLine = firstLine
    let paths = (old: Self.path(old.dropFirst(4), "a/"), new: Self.path(new.dropFirst(4), "b/"))
    if paths.old == nil { change = .added }
    if paths.new == nil { change = .deleted }
    oldPath = paths.old ?? paths.new ?? ""
    newPath = paths.new ?? paths.old ?? ""
  }

  /// Whether its header is over.
  var isBegun: Bool { firstHunk != nil || isBinary }

  mutating func take(header line: String, _ number: Int) {
    func after(_ prefix: String) -> Substring? { line.hasPrefix(prefix) ? line.dropFirst(prefix.count) : nil }
    if let binaryLine {
      guard let size = after("literal ") else { return }
      if number == binaryLine + 1 { newSize = Int(size) } else { oldSize = Int(size) }
      return
    }
    guard !isBegun else { return }
    if let path = after("--- ") {
      if let path = Self.path(path, "a/"), !path.isEmpty { oldPath = path }
    } else if let path = after("+++ ") {
      if let path = Self.path(path, "b/"), !path.isEmpty { newPath = path }
    } else if let mode = after("new file mode ") {
      isLink = mode == Self.linkMode
      change = .added
      newMode = String(mode)
    } else if let mode = after("deleted file mode ") {
      isLink = mode == Self.linkMode
      change = .deleted
      oldMode = String(mode)
    } else if let mode = after("old mode ") {
      oldMode = String(mode)
    } else if let mode = after("new mode ") {
      isLink = mode == Self.linkMode
      newMode = String(mode)
    } else if let path = after("rename from ") {
      change = .renamed
      oldPath = Self.unquoted(path)
    } else if let path = after("rename to ") {
      newPath = Self.unquoted(path)
    } else if let path = after("copy from ") {
      change = .copied
      oldPath = Self.unquoted(path)
    } else if let path = after("copy to ") {
      newPath = Self.unquoted(path)
    } else if let hashes = after("index ") {
      // The mode stands here where it has stayed.
      if hashes.hasSuffix(" " + Self.linkMode) { isLink = true }
      let words = hashes.prefix { $0 != " " }
      if let dots = words.firstRange(of: "..") { contentHash = String(words[dots.upperBound...]) }
    } else if line.hasPrefix("Binary files "), line.hasSuffix(" differ") {
      isBinary = true
    } else if line.hasPrefix("GIT binary patch") {
      isBinary = true
      binaryLine = number
    }
  }

  private static let linkMode = "120000"

  /// Nil for /dev/null. What follows a tab is a date, or nothing.
  private static func path(_ text: Substring, _ prefix: String) -> String? {
    let name = text.prefix { $0 != "\t" }
    if name == "/dev/null" { return nil }
    let path = unquoted(name)
    return path.hasPrefix(prefix) ? String(path.dropFirst(2)) : path
  }

  /// Undoes git's quoting of unusual names: "caf\303\251".
  static func unquoted(_ text: some StringProtocol) -> String {
    let quoted = Array(text.utf8)
    let quote = UInt8(ascii: "\"")
    guard quoted.count >= 2, quoted.first == quote, quoted.last == quote else { return String(text) }
    let inner = Array(quoted.dropFirst().dropLast())
    var bytes: [UInt8] = []
    var at = 0
    while at < inner.count {
      guard inner[at] == UInt8(ascii: "\\"), at + 1 < inner.count else {
        bytes.append(inner[at])
        at += 1
        continue
      }
      let digits = inner[(at + 1)...].prefix(3).prefix { (48...55).contains($0) }
      if digits.count == 3 {
        bytes.append(UInt8(truncatingIfNeeded: digits.reduce(0) { $0 * 8 + Int($1 - 48) }))
        at += 4
        continue
      }
      switch inner[at + 1] {
      case UInt8(ascii: "a"): bytes.append(7)
      case UInt8(ascii: "b"): bytes.append(8)
      case UInt8(ascii: "t"): bytes.append(9)
      case UInt8(ascii: "n"): bytes.append(10)
      case UInt8(ascii: "v"): bytes.append(11)
      case UInt8(ascii: "f"): bytes.append(12)
      case UInt8(ascii: "r"): bytes.append(13)
      default: bytes.append(inner[at + 1])
      }
      at += 2
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
