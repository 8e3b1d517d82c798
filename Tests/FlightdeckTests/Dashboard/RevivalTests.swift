import RunModel
import Synchronization
import Testing

@testable import flightdeck

@Suite("Starting the orchestrator again") struct RevivalTests {
  private final class Clock: Sendable {
    let now = Mutex(Timestamp(milliseconds: 1_000_000))
    func pass(_ time: Duration) { now.withLock { $0 = $0 + time } }
  }

  private func words(_ revival: Revival, since: Timestamp) async -> [String] {
    let said = Mutex<[String]>([])
    await revival.lost(since: since) { word in
      said.withLock {
        switch word {
        case .starting: $0.append("starting")
        case .failed(let problem): $0.append(problem.detail)
        }
      }
    }
    return said.withLock { $0 }
  }

  @Test("It waits a moment, tries three times within ten minutes, and then leaves it to a person")
  func bounded() async {
    let clock = Clock()
    let starts = Mutex(0)
    let revival = Revival(now: { clock.now.withLock { $0 } }) { starts.withLock { $0 += 1 } }
    for round in 1...3 {
      let since = clock.now.withLock { $0 }
      #expect(await words(revival, since: since).isEmpty)
      clock.pass(.seconds(2))
      #expect(await words(revival, since: since) == ["starting"])
      #expect(starts.withLock { $0 } == round)
      await revival.live()
    }
    let since = clock.now.withLock { $0 }
    clock.pass(.seconds(5))
    let last = await words(revival, since: since)
    #expect(last.count == 1 && last[0].contains("flightdeck serve"))
    #expect(await words(revival, since: since).isEmpty)
    #expect(starts.withLock { $0 } == 3)
    // Somebody has started it; much later it is as at the beginning.
    await revival.live()
    clock.pass(.seconds(700))
    #expect(await words(revival, since: since) == ["starting"])
  }

  @Test("A start that fails is told, with its reason, and not tried again until somebody has mended it")
  func fails() async {
    let clock = Clock()
    let revival = Revival(now: { clock.now.withLock { $0 } }) { throw Problem(.unavailable, "The disk is full.") }
    let since = clock.now.withLock { $0 }
    clock.pass(.seconds(3))
    #expect(await words(revival, since: since) == ["starting", "The disk is full."])
    #expect(await words(revival, since: since).isEmpty)
  }
}
