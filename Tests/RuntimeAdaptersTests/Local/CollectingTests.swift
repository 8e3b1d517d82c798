import FoundationEssentials
import Glibc
import Orchestration
import RunModel
import RuntimeAdapters
import TestSupport
import Testing

@Suite("What local runs leave behind", .timeLimit(.minutes(20))) struct CollectingTests {
  /// A run that has written `name` and ended, and its branch.
  private func ended(
    _ bench: Bench, _ runtime: LocalRuntime, _ contract: Contract
  ) async throws -> (run: RunID, branch: String, worktree: String) {
    let run = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    try await until("the end of \(run)") { access(bench.runFolder(run) + "/end.json", F_OK) == 0 }
    let workspace = try #require(try await runtime.workspace(of: run))
    return (run, try #require(workspace.branch), workspace.path)
  }

  private func refs(_ bench: Bench) throws -> String {
    try bench.shell("git for-each-ref --format='%(refname) %(objectname)'")
  }

  @Test("Unmerged work holds the worktree and the branch; merged, by a merge or on a remote, it holds neither")
  func merged() async throws {
    let bench = try Bench()
    let runtime = try bench.local("echo work > work.txt; echo said")
    let (run, branch, worktree) = try await ended(bench, runtime, bench.contract())
    let before = try refs(bench)
    var remains = try await runtime.remains(of: run)
    guard case .unmerged(let why)? = remains.worktree?.obstacle else {
      Issue.record("\(remains)")
      return
    }
    #expect(why.contains(branch) && why.contains("squash"))
    #expect(remains.worktree?.name == worktree && (remains.worktree?.bytes ?? 0) > 0)
    #expect(remains.branch?.obstacle != nil)
    #expect(remains.output?.obstacle == nil && (remains.output?.bytes ?? 0) > 0)
    await #expect { try await runtime.remove(.worktree, of: run, evenUnmerged: false, isBegun: false) } throws: {
      ($0 as? Problem)?.code == .conflict
    }
    await #expect { try await runtime.remove(.branch, of: run, evenUnmerged: true, isBegun: false) } throws: {
      ($0 as? Problem)?.code == .conflict
    }
    #expect(access(worktree + "/work.txt", F_OK) == 0)
    #expect(try refs(bench) == before)

    // A copy on a remote is as good as a merge.
    try bench.shell("git update-ref refs/remotes/origin/x \(branch)")
    #expect(try await runtime.remains(of: run).worktree?.obstacle == nil)
    try bench.shell("git update-ref -d refs/remotes/origin/x; git merge -q --no-edit \(branch)")
    remains = try await runtime.remains(of: run)
    #expect(remains.worktree?.obstacle == nil && remains.branch?.obstacle == nil)
    // Still in the worktree.
    await #expect { try await runtime.remove(.branch, of: run, evenUnmerged: false, isBegun: false) } throws: {
      "\($0)".contains("checked out")
    }
    #expect(try await runtime.remove(.worktree, of: run, evenUnmerged: false, isBegun: false) > 0)
    #expect(access(worktree, F_OK) != 0)
    #expect(try bench.shell("git worktree list").split(separator: "\n").count == 1)
    _ = try await runtime.remove(.branch, of: run, evenUnmerged: false, isBegun: false)
    #expect(try !refs(bench).contains(branch))
    #expect(try bench.shell("cat work.txt") == "work\n")
    let left = try await runtime.remains(of: run)
    #expect(left.worktree == nil && left.branch == nil)
  }

  @Test("A squash merge cannot be told; with the word for it the clean worktree goes, and the branch keeps the work")
  func squashed() async throws {
    let bench = try Bench()
    let runtime = try bench.local("echo work > work.txt")
    let (run, branch, worktree) = try await ended(bench, runtime, bench.contract())
    try bench.shell("git merge -q --squash \(branch); git commit -q -m squashed")
    #expect(try await runtime.remains(of: run).worktree?.obstacle != nil)
    _ = try await runtime.remove(.worktree, of: run, evenUnmerged: true, isBegun: false)
    #expect(access(worktree, F_OK) != 0)
    #expect(try bench.shell("git show \(branch):work.txt") == "work\n")
    // And its work can still be looked at and gone on with.
    #expect(try await !runtime.patch(of: run).isEmpty)
    let again = bench.contract("again") { $0.metadata["followUpOf"] = .string(run.description) }
    let (_, sameBranch, _) = try await ended(bench, runtime, again)
    #expect(sameBranch == branch)
  }

  @Test(
    "Files that are in no commit hold the worktree, whatever they are; ignored ones do not",
    arguments: [
      ("echo more >> work.txt", true), ("echo new > new.txt", true), ("mkdir -p a/b; echo x > a/b/c", true),
      ("rm work.txt", true), ("git -c user.name=x -c user.email=y rm -q --cached work.txt", true),
      ("git switch -q -c mine", true), ("git checkout -q --detach", true), ("ln -s /etc/passwd link", true),
      ("printf x > $'new\\nline'", true), ("git init -q nested; echo x > nested/y", true),
      ("mkdir -p ignored; echo x > ignored/x", false), ("true", false),
    ])
  func uncommitted(change: String, holds: Bool) async throws {
    let bench = try Bench()
    let runtime = try bench.local("echo work > work.txt")
    let (run, branch, worktree) = try await ended(bench, runtime, bench.contract())
    try bench.shell("git merge -q --no-edit \(branch)")
    try "#!/bin/bash\nset -e\n\(change)\n".write(toFile: bench.folder + "/change", atomically: true, encoding: .utf8)
    try bench.shell("bash \(bench.folder)/change", in: worktree)
    let obstacle = try await runtime.remains(of: run).worktree?.obstacle
    #expect((obstacle != nil) == holds, "\(String(describing: obstacle))")
    if holds {
      await #expect(throws: Problem.self) {
        try await runtime.remove(.worktree, of: run, evenUnmerged: true, isBegun: false)
      }
      #expect(access(worktree + "/.git", F_OK) == 0)
    } else {
      _ = try await runtime.remove(.worktree, of: run, evenUnmerged: false, isBegun: false)
      #expect(access(worktree, F_OK) != 0)
    }
  }

  @Test("A commit that somebody added in the worktree counts as work: merged or not is asked of the branch's tip")
  func added() async throws {
    let bench = try Bench()
    let runtime = try bench.local("echo work > work.txt")
    let (run, branch, worktree) = try await ended(bench, runtime, bench.contract())
    try bench.shell("git merge -q --no-edit \(branch)")
    try bench.shell("echo mine > mine.txt; git add .; git commit -q -m mine", in: worktree)
    guard case .unmerged? = try await runtime.remains(of: run).worktree?.obstacle else {
      Issue.record("the commit was not seen")
      return
    }
  }

  @Test("Two branches with the same work: one of them stays")
  func twins() async throws {
    let bench = try Bench()
    let runtime = try bench.local("true; git commit -q --allow-empty -m work")
    let (first, firstBranch, _) = try await ended(bench, runtime, bench.contract("first"))
    let (second, secondBranch, _) = try await ended(
      bench, runtime, bench.contract("second") { $0.base = firstBranch })
    // The second began at the first's tip; here it is put back to it, so that they are the same.
    try bench.shell("git -C \(bench.state)/worktrees/\(second) reset -q --hard \(firstBranch)")
    for run in [first, second] { _ = try await runtime.remove(.worktree, of: run, evenUnmerged: true, isBegun: false) }
    _ = try await runtime.remove(.branch, of: first, evenUnmerged: false, isBegun: false)
    await #expect(throws: Problem.self) {
      try await runtime.remove(.branch, of: second, evenUnmerged: false, isBegun: false)
    }
    #expect(try refs(bench).contains(secondBranch))
  }

  @Test("A removal that was cut short in the middle is gone on with, and git knows of no such worktree then")
  func cutShort() async throws {
    for half in ["rm \"$W/work.txt\"", "rm \"$W/.git\"", "rm -rf \"$W\"", "true"] {
      let bench = try Bench()
      let runtime = try bench.local("echo work > work.txt; mkdir d; echo x > d/x")
      let (run, branch, worktree) = try await ended(bench, runtime, bench.contract())
      try bench.shell("W='\(worktree)'; \(half)")
      _ = try await runtime.remove(.worktree, of: run, evenUnmerged: true, isBegun: true)
      #expect(access(worktree, F_OK) != 0, "\(half)")
      #expect(try bench.shell("git worktree list").split(separator: "\n").count == 1, "\(half)")
      #expect(try bench.shell("git show \(branch):work.txt") == "work\n")
    }
  }

  @Test(
    "What came into a worktree after its removal was cut short is in no commit: it stays, and so does all that is left",
    arguments: ["rm \"$W/work.txt\"; echo x > \"$W/new\"", "rm \"$W/.git\"; echo x >> \"$W/kept.txt\""])
  func cutShortAndUsed(half: String) async throws {
    let bench = try Bench()
    let runtime = try bench.local("echo work > work.txt")
    let (run, _, worktree) = try await ended(bench, runtime, bench.contract())
    try bench.shell("W='\(worktree)'; \(half)")
    await #expect { try await runtime.remove(.worktree, of: run, evenUnmerged: true, isBegun: true) } throws: {
      ($0 as? Problem)?.code == .conflict
    }
    #expect(access(worktree + "/kept.txt", F_OK) == 0)
    #expect(try bench.shell("ls \(bench.state)/worktrees").split(separator: "\n").count == 1)
  }

  @Test("Output goes, and what is needed to look at the work and to go on with it stays")
  func output() async throws {
    let bench = try Bench()
    let runtime = try bench.local("seq 1 10000; echo work > work.txt")
    let (run, _, _) = try await ended(bench, runtime, bench.contract())
    let freed = try await runtime.remove(.output, of: run, evenUnmerged: false, isBegun: false)
    #expect(freed > 40_000)
    let names = try bench.shell("ls", in: bench.runFolder(run)).split(separator: "\n").map(String.init)
    #expect(Set(names).isSubset(of: ["spec.json", "contract.json", "end.json", "exit.json", "position"]))
    #expect(try await runtime.remains(of: run).output == nil)
    let fresh = try bench.local("true")
    #expect(try await fresh.getArtifacts(run).filesChanged == ["work.txt"])
    #expect(try await !fresh.patch(of: run).isEmpty)
  }

  @Test("A run that works, one that this runtime never knew, and a repository that is gone: nothing goes")
  func others() async throws {
    let bench = try Bench()
    let runtime = try bench.local("echo work > work.txt; read line < \(bench.folder)/fifo")
    try bench.shell("mkfifo \(bench.folder)/fifo")
    let contract = bench.contract()
    let run = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    let remains = try await runtime.remains(of: run)
    #expect(remains.worktree?.obstacle == .other("its supervisor still works"))
    #expect(remains.output?.obstacle == .other("its supervisor still works"))
    for kind in [CollectedKind.worktree, .output, .branch] {
      await #expect(throws: Problem.self) {
        try await runtime.remove(kind, of: run, evenUnmerged: true, isBegun: false)
      }
    }
    try bench.shell("echo > \(bench.folder)/fifo")
    try await until("the end") { access(bench.runFolder(run) + "/end.json", F_OK) == 0 }
    #expect(try await runtime.remains(of: RunID(bench.ids.next())) == Remains())
    try bench.shell("mv repository elsewhere", in: bench.folder)
    let obstacle = try await runtime.remains(of: run).worktree?.obstacle
    #expect(obstacle?.text.contains("is not there") == true)
    try bench.shell("mv elsewhere repository", in: bench.folder)
  }
}
