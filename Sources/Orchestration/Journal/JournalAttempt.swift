package import RunModel

/// One batch being made.
struct JournalAttempt {
  var batch = RecordBatch()
  var events: [RunEvent] = []
  var audit: AuditTail
  /// Those that the batch moves on.
  private(set) var positions: [RunID: ReportPosition] = [:]
  private let before: [RunID: ReportPosition]
  private var positioned: [RunID: Int] = [:]
  private var fold: BoardFold
  private var changed: [RunID: Int] = [:]
  private var writer = JSONWriter()

  init(fold: BoardFold, audit: AuditTail, positions: [RunID: ReportPosition]) {
    self.fold = fold
    self.audit = audit
    before = positions
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
    if let (run, place) = entry.position { move(run, to: place) }
    if let answer = entry.answer { batch.answers.append(answer) }
    batch.tokens += entry.tokens
  }

  private mutating func move(_ run: RunID, to place: ReportPosition) {
    if let known = positions[run] ?? before[run], known >= place { return }
    positions[run] = place
    let detail = StoredDetail(position: Array(place.text.utf8))
    if let index = positioned[run] {
      batch.details[index].detail = detail
    } else {
      positioned[run] = batch.details.count
      batch.details.append((run, detail))
    }
  }
}

/// What a batch would make of the board, without touching it: only the runs that the batch names are copied.
struct BoardFold {
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

extension StoredRun {
  package init(_ run: Run) {
    self.init(run: run.runId, contract: run.contractId, lastSeq: run.lastSeq, json: run.jsonBytes)
  }
}
