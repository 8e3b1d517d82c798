/// How a supervised command comes to its end: a value without I/O, in milliseconds of any clock.
///
/// The end is only reached when no descendant is left.
struct StopMachine {
  enum Cause: String {
    case asked, signal, limit
    /// Its work was done, and it had not ended by itself.
    case finished
  }

  enum Action: Equatable {
    case none
    /// Look at the descendants and call `looked`.
    case look
    /// SIGTERM to every descendant.
    case terminate
    /// SIGKILL to every descendant.
    case kill
    /// Say which processes do not end, and try on.
    case complain
    /// Nothing is left: write the exit record.
    case finish
  }

  enum Phase: Equatable { case running, terminating(until: Int64), killing(since: Int64), finished }

  /// How long killing may take before it is said which processes resist: those of another user, or stuck in the system.
  static let patience: Int64 = 2000

  private(set) var phase = Phase.running
  /// Why the command was stopped; nil when it ended by itself.
  private(set) var cause: Cause?
  /// From when on the grace counts, that of strays too.
  private(set) var stopSentAt: Int64?
  private(set) var agentHasEnded = false
  private var hasComplained = false
  let strayGrace: Int64
  /// When the command is stopped whatever it does.
  let deadline: Int64?
  let grace: Int64

  init(grace: Int64, strayGrace: Int64, deadline: Int64? = nil) {
    self.grace = grace
    self.strayGrace = strayGrace
    self.deadline = deadline
  }

  mutating func stopRequested(_ cause: Cause, grace: Int64, now: Int64) -> Action {
    switch phase {
    case .running:
      // An agent that has ended already ended by itself.
      if !agentHasEnded { self.cause = cause }
      stopSentAt = now
      if grace <= 0 {
        phase = .killing(since: now)
        return .kill
      }
      phase = .terminating(until: now + grace)
      return .terminate
    case .terminating:
      if !agentHasEnded, self.cause == nil { self.cause = cause }
      guard grace <= 0 else { return .none }
      phase = .killing(since: now)
      return .kill
    case .killing, .finished: return .none
    }
  }

  /// The agent itself is gone; strays of its may live.
  mutating func agentEnded() -> Action {
    agentHasEnded = true
    return phase == .finished ? .none : .look
  }

  mutating func looked(living: Int, now: Int64) -> Action {
    guard phase != .finished else { return .none }
    if agentHasEnded, living == 0 {
      phase = .finished
      return .finish
    }
    switch phase {
    case .running:
      guard agentHasEnded else { return .none }
      stopSentAt = now
      phase = .terminating(until: now + strayGrace)
      return .terminate
    case .terminating(let until):
      guard now >= until else { return .none }
      phase = .killing(since: now)
      return .kill
    case .killing(let since):
      guard !hasComplained, now - since >= Self.patience else { return .kill }
      hasComplained = true
      return .complain
    case .finished: return .none
    }
  }

  /// What the time alone brings about.
  mutating func passed(now: Int64) -> Action {
    if phase == .running {
      guard let deadline, now >= deadline, !agentHasEnded else { return .none }
      return stopRequested(.limit, grace: grace, now: now)
    }
    return phase == .finished ? .none : .look
  }

  /// Milliseconds until `passed` is worth a call; nil when never.
  func patience(now: Int64) -> Int64? {
    switch phase {
    case .running: deadline.map { max(0, $0 - now) }
    case .terminating(let until): max(1, min(50, until - now))
    // What resists for long is looked at seldom: it may be there for hours.
    case .killing(let since): now - since < 200 ? 10 : now - since < Self.patience ? 50 : 1000
    case .finished: nil
    }
  }
}
