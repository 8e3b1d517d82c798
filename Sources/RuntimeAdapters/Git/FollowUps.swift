import Orchestration
import RunModel

/// Worktrees for follow-ups: a run that goes on with the branch of an earlier one.
extension Worktrees {
  /// What an earlier worktree held without a commit when a run went on in it.
  static func reference(of run: RunID) -> String { "refs/flightdeck/left/\(run)" }

  /// Whether the worktree is still there and on its branch. One that someone has switched to another branch is theirs.
  func canResume(_ old: Workspace?) async throws -> Bool {
    guard let old, let branch = old.branch, Files.isFolder(old.path) else { return false }
    let checkout: Checkout
    do { checkout = try await git.checkout(of: old) } catch let problem as Problem where problem.code == .notFound {
      return false
    }
    return try await git.run(["symbolic-ref", "--quiet", "HEAD"], in: checkout).text == "refs/heads/\(branch)"
  }

  /// The same worktree, clean and based on the branch's tip. What lay there without a commit, such as what tests left
  /// behind, is kept under a reference of its own and counted.
  func resume(_ old: Workspace, run: RunID, scratch: String) async throws -> (Workspace, left: Int) {
    var workspace = old
    let checkout = try await git.checkout(of: old)
    checkout.sweepGitFolder()
    WorkFolder.removeWhatBlocks(in: checkout.top)
    workspace.gitFolder = checkout.gitFolder
    workspace.base = try await git.demand(
      ["rev-parse", "--verify", "HEAD^{commit}"], in: checkout, "find the tip of \(old.branch ?? "the branch")"
    ).text
    let left = try await git.demand(
      ["status", "--porcelain", "-z", "--no-renames", "--ignore-submodules=dirty", "--untracked-files=all"],
      in: checkout, "look at \(old.path)"
    ).entries.count
    if left > 0 {
      let snapshot = Snapshot(diff: WorkDiff(git: git, workspace: workspace, scratch: scratch))
      try await snapshot.keepAside(
        as: Self.reference(of: run), message: "What lay in the worktree before run \(run) went on there.")
      do {
        _ = try await git.demand(["reset", "--quiet", "--hard"], in: checkout, "clean \(old.path)")
      } catch let problem as Problem where problem.detail.contains(".lock'") {
        // No run works here, so that whoever held the lock was killed.
        checkout.clearLocks(branch: old.branch)
        _ = try await git.demand(["reset", "--quiet", "--hard"], in: checkout, "clean \(old.path)")
      }
      _ = try await git.demand(["clean", "--quiet", "-d", "--force"], in: checkout, "clean \(old.path)")
    }
    return (workspace, left)
  }

  /// A new worktree of the earlier run's branch, for when the old one is gone.
  func reopen(_ old: Workspace, at path: String) async throws -> Workspace {
    guard let branch = old.branch, let repository = old.repository else {
      throw Problem(.conflict, "The earlier run left no branch to go on with. Dispatch the work anew.")
    }
    guard Files.exists(repository + "/.") else {
      throw Problem(.conflict, "The repository \(repository) is not there any more.")
    }
    let main = try await git.locate(repository)
    let tip = try await git.run(["rev-parse", "--verify", "--quiet", "refs/heads/\(branch)^{commit}"], in: main)
    guard tip.status == 0 else {
      throw Problem(.conflict, "The branch \(branch) is gone from \(repository). Dispatch the work anew.")
    }
    // git still counts the branch as taken by the worktree that somebody removed by hand.
    if !Files.exists(old.path) { git.forget(old, of: main) }
    try Files.makeFolder(folder)
    let answer = try await git.run(["worktree", "add", "--quiet", path, branch], in: main)
    guard answer.status == 0 else {
      await close(Workspace(path: path, branch: branch, base: tip.text, repository: repository))
      if answer.diagnostics.contains("already used by worktree") || answer.diagnostics.contains("already checked out") {
        let place = answer.diagnostics.split(separator: "'").dropFirst(3).first.map { " in \($0)" } ?? ""
        throw Problem(
          .conflict, "The branch \(branch) is checked out\(place). Switch that to another branch and try again.")
      }
      throw Git.problem(answer, "make the worktree \(path)")
    }
    return try linked(Workspace(path: path, branch: branch, base: tip.text, repository: repository), main)
  }

  /// Removes a worktree and leaves its branch.
  func close(_ workspace: Workspace) async {
    // A repository that is gone, or refused now, has nothing to forget.
    if let repository = workspace.repository, let main = try? await git.locate(repository) {
      git.forget(workspace, of: main)
    }
    Files.removeTree(workspace.path)
  }
}
