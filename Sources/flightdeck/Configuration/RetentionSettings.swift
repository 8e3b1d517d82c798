import Orchestration
import RunModel

/// `retention:` of the configuration: how long after a run's end each kind of what it left may go. Nil: never.
struct RetentionSettings: Sendable, Equatable {
  var worktrees: Duration?
  var output: Duration?
  var events: Duration?
  /// The answers that make a repeated `Idempotency-Key` be done once.
  var answers: Duration?
  /// Branches whose work is merged go with their worktrees.
  var branches = false

  /// Whether anything goes by itself.
  var isOn: Bool { !policy.ages.isEmpty }

  var policy: RetentionPolicy {
    var ages: [CollectedKind: Duration] = [:]
    ages[.worktree] = worktrees
    ages[.output] = output
    ages[.events] = events
    ages[.answers] = answers
    return RetentionPolicy(ages: ages, branches: branches)
  }
}
