import Orchestration
import RunModel

/// One run at an adapter, as a value: events and answers in, reports out, no I/O.
struct BridgeRun {
  enum Phase: Equatable {
    /// Asked for, and not answered yet.
    case starting
    case running
    /// Its end is known, and what it has made is being fetched.
    case ending
    case ended(TaskEnd)
  }

  struct Cancel: Equatable {
    /// By our clock.
    var askedAt: Duration
    var sentAt: Timestamp?
    var isForced: Bool
  }

  let run: RunID
  /// What the adapter calls it.
  var name: String
  private(set) var phase = Phase.starting
  private(set) var progress = 0.0
  private var hasReportedProgress = false
  private(set) var cancel: Cancel?
  /// Which start of the adapter has last known it.
  var generation = 0
  var workspace: Workspace?
  /// The contract's.
  var repository: String?
  private(set) var artifacts = Artifacts()
  private(set) var patch: [UInt8] = []
  /// The question that waits for an answer, and those that wait for it to be answered: people see one at a time.
  private(set) var question: String?
  private var laterQuestions: [(id: String, report: RuntimeEvent.Kind)] = []
  /// An event has spoken of its end, and its status has not yet.
  private(set) var isHinted = false
  private var hintedReason: String?
  private var hasComplained = false
  private var budget: ReportBudget
  /// Somebody looks after its status now; it should be looked after (again).
  var isLooking = false
  var wantsLook = false
  /// An earlier orchestrator has started it, and the adapter has not said yet whether it knows it.
  private(set) var isAdopted = false

  init(_ run: RunID, name: String, linesPerSecond: Int) {
    self.run = run
    self.name = name
    budget = ReportBudget(
      linesPerSecond: linesPerSecond,
      remark: "lines were left out: its adapter sends more than \(linesPerSecond) a second")
  }

  var isLive: Bool {
    switch phase {
    case .starting, .running: true
    case .ending, .ended: false
    }
  }

  var status: TaskStatus {
    switch phase {
    case .starting: TaskStatus(status: .queued, progress: progress)
    case .running, .ending: TaskStatus(status: .running, progress: progress)
    case .ended(let end):
      switch end.outcome {
      case .succeeded: TaskStatus(status: .succeeded, progress: 1)
      case .failed: TaskStatus(status: .failed, progress: progress)
      case .canceled: TaskStatus(status: .canceled, progress: progress)
      }
    }
  }

  /// About the bytes that it takes when it has ended.
  var weight: Int { 500 + artifacts.jsonBytes.count + patch.count }

  // MARK: Starting

  mutating func started() { if phase == .starting { phase = .running } }

  /// Goes on with one that an earlier orchestrator has followed.
  mutating func adopt(_ run: Run) {
    phase = .running
    isAdopted = true
    progress = run.progress
    question = run.attention?.attentionId
  }

  // MARK: What comes

  /// Events after the end say nothing any more.
  mutating func take(_ event: BridgeEvent, at now: Duration) -> [RuntimeEvent.Kind] {
    if case .ended = phase { return [] }
    if event.isHint {
      isHinted = true
      hintedReason = event.reason ?? hintedReason
    }
    let isOfPlan = event.reports.contains { if case .plan = $0 { true } else { false } }
    return event.reports.flatMap { report -> [RuntimeEvent.Kind] in
      switch report {
      // What a plan comes to counts for those that report nothing better.
      case .progress where isOfPlan && hasReportedProgress: return []
      case .progress(let value, _):
        hasReportedProgress = hasReportedProgress || !isOfPlan
        if value >= progress, value <= 1 { progress = value }
      case .attention(let id, _, _, _, _):
        if question == nil || question == id {
          question = id
        } else {
          if laterQuestions.count < BridgeBounds.questions { laterQuestions.append((id, report)) }
          return []
        }
      case .resolved(let id, let answer, let by): return resolved(id, answer: answer, by: by)
      default: break
      }
      return budget.take(report, at: now)
    }
  }

  /// The wait for an answer is over: the next question's turn has come.
  mutating func resolved(_ id: String, answer: String, by: String) -> [RuntimeEvent.Kind] {
    laterQuestions.removeAll { $0.id == id }
    guard isLive, question == id else { return [] }
    let next = laterQuestions.isEmpty ? nil : laterQuestions.removeFirst()
    question = next?.id
    return [.resolved(id: id, answer: answer, by: by)] + (next.map { [$0.report] } ?? [])
  }

  /// What has waited long enough to be told.
  mutating func due(at now: Duration) -> [RuntimeEvent.Kind] { isLive ? budget.due(at: now) : [] }

  /// The end that an answered status means; nil while it goes on.
  mutating func take(_ answer: BridgeStatus, now: Timestamp) -> (reports: [RuntimeEvent.Kind], end: TaskEnd?) {
    guard isLive else { return ([], nil) }
    hasComplained = false
    isAdopted = false
    var reports: [RuntimeEvent.Kind] = []
    if let value = answer.progress, value > progress {
      progress = value
      reports.append(.progress(value, message: nil))
    }
    let outcome: TaskEnd.Outcome
    switch answer.status {
    case .queued, .running: return (reports, nil)
    case .succeeded: outcome = .succeeded
    case .failed: outcome = .failed
    case .canceled: outcome = .canceled
    }
    var end = TaskEnd(outcome, reason: answer.reason ?? (outcome == .succeeded ? nil : hintedReason))
    // Its own terminal state is the proof, whatever it is.
    if cancel != nil || outcome == .canceled { end.proof = CancelProof(stopSentAt: cancel?.sentAt, confirmedAt: now) }
    if outcome == .succeeded { end.reason = nil }
    return (reports, end)
  }

  /// Said once until it is well again.
  mutating func complain(_ text: String) -> [RuntimeEvent.Kind] {
    guard isLive, !hasComplained else { return [] }
    hasComplained = true
    return [.custom(type: "adapter_error", data: ["message": .string(text.bounded(Bounds.activity))])]
  }

  /// What its adapter says went wrong with no run in particular.
  mutating func remark(_ text: String, at now: Duration) -> [RuntimeEvent.Kind] {
    guard isLive else { return [] }
    return budget.take(
      .custom(type: "adapter_error", data: ["message": .string(text.bounded(Bounds.activity))]), at: now)
  }

  // MARK: Canceling

  /// False when nothing new is asked for by it.
  mutating func requestCancel(at now: Duration, force: Bool) -> Bool {
    guard isLive, cancel == nil || (force && cancel?.isForced == false) else { return false }
    cancel = Cancel(askedAt: now, sentAt: cancel?.sentAt, isForced: force)
    return true
  }

  /// The report of the stop, once.
  mutating func stopSent(at now: Timestamp) -> [RuntimeEvent.Kind] {
    guard isLive, let cancel, cancel.sentAt == nil else { return [] }
    self.cancel?.sentAt = now
    return [.stopSent]
  }

  /// The end of one whose cancel nobody has confirmed for so long; nil while there is time.
  func unconfirmed(at now: Duration, limit: Duration) -> TaskEnd? {
    guard isLive, let cancel else { return nil }
    let limit = cancel.isForced ? limit / 10 : limit
    guard now - cancel.askedAt >= limit else { return nil }
    return TaskEnd(
      .canceled, reason: "its adapter has not confirmed within \(AdapterLife.words(limit)) that it has ended",
      proof: CancelProof(stopSentAt: cancel.sentAt))
  }

  // MARK: The end

  /// False when it is ending already.
  mutating func beginEnding() -> Bool {
    guard isLive else { return false }
    phase = .ending
    return true
  }

  mutating func finish(_ end: TaskEnd, artifacts: Artifacts?, patch: [UInt8]) -> [RuntimeEvent.Kind] {
    if case .ended = phase { return [] }
    phase = .ended(end)
    self.artifacts = artifacts ?? self.artifacts
    self.patch = patch
    return budget.flush() + [.ended(end)]
  }
}
