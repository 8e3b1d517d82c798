import Testing

@testable import DashboardUI

@Suite struct DiffRowsTests {
  /// A well-formed patch of random blocks, some of them large.
  static func random(_ seed: UInt64) -> Patch {
    var random = Seeded(seed)
    let words = ["let", "value", "=", "one", "two", "(", ")", "return", "漢字", "\t", "  ", "x1", "é"]
    func text() -> String {
      (0..<Int.random(in: 0...6, using: &random)).map { _ in words.randomElement(using: &random) ?? "" }
        .joined(separator: " ")
    }
    var patch = ""
    for file in 0..<Int.random(in: 1...4, using: &random) {
      patch += "diff --git a/f\(file) b/f\(file)\nindex 1..2\n--- a/f\(file)\n+++ b/f\(file)\n"
      var old = 1
      var new = 1
      for _ in 0..<Int.random(in: 0...3, using: &random) {
        var lines: [String] = []
        for _ in 0..<Int.random(in: 1...5, using: &random) {
          let most = Int.random(in: 0...20, using: &random) == 0 ? 90 : 6
          lines += (0..<Int.random(in: 0...3, using: &random)).map { _ in " " + text() }
          lines += (0..<Int.random(in: 0...most, using: &random)).map { _ in "-" + text() }
          if Int.random(in: 0...9, using: &random) == 0, lines.last?.first == "-" { lines.append("\\ No newline") }
          lines += (0..<Int.random(in: 0...most, using: &random)).map { _ in "+" + text() }
        }
        let removed = lines.count { $0.first == "-" || $0.first == " " }
        let added = lines.count { $0.first == "+" || $0.first == " " }
        patch += "@@ -\(old),\(removed) +\(new),\(added) @@ f\n" + lines.joined(separator: "\n") + "\n"
        old += removed + 10
        new += added + 10
      }
    }
    var whole = Patch(Array(patch.utf8))
    while !whole.isComplete { whole.index(100) }
    return whole
  }

  @Test("Both ways of showing it have every line once, in order, and lead back where they came from", arguments: 1...8)
  func everyLine(seed: Int) {
    let patch = Self.random(UInt64(seed))
    var unified = DiffRows(patch)
    var lines: [Int] = []
    var row: DiffRow? = unified.row(at: 0)
    while let here = row {
      #expect(lines.last.map { $0 < here.line } ?? true)
      lines.append(here.line)
      row = unified.next(here)
      if let row { #expect(unified.previous(row) == here, "line \(row.line)") }
    }
    let hidden = Set(0..<patch.lineCount).subtracting(lines)
    #expect(
      hidden.allSatisfy { ["---", "+++"].contains(String(decoding: patch.bytes(of: $0).prefix(3), as: UTF8.self)) })

    var sides = DiffRows(patch, isSideBySide: true)
    var old: [Int] = []
    var new: [Int] = []
    row = sides.row(at: 0)
    var count = 0
    while let here = row, count <= patch.lineCount {
      count += 1
      if let line = here.old { old.append(line) }
      if let line = here.new { new.append(line) }
      if here.isSplit {
        #expect(here.old.map { patch.kind(of: $0) != .added } ?? true)
        #expect(here.new.map { patch.kind(of: $0) != .removed } ?? true)
      }
      #expect(sides.row(at: here.line) == here)
      row = sides.next(here)
      if let row {
        #expect(sides.previous(row) == here)
        #expect(sides.isBefore(here, row) && !sides.isBefore(row, here))
      }
    }
    #expect(old == old.sorted() && new == new.sorted())
    #expect(Set(old + new) == Set(lines))
    #expect(Set(old).intersection(new).allSatisfy { patch.kind(of: $0) != .added && patch.kind(of: $0) != .removed })
  }

  @Test("Of a folded file only the header shows, and of a binary one no coded line")
  func folded() {
    var patch = Patch(DiffSample.odd)
    patch.index()
    var rows = DiffRows(patch, folded: ["unix.txt"])
    var kinds: [String] = []
    var row: DiffRow? = rows.row(at: 0)
    while let here = row {
      kinds.append(String(decoding: patch.bytes(of: here.line).prefix(12), as: UTF8.self))
      row = rows.next(here)
      if let row { #expect(rows.previous(row) == here) }
    }
    #expect(kinds.count { $0.hasPrefix("diff --git") } == 5)
    #expect(!kinds.contains { $0.hasPrefix("zcmV") || $0.hasPrefix("literal") || $0.hasPrefix("old mode") })
    #expect(patch.files[2].newSize == 1234 && patch.files[2].oldSize == 0)
    #expect(rows.row(at: patch.files[1].firstLine + 5) == DiffRow(patch.files[1].firstLine))
  }

  @Test("Numbers lead to lines and lines to numbers, also where lines were taken out", arguments: 1...4)
  func numbers(seed: Int) {
    let patch = Self.random(UInt64(seed))
    for number in 0..<patch.lineCount {
      let line = patch.line(number)
      guard let file = patch.fileIndex(at: number) else { continue }
      if let new = line.new { #expect(patch.line(inFile: file, .new, new, text: Array(line.body)) == number) }
      if let old = line.old { #expect(patch.line(inFile: file, .old, old, text: Array(line.body)) == number) }
    }
  }
}
