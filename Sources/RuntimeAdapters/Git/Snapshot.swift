import Orchestration
import RunModel

/// Keeps the work of a run whose agent is gone: as a commit on the run's branch, without hooks or signing.
struct Snapshot: Sendable {
  let diff: WorkDiff

  private var git: Git { diff.git }

  /// The commit at the branch's tip that holds all of the work; nil when nothing has changed since the base.
  ///
  /// An agent that has left the branch, for another or for none, loses nothing: the branch takes what it has as well
  /// as what it had.
  func take(message: String) async throws -> String? {
    do { return try await commit(message) } catch let problem as Problem where problem.detail.contains(".lock'") {
      // Whoever held it was killed: the agent is gone, and nobody else works on this branch.
      try await diff.checkout().clearLocks(branch: diff.workspace.branch)
      return try await commit(message)
    }
  }

  private func commit(_ message: String) async throws -> String? {
    guard let branch = diff.workspace.branch, let base = diff.workspace.base else { return nil }
    let checkout = try await diff.checkout()
    checkout.sweepGitFolder()
    WorkFolder.removeWhatBlocks(in: checkout.top)
    let head = try await git.demand(["rev-parse", "--verify", "HEAD^{commit}"], in: checkout, "find HEAD").text
    let tip = try await git.run(["rev-parse", "--verify", "--quiet", "refs/heads/\(branch)^{commit}"], in: checkout)
    let tree = try await workTree()
    let headTree = try await git.demand(["rev-parse", "\(head)^{tree}"], in: checkout, "read HEAD").text
    var parents = [head]
    if tip.status == 0, tip.text != head {
      let isBehind = try await git.run(["merge-base", "--is-ancestor", tip.text, head], in: checkout)
      if isBehind.status != 0 { parents.append(tip.text) }
    }
    var commit = head
    if tree != headTree || parents.count > 1 {
      commit = try await git.demand(
        ["commit-tree", tree] + parents.flatMap { ["-p", $0] }, in: checkout, adding: try await identity(in: checkout),
        input: Array(Self.plain(message).utf8), "commit the work"
      ).text
    }
    let reference = try await git.run(["symbolic-ref", "--quiet", "HEAD"], in: checkout)
    let isElsewhere = reference.text != "refs/heads/\(branch)"
    if commit != tip.text || isElsewhere {
      _ = try await git.demand(
        ["update-ref", "-m", "flightdeck: keep the run's work", "refs/heads/\(branch)", commit], in: checkout,
        "move the branch \(branch)")
      if isElsewhere {
        _ = try await git.demand(["symbolic-ref", "HEAD", "refs/heads/\(branch)"], in: checkout, "return to \(branch)")
      }
      try await settleIndex(of: checkout)
    }
    return commit == base ? nil : commit
  }

  /// The tree of everything in the worktree that is not ignored.
  func workTree() async throws -> String {
    let checkout = try await diff.checkout()
    guard Files.isFolder(diff.workspace.path) else {
      throw Problem(.notFound, "The worktree \(diff.workspace.path) is not there any more.")
    }
    try WorkFolder.refuseWhatBlocks(in: checkout.top)
    var index = try await OwnIndex.copy(of: checkout, git: git, scratch: diff.scratch)
    defer { index.remove() }
    var added = try await index.add()
    if added.status > 1 {
      // The agent's index was unusable; git is told from HEAD instead.
      try await index.readHead()
      added = try await index.add()
    }
    guard added.status <= 1 else { throw Git.problem(added, "collect the work in \(checkout.top)") }
    if added.diagnostics.contains("No space left") { throw Git.problem(added, "collect the work in \(checkout.top)") }
    return try await git.demand(
      ["write-tree"], in: checkout, adding: index.environment, "store the work in \(checkout.top)"
    ).text
  }

  /// Keeps everything in the worktree as a commit under `reference`, and moves no branch.
  func keepAside(as reference: String, message: String) async throws {
    let checkout = try await diff.checkout()
    let tree = try await workTree()
    let commit = try await git.demand(
      ["commit-tree", tree, "-p", "HEAD"], in: checkout, adding: try await identity(in: checkout),
      input: Array(Self.plain(message).utf8), "keep what lies in \(checkout.top)"
    ).text
    _ = try await git.demand(
      ["update-ref", reference, commit], in: checkout, "keep what lies in \(checkout.top)")
  }

  /// A title may hold anything, and `git log` prints it: control characters are left out, but for line ends.
  static func plain(_ message: String) -> String {
    var plain = String.UnicodeScalarView()
    for scalar in message.unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control where scalar != "\n" && scalar != "\t", .format, .lineSeparator, .paragraphSeparator:
        plain.append(" ")
      default: plain.append(scalar)
      }
    }
    return String(plain)
  }

  /// The agent is gone: its index follows the branch, and a lock it left is nobody's.
  private func settleIndex(of checkout: Checkout) async throws {
    Files.removeTree(checkout.gitFolder + "/index.lock")
    _ = try await git.demand(["read-tree", "--reset", "HEAD"], in: checkout, "settle the index")
    _ = try await git.run(["update-index", "-q", "--refresh"], in: checkout)
  }

  /// The operator's name, else ours.
  private func identity(in checkout: Checkout) async throws -> [String: String] {
    let known = try await git.run(["var", "GIT_COMMITTER_IDENT"], in: checkout)
    let author = try await git.run(["var", "GIT_AUTHOR_IDENT"], in: checkout)
    if known.status == 0, author.status == 0,
      try await git.run(["config", "user.email"], in: checkout).status == 0
    {
      return [:]
    }
    return [
      "GIT_AUTHOR_NAME": "Flightdeck", "GIT_AUTHOR_EMAIL": "flightdeck@localhost",
      "GIT_COMMITTER_NAME": "Flightdeck", "GIT_COMMITTER_EMAIL": "flightdeck@localhost",
    ]
  }
}
