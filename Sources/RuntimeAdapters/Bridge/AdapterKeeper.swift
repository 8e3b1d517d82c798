import Orchestration
import RunModel

/// Keeps one adapter up: starts it, starts it again with growing pauses when it has ended, and ends it.
actor AdapterKeeper {
  struct Adapter: Sendable {
    var link: AdapterLink
    var description: AdapterDescription
    /// Rises with each start.
    var generation: Int
  }

  private enum Phase {
    case idle
    case opening
    case up(Adapter)
    /// Why it is down.
    case down(Problem)
    case ended
  }

  private let opening: AdapterOpening
  private let clock: BridgeClock
  /// It has gone, and why; the second: runs should not wait for it any more.
  private let onGone: @Sendable (String, Bool) -> Void
  private var phase = Phase.idle
  private var life: AdapterLife
  private var generation = 0
  private var keeping: Task<Void, Never>?
  private var pause: Task<Void, Never>?
  /// Started, and not known yet to be an adapter.
  private var beginning: AdapterLink?
  private var outcomeWaiters: [Int: CheckedContinuation<Void, Never>] = [:]
  private var lastWaiter = 0
  private var upWaiters: [CheckedContinuation<Void, Never>] = []
  /// Why it ended the last time.
  private(set) var lastEnd: String?

  init(
    _ opening: AdapterOpening, clock: BridgeClock, onGone: @escaping @Sendable (String, Bool) -> Void
  ) {
    self.opening = opening
    self.clock = clock
    self.onGone = onGone
    life = AdapterLife(pause: opening.configuration.restartPause, patience: opening.configuration.patience)
  }

  var hasBegun: Bool { keeping != nil }

  /// The adapter as it is now. Throws why there is none.
  func current() throws -> Adapter {
    switch phase {
    case .up(let adapter): return adapter
    case .down(let problem): throw problem
    case .idle, .opening:
      throw Problem(.unavailable, "The adapter of runtime \(opening.configuration.id) is still starting. Try again.")
    case .ended: throw Problem(.unavailable, "The runtime \(opening.configuration.id) is being ended.")
    }
  }

  /// Starts it if nobody has, and returns once it is up. Throws why it is not when it cannot be started, or has ended.
  func begun() async throws -> Adapter {
    if keeping == nil, case .idle = phase {
      phase = .opening
      keeping = Task { await keep() }  // ended by `end`
    }
    while case .opening = phase {
      try Task.checkCancellation()
      await waitForOutcome()
    }
    return try current()
  }

  private func waitForOutcome() async {
    lastWaiter += 1
    let waiter = lastWaiter
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        if Task.isCancelled { continuation.resume() } else { outcomeWaiters[waiter] = continuation }
      }
    } onCancel: {
      Task { await self.letGo(waiter) }
    }
  }

  private func letGo(_ waiter: Int) { outcomeWaiters.removeValue(forKey: waiter)?.resume() }

  /// Returns once it is up, however often it has to be started; nil when it is ended.
  func whenUp() async -> Adapter? {
    while true {
      switch phase {
      case .up(let adapter) where adapter.link.isOpen: return adapter
      case .ended: return nil
      case .idle, .opening, .up, .down: await withCheckedContinuation { upWaiters.append($0) }
      }
    }
  }

  /// Ends it with all that came of it.
  func end() async {
    guard keeping != nil else {
      phase = .ended
      return wake()
    }
    let link = if case .up(let adapter) = phase { adapter.link } else { beginning }
    phase = .ended
    pause?.cancel()
    wake()
    await link?.end(grace: opening.configuration.stopGrace)
    await keeping?.value
  }

  private var isEnded: Bool { if case .ended = phase { true } else { false } }

  private func keep() async {
    await opening.sweep()
    while !isEnded {
      generation += 1
      var upFor: Duration?
      var problem: Problem
      do {
        let (link, description) = try await opening.open { beginning = $0 }
        beginning = nil
        if isEnded { return await link.end(grace: opening.configuration.stopGrace) }
        let adapter = Adapter(link: link, description: description, generation: generation)
        phase = .up(adapter)
        wake()
        let began = clock.now()
        let reason = await link.ended()
        upFor = clock.now() - began
        lastEnd = reason
        problem = Problem(
          .unavailable, "The adapter of runtime \(opening.configuration.id) is gone: \(reason).",
          cause: "its adapter is gone")
        // What is left of it must not work beside the next one.
        await link.end(grace: opening.configuration.stopGrace)
      } catch {
        problem = error as? Problem ?? Problem(.unavailable, "\(error)")
        lastEnd = problem.detail
        beginning = nil
      }
      if isEnded { return }
      let restart = life.failed(upFor: upFor)
      phase = .down(problem)
      onGone(problem.detail, restart.givesUp)
      wake()
      let pause = Task { [clock] in await clock.pause(restart.pause) }
      self.pause = pause
      await pause.value
      self.pause = nil
      if !isEnded { phase = .opening }
    }
  }

  private func wake() {
    let waiters = outcomeWaiters.values + upWaiters
    outcomeWaiters = [:]
    upWaiters = []
    for waiter in waiters { waiter.resume() }
  }
}

/// Any clock, read as the time since the start.
struct BridgeClock: Sendable {
  let now: @Sendable () -> Duration
  let sleep: @Sendable (Duration) async throws -> Void

  init(_ clock: some Clock<Duration>) {
    let start = clock.now
    now = { start.duration(to: clock.now) }
    sleep = { try await clock.sleep(for: $0) }
  }

  /// Cut short by cancelation.
  func pause(_ duration: Duration) async {
    do { try await sleep(duration) } catch { return }
  }
}
