import RunModel

/// The runs that a timeline can show: all live ones and the latest that ended, bounded.
struct Timeline: Sendable {
  private(set) var live: Set<RunID> = []
  private var ended: [RunID] = []

  static let most = 4000

  var latestEnded: some Sequence<RunID> { ended.reversed() }

  mutating func reset(_ board: RunBoard) {
    live = []
    var ends: [(time: Timestamp, run: RunID)] = []
    for place in board.runs.indices where board.runs[place].startedAt != nil {
      let run = board.runs[place]
      if run.status == .running { live.insert(run.runId) }
      if run.status.isTerminal { ends.append((run.endedAt ?? run.lastEventAt, run.runId)) }
    }
    ends.sort { $0.time < $1.time }
    ended = ends.suffix(Self.most).map(\.run)
  }

  mutating func changed(_ run: RunID, _ status: RunStatus) {
    switch status {
    case .queued: break
    case .running: live.insert(run)
    case .succeeded, .failed, .canceled:
      guard live.remove(run) != nil else { return }
      ended.append(run)
      if ended.count > Self.most * 5 / 4 { ended.removeFirst(ended.count - Self.most) }
    }
  }

  /// The runs that were live at any time after `start`, the latest started first; at most `most`.
  func runs(since start: Timestamp, _ board: RunBoard) -> [RunID] {
    var found: [(started: Timestamp, run: RunID)] = []
    for run in live { if let started = board[run]?.startedAt { found.append((started, run)) } }
    for run in ended.reversed() {
      guard let place = board.place(of: run), let end = board.runs[place].endedAt else { continue }
      // They are in the order of their ends, but for clocks that differ a little.
      if end + .seconds(60) < start { break }
      if end >= start, let started = board.runs[place].startedAt { found.append((started, run)) }
    }
    found.sort { $0.started == $1.started ? $0.run > $1.run : $0.started > $1.started }
    return found.prefix(Self.most).map(\.run)
  }
}
