package import Orchestration

extension LocalRuntime: PullRequestRuntime {
  package func pullRequestObstacle(in repository: String) async -> String? { await desk.obstacle(in: repository) }

  package func openPullRequest(_ draft: PullRequestDraft) async throws -> OpenedPullRequest {
    try await desk.open(draft)
  }
}
