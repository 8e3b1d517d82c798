import RunModel

/// How fast the live runs come forward: the rate of the recent progress, so that a slow start does not spoil the estimate.
struct Paces: Sendable {
  private struct Pace {
    var progress: Double
    var at: Timestamp
    /// Progress a millisecond; nil before the second report.
    var rate: Double?
  }

  private var paces: [RunID: Pace] = [:]

  /// After an event was folded into `run`.
  mutating func take(_ event: RunEvent, _ run: Run) {
    guard event.type == .progress else {
      if event.type.endsRun { paces[run.runId] = nil }
      return
    }
    guard run.progressKnown, !run.status.isTerminal else { return }
    guard let pace = paces[run.runId] else {
      paces[run.runId] = Pace(progress: run.progress, at: event.time)
      return
    }
    let passed = (event.time - pace.at).milliseconds
    // Reports that come in a flood are taken together.
    guard passed >= 1000, run.progress > pace.progress else { return }
    let latest = (run.progress - pace.progress) / Double(passed)
    paces[run.runId] = Pace(
      progress: run.progress, at: event.time, rate: pace.rate.map { $0 * 0.6 + latest * 0.4 } ?? latest)
  }

  mutating func reset() { paces = [:] }

  /// What is left of the run's time; nil where its progress does not tell, or no longer: at least 5 % and 10 s must be
  /// done, and what was expected must not be overdue.
  func remaining(of run: Run, at now: Timestamp) -> Duration? {
    guard run.status == .running, run.progressKnown, !run.isVerifying, run.cancellation == nil, run.attention == nil,
      let started = run.startedAt, run.progress >= 0.05, run.progress < 1
    else { return nil }
    let elapsed = (now - started).milliseconds
    guard elapsed >= 10_000 else { return nil }
    let left: Double
    if let pace = paces[run.runId], let rate = pace.rate, rate > 0 {
      left = (1 - run.progress) / rate - Double((now - pace.at).milliseconds)
    } else {
      left = (1 - run.progress) / run.progress * Double(elapsed)
    }
    guard left > 0, left < 30 * 86_400_000 else { return nil }
    return .milliseconds(Int64(left))
  }
}
