import Orchestration
import RunModel

/// What an ended run has left in a repository: its worktree and its branch, and whether they hold work that is nowhere else.
struct Leftovers: Sendable {
  let git: Git
  let workspace: Workspace
  /// The commit that holds the run's work; nil when it changed nothing.
  let commit: String?

  /// Why the worktree must stay; nil when removing it loses nothing.
  func worktreeObstacle() async throws -> Remains.Obstacle? {
    guard let branch = workspace.branch, let repository = workspace.repository else {
      return .other("it belongs to no branch")
    }
    guard Files.exists(repository + "/.") else { return .other("its repository \(repository) is not there") }
    let head = try await git.run(["symbolic-ref", "--quiet", "HEAD"], in: workspace.path)
    guard head.text == "refs/heads/\(branch)" else {
      return .other("somebody has switched it to another branch")
    }
    let changed = try await git.demand(
      ["status", "--porcelain", "-z", "--no-renames", "--untracked-files=all"], in: workspace.path,
      "look at \(workspace.path)"
    ).entries.count
    if changed > 0 {
      return .other(
        changed == 1 ? "1 file in it is not in its commit" : "\(changed) files in it are not in its commit")
    }
    return try await unmerged(branch, in: repository)
  }

  /// The branch as it is, and why it must stay; nil when there is none.
  func branch() async throws -> Remains.Part? {
    guard let branch = workspace.branch, let repository = workspace.repository, Files.exists(repository + "/.") else {
      return nil
    }
    guard try await tip(of: branch, in: repository) != nil else { return nil }
    return Remains.Part(branch, obstacle: try await unmerged(branch, in: repository))
  }

  /// Removes the worktree, which has been looked at; the branch stays. `isBegun`: what is left of it after a removal that
  /// was cut short.
  func removeWorktree(isBegun: Bool) async throws {
    guard let repository = workspace.repository else { return }
    let path = workspace.path
    if isBegun {
      if try await strangers(in: repository) > 0 {
        throw Problem(.conflict, "a removal of it was cut short, and since then files came that are in no commit")
      }
      // Half of it is no worktree to git any more; without it git forgets that there was one.
      Files.removeTree(path)
      _ = try await git.run(["worktree", "remove", "--force", "--force", path], in: repository)
      return
    }
    // Without force git looks for itself once more, in the moment of the removal.
    let answer = try await git.run(["worktree", "remove", path], in: repository, limit: 1 << 20)
    guard answer.status == 0 || !Files.exists(path) else {
      throw Problem(.conflict, Git.problem(answer, "remove it").detail)
    }
    Files.removeTree(path)
  }

  /// Files of what is left of the worktree that are not as in its commit. Asked from the repository with an index of its
  /// own, as the worktree may have lost its tie to it.
  private func strangers(in repository: String) async throws -> Int {
    guard Files.exists(workspace.path) else { return 0 }
    var commit = commit ?? workspace.base
    if let branch = workspace.branch, let tip = try await tip(of: branch, in: repository) { commit = tip }
    let index = workspace.path + ".index"
    defer { Files.removeTree(index) }
    let common = try await git.demand(
      ["rev-parse", "--path-format=absolute", "--git-common-dir"], in: repository, "find \(repository)"
    ).text
    let place = ["--git-dir=\(common)", "--work-tree=\(workspace.path)"]
    let own = ["GIT_INDEX_FILE": index]
    _ = try await git.demand(
      place + ["read-tree", commit ?? "HEAD"], in: repository, adding: own, "read \(workspace.path)")
    return try await git.demand(
      place + ["status", "--porcelain", "-z", "--no-renames", "--untracked-files=all"], in: workspace.path,
      adding: own, "look at \(workspace.path)"
    ).entries.count {
      // The first letter compares the index with HEAD, which here is the checkout's own affair.
      let word = $0.dropFirst().first
      return word != "D" && word != " "
    }
  }

  /// Deletes the branch unless it has moved, is checked out or holds work of its own; looks at the moment of the call, so
  /// that of two branches that hold the same work one stays.
  func removeBranch() async throws {
    guard let branch = workspace.branch, let repository = workspace.repository,
      let tip = try await tip(of: branch, in: repository)
    else { return }
    if let obstacle = try await unmerged(branch, in: repository) { throw Problem(.conflict, obstacle.text) }
    let place = try await git.demand(
      ["for-each-ref", "--format=%(worktreepath)", "refs/heads/\(branch)"], in: repository, "look at \(branch)"
    ).text
    if !place.isEmpty { throw Problem(.conflict, "it is checked out in \(place)") }
    _ = try await git.demand(
      ["update-ref", "-d", "refs/heads/\(branch)", tip], in: repository, "delete the branch \(branch)")
  }

  private func tip(of branch: String, in repository: String) async throws -> String? {
    let answer = try await git.run(
      ["rev-parse", "--verify", "--quiet", "refs/heads/\(branch)^{commit}"], in: repository)
    return answer.status == 0 ? answer.text : nil
  }

  /// Whether the branch's commits are on no other branch, remote branch or tag. A squash or a rebase makes new commits, so
  /// work that was merged that way counts as unmerged.
  private func unmerged(_ branch: String, in repository: String) async throws -> Remains.Obstacle? {
    let tip = try await tip(of: branch, in: repository)
    guard let commit = tip ?? commit else { return nil }
    let refs = try await git.run(
      ["for-each-ref", "--contains", commit, "--format=%(refname)", "refs/heads", "refs/remotes", "refs/tags"],
      in: repository)
    guard refs.status == 0 else {
      return .other("its commit \(commit.prefix(12)) is not in \(repository) any more")
    }
    let others = refs.text.split(separator: "\n").filter { $0 != "refs/heads/\(branch)" }
    if !others.isEmpty { return nil }
    guard tip != nil else {
      return .other("its branch \(branch) is gone, and its commit \(commit.prefix(12)) is on no other")
    }
    return .unmerged("its work is on no other branch than \(branch) (a squash merge cannot be told)")
  }
}
