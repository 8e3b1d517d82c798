import Glibc
import Orchestration
import RunModel
import TestSupport
import Testing

@testable import RuntimeAdapters

/// What an agent does to the worktree itself never makes anything else of the operator's pass for its work.
@Suite("A worktree that is gone", .serialized)
struct LostWorktreeTests {
  @Test(
    "Removed, moved or replaced by a link to the repository: the run fails with that reason, and shows nothing of the operator's",
    arguments: [
      #"cd /; rm -rf "$FLIGHTDECK_WORKTREE""#, #"cd /; mv "$FLIGHTDECK_WORKTREE" "$FLIGHTDECK_WORKTREE-aside""#,
      #"cd /; mv "$FLIGHTDECK_WORKTREE" "$FLIGHTDECK_WORKTREE-aside"; ln -s "$REPOSITORY" "$FLIGHTDECK_WORKTREE""#,
    ])
  func gone(script: String) async throws {
    let bench = try Bench()
    try bench.shell("echo private > private.txt; echo mine >> kept.txt; mkfifo pipe; touch .git/index.lock")
    let runtime = bench.local(
      LocalRuntime.Configuration(command: ["/bin/bash", "-c", script]), adding: ["REPOSITORY": bench.repository])
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.contract()
    let run = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    let end = try await recorder.end(of: run)
    #expect(end.outcome == .failed && end.commit == nil && end.uncommitted == nil)
    #expect(end.reason?.contains("removed or moved away") == true)
    #expect(try await runtime.getArtifacts(run).filesChanged == [])
    #expect(try await runtime.patch(of: run) == [])
    // The operator's checkout is as it was.
    #expect(
      try bench.shell("cat private.txt; test -p pipe && test -f .git/index.lock && echo there") == "private\nthere\n")
  }

  @Test("What it had committed before it removed its worktree is its work")
  func committed() async throws {
    let bench = try Bench()
    let runtime = try bench.local(
      #"echo done > new.txt; git add new.txt; git commit -qm mine; cd /; rm -rf "$FLIGHTDECK_WORKTREE""#)
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.contract()
    let run = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    let end = try await recorder.end(of: run)
    #expect(end.outcome == .failed && end.reason?.contains("only what it had committed is left") == true)
    #expect(end.commit != nil)
    #expect(try await runtime.getArtifacts(run).filesChanged == ["new.txt"])
  }

  @Test("The end leaves the worktree clean, with an index that says so, and a commit in a name that somebody has")
  func settled() async throws {
    let bench = try Bench()
    try bench.shell("git config --unset user.email; git config --unset user.name")
    let runtime = bench.local(
      LocalRuntime.Configuration(command: [
        "/bin/bash", "-c", "echo more >> kept.txt; git mv moved.txt m2.txt; touch new",
      ]),
      adding: ["GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null", "HOME": bench.folder])
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.contract()
    let run = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    let end = try await recorder.end(of: run)
    let path = try #require(try await runtime.workspace(of: run)?.path)
    #expect(try bench.shell("git status --porcelain", in: path) == "")
    #expect(try bench.shell("git diff-files --name-only; git diff-index --cached --name-only HEAD", in: path) == "")
    #expect(
      try bench.shell("git log -1 --format='%an <%ae> %H'", in: path)
        == "Flightdeck <flightdeck@localhost> \(end.commit ?? "")\n")
  }

  @Test("A place is asked for again when what it was found by has changed")
  func places() async throws {
    let bench = try Bench()
    let git = Git(environment: [:])
    let first = try await git.locate(bench.repository)
    #expect(try await git.locate(bench.repository) == first)
    try bench.shell("mv .git ../elsewhere; echo 'gitdir: ../elsewhere' > .git")
    let second = try await git.locate(bench.repository)
    #expect(second.gitFolder == bench.folder + "/elsewhere" && second.common == bench.folder + "/elsewhere")
    try bench.shell("rm .git")
    await #expect(throws: Problem.self) { _ = try await git.locate(bench.repository) }
  }
}
