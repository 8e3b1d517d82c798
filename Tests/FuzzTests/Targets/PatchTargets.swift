import Glibc

@testable import DashboardUI
@testable import RuntimeAdapters

enum PatchTargets {
  static let all = [patch, git, words]

  private static let parts = [
    "diff --git a/x.swift b/x.swift\n", "diff --git \"a/caf\\303\\251\" \"b/caf\\303\\251\"\n",
    "index 0123456..89abcde 100644\n",
    "--- a/x.swift\n", "+++ b/x.swift\n", "--- /dev/null\n", "+++ /dev/null\n", "@@ -1,3 +1,4 @@ func x()\n",
    "@@ -1 +1 @@\n",
    "@@ -0,0 +1,2 @@\n", "@@ -1,99999999999999999999 +1,4294967296 @@\n", "@@@ -1 -1 +1 @@@\n", " context\n",
    "-removed\n",
    "+added\n", "\\ No newline at end of file\n", "new file mode 100644\n", "deleted file mode 100755\n",
    "old mode 100644\n",
    "new mode 120000\n", "rename from a b\n", "rename to \"c\\td\"\n", "copy from x\n", "copy to y\n",
    "similarity index 90%\n",
    "Binary files a/x and b/x differ\n", "GIT binary patch\nliteral 12\nzcmZ\n\nliteral 0\nHcmV\n\n", "/* open\n",
    "*/\n", "\"\"\"\n",
    "\n", "\r\n", "\u{1B}[31m", "\t", "é",
  ]

  static let patch = FuzzTarget(
    name: "patch",
    seeds: [
      Array(
        "diff --git a/a.c b/a.c\nindex 1..2 100644\n--- a/a.c\n+++ b/a.c\n@@ -1,3 +1,3 @@ int main\n one\n-two\n+2 two\n three\n@@ -9 +9,2 @@\n-x\n+y\n+z\n\\ No newline at end of file\n"
      )
    ], words: parts, longest: 8192, cases: 300,
    make: { random in (0..<(1 + random.below(30))).flatMap { _ in Array(random.one(of: parts)) } }
  ) { bytes in
    var patch = Patch(bytes)
    patch.index(.max >> 8)
    try hold(patch.isComplete, "it does not come to its end")
    var pieces = Patch(bytes)
    var random = SplitMix(of: bytes)
    while !pieces.isComplete { pieces.index(1 + random.below(60)) }
    try hold(
      pieces.lineCount == patch.lineCount && pieces.files == patch.files && pieces.hunks == patch.hunks
        && pieces.blockCount == patch.blockCount, "in pieces it finds other files, hunks or blocks")

    // Every byte is in one line.
    var lines: [[UInt8]] = []
    for line in 0..<patch.lineCount { lines.append(Array(patch.bytes(of: line))) }
    var wanted = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map { Array($0) }
    if wanted.last?.isEmpty == true { wanted.removeLast() }
    try hold(lines == wanted, "its lines are not those of the text")
    try hold(
      patch.lineCount == 0 || Array(patch.raw(0..<patch.lineCount)) == bytes, "printed again it is not what it was")

    // Hunks lie in order, in their files, and hold what is counted.
    var end = 0
    for hunk in patch.hunks {
      try hold(hunk.line >= end && hunk.end > hunk.line && hunk.end <= patch.lineCount, "hunk \(hunk) lies wrongly")
      try hold(
        patch.files.indices.contains(hunk.file) && patch.files[hunk.file].firstLine < hunk.line, "\(hunk) has no file")
      end = hunk.end
    }
    var syntax = DiffSyntax(patch)
    var counted = [(added: Int, removed: Int)](repeating: (0, 0), count: patch.files.count)
    for number in 0..<patch.lineCount {
      let line = patch.line(number)
      _ = line.text
      if let file = patch.fileIndex(at: number) {
        if line.kind == .added { counted[file].added += 1 }
        if line.kind == .removed { counted[file].removed += 1 }
      }
      let tokens = syntax.tokens(number, line.kind)
      try hold(tokens.isEmpty || tokens.count == min(4096, max(0, lines[number].count - 1)), "\(tokens.count) tokens")
    }
    for (file, count) in zip(patch.files, counted) {
      try hold(file.added == count.added && file.removed == count.removed, "\(file) does not count its lines")
    }
    for place in 0..<patch.blockCount {
      let block = patch.block(place)
      try hold(block.start <= block.middle && block.middle <= block.end && block.start < block.end, "\(block) is none")
      _ = LinePairing(block, of: patch).rows()
    }
    var moved = MovedLines()
    while !moved.isComplete { moved.advance(patch, budget: 1 + random.below(50)) }
    _ = patch.search("two", from: random.below(patch.lineCount + 1), direction: random.chance(0.5) ? 1 : -1)
  }

  // MARK: What git makes of it

  private static let names = [
    "x.swift", "a/b c.txt", "caf\u{E9}", "tab\tquote\"", "bell\u{7}\u{8}\u{B}\u{C}", "日本 \\", "-", "a b/a b",
  ]

  /// As git writes a name into a patch.
  private static func quoted(_ name: String) -> String {
    let special: [UInt8: String] = [
      7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r", 0x22: "\"", 0x5C: "\\",
    ]
    var isPlain = true
    var text = ""
    for byte in name.utf8 {
      if let letter = special[byte] {
        text += "\\" + letter
        isPlain = false
      } else if byte >= 0x80 || byte < 0x20 {
        let digits = String(byte, radix: 8)
        text += "\\" + String(repeating: "0", count: 3 - digits.utf8.count) + digits
        isPlain = false
      } else {
        text.unicodeScalars.append(Unicode.Scalar(byte))
      }
    }
    return isPlain ? name : "\"\(text)\""
  }

  /// A file of a patch that is whole, by lot.
  private static func file(_ random: inout SplitMix) -> String {
    let name = random.one(of: names)
    let other = random.one(of: names)
    let (old, new) = (quoted("a/" + name), quoted("b/" + name))
    let tab = name.contains(" ") ? "\t" : ""
    var text = "diff --git \(old) \(new)\n"
    func hunks(_ kinds: String, _ random: inout SplitMix) -> String {
      let letters = [Character](kinds)
      var text = ""
      for _ in 0..<(1 + random.below(2)) {
        let lines = (0..<(1 + random.below(6))).map { _ in random.one(of: letters) }
        let (before, after) = (lines.count { $0 != "+" }, lines.count { $0 != "-" })
        text += "@@ -\(before == 0 ? 0 : 1),\(before) +\(after == 0 ? 0 : 1),\(after) @@ x\n"
        for line in lines {
          text += "\(line)\(random.one(of: ["text", "", "-- a comment", "++ b/x", "@ -1 +1 @@", "é"]))\n"
        }
        if random.chance(0.2) { text += "\\ No newline at end of file\n" }
      }
      return text
    }
    switch random.below(8) {
    case 0: text += "new file mode 100644\nindex 0000000..89abcde\n"
    case 1:
      text += "new file mode 100644\nindex 0000000..89abcde\n--- /dev/null\n+++ \(new)\(tab)\n" + hunks("+", &random)
    case 2:
      text +=
        "deleted file mode 100644\nindex 89abcde..0000000\n--- \(old)\(tab)\n+++ /dev/null\n" + hunks("-", &random)
    case 3 where name != other:
      text = "diff --git \(old) \(quoted("b/" + other))\nsimilarity index 100%\n"
      text += "rename from \(quoted(name))\nrename to \(quoted(other))\n"
    case 4: text += "old mode 100644\nnew mode 100755\n"
    case 5: text += "index 0123456..89abcde 100644\nBinary files \(old) and \(new) differ\n"
    case 6: text = "--- \(old)\t2026-01-01 00:00:00\n+++ \(new)\t2026-01-01 00:00:00\n" + hunks(" +-", &random)
    default: text += "index 0123456..89abcde 100644\n--- \(old)\(tab)\n+++ \(new)\(tab)\n" + hunks(" +-", &random)
    }
    return text
  }

  struct Counted: Equatable, CustomStringConvertible {
    var path: String
    var added: Int
    var removed: Int
    var isBinary: Bool
    var description: String { "\(Array(path.utf8).shown) +\(added) -\(removed)\(isBinary ? " binary" : "")" }
  }

  /// What `git apply` would take it for; nil when it refuses it, or is not there.
  private static func numstat(_ bytes: [UInt8]) -> [Counted]? {
    let path = "/tmp/flightdeck-fuzz-git-\(getpid())-\(SplitMix(of: bytes).peek)"
    defer { for end in ["in", "out"] { unlink("\(path).\(end)") } }
    guard CaseFolder.write(bytes, to: path + ".in"),
      let answer = GitOracle.answer(["apply", "--numstat", "-z", "-"], input: path + ".in", output: path + ".out")
    else { return nil }
    return answer.split(separator: 0).compactMap { entry in
      let words = entry.split(separator: 0x09, maxSplits: 2, omittingEmptySubsequences: false)
      guard words.count == 3 else { return nil }
      func number(_ word: ArraySlice<UInt8>) -> Int { Int(String(decoding: word, as: UTF8.self)) ?? 0 }
      return Counted(
        path: String(decoding: words[2], as: UTF8.self), added: number(words[0]), removed: number(words[1]),
        isBinary: words[0].elementsEqual("-".utf8))
    }
  }

  /// Whole patches, which the bytes choose: what git finds in them we find, the same files with the same names and counts.
  static let git = FuzzTarget(
    name: "git-apply", seeds: (0..<8).map { [$0] }, longest: 16, cases: 60
  ) { bytes in
    var random = SplitMix(of: bytes)
    let text = Array((0..<(1 + random.below(5))).map { _ in file(&random) }.joined())
    guard let wanted = numstat(text) else { return }
    var patch = Patch(text)
    while !patch.isComplete { patch.index() }
    let found = patch.files.map {
      Counted(path: $0.path, added: $0.added, removed: $0.removed, isBinary: $0.isBinary)
    }
    try hold(found == wanted, "it is \(found), for git \(wanted), of \(text.shown)")
  }

  /// Two lines that differ.
  static let words = FuzzTarget(
    name: "word-diff",
    seeds: [Array("let a = b(c)\nlet a = d(c, e)"), Array("x\n"), Array("\n"), Array("  a b\n\ta b")],
    words: ["\n", " ", "a", "foo", "(", ")", ", ", "é", "日本", "\t", "\u{0}"], longest: 1200, cases: 300
  ) { bytes in
    let place = bytes.firstIndex(of: 0x0A) ?? bytes.count
    let old = bytes[..<place]
    let new = bytes[min(place + 1, bytes.count)...]
    guard let changes = WordDiff.changes(old, new) else { return }
    func kept(_ line: ArraySlice<UInt8>, _ changed: [Range<Int>]) throws -> [UInt8] {
      var kept: [UInt8] = []
      var at = 0
      for range in changed {
        try hold(range.lowerBound >= at && range.upperBound <= line.count, "the change \(range) lies wrongly")
        kept += line.dropFirst(at).prefix(range.lowerBound - at)
        at = range.upperBound
      }
      return kept + line.dropFirst(at)
    }
    let a = try kept(old, changes.old)
    let b = try kept(new, changes.new)
    try hold(a == b, "what is kept of the old is \(a.shown), of the new \(b.shown)")
  }
}
