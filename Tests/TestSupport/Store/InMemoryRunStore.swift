package import Orchestration
package import RunModel
import Synchronization

/// `RunStore` in memory, for tests of what stands on it.
package final class InMemoryRunStore: RunStore {
  private struct State {
    var events: [StoredEvent] = []
    var runs: [StoredRun] = []
    var places: [RunID: Int] = [:]
    var contracts: [ContractID: [UInt8]] = [:]
    var details: [RunID: StoredDetail] = [:]
    var audit: [StoredAuditRecord] = []
    var answers: [String: [UInt8]] = [:]
    var marks: [RunID: RetentionMark] = [:]
    var keys: [String] = []
    var tokens: [StoredToken] = []
    var commits = 0
    var failure: Problem?
    var refusal: (@Sendable (RecordBatch) -> Problem?)?
  }

  private let state = Mutex(State())
  private let identity = StoreID(ULIDGenerator().next())

  package init() {}

  package func id() async throws -> StoreID { identity }

  /// How many batches have been stored.
  package var commits: Int { state.withLock { $0.commits } }

  /// Makes every commit throw `problem` until it is called with nil.
  package func failCommits(with problem: Problem?) { state.withLock { $0.failure = problem } }

  /// Makes those commits throw for which there is a problem.
  package func refuse(_ problem: (@Sendable (RecordBatch) -> Problem?)?) { state.withLock { $0.refusal = problem } }

  /// What an orchestrator finds that starts after one that was killed right when the event had been stored: a copy.
  package func cut(after seq: UInt64) throws -> InMemoryRunStore {
    let copy = InMemoryRunStore()
    try state.withLock { state in
      var cut = state
      cut.events = state.events.filter { $0.seq <= seq }
      var board = RunBoard()
      for event in cut.events { board.apply(try RunEvent(parsing: event.json)) }
      cut.runs = board.runs.map(StoredRun.init)
      cut.places = Dictionary(uniqueKeysWithValues: cut.runs.enumerated().map { ($0.element.run, $0.offset) })
      cut.failure = nil
      cut.refusal = nil
      copy.state.withLock { [cut] in $0 = cut }
    }
    return copy
  }

  package func commit(_ batch: RecordBatch) async throws {
    if batch.isEmpty { return }
    try state.withLock { state in
      if let problem = state.refusal?(batch) { throw problem }
      if let failure = state.failure { throw failure }
      guard Self.follow(batch.events.map(\.seq), after: state.events.last?.seq),
        Self.follow(batch.audit.map(\.seq), after: state.audit.last?.seq)
      else { throw Problem(.conflict, "The store already holds what was to be added.") }
      state.commits += 1
      state.events += batch.events
      state.audit += batch.audit
      for run in batch.runs {
        if let place = state.places[run.run] {
          state.runs[place] = run
        } else {
          state.places[run.run] = state.runs.count
          state.runs.append(run)
        }
      }
      for contract in batch.contracts { state.contracts[contract.id] = contract.json }
      for (run, detail) in batch.details {
        var kept = state.details[run] ?? StoredDetail()
        kept.decision = detail.decision ?? kept.decision
        kept.artifacts = detail.artifacts ?? kept.artifacts
        kept.patch = detail.patch ?? kept.patch
        kept.position = detail.position ?? kept.position
        kept.start = detail.start ?? kept.start
        state.details[run] = kept
      }
      for answer in batch.answers where state.answers.updateValue(answer.json, forKey: answer.key) == nil {
        state.keys.append(answer.key)
      }
      let excess = state.keys.count - RecordBatch.answersKept
      if excess > 0 {
        for key in state.keys.prefix(excess) { state.answers[key] = nil }
        state.keys.removeFirst(excess)
      }
      for token in batch.tokens {
        if let place = state.tokens.firstIndex(where: { $0.id == token.id }) {
          state.tokens[place].json = token.json
        } else {
          state.tokens.append(token)
        }
      }
    }
  }

  private static func follow(_ seqs: [UInt64], after last: UInt64?) -> Bool {
    let all = [last ?? 0] + seqs
    return zip(all, all.dropFirst()).allSatisfy { $0 < $1 }
  }

  package func lastSeq() async throws -> UInt64 { state.withLock { $0.events.last?.seq ?? 0 } }

  package func events(after: UInt64, through: UInt64, run: RunID?, limit: Int) async throws -> [StoredEvent] {
    state.withLock { state in
      let wanted = state.events.lazy.filter { $0.seq > after && $0.seq <= through && (run == nil || $0.run == run) }
      return Array(wanted.prefix(max(0, limit)))
    }
  }

  package func lastEvents(of run: RunID, after: UInt64, through: UInt64, limit: Int) async throws -> [StoredEvent] {
    try await events(after: after, through: through, run: run, limit: .max).suffix(max(0, limit))
  }

  package func runs() async throws -> [StoredRun] { state.withLock { $0.runs } }
  package func contract(_ id: ContractID) async throws -> [UInt8]? { state.withLock { $0.contracts[id] } }
  package func detail(of run: RunID) async throws -> StoredDetail {
    state.withLock { $0.details[run] ?? StoredDetail() }
  }
  package func audit(after: UInt64, limit: Int) async throws -> [StoredAuditRecord] {
    state.withLock { Array($0.audit.lazy.filter { $0.seq > after }.prefix(max(0, limit))) }
  }
  package func lastAudit() async throws -> StoredAuditRecord? { state.withLock { $0.audit.last } }
  package func answer(forIdempotencyKey key: String) async throws -> [UInt8]? { state.withLock { $0.answers[key] } }
  package func tokens() async throws -> [StoredToken] { state.withLock { $0.tokens } }
}

extension InMemoryRunStore: RetentionStore {
  package func firstSeq() async throws -> UInt64 { state.withLock { $0.events.first?.seq ?? 1 } }

  package func measureEvents(through seq: UInt64) async throws -> (count: Int, bytes: Int64) {
    state.withLock { state in
      let old = state.events.filter { $0.seq <= seq }
      return (old.count, old.reduce(0) { $0 + Int64($1.json.count) })
    }
  }

  package func removeEvents(through seq: UInt64, limit: Int) async throws -> Int {
    state.withLock { state in
      let count = state.events.dropLast().prefix { $0.seq <= seq }.prefix(limit).count
      state.events.removeFirst(count)
      return count
    }
  }

  private static func isOld(_ json: [UInt8], before time: Timestamp) -> Bool {
    let answer = try? JSONValue(parsing: json)  // what is not JSON has no age
    guard let run = (answer?["outcomes"]?.array ?? answer?.array)?.first?["runId"]?.string else { return false }
    return ULID(run).map { $0.milliseconds < time.milliseconds } ?? false
  }

  package func countAnswers(before time: Timestamp) async throws -> Int {
    state.withLock { $0.answers.values.count { Self.isOld($0, before: time) } }
  }

  package func removeAnswers(before time: Timestamp, limit: Int) async throws -> Int {
    state.withLock { state in
      let keys = state.answers.filter { Self.isOld($0.value, before: time) }.keys.prefix(limit)
      for key in keys { state.answers[key] = nil }
      return keys.count
    }
  }

  package func marks() async throws -> [RunID: RetentionMark] { state.withLock { $0.marks } }
  package func mark(of run: RunID) async throws -> RetentionMark { state.withLock { $0.marks[run] ?? RetentionMark() } }
  package func markSeen(_ run: RunID, at time: Timestamp) async throws {
    state.withLock { $0.marks[run, default: RetentionMark()].seen = $0.marks[run]?.seen ?? time }
  }
  package func mark(_ run: RunID, _ removals: RetentionMark.Removals) async throws {
    state.withLock { $0.marks[run, default: RetentionMark()].removals = removals }
  }
}
