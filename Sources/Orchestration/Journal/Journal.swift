package import RunModel
import Synchronization
package import Logging

/// The one writer: groups what comes into commits, gives events their seq, chains the audit trail, and publishes only
/// what is stored.
///
/// Two ways in: `record` waits until its entry is durable and is told when it cannot be; `note` does not wait, and is
/// tried again until it is stored, as what it tells has happened. While the store cannot be written (`outage`), what is
/// to be recorded is refused at once, what has happened waits in bounded memory, and the end of it is tried for.
package final class Journal: Sendable {
  /// The end of what is stored, where the next batch goes on.
  private struct Tail {
    var audit: AuditTail
    /// Of live runs: a report that comes late must not take its run's position back.
    var positions: [RunID: ReportPosition] = [:]
  }

  private let store: any RunStore
  private let queue = Mutex(Queue())
  private let wake: AsyncStream<Void>
  private let waker: AsyncStream<Void>.Continuation
  private let board: Mutex<RunBoard>
  let figures = Mutex(JournalFigures())
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
    store.onDamage { [weak self] problem in self?.noteDamage(problem) }
  }

  /// Events that wait to be stored, and whether the store refused the last ones.
  var backlog: (events: Int, isDegraded: Bool) { queue.withLock { ($0.events, $0.obstacle != nil) } }

  /// What is stored, folded.
  package func read<Value: Sendable>(_ body: (borrowing RunBoard) -> Value) -> Value { board.withLock { body($0) } }

  /// Why nothing can be recorded, while nothing can.
  package var outage: StoreOutage? {
    queue.withLock { queue in
      guard var outage = queue.obstacle else { return nil }
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
        if !isPatient, let outage = queue.obstacle { return Self.refusal(outage) }
        queue.append(Pending(entry, waiter: continuation, isPatient: isPatient))
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
      queue.append(Pending(entry))
    }
    waker.yield()
  }

  /// Returns when what waits to be stored leaves room for more: who reports much waits for it.
  package func room() async {
    await withCheckedContinuation { continuation in
      let hasRoom = queue.withLock { queue in
        if queue.hasRoom { return true }
        queue.rooms.append(continuation)
        return false
      }
      if hasRoom { continuation.resume() }
    }
  }

  /// Counts bytes that wait elsewhere with those that wait here; negative when they do no more.
  package func charge(_ bytes: Int) {
    let rooms = queue.withLock { queue in
      queue.bytes += bytes
      return queue.takeRooms()
    }
    for room in rooms { room.resume() }
  }

  /// How much waits, and how many lines have been dropped since the start.
  package var load: (events: Int, bytes: Int, droppedLines: Int) {
    queue.withLock { ($0.events, $0.bytes, $0.droppedLines) }
  }

  /// Records what an agent reports. A line over the bound is dropped (while nothing can be stored, any report is that
  /// changes no state); the run's next report carries the count, or an event of its own once there is room again.
  package func note(report event: RunEvent, at position: ReportPosition? = nil) {
    var pending = Pending(JournalEntry([event]))
    let isNoted = queue.withLock { queue in
      guard !queue.isClosed else { return false }
      if let run = event.run {
        let isOutput = event.type == .output
        let told = isOutput ? Int(event.data["dropped"]?.int ?? 0) : 0
        let isOver = queue.events >= Bounds.journalEvents || queue.bytes + pending.bytes > Bounds.journal
        if isOver, isOutput || (queue.outage != nil && !event.type.changesState) {
          // What it told was lost before it goes with it.
          queue.dropped[run] = ((queue.dropped[run]?.count ?? 0) + 1 + told, event.emptied)
          queue.droppedLines += 1
          queue.outage?.dropped += 1
          return false
        }
        if let dropped = queue.dropped.removeValue(forKey: run) {
          if isOutput {
            pending.entry.events[0].data["dropped"] = .int(Int64(dropped.count + told))
          } else {
            // The position that comes with this report covers what was dropped, so the count goes with it.
            pending.entry.events.insert(.dropped(dropped.count, like: dropped.last), at: 0)
          }
        }
        pending.entry.position = position.map { (run, $0) }
      }
      queue.append(pending)
      return true
    }
    if isNoted { waker.yield() }
  }

  /// The count of the run's lines that were dropped and not yet told; telling it is then the caller's.
  package func takeDropped(of run: RunID) -> Int { queue.withLock { $0.dropped.removeValue(forKey: run)?.count ?? 0 } }

  /// Nothing more is taken in; what was is written before `run` returns.
  package func close() {
    let rooms = queue.withLock { queue in
      queue.isClosed = true
      return queue.takeRooms()
    }
    for room in rooms { room.resume() }
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
    let (work, rooms) = queue.withLock { queue in
      let most = queue.singles > 0 ? 1 : Int.max
      queue.singles = max(0, queue.singles - 1)
      var count = 0
      var events = 0
      var bytes = 0
      for pending in queue.pending {
        if count == most { break }
        if count > 0, events + pending.entry.events.count > Bounds.commitEvents || bytes + pending.bytes > Bounds.commit
        {
          break
        }
        events += pending.entry.events.count
        bytes += pending.bytes
        count += 1
      }
      queue.events -= events
      queue.bytes -= bytes
      if count == queue.pending.count {
        let all = queue.pending + Self.tell(&queue.dropped)
        queue.pending = []
        return (all, queue.takeRooms())
      }
      let some = Array(queue.pending[..<count])
      queue.pending.removeFirst(count)
      return (some, queue.takeRooms())
    }
    for room in rooms { room.resume() }
    return work
  }

  /// For runs whose next line does not come, which would carry the count.
  private static func tell(_ dropped: inout [RunID: (count: Int, last: RunEvent)]) -> [Pending] {
    defer { dropped = [:] }
    return dropped.values.map { Pending(JournalEntry([.dropped($0.count, like: $0.last)])) }
  }

  private func putBack(_ work: [Pending], singly: Bool = false) {
    queue.withLock { queue in
      queue.pending.insert(contentsOf: work, at: 0)
      queue.events += work.reduce(0) { $0 + $1.entry.events.count }
      queue.bytes += work.reduce(0) { $0 + $1.bytes }
      if singly { queue.singles = work.count }
    }
  }

  private func writeAll(_ tail: inout Tail) async {
    var lastTries = 0
    while true {
      let work = take()
      let outage = queue.withLock { $0.outage }
      if work.isEmpty, outage == nil { return }
      var attempt = JournalAttempt(
        fold: BoardFold(seq: read { $0.seq }) { id in self.read { $0[id] } }, audit: tail.audit,
        positions: tail.positions)
      for pending in work { attempt.add(pending.entry) }
      // Its end goes on record with the first that can be stored, which is how the end is found.
      if let outage { attempt.add(recovery(from: outage)) }
      let began = ContinuousClock.now
      do {
        try await store.commit(attempt.batch)
      } catch {
        figures.withLock { $0.failures += 1 }
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
      let took = began.duration(to: .now)
      board.withLock { board in
        for event in attempt.events { board.apply(event) }
        figures.withLock { figures in
          figures.commits.observe(took)
          for event in attempt.events { figures.count(event, event.run.flatMap { board[$0] }) }
        }
      }
      ring.publish(EventChunk.chunks(of: attempt.batch.events))
      if outage != nil { end() }
      for pending in work { pending.waiter?.resume() }
    }
  }

  // MARK: When the store cannot be written

  /// Those who wait are told and withdrawn, also those far behind this batch; what has happened stays and is tried again.
  private func begin(_ problem: Problem, with work: [Pending]) {
    putBack(work)
    let (known, refused) = queue.withLock { queue in
      let known = queue.outage
      var outage = known ?? StoreOutage(cause: "", detail: "", since: now())
      outage.cause = problem.cause ?? "it cannot be written"
      outage.detail = problem.detail
      queue.outage = outage
      return (known, queue.withdraw())
    }
    for waiter in refused { waiter.resume(throwing: problem) }
    guard known?.detail != problem.detail else { return }
    logger.error("cannot write to the store", metadata: ["problem": "\(problem)"])
    ring.nudge()
  }

  private func noteDamage(_ problem: Problem) {
    let isNews = queue.withLock { queue in
      guard queue.damage == nil else { return false }
      let remedy = problem.detail.contains("backup") ? "" : " Restore it from a backup: flightdeck restore."
      queue.damage = StoreOutage(
        cause: problem.cause ?? "it is damaged", detail: problem.detail + remedy, since: now())
      return true
    }
    guard isNews else { return }
    logger.error("the store is damaged", metadata: ["problem": "\(problem)"])
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
        queue.bytes = 0
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
