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
  package var tokens: [StoredToken] = []

  package init(_ events: [RunEvent] = [], audit: [AuditDraft] = []) {
    self.events = events
    self.audit = audit
  }
}

/// The one writer: groups what comes into commits, gives events their seq, chains the audit trail, and publishes only
/// what is stored.
///
/// Two ways in: `record` waits until its entry is durable and is told when it cannot be; `note` does not wait, and is
/// tried again until it is stored, as what it tells has happened.
package final class Journal: Sendable {
  private struct Pending {
    var entry: JournalEntry
    var bytes: Int
    var waiter: CheckedContinuation<Void, any Error>?

    init(_ entry: JournalEntry, waiter: CheckedContinuation<Void, any Error>? = nil) {
      self.entry = entry
      self.waiter = waiter
      bytes = entry.weight
    }
  }

  private struct Queue {
    var pending: [Pending] = []
    var events = 0
    /// Of what waits here, and of what else was charged.
    var bytes = 0
    /// Those who wait for room.
    var rooms: [CheckedContinuation<Void, Never>] = []
    /// Lines dropped and not told yet, with the last of them.
    var dropped: [RunID: (count: Int, last: RunEvent)] = [:]
    var droppedLines = 0
    var isClosed = false

    var hasRoom: Bool { isClosed || (bytes <= Bounds.journalRoom && events <= Bounds.journalEvents / 2) }

    mutating func append(_ entry: Pending) {
      pending.append(entry)
      events += entry.entry.events.count
      bytes += entry.bytes
    }

    mutating func takeRooms() -> [CheckedContinuation<Void, Never>] {
      guard hasRoom else { return [] }
      defer { rooms = [] }
      return rooms
    }
    /// Why the last commit failed.
    var failure: Problem?
  }

  private let store: any RunStore
  private let queue = Mutex(Queue())
  private let wake: AsyncStream<Void>
  private let waker: AsyncStream<Void>.Continuation
  private let board: Mutex<RunBoard>
  let figures = Mutex(JournalFigures())
  private let logger: Logger
  package let ring: EventRing

  /// `board` and `seq`: what the store holds.
  package init(store: any RunStore, board: RunBoard, logger: Logger) {
    self.store = store
    self.board = Mutex(board)
    self.logger = logger
    ring = EventRing(lastSeq: board.seq)
    (wake, waker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  /// Events that wait to be stored, and whether the store refused the last ones.
  var backlog: (events: Int, isDegraded: Bool) { queue.withLock { ($0.events, $0.failure != nil) } }

  /// What is stored, folded.
  package func read<Value: Sendable>(_ body: (borrowing RunBoard) -> Value) -> Value { board.withLock { body($0) } }

  /// Returns when the entry is durable and published. Throws a `Problem` when it could not be stored; then nothing is.
  package func record(_ entry: JournalEntry) async throws {
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
      let isClosed = queue.withLock { queue in
        if queue.isClosed { return true }
        queue.append(Pending(entry, waiter: continuation))
        return false
      }
      if isClosed {
        continuation.resume(throwing: Problem(.unavailable, "The orchestrator is shutting down; nothing was recorded."))
      } else {
        waker.yield()
      }
    }
  }

  /// Returns when all that was noted before is durable, or could not be stored and will be tried again.
  package func flush() async throws { try await record(JournalEntry()) }

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

  /// Records what an agent reports. An output line over the bound is dropped; the run's next one carries the count, or an
  /// event of its own once there is room again.
  package func note(report event: RunEvent) {
    var pending = Pending(JournalEntry([event]))
    let isNoted = queue.withLock { queue in
      guard !queue.isClosed else { return false }
      if event.type == .output, let run = event.run {
        let told = Int(event.data["dropped"]?.int ?? 0)
        if queue.events >= Bounds.journalEvents || queue.bytes + pending.bytes > Bounds.journal {
          // What it told was lost before it goes with it.
          queue.dropped[run] = ((queue.dropped[run]?.count ?? 0) + 1 + told, event.emptied)
          queue.droppedLines += 1
          return false
        }
        if let dropped = queue.dropped.removeValue(forKey: run) {
          pending.entry.events[0].data["dropped"] = .int(Int64(dropped.count + told))
        }
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
    var audit = AuditTail(last: try await store.lastAudit())
    for await _ in wake { try await writeAll(&audit) }
    try await writeAll(&audit)
    try await checkpoint()
    ring.close()
  }

  private func take() -> [Pending] {
    let (work, rooms) = queue.withLock { queue in
      var count = 0
      var events = 0
      var bytes = 0
      for pending in queue.pending {
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
    return dropped.values.map { count, last in
      var event = last
      event.data["dropped"] = .int(Int64(count))
      return Pending(JournalEntry([event]))
    }
  }

  private func writeAll(_ audit: inout AuditTail) async throws {
    var work = take()
    while !work.isEmpty {
      var attempt = Attempt(fold: BoardFold(seq: read { $0.seq }) { id in self.read { $0[id] } }, audit: audit)
      for pending in work { attempt.add(pending.entry) }
      let began = ContinuousClock.now
      do {
        try await store.commit(attempt.batch)
      } catch {
        figures.withLock { $0.failures += 1 }
        let problem = error as? Problem ?? Problem(.unavailable, "The store failed: \(error)")
        if queue.withLock({ queue in
          defer { queue.failure = problem }
          return queue.failure != problem
        }) {
          logger.error("cannot write to the store", metadata: ["problem": "\(problem)"])
        }
        // Those who wait are told and withdrawn; what has happened stays and is tried again.
        for pending in work { pending.waiter?.resume(throwing: problem) }
        work.removeAll { $0.waiter != nil }
        if !work.isEmpty { try await Task.sleep(for: .milliseconds(500)) }
        continue
      }
      queue.withLock { $0.failure = nil }
      audit = attempt.audit
      let took = began.duration(to: .now)
      board.withLock { board in
        for event in attempt.events { board.apply(event) }
        figures.withLock { figures in
          figures.commits.observe(took)
          for event in attempt.events { figures.count(event, event.run.flatMap { board[$0] }) }
        }
      }
      ring.publish(EventChunk.chunks(of: attempt.batch.events))
      for pending in work { pending.waiter?.resume() }
      work = take()
    }
  }

  /// Stores the rows of live runs as they are, so that the next start replays little.
  private func checkpoint() async throws {
    var batch = RecordBatch()
    batch.runs = board.withLock { board in board.runs.filter { !$0.status.isTerminal }.map(StoredRun.init) }
    if !batch.runs.isEmpty { try await store.commit(batch) }
  }

  /// One batch being made.
  private struct Attempt {
    var batch = RecordBatch()
    var events: [RunEvent] = []
    var audit: AuditTail
    private var fold: BoardFold
    private var changed: [RunID: Int] = [:]
    private var writer = JSONWriter()

    init(fold: BoardFold, audit: AuditTail) {
      self.fold = fold
      self.audit = audit
    }

    mutating func add(_ entry: JournalEntry) {
      for var event in entry.events {
        event.seq = fold.seq + 1
        let run = fold.apply(event)
        writer.removeAll()
        event.write(to: &writer)
        batch.events.append(StoredEvent(seq: event.seq, run: event.run, type: event.type, json: writer.bytes))
        events.append(event)
        guard event.type.changesState, let run else { continue }
        if let place = changed[run.runId] {
          batch.runs[place] = StoredRun(run)
        } else {
          changed[run.runId] = batch.runs.count
          batch.runs.append(StoredRun(run))
        }
      }
      for draft in entry.audit { batch.audit.append(audit.append(draft)) }
      for contract in entry.contracts {
        if let id = contract.contractId { batch.contracts.append((id, contract.jsonBytes)) }
      }
      batch.details += entry.details
      if let answer = entry.answer { batch.answers.append(answer) }
      batch.tokens += entry.tokens
    }
  }
}

/// What a batch would make of the board, without touching it: only the runs that the batch names are copied.
private struct BoardFold {
  /// Looks a run up in the board, which is never copied: a copy held here would make its next change copy all of it.
  private let lookUp: (RunID) -> Run?
  private var runs: [RunID: Run] = [:]
  private(set) var seq: UInt64

  init(seq: UInt64, lookUp: @escaping (RunID) -> Run?) {
    self.seq = seq
    self.lookUp = lookUp
  }

  mutating func apply(_ event: RunEvent) -> Run? {
    seq = event.seq
    guard let id = event.run else { return nil }
    if var run = runs[id] ?? lookUp(id) {
      run.apply(event)
      runs[id] = run
      return run
    }
    let run = Run(queuedBy: event)
    runs[id] = run
    return run
  }
}

extension JournalEntry {
  /// About the bytes that it takes while it waits.
  fileprivate var weight: Int {
    var weight = events.reduce(64) { $0 + $1.weight } + audit.count * 512 + (answer?.json.count ?? 0)
    for contract in contracts { weight += 512 + (contract.prompt?.utf8.count ?? 0) }
    for (_, detail) in details {
      weight += (detail.decision?.count ?? 0) + (detail.artifacts?.count ?? 0) + (detail.patch?.count ?? 0)
    }
    return weight
  }
}

extension RunEvent {
  /// An output event without its line.
  fileprivate var emptied: RunEvent {
    var event = self
    event.data = ["stream": data["stream"] ?? "stderr", "text": ""]
    return event
  }
}

extension StoredRun {
  package init(_ run: Run) {
    self.init(run: run.runId, contract: run.contractId, lastSeq: run.lastSeq, json: run.jsonBytes)
  }
}
