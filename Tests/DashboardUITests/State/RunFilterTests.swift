import RunModel
import Testing

@testable import DashboardUI

@Suite struct RunFilterTests {
  private func titles(_ filter: String) -> [String] {
    var list = RunList()
    let board = RunBoard(runs: Sample.runs, seq: 100)
    list.reset(board)
    list.setFilter(RunFilter(filter), board)
    return list.visible.map { board.runs[Int($0)].title }
  }

  @Test(
    "The filter's grammar",
    arguments: [
      ("retry", ["Add retry logic to entitlement webhook"]),
      ("ADD webhook", ["Add retry logic to entitlement webhook"]),
      ("rtrylgc", ["Add retry logic to entitlement webhook"]),
      ("status:failed", ["Bump TLS floor"]), ("status:att", ["Migrate user preferences to Postgres"]),
      ("status:queued api", ["Write API docs for /reveal"]), ("runtime:a2a", ["Fix checkout validation on mobile"]),
      ("title:date", ["Replace the date picker"]), ("~^add.*hook$", ["Add retry logic to entitlement webhook"]),
      ("~(tls|date)", ["Replace the date picker", "Bump TLS floor"]),
      ("status:running !runtime:local !vibe", ["Fix checkout validation on mobile"]),
      ("status:canceled", ["Rename the settings page"]), ("nothing-like-this", []),
    ])
  func grammar(filter: String, expected: [String]) { #expect(titles(filter) == expected) }

  @Test(
    "What is not finished yet, or makes no sense, hides nothing and says so",
    arguments: ["~(", "~[a", "status:xyz", "~*"])
  func unfinished(filter: String) {
    #expect(titles(filter).count == Sample.runs.count)
    #expect(RunFilter(filter).complaint != nil)
  }

  @Test("An id's end finds its run")
  func byId() { #expect(titles(Sample.id(7).shortName.lowercased()) == ["Speed up the nightly report"]) }

  @Test(
    "Patterns match as regular expressions do",
    arguments: [
      ("a+b", "xaab", true), ("a+b", "xb", false), ("^ab?c$", "ac", true), ("^ab?c$", "abbc", false),
      ("[0-9]{", "1{", true), ("\\d\\d", "a12", true), ("\\bfix\\b", "a fix here", true),
      ("\\bfix\\b", "prefix", false),
      ("(ab)+c", "ababc", true), ("[^a]", "aaa", false), ("a.c", "abc", true), ("", "x", true), ("a|", "x", true),
      ("(a*)*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaa", false), ("\\.", "a.b", true), ("\\.", "ab", false),
    ])
  func patterns(pattern: String, text: String, expected: Bool) throws {
    let compiled = try #require(BytePattern(pattern))
    #expect(Array(text.utf8).withUnsafeBufferPointer { compiled.matches($0) } == expected)
  }
}
