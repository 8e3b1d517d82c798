import FoundationEssentials
import Glibc
import Orchestration
import RunModel
import Testing

@testable import RuntimeAdapters

@Suite("A run's worktree")
struct NewWorktreeTests {
  private func worktrees(_ bench: Bench) -> Worktrees {
    Worktrees(
      git: Git(environment: ProcessInfo.processInfo.environment), folder: bench.state + "/worktrees")
  }

  @Test(
    "git takes it for one of its own, wherever the repository's HEAD is",
    arguments: ["", "reftable", "packed", "detached", "linked"])
  func made(_ form: String) async throws {
    let bench = try Bench()
    switch form {
    // As with a store of references that is none of files: git makes it then.
    case "reftable": try bench.shell("mkdir .git/reftable")
    case "packed": try bench.shell("git pack-refs --all")
    case "detached": try bench.shell("git checkout -q --detach")
    case "linked": try bench.shell("git worktree add -q ../linked")
    default: break
    }
    let contract = bench.contract {
      if form == "linked" { $0.repository = bench.folder + "/linked" }
    }
    let run = try #require(contract.runId)
    let workspace = try await worktrees(bench).make(for: contract, run: run)
    let branch = try #require(workspace.branch)
    #expect(workspace.base == (try bench.shell("git rev-parse HEAD").split(separator: "\n").first.map(String.init)))
    #expect(Files.isFolder(try #require(workspace.gitFolder)))
    let list = try bench.shell("git worktree list --porcelain")
    #expect(list.contains("worktree \(workspace.path)\n") && list.contains("branch refs/heads/\(branch)\n"))
    #expect(!list.contains("locked") && !list.contains("prunable"))
    #expect(try bench.shell("git status --porcelain && git branch --show-current", in: workspace.path) == branch + "\n")
    #expect(try bench.shell("git fsck --strict 2>&1 | grep -v dangling || true") == "")
    // An agent works in it as in any other, and git takes it off its list.
    try bench.shell(
      "echo more >> kept.txt && git commit -q -a -m more && git log -g --format=%gs | head -1", in: workspace.path)
    #expect(try bench.shell("git log -1 --format=%s \(branch)") == "more\n")
    try bench.shell("git worktree prune && git worktree remove \(workspace.path) && git branch -q -D \(branch)")
    #expect(!Files.exists(workspace.path))
  }

  @Test("A name that is taken is left alone, and the next is had")
  func taken() async throws {
    let bench = try Bench()
    let contract = bench.contract()
    let run = try #require(contract.runId)
    let names = BranchName.candidates(for: contract, run: run)
    try bench.shell("git branch \(names[0]) && git branch \(names[1])/below")
    let workspace = try await worktrees(bench).make(for: contract, run: run)
    #expect(workspace.branch == names[2])
    #expect(try bench.shell("git rev-parse --abbrev-ref HEAD", in: workspace.path) == names[2] + "\n")
  }

  @Test("Where no name can be had nothing is left behind, and the reason is told")
  func refused() async throws {
    let bench = try Bench()
    let contract = bench.contract()
    let run = try #require(contract.runId)
    try bench.shell("git branch awf")
    let before = try bench.shell("git for-each-ref; ls .git/worktrees 2> /dev/null || true")
    let problem = await #expect(throws: Problem.self) { _ = try await worktrees(bench).make(for: contract, run: run) }
    #expect(problem?.detail.contains("refs/heads/awf") == true, "\(problem?.detail ?? "")")
    #expect(try bench.shell("git for-each-ref; ls .git/worktrees 2> /dev/null || true") == before)
    #expect(!Files.exists("\(bench.state)/worktrees/\(run)"))
  }

  @Test("What a start has left that was broken off at any point is cleared, and the run begun anew", arguments: 0..<5)
  func brokenOff(_ steps: Int) async throws {
    let bench = try Bench()
    let contract = bench.contract()
    let run = try #require(contract.runId)
    let place = bench.repository + "/.git/worktrees/\(run)"
    let path = "\(bench.state)/worktrees/\(run)"
    let branch = BranchName.candidates(for: contract, run: run)[0]
    let new = "\(bench.repository)/.git/flightdeck-\(run)"
    let done = [
      "mkdir -p \(bench.repository)/.git/worktrees \(new) && git rev-parse HEAD > \(new)/HEAD",
      "echo ../.. > \(new)/commondir && echo \(path)/.git > \(new)/gitdir && mkdir -p \(path)",
      "echo gitdir: \(place) > \(path)/.git && mv \(new) \(place)", "git update-ref refs/heads/\(branch) HEAD",
      "echo ref: refs/heads/\(branch) > \(place)/HEAD",
    ]
    for step in done[...steps] { try bench.shell(step) }
    let worktrees = worktrees(bench)
    await worktrees.clear(path, of: contract, run: run, keepsBranch: false)
    #expect(!Files.exists(place) && !Files.exists(path) && !Files.exists(new))
    #expect(try bench.shell("git for-each-ref --format='%(refname)'") == "refs/heads/main\n")
    #expect(try await worktrees.make(for: contract, run: run).branch == branch)
  }
}
