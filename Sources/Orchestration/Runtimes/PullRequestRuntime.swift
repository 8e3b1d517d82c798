/// A runtime that can ask for a run's work to be merged.
package protocol PullRequestRuntime: AgentRuntime {
  /// Why no pull request could be opened for this repository, in words; nil when it would work. Quick: what it finds out
  /// it keeps for a while.
  func pullRequestObstacle(in repository: String) async -> String?

  /// Pushes the work's branch, never by force, and opens a request for it, or finds the one that is open already.
  /// Throws a `PullRequestFailure`; the branch and the commit are as they were then.
  func openPullRequest(_ draft: PullRequestDraft) async throws -> OpenedPullRequest
}

/// What is asked for.
package struct PullRequestDraft: Sendable, Hashable {
  package var repository: String
  package var branch: String
  /// What is pushed: the work as it was kept.
  package var commit: String
  /// What the work began from, if it was named: where it is to be merged, when that is a branch of the remote.
  package var base: String?
  package var title: String
  /// Markdown.
  package var body: String

  package init(repository: String, branch: String, commit: String, base: String?, title: String, body: String) {
    self.repository = repository
    self.branch = branch
    self.commit = commit
    self.base = base
    self.title = title
    self.body = body
  }
}

package struct OpenedPullRequest: Sendable, Hashable {
  package var url: String
  /// False where it was there before.
  package var isNew: Bool

  package init(url: String, isNew: Bool) {
    self.url = url
    self.isNew = isNew
  }
}

/// Why a pull request could not be opened, and what would do it by hand.
package struct PullRequestFailure: Error, Sendable, Hashable {
  package var reason: String
  package var command: String?

  package init(_ reason: String, command: String? = nil) {
    self.reason = reason
    self.command = command
  }
}
