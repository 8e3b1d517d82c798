import DashboardUI
import RunClient
import RunModel
import TerminalKit

/// The dashboard at work: inputs, events and time go into its state, frames come out, on the terminal's thread.
///
/// Keys are answered at once; what the orchestrator tells is folded in at most 30 times a second; when nothing changes,
/// nothing is drawn.
@TerminalActor final class DashboardLoop {
  static let frameInterval = Duration.milliseconds(33)

  private var state: DashboardState
  private let terminal: Terminal
  private let inbox: EventInbox
  private let errands: Errands
  private let clock = ContinuousClock()
  private var lastFrame: ContinuousClock.Instant
  private var nextFrame: Task<Void, Never>?
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
      requestFrame()
    }
    nextFrame?.cancel()
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

  /// Draws now, or as soon as a frame's time has passed since the last.
  func requestFrame() {
    guard nextFrame == nil, !isOver else { return }
    let wait = lastFrame + Self.frameInterval - clock.now
    guard wait > .zero else { return draw() }
    nextFrame = Task { [clock] in  // canceled when the dashboard ends
      do { try await clock.sleep(for: wait) } catch { return }
      self.nextFrame = nil
      self.draw()
    }
  }

  private func draw() {
    guard !isOver else { return }
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
      case .copy(let text): terminal.writeControl(ControlSequence.copy(text))
      case .saveScreen: save(drawDashboard(state))
      case .edit(let text): edit(text)
      case .cancel, .retry, .answer, .fetchDetail, .fetchArtifacts, .fetchPatch, .fetchBacklog, .fetchRuntimes,
        .dispatch, .dryRun:
        errands.run(effect) { [weak self] message in await self?.deliver(message) }
      }
    }
  }

  private func save(_ frame: Frame) {
    do {
      deliver(.saved(path: try ScreenFile.save(frame)))
    } catch {
      deliver(.failed(error, .here))
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
