import Foundation
import RunModel
import Testing

extension EndToEndTests {
  @Suite("Crash", .serialized) struct CrashTests {
    private static let wanted = ProcessInfo.processInfo.environment["FLIGHTDECK_CRASH_ROUNDS"].flatMap(UInt64.init)
    /// `FLIGHTDECK_CRASH_ROUNDS=100` runs that many; `FLIGHTDECK_CRASH_SEED=17` that one alone.
    private static let seeds: [UInt64] =
      if let seed = ProcessInfo.processInfo.environment["FLIGHTDECK_CRASH_SEED"].flatMap(UInt64.init) {
        [seed]
      } else {
        Array(1...max(1, wanted ?? 4))
      }

    @Test(
      "Whatever is killed with -9, and when: what was acknowledged is there once, in order, and nothing is left over",
      arguments: seeds)
    func round(seed: UInt64) async throws {
      let figures = try await CrashRound(seed: seed).run()
      if Self.wanted != nil { print(figures) }
    }
  }
}
