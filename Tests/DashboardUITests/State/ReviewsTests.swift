import RunModel
import TerminalKit
import Testing

@testable import DashboardUI

@Suite struct ReviewsTests {
  @Test("A mark holds until the file's part of the patch changes, whatever the files around it do")
  func digest() throws {
    func patch(_ text: String) -> Patch {
      var patch = Patch(Array(text.utf8))
      patch.index()
      return patch
    }
    let path = "src/webhooks/retry.ts"
    let before = try #require(patch(Sample.patch).digest(ofFile: path))
    #expect(before.count == 16)
    let after = Sample.patch.replacing("return deadLetter", with: "return await deadLetter")
    #expect(patch(after).digest(ofFile: path) != before)
    #expect(patch(after).digest(ofFile: "run.sh") == patch(Sample.patch).digest(ofFile: "run.sh"))
    #expect(patch(Sample.patch).digest(ofFile: "nowhere") == nil)
    #expect(patch(Sample.patch).firstChange(ofFile: path) == 12)
    #expect(patch(Sample.patch).firstChange(ofFile: "run.sh") == nil)
  }

  @Test("Marks are kept for the latest runs, and come back from their JSON")
  func bounded() {
    var reviews = Reviews()
    for number in 1...Reviews.mostRuns + 10 { reviews.setMark("ab", Sample.id(number), "a.txt") }
    #expect(reviews.mark(Sample.id(10), "a.txt") == nil)
    #expect(reviews.mark(Sample.id(11), "a.txt") == "ab")
    reviews.setMark(nil, Sample.id(11), "a.txt")
    #expect(reviews.mark(Sample.id(11), "a.txt") == nil)
    #expect(Reviews(json: reviews.json) == reviews)
    #expect(Reviews(json: "nonsense") == Reviews())
  }

  @Test(
    "Space marks a file as reviewed and goes on; e opens it where it was changed, but never outside of the worktree")
  func keys() {
    var state = Sample.opened(Size(width: 120, height: 40), .files)
    state.press("G")
    let effects = state.press("space")
    #expect(effects.contains { if case .keep = $0 { true } else { false } })
    #expect(state.isReviewed("src/webhooks/retry.ts"))
    guard case .openFile(_, "src/webhooks/retry.ts", 12)? = state.press("e").first else {
      Issue.record("no editor")
      return
    }
    state.editFile("../../etc/passwd")
    #expect(state.toasts.last?.kind == .bad)
    state.press("space")
    #expect(!state.isReviewed("src/webhooks/retry.ts"))
  }
}
