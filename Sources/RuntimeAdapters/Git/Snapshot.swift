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
      try await diff.worktree().clearLocks(branch: diff.workspace.branch)
      return try await commit(message)
    }
  }

  private func commit(_ message: String) async throws -> String? {
    guard let branch = diff.workspace.branch, let base = diff.workspace.base else { return nil }
    let checkout = try await diff.worktree()
    checkout.sweepGitFolder()
    WorkFolder.removeWhatBlocks(in: checkout.top)
    let index = try await collect()
    defer { index.remove() }
    if try stands(at: base, on: branch, checkout) {
      async let whole = diff.whole(from: base, to: index)
      let kept = try await commit(message, of: index, on: branch, in: checkout)
      // Before the index goes: without one git would take everything for deleted.
      let told = await whole
      if let told, told.changes.files == 0 { return nil }
      if let kept {
        if let told { diff.note(told, of: kept) }
        diff.note(mergeBase: base, with: kept)
        try index.takePlace(in: checkout)
        return kept
      }
    }
    let tree = try await tree(of: index, in: checkout)
    let (head, headTree, tip, isElsewhere) = try await standing(of: branch, in: checkout)
    var parents = [head]
    if let tip, tip != head {
      let isBehind = try await git.run(["merge-base", "--is-ancestor", tip, head], in: checkout)
      if isBehind.status != 0 { parents.append(tip) }
    }
    var commit = head
    if tree != headTree || parents.count > 1 {
      commit = try await store(tree, after: parents, message, in: checkout)
    }
    if commit != tip || isElsewhere {
      _ = try await git.demand(
        ["update-ref", "-m", "flightdeck: keep the run's work", "refs/heads/\(branch)", commit], in: checkout,
        "move the branch \(branch)")
      if isElsewhere {
        _ = try await git.demand(["symbolic-ref", "HEAD", "refs/heads/\(branch)"], in: checkout, "return to \(branch)")
      }
      try index.takePlace(in: checkout)
    }
    return commit == base ? nil : commit
  }

  /// Whether HEAD and the run's branch are where they began, and no merge, rebase or the like is under way.
  private func stands(at base: String, on branch: String, _ checkout: Checkout) throws -> Bool {
    let states = [
      "MERGE_HEAD", "MERGE_MSG", "SQUASH_MSG", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply",
      "sequencer", "BISECT_LOG",
    ]
    guard try checkout.branch() == branch,
      !states.contains(where: { Files.exists("\(checkout.gitFolder)/\($0)") })
    else { return false }
    return try checkout.tip(of: branch) == base
  }

  /// The common case in one call: what `tree`, `store` and `update-ref` do. Nil when there is nothing to commit, and when
  /// it has to be done step by step.
  private func commit(
    _ message: String, of index: OwnIndex, on branch: String, in checkout: Checkout
  ) async throws -> String? {
    for identity in [[:], Self.ours] {
      let answer = try await git.run(
        ["commit", "--quiet", "--no-verify", "--no-status", "--no-post-rewrite", "--cleanup=verbatim", "--file=-"],
        in: checkout,
        adding: index.environment.merging(["GIT_REFLOG_ACTION": "flightdeck"]) { $1 }.merging(identity) { $1 },
        input: Array(Self.plain(message).utf8))
      if answer.status == 0, let commit = try checkout.tip(of: branch) { return commit }
      // The operator has no name and address of their own.
      guard answer.diagnostics.contains("Please tell me who you are") else { return nil }
    }
    return nil
  }

  /// What is on the branch since the base, for a worktree that is gone; nil when that is nothing.
  func committed() async throws -> String? {
    guard let branch = diff.workspace.branch, let base = diff.workspace.base else { return nil }
    let tip = try await git.run(
      ["rev-parse", "--verify", "--quiet", "refs/heads/\(branch)^{commit}"], in: try await diff.checkout())
    return tip.status == 0 && tip.text != base ? tip.text : nil
  }

  /// Where HEAD and the run's branch are, and whether HEAD is on another branch or on none.
  private func standing(
    of branch: String, in checkout: Checkout
  ) async throws -> (head: String, headTree: String, tip: String?, isElsewhere: Bool) {
    if try checkout.branch() == branch {
      let answer = try await git.run(
        ["for-each-ref", "--format=%(objectname) %(tree)", "refs/heads/\(branch)"], in: checkout)
      let words = answer.text.split(separator: " ").map(String.init)
      if answer.status == 0, words.count == 2 { return (words[0], words[1], words[0], false) }
    }
    let head = try await git.demand(["rev-parse", "--verify", "HEAD^{commit}"], in: checkout, "find HEAD").text
    let tree = try await git.demand(["rev-parse", "\(head)^{tree}"], in: checkout, "read HEAD").text
    let tip = try await git.run(["rev-parse", "--verify", "--quiet", "refs/heads/\(branch)^{commit}"], in: checkout)
    let reference = try await git.run(["symbolic-ref", "--quiet", "HEAD"], in: checkout)
    return (head, tree, tip.status == 0 ? tip.text : nil, reference.text != "refs/heads/\(branch)")
  }

  /// The tree of everything in the worktree that is not ignored.
  func workTree() async throws -> String {
    let index = try await collect()
    defer { index.remove() }
    return try await tree(of: index, in: try await diff.worktree())
  }

  private func tree(of index: OwnIndex, in checkout: Checkout) async throws -> String {
    try await git.demand(
      ["write-tree"], in: checkout, adding: index.environment, "store the work in \(checkout.top)"
    ).text
  }

  /// Everything in the worktree that is not ignored, as an index.
  private func collect() async throws -> OwnIndex {
    let checkout = try await diff.worktree()
    try WorkFolder.refuseWhatBlocks(in: checkout.top)
    var index = try await OwnIndex.copy(
      of: checkout, base: diff.workspace.base, git: git, scratch: diff.scratch)
    do {
      var added = try await index.add()
      if added.status > 1 {
        // The agent's index was unusable; git is told from HEAD instead.
        try await index.readHead()
        added = try await index.add()
      }
      guard added.status <= 1, !added.diagnostics.contains("No space left") else {
        throw Git.problem(added, "collect the work in \(checkout.top)")
      }
      return index
    } catch {
      index.remove()
      throw error
    }
  }

  /// Keeps everything in the worktree as a commit under `reference`, and moves no branch.
  func keepAside(as reference: String, message: String) async throws {
    let checkout = try await diff.worktree()
    let tree = try await workTree()
    let commit = try await store(tree, after: ["HEAD"], message, in: checkout)
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

  private func store(
    _ tree: String, after parents: [String], _ message: String, in checkout: Checkout
  ) async throws -> String {
    let words = ["commit-tree", tree] + parents.flatMap { ["-p", $0] }
    let message = Array(Self.plain(message).utf8)
    let answer = try await git.run(words, in: checkout, input: message)
    if answer.status == 0 { return answer.text }
    // The operator has no name and address of their own, or this says what else is wrong.
    return try await git.demand(words, in: checkout, adding: Self.ours, input: message, "commit the work").text
  }

  private static let ours = [
    "GIT_AUTHOR_NAME": "Flightdeck", "GIT_AUTHOR_EMAIL": "flightdeck@localhost",
    "GIT_COMMITTER_NAME": "Flightdeck", "GIT_COMMITTER_EMAIL": "flightdeck@localhost",
  ]
}
