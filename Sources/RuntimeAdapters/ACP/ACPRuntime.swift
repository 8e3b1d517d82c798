package import Orchestration
package import RunModel

/// Runs agents that speak the Agent Client Protocol 1 on their standard input and output.
///
/// They run as the agents of the local runtime do, which this one wraps: in a worktree of their own, under a supervisor that
/// outlives the orchestrator, within limits. Beyond that there is a conversation: an `ACPConversation`.
package final class ACPRuntime: WorkspaceRuntime, ForceCancelingRuntime, AnswerableRuntime, AdoptingRuntime,
  PacedRuntime, LimitingRuntime, CollectableRuntime, KeepingRuntime, ConversingRuntime, CheckableRuntime,
  PullRequestRuntime
{
  package static let kind = "acp"

  private let configuration: Configuration
  private let local: LocalRuntime
  private let state: String
  private let environment: [String: String]
  private let launcher: SupervisorLauncher

  /// `state` and `environment` as for `LocalRuntime`.
  package init(
    _ configuration: Configuration, state: String, environment: [String: String],
    launcher: SupervisorLauncher = SupervisorLauncher(), confinement: Confinement = .found,
    machine: Machine = .present()
  ) {
    self.configuration = configuration
    self.state = state
    self.environment = environment
    self.launcher = launcher
    var plain = LocalRuntime.Configuration(
      id: configuration.id, command: configuration.command, environment: configuration.environment,
      maxParallelTasks: configuration.maxParallelTasks, input: .answers, stopGrace: configuration.stopGrace,
      limits: configuration.limits)
    plain.pullRequests = configuration.pullRequests
    plain.language = { spec, folder in ACPConversation(configuration.settings(spec, folder, environment)) }
    local = LocalRuntime(
      plain, state: state, environment: environment, launcher: launcher, confinement: confinement, machine: machine)
  }

  package func check() async throws -> RuntimeCheck {
    let plain = try await local.check()
    return try await ACPCheck(
      configuration, state: state, environment: environment, launcher: launcher
    ).perform(plain)
  }

  /// What keeps its program from being started, without a start; nil when nothing does.
  package func programComplaint() async -> String? { await local.complaint() }

  package func send(_ message: String, to run: RunID) async throws { try await local.send(message, to: run) }

  // MARK: As the local runtime has it

  package var runtimeId: RuntimeID { local.runtimeId }
  package func startTask(_ contract: Contract) async throws -> StartedTask { try await local.startTask(contract) }
  package func getStatus(_ run: RunID) async throws -> TaskStatus { try await local.getStatus(run) }
  package func cancelTask(_ run: RunID, reason: String) async throws {
    try await local.cancelTask(run, reason: reason)
  }
  package func forceCancelTask(_ run: RunID, reason: String) async throws {
    try await local.forceCancelTask(run, reason: reason)
  }
  package func getArtifacts(_ run: RunID) async throws -> Artifacts { try await local.getArtifacts(run) }
  package func onEvent(_ handler: @escaping @Sendable (RuntimeEvent) -> Void) { local.onEvent(handler) }
  package func getCapabilities() async throws -> RuntimeCapabilities { try await local.getCapabilities() }
  package func workspace(of run: RunID) async throws -> Workspace? { try await local.workspace(of: run) }
  package func patch(of run: RunID) async throws -> [UInt8] { try await local.patch(of: run) }
  package func patch(of run: RunID, _ options: PatchOptions) async throws -> [UInt8] {
    try await local.patch(of: run, options)
  }
  package func answer(_ run: RunID, attentionId: String, answer: String) async throws {
    try await local.answer(run, attentionId: attentionId, answer: answer)
  }
  package func adopt(_ contract: Contract, run: Run, _ adoption: Adoption) async throws -> Bool {
    try await local.adopt(contract, run: run, adoption)
  }
  package func hasBegun(_ run: RunID) async throws -> Bool { try await local.hasBegun(run) }
  package func pace(by ready: @escaping @Sendable () async -> Void) { local.pace(by: ready) }
  package var limits: [LimitHolding] { local.limits }
  package func limits(of run: RunID) async throws -> [LimitHolding] { try await local.limits(of: run) }
  package func remains(of run: RunID) async throws -> Remains { try await local.remains(of: run) }
  package func remove(_ kind: CollectedKind, of run: RunID, evenUnmerged: Bool, isBegun: Bool) async throws -> Int64 {
    try await local.remove(kind, of: run, evenUnmerged: evenUnmerged, isBegun: isBegun)
  }
  package func strangers(unlessKnown isKnown: @Sendable (RunID) -> Bool) async -> [Stranger] {
    await local.strangers(unlessKnown: isKnown)
  }
  package func keepWork(of run: Run) async throws -> String? { try await local.keepWork(of: run) }
  package func pullRequestObstacle(in repository: String) async -> String? {
    await local.pullRequestObstacle(in: repository)
  }
  package func openPullRequest(_ draft: PullRequestDraft) async throws -> OpenedPullRequest {
    try await local.openPullRequest(draft)
  }
}
