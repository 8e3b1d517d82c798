package import Orchestration
package import RunModel

/// What every `RunStore` must do. Run each case on a fresh, empty store; a case throws what it found wrong.
package enum RunStoreConformance: String, CaseIterable, Sendable {
  case anEmptyStoreAnswersWithNothing
  case eventsComeBackInOrderWithinTheirRange
  case aRunsEventsAreFoundAmongOthers
  case aPageEndsWithItsBytes
  case gapsInTheOrderAreKept
  case aSeqIsStoredOnce
  case aFailedBatchLeavesNothingBehind
  case runsReplaceAndKeepTheirOrder
  case contractsAndAnswersReplace
  case theNewestAnswersAreKept
  case itHasANameOfItsOwn
  case detailsKeepWhatANilPartLeavesOut
  case auditComesBackInOrder
  case tokensReplaceAndKeepTheirOrder
  case aHugeBatchIsOneBatch
  case readersSeeWholeBatchesWhileAWriterWrites

  package struct Violation: Error, CustomStringConvertible {
    package var description: String
  }

  package func run(on store: some RunStore) async throws {
    switch self {
    case .anEmptyStoreAnswersWithNothing: try await empty(store)
    case .eventsComeBackInOrderWithinTheirRange: try await ranges(store)
    case .aRunsEventsAreFoundAmongOthers: try await runEvents(store)
    case .aPageEndsWithItsBytes: try await pages(store)
    case .gapsInTheOrderAreKept: try await gaps(store)
    case .aSeqIsStoredOnce: try await duplicate(store)
    case .aFailedBatchLeavesNothingBehind: try await atomic(store)
    case .runsReplaceAndKeepTheirOrder: try await runRows(store)
    case .contractsAndAnswersReplace: try await contracts(store)
    case .theNewestAnswersAreKept: try await answersKept(store)
    case .itHasANameOfItsOwn: try await name(store)
    case .detailsKeepWhatANilPartLeavesOut: try await details(store)
    case .auditComesBackInOrder: try await audit(store)
    case .tokensReplaceAndKeepTheirOrder: try await tokens(store)
    case .aHugeBatchIsOneBatch: try await huge(store)
    case .readersSeeWholeBatchesWhileAWriterWrites: try await concurrent(store)
    }
  }

  // MARK: - Samples

  package static func runID(_ number: UInt64) -> RunID { RunID(ULID(high: 0x0190_0000_0000_0000, low: number)) }
  package static func contractID(_ number: UInt64) -> ContractID {
    ContractID(ULID(high: 0x0190_0000_0000_0001, low: number))
  }

  package static func event(_ seq: UInt64, run: RunID? = nil, type: EventType = .output) -> StoredEvent {
    StoredEvent(seq: seq, run: run, type: type, json: Array(#"{"id":"\#(seq)","text":"é/𝄞"}"#.utf8))
  }

  private func batch(_ change: (inout RecordBatch) -> Void) -> RecordBatch {
    var batch = RecordBatch()
    change(&batch)
    return batch
  }

  private func expect(_ holds: Bool, _ what: String) throws {
    if !holds { throw Violation(description: "\(rawValue): \(what)") }
  }

  private func expect<Value: Equatable>(_ found: Value, is wanted: Value, _ what: String) throws {
    try expect(found == wanted, "\(what) is \(found), not \(wanted)")
  }

  // MARK: - Cases

  private func empty(_ store: some RunStore) async throws {
    try await store.commit(RecordBatch())
    try expect(await store.lastSeq(), is: 0, "the last seq")
    try expect(await store.events(after: 0, through: .max, run: nil, limit: 10), is: [], "the events")
    try expect(await store.lastEvents(of: Self.runID(1), after: 0, through: .max, limit: 10), is: [], "the last events")
    try expect(await store.runs(), is: [], "the runs")
    try expect(await store.contract(Self.contractID(1)), is: nil, "an unknown contract")
    try expect(await store.detail(of: Self.runID(1)), is: StoredDetail(), "an unknown run's detail")
    try expect(await store.audit(after: 0, limit: 10), is: [], "the audit trail")
    try expect(await store.lastAudit(), is: nil, "the last audit record")
    try expect(await store.answer(forIdempotencyKey: "k"), is: nil, "an unknown key's answer")
    try expect(await store.tokens(), is: [], "the tokens")
  }

  private func ranges(_ store: some RunStore) async throws {
    let events = (1...20).map { Self.event($0, run: $0 % 2 == 0 ? Self.runID($0) : nil, type: .progress) }
    try await store.commit(batch { $0.events = Array(events[..<12]) })
    try await store.commit(batch { $0.events = Array(events[12...]) })
    try expect(await store.lastSeq(), is: 20, "the last seq")
    try expect(await store.events(after: 0, through: .max, run: nil, limit: .max), is: events, "all events")
    try expect(
      await store.events(after: 4, through: 15, run: nil, limit: 100), is: Array(events[4..<15]), "after 4 through 15")
    try expect(await store.events(after: 4, through: 15, run: nil, limit: 3), is: Array(events[4..<7]), "three of them")
    try expect(await store.events(after: 4, through: 15, run: nil, limit: 0), is: [], "none of them")
    try expect(await store.events(after: 20, through: .max, run: nil, limit: 5), is: [], "those after the last")
    try expect(await store.events(after: 9, through: 3, run: nil, limit: 5), is: [], "an empty range")
  }

  private func runEvents(_ store: some RunStore) async throws {
    let events = (1...60).map { Self.event($0, run: $0 % 4 == 0 ? nil : Self.runID($0 % 3)) }
    try await store.commit(batch { $0.events = events })
    let wanted = events.filter { $0.run == Self.runID(1) }
    try expect(await store.events(after: 0, through: .max, run: Self.runID(1), limit: 100), is: wanted, "one run's")
    try expect(
      await store.events(after: 10, through: 40, run: Self.runID(1), limit: 3),
      is: Array(wanted.filter { $0.seq > 10 }.prefix(3)), "the first three after 10")
    try expect(
      await store.lastEvents(of: Self.runID(1), after: 0, through: .max, limit: 4), is: Array(wanted.suffix(4)),
      "the last four, ascending")
    try expect(
      await store.lastEvents(of: Self.runID(1), after: 20, through: 30, limit: 100),
      is: wanted.filter { $0.seq > 20 && $0.seq <= 30 }, "the last within 20 to 30")
    try expect(await store.lastEvents(of: Self.runID(9), after: 0, through: .max, limit: 4), is: [], "a stranger's")
  }

  private func pages(_ store: some RunStore) async throws {
    let events = (1...40).map { Self.event($0, run: Self.runID(1)) }
    try await store.commit(batch { $0.events = events })
    let size = events[20].json.count
    let some = try await store.events(after: 0, through: .max, run: nil, limit: 30, bytes: 10 * size)
    try expect(some == Array(events.prefix(some.count)) && (10...11).contains(some.count), "a page ends with its bytes")
    let last = try await store.lastEvents(of: Self.runID(1), after: 0, through: .max, limit: 30, bytes: 10 * size)
    try expect(last == Array(events.suffix(last.count)) && (10...11).contains(last.count), "the last ones too")
    try expect(
      await store.events(after: 5, through: .max, run: nil, limit: 3, bytes: 1), is: [events[5]], "one at least")
    try expect(
      await store.lastEvents(of: Self.runID(1), after: 0, through: .max, limit: 3, bytes: 1), is: [events[39]],
      "the last at least")
    try expect(
      await store.events(after: 0, through: .max, run: nil, limit: 3, bytes: .max), is: Array(events[..<3]),
      "the number still counts")
  }

  private func gaps(_ store: some RunStore) async throws {
    let events = [UInt64(3), 7, 8, 1_000_000_000_000].map { Self.event($0) }
    try await store.commit(batch { $0.events = events })
    try expect(await store.lastSeq(), is: 1_000_000_000_000, "the last seq")
    try expect(await store.events(after: 4, through: .max, run: nil, limit: 2), is: Array(events[1...2]), "after 4")
  }

  private func duplicate(_ store: some RunStore) async throws {
    try await store.commit(batch { $0.events = [Self.event(1)] })
    var thrown: Problem?
    do { try await store.commit(batch { $0.events = [Self.event(1, type: .tool)] }) } catch let error as Problem {
      thrown = error
    }
    try expect(thrown?.code, is: .conflict, "the error for a seq stored twice")
    try expect(await store.events(after: 0, through: .max, run: nil, limit: 9), is: [Self.event(1)], "what was stored")
  }

  private func atomic(_ store: some RunStore) async throws {
    try await store.commit(batch { $0.audit = [StoredAuditRecord(seq: 1, run: nil, hash: "h", json: [])] })
    let failing = batch {
      $0.events = [Self.event(1)]
      $0.runs = [StoredRun(run: Self.runID(1), contract: Self.contractID(1), lastSeq: 1, json: Array("{}".utf8))]
      $0.details = [(Self.runID(1), StoredDetail(decision: Array("{}".utf8)))]
      $0.audit = [StoredAuditRecord(seq: 1, run: nil, hash: "twice", json: Array("{}".utf8))]
    }
    var failed = false
    do { try await store.commit(failing) } catch { failed = true }
    try expect(failed, "a batch with a seq of the trail stored twice was taken")
    try expect(await store.lastSeq(), is: 0, "the last seq after it")
    try expect(await store.runs(), is: [], "the runs after it")
    try expect(await store.detail(of: Self.runID(1)), is: StoredDetail(), "the detail after it")
    try await store.commit(batch { $0.events = [Self.event(1)] })
    try expect(await store.lastSeq(), is: 1, "the last seq after a good one")
  }

  private func runRows(_ store: some RunStore) async throws {
    func row(_ number: UInt64, _ seq: UInt64) -> StoredRun {
      StoredRun(
        run: Self.runID(number), contract: Self.contractID(number), lastSeq: seq, json: Array(#"{"n":\#(seq)}"#.utf8))
    }
    try await store.commit(batch { $0.runs = [row(5, 1), row(2, 2)] })
    try await store.commit(batch { $0.runs = [row(9, 3), row(5, 4), row(9, 5)] })
    try expect(await store.runs(), is: [row(5, 4), row(2, 2), row(9, 5)], "the rows")
  }

  private func answersKept(_ store: some RunStore) async throws {
    var batch = RecordBatch()
    batch.answers = (0..<RecordBatch.answersKept).map { ("\($0)", [UInt8(ascii: "a")]) }
    try await store.commit(batch)
    batch.answers = [("0", [UInt8(ascii: "b")]), ("new", [1])]
    try await store.commit(batch)
    // Stored again, the oldest is still the oldest.
    try await expect(store.answer(forIdempotencyKey: "0") == nil, "the oldest answer stays")
    try await expect(store.answer(forIdempotencyKey: "1") != nil, "an answer goes too early")
    try await expect(store.answer(forIdempotencyKey: "new") != nil, "the newest answer is not there")
  }

  private func name(_ store: some RunStore) async throws {
    let name = try await store.id()
    try await expect(store.id() == name, "the store's name changes")
  }

  private func contracts(_ store: some RunStore) async throws {
    try await store.commit(
      batch {
        $0.contracts = [(Self.contractID(1), Array("a".utf8)), (Self.contractID(2), Array("b".utf8))]
        $0.answers = [("key", Array("1".utf8))]
      })
    try await store.commit(
      batch {
        $0.contracts = [(Self.contractID(1), Array("c".utf8))]
        $0.answers = [("key", Array("2".utf8)), ("", Array("empty".utf8))]
      })
    try expect(await store.contract(Self.contractID(1)), is: Array("c".utf8), "the replaced contract")
    try expect(await store.contract(Self.contractID(2)), is: Array("b".utf8), "the other contract")
    try expect(await store.answer(forIdempotencyKey: "key"), is: Array("2".utf8), "the replaced answer")
    try expect(await store.answer(forIdempotencyKey: ""), is: Array("empty".utf8), "the empty key's answer")
    try expect(await store.answer(forIdempotencyKey: "KEY"), is: nil, "another key's answer")
  }

  private func details(_ store: some RunStore) async throws {
    let run = Self.runID(1)
    let decision = Array(#"{"considered":[]}"#.utf8)
    try await store.commit(batch { $0.details = [(run, StoredDetail(decision: decision))] })
    try await store.commit(batch { $0.details = [(run, StoredDetail(artifacts: Array("{}".utf8), patch: []))] })
    try expect(
      await store.detail(of: run), is: StoredDetail(decision: decision, artifacts: Array("{}".utf8), patch: []),
      "the detail with an empty patch")
    let patch = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    try await store.commit(
      batch {
        $0.details = [
          (run, StoredDetail(artifacts: Array("[]".utf8))), (run, StoredDetail(patch: patch)), (Self.runID(2), .init()),
        ]
      })
    let kept = try await store.detail(of: run)
    try expect(
      kept == StoredDetail(decision: decision, artifacts: Array("[]".utf8), patch: patch), "a part was lost or changed")
    try expect(await store.detail(of: Self.runID(2)), is: StoredDetail(), "the detail of a run without parts")
    try await store.commit(
      batch { $0.details = [(Self.runID(3), StoredDetail(position: Array("9 1".utf8), start: Array("b 5".utf8)))] })
    try await store.commit(batch { $0.details = [(Self.runID(3), StoredDetail(position: Array("12 2".utf8)))] })
    try expect(
      await store.detail(of: Self.runID(3)),
      is: StoredDetail(position: Array("12 2".utf8), start: Array("b 5".utf8)), "the position and the start")
  }

  private func audit(_ store: some RunStore) async throws {
    let records = (1...9).map {
      StoredAuditRecord(
        seq: $0, run: $0 % 2 == 0 ? Self.runID($0) : nil, hash: "hash\($0)", json: Array(#"{"n":\#($0)}"#.utf8))
    }
    try await store.commit(batch { $0.audit = Array(records[..<4]) })
    try await store.commit(batch { $0.audit = Array(records[4...]) })
    try expect(await store.lastAudit(), is: records[8], "the last record")
    try expect(await store.audit(after: 0, limit: .max), is: records, "the trail")
    try expect(await store.audit(after: 2, limit: 3), is: Array(records[2..<5]), "three after 2")
    try expect(await store.audit(after: 9, limit: 3), is: [], "those after the last")
  }

  private func tokens(_ store: some RunStore) async throws {
    func token(_ number: UInt64, _ text: String) -> StoredToken {
      StoredToken(
        id: TokenID(Self.runID(number).ulid), hash: Array(repeating: UInt8(number), count: 32), json: Array(text.utf8))
    }
    try await store.commit(batch { $0.tokens = [token(5, "a"), token(2, "b")] })
    try await store.commit(batch { $0.tokens = [token(9, "c"), token(5, "revoked")] })
    try expect(await store.tokens(), is: [token(5, "revoked"), token(2, "b"), token(9, "c")], "the tokens")
  }

  private func huge(_ store: some RunStore) async throws {
    let events = (1...10_000).map { Self.event($0, run: Self.runID($0 % 50)) }
    try await store.commit(batch { $0.events = events })
    try expect(await store.lastSeq(), is: 10_000, "the last seq")
    let back = try await store.events(after: 0, through: .max, run: nil, limit: .max)
    try expect(back == events, "the events came back changed")
    try expect(
      await store.lastEvents(of: Self.runID(7), after: 0, through: .max, limit: 1), is: [events[9956]],
      "one run's last event")
  }

  private func concurrent(_ store: some RunStore) async throws {
    let batches: UInt64 = 40
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        for number in 0..<batches {
          var batch = RecordBatch()
          batch.events = (1...10).map { Self.event(number * 10 + $0, run: Self.runID(1)) }
          batch.runs = [
            StoredRun(
              run: Self.runID(1), contract: Self.contractID(1), lastSeq: number * 10 + 10, json: Array("{}".utf8))
          ]
          try await store.commit(batch)
        }
      }
      for _ in 0..<4 {
        group.addTask {
          var seen: UInt64 = 0
          while seen < batches * 10 {
            let events = try await store.events(after: seen, through: .max, run: nil, limit: .max)
            try expect(events.count % 10 == 0, "a reader saw \(events.count) events, half a batch")
            for event in events {
              try expect(event.seq, is: seen + 1, "the next seq")
              seen = event.seq
            }
            await Task.yield()
          }
        }
      }
      try await group.waitForAll()
    }
  }
}
