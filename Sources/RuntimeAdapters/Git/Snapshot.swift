import Orchestration
import RunModel

/// Keeps the work of a run whose agent is gone: as a commit on the run's branch, without hooks or signing.
struct Snapshot: Sendable {
  let diff: WorkDiff

  private var git: Git { diff.git }
  private var path: String { diff.workspace.path }

  /// The commit at the branch's tip that holds all of the work; nil when nothing has changed since the base.
  ///
  /// An agent that has left the branch, for another or for none, loses nothing: the branch takes what it has as well
  /// as what it had.
  func take(message: String) async throws -> String? {
    do { return try await commit(message) } catch let problem as Problem where problem.detail.contains(".lock'") {
      // Whoever held it was killed: the agent is gone, and nobody else works on this branch.
      try await clearLocks()
      return try await commit(message)
    }
  }

  /// Removes the locks on what is the run's alone: the worktree's index and HEAD, and the branch.
  func clearLocks() async throws {
    var places = ["index.lock", "HEAD.lock"]
    if let branch = diff.workspace.branch { places.append("refs/heads/\(branch).lock") }
    let found = try await git.demand(
      ["rev-parse", "--path-format=absolute"] + places.flatMap { ["--git-path", $0] }, in: path, "find its locks")
    for lock in found.text.split(separator: "\n") where lock.hasSuffix(".lock") { Files.removeTree(String(lock)) }
  }

  private func commit(_ message: String) async throws -> String? {
    guard let branch = diff.workspace.branch, let base = diff.workspace.base else { return nil }
    let head = try await git.demand(["rev-parse", "--verify", "HEAD^{commit}"], in: path, "find HEAD").text
    let tip = try await git.run(["rev-parse", "--verify", "--quiet", "refs/heads/\(branch)^{commit}"], in: path)
    let tree = try await workTree()
    let headTree = try await git.demand(["rev-parse", "\(head)^{tree}"], in: path, "read HEAD").text
    var parents = [head]
    if tip.status == 0, tip.text != head {
      let isBehind = try await git.run(["merge-base", "--is-ancestor", tip.text, head], in: path)
      if isBehind.status != 0 { parents.append(tip.text) }
    }
    var commit = head
    if tree != headTree || parents.count > 1 {
      commit = try await git.demand(
        ["commit-tree", tree] + parents.flatMap { ["-p", $0] } + ["-m", message], in: path,
        adding: try await identity(), "commit the work"
      ).text
    }
    let reference = try await git.run(["symbolic-ref", "--quiet", "HEAD"], in: path)
    let isElsewhere = reference.text != "refs/heads/\(branch)"
    if commit != tip.text || isElsewhere {
      _ = try await git.demand(
        ["update-ref", "-m", "flightdeck: keep the run's work", "refs/heads/\(branch)", commit], in: path,
        "move the branch \(branch)")
      if isElsewhere {
        _ = try await git.demand(["symbolic-ref", "HEAD", "refs/heads/\(branch)"], in: path, "return to \(branch)")
      }
      try await settleIndex()
    }
    return commit == base ? nil : commit
  }

  /// The tree of everything in the worktree that is not ignored.
  func workTree() async throws -> String {
    let index = try await diff.ownIndex()
    defer { Files.removeTree(index) }
    let own = ["GIT_INDEX_FILE": index]
    var added = try await git.run(["add", "--all", "--ignore-errors"], in: path, adding: own)
    if added.status > 1 {
      // The agent's index was unusable; git is told from HEAD instead.
      _ = try await git.demand(["read-tree", "--reset", "HEAD"], in: path, adding: own, "read \(path)")
      added = try await git.run(["add", "--all", "--ignore-errors"], in: path, adding: own)
    }
    guard added.status <= 1 else { throw Git.problem(added, "collect the work in \(path)") }
    if added.diagnostics.contains("No space left") { throw Git.problem(added, "collect the work in \(path)") }
    return try await git.demand(["write-tree"], in: path, adding: own, "store the work in \(path)").text
  }

  /// Keeps everything in the worktree as a commit under `reference`, and moves no branch.
  func keepAside(as reference: String, message: String) async throws {
    let tree = try await workTree()
    let commit = try await git.demand(
      ["commit-tree", tree, "-p", "HEAD", "-m", message], in: path, adding: try await identity(),
      "keep what lies in \(path)"
    ).text
    _ = try await git.demand(["update-ref", reference, commit], in: path, "keep what lies in \(path)")
  }

  /// The agent is gone: its index follows the branch, and a lock it left is nobody's.
  private func settleIndex() async throws {
    let index = try await git.demand(
      ["rev-parse", "--path-format=absolute", "--git-path", "index"], in: path, "find the index"
    ).text
    Files.removeTree(index + ".lock")
    _ = try await git.demand(["read-tree", "--reset", "HEAD"], in: path, "settle the index")
    _ = try await git.run(["update-index", "-q", "--refresh"], in: path)
  }

  /// The operator's name, else ours.
  private func identity() async throws -> [String: String] {
    let known = try await git.run(["var", "GIT_COMMITTER_IDENT"], in: path)
    let author = try await git.run(["var", "GIT_AUTHOR_IDENT"], in: path)
    if known.status == 0, author.status == 0, try await git.run(["config", "user.email"], in: path).status == 0 {
      return [:]
    }
    return [
      "GIT_AUTHOR_NAME": "Flightdeck", "GIT_AUTHOR_EMAIL": "flightdeck@localhost",
      "GIT_COMMITTER_NAME": "Flightdeck", "GIT_COMMITTER_EMAIL": "flightdeck@localhost",
    ]
  }
}
