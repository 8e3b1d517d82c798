import DashboardUI
import RunModel
import Testing

@testable import flightdeck

@Suite("What the dashboard has not drawn yet", .timeLimit(.minutes(20))) struct EventInboxTests {
  private static let run = RunID(ULID(high: 0x0190_0000_0000_0000, low: 1))

  private static func lines(_ seqs: ClosedRange<UInt64>, _ text: String) -> [RunEvent] {
    seqs.map { seq in
      var event = RunEvent(
        type: .output, run: run, time: Timestamp(milliseconds: 1), data: ["stream": "stdout", "text": .string(text)])
      event.seq = seq
      return event
    }
  }

  @Test(
    "The reader waits at a bound of bytes as of events, and nothing is lost when it goes on",
    arguments: [(2, 1 << 20), (5000, 4)])
  func bound(batch: Int, length: Int) async {
    let inbox = EventInbox()
    let (arrivals, arrive) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    inbox.onArrival { arrive.yield() }
    let text = String(repeating: "x", count: length)
    let total = length > 100 ? 60 : 60_000
    async let reader: Void = { @Sendable in
      var seq: UInt64 = 1
      while seq <= total {
        let last = min(UInt64(total), seq + UInt64(batch) - 1)
        await inbox.put(message: .events(Self.lines(seq...last, text)))
        seq = last + 1
      }
    }()
    var taken: [UInt64] = []
    var most = 0
    for await _ in arrivals {
      // Whoever draws may be slow: the reader has the time to bring more than it may.
      for _ in 0..<20 { await Task.yield() }
      var bytes = 0
      for case .events(let events) in inbox.take() {
        bytes += events.reduce(0) { $0 + $1.weight }
        taken += events.map(\.seq)
      }
      most = max(most, bytes)
      if taken.count >= total { break }
    }
    #expect(most <= Bounds.inbox + batch * (length + 500))
    await reader
    #expect(taken == (1...UInt64(total)).map { $0 })
  }
}
