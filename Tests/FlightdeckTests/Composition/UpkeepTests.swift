import Foundation
import Glibc
import Logging
import RunModel
import Synchronization
import Testing

@testable import flightdeck

@Suite("What the orchestrator does by itself", .timeLimit(.minutes(5))) struct UpkeepTests {
  private struct Over: Error {}

  /// A clock that each sleep moves on, until the test has seen enough.
  private final class Days: Sendable {
    struct State {
      var now: Timestamp
      var seq: UInt64 = 0
      var minutes = 0
      var collections: [Int] = []
      var fails = false
    }

    let state: Mutex<State>
    init(_ now: Timestamp) { state = Mutex(State(now: now)) }

    /// `eventsAMinute`: how busy it is in each.
    func run(_ retention: DailyRetention, minutes: Int, eventsAMinute: UInt64 = 0) async {
      var retention = retention
      let until = state.withLock { $0.minutes } + minutes
      retention.now = { self.state.withLock { $0.now } }
      retention.sleep = { pause in
        try self.state.withLock { state in
          if state.minutes == until { throw Over() }
          state.minutes += 1
          state.now = state.now + pause
          state.seq += eventsAMinute
        }
      }
      try? await retention.run()  // ends by `Over` alone
    }

    func retention(_ folder: String) -> DailyRetention {
      DailyRetention(
        note: folder + "/retention", logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
        seq: { self.state.withLock { $0.seq } },
        collect: {
          try self.state.withLock { state in
            state.collections.append(state.minutes)
            if state.fails { throw Over() }
          }
        })
    }

    var collections: [Int] { state.withLock { $0.collections } }
  }

  private func withFolder(_ body: (String) async throws -> Void) async throws {
    let folder = NSTemporaryDirectory() + "flightdeck-upkeep-\(ULIDGenerator().next())"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }  // it may be gone
    try await body(folder)
  }

  @Test("Retention runs a minute after the first start, then once a day, also across restarts and after a failure")
  func daily() async throws {
    try await withFolder { folder in
      let days = Days(Timestamp(milliseconds: 1_900_000_000_000))
      await days.run(days.retention(folder), minutes: 1440)
      #expect(days.collections == [1])
      await days.run(days.retention(folder), minutes: 1440)
      #expect(days.collections == [1, 1441])
      days.state.withLock { $0.fails = true }
      await days.run(days.retention(folder), minutes: 2880)
      #expect(days.collections == [1, 1441, 2881, 4321])
    }
  }

  @Test("A clock that is set back makes it due, and is then gone by; one that jumps ahead costs no more than one run")
  func clock() async throws {
    try await withFolder { folder in
      let days = Days(Timestamp(milliseconds: 1_900_000_000_000))
      await days.run(days.retention(folder), minutes: 10)
      days.state.withLock { $0.now = $0.now + .seconds(-40 * 86_400) }
      await days.run(days.retention(folder), minutes: 10)
      #expect(days.collections == [1, 11])
      days.state.withLock { $0.now = $0.now + .seconds(400 * 86_400) }
      await days.run(days.retention(folder), minutes: 10)
      #expect(days.collections == [1, 11, 21])
    }
  }

  @Test("It waits for a calm minute, but no longer than an hour")
  func calm() async throws {
    try await withFolder { folder in
      let days = Days(Timestamp(milliseconds: 1_900_000_000_000))
      await days.run(days.retention(folder), minutes: 30, eventsAMinute: 3000)
      #expect(days.collections.isEmpty)
      await days.run(days.retention(folder), minutes: 1, eventsAMinute: 2999)
      #expect(days.collections == [31])
    }
    try await withFolder { folder in
      let days = Days(Timestamp(milliseconds: 1_900_000_000_000))
      await days.run(days.retention(folder), minutes: 100, eventsAMinute: 100_000)
      #expect(days.collections == [61])
    }
  }

  @Test("Memory is handed back every 10 s")
  func trimIsCalled() async throws {
    let calls = Mutex<[String]>([])
    let trim = MemoryTrim(
      sleep: { pause in
        try calls.withLock { calls in
          if calls.count == 6 { throw Over() }
          calls.append("\(pause)")
        }
      }, trim: { calls.withLock { $0.append("trim") } })
    await #expect(throws: Over.self) { try await trim.run() }
    #expect(calls.withLock { $0 } == ["10.0 seconds", "trim", "10.0 seconds", "trim", "10.0 seconds", "trim"])
  }

  @Test("What a flood has left in holes is handed back, and what is in use stays as it is")
  func trimWorks() throws {
    // Blocks that the allocator takes from its heap; every hundredth stays, so that the heap cannot shrink by itself.
    let blocks = (0..<200_000).map { number in
      let block = UnsafeMutablePointer<UInt8>.allocate(capacity: 1000)
      block.initialize(repeating: UInt8(truncatingIfNeeded: number), count: 1000)
      return block
    }
    for number in blocks.indices where number % 100 != 0 { blocks[number].deallocate() }
    defer { for number in blocks.indices where number % 100 == 0 { blocks[number].deallocate() } }
    let before = try Self.resident()
    MemoryTrim().trim()
    let after = try Self.resident()
    #expect(before - after > 100 << 20, "\(before >> 20) MB before, \(after >> 20) MB after")
    for number in blocks.indices where number % 100 == 0 {
      #expect(blocks[number][0] == UInt8(truncatingIfNeeded: number) && blocks[number][999] == blocks[number][0])
    }
  }

  private static func resident() throws -> Int {
    let words = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
    return try #require(Int(words[1])) * Int(sysconf(Int32(_SC_PAGESIZE)))
  }
}
