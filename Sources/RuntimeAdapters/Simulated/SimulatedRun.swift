import Orchestration
import RunModel

/// One simulated run: a value that is told the time and says what happens, without a clock of its own.
struct SimulatedRun {
  let run: RunID
  let title: String
  /// Where it pretends to work.
  let repository: String?
  let plan: SimulatedPlan
  let work: SimulatedWork
  /// Seconds of work done, the wait for an answer apart.
  private(set) var worked = 0.0
  private(set) var progress = 0.0
  private(set) var end: TaskEnd?
  private var lastTime: Double
  private var nextAt: Double
  private var step = 0
  private var asked = false
  /// The phase that its plan was last told with.
  private var plannedPhase = -1
  private var waitsUntil: Double?
  /// When the processes of a canceled run are gone.
  private var goneAt: Double?
  private var stopSentAt: Timestamp?

  static let attentionId = "a1"

  /// `progress` for a run that is taken up again, `isWaiting` when its question is open.
  init(
    _ run: RunID, title: String, repository: String? = nil, configuration: SimulatedRuntime.Configuration, time: Double,
    progress: Double = 0,
    isWaiting: Bool = false
  ) {
    self.run = run
    self.title = title
    self.repository = repository
    plan = SimulatedPlan(configuration, run: run)
    work = SimulatedWork(title: title, seed: configuration.seed ^ run.ulid.low, repository: repository)
    lastTime = time
    nextAt = time
    self.progress = progress
    worked = progress * plan.seconds
    if let asksAt = plan.asksAt { asked = progress >= asksAt || isWaiting }
    step = Int(progress * plan.seconds / plan.interval) * 2
    if isWaiting { waitsUntil = time + plan.patience }
  }

  var isWaiting: Bool { waitsUntil != nil }
  var isCanceling: Bool { goneAt != nil }

  /// When something happens next.
  var due: Double {
    if let goneAt { return goneAt }
    if let waitsUntil { return waitsUntil }
    return min(nextAt, finishesAt)
  }

  /// When it ends, or asks; what happens whatever the rate of the others.
  var turnsAt: Double {
    if let goneAt { return goneAt }
    if let waitsUntil { return waitsUntil }
    return finishesAt
  }

  private var finishesAt: Double {
    let until = !asked ? plan.asksAt ?? finalProgress : finalProgress
    return lastTime + max(0, until * plan.seconds - worked)
  }

  private var finalProgress: Double { plan.fails ? plan.failsAt : 1 }

  /// What has happened by now; `speaks` adds the event that its own pace brings.
  mutating func advance(to time: Double, speaks: Bool, now: Timestamp, _ emit: (RuntimeEvent) -> Void) {
    guard end == nil else { return }
    if let goneAt {
      guard time >= goneAt else { return }
      finish(
        TaskEnd(
          .canceled,
          proof: CancelProof(stopSentAt: stopSentAt, confirmedAt: now, processes: 0, killed: 0)), emit)
      return
    }
    if let until = waitsUntil {
      guard time >= until else { return }
      resolve(work.answer, by: "simulated", time: time, emit)
    }
    work(until: time)
    if let asksAt = plan.asksAt, !asked, worked >= asksAt * plan.seconds {
      asked = true
      waitsUntil = time + plan.patience
      emit(RuntimeEvent(run, work.question(Self.attentionId)))
      return
    }
    if worked >= finalProgress * plan.seconds - 1e-9 {
      conclude(emit)
      return
    }
    if speaks, time >= nextAt {
      nextAt = time + plan.interval
      speak(time: time, emit)
    }
  }

  /// One event of its work, at any time.
  mutating func speak(time: Double, _ emit: (RuntimeEvent) -> Void) {
    guard end == nil, waitsUntil == nil, goneAt == nil else { return }
    work(until: time)
    let phase = min(Self.phases.count - 1, Int(worked / plan.seconds * Double(Self.phases.count)))
    if phase != plannedPhase {
      plannedPhase = phase
      return emit(RuntimeEvent(run, .plan(Self.plan(reached: phase))))
    }
    let file = work.files[step % work.files.count].path
    defer { step += 1 }
    switch step % 6 {
    case 0: emit(RuntimeEvent(run, .output(stream: .stdout, text: "Reading \(file)", dropped: 0)))
    case 1, 4:
      let reached = max(progress, (worked / plan.seconds * 1000).rounded(.down) / 1000)
      progress = min(0.99, reached)
      emit(RuntimeEvent(run, .progress(progress, message: Self.phases[min(3, Int(progress * 4))])))
    case 2:
      let changed = work.files[step % work.files.count]
      emit(
        RuntimeEvent(
          run,
          .tool(
            RuntimeEvent.ToolCall(
              name: step % 4 == 0 ? "read" : "edit", target: file, summary: "+\(changed.added) -\(changed.removed)",
              status: "completed"))))
      // Whoever works in one repository is told apart while they work.
      if repository != nil, let changes = work.changes(nil, progress: progress, naming: true) {
        emit(RuntimeEvent(run, changes))
      }
    case 3: emit(RuntimeEvent(run, .output(stream: .stdout, text: Self.lines[step % Self.lines.count], dropped: 0)))
    default:
      let name = work.tests[step % work.tests.count]
      emit(RuntimeEvent(run, .output(stream: .stdout, text: "PASSED \(name)", dropped: 0)))
    }
  }

  mutating func cancel(time: Double, now: Timestamp, after seconds: Double, _ emit: (RuntimeEvent) -> Void) {
    guard end == nil, goneAt == nil else { return }
    work(until: time)
    stopSentAt = now
    goneAt = time + seconds
    emit(RuntimeEvent(run, .stopSent))
  }

  /// The rest of a cancel at once.
  mutating func hurry(time: Double) { if goneAt != nil { goneAt = time } }

  /// False when nothing waits.
  mutating func answer(_ text: String, time: Double, _ emit: (RuntimeEvent) -> Void) -> Bool {
    guard waitsUntil != nil, end == nil, goneAt == nil else { return false }
    resolve(text, by: "operator", time: time, emit)
    return true
  }

  private mutating func resolve(_ text: String, by: String, time: Double, _ emit: (RuntimeEvent) -> Void) {
    waitsUntil = nil
    lastTime = time
    nextAt = time
    emit(RuntimeEvent(run, .resolved(id: Self.attentionId, answer: text, by: by)))
  }

  private mutating func work(until time: Double) {
    if waitsUntil == nil { worked = min(plan.seconds, worked + max(0, time - lastTime)) }
    lastTime = time
  }

  private mutating func conclude(_ emit: (RuntimeEvent) -> Void) {
    emit(
      RuntimeEvent(run, .usage(.init(inputTokens: Int64(2000 + step * 90), outputTokens: Int64(300 + step * 20)))))
    if plan.fails {
      progress = max(progress, plan.failsAt)
      finish(TaskEnd(.failed, exitCode: 1, reason: "The simulated agent gave up: \(work.tests[0]) fails"), emit)
    } else {
      progress = 1
      emit(RuntimeEvent(run, .plan(Self.plan(reached: Self.phases.count))))
      emit(RuntimeEvent(run, .progress(1, message: "done")))
      finish(TaskEnd(.succeeded, exitCode: 0), emit)
    }
  }

  private mutating func finish(_ end: TaskEnd, _ emit: (RuntimeEvent) -> Void) {
    self.end = end
    if let changes = work.changes(end.outcome, progress: progress, naming: repository != nil) {
      emit(RuntimeEvent(run, changes))
    }
    emit(RuntimeEvent(run, .ended(end)))
  }

  var artifacts: Artifacts { work.artifacts(end?.outcome, progress: progress) }
  var patch: [UInt8] { work.patch(end?.outcome, progress: progress) }

  private static func plan(reached phase: Int) -> [PlanEntry] {
    phases.enumerated().map { place, text in
      PlanEntry(text, place < phase ? .completed : place == phase ? .inProgress : .pending)
    }
  }

  private static let phases = ["reading the code", "writing the change", "running the tests", "tidying up"]
  private static let lines = [
    "Looking for the callers", "The old behaviour is covered by two tests", "Applying the edit",
    "Formatting what changed", "Collecting the results", "One warning, not from this change",
  ]
}
