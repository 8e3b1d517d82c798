import CProcess
import Glibc
import Orchestration
import RunModel

/// One run of the local runtime, from its supervisor's start to its `ended` event.
///
/// What it knows comes from the run's folder, so another instance can take up where this one stopped. Each report
/// carries its place in the output log, which the orchestrator stores with it: each line is an event exactly once,
/// whatever was killed in between. An open question, a sent stop and the end are told again when the record lacks them.
actor LocalRun {
  nonisolated let spec: LocalRunSpec
  nonisolated let folder: RunFolder
  nonisolated let diff: WorkDiff
  let outlet: EventOutlet
  private let watch: FolderWatch
  let stopGrace: Duration
  private let supervisorPatience: Duration
  let service: (any AgentService)?

  var stream: AgentStream
  /// What the agent is told; nil for one that is told nothing.
  var input: InputLog?
  /// The supervisor has not been shown all of it.
  var isWakeOwed = false
  var wait: AgentWait?
  /// Why the agent can be told nothing more.
  var lostSpeech: String?
  /// The agent and all it started are gone; what it said last is still to be read.
  var isOver = false
  var end: LocalRunEnd?
  private(set) var isCancelAsked = false
  private(set) var cancelAskedAt: ContinuousClock.Instant?
  var sessionCanceledAt: Timestamp?
  /// The logs have told all that was said before; until then a conversation does not know how its session stands.
  var isCaughtUp = false
  /// A cancel that waits for that.
  var awaitsSession = false
  /// When a stop was first asked for, and whether the supervisor has taken one.
  private var stopAwaitedSince: ContinuousClock.Instant?
  var stopIsSent = false
  private var answering: String?
  var budget: ReportBudget
  private let began = ContinuousClock.now
  private var isRecalled: Bool
  var look = Look()

  /// When the changed files were last counted, and what came of it.
  struct Look {
    var isUnderway = false
    var notBefore = ContinuousClock.now + .seconds(1)
    var last = ContinuousClock.now
    var hasOutput = false
    var changes: WorkDiff.Changes?
  }

  var run: RunID { spec.run }

  init(
    _ spec: LocalRunSpec, folder: RunFolder, diff: WorkDiff, outlet: EventOutlet, watch: FolderWatch,
    configuration: LocalRuntime.Configuration, language: any AgentLanguage = PlainLanguage(),
    service: (any AgentService)? = nil, end: LocalRunEnd? = nil, isCancelAsked: Bool = false
  ) {
    stream = AgentStream(language)
    self.service = service
    self.spec = spec
    self.folder = folder
    self.diff = diff
    self.outlet = outlet
    self.watch = watch
    self.end = end
    self.isCancelAsked = isCancelAsked
    budget = ReportBudget(linesPerSecond: configuration.linesPerSecond, log: folder.supervised.output)
    isRecalled = end == nil
    stopGrace = configuration.stopGrace
    supervisorPatience = configuration.supervisorPatience
  }

  var status: TaskStatus {
    guard let end else { return TaskStatus(status: .running, progress: stream.progress) }
    switch end.end.outcome {
    case .succeeded: return TaskStatus(status: .succeeded, progress: 1)
    case .failed: return TaskStatus(status: .failed, progress: stream.progress)
    case .canceled: return TaskStatus(status: .canceled, progress: stream.progress)
    }
  }

  /// Reads what a run said that ended under an earlier orchestrator, or so long ago that it was let go.
  func recall() async {
    if isRecalled { return }
    isRecalled = true
    guard var reader = OutputLogReader(path: folder.supervised.output, from: 0) else { return }
    rememberInput()
    while true {
      let records = reader.next()
      if records.isEmpty { return }
      for record in records { _ = stream.take(record) }
      await Task.yield()
    }
  }

  // MARK: What is asked of it

  func cancel(force: Bool) {
    guard end == nil else { return }
    isCancelAsked = true
    cancelAskedAt = cancelAskedAt ?? .now
    if force {
      awaitsSession = false
      return stop("kill")
    }
    if conversation != nil, spec.supervisor.input == .log, !isCaughtUp { return awaitSession() }
    if !cancelSession() { stop("stop \(stopGrace.milliseconds)") }
  }

  func stop(_ command: String) {
    stopAwaitedSince = stopAwaitedSince ?? .now
    // When there is no supervisor to take it, `follow` finds that out and ends the run.
    _ = folder.supervised.send(command)
    // An agent may have stopped its own supervisor.
    if let supervisor = folder.supervised.supervisor { kill(supervisor, SIGCONT) }
  }

  func answer(_ id: String, _ answer: String) throws {
    guard end == nil, let question = stream.question, question.id == id, answering != id else {
      throw Problem(.conflict, "Nothing in the run \(run) waits for an answer under \"\(id)\".")
    }
    guard id != AgentStream.stuckQuestion else {
      throw Problem(.conflict, "No answer ends a process. \(question.text)")
    }
    guard spec.supervisor.input == .answers || input != nil else {
      throw Problem(
        .conflict, "\(spec.agentName) does not read answers: its runtime needs \"stdin: answers\" in the configuration."
      )
    }
    let line = try stream.language.reply(to: id, answer)
    guard line.bytes.count <= Bounds.line else {
      throw Problem(.tooLarge, "The answer is longer than \(Bounds.line >> 20) MiB.")
    }
    if input == nil {
      try tellEarlierSupervisor(line)
    } else {
      do throws(Problem) { try tell(line) } catch {
        // Of a log that is not as it was left nothing reaches the agent any more.
        if error.code == .internal { speechless(error) }
        throw error
      }
    }
    answering = id
  }

  /// A supervisor of an earlier version, which knows no input log.
  private func tellEarlierSupervisor(_ line: AgentLine) throws {
    guard line.bytes.count < SupervisedFolder.longestCommand else {
      throw Problem(.tooLarge, "The answer is longer than \(SupervisedFolder.longestCommand / 1000) kB.")
    }
    guard folder.supervised.send("stdin \(String(decoding: line.bytes, as: UTF8.self))") else {
      throw Problem(.unavailable, "The answer did not reach \(spec.agentName): it is about to end. Look again.")
    }
  }

  func artifacts() async throws -> Artifacts {
    await recall()
    let diff = diff
    let here = place
    async let changes = diff.changes(to: here)
    async let summary = diff.summary(to: here)
    let note = handoffNote()
    return try await Artifacts(
      filesChanged: changes.paths, diffSummary: summary, commandsRun: stream.language.commands, testsRun: [],
      handoffNote: note ?? stream.tail.joined(separator: "\n"), evidence: note == nil ? Artifacts.noteIsOutput : nil)
  }

  func patch(_ options: PatchOptions = PatchOptions()) async throws -> [UInt8] {
    try await diff.patch(to: place, options)
  }

  /// What the run has made, as a commit or a tree that git knows.
  func result() async throws -> String {
    switch place {
    case .commit(let commit): commit
    case .worktree: try await Snapshot(diff: diff).workTree()
    }
  }

  var hasEnded: Bool { end != nil }

  /// The worktree while the agent works; then the commit, so that what a test leaves behind is not taken for work.
  var place: WorkDiff.End {
    guard let end, end.isKept, let base = spec.workspace.base else { return .worktree }
    return .commit(end.end.commit ?? base)
  }

  /// Nil when the agent has left none: what it printed last then stands for it.
  private func handoffNote() -> String? {
    if let note = note(at: folder.handoff), !note.allSatisfy(\.isWhitespace) { return note }
    if let note = stream.handoff { return note }
    if Files.isFolder(spec.workspace.path), let note = note(at: spec.workspace.path + "/HANDOFF.md") { return note }
    return stream.language.lastWord
  }

  /// What an agent has put there as a link, a FIFO or a folder is no note, and nothing is read through it.
  private func note(at path: String) -> String? {
    do { return try Files.text(path, limit: 1 << 20, following: false) } catch { return nil }
  }

  // MARK: The run's task

  /// Hands on what the agent says until it is gone, then keeps its work and says how it ended.
  func follow(recorded: Run? = nil, _ adoption: Adoption = Adoption()) async {
    guard var reader = OutputLogReader(path: folder.supervised.output, from: 0) else {
      await adoption.followsRestart ? settleRestarted() : settleLost()
      return
    }
    isRecalled = true
    if end == nil { openInput() } else { rememberInput() }
    stopIsSent = recorded?.cancellation?.stopSentAt != nil
    if let recorded { await catchUp(&reader, with: recorded, from: adoption.position) }
    if let end {
      // It had come to its end before, and only the telling is left.
      await drain(&reader)
      handOn(budget.flush())
      outlet.send(RuntimeEvent(run, .ended(end.end)))
      return
    }
    // What is gone is told nothing, and nothing is done for it.
    isOver = adoption.followsRestart || Files.exists(folder.supervised.exit) || !Files.isLocked(folder.supervised.lock)
    if !awaitsSession { act() }
    for await _ in watch.wakes(folder.path) {
      if isWakeOwed { wakeSupervisor() }
      let hadOutput = await drain(&reader)
      caughtUp()
      handOn(budget.due(at: time))
      if Files.exists(folder.supervised.exit) {
        isOver = true
        await drain(&reader)
        await service?.close()
        await settle()
        return
      }
      if adoption.followsRestart { return await settleRestarted() }
      if !hadOutput, !Files.isLocked(folder.supervised.lock), !Files.exists(folder.supervised.exit) {
        await settleLost()
        return
      }
      endDeafSupervisor()
      look.hasOutput = look.hasOutput || hadOutput
      lookAtChanges()
    }
  }

  /// A supervisor that does not take a cancel is ended itself: what it watched over is swept then, as after its death.
  private func endDeafSupervisor() {
    guard !stopIsSent, let since = stopAwaitedSince, ContinuousClock.now - since > supervisorPatience,
      let supervisor = folder.supervised.supervisor
    else { return }
    kill(supervisor, SIGKILL)
  }

  /// What one record of the log says, with its place there.
  private struct Report {
    var kind: RuntimeEvent.Kind
    var place: ReportPosition
  }

  private func take(_ record: LogRecord) -> [Report] {
    var count = 0
    return stream.take(record).map { kind in
      count += 1
      return Report(kind: kind, place: ReportPosition(offset: record.offset, count: count))
    }
  }

  /// Reads everything that is on record already, without telling it again, but for state that the record lacks. The same
  /// log always says the same, so a place in it is enough to go on from.
  private func catchUp(_ reader: inout OutputLogReader, with recorded: Run, from stored: ReportPosition?) async {
    var position = stored
    // One that cannot be read was never more than an earlier version's estimate.
    if position == nil { position = try? folder.readPosition() }
    guard let position else { return }
    var fresh: [Report] = []
    var told: AgentStream?
    while reader.offset <= position.offset {
      let records = reader.next()
      if records.isEmpty { break }
      for record in records {
        if told == nil, record.offset > position.offset { told = stream }
        fresh += take(record).filter { $0.place > position }
      }
      await Task.yield()
    }
    tellMissing(of: told ?? stream, in: recorded)
    hand(on: fresh)
  }

  /// What changes decisions is recorded beside the reports and so can lag behind them; and of progress and usage the
  /// newest may have waited for its turn.
  private func tellMissing(of told: AgentStream, in recorded: Run) {
    var missing: [RuntimeEvent.Kind] = []
    if told.progressKnown, told.progress > recorded.progress, !recorded.status.isTerminal {
      missing.append(.progress(told.progress, message: told.message))
    }
    if let usage = told.usage,
      usage.inputTokens != recorded.inputTokens || usage.outputTokens != recorded.outputTokens
    {
      missing.append(.usage(usage))
    }
    if told.stopWasSent, recorded.cancellation?.stopSentAt == nil { missing.append(.stopSent) }
    switch (told.question, recorded.attention) {
    case (let question?, let known) where known?.attentionId != question.id:
      missing.append(question.report)
    case (nil, let known?):
      let answer = told.answer.flatMap { $0.id == known.attentionId ? $0.text : nil }
      missing.append(.resolved(id: known.attentionId, answer: answer ?? "", by: "operator"))
    default: break
    }
    handOn(missing)
  }

  /// True when there was something.
  ///
  /// Reads on only when the orchestrator has room: what an agent prints faster than that waits in its log, and none of it
  /// in memory.
  @discardableResult
  private func drain(_ reader: inout OutputLogReader) async -> Bool {
    var hadOutput = false
    while true {
      await outlet.ready()
      let records = reader.next()
      if records.isEmpty { break }
      hadOutput = true
      hand(on: records.flatMap { take($0) })
      // What is asked for besides is not begun any more when a cancel waits.
      if input != nil, !awaitsSession { act() }
      // A question for this run is answered between two pieces.
      await Task.yield()
    }
    return hadOutput
  }

  private var time: Duration { began.duration(to: .now) }

  private func hand(on reports: [Report]) {
    let now = time
    for report in reports {
      let kept = budget.take(report.kind, at: now)
      guard !kept.isEmpty else { continue }
      // The place of what follows covers what was dropped, so that the count goes before it.
      if budget.dropped > 0 { handOn(budget.takeDropped()) }
      handOn(kept, at: report.place)
    }
  }

  /// `place` is that of the last of them.
  func handOn(_ events: [RuntimeEvent.Kind], at place: ReportPosition? = nil) {
    for (index, event) in events.enumerated() {
      switch event {
      case .stopSent:
        stopIsSent = true
        // A stop that only cleans up after an agent is no part of a cancel.
        if !isCancelAsked { continue }
      case .resolved(let id, _, _) where answering == id: answering = nil
      default: break
      }
      outlet.send(RuntimeEvent(run, event, at: index == events.count - 1 ? place : nil))
    }
  }

  /// Counts the changed files every 2 s while output flows, every 10 s otherwise, and never more than a tenth of the
  /// time.
  private func lookAtChanges() {
    let now = ContinuousClock.now
    guard !look.isUnderway, now >= look.notBefore, look.hasOutput || now - look.last > .seconds(10) else { return }
    look.isUnderway = true
    look.hasOutput = false
    let diff = diff
    Task {
      let changes: WorkDiff.Changes?
      // The agent may be rewriting what is looked at; the next look tells.
      do { changes = try await diff.changes(to: .worktree) } catch { changes = nil }
      looked(changes, began: now)
    }
  }

  private func looked(_ changes: WorkDiff.Changes?, began: ContinuousClock.Instant) {
    let now = ContinuousClock.now
    look.isUnderway = false
    look.last = now
    look.notBefore = max(began + .seconds(2), now + (now - began) * 9)
    guard end == nil, let changes, changes != look.changes else { return }
    tell(changes)
  }

  func tell(_ changes: WorkDiff.Changes) {
    look.changes = changes
    outlet.send(
      RuntimeEvent(
        run,
        .changes(files: changes.files, added: changes.added, removed: changes.removed, paths: changes.paths)))
  }
}
