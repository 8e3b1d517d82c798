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
    let base = try await contract.base == nil ? git.head(of: main) : git.commit(contract.base, in: main)
    let lane = lanes.withLock { lanes in
      let lane = lanes[main.common] ?? Lane()
      lanes[main.common] = lane
      return lane
    }
    return try await lane.run { try await self.add(contract, run: run, base: base, in: main) }
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
  func clear(_ path: String, of contract: Contract, run: RunID, keepsBranch: Bool) async {
    await endGit(naming: path)
    // Without a repository, or with one that is refused now, its files alone are removed.
    guard let repository = contract.repository, let main = try? await git.locate(repository) else {
      return Files.removeTree(path)
    }
    // It may not have been made, or be forgotten already.
    let checkout = try? git.worktree(at: path, of: main)
    var branch: String?
    if let checkout {
      branch = (try? await git.run(["symbolic-ref", "--quiet", "--short", "HEAD"], in: checkout))?.text
    }
    Files.removeTree(unfinished(run, in: main))
    let gitFolder = checkout?.gitFolder ?? gitFolder(of: run, in: main)
    git.forget(Workspace(path: path, repository: repository, gitFolder: gitFolder), of: main)
    Files.removeTree(path)
    if keepsBranch { return }
    if let branch, branch.hasPrefix("awf/") {
      _ = try? await git.run(["branch", "-D", "--", branch], in: main)  // it may be gone already
    } else if let branch = BranchName.candidates(for: contract, run: run).first {
      // Made when its worktree did not name it yet; one that holds anything that HEAD does not is left alone.
      _ = try? await git.run(["branch", "-d", "--", branch], in: main)
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

  /// Whether a commit's files take more room than there is for worktrees.
  func isTooLarge(_ commit: String, in repository: Checkout) async throws -> Bool {
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
