import RunModel

/// One clean-up being worked out: which runs are old enough, and what holds them.
struct CleanUp {
  let ages: [CollectedKind: Duration]
  let dryRun: Bool
  let branches: Bool
  let unmerged: Bool
  let now: Timestamp
  var marks: [RunID: RetentionMark]
  var report: CollectionReport

  /// Ended runs that are old enough for something; of those that worked in one worktree, the latest.
  private(set) var candidates: [Run] = []
  private var live: [Run] = []
  private var ended: [Run] = []
  private var needed: Set<ContractID> = []
  /// Runs that a later one goes on with or repeats: somebody has looked at them.
  private var continued: Set<RunID> = []
  private var youngestInWorktree: [String: Run] = [:]

  init(
    ages: [CollectedKind: Duration], dryRun: Bool, branches: Bool, unmerged: Bool, now: Timestamp,
    marks: [RunID: RetentionMark], report: CollectionReport
  ) {
    self.ages = ages
    self.dryRun = dryRun
    self.branches = branches
    self.unmerged = unmerged
    self.now = now
    self.marks = marks
    self.report = report
  }

  /// `runs`: all, in the order of dispatch. `liveContracts`: what live runs wait for.
  mutating func note(runs: [Run], liveContracts: Set<ContractID>) {
    needed = liveContracts
    for run in runs {
      if let old = run.retryOf { continued.insert(old) }
      if let worktree = run.worktree {
        // A follow-up on the same worktree speaks for the runs before it.
        if let earlier = youngestInWorktree[worktree] { continued.insert(earlier.runId) }
        youngestInWorktree[worktree] = run
      }
      if run.status.isTerminal { ended.append(run) } else { live.append(run) }
    }
    for run in ended {
      let isDue = [CollectedKind.worktree, .output].contains { self.isDue($0, run) }
      if isDue { candidates.append(run) } else { report.younger += 1 }
    }
  }

  /// The moment that a run must have ended before; nil when that kind does not go.
  func cutoff(_ kind: CollectedKind) -> Timestamp? {
    ages[kind].map { Timestamp(milliseconds: now.milliseconds - $0.milliseconds) }
  }

  func isDue(_ kind: CollectedKind, _ run: Run) -> Bool {
    guard let cutoff = cutoff(kind) else { return false }
    return (run.endedAt ?? run.lastEventAt) <= cutoff
  }

  /// Why a failed run must stay: nobody knows of it yet. Opening it, a retry and a follow-up all tell.
  func unread(_ run: Run) -> String? {
    guard run.status == .failed, !continued.contains(run.runId), marks[run.runId]?.seen == nil else { return nil }
    return "it failed and nobody has looked at it (flightdeck show \(run.runId.shortName))"
  }

  /// Why a run's worktree and branch must stay, whatever is in them.
  func holder(of run: Run, live now: [RunID: Orchestrator.Live]) -> String? {
    if let unread = unread(run) { return unread }
    if needed.contains(run.contractId) { return "a queued run waits for its contract" }
    if let worktree = run.worktree, let user = youngestInWorktree[worktree], user.runId != run.runId {
      return "run \(user.runId.shortName) went on in it"
    }
    // As it is at this moment, not when the clean-up began.
    for (id, other) in now where id != run.runId {
      if let worktree = run.worktree, other.workspace?.path == worktree {
        return "run \(id.shortName) works in it"
      }
      if let branch = run.branch, other.workspace?.branch == branch || other.contract.base == branch {
        return "run \(id.shortName) goes on with its branch"
      }
      if other.contract.metadata["followUpOf"]?.string == run.runId.description {
        return "run \(id.shortName) is a follow-up of it"
      }
    }
    return nil
  }

  /// The first event that must stay for a run's sake.
  func eventHolder(_ cutoff: Timestamp) -> (seq: UInt64, reason: String)? {
    var holder: (seq: UInt64, reason: String)?
    func hold(_ run: Run, _ reason: String) {
      if holder.map({ run.firstSeq < $0.seq }) ?? true {
        holder = (run.firstSeq, "run \(run.runId.shortName) \(reason)")
      }
    }
    for run in live { hold(run, "has not ended") }
    for run in ended {
      if (run.endedAt ?? run.lastEventAt) > cutoff {
        hold(run, "ended on \((run.endedAt ?? run.lastEventAt).day)")
      } else if unread(run) != nil {
        hold(run, "failed and nobody has looked at it (flightdeck show \(run.runId.shortName))")
      } else if needed.contains(run.contractId) {
        hold(run, "is waited for")
      }
    }
    return holder
  }

  mutating func keep(_ kind: CollectedKind, of run: Run, _ part: Remains.Part, _ reason: String) {
    report.kept.append(
      .init(kind, run: run.runId, title: run.title, what: part.name, bytes: part.bytes, reason: reason))
  }

  /// Of a run that the store does not know.
  mutating func keep(_ kind: CollectedKind, of run: RunID, _ part: Remains.Part, _ reason: String) {
    report.kept.append(.init(kind, run: run, what: part.name, bytes: part.bytes, reason: reason))
  }

  mutating func keep(_ kind: CollectedKind, of run: Run, _ what: String, _ reason: String) {
    report.kept.append(.init(kind, run: run.runId, title: run.title, what: what, reason: reason))
  }
}
