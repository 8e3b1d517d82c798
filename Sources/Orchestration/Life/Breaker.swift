package import RunModel

/// Decides whether a runtime is given runs, by how its starts and checks go: a value without a clock or I/O. Moments are
/// on the machine's own clock, which nobody can set.
///
/// Closed: runs go there. Three starts that fail in a row, or one failed check, open it: none goes there until it is due
/// for another check. A check that passes closes it; after failed starts that is not enough, and one run is tried first.
package struct Breaker: Sendable, Hashable {
  package enum Phase: Sendable, Hashable {
    case closed
    case open(until: Duration)
    /// `isTaken`: the one run is on its way.
    case halfOpen(isTaken: Bool)
  }

  /// How long it stays open: the first time, and at most; it doubles each time that it opens again.
  package struct Pace: Sendable, Hashable {
    package var first: Duration
    package var longest: Duration
    /// Where a check starts an agent or asks a server.
    package static let usual = Pace(first: .seconds(5), longest: .seconds(300))
    /// Where a check is a look at this machine.
    package static let quick = Pace(first: .seconds(5), longest: .seconds(10))

    package init(first: Duration, longest: Duration) {
      self.first = first
      self.longest = longest
    }
  }

  package static let mostFailures = 3

  package private(set) var phase = Phase.closed
  /// Starts that failed in a row.
  package private(set) var failures = 0
  /// What last went wrong, in the words of who said so; nil while it is closed and all is well.
  package private(set) var cause: String?
  /// Whether starts opened it, and not a check.
  private var wasOpenedByStarts = false
  /// How often it has opened in a row.
  private var rounds = 0
  private let pace: Pace

  package init(pace: Pace = .usual) { self.pace = pace }

  /// Whether a run may start now, its slots aside.
  package var admits: Bool {
    switch phase {
    case .closed, .halfOpen(isTaken: false): true
    case .open, .halfOpen(isTaken: true): false
    }
  }

  /// What is wrong, as a person reads it; nil while it is closed.
  package var reason: String? {
    let cause = cause ?? "no reason given"
    let starts = "\(failures) failed \(failures == 1 ? "start" : "starts")"
    switch phase {
    case .closed: return nil
    case .open: return wasOpenedByStarts ? "its breaker is open after \(starts): \(cause)" : cause
    case .halfOpen: return "its breaker is half open after \(starts), so one run is tried: \(cause)"
    }
  }

  /// Whether it is to be checked again.
  package func isDue(at now: Duration) -> Bool {
    if case .open(let until) = phase { until <= now } else { false }
  }

  /// A run is on its way there.
  package mutating func startBegan() {
    if phase == .halfOpen(isTaken: false) { phase = .halfOpen(isTaken: true) }
  }

  package mutating func startSucceeded() {
    failures = 0
    // One that had begun before it opened says nothing of how it is now.
    if case .open = phase { return }
    close()
  }

  /// For a reason of the runtime's.
  package mutating func startFailed(_ cause: String, at now: Duration) {
    failures += 1
    switch phase {
    case .open: break
    case .halfOpen: open(cause, byStarts: true, at: now)
    case .closed:
      if failures >= Self.mostFailures { open(cause, byStarts: true, at: now) }
    }
  }

  /// For a reason of the contract's, which tells nothing of the runtime: another may be tried.
  package mutating func startRefused() {
    if phase == .halfOpen(isTaken: true) { phase = .halfOpen(isTaken: false) }
  }

  package mutating func checkFailed(_ cause: String, at now: Duration) {
    // Another check that comes before it is due puts nothing off.
    if case .open(let until) = phase, until > now {
      if !wasOpenedByStarts { self.cause = cause }
      return
    }
    open(cause, byStarts: false, at: now)
  }

  package mutating func checkPassed(at now: Duration) {
    switch phase {
    case .closed, .halfOpen: break
    case .open(let until):
      if !wasOpenedByStarts { return close() }
      if until <= now { phase = .halfOpen(isTaken: false) }
    }
  }

  private mutating func open(_ cause: String, byStarts: Bool, at now: Duration) {
    var wait = pace.first
    for _ in 0..<rounds where wait < pace.longest { wait = wait * 2 }
    rounds += 1
    self.cause = cause
    wasOpenedByStarts = byStarts
    phase = .open(until: now + min(wait, pace.longest))
  }

  private mutating func close() {
    phase = .closed
    failures = 0
    rounds = 0
    cause = nil
    wasOpenedByStarts = false
  }

  /// As it is told: `now` by both clocks.
  package func standing(at now: Duration, _ wall: Timestamp) -> BreakerStanding {
    switch phase {
    case .closed: BreakerStanding(.closed, failures: failures)
    case .halfOpen: BreakerStanding(.halfOpen, failures: failures)
    case .open(let until):
      BreakerStanding(
        .open, failures: failures, retryAt: Timestamp(milliseconds: wall.milliseconds + (until - now).milliseconds))
    }
  }
}
