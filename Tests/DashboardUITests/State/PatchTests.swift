import Testing

@testable import DashboardUI

@Suite struct PatchTests {
  private func whole(_ text: String) -> Patch {
    var patch = Patch(Array(text.utf8))
    while !patch.isComplete { patch.index(64) }
    return patch
  }

  @Test("Files, renames, modes, binaries and counts are found")
  func files() {
    let patch = whole(Sample.patch)
    #expect(
      patch.files.map(\.path) == ["src/webhooks/retry.ts", "docs/webhooks.md", "run.sh", "logo.png", "notes.txt"])
    #expect(patch.files.map(\.change) == [.modified, .renamed, .modified, .added, .deleted])
    #expect(patch.files.map(\.added) == [6, 1, 0, 0, 0])
    #expect(patch.files.map(\.removed) == [2, 1, 0, 0, 2])
    #expect(patch.files[1].oldPath == "docs/old.md")
    #expect(patch.files[2].oldMode == "100644" && patch.files[2].newMode == "100755")
    #expect(patch.files[3].isBinary)
    #expect(patch.hunks.count == 4)
  }

  @Test("Line numbers of both sides, also far into a hunk")
  func numbers() {
    var text = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -100,3000 +200,4000 @@\n"
    for number in 0..<3000 { text += " same \(number)\n" + (number % 3 == 0 ? "+added\n" : "") }
    let patch = whole(text)
    let line = patch.line(4 + 2000)
    #expect(line.kind == .context)
    #expect(line.old == 1600)
    #expect(line.new == 2200)
    let last = patch.line(patch.lineCount - 1)
    #expect(last.old == 3099)
    #expect(last.new == 4199)
  }

  @Test("A removed line that looks like a header is a removed line")
  func lookalike() {
    let patch = whole("diff --git a/q.sql b/q.sql\n--- a/q.sql\n+++ b/q.sql\n@@ -1,2 +1,1 @@\n--- a comment\n keep\n")
    #expect(patch.kind(of: 4) == .removed)
    #expect(patch.line(4).text == "-- a comment")
    #expect(patch.files.count == 1)
    #expect(patch.files[0].oldPath == "q.sql")
  }

  @Test(
    "Unusual file names are unquoted",
    arguments: [
      ("\"a/caf\\303\\251.txt\"", "a/café.txt"), ("plain", "plain"), ("\"t\\tb\\\"q\"", "t\tb\"q"),
      ("\"\\a\\b\\v\\f\\r\\n\\\\\"", "\u{7}\u{8}\u{B}\u{C}\r\n\\"),
    ])
  func quoting(text: String, expected: String) { #expect(PatchFile.unquoted(text) == expected) }

  @Test("An unusual name is known also where only the first line tells it, and with a space in it")
  func quotedNames() {
    let patch = whole(
      """
      diff --git "a/caf\\303\\251" "b/caf\\303\\251"
      new file mode 100644
      index 0000000..e69de29
      diff --git "a/a caf\\303\\251" "b/a caf\\303\\251"
      --- "a/a caf\\303\\251"\t
      +++ "b/a caf\\303\\251"\t
      @@ -1 +1 @@
      -a
      +b

      """)
    #expect(patch.files.map(\.path) == ["café", "a café"])
  }

  @Test("A patch without git's own lines has its files and hunks all the same")
  func plain() {
    let patch = whole(
      """
      Some words before.
      --- a/x.txt\t2026-01-01 00:00:00
      +++ b/x.txt\t2026-01-02 00:00:00
      @@ -1,2 +1 @@
      -a
      --- b
      +++ c
      --- /dev/null
      +++ b/new.txt
      @@ -0,0 +1 @@
      +a
      --- a/old.txt
      +++ /dev/null
      @@ -1 +0,0 @@
      -a

      """)
    #expect(patch.files.map(\.path) == ["x.txt", "new.txt", "old.txt"])
    #expect(patch.files.map(\.change) == [.modified, .added, .deleted])
    #expect(patch.files.map(\.added) == [1, 1, 0] && patch.files.map(\.removed) == [2, 0, 1])
    #expect(patch.files.map(\.firstLine) == [1, 7, 11])
    #expect(patch.kind(of: 1) == .file && patch.kind(of: 2) == .meta && patch.kind(of: 5) == .removed)
  }

  @Test("A symbolic link says that it is one, and where it leads")
  func link() {
    let head = "diff --git a/p b/p\n"
    let new = whole(
      head + "new file mode 120000\nindex 0000000..3594e94\n--- /dev/null\n+++ b/p\n@@ -0,0 +1 @@\n+/etc/passwd\n"
        + "\\ No newline at end of file\n")
    #expect(new.linkTarget(new.files[0]) == "/etc/passwd")
    let moved = whole(
      head + "index 3594e94..1234567 120000\n--- a/p\n+++ b/p\n@@ -1 +1 @@\n-/etc/passwd\n"
        + "\\ No newline at end of file\n+/etc/group\n\\ No newline at end of file\n")
    #expect(moved.linkTarget(moved.files[0]) == "/etc/group")
    let file = whole(head + "index 1..2 100644\n--- a/p\n+++ b/p\n@@ -1 +1 @@\n-a\n+b\n")
    #expect(!file.files[0].isLink && file.linkTarget(file.files[0]) == nil)
  }

  @Test("The missing newline at the end belongs to its hunk")
  func noNewline() {
    let patch = whole(Sample.patch)
    #expect(patch.kind(of: patch.lineCount - 1) == .noNewline)
  }

  @Test("Index pieces of any size give the same", arguments: [1, 7, 100, 1 << 20])
  func pieces(size: Int) {
    var patch = Patch(Array(Sample.patch.utf8))
    while !patch.isComplete { patch.index(size) }
    let other = whole(Sample.patch)
    #expect(patch.files == other.files)
    #expect(patch.hunks == other.hunks)
    #expect(patch.lineCount == Sample.patch.split(separator: "\n", omittingEmptySubsequences: false).count - 1)
  }

  @Test("Any bytes can be indexed and read")
  func anything() {
    var random = Seeded(5)
    let words = [
      "diff --git a/x b/x\n", "@@ -1,3 +1,4 @@\n", "@@", "--- a/", "+++ ", "\n", "-", "+x", " ", "\\ No", "\u{0}",
      "rename to ", "@@ -9999999999999999999,1 +1 @@\n", "@@ -9223372036854775807,9 +1,9 @@\n", "\"", "é",
    ]
    for _ in 0..<300 {
      let text = (0..<Int.random(in: 0...40, using: &random)).map { _ in words.randomElement(using: &random) ?? "" }
        .joined()
      let patch = whole(text)
      for line in 0..<patch.lineCount { _ = patch.line(line) }
      _ = patch.search("x", from: 3, direction: -1)
    }
  }

  @Test("Search goes round, both ways, and ignores case")
  func search() {
    let patch = whole(Sample.patch)
    let first = patch.search("JITTER", from: 0, direction: 1)
    #expect(first.map { patch.line($0).text.contains("jitter") } == true)
    #expect(patch.search("webhooks.md", from: 0, direction: -1).map { $0 > (first ?? 0) } == true)
    #expect(patch.search("not in there", from: 0, direction: 1) == nil)
  }

  @Test("Only the words that changed stand out, and lines with nothing in common have no marks")
  func words() throws {
    func changes(_ old: String, _ new: String) -> (old: [Range<Int>], new: [Range<Int>])? {
      WordDiff.changes(Array(old.utf8)[...], Array(new.utf8)[...])
    }
    let found = try #require(changes("let delay = 1000;", "let delay = backoff(attempts);"))
    #expect(found.old == [12..<16])
    #expect(found.new == [12..<29])
    #expect(changes("alpha beta", "x(1) + y") == nil)
    #expect(changes("same", "same").map { $0.old.isEmpty && $0.new.isEmpty } == true)
  }
}
