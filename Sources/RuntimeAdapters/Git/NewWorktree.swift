import Glibc
import Orchestration
import RunModel

/// How a run's worktree comes about.
extension Worktrees {
  /// Lays it out as gitrepository-layout(5) has it and lets git fill it, while git makes its branch. `git worktree add` does
  /// one after the other, and reads all worktrees that there are first: each run would take longer than the one before.
  func add(_ contract: Contract, run: RunID, base: String, in main: Checkout) async throws -> Workspace {
    try Files.makeFolder(folder)
    // That it cannot be made is told by the next.
    mkdir(main.common + "/worktrees", 0o777)
    let path = "\(folder)/\(run)"
    // Another store of references keeps something of each worktree too.
    if Files.exists(main.common + "/reftable") { return try await addByGit(contract, run: run, base: base, in: main) }
    let new = Checkout(top: path, gitFolder: gitFolder(of: run, in: main), common: main.common)
    var workspace = Workspace(path: path, base: base, repository: main.top, gitFolder: new.gitFolder)
    do {
      try lay(out: new, at: base, of: run)
      async let filled: Void = fill(new, with: base)
      let branch = try await makeBranch(contract, run: run, at: base, in: main)
      workspace.branch = branch
      try write("ref: refs/heads/\(branch)\n", "HEAD", in: new.gitFolder)
      try await filled
      return workspace
    } catch {
      Files.removeTree(unfinished(run, in: main))
      // A canceled task gets no further with git.
      await Task { [workspace] in await discard(workspace) }.value
      throw error
    }
  }

  func gitFolder(of run: RunID, in main: Checkout) -> String { "\(main.common)/worktrees/\(run)" }

  /// Where it lies before it is on the repository's list.
  func unfinished(_ run: RunID, in main: Checkout) -> String { "\(main.common)/flightdeck-\(run)" }

  /// It comes onto the repository's list whole: a clean-up of somebody else's never takes it for one that is gone.
  private func lay(out new: Checkout, at base: String, of run: RunID) throws(Problem) {
    let folder = unfinished(run, in: new)
    guard mkdir(folder, 0o777) == 0 else { throw Files.problem(errno, "make the folder", folder) }
    try write("\(base)\n", "HEAD", in: folder)
    try write("../..\n", "commondir", in: folder)
    try write("\(new.top)/.git\n", "gitdir", in: folder)
    try Files.makeFolder(new.top)
    try Files.write(Array(new.link.utf8), to: new.top + "/.git")
    guard rename(folder, new.gitFolder) == 0 else { throw Files.problem(errno, "make the folder", new.gitFolder) }
  }

  /// As git leaves its files, for all who may read the repository.
  private func write(_ text: String, _ name: String, in folder: String) throws(Problem) {
    try Files.write(Array(text.utf8), to: "\(folder)/\(name)", mode: 0o666)
  }

  private func fill(_ new: Checkout, with base: String) async throws {
    let answer = try await git.run(["read-tree", "--reset", "-u", base], in: new)
    if answer.status == 0 { return }
    // git does not say why it could not write a file.
    if answer.diagnostics.contains("unable to write"), try await isTooLarge(base, in: new) {
      throw Files.problem(ENOSPC, "make the worktree", new.top)
    }
    throw Git.problem(answer, "make the worktree \(new.top)")
  }

  /// The first of the run's names that is free and can be had.
  private func makeBranch(_ contract: Contract, run: RunID, at base: String, in main: Checkout) async throws -> String {
    var refusal: Problem?
    for branch in BranchName.candidates(for: contract, run: run) {
      let answer = try await git.run(
        [
          "update-ref", "-m", "flightdeck: run \(run)", "refs/heads/\(branch)", base,
          String(repeating: "0", count: base.count),
        ], in: main)
      if answer.status == 0 { return branch }
      // Somebody else's, which is left alone, or one that stands in the way of a folder of branches (or the other way
      // round): it has another name to try.
      let problem = Git.problem(answer, "make the branch \(branch)")
      guard answer.diagnostics.contains("cannot lock ref") else { throw problem }
      if !answer.diagnostics.contains("reference already exists") { refusal = problem }
    }
    throw refusal ?? Problem(.conflict, "Every branch name for the run \(run) is taken in \(main.top).")
  }

  private func addByGit(_ contract: Contract, run: RunID, base: String, in main: Checkout) async throws -> Workspace {
    let path = "\(folder)/\(run)"
    for branch in BranchName.candidates(for: contract, run: run) {
      let workspace = Workspace(path: path, branch: branch, base: base, repository: main.top)
      let answer: Git.Answer
      do {
        answer = try await git.run(["worktree", "add", "--quiet", "--no-track", "-b", branch, path, base], in: main)
        if answer.status == 0 { return try linked(workspace, main) }
      } catch {
        await discard(workspace)
        throw error
      }
      // Somebody else's branch: nothing was made, and it must not be discarded.
      if answer.diagnostics.contains("a branch named") { continue }
      await discard(workspace)
      throw Git.problem(answer, "make the worktree \(path)")
    }
    throw Problem(.conflict, "Every branch name for the run \(run) is taken in \(main.top).")
  }
}

extension Git {
  /// The commit that HEAD is at.
  func head(of checkout: Checkout) async throws -> String {
    if let branch = try checkout.branch(), let commit = try checkout.tip(of: branch) { return commit }
    return try await commit(nil, in: checkout)
  }
}
