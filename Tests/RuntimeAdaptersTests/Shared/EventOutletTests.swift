import Synchronization
import Testing

@testable import RuntimeAdapters

@Suite("The outlet of a runtime's events")
struct EventOutletTests {
  @Test("A pace that is asked for all day is as cheap at the end as at the beginning", .timeLimit(.minutes(1)))
  func pace() async {
    let outlet = EventOutlet()
    let asked = Mutex(0)
    outlet.pace { asked.withLock { $0 += 1 } }
    for _ in 0..<400_000 { await outlet.ready() }
    #expect(asked.withLock { $0 } == 400_000)
  }
}
