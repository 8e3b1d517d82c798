import Testing

@testable import DashboardUI

@Suite struct LinePairingTests {
  private func patch(_ removed: [String], _ added: [String]) -> Patch {
    let lines = removed.map { "-" + $0 } + added.map { "+" + $0 }
    var patch = Patch(
      Array(
        ("diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,\(removed.count) +1,\(added.count) @@\n"
          + lines.joined(separator: "\n") + "\n").utf8))
    patch.index()
    return patch
  }

  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var removed: [String]
    var added: [String]
    /// For each removed line the added one, by place.
    var pairs: [Int?]
    var testDescription: String { name }
  }

  static let cases: [Case] = [
    Case(name: "one line changed", removed: ["let a = 1"], added: ["let a = 2"], pairs: [0]),
    Case(
      name: "a line put before", removed: ["return load(user)"], added: ["check(user)", "return load(user, retry: 3)"],
      pairs: [1]),
    Case(
      name: "a line taken out in the middle", removed: ["let first = 1", "print(debug)", "let second = 2"],
      added: ["let first = 10", "let second = 20"], pairs: [0, nil, 1]),
    Case(
      name: "nothing in common", removed: ["alpha beta gamma"], added: ["import Foundation"], pairs: [nil]),
    Case(
      name: "pairs do not cross", removed: ["case one: first()", "case two: second()"],
      added: ["case two: second(now)", "case one: first(now)"], pairs: [nil, 0]),
    Case(
      name: "indented anew", removed: ["a.load()", "b.load()"], added: ["if ready {", "  a.load()", "  b.load()", "}"],
      pairs: [1, 2]),
    Case(name: "CJK", removed: ["利用者の一覧を表示"], added: ["別の行", "利用者と権限の一覧を表示"], pairs: [1]),
  ]

  @Test("Lines are paired by what they say", arguments: cases)
  func pairs(_ example: Case) throws {
    let patch = patch(example.removed, example.added)
    let pairing = LinePairing(patch.block(0), of: patch)
    let block = patch.block(0)
    let found = example.removed.indices.map { pairing.partner(of: block.start + $0).map { $0 - block.middle } }
    if example.name == "pairs do not cross" {
      // One of the two is kept; which one is a matter of taste.
      #expect(found.count { $0 != nil } == 1)
    } else {
      #expect(found == example.pairs)
    }
    for (place, partner) in found.enumerated() {
      guard let partner else { continue }
      #expect(pairing.partner(of: block.middle + partner) == block.start + place)
    }
  }

  @Test("Lines that differ in white space alone are known as such")
  func reindented() {
    let patch = patch(["a.load()", "b.load()"], ["if ready {", "\ta.load()", "\tb.store()", "}"])
    let pairing = LinePairing(patch.block(0), of: patch)
    let block = patch.block(0)
    #expect(pairing.isReindented(block.start))
    #expect(pairing.isReindented(block.middle + 1))
    #expect(!pairing.isReindented(block.start + 1))
  }

  @Test("A block of a thousand lines a side is paired by position, without comparing a million pairs")
  func large() {
    let patch = patch((0..<1000).map { "old \($0)" }, (0..<900).map { "new \($0)" })
    let pairing = LinePairing(patch.block(0), of: patch)
    #expect(pairing.partner(of: patch.block(0).start + 7) == patch.block(0).middle + 7)
    #expect(pairing.partner(of: patch.block(0).start + 950) == nil)
    #expect(pairing.rows().count == 1000)
  }

  @Test("A block moved elsewhere is found in both places, one only indented anew too, and two lines are no move")
  func moves() throws {
    let body = ["  let sum = values.reduce(0, +)", "  let mean = sum / values.count", "  return (sum, mean)"]
    var text = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,5 +1,1 @@\n keep\n"
    text += body.map { "-\($0)\n" }.joined() + "-  tail(1)\n@@ -20,1 +16,4 @@\n keep\n"
    text += body.map { "+  \($0)\n" }.joined()
    var patch = Patch(Array(text.utf8))
    patch.index()
    var moved = MovedLines()
    while !moved.isComplete { moved.advance(patch, budget: 2) }
    #expect(moved.moves.count == 1)
    let move = try #require(moved.moves.first)
    #expect(move.count == 3)
    #expect(moved.move(of: move.from + 2) == move && moved.move(of: move.to) == move)
    #expect(moved.move(of: move.from + 3) == nil)

    var short = Patch(Array(text.replacing("+  " + body[2] + "\n", with: "+  return nothing at all here\n").utf8))
    short.index()
    var none = MovedLines()
    while !none.isComplete { none.advance(short) }
    #expect(none.moves.isEmpty)
  }
}
