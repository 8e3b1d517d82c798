package import Orchestration
import RunModel

/// What every `RetentionStore` must do. Run each case on a fresh, empty store.
package enum RetentionConformance: String, CaseIterable, Sendable {
  case theOldestEventsGoAndTheOrderStaysGapless
  case theLastEventStays
  case answersGoByTheAgeOfTheirRuns
  case marksAreKeptEachOnItsOwn

  private typealias Sample = RunStoreConformance

  package func run(on store: some RetentionStore) async throws {
    switch self {
    case .theOldestEventsGoAndTheOrderStaysGapless: try await oldest(store)
    case .theLastEventStays: try await last(store)
    case .answersGoByTheAgeOfTheirRuns: try await answers(store)
    case .marksAreKeptEachOnItsOwn: try await marks(store)
    }
  }

  private func expect<Value: Equatable>(_ found: Value, is wanted: Value, _ what: String) throws {
    if found != wanted {
      throw RunStoreConformance.Violation(description: "\(rawValue): \(what) is \(found), not \(wanted)")
    }
  }

  private func oldest(_ store: some RetentionStore) async throws {
    try expect(await store.firstSeq(), is: 1, "the first seq of an empty store")
    var batch = RecordBatch()
    batch.events = (1...100).map { Sample.event($0) }
    try await store.commit(batch)
    try expect(await store.firstSeq(), is: 1, "the first seq")
    try expect(await store.measureEvents(through: 40).count, is: 40, "the count through 40")
    try expect(await store.removeEvents(through: 40, limit: 25), is: 25, "the first portion")
    try expect(await store.firstSeq(), is: 26, "the first seq after it")
    try expect(await store.removeEvents(through: 40, limit: 25), is: 15, "the second portion")
    try expect(await store.removeEvents(through: 40, limit: 25), is: 0, "a third portion")
    try expect(await store.firstSeq(), is: 41, "the first seq at last")
    try expect(await store.measureEvents(through: 40).count, is: 0, "the count through 40 then")
    try expect(
      await store.events(after: 0, through: .max, run: nil, limit: 1000).map(\.seq), is: Array(41...100), "what is left"
    )
  }

  private func last(_ store: some RetentionStore) async throws {
    try expect(await store.removeEvents(through: .max, limit: 10), is: 0, "what goes of nothing")
    var batch = RecordBatch()
    batch.events = (1...5).map { Sample.event($0) }
    try await store.commit(batch)
    try expect(await store.removeEvents(through: .max, limit: 100), is: 4, "what goes of all")
    try expect(await store.lastSeq(), is: 5, "the last seq")
    try expect(await store.firstSeq(), is: 5, "the first seq")
    batch.events = [Sample.event(6)]
    try await store.commit(batch)
    try expect(await store.lastSeq(), is: 6, "the last seq then")
  }

  private func answers(_ store: some RetentionStore) async throws {
    func answer(_ milliseconds: Int64) -> [UInt8] {
      let run = RunID(ULID(high: UInt64(milliseconds) << 16 | 7, low: 1))
      return [DispatchOutcome(runId: run, title: "x", decision: RoutingDecision())].jsonBytes
    }
    var batch = RecordBatch()
    let whole = Array(#"{"request":"x","outcomes":"#.utf8) + answer(20) + Array("}".utf8)
    batch.answers = [
      ("whole", whole), ("old", answer(1000)), ("older", answer(10)), ("young", answer(5000)),
      ("strange", Array("not JSON".utf8)),
      ("empty", Array("[]".utf8)),
    ]
    try await store.commit(batch)
    let cutoff = Timestamp(milliseconds: 5000)
    try expect(await store.countAnswers(before: cutoff), is: 3, "the count of old answers")
    try expect(await store.removeAnswers(before: cutoff, limit: 1), is: 1, "the first portion")
    try expect(await store.removeAnswers(before: cutoff, limit: 10), is: 2, "the second portion")
    for key in ["old", "older", "whole"] {
      try expect(await store.answer(forIdempotencyKey: key), is: nil, "the answer \(key)")
    }
    for key in ["young", "strange", "empty"] {
      try expect(await store.answer(forIdempotencyKey: key) != nil, is: true, "whether the answer \(key) is there")
    }
  }

  private func marks(_ store: some RetentionStore) async throws {
    try expect(await store.marks(), is: [:], "the marks of an empty store")
    try expect(await store.mark(of: Sample.runID(1)), is: RetentionMark(), "an unknown run's mark")
    var removals = RetentionMark.Removals()
    removals.begun[.worktree] = Timestamp(milliseconds: 7)
    try await store.mark(Sample.runID(1), removals)
    try await store.markSeen(Sample.runID(1), at: Timestamp(milliseconds: 5))
    try await store.markSeen(Sample.runID(1), at: Timestamp(milliseconds: 6))
    try await store.markSeen(Sample.runID(2), at: Timestamp(milliseconds: 9))
    try expect(
      await store.mark(of: Sample.runID(1)), is: RetentionMark(seen: Timestamp(milliseconds: 5), removals: removals),
      "the first run's mark")
    try expect(removals.cutShort, is: [.worktree], "what was cut short")
    removals.done[.worktree] = Timestamp(milliseconds: 8)
    try await store.mark(Sample.runID(1), removals)
    try expect(removals.cutShort, is: [], "what was cut short then")
    try expect(
      await store.marks(),
      is: [
        Sample.runID(1): RetentionMark(seen: Timestamp(milliseconds: 5), removals: removals),
        Sample.runID(2): RetentionMark(seen: Timestamp(milliseconds: 9)),
      ], "all marks")
  }
}
