package import Orchestration
package import RunModel
import Glibc
import Synchronization

/// Runs any command line as an agent, in a git worktree of its own and under a supervisor of its own, which outlives
/// the orchestrator.
///
/// State lies in `<state>/runs/<runId>` and `<state>/worktrees/<runId>`.
package final class LocalRuntime: WorkspaceRuntime, ForceCancelingRuntime, AnswerableRuntime, AdoptingRuntime,
  PacedRuntime, LimitingRuntime, CheckableRuntime
{
  package static let kind = "local"

  package let runtimeId: RuntimeID
  private let configuration: Configuration
  let state: String
  private let environment: [String: String]
  private let launcher: SupervisorLauncher
  private let machine: Machine
  let git: Git
  private let worktrees: Worktrees
  let desk: RequestDesk
  private let confinement: Confinement
  private let outlet = EventOutlet()
  private let watch = FolderWatch()
  private let runs = Mutex<[RunID: LocalRun]>([:])
  /// The latest of those that have ended, which `runs` still holds.
  private let ended = Mutex<[RunID]>([])
  private static let mostEnded = 64
  /// Branches that a follow-up is about to go on with, or a clean-up works on.
  let resuming = Mutex<Set<String>>([])

  /// `state` is an absolute path; `environment` is the operator's.
  package init(
    _ configuration: Configuration, state: String, environment: [String: String],
    launcher: SupervisorLauncher = SupervisorLauncher(), confinement: Confinement = .found,
    machine: Machine = .present()
  ) {
    self.confinement = confinement
    self.configuration = configuration
    self.state = state
    self.environment = environment
    self.launcher = launcher
    self.machine = machine
    runtimeId = configuration.id
    git = Git(environment: environment, standIns: "\(state)/git")
    desk = RequestDesk(
      configuration.pullRequests, git: git, environment: environment, standIns: "\(state)/git")
    worktrees = Worktrees(git: git, folder: "\(state)/worktrees")
  }

  package func onEvent(_ handler: @escaping @Sendable (RuntimeEvent) -> Void) { outlet.add(handler) }

  package func pace(by ready: @escaping @Sendable () async -> Void) { outlet.pace(by: ready) }

  package func getCapabilities() async throws -> RuntimeCapabilities {
    RuntimeCapabilities(
      canCreateBranch: true, canCreatePR: await desk.couldOpen(), supportsStreaming: true,
      maxParallelTasks: configuration.maxParallelTasks)
  }

  /// Nothing is written to an agent whose input is not kept open for it.
  package var takesAnswers: Bool { configuration.input == .answers }
  package var limits: [LimitHolding] { confinement.holdings(configuration.limits) }

  package func limits(of run: RunID) async throws -> [LimitHolding] {
    if let known = runs.withLock({ $0[run] }) { return known.spec.holdings }
    let folder = RunFolder(state: state, run: run)
    return try folder.json(folder.spec).flatMap(LocalRunSpec.init(json:))?.holdings ?? []
  }

  package func startTask(_ contract: Contract) async throws -> StartedTask {
    // Not to be broken off halfway: what a canceled caller had begun would be left behind.
    try await Task { try await start(contract) }.value
  }

  package func getStatus(_ run: RunID) async throws -> TaskStatus {
    let found = try await find(run)
    await found.recall()
    return await found.status
  }

  package func cancelTask(_ run: RunID, reason: String) async throws { try await find(run).cancel(force: false) }

  package func forceCancelTask(_ run: RunID, reason: String) async throws { try await find(run).cancel(force: true) }

  package func getArtifacts(_ run: RunID) async throws -> Artifacts { try await find(run).artifacts() }

  package func patch(of run: RunID) async throws -> [UInt8] { try await find(run).patch() }

  package func patch(of run: RunID, _ options: PatchOptions) async throws -> [UInt8] {
    let here = try await find(run)
    guard let other = options.against else { return try await here.patch(options) }
    let there: LocalRun
    do { there = try await find(other) } catch let problem as Problem where problem.code == .notFound {
      throw Problem(
        .conflict, "Run \(other.shortName) did not work on this machine, so git cannot compare the two results.")
    }
    guard here.spec.workspace.repository == there.spec.workspace.repository else {
      throw Problem(
        .conflict,
        "The two runs worked in different repositories, \(here.spec.workspace.repository ?? "one") and "
          + "\(there.spec.workspace.repository ?? "another"): their results cannot be compared.")
    }
    return try await here.diff.patch(from: here.result(), to: there.result(), options)
  }

  func send(_ message: String, to run: RunID) async throws { try await find(run).message(message) }

  package func answer(_ run: RunID, attentionId: String, answer: String) async throws {
    try await find(run).answer(attentionId, answer)
  }

  /// Nil once the worktree has been removed.
  package func workspace(of run: RunID) async throws -> Workspace? {
    let workspace = try await find(run).spec.workspace
    return Files.isFolder(workspace.path) ? workspace : nil
  }

  package func adopt(_ contract: Contract, run: Run, _ adoption: Adoption) async throws -> Bool {
    let id = run.runId
    if runs.withLock({ $0[id] != nil }) { return true }
    let isCancelAsked = run.cancellation != nil
    guard let adopted = try stored(id, isCancelAsked: isCancelAsked) else { return false }
    runs.withLock { $0[id] = adopted }
    var adoption = adoption
    // The folder knows it also of a start that never came on record.
    if machine.hasRestarted(since: adopted.spec.boot) { adoption.followsRestart = true }
    if isCancelAsked, !adoption.followsRestart { await adopted.cancel(force: run.cancellation?.force ?? false) }
    Task { [adoption] in
      await adopted.follow(recorded: run, adoption)
      letGo(id)
    }
    return true
  }

  package func hasBegun(_ run: RunID) async throws -> Bool {
    if try stored(run) != nil { return true }
    // Whatever becomes of the run, nobody goes on with a start that was broken off.
    let folder = RunFolder(state: state, run: run)
    if !folder.hasBegun, let contract = try folder.json(folder.contract).flatMap({ try? Contract(json: $0) }) {
      await clearBrokenStart(of: run, contract, folder, keepsBranch: try contract.followUpOf() != nil)
    }
    return false
  }

  package func check() async throws -> RuntimeCheck {
    try await LocalCheck(configuration, git: git, environment: environment).perform(try await getCapabilities())
  }

  package var isCheapToCheck: Bool { true }

  /// Of the runs that have ended the latest are kept as they are; of others the folder tells.
  private func letGo(_ run: RunID) {
    ended.withLock { ended in
      ended.append(run)
      guard ended.count > Self.mostEnded else { return }
      let oldest = ended.removeFirst()
      runs.withLock { $0[oldest] = nil }
    }
  }

  private func find(_ run: RunID) async throws -> LocalRun {
    if let known = runs.withLock({ $0[run] }) { return known }
    // One that ended long ago, or under an earlier orchestrator, can still be looked at.
    if let stored = try stored(run, mustHaveEnded: true) { return stored }
    throw Problem(.notFound, "The runtime \(runtimeId) has no run \(run).")
  }

  /// Also one whose end is not on record here: an ended one whose work is to be kept.
  func known(_ run: RunID) throws -> LocalRun? { try runs.withLock { $0[run] } ?? stored(run) }

  /// Whether a run of ours that has not ended works on a branch.
  func isWorkedOn(_ branch: String) async -> Bool {
    for other in runs.withLock({ Array($0.values) }) where other.spec.workspace.branch == branch {
      if await !other.hasEnded { return true }
    }
    return false
  }

  /// What the folder holds of a run of this runtime; nil when there is none.
  private func stored(_ run: RunID, isCancelAsked: Bool = false, mustHaveEnded: Bool = false) throws -> LocalRun? {
    let folder = RunFolder(state: state, run: run)
    // Without a supervisor it has never begun, and can be begun anew.
    guard let json = try folder.json(folder.spec), let spec = LocalRunSpec(json: json), spec.run == run,
      spec.runtime == nil || spec.runtime == runtimeId, folder.hasBegun
    else { return nil }
    let end = try folder.json(folder.end).flatMap(LocalRunEnd.init(json:))
    if mustHaveEnded, end == nil { return nil }
    let profile = try folder.json(folder.profile).flatMap(AgentProfile.init(stored:))
    return make(spec, folder: folder, profile: profile, end: end, isCancelAsked: isCancelAsked)
  }

  private func make(
    _ spec: LocalRunSpec, folder: RunFolder, profile: AgentProfile?, end: LocalRunEnd? = nil,
    isCancelAsked: Bool = false
  ) -> LocalRun {
    let language: any AgentLanguage = profile.map { ProfileLanguage($0) } ?? configuration.language(spec, folder)
    let service = language is any AgentConversation ? service(spec, folder) : nil
    return LocalRun(
      spec, folder: folder, diff: WorkDiff(git: git, workspace: spec.workspace, scratch: folder.path),
      outlet: outlet, watch: watch, configuration: configuration, language: language, service: service, end: end,
      isCancelAsked: isCancelAsked)
  }

  private func service(_ spec: LocalRunSpec, _ folder: RunFolder) -> WorktreeService {
    WorktreeService(
      folder: folder, run: spec.run, worktree: spec.workspace.path, group: spec.supervisor.group,
      bounds: spec.supervisor.limits,
      environment: { [environment, configuration] in
        LaunchPlan.environment(
          environment, try configuration.environment.read(environment: environment), run: spec.run, folder: folder,
          worktree: spec.workspace.path)
      },
      launcher: launcher, watch: watch)
  }

  private func start(_ contract: Contract) async throws -> StartedTask {
    guard let run = contract.runId else { throw Problem(.internal, "The contract carries no run id.") }
    let folder = RunFolder(state: state, run: run)
    guard !folder.hasBegun, runs.withLock({ $0[run] == nil }) else {
      throw Problem(.conflict, "The run \(run) has been started already.")
    }
    let old = try await predecessor(of: contract)
    await clearBrokenStart(of: run, contract, folder, keepsBranch: old != nil)
    guard let old else { return try await start(contract, run, folder, after: nil) }
    let branch = old.branch ?? ""
    guard resuming.withLock({ $0.insert(branch).inserted }) else { throw Self.busy(branch, nil) }
    defer { resuming.withLock { _ = $0.remove(branch) } }
    for other in runs.withLock({ Array($0.values) }) where other.spec.workspace.branch == branch {
      if await !other.hasEnded { throw Self.busy(branch, other.spec.run) }
    }
    return try await start(contract, run, folder, after: old)
  }

  /// Removes what is left of a start that an orchestrator did not survive: no agent has worked there.
  private func clearBrokenStart(
    of run: RunID, _ contract: Contract, _ folder: RunFolder, keepsBranch: Bool
  ) async {
    let path = "\(state)/worktrees/\(run)"
    guard Files.exists(folder.path) || Files.exists(path) else { return }
    // A supervisor that was about to begin has taken nothing yet.
    _ = await SupervisedFolder.sweep(mark: RunFolder.mark(of: run), group: folder.supervised.group)
    Files.removeTree(folder.path)
    await worktrees.clear(path, of: contract, run: run, keepsBranch: keepsBranch)
  }

  private static func busy(_ branch: String, _ run: RunID?) -> Problem {
    let who = run.map { "Run \($0.shortName)" } ?? "Another follow-up"
    return Problem(.conflict, "\(who) works on \(branch); a follow-up can go on with it once that has ended.")
  }

  /// Where the run worked that a contract goes on with; nil for a contract that begins anew.
  private func predecessor(of contract: Contract) async throws -> Workspace? {
    guard let old = try contract.followUpOf() else { return nil }
    let found: LocalRun
    do { found = try await find(old) } catch let problem as Problem where problem.code == .notFound {
      throw Problem(.conflict, "The runtime \(runtimeId) has no record of run \(old), so it cannot go on with it.")
    }
    guard await found.hasEnded else { throw Self.busy(found.spec.workspace.branch ?? "its branch", old) }
    guard found.spec.workspace.branch != nil, found.spec.workspace.repository != nil else {
      throw Problem(.conflict, "Run \(old.shortName) left no branch to go on with. Dispatch the work anew.")
    }
    return found.spec.workspace
  }

  /// `old`: where an earlier run worked whose branch this one goes on with.
  private func start(
    _ contract: Contract, _ run: RunID, _ folder: RunFolder, after old: Workspace?
  ) async throws -> StartedTask {
    let resumed = try await worktrees.canResume(old) ? old : nil
    let worktree = resumed?.path ?? "\(state)/worktrees/\(run)"
    let plan = try LaunchPlan(
      contract, run: run, configuration: configuration, folder: folder, worktree: worktree,
      operatorEnvironment: environment)
    try Files.makeFolder(folder.path)
    // It is up by the time that the worktree is there.
    let standby = Task { [launcher] in
      try await launcher.standBy(folder.supervised, environment: plan.environment)
    }
    let workspace: Workspace
    var left = 0
    do {
      try Files.write(contract.jsonBytes, to: folder.contract)
      try Files.write(Array(contract.effectivePrompt.utf8), to: folder.prompt)
      if let profile = configuration.profile { try Files.write(profile.storedBytes, to: folder.profile) }
      if let resumed {
        (workspace, left) = try await worktrees.resume(resumed, run: run, scratch: state)
      } else if let old {
        workspace = try await worktrees.reopen(old, at: worktree)
      } else {
        workspace = try await worktrees.make(for: contract, run: run)
      }
    } catch {
      _ = await standby.result
      Files.removeTree(folder.path)
      throw error
    }
    var spec = LocalRunSpec(
      run: run, title: contract.title, runtime: runtimeId, boot: machine.boot, workspace: workspace,
      agentName: plan.agentName,
      supervisor: supervisorSpec(plan, contract, in: workspace, mark: RunFolder.mark(of: run)))
    if old != nil, let earlier = try contract.followUpOf() {
      // Without it the session begins anew.
      spec.earlierSession = try? Files.text(
        RunFolder(state: state, run: earlier).session, limit: 1024, following: false)
    }
    let supervisor: pid_t
    do {
      spec.supervisor.isConversation = configuration.language(spec, folder) is any AgentConversation
      var ready: Standby? = try await standby.value
      supervisor = try await confinement.launch(run.description, configuration.limits, spec.supervisor) {
        spec.supervisor = $0
        spec.holdings = $1
        try Files.write(spec.jsonBytes, to: folder.spec, durably: true)
        guard let first = ready.take() else {
          return try await launcher.launch(folder.supervised, environment: plan.environment)
        }
        return try await launcher.begin(first, in: folder.supervised)
      }
    } catch {
      // What an earlier run made stays, whatever becomes of this one.
      if old == nil { await worktrees.discard(workspace) } else if resumed == nil { await worktrees.close(workspace) }
      Files.removeTree(folder.path)
      throw error
    }
    let started = make(spec, folder: folder, profile: configuration.profile)
    runs.withLock { $0[run] = started }
    if left > 0 {
      let what = left == 1 ? "1 file that was" : "\(left) files that were"
      outlet.send(
        RuntimeEvent(
          run,
          .custom(
            type: "worktree_cleaned",
            data: [
              "files": .int(Int64(left)), "reference": .string(Worktrees.reference(of: run)),
              "message": .string(
                "\(what) left in the worktree without a commit: kept as \(Worktrees.reference(of: run))"),
            ])))
    }
    Task { [outlet, worktrees] in
      if let repository = workspace.repository {
        // Only a remark, as the next.
        if let filters = try? await worktrees.ignoredFilters(in: repository), !filters.isEmpty {
          let message =
            "the repository's own configuration names filters (\(filters.joined(separator: ", "))): they are not run, "
            + "and files are kept as they lie there; filters of your global configuration are run"
          outlet.send(
            RuntimeEvent(
              run,
              .custom(
                type: "filters_ignored",
                data: ["filters": .array(filters.map { .string($0) }), "message": .string(message)])))
        }
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
      letGo(run)
      await reap(supervisor)
    }
    return StartedTask(runId: run, runtimeSessionId: "supervisor-\(supervisor)")
  }
}

extension LocalRuntime {
  private func supervisorSpec(
    _ plan: LaunchPlan, _ contract: Contract, in workspace: Workspace, mark: String
  ) -> SupervisorSpec {
    var spec = SupervisorSpec(
      command: plan.command, directory: workspace.path, input: plan.input,
      graceMilliseconds: configuration.stopGrace.milliseconds,
      strayGraceMilliseconds: configuration.strayGrace.milliseconds)
    spec.mark = mark
    spec.limits = configuration.limits
    spec.outputLimit = configuration.limits.output ?? spec.outputLimit
    // The orchestrator keeps the contract's own limit; a second later the supervisor does, in case there is none.
    let asked = contract.timeoutSeconds.map { Int64(min($0, 1e12) * 1000) + 1000 }
    spec.limitMilliseconds = [asked, configuration.limits.time?.milliseconds].compactMap { $0 }.min()
    return spec
  }
}
