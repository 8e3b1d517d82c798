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
  private let inbox: EventInbox
  private let errands: Errands
  private let clock = ContinuousClock()
  private var lastFrame: ContinuousClock.Instant
  private var nextFrame: (due: ContinuousClock.Instant, task: Task<Void, Never>)?
  private var nextTick: Task<Void, Never>?
  private var isOver = false

  init(state: DashboardState, terminal: Terminal, inbox: EventInbox, errands: Errands) {
    self.state = state
    self.terminal = terminal
    self.inbox = inbox
    self.errands = errands
    lastFrame = clock.now - Self.frameInterval
  }

  /// Until someone quits, a signal comes or the terminal vanishes.
  func run() async {
    draw()
    for await input in terminal.inputs {
      handle(.input(input))
      if isOver { break }
      requestFrame(after: Self.answerInterval)
    }
    nextFrame?.task.cancel()
    nextTick?.cancel()
    terminal.close()
  }

  /// Takes in what an errand brought back.
  func handle(_ message: Message) {
    guard !isOver else { return }
    perform(state.update(message))
    inbox.open(state.openRun)
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
    for message in inbox.take() { handle(message) }
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
      case .copy(let text):
        if let sequence = ControlSequence.copy(text, through: multiplexer) { terminal.writeControl(sequence) }
      case .copyWithTool(let text): copyWithTool(text)
      case .notify(let notification): notify(notification)
      case .saveScreen(let format, let path): save(drawDashboard(state), format, path)
      case .edit(let text): edit(text)
      case .openFile(let worktree, let path, let line): openFile(worktree, path, line)
      case .cancel, .retry, .answer, .fetchDetail, .fetchArtifacts, .fetchPatch, .fetchBacklog, .fetchRunAudit,
        .openLink, .fetchRuntimes,
        .dispatch, .dryRun, .keep, .followUp:
        errands.run(effect) { [weak self] message in await self?.deliver(message) }
      }
    }
  }

  private let multiplexer = ControlSequence.Multiplexer { name in getenv(name).map { String(cString: $0) } }

  private func notify(_ notification: RunNotification) {
    switch state.notificationRules.by {
    case .bell: terminal.beep()
    case .osc9: terminal.writeControl(ControlSequence.notify(notification.text, through: multiplexer))
    case .command(let words):
      let notifier = Notifier(command: words, place: state.place)
      attempt { try await notifier.tell(notification) }
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
