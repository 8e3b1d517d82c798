package import RunModel

/// A runtime whose ended runs leave something on this machine that can be removed.
package protocol CollectableRuntime: AgentRuntime {
  /// What an ended run has left, and what of it must stay. Changes nothing; empty for a run that it never knew.
  func remains(of run: RunID) async throws -> Remains

  /// Looks again and removes one part; returns how many bytes that freed. Throws `Problem(.conflict)` when it must stay
  /// after all, and then has removed nothing. `isBegun`: an earlier removal, which had looked, was cut short.
  func remove(_ kind: CollectedKind, of run: RunID, evenUnmerged: Bool, isBegun: Bool) async throws -> Int64

  /// Runs that have left something here, but for those that are known.
  func strangers(unlessKnown isKnown: @Sendable (RunID) -> Bool) async -> [Stranger]
}

extension CollectableRuntime {
  /// For runtimes that leave nothing which outlives their store.
  package func strangers(unlessKnown isKnown: @Sendable (RunID) -> Bool) async -> [Stranger] { [] }
}

/// A run that has left something and that the store does not know.
package struct Stranger: Sendable, Hashable {
  package var run: RunID
  /// Where its work lies: a path, or a branch.
  package var name: String
  /// How to look at it.
  package var look: String

  package init(_ run: RunID, name: String, look: String) {
    self.run = run
    self.name = name
    self.look = look
  }
}

/// What an ended run has left on this machine.
package struct Remains: Sendable, Hashable {
  /// Why a part must stay.
  package enum Obstacle: Sendable, Hashable {
    /// The work is on the run's own branch alone.
    case unmerged(String)
    case other(String)

    package var text: String {
      switch self {
      case .unmerged(let text), .other(let text): text
      }
    }
  }

  package struct Part: Sendable, Hashable {
    /// A path, or the branch's name.
    package var name: String
    package var bytes: Int64
    package var obstacle: Obstacle?

    package init(_ name: String, bytes: Int64 = 0, obstacle: Obstacle? = nil) {
      self.name = name
      self.bytes = bytes
      self.obstacle = obstacle
    }
  }

  package var worktree: Part?
  package var branch: Part?
  package var output: Part?

  package init() {}

  package var isEmpty: Bool { worktree == nil && branch == nil && output == nil }
}
