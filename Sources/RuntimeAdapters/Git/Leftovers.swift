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
    let checkout: Checkout
    do { checkout = try await git.checkout(of: workspace) } catch let problem as Problem {
      return .other(problem.detail)
    }
    let head = try await git.run(["symbolic-ref", "--quiet", "HEAD"], in: checkout)
    guard head.text == "refs/heads/\(branch)" else {
      return .other("somebody has switched it to another branch")
    }
    if let obstacle = try await uncommitted(in: checkout) { return obstacle }
    return try await unmerged(branch, in: try await git.locate(repository))
  }

  /// What lies in the worktree alone.
  private func uncommitted(in checkout: Checkout) async throws -> Remains.Obstacle? {
    if Files.exists(checkout.gitFolder + "/locked") { return .other("it is locked (git worktree lock)") }
    let changed = try await git.demand(
      ["status", "--porcelain", "-z", "--no-renames", "--ignore-submodules=dirty", "--untracked-files=all"],
      in: checkout, "look at \(checkout.top)"
    ).entries.count
    if changed > 0 {
      return .other(
        changed == 1 ? "1 file in it is not in its commit" : "\(changed) files in it are not in its commit")
    }
    // What a repository within has changed only git within it would know, which is not run there.
    let stages = try await git.demand(
      ["ls-files", "--stage", "-z"], in: checkout, limit: 1 << 30, "look at \(checkout.top)"
    ).entries
    for entry in stages where entry.hasPrefix("160000 ") {
      guard let path = entry.split(separator: "\t", maxSplits: 1).last else { continue }
      if Files.exists("\(checkout.top)/\(path)/.git") {
        return .other("the repository \(path) in it may hold work of its own")
      }
    }
    return nil
  }

  /// The branch as it is, and why it must stay; nil when there is none.
  func branch() async throws -> Remains.Part? {
    guard let branch = workspace.branch, let repository = workspace.repository, Files.exists(repository + "/.") else {
      return nil
    }
    let main = try await git.locate(repository)
    guard try await tip(of: branch, in: main) != nil else { return nil }
    return Remains.Part(branch, obstacle: try await unmerged(branch, in: main))
  }

  /// Removes the worktree, which has been looked at; the branch stays. `isBegun`: what is left of it after a removal that
  /// was cut short.
  func removeWorktree(isBegun: Bool) async throws {
    guard let repository = workspace.repository else { return }
    let path = workspace.path
    let main = try await git.locate(repository)
    if isBegun {
      if try await strangers(in: main) > 0 {
        throw Problem(.conflict, "a removal of it was cut short, and since then files came that are in no commit")
      }
    } else if Files.isFolder(path), let obstacle = try await uncommitted(in: try await git.checkout(of: workspace)) {
      // Looked at once more, in the moment of the removal.
      throw Problem(.conflict, obstacle.text)
    }
    Files.removeTree(path)
    git.forget(workspace, of: main)
  }

  /// Files of what is left of the worktree that are not as in its commit. Asked from the repository with an index of its
  /// own, as the worktree may have lost its tie to it.
  private func strangers(in main: Checkout) async throws -> Int {
    guard Files.exists(workspace.path) else { return 0 }
    var commit = commit ?? workspace.base
    if let branch = workspace.branch, let tip = try await tip(of: branch, in: main) { commit = tip }
    let index = workspace.path + ".index"
    defer { Files.removeTree(index) }
    let place = Checkout(top: workspace.path, gitFolder: main.gitFolder, common: main.common)
    let own = ["GIT_INDEX_FILE": index]
    _ = try await git.demand(
      ["read-tree", commit ?? "HEAD"], in: place, adding: own, "read \(workspace.path)")
    return try await git.demand(
      ["status", "--porcelain", "-z", "--no-renames", "--ignore-submodules=dirty", "--untracked-files=all"], in: place,
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
    guard let branch = workspace.branch, let place = workspace.repository else { return }
    let repository = try await git.locate(place)
    guard let tip = try await tip(of: branch, in: repository) else { return }
    if let obstacle = try await unmerged(branch, in: repository) { throw Problem(.conflict, obstacle.text) }
    let holder = try await git.demand(
      ["for-each-ref", "--format=%(worktreepath)", "refs/heads/\(branch)"], in: repository, "look at \(branch)"
    ).text
    if !holder.isEmpty { throw Problem(.conflict, "it is checked out in \(holder)") }
    _ = try await git.demand(
      ["update-ref", "-d", "refs/heads/\(branch)", tip], in: repository, "delete the branch \(branch)")
  }

  private func tip(of branch: String, in repository: Checkout) async throws -> String? {
    let answer = try await git.run(
      ["rev-parse", "--verify", "--quiet", "refs/heads/\(branch)^{commit}"], in: repository)
    return answer.status == 0 ? answer.text : nil
  }

  /// Whether the branch's commits are on no other branch, remote branch or tag. A squash or a rebase makes new commits, so
  /// work that was merged that way counts as unmerged.
  private func unmerged(_ branch: String, in repository: Checkout) async throws -> Remains.Obstacle? {
    let tip = try await tip(of: branch, in: repository)
    guard let commit = tip ?? commit else { return nil }
    let refs = try await git.run(
      ["for-each-ref", "--contains", commit, "--format=%(refname)", "refs/heads", "refs/remotes", "refs/tags"],
      in: repository)
    guard refs.status == 0 else {
      return .other("its commit \(commit.prefix(12)) is not in \(repository.top) any more")
    }
    let others = refs.text.split(separator: "\n").filter { $0 != "refs/heads/\(branch)" }
    if !others.isEmpty { return nil }
    guard tip != nil else {
      return .other("its branch \(branch) is gone, and its commit \(commit.prefix(12)) is on no other")
    }
    return .unmerged("its work is on no other branch than \(branch) (a squash merge cannot be told)")
  }
}
