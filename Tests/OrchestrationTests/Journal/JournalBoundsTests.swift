import Logging
import Orchestration
import RunModel
import Synchronization
import TestSupport
import Testing

/// The journal when agents are faster than the disk.
@Suite("The journal's bounds", .timeLimit(.minutes(20))) struct JournalBoundsTests {
  private static func runID(_ number: UInt64) -> RunID { RunID(ULID(high: 0x0190_0000_0000_0000, low: number)) }

  private static func line(_ text: String, run: UInt64 = 1) -> RunEvent {
    RunEvent(
      type: .output, run: runID(run), time: Timestamp(milliseconds: 1),
      data: ["stream": "stdout", "text": .string(text)])
  }

  /// Beside a working journal on a store in memory.
  private static func with(
    _ body: (Journal, InMemoryRunStore) async throws -> Void
  ) async throws {
    let store = InMemoryRunStore()
    let journal = Journal(
      store: store, board: RunBoard(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    store.failCommits(with: Problem(.unavailable, "The disk is full."))
    async let work: Void = journal.run()
    do { try await body(journal, store) } catch {
      store.failCommits(with: nil)
      journal.close()
      try await work
      throw error
    }
    store.failCommits(with: nil)
    journal.close()
    try await work
  }

  private static func stored(_ store: InMemoryRunStore) async throws -> [RunEvent] {
    try await store.events(after: 0, through: .max, run: nil, limit: .max).map { try RunEvent(parsing: $0.json) }
  }

  @Test("Lines of a megabyte are bounded by their bytes, not by their number, and every one is stored or counted")
  func bytes() async throws {
    let store = InMemoryRunStore()
    let journal = Journal(
      store: store, board: RunBoard(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let text = String(repeating: "x", count: 1 << 20)
    for _ in 0..<200 {
      journal.note(report: Self.line(text))
      #expect(journal.load.bytes <= Bounds.journal)
    }
    #expect(journal.load.droppedLines > 150)
    async let work: Void = journal.run()
    try await journal.flush()
    journal.close()
    try await work
    let events = try await Self.stored(store)
    let lines = events.count { $0.data["text"]?.string != "" }
    let dropped = events.reduce(0) { $0 + ($1.data["dropped"]?.int ?? 0) }
    #expect(lines + Int(dropped) == 200)
    #expect(lines * (1 << 20) <= Bounds.journal)
    // Never more than so much in one commit.
    #expect(store.commits >= lines * (1 << 20) / (Bounds.commit + (1 << 20)))
  }

  @Test("A report that changes a run's state is never dropped, however full it is")
  func states() async throws {
    try await Self.with { journal, store in
      let text = String(repeating: "x", count: 1 << 20)
      for number in 0..<100 {
        journal.note(report: Self.line(text))
        journal.note(
          report: RunEvent(
            type: .attention, run: Self.runID(1), time: Timestamp(milliseconds: 1),
            data: ["attentionId": .string("q\(number)")]))
      }
      store.failCommits(with: nil)
      try await journal.flush()
      let asked = try await Self.stored(store).compactMap { $0.data["attentionId"]?.string }
      #expect(asked == (0..<100).map { "q\($0)" })
    }
  }

  @Test("Who waits for room waits while the store is stuck, and goes on when it is not; a close lets all go")
  func room() async throws {
    try await Self.with { journal, store in
      await journal.room()
      let text = String(repeating: "x", count: 1 << 20)
      for _ in 0..<(Bounds.journalRoom >> 20) + 8 { journal.note(report: Self.line(text)) }
      let passed = Atomic<Bool>(false)
      async let waiting: Void = { @Sendable in
        await journal.room()
        passed.store(true, ordering: .relaxed)
      }()
      // The entries that the writer has taken already leave no room for the others.
      #expect(journal.load.bytes > Bounds.journalRoom)
      let early = passed.load(ordering: .relaxed)
      #expect(!early)
      store.failCommits(with: nil)
      await waiting
      let late = passed.load(ordering: .relaxed)
      #expect(late)
      journal.charge(Bounds.journalRoom + 1)
      async let last: Void = journal.room()
      journal.charge(-Bounds.journalRoom - 1)
      await last
    }
  }

  @Test("A count that no later line carries is told by an event of its own")
  func told() async throws {
    try await Self.with { journal, store in
      for run in 1...2 as ClosedRange<UInt64> {
        for _ in 0..<Bounds.journalEvents { journal.note(report: Self.line("x", run: run)) }
      }
      store.failCommits(with: nil)
      try await journal.flush()
      let events = try await Self.stored(store)
      for run in 1...2 as ClosedRange<UInt64> {
        let own = events.filter { $0.run == Self.runID(run) }
        let lines = own.count { $0.data["text"]?.string != "" }
        let dropped = own.reduce(0) { $0 + ($1.data["dropped"]?.int ?? 0) }
        #expect(lines + Int(dropped) == Bounds.journalEvents, "run \(run): \(lines) lines, \(dropped) dropped")
      }
      #expect(journal.takeDropped(of: Self.runID(2)) == 0)
    }
  }
}
