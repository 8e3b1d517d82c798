import Glibc
import Orchestration
import RunModel
import Synchronization

/// Makes the worktrees that runs work in, one after the other in each repository.
final class Worktrees: Sendable {
  let git: Git
  /// `<state>/worktrees`.
  let folder: String
  private let lanes = Mutex<[String: Lane]>([:])

  init(git: Git, folder: String) {
    self.git = git
    self.folder = folder
  }

  /// Makes the run's worktree on a new branch. Throws a `Problem` with the way out, and leaves nothing behind then.
  func make(for contract: Contract, run: RunID) async throws -> Workspace {
    guard let place = contract.repository else {
      throw Problem(.ineligible, "This runtime works in a git repository: name one with --repo DIR.")
    }
    let main = try await git.locate(place)
    // HEAD is read by the one command that makes the branch at it.
    var base: String?
    if contract.base != nil { base = try await git.commit(contract.base, in: main) }
    let lane = lanes.withLock { lanes in
      let lane = lanes[main.common] ?? Lane()
      lanes[main.common] = lane
      return lane
    }
    return try await lane.run { [base] in try await self.add(contract, run: run, base: base, in: main) }
  }

  /// Removes a worktree and the branch made for it, work and all: for a run that could not be started.
  func discard(_ workspace: Workspace) async {
    await close(workspace)
    // Neither repository nor branch may be there: that is what is wanted.
    if let branch = workspace.branch, let repository = workspace.repository,
      let main = try? await git.locate(repository)
    {
      _ = try? await git.run(["branch", "-D", "--", branch], in: main)
    }
  }

  /// A git that was at work here goes on when the orchestrator that began it is killed: it may finish, within reason.
  private func endGit(naming path: String) async {
    let clock = ContinuousClock()
    let deadline = clock.now + .seconds(10)
    while true {
      let living = ProcessTable.running(withArgument: path)
      if living.isEmpty { return }
      if clock.now >= deadline { for process in living { kill(process, SIGKILL) } }
      // A canceled task must not spin here.
      await Task { try? await clock.sleep(for: .milliseconds(20)) }.value
    }
  }

  /// Removes what a start that was broken off has left at a path that no run works in, with the branch that was made for
  /// it unless that is another run's.
  func clear(_ path: String, of repository: String?, keepsBranch: Bool) async {
    await endGit(naming: path)
    // Without a repository, or with one that is refused now, its files alone are removed.
    guard let repository, let main = try? await git.locate(repository) else { return Files.removeTree(path) }
    // It may not have been made, or be forgotten already.
    let checkout = try? git.worktree(at: path, of: main)
    var branch: String?
    if let checkout {
      branch = (try? await git.run(["symbolic-ref", "--quiet", "--short", "HEAD"], in: checkout))?.text
    }
    git.forget(Workspace(path: path, repository: repository, gitFolder: checkout?.gitFolder), of: main)
    Files.removeTree(path)
    if !keepsBranch, let branch, branch.hasPrefix("awf/") {
      _ = try? await git.run(["branch", "-D", "--", branch], in: main)  // it may be gone already
    }
  }

  /// How many files of the operator's checkout have changes that are in no commit.
  func uncommittedFiles(in repository: String) async throws -> Int {
    try await git.demand(
      ["status", "--porcelain", "-z", "--no-renames", "--ignore-submodules=dirty"],
      in: try await git.locate(repository), "look at \(repository)"
    ).entries.count
  }

  /// Filters that the repository itself configures: they are not run.
  func ignoredFilters(in repository: String) async throws -> [String] {
    try await git.ignoredFilters(in: try await git.locate(repository))
  }

  /// The worktree just made, with its place in the repository on record, and its `.git` naming the repository itself.
  func linked(_ workspace: Workspace, _ main: Checkout) throws(Problem) -> Workspace {
    var workspace = workspace
    let checkout = try git.worktree(at: workspace.path, of: main)
    workspace.gitFolder = checkout.gitFolder
    try Files.write(Array(checkout.link.utf8), to: workspace.path + "/.git")
    return workspace
  }

  /// `base` nil is HEAD.
  private func add(_ contract: Contract, run: RunID, base: String?, in main: Checkout) async throws -> Workspace {
    let repository = main.top
    try Files.makeFolder(folder)
    // Else git would make it in the stand-in. That it cannot be made, git says better.
    mkdir(main.common + "/worktrees", 0o777)
    let path = "\(folder)/\(run)"
    var refusal: Problem?
    for branch in BranchName.candidates(for: contract, run: run) {
      var workspace = Workspace(path: path, branch: branch, base: base, repository: repository)
      let answer: Git.Answer
      do {
        answer = try await git.run(
          ["worktree", "add", "--quiet", "--no-track", "-b", branch, path, base ?? "HEAD"], in: main)
        if answer.status == 0 {
          if base == nil { workspace.base = try await tip(of: branch, in: main) }
          return try linked(workspace, main)
        }
      } catch {
        await discard(workspace)
        throw error
      }
      // Somebody else's branch: nothing was made, and it must not be discarded.
      if answer.diagnostics.contains("a branch named") { continue }
      await discard(workspace)
      // A repository without a commit is told as that.
      if base == nil { _ = try await git.commit(nil, in: main) }
      refusal = Git.problem(answer, "make the worktree \(path)")
      // git does not say why it could not write a file.
      if answer.diagnostics.contains("unable to write"), try await isTooLarge(base ?? "HEAD", in: main) {
        refusal = Files.problem(ENOSPC, "make the worktree", path)
      }
      // A branch that stands in the way of a folder of branches (or the other way round) has another name to try.
      if !answer.diagnostics.contains("cannot lock ref") { break }
    }
    throw refusal ?? Problem(.conflict, "Every branch name for the run \(run) is taken in \(repository).")
  }

  /// The commit of a branch just made, whose file git has written.
  private func tip(of branch: String, in main: Checkout) async throws -> String {
    let text = try Files.text("\(main.common)/refs/heads/\(branch)", limit: 256, following: false)?.dropLast()
    if let text, [40, 64].contains(text.count), text.allSatisfy(\.isHexDigit) { return String(text) }
    return try await git.commit("refs/heads/\(branch)", in: main)
  }

  /// Whether a commit's files take more room than there is for worktrees.
  private func isTooLarge(_ commit: String, in repository: Checkout) async throws -> Bool {
    let listing = try await git.demand(
      ["ls-tree", "-r", "--format=%(objectsize)", commit], in: repository, "measure \(commit)")
    let needed = listing.text.split(separator: "\n").reduce(0) { $0 + (UInt64($1) ?? 0) }
    return needed > Files.freeBytes(folder) ?? .max
  }
}

/// Lets one operation at a time through, in the order in which they came.
private actor Lane {
  private var last: Task<Void, Never>?

  func run<Result: Sendable>(_ operation: @escaping @Sendable () async throws -> Result) async throws -> Result {
    let before = last
    let task = Task {
      await before?.value
      return try await operation()
    }
    last = Task {
      // How it ended concerns the one who asked for it.
      _ = try? await task.value
    }
    return try await task.value
  }
}
