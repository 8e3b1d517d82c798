import DashboardUI
import Glibc
import RunClient
import RunModel
import TerminalKit

/// The dashboard at work: inputs, events and time go into its state, frames come out, on the terminal's thread.
///
/// Keys are answered almost at once; what the orchestrator tells by itself is drawn at most 30 times a second; when
/// nothing changes, nothing is drawn.
@TerminalActor final class DashboardLoop {
  static let frameInterval = Duration.milliseconds(33)
  /// The least time between two frames when a person acts: short, but a held key does not draw for each of its repeats.
  static let answerInterval = Duration.milliseconds(8)

  private var state: DashboardState
  private let terminal: Terminal
  private var session: DashboardSession
  /// Counts the sessions: what an earlier one brings is of no use any more.
  private var generation = 0
  /// Where the dashboard was before a replay.
  private var home: String?
  /// The orchestrator that the replay is of: still followed, so that it knows that somebody is there.
  private var resting: DashboardSession?
  private let destinations: Destinations
  private let clock = ContinuousClock()
  private var lastFrame: ContinuousClock.Instant
  private var nextFrame: (due: ContinuousClock.Instant, task: Task<Void, Never>)?
  private var nextTick: Task<Void, Never>?
  private var isOver = false
  /// What is being remembered: one after the other, the latest last.
  private var keeping: Task<Void, Never>?
  /// Commands for notifications under way.
  private var notifiers = 0

  init(state: DashboardState, terminal: Terminal, session: DashboardSession, destinations: Destinations) {
    self.state = state
    self.terminal = terminal
    self.session = session
    self.destinations = destinations
    lastFrame = clock.now - Self.frameInterval
  }

  /// Until someone quits, a signal comes or the terminal vanishes.
  func run() async {
    listen()
    draw()
    for await input in terminal.inputs {
      handle(.input(input))
      if isOver { break }
      requestFrame(after: Self.answerInterval)
    }
    nextFrame?.task.cancel()
    nextTick?.cancel()
    perform(state.close())
    isOver = true
    terminal.close()
    await keeping?.value
  }

  /// Takes in what an errand brought back.
  func handle(_ message: Message) {
    guard !isOver else { return }
    perform(state.update(message))
    session.inbox.open(state.openRun)
  }

  func deliver(_ message: Message) {
    handle(message)
    requestFrame()
  }

  /// Draws now, or as soon as `interval` has passed since the last frame.
  func requestFrame(after interval: Duration = DashboardLoop.frameInterval) {
    guard !isOver else { return }
    let due = lastFrame + interval
    if let nextFrame, nextFrame.due <= due { return }
    let wait = due - clock.now
    guard wait > .zero else { return draw() }
    nextFrame?.task.cancel()
    let task = Task { [clock] in  // canceled when a frame comes sooner, or the dashboard ends
      do { try await clock.sleep(for: wait) } catch { return }
      if !Task.isCancelled { self.draw() }
    }
    nextFrame = (due, task)
  }

  private func draw() {
    guard !isOver else { return }
    nextFrame?.task.cancel()
    nextFrame = nil
    for message in session.inbox.take() { handle(message) }
    handle(.tick(.now))
    guard !isOver else { return }
    lastFrame = clock.now
    terminal.show(drawDashboard(state))
    scheduleTick()
  }

  private func scheduleTick() {
    nextTick?.cancel()
    nextTick = nil
    guard let due = state.nextTick else { return }
    let wait = max(Self.frameInterval, due - .now)
    nextTick = Task { [clock] in  // replaced by the next frame's
      do { try await clock.sleep(for: wait) } catch { return }
      self.nextTick = nil
      self.requestFrame()
    }
  }

  private func perform(_ effects: [Effect]) {
    for effect in effects {
      switch effect {
      case .quit:
        isOver = true
        terminal.close()
      case .suspend: terminal.suspend()
      case .redraw: terminal.redraw()
      case .bell: terminal.beep()
      case .connect(let name): connect(name)
      case .lookAround: lookAround()
      case .startReplay(let run): startReplay(run)
      case .replayCommand(let command): session.command(command)
      case .leaveReplay: connect(home ?? "local")
      case .copy(let text):
        if let sequence = ControlSequence.copy(text, through: multiplexer) { terminal.writeControl(sequence) }
      case .copyWithTool(let text): copyWithTool(text)
      case .notify(let notification): notify(notification)
      case .saveScreen(let format, let path): save(drawDashboard(state), format, path)
      case .edit(let text): edit(text)
      case .keep: keep(effect)
      case .openFile(let worktree, let path, let line): openFile(worktree, path, line)
      case .cancel, .retry, .answer, .message, .fetchDetail, .fetchArtifacts, .fetchPatch, .fetchBacklog,
        .fetchRunAudit,
        .openLink, .fetchRuntimes, .fetchHealth, .fetchAudit, .verifyAudit, .approve, .reject, .followUp, .followUpOnce,
        .openPullRequest, .dispatch, .dryRun, .inspectRepository, .listFolders, .fetchTemplates, .readWork,
        .dispatchBatch:
        let asked = generation
        session.errands.run(effect) { [weak self] message in await self?.deliver(message, of: asked) }
      }
    }
  }

  private func keep(_ effect: Effect) {
    let asked = generation
    let before = keeping
    let errands = session.errands
    keeping = Task {  // awaited at the end
      await before?.value
      for message in await errands.answers(to: effect) { deliver(message, of: asked) }
    }
  }

  private let multiplexer = ControlSequence.Multiplexer { name in getenv(name).map { String(cString: $0) } }

  // MARK: Turning to something else

  private func listen() {
    let asked = generation
    session.inbox.onArrival { [weak self] in Task { await self?.arrived(asked) } }
  }

  /// The first runs are drawn as soon as they are there, whatever was drawn a moment before.
  private func arrived(_ asked: Int) {
    guard asked == generation else { return }
    requestFrame(after: state.board.total == 0 ? Self.answerInterval : Self.frameInterval)
  }

  private func deliver(_ message: Message, of asked: Int) { if asked == generation { deliver(message) } }

  /// `rests`: the session so far goes on unseen.
  private func turn(to next: DashboardSession, rests: Bool = false) {
    let old = rests ? resting : session
    let last = rests ? nil : resting
    if rests { session.rest() }
    resting = rests ? session : nil
    Task {  // what they still do ends by itself
      await old?.end()
      await last?.end()
    }
    generation += 1
    session = next
    let returns = next.player != nil && home != nil
    state = state.successor(at: next.place)
    state.isHere = next.isHere
    state.replayReturns = returns
    listen()
    next.begin()
    requestFrame(after: Self.answerInterval)
  }

  private func connect(_ name: String) {
    do {
      let next = try destinations.session(name)
      home = nil
      turn(to: next)
    } catch {
      deliver(.failed(error as? Problem ?? Problem(.unavailable, "\(error)"), .here))
    }
  }

  private func lookAround() {
    let asked = generation
    for entry in destinations.entries where entry.name != session.place {
      Task { [destinations] in  // bounded by the client's own patience
        let sight = await destinations.look(at: entry)
        deliver(.orchestrator(sight), of: asked)
      }
    }
  }

  private func startReplay(_ run: RunID?) {
    guard let client = session.client else { return }
    let asked = generation
    let place = session.place
    let name = run?.shortName ?? place
    Task { [destinations] in  // what comes too late is dropped
      do {
        let file = try await RecordingFile.fetch(client, run: run?.description)
        guard asked == generation, !isOver else { return }
        home = place
        turn(
          to: DashboardSession(
            replay: Replay(Recording(file), name: name), place: "\(name) recorded", memory: destinations.memory),
          rests: true)
      } catch {
        deliver(.failed(error as? Problem ?? Problem(.unavailable, "\(error)"), .here), of: asked)
      }
    }
  }

  private func notify(_ notification: RunNotification) {
    switch state.notificationRules.by {
    case .bell: terminal.beep()
    case .osc9: terminal.writeControl(ControlSequence.notify(notification.text, through: multiplexer))
    case .command(let words):
      let notifier = Notifier(command: words, place: state.place)
      guard notifiers < Bounds.notifiers else {
        return deliver(.note("\(words.first ?? "") is too slow: a notification was left out"))
      }
      notifiers += 1
      Task {  // ends with the command, which is bounded
        defer { notifiers -= 1 }
        do { try await notifier.tell(notification) } catch {
          deliver(.failed(error as? Problem ?? Problem(.internal, "\(error)"), .here))
        }
      }
    }
  }

  private func copyWithTool(_ text: String) {
    guard let tool = ClipboardTool.find({ name in getenv(name).map { String(cString: $0) } }) else { return }
    attempt { try await tool.copy(text) }
  }

  /// Does something beside the screen; what goes wrong is told.
  private func attempt(_ work: @escaping @Sendable () async throws -> Void) {
    Task {  // ends with the work, which is bounded
      do { try await work() } catch {
        deliver(.failed(error as? Problem ?? Problem(.internal, "\(error)"), .here))
      }
    }
  }

  private func save(_ frame: Frame, _ format: ScreenFormat, _ path: String?) {
    do {
      let saved = try ScreenFile.save(
        frame, as: format, to: path, depth: terminal.colorDepth, colors: state.canvas)
      deliver(.saved(path: saved))
    } catch {
      deliver(.failed(error, .here))
    }
  }

  private func openFile(_ worktree: String, _ path: String, _ line: Int) {
    Task {  // the editor has the terminal until it ends
      do {
        let file = try Editor.file(path, in: worktree)
        try await terminal.outside { try await Editor.visit(file, line: line) }
        requestFrame()
      } catch {
        deliver(.failed(error as? Problem ?? Problem(.internal, "\(error)"), .here))
      }
    }
  }

  private func edit(_ text: String) {
    Task {  // the editor has the terminal until it ends
      do {
        let edited = try await terminal.outside { try await Editor.edit(text) }
        deliver(.edited(edited))
      } catch {
        deliver(.failed(error as? Problem ?? Problem(.internal, "\(error)"), .here))
      }
    }
  }
}
