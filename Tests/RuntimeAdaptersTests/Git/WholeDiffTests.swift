import FoundationEssentials
import Orchestration
import RunModel
import Testing

@testable import RuntimeAdapters

@Suite("All that is asked of a run's work, of one call of git")
struct WholeDiffTests {
  @Test(
    "It says what three calls say, word for word",
    arguments: [
      """
      git mv moved.txt 'we"ird' && printf '\\000\\002\\003' > picture.bin && rm gone.txt && chmod +x kept.txt
      echo new >> kept.txt; echo ü > 'ü t'; echo x > $'line\nend'; echo x > ' 1 first'; ln -s kept.txt link; mkdir d; echo > d/e
      """,
      "true", "echo x > '-\t-'", "printf 'a\\n\\nb' > kept.txt", ": > empty",
    ])
  func same(_ script: String) async throws {
    let bench = try Bench()
    let (git, workspace) = try await worktree(bench)
    let tip = try commit(script, in: workspace, of: bench)
    let asked = WorkDiff(git: git, workspace: workspace, scratch: bench.folder)
    let told = WorkDiff(git: git, workspace: workspace, scratch: bench.folder)
    told.note(try #require(try await whole(told)), of: tip)
    #expect(try await told.changes(to: .commit(tip)) == asked.changes(to: .commit(tip)))
    #expect(try await told.summary(to: .commit(tip)) == asked.summary(to: .commit(tip)))
    let patch = try await told.patch(to: .commit(tip))
    #expect(try await patch == asked.patch(to: .commit(tip)))
    #expect(patch.isEmpty == (script == "true"))
    // What was handed out is not held any longer, and is asked for again.
    #expect(try await told.patch(to: .commit(tip)) == patch)
  }

  @Test("A change that is too large to be held is asked for piece by piece")
  func large() async throws {
    let bench = try Bench()
    let (git, workspace) = try await worktree(bench)
    let tip = try commit("seq 1 100000 > large.txt", in: workspace, of: bench)
    let diff = WorkDiff(git: git, workspace: workspace, scratch: bench.folder)
    #expect(try await whole(diff) == nil)
    #expect(try await diff.changes(to: .commit(tip)).added == 100_000)
  }

  @Test("What is told of a run's work is right however long git takes to look at it")
  func slow() async throws {
    let bench = try Bench()
    // The look is begun before the commit and ends long after it.
    _ = try bench.script(
      "git", "case \" $* \" in *' diff --cached '*) sleep 1 ;; esac; PATH=${PATH#*:} exec git \"$@\"")
    var environment = ProcessInfo.processInfo.environment
    environment["PATH"] = "\(bench.folder):\(environment["PATH"] ?? "/usr/bin")"
    let (git, workspace) = try await worktree(bench, environment)
    try bench.shell("echo new > new.txt", in: workspace.path)
    let diff = WorkDiff(git: git, workspace: workspace, scratch: bench.folder)
    let commit = try #require(try await Snapshot(diff: diff).take(message: "work"))
    #expect(try await diff.changes(to: .commit(commit)).paths == ["new.txt"])
    let patch = String(decoding: try await diff.patch(to: .commit(commit)), as: UTF8.self)
    #expect(patch.contains("+new") && !patch.contains("deleted file"))
    #expect(try bench.shell("git status --porcelain", in: workspace.path) == "")
  }

  private func worktree(
    _ bench: Bench, _ environment: [String: String] = ProcessInfo.processInfo.environment
  ) async throws -> (Git, Workspace) {
    let git = Git(environment: environment)
    let contract = bench.contract()
    let worktrees = Worktrees(git: git, folder: bench.state + "/worktrees")
    return (git, try await worktrees.make(for: contract, run: try #require(contract.runId)))
  }

  /// Returns the commit that holds what the script has made.
  private func commit(_ script: String, in workspace: Workspace, of bench: Bench) throws -> String {
    try bench.shell(
      "bash -c \"$(cat <<'END'\n\(script)\nEND\n)\" && git add -A && git commit -q --allow-empty -m work",
      in: workspace.path)
    return try bench.shell("git rev-parse HEAD", in: workspace.path).trimmed
  }

  private func whole(_ diff: WorkDiff) async throws -> WorkDiff.Whole? {
    let base = try #require(diff.workspace.base)
    let index = try await OwnIndex.copy(
      of: try await diff.worktree(), base: base, git: diff.git, scratch: diff.scratch)
    defer { index.remove() }
    return await diff.whole(from: base, to: index)
  }
}
