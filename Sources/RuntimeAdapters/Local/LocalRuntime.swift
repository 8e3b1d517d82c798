package import Orchestration
package import RunModel
import CProcess
import Glibc
import Synchronization

/// Runs any command line as an agent, in a git worktree of its own and under a supervisor of its own, which outlives
/// the orchestrator.
///
/// State lies in `<state>/runs/<runId>` and `<state>/worktrees/<runId>`.
package final class LocalRuntime: WorkspaceRuntime, ForceCancelingRuntime, AnswerableRuntime, AdoptingRuntime {
  package static let kind = "local"

  package let runtimeId: RuntimeID
  private let configuration: Configuration
  private let state: String
  private let environment: [String: String]
  private let launcher: SupervisorLauncher
  private let git: Git
  private let worktrees: Worktrees
  private let outlet = EventOutlet()
  private let watch = FolderWatch()
  private let runs = Mutex<[RunID: LocalRun]>([:])

  /// `state` is an absolute path; `environment` is the operator's.
  package init(
    _ configuration: Configuration, state: String, environment: [String: String],
    launcher: SupervisorLauncher = SupervisorLauncher()
  ) {
    self.configuration = configuration
    self.state = state
    self.environment = environment
    self.launcher = launcher
    runtimeId = configuration.id
    git = Git(environment: environment)
    worktrees = Worktrees(git: git, folder: "\(state)/worktrees")
  }

  package func onEvent(_ handler: @escaping @Sendable (RuntimeEvent) -> Void) { outlet.add(handler) }

  package func getCapabilities() async throws -> RuntimeCapabilities {
    RuntimeCapabilities(
      canCreateBranch: true, supportsStreaming: true, maxParallelTasks: configuration.maxParallelTasks)
  }

  package func startTask(_ contract: Contract) async throws -> StartedTask {
    // Not to be broken off halfway: what a canceled caller had begun would be left behind.
    try await Task { try await start(contract) }.value
  }

  package func getStatus(_ run: RunID) async throws -> TaskStatus { try await find(run).status }

  package func cancelTask(_ run: RunID, reason: String) async throws { try await find(run).cancel(force: false) }

  package func forceCancelTask(_ run: RunID, reason: String) async throws { try await find(run).cancel(force: true) }

  package func getArtifacts(_ run: RunID) async throws -> Artifacts { try await find(run).artifacts() }

  package func patch(of run: RunID) async throws -> [UInt8] { try await find(run).patch() }

  package func answer(_ run: RunID, attentionId: String, answer: String) async throws {
    try await find(run).answer(attentionId, answer)
  }

  /// Nil once the worktree has been removed.
  package func workspace(of run: RunID) async throws -> Workspace? {
    let workspace = try await find(run).spec.workspace
    return Files.exists(workspace.path) ? workspace : nil
  }

  package func adopt(_ contract: Contract, run: Run) async throws -> Bool {
    let id = run.runId
    if runs.withLock({ $0[id] != nil }) { return true }
    let isCancelAsked = run.cancellation != nil
    guard let adopted = try stored(id, isCancelAsked: isCancelAsked) else { return false }
    runs.withLock { $0[id] = adopted }
    if isCancelAsked { await adopted.cancel(force: run.cancellation?.force ?? false) }
    Task { await adopted.follow(recorded: run) }
    return true
  }

  /// Whether runs can be started, and if not, why and what to do.
  package func health() async -> (isHealthy: Bool, reason: String?) {
    do {
      _ = try await git.demand(["--version"], in: "/", "say its version")
    } catch {
      return (false, "\(error)")
    }
    guard let command = configuration.command, let program = command.first else { return (true, nil) }
    let agent = LaunchPlan.agentEnvironment(environment).merging(configuration.environment) { $1 }
    guard LaunchPlan.locate(program, in: agent["PATH"] ?? "/usr/bin:/bin", worktree: "") != nil else {
      return (false, LaunchPlan.missing(program, configuration).detail)
    }
    return (true, nil)
  }

  private func find(_ run: RunID) async throws -> LocalRun {
    if let known = runs.withLock({ $0[run] }) { return known }
    // One that ended under an earlier orchestrator can still be looked at.
    if let stored = try stored(run, mustHaveEnded: true) {
      await stored.recall()
      return stored
    }
    throw Problem(.notFound, "The runtime \(runtimeId) has no run \(run).")
  }

  /// What the folder holds of a run of this runtime; nil when there is none.
  private func stored(_ run: RunID, isCancelAsked: Bool = false, mustHaveEnded: Bool = false) throws -> LocalRun? {
    let folder = RunFolder(state: state, run: run)
    guard let json = try folder.json(folder.spec), let spec = LocalRunSpec(json: json), spec.run == run else {
      return nil
    }
    let end = try folder.json(folder.end).flatMap(LocalRunEnd.init(json:))
    if mustHaveEnded, end == nil { return nil }
    return make(spec, folder: folder, end: end, isCancelAsked: isCancelAsked)
  }

  private func make(
    _ spec: LocalRunSpec, folder: RunFolder, end: LocalRunEnd? = nil, isCancelAsked: Bool = false
  ) -> LocalRun {
    LocalRun(
      spec, folder: folder, diff: WorkDiff(git: git, workspace: spec.workspace, scratch: folder.path),
      outlet: outlet, watch: watch, configuration: configuration, end: end, isCancelAsked: isCancelAsked)
  }

  private func start(_ contract: Contract) async throws -> StartedTask {
    guard let run = contract.runId else { throw Problem(.internal, "The contract carries no run id.") }
    let folder = RunFolder(state: state, run: run)
    guard !Files.exists(folder.path) else { throw Problem(.conflict, "The run \(run) has been started already.") }
    let plan = try LaunchPlan(
      contract, run: run, configuration: configuration, folder: folder, worktree: "\(state)/worktrees/\(run)",
      operatorEnvironment: environment)
    let workspace = try await worktrees.make(for: contract, run: run)
    let spec = LocalRunSpec(
      run: run, title: contract.title, workspace: workspace, agentName: plan.agentName,
      supervisor: SupervisorSpec(
        command: plan.command, directory: workspace.path, input: plan.input,
        graceMilliseconds: configuration.stopGrace.milliseconds,
        strayGraceMilliseconds: configuration.strayGrace.milliseconds))
    let supervisor: pid_t
    do {
      try Files.makeFolder(folder.path)
      try Files.write(contract.jsonBytes, to: folder.contract)
      try Files.write(Array(contract.effectivePrompt.utf8), to: folder.prompt)
      try Files.write(spec.jsonBytes, to: folder.spec)
      supervisor = try await launcher.launch(folder.supervised, environment: plan.environment)
    } catch {
      await worktrees.discard(workspace)
      Files.removeTree(folder.path)
      throw error
    }
    let started = make(spec, folder: folder)
    runs.withLock { $0[run] = started }
    Task { [outlet, worktrees] in
      if let repository = workspace.repository {
        // Only a remark: a checkout that cannot be looked at is none the worse for the run.
        if let files = try? await worktrees.uncommittedFiles(in: repository), files > 0 {
          let what = files == 1 ? "1 uncommitted file is" : "\(files) uncommitted files are"
          outlet.send(
            RuntimeEvent(
              run,
              .custom(
                type: "base_dirty", data: ["files": .int(Int64(files)), "message": .string("\(what) not in the base")]))
          )
        }
      }
    }
    Task {
      await started.follow()
      await reap(supervisor)
    }
    return StartedTask(runId: run, runtimeSessionId: "supervisor-\(supervisor)")
  }
}

/// Collects the supervisor's exit status, so that no dead child of ours stays; it is at its very end.
private func reap(_ supervisor: pid_t) async {
  var code: CInt = 0
  var signal: CInt = 0
  for _ in 0..<100 where cprocess_reap(supervisor, &code, &signal) == 0 {
    // Nothing waits for this task, so a sleep cut short by cancelation only makes it quicker.
    try? await Task.sleep(for: .milliseconds(50))
  }
}
