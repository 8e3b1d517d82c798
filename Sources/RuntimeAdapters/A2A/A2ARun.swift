import Orchestration
import RunModel

/// One run of an agent behind A2A, from its first message to its `ended` event.
///
/// All that the agent says goes through the task value and, as far as it is news, into the run's record before it is told;
/// so another instance can take up where this one stopped, and nothing is told twice.
actor A2ARun {
  nonisolated let record: A2ARecord
  nonisolated let folder: A2AFolder
  let agent: A2AAgent
  let outlet: EventOutlet
  let configuration: A2ARuntime.Configuration

  private(set) var task = A2ATask()
  private(set) var end: LocalRunEnd?
  private var log: A2ALog?
  private var keeper: A2AFileKeeper
  private var budget: ReportBudget
  private let began = ContinuousClock.now
  private var isRecalled = false
  private var isLogFull = false

  // What `A2ARun+Following` and `A2ARun+Stopping` go by.
  var start = Start.pending
  var starting: [CheckedContinuation<Void, Never>] = []
  var step: Task<Void, any Error>?
  /// Why the answer to the first message is not known.
  var loss: String?
  var outage: (since: ContinuousClock.Instant, backOff: Duration)?
  var refusedStreams = 0
  var isStreamed = false
  var stopSentAt: Timestamp?
  var isCancelAsked = false
  var isStopping = false
  var answering = false
  /// No news of an agent counts any more: the end is being put on record.
  var isOver = false

  /// How far the first message has come.
  enum Start {
    case pending, taken
    case refused(A2AFault)
  }

  init(
    _ record: A2ARecord, folder: A2AFolder, agent: A2AAgent, outlet: EventOutlet,
    configuration: A2ARuntime.Configuration, end: LocalRunEnd? = nil
  ) {
    self.record = record
    self.folder = folder
    self.agent = agent
    self.outlet = outlet
    self.configuration = configuration
    self.end = end
    keeper = A2AFileKeeper(folder: folder.files)
    budget = ReportBudget(linesPerSecond: Bounds.linesPerSecond, log: folder.updates)
  }

  var run: RunID { record.run }

  var status: TaskStatus {
    guard let end else { return TaskStatus(status: .running, progress: 0) }
    switch end.end.outcome {
    case .succeeded: return TaskStatus(status: .succeeded, progress: 1)
    case .failed: return TaskStatus(status: .failed, progress: 0)
    case .canceled: return TaskStatus(status: .canceled, progress: 0)
    }
  }

  func artifacts() throws -> Artifacts {
    try recall()
    return try A2AWork(task: task, folder: folder).artifacts(opensPullRequests: configuration.opensPullRequests)
  }

  func patch() throws -> [UInt8] {
    try recall()
    return try A2AWork(task: task, folder: folder).patch()
  }

  /// The ids by which a later run can go on with this one.
  func thread() throws -> (task: String?, context: String?) {
    try recall()
    return (task.id, task.context)
  }

  // MARK: The record

  /// Takes what is on record; without a word to anybody.
  func recall() throws {
    guard !isRecalled else { return }
    isRecalled = true
    for entry in try A2ALog.read(folder.updates) { _ = replay(entry.update) }
  }

  private func replay(_ update: A2AUpdate) -> [RuntimeEvent.Kind] {
    if case .artifact(let artifact, _, _) = update { for part in artifact.parts { keeper.know(part) } }
    return task.take(update).reports
  }

  func openRecord() throws {
    isRecalled = true
    log = try A2ALog(path: folder.updates)
  }

  /// Tells what is on record and was not told, after an orchestrator before this one.
  func catchUp(with recorded: Run, from position: ReportPosition?) throws {
    isRecalled = true
    var told: A2ATask?
    var fresh: [(RuntimeEvent.Kind, ReportPosition)] = []
    for entry in try A2ALog.read(folder.updates) {
      if told == nil, position.map({ entry.offset > $0.offset }) ?? true { told = task }
      var count = 0
      for report in replay(entry.update) {
        count += 1
        let place = ReportPosition(offset: entry.offset, count: count)
        if position.map({ place > $0 }) ?? true { fresh.append((report, place)) }
      }
    }
    // What changes decisions is recorded beside the other reports and so can lag behind them.
    let before = told ?? task
    if before.stopWasSent, recorded.cancellation?.stopSentAt == nil { tell(.stopSent) }
    switch (before.question, recorded.attention) {
    case (let question?, let known) where known?.attentionId != question.id:
      tell(.attention(id: question.id, question: question.text, options: [], kind: "question"))
    case (nil, let known?):
      let answer = before.answered.flatMap { $0.id == known.attentionId ? $0.text : nil }
      tell(.resolved(id: known.attentionId, answer: answer ?? "", by: answer == nil ? "agent" : "operator"))
    default: break
    }
    if task.stopWasSent { stopSentAt = recorded.cancellation?.stopSentAt ?? .now }
    for (report, place) in fresh { hand(on: report, at: place) }
  }

  // MARK: What comes in

  /// True when there was news.
  @discardableResult
  func take(_ updates: [A2AUpdate]) -> Bool {
    guard !isOver else { return false }
    var hasNews = false
    for update in updates {
      let taken = task.take(kept(update))
      guard let news = taken.news else { continue }
      hasNews = true
      let place = put(news)
      for (index, report) in taken.reports.enumerated() {
        hand(on: report, at: place.map { ReportPosition(offset: $0, count: index + 1) })
      }
    }
    handOn(budget.due(at: began.duration(to: .now)))
    return hasNews
  }

  private func put(_ news: A2AUpdate) -> Int? {
    let isDurable =
      switch news {
      case .task, .status, .answered, .stopSent, .answer, .pullRequest: true
      case .message, .artifact: false
      }
    let place = log?.append(news, durably: isDurable)
    if place == nil, !isLogFull {
      isLogFull = true
      note("record_full", "what the agent says cannot be put on record in \(folder.updates) any more")
    }
    return place
  }

  /// With the files of an artifact put away.
  private func kept(_ update: A2AUpdate) -> A2AUpdate {
    guard case .artifact(var artifact, let appends, let isLast) = update else { return update }
    for place in artifact.parts.indices {
      do {
        artifact.parts[place] = try keeper.keep(artifact.parts[place], as: artifact.name ?? artifact.id)
      } catch { note("file_not_kept", error.detail) }
    }
    return .artifact(artifact, appends: appends, isLast: isLast)
  }

  private func hand(on report: RuntimeEvent.Kind, at place: ReportPosition?) {
    let kept = budget.take(report, at: began.duration(to: .now))
    guard !kept.isEmpty else { return }
    if budget.dropped > 0 { handOn(budget.takeDropped()) }
    handOn(kept, at: place)
  }

  private func handOn(_ reports: [RuntimeEvent.Kind], at place: ReportPosition? = nil) {
    for (index, report) in reports.enumerated() {
      outlet.send(RuntimeEvent(run, report, at: index == reports.count - 1 ? place : nil))
    }
  }

  private func tell(_ report: RuntimeEvent.Kind) { outlet.send(RuntimeEvent(run, report)) }

  /// A remark of ours, as an event of this runtime; `isActivity`: it stands in the run's row.
  func note(_ type: String, _ message: String, isActivity: Bool = false) {
    let message = JSONValue.string(message.bounded(Bounds.activity))
    var data: JSONObject = ["message": message]
    if isActivity { data.append("activity", message) }
    tell(.custom(type: type, data: data))
  }

  // MARK: The end

  func finish(_ end: TaskEnd) {
    guard self.end == nil else { return }
    isOver = true
    step?.cancel()
    for report in task.flush() { hand(on: report, at: nil) }
    handOn(budget.flush())
    // Counts that cannot be had do not hold the end up: whoever asks for the artifacts is told why.
    if let counts = try? A2AWork(task: task, folder: folder).counts(), counts.files > 0 {
      tell(.changes(files: counts.files, added: counts.added, removed: counts.removed, paths: counts.paths))
    }
    let whole = LocalRunEnd(end, isKept: true)
    // A full disk: after a restart the agent is asked again how it ended.
    try? Files.write(whole.jsonBytes, to: folder.end, durably: true)
    self.end = whole
    tell(.ended(end))
  }

  /// Follows the agent no more; another instance can take the run up.
  func leave() {
    isOver = true
    step?.cancel()
  }

  /// It had come to its end under an earlier orchestrator, and only the telling is left.
  func tellEnd() {
    if let end { tell(.ended(end.end)) }
  }
}
