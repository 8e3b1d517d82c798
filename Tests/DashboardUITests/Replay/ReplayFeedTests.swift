import RunModel
import Testing

@testable import DashboardUI

@Suite struct ReplayFeedTests {
  @Test("Going to any place, from any place, is folding from the start", arguments: 1...8)
  func anywhere(seed: Int) {
    let events = RecordingSample.events(700, runs: 5 + seed * 3, seed: seed)
    var random = Seeded(UInt64(seed) &+ 77)
    // Small steps and a small bound, so that boards are kept, thinned and gone back to.
    var feed = ReplayFeed(
      RecordingSample.recording(RecordingSample.bytes(events)), spacing: 16, mostRuns: seed % 2 == 0 ? 60 : 100_000)
    for _ in 0..<40 {
      let target = Int.random(in: 0...events.count, using: &random)
      feed.approach(target)
      while feed.place < target { feed.advance(to: target, budget: Int.random(in: 1...300, using: &random)) }
      let expected = RecordingSample.board(events.prefix(target))
      #expect(feed.place == target)
      #expect(feed.board.runs == expected.runs)
      #expect(feed.board.seq == expected.seq)
      #expect(feed.board.needingAttention == expected.needingAttention)
    }
    #expect(feed.checkpointCount <= 128)
  }

  @Test("The kept boards never hold more runs than allowed")
  func bounded() {
    let events = RecordingSample.events(4000, runs: 300)
    var feed = ReplayFeed(RecordingSample.recording(RecordingSample.bytes(events)), spacing: 16, mostRuns: 1000)
    feed.advance(to: events.count)
    #expect(feed.checkpointCount > 0)
    #expect(feed.checkpointCount <= 4)
  }

  @Test("Output of a run that nobody looks at comes without its text, and folds the same")
  func output() {
    let events = RecordingSample.events(300)
    var feed = ReplayFeed(RecordingSample.recording(RecordingSample.bytes(events)))
    let wanted = Sample.id(1002)
    let told = feed.advance(to: events.count) { $0 == wanted }
    for event in told where event.type == .output {
      #expect((event.data["text"] != nil) == (event.run == wanted))
    }
    #expect(feed.board.runs == RecordingSample.board(events).runs)
  }
}
