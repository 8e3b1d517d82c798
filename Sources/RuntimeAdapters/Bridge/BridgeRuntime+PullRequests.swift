package import Orchestration
import RunModel

/// An adapter that opens pull requests itself says so by `canCreatePR`, and where by `pr_url`. For the work of any, as far as
/// it is on a branch of the contract's repository, one is opened as for the runs of a local runtime.
extension BridgeRuntime: PullRequestRuntime {
  package func pullRequestObstacle(in repository: String) async -> String? {
    // One that is down says no here, and why elsewhere.
    if (try? await getCapabilities().canCreatePR) == true { return nil }
    return await desk.obstacle(in: repository)
  }

  package func openPullRequest(_ draft: PullRequestDraft) async throws -> OpenedPullRequest {
    try await desk.open(draft)
  }

  /// What the run has left on its branch of the contract's repository; nil when there is nothing that could be merged.
  func commit(of run: BridgeRun) async throws -> String? {
    guard let repository = run.repository, let branch = run.workspace?.branch, RepositoryNames.isBranch(branch) else {
      return nil
    }
    let main = try await git.locate(repository)
    let tip = try await git.run(["rev-parse", "--verify", "--quiet", "refs/heads/\(branch)^{commit}"], in: main)
    // The adapter's branch is of another repository.
    guard tip.status == 0 else { return nil }
    let base = try await git.commit(run.workspace?.base, in: main)
    let isInBase = try await git.run(["merge-base", "--is-ancestor", tip.text, base], in: main)
    return isInBase.status == 0 ? nil : tip.text
  }
}
