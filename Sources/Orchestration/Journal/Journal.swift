package import RunModel
import Synchronization
package import Logging

/// What one party wants recorded together: all of it is durable, or none.
package struct JournalEntry: Sendable {
  /// Their `seq` is given when they are written.
  package var events: [RunEvent] = []
  package var audit: [AuditDraft] = []
  package var contracts: [Contract] = []
  package var details: [(run: RunID, detail: StoredDetail)] = []
  package var answer: (key: String, json: [UInt8])?
  /// How far the runtime's own record of a run is told with these events.
  package var position: (run: RunID, place: ReportPosition)?

  package init(_ events: [RunEvent] = [], audit: [AuditDraft] = []) {
    self.events = events
    self.audit = audit
  }
}

/// The one writer: groups what comes into commits, gives events their seq, chains the audit trail, and publishes only
/// what is stored.
///
/// Two ways in: `record` waits until its entry is durable and is told when it cannot be; `note` does not wait, and is
/// tried again until it is stored, as what it tells has happened. While the store cannot be written (`outage`), what is
/// to be recorded is refused at once, what has happened waits in bounded memory, and the end of it is tried for.
package final class Journal: Sendable {
  private struct Pending {
    var entry: JournalEntry
    var waiter: CheckedContinuation<Void, any Error>?
    /// Its waiter waits for the end of an outage too.
    var isPatient = false
  }

  private struct Queue {
    var pending: [Pending] = []
    var events = 0
    var dropped: [RunID: Int] = [:]
    var isClosed = false
    /// Why nothing can be stored, while it cannot.
    var outage: StoreOutage?
    /// So many entries are to be tried one by one: they failed together for what one of them holds.
    var singles = 0
  }

  /// The end of what is stored, where the next batch goes on.
  private struct Tail {
    var audit: AuditTail
    /// Of live runs: a report that comes late must not take its run's position back.
    var positions: [RunID: ReportPosition] = [:]
  }

  /// Reports waiting to be stored, past which further ones are dropped and counted.
  package static let outputBound = 50_000
  private static let commitBound = 8192

  private let store: any RunStore
  private let queue = Mutex(Queue())
  private let wake: AsyncStream<Void>
  private let waker: AsyncStream<Void>.Continuation
  private let board: Mutex<RunBoard>
  private let logger: Logger
  private let now: @Sendable () -> Timestamp
  package let ring: EventRing
  /// An element for each outage that is over.
  package let recoveries: AsyncStream<Void>
  private let recovered: AsyncStream<Void>.Continuation
  /// Between two tries while the store cannot be written.
  private static let retryInterval = Duration.milliseconds(500)
  /// Tries after `close`, past which an orchestrator that shuts down on a full disk gives up.
  private static let lastTries = 4

  /// `board` and `seq`: what the store holds.
  package init(
    store: any RunStore, board: RunBoard, now: @escaping @Sendable () -> Timestamp = { .now }, logger: Logger
  ) {
    self.store = store
    self.board = Mutex(board)
    self.now = now
    self.logger = logger
    ring = EventRing(lastSeq: board.seq)
    (wake, waker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    (recoveries, recovered) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  /// What is stored, folded.
  package func read<Value: Sendable>(_ body: (borrowing RunBoard) -> Value) -> Value { board.withLock { body($0) } }

  /// Why nothing can be recorded, while nothing can.
  package var outage: StoreOutage? {
    queue.withLock { queue in
      guard var outage = queue.outage else { return nil }
      outage.waiting = queue.events
      return outage
    }
  }

  /// Returns when the entry is durable and published. Throws a `Problem` when it could not be stored; then nothing is.
  package func record(_ entry: JournalEntry) async throws { try await add(entry, isPatient: false) }

  /// Returns when all that was noted before is durable, or could not be stored and will be tried again.
  package func flush() async throws { try await record(JournalEntry()) }

  /// Returns when all that was noted before is durable, however long that takes; throws when it never will be.
  package func settle() async throws { try await add(JournalEntry(), isPatient: true) }

  private func add(_ entry: JournalEntry, isPatient: Bool) async throws {
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
      let refusal = queue.withLock { queue -> Problem? in
        if queue.isClosed {
          return Problem(.unavailable, "The orchestrator is shutting down; nothing was recorded.")
        }
        if !isPatient, let outage = queue.outage { return Self.refusal(outage) }
        queue.pending.append(Pending(entry: entry, waiter: continuation, isPatient: isPatient))
        queue.events += entry.events.count
        return nil
      }
      if let refusal { continuation.resume(throwing: refusal) } else { waker.yield() }
    }
  }

  private static func refusal(_ outage: StoreOutage) -> Problem {
    Problem(.unavailable, "Nothing can be recorded. \(outage.detail)", cause: outage.cause)
  }

  /// Records what has happened, in the order of the calls.
  package func note(_ entry: JournalEntry) {
    queue.withLock { queue in
      guard !queue.isClosed else { return }
      queue.pending.append(Pending(entry: entry))
      queue.events += entry.events.count
    }
    waker.yield()
  }

  /// Records what an agent reports. A line over the bound is dropped (while nothing can be stored, any report is that
  /// changes no state); the run's next report carries the count.
  package func note(report event: RunEvent, at position: ReportPosition? = nil) {
    let isNoted = queue.withLock { queue in
      guard !queue.isClosed else { return false }
      var entry = JournalEntry([event])
      if let run = event.run {
        let isOutput = event.type == .output
        if queue.events >= Self.outputBound, isOutput || (queue.outage != nil && !event.type.changesState) {
          queue.dropped[run, default: 0] += 1
          queue.outage?.dropped += 1
          return false
        }
        if let dropped = queue.dropped.removeValue(forKey: run) {
          if isOutput {
            let before = event.data["dropped"]?.int ?? 0
            entry.events[0].data["dropped"] = .int(before + Int64(dropped))
          } else {
            // The position that comes with this report covers what was dropped, so the count goes with it.
            entry.events.insert(.dropped(dropped, of: run, at: event.time), at: 0)
          }
        }
        entry.position = position.map { (run, $0) }
      }
      queue.pending.append(Pending(entry: entry))
      queue.events += entry.events.count
      return true
    }
    if isNoted { waker.yield() }
  }

  /// The count of the run's lines that were dropped and not yet told; telling it is then the caller's.
  package func takeDropped(of run: RunID) -> Int { queue.withLock { $0.dropped.removeValue(forKey: run) ?? 0 } }

  /// Nothing more is taken in; what was is written before `run` returns.
  package func close() {
    queue.withLock { $0.isClosed = true }
    waker.yield()
    waker.finish()
  }

  /// Writes until it is closed and all is written.
  package func run() async throws {
    var tail = Tail(audit: AuditTail(last: try await store.lastAudit()))
    for await _ in wake { await writeAll(&tail) }
    await writeAll(&tail)
    await checkpoint()
    recovered.finish()
    ring.close()
  }

  private func take() -> [Pending] {
    queue.withLock { queue in
      let most = queue.singles > 0 ? 1 : Int.max
      queue.singles = max(0, queue.singles - 1)
      var count = 0
      var events = 0
      for pending in queue.pending {
        if count == most || (count > 0 && events + pending.entry.events.count > Self.commitBound) { break }
        events += pending.entry.events.count
        count += 1
      }
      defer { queue.events -= events }
      if count == queue.pending.count {
        let all = queue.pending
        queue.pending = []
        return all
      }
      let some = Array(queue.pending[..<count])
      queue.pending.removeFirst(count)
      return some
    }
  }

  private func putBack(_ work: [Pending], singly: Bool = false) {
    queue.withLock { queue in
      queue.pending.insert(contentsOf: work, at: 0)
      queue.events += work.reduce(0) { $0 + $1.entry.events.count }
      if singly { queue.singles = work.count }
    }
  }

  private func writeAll(_ tail: inout Tail) async {
    var lastTries = 0
    while true {
      let work = take()
      let outage = outage
      if work.isEmpty, outage == nil { return }
      var attempt = JournalAttempt(
        fold: BoardFold(seq: read { $0.seq }) { id in self.read { $0[id] } }, audit: tail.audit,
        positions: tail.positions)
      for pending in work { attempt.add(pending.entry) }
      // Its end goes on record with the first that can be stored, which is how the end is found.
      if let outage { attempt.add(recovery(from: outage)) }
      do {
        try await store.commit(attempt.batch)
      } catch {
        let problem = error as? Problem ?? Problem(.unavailable, "The store failed: \(error)")
        if problem.code == .tooLarge {
          setAside(work, problem)
          continue
        }
        begin(problem, with: work)
        if queue.withLock({ $0.isClosed }) {
          lastTries += 1
          if lastTries > Self.lastTries { return giveUp(problem) }
        }
        // Not to be cut short: what waits here has happened.
        await Task { try? await Task.sleep(for: Self.retryInterval) }.value
        continue
      }
      tail.audit = attempt.audit
      for (run, position) in attempt.positions { tail.positions[run] = position }
      for event in attempt.events where event.type.endsRun {
        if let run = event.run { tail.positions[run] = nil }
      }
      board.withLock { board in for event in attempt.events { board.apply(event) } }
      ring.publish(EventChunk.chunks(of: attempt.batch.events))
      if outage != nil { end() }
      for pending in work { pending.waiter?.resume() }
    }
  }

  // MARK: When the store cannot be written

  /// Those who wait are told and withdrawn; what has happened stays and is tried again.
  private func begin(_ problem: Problem, with work: [Pending]) {
    putBack(work.filter { $0.waiter == nil || $0.isPatient })
    let known = queue.withLock { queue -> StoreOutage? in
      let known = queue.outage
      var outage = known ?? StoreOutage(cause: "", detail: "", since: now())
      outage.cause = problem.cause ?? "it cannot be written"
      outage.detail = problem.detail
      queue.outage = outage
      return known
    }
    for pending in work where !pending.isPatient { pending.waiter?.resume(throwing: problem) }
    guard known?.detail != problem.detail else { return }
    logger.error("cannot write to the store", metadata: ["problem": "\(problem)"])
    ring.nudge()
  }

  private func end() {
    queue.withLock { $0.outage = nil }
    logger.notice("the store can be written again")
    ring.nudge()
    recovered.yield()
  }

  private func recovery(from outage: StoreOutage) -> JournalEntry {
    let now = now()
    let data: JSONObject = [
      "since": .string(outage.since.description), "cause": .string(outage.cause),
      "dropped": .int(Int64(outage.dropped)),
    ]
    return JournalEntry([RunEvent(type: .storeRecovered, run: nil, time: now, data: data)])
  }

  /// One of these is larger than the store can hold: each is tried alone, and that one goes without its patch, or not.
  private func setAside(_ work: [Pending], _ problem: Problem) {
    guard work.count == 1, let single = work.first else { return putBack(work, singly: true) }
    var smaller = single
    for place in smaller.entry.details.indices { smaller.entry.details[place].detail.patch = nil }
    let had = single.entry.details.contains { $0.detail.patch != nil }
    if single.waiter == nil, had {
      logger.error("a patch is too large to be stored", metadata: ["problem": "\(problem)"])
      putBack([smaller], singly: true)
    } else {
      logger.error("too large to be stored", metadata: ["problem": "\(problem)"])
      single.waiter?.resume(throwing: problem)
    }
  }

  private func giveUp(_ problem: Problem) {
    let left = queue.withLock { queue in
      defer {
        queue.pending = []
        queue.events = 0
        queue.outage = nil
      }
      return queue.pending
    }
    for pending in left { pending.waiter?.resume(throwing: problem) }
    // Runs under supervisors are taken up from their folders, so that most of it is told again.
    logger.error(
      "ending with events that could not be stored",
      metadata: ["events": "\(left.reduce(0) { $0 + $1.entry.events.count })", "problem": "\(problem)"])
  }

  /// Stores the rows of live runs as they are, so that the next start replays little.
  private func checkpoint() async {
    var batch = RecordBatch()
    batch.runs = board.withLock { board in board.runs.filter { !$0.status.isTerminal }.map(StoredRun.init) }
    do { try await store.commit(batch) } catch {
      // The next start replays more, and that is all.
      logger.notice("no checkpoint", metadata: ["problem": "\(error)"])
    }
  }
}

extension RunEvent {
  /// So many lines of the run were not kept before this.
  static func dropped(_ count: Int, of run: RunID, at time: Timestamp) -> RunEvent {
    RunEvent(
      type: .output, run: run, time: time, data: ["stream": "stderr", "text": "", "dropped": .int(Int64(count))])
  }
}
