import FoundationEssentials
import Orchestration
import RunModel
import TestSupport
import Testing

@testable import RuntimeAdapters

@Suite("Pull requests for the runs of runtimes", .serialized, .timeLimit(.minutes(20)))
struct RuntimePullRequestTests {
  enum Kind: String, CaseIterable { case local, acp }

  private func runtime(_ kind: Kind, _ stand: RequestStand) throws -> any PullRequestRuntime {
    var settings = PullRequestSettings(isDraft: true)
    settings.statusLimit = .seconds(300)
    switch kind {
    case .local:
      var configuration = LocalRuntime.Configuration(
        command: ["/bin/sh", "-c", "echo \"$1\" > made.txt", "agent", "{prompt}"])
      configuration.pullRequests = settings
      return stand.bench.local(configuration, adding: stand.environment)
    case .acp: return stand.bench.acp(adding: stand.environment) { $0.pullRequests = settings }
    }
  }

  @Test("A run's commit is pushed and a draft opened, as the runtime is configured", arguments: Kind.allCases)
  func opens(_ kind: Kind) async throws {
    let stand = try RequestStand()
    try stand.gh()
    let runtime = try runtime(kind, stand)
    #expect(try await runtime.getCapabilities().canCreatePR)
    #expect(await runtime.pullRequestObstacle(in: stand.bench.repository) == nil)
    let recorder = RuntimeEventRecorder(runtime)
    let contract = stand.bench.prompt("write:made.txt")
    let run = try await runtime.startTask(contract).runId
    let commit = try #require(try await recorder.end(of: run).commit)
    let branch = try #require(try await (runtime as? any WorkspaceRuntime)?.workspace(of: run)?.branch)
    let opened = try await runtime.openPullRequest(
      PullRequestDraft(
        repository: stand.bench.repository, branch: branch, commit: commit, base: nil, title: "T", body: "B"))
    #expect(opened == OpenedPullRequest(url: "https://github.com/acme/app/pull/7", isNew: true))
    #expect(try stand.bench.shell("git -C ../remote.git rev-parse \(branch)") == commit + "\n")
    #expect(stand.bench.read(stand.bench.folder + "/words")?.contains("--draft\n") == true)
  }

  @Test("Without a program that opens them no runtime says that it could", arguments: Kind.allCases)
  func couldNot(_ kind: Kind) async throws {
    let stand = try RequestStand()
    let runtime = try runtime(kind, stand)
    #expect(try await !runtime.getCapabilities().canCreatePR)
    #expect(
      await runtime.pullRequestObstacle(in: stand.bench.repository)
        == "gh is not installed, which opens requests at github.com: install it and log in, or push the branch yourself "
        + "(git push origin BRANCH) and open one there")
  }

  /// Works in a worktree of its own making, on a branch of the contract's repository.
  private static func adapter(_ work: String) -> String {
    """
    def startTask(p):
        run, repo = p["contract"]["runId"], p["contract"]["repository"]
        path = os.getcwd() + "/tree"
        subprocess.run(["git", "-C", repo, "worktree", "add", "-q", "-b", "own/one", path], check=True)
        subprocess.run(["sh", "-ec", \"\"\"\(work)\"\"\"], cwd=path, check=True)
        runs[run] = "succeeded"
        event(run, "completed")
        return {"runId": run, "runtimeSessionId": "s", "workspace": {"path": path, "branch": "own/one"}}

    """
  }

  private static let committing =
    "echo made > made.txt; git add .; git -c user.name=A -c user.email=a@example.invalid commit -qm made"

  @Test("What a bridge's adapter has committed to the contract's repository is the run's, and a request opened for it")
  func bridge() async throws {
    let stand = try RequestStand()
    try stand.gh()
    try await BridgeBench.with(Self.adapter(Self.committing), in: stand.bench, adding: stand.environment) { bridge in
      // Its own word: it opens none.
      #expect(try await !bridge.runtime.getCapabilities().canCreatePR)
      #expect(await bridge.runtime.pullRequestObstacle(in: stand.bench.repository) == nil)
      let run = try await bridge.start()
      let commit = try #require(try await bridge.recorder.end(of: run).commit)
      #expect(try stand.bench.shell("git rev-parse own/one") == commit + "\n")
      let opened = try await bridge.runtime.openPullRequest(
        PullRequestDraft(
          repository: stand.bench.repository, branch: "own/one", commit: commit, base: nil, title: "T", body: "B"))
      #expect(opened.isNew)
      #expect(try stand.bench.shell("git -C ../remote.git rev-parse own/one") == commit + "\n")
    }
  }

  @Test("A branch to which an adapter has committed nothing leaves nothing to merge")
  func bridgeWithoutCommits() async throws {
    try await BridgeBench.with(Self.adapter("echo made > made.txt"), in: try Bench()) { bridge in
      let run = try await bridge.start()
      let end = try await bridge.recorder.end(of: run)
      #expect(end.outcome == .succeeded && end.commit == nil)
    }
  }

  @Test("The pr_url of an adapter that opens pull requests itself is the run's")
  func ownRequest() async throws {
    let script = """
      def getCapabilities(p):
          return {"canCreateBranch": True, "canCreatePR": True, "supportsWebhooks": False, "supportsStreaming": True,
                  "maxParallelTasks": 4}
      def getStatus(p): return {"status": "succeeded", "progress": 1}
      def getArtifacts(p): return {"files_changed": [], "diff_summary": "", "commands_run": [], "tests_run": [],
                                   "handoff_note": "", "pr_url": "https://git.example.invalid/acme/app/pull/3"}

      """
    try await BridgeBench.with(script) { bridge in
      #expect(try await bridge.runtime.getCapabilities().canCreatePR)
      #expect(await bridge.runtime.pullRequestObstacle(in: bridge.bench.repository) == nil)
      let run = try await bridge.start()
      try await bridge.recorder.end(of: run)
      #expect(
        try await bridge.runtime.getArtifacts(run).prURL == "https://git.example.invalid/acme/app/pull/3")
    }
  }
}
