@testable import DashboardUI

enum PatchTargets {
  static let all = [patch, words]

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
