import Orchestration
import RunModel
import Testing

@testable import RuntimeAdapters

@Suite("Names and diffs of worktrees")
struct WorktreesTests {
  @Test(
    "Slugs are short, plain and cut between words",
    arguments: [
      ("Fix the login", "fix-the-login"), ("  Ünï — code!! ", "n-code"), ("日本語", ""),
      ("Add a very long title that goes on and on and on", "add-a-very-long-title-that-goes-on-and"),
      (String(repeating: "x", count: 60), String(repeating: "x", count: 40)), ("../../etc", "etc"),
    ])
  func slugs(_ text: String, _ slug: String) {
    #expect(BranchName.slug(text, keepsCase: false, limit: 40) == slug)
  }

  @Test("Branches carry the external reference and the run's end, ever more of it")
  func branches() throws {
    let run = try #require(RunID("01ARZ3NDEKTSV4RRFFQ69G5FAV"))
    var contract = Contract(title: "Fix it")
    contract.externalRef = "GH-12"
    #expect(
      BranchName.candidates(for: contract, run: run).prefix(2) == [
        "awf/GH-12-fix-it-9G5FAV", "awf/GH-12-fix-it-FFQ69G5FAV",
      ])
    #expect(BranchName.candidates(for: Contract(title: "日本"), run: run)[0] == "awf/9G5FAV")
  }

  @Test("Numstat counts, lists both paths of a rename, and reads binaries")
  func numstat() {
    var bytes = Array("3\t1\ta b.txt\u{0}-\t-\tpicture\u{0}2\t0\t\u{0}old\tname\u{0}new\u{0} a b.txt |".utf8)[...]
    #expect(
      WorkDiff.parseNumstat(&bytes)
        == WorkDiff.Changes(paths: ["a b.txt", "picture", "old\tname", "new"], files: 3, added: 5, removed: 1))
    #expect(bytes == Array(" a b.txt |".utf8)[...])
    for broken in ["3", "3\t1", "1\t1\t", "1\t1\t\u{0}", "1\t1\t\u{0}a", "\u{0}\u{0}", "x\u{0}"] {
      var rest = Array(broken.utf8)[...]
      _ = WorkDiff.parseNumstat(&rest)
      #expect(rest.isEmpty)
    }
  }
}
