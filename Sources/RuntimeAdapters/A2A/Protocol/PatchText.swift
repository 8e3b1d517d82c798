import RunModel

/// A unified patch that came from an agent: never applied here, only shown and counted.
enum PatchText {
  /// Whether a part of an artifact is one: by its type, its name, or how it begins.
  static func isPatch(_ part: A2APart) -> Bool {
    if let type = part.mediaType?.lowercased(), ["text/x-patch", "text/x-diff", "application/x-patch"].contains(type) {
      return true
    }
    if let name = part.name?.lowercased(), name.hasSuffix(".patch") || name.hasSuffix(".diff") { return true }
    guard let text = part.text else { return false }
    if text.hasPrefix("diff --git ") { return true }
    return text.hasPrefix("--- ") && text.prefix(4096).contains("\n+++ ")
  }

  /// One file of a patch; a rename has both paths.
  struct Change: Equatable {
    var paths: [String]
    var added = 0
    var removed = 0
  }

  /// The files that a patch changes, the first 10,000.
  static func changes(in patch: [UInt8]) -> [Change] {
    var changes: [Change] = []
    var isInHunk = false
    var left = (old: 0, new: 0)
    for line in patch.split(separator: 0x0A, omittingEmptySubsequences: false) {
      if isInHunk, left.old > 0 || left.new > 0 {
        switch line.first {
        case UInt8(ascii: "+"):
          changes[changes.count - 1].added += 1
          left.new -= 1
        case UInt8(ascii: "-"):
          changes[changes.count - 1].removed += 1
          left.old -= 1
        case UInt8(ascii: "\\"): break
        default:
          left.old -= 1
          left.new -= 1
        }
        continue
      }
      isInHunk = false
      guard line.count < 10_000 else { continue }
      if line.starts(with: "diff --git ".utf8) {
        guard changes.count < 10_000 else { return changes }
        changes.append(Change(paths: []))
      } else if line.starts(with: "--- ".utf8) {
        // A patch without git's own lines has nothing else to begin a file with.
        if changes.last.map({ !$0.paths.isEmpty && $0.added + $0.removed > 0 }) ?? true {
          changes.append(Change(paths: []))
        }
        add(line.dropFirst(4), to: &changes)
      } else if line.starts(with: "+++ ".utf8) {
        add(line.dropFirst(4), to: &changes)
      } else if line.starts(with: "rename from ".utf8) {
        add(line.dropFirst(12), to: &changes)
      } else if line.starts(with: "rename to ".utf8) {
        add(line.dropFirst(10), to: &changes)
      } else if line.starts(with: "@@ ".utf8), !changes.isEmpty {
        isInHunk = true
        left = hunk(line)
      }
    }
    return changes.filter { !$0.paths.isEmpty }
  }

  /// `src/a.swift | +3 -1` a line.
  static func summary(_ changes: [Change]) -> String {
    changes.map { "\($0.paths.joined(separator: " → ")) | +\($0.added) -\($0.removed)" }.joined(separator: "\n")
  }

  private static func add(_ name: some Sequence<UInt8>, to changes: inout [Change]) {
    var path = String(decoding: Array(name), as: UTF8.self)
    if let tab = path.firstIndex(of: "\t") { path = String(path[..<tab]) }
    if path == "/dev/null" || changes.isEmpty { return }
    if path.hasPrefix("a/") || path.hasPrefix("b/") { path.removeFirst(2) }
    if !path.isEmpty, !changes[changes.count - 1].paths.contains(path) { changes[changes.count - 1].paths.append(path) }
  }

  /// How many lines of each side follow `@@ -1,2 +3,4 @@`.
  private static func hunk(_ line: some Sequence<UInt8>) -> (old: Int, new: Int) {
    let words = String(decoding: Array(line), as: UTF8.self).split(separator: " ")
    guard words.count >= 3 else { return (0, 0) }
    func count(_ word: Substring) -> Int {
      let numbers = word.dropFirst().split(separator: ",")
      return numbers.count < 2 ? 1 : min(max(0, Int(numbers[1]) ?? 0), 1 << 30)
    }
    return (count(words[1]), count(words[2]))
  }
}
