package import Orchestration
package import RunModel
import Synchronization

/// A runtime that does only what the test tells it: no clock, no process.
package final class ScriptedRuntime: AgentRuntime, ForceCancelingRuntime, AnswerableRuntime, ConversingRuntime,
  AdoptingRuntime,
  WorkspaceRuntime
{
  private struct State {
    var handler: (@Sendable (RuntimeEvent) -> Void)?
    var started: [RunID: Contract] = [:]
    var order: [RunID] = []
    var cancels: [(run: RunID, force: Bool)] = []
    var answers: [String] = []
    var answerFailure: Problem?
    var messages: [String] = []
    var messageFailure: Problem?
    var adopted: [RunID] = []
    var adoptions: [Adoption] = []
    var artifacts = Artifacts(handoffNote: "done")
    var patch: [UInt8] = []
    var startFailure: Problem?
    var adopts = true
    var workspace: Workspace?
    var remains: [RunID: Remains] = [:]
    var removals: [(kind: CollectedKind, run: RunID, isBegun: Bool)] = []
    var removalFailure: (any Error)?
    var keeping: [Result<String?, Problem>] = []
    var kept: [RunID] = []
  }

  package let runtimeId: RuntimeID
  private let capabilities: RuntimeCapabilities
  private let state = Mutex(State())

  package init(_ id: RuntimeID = "scripted", slots: Int = 4) {
    runtimeId = id
    capabilities = RuntimeCapabilities(supportsStreaming: true, maxParallelTasks: slots)
  }

  // MARK: What the test does

  package func emit(_ run: RunID, _ kind: RuntimeEvent.Kind, at position: ReportPosition? = nil) {
    let handler = state.withLock { $0.handler }
    handler?(RuntimeEvent(run, kind, at: position))
  }
  package func end(
    _ run: RunID, _ outcome: TaskEnd.Outcome, reason: String? = nil, proof: CancelProof? = nil,
    uncommitted: Uncommitted? = nil
  ) {
    var end = TaskEnd(outcome, exitCode: outcome == .succeeded ? 0 : 1, reason: reason, proof: proof)
    end.uncommitted = uncommitted
    emit(run, .ended(end))
  }
  /// What the next tries to commit work come to; without one more they fail.
  package func setKeeping(_ results: [Result<String?, Problem>]) { state.withLock { $0.keeping = results } }
  /// The runs whose work was tried to be committed, in order.
  package var kept: [RunID] { state.withLock { $0.kept } }
  package func failStarts(with problem: Problem?) { state.withLock { $0.startFailure = problem } }
  package func failAnswers(with problem: Problem?) { state.withLock { $0.answerFailure = problem } }
  package func failMessages(with problem: Problem?) { state.withLock { $0.messageFailure = problem } }
  package func refuseAdoption() { state.withLock { $0.adopts = false } }
  package func setArtifacts(_ artifacts: Artifacts, patch: String = "") {
    state.withLock {
      $0.artifacts = artifacts
      $0.patch = Array(patch.utf8)
    }
  }
  package func setWorkspace(_ workspace: Workspace) { state.withLock { $0.workspace = workspace } }

  /// What an ended run has left; each removal takes its part away.
  package func setRemains(_ remains: Remains, of run: RunID) { state.withLock { $0.remains[run] = remains } }
  /// Makes removals throw, until it is called with nil.
  package func failRemovals(with error: (any Error)?) { state.withLock { $0.removalFailure = error } }

  package var removals: [(kind: CollectedKind, run: RunID, isBegun: Bool)] { state.withLock { $0.removals } }
  package var started: [RunID] { state.withLock { $0.order } }
  package var cancels: [(run: RunID, force: Bool)] { state.withLock { $0.cancels } }
  package var answers: [String] { state.withLock { $0.answers } }
  package var messages: [String] { state.withLock { $0.messages } }
  package var adopted: [RunID] { state.withLock { $0.adopted } }
  package var adoptions: [Adoption] { state.withLock { $0.adoptions } }

  // MARK: AgentRuntime

  package func startTask(_ contract: Contract) async throws -> StartedTask {
    guard let run = contract.runId else { throw Problem(.invalid, "no run id") }
    return try state.withLock { state in
      if let failure = state.startFailure { throw failure }
      state.started[run] = contract
      state.order.append(run)
      return StartedTask(runId: run, runtimeSessionId: "session-\(run.shortName)")
    }
  }

  private func check(_ run: RunID) throws {
    guard state.withLock({ $0.started[run] != nil }) else { throw Problem(.notFound, "No run \(run) here.") }
  }

  package func getStatus(_ run: RunID) async throws -> TaskStatus {
    try check(run)
    return TaskStatus(status: .running, progress: 0)
  }
  package func cancelTask(_ run: RunID, reason: String) async throws {
    try check(run)
    state.withLock { $0.cancels.append((run, false)) }
  }
  package func forceCancelTask(_ run: RunID, reason: String) async throws {
    try check(run)
    state.withLock { $0.cancels.append((run, true)) }
  }
  package func getArtifacts(_ run: RunID) async throws -> Artifacts {
    try check(run)
    return state.withLock { $0.artifacts }
  }
  package func onEvent(_ handler: @escaping @Sendable (RuntimeEvent) -> Void) {
    state.withLock { $0.handler = handler }
  }
  package func getCapabilities() async throws -> RuntimeCapabilities { capabilities }
  package func answer(_ run: RunID, attentionId: String, answer: String) async throws {
    try check(run)
    try state.withLock { state in
      if let failure = state.answerFailure { throw failure }
      state.answers.append(answer)
    }
  }
  package func send(_ message: String, to run: RunID) async throws {
    try check(run)
    if let failure = state.withLock({ $0.messageFailure }) { throw failure }
    state.withLock { $0.messages.append(message) }
  }
  package func adopt(_ contract: Contract, run: Run, _ adoption: Adoption) async throws -> Bool {
    state.withLock { state in
      state.adoptions.append(adoption)
      guard state.adopts else { return false }
      state.started[run.runId] = contract
      state.adopted.append(run.runId)
      return true
    }
  }
  package func workspace(of run: RunID) async throws -> Workspace? { state.withLock { $0.workspace } }
  package func patch(of run: RunID) async throws -> [UInt8] { state.withLock { $0.patch } }
}

extension ScriptedRuntime: KeepingRuntime {
  package func keepWork(of run: Run) async throws -> String? {
    try state.withLock { state in
      state.kept.append(run.runId)
      guard !state.keeping.isEmpty else { throw Problem(.unavailable, "The disk is full.") }
      return try state.keeping.removeFirst().get()
    }
  }
}

extension ScriptedRuntime: CollectableRuntime {
  package func remains(of run: RunID) async throws -> Remains { state.withLock { $0.remains[run] ?? Remains() } }

  package func strangers(unlessKnown isKnown: @Sendable (RunID) -> Bool) async -> [Stranger] {
    let runs = state.withLock { $0.remains.filter { !$0.value.isEmpty }.keys.sorted() }
    return runs.filter { !isKnown($0) }.map { Stranger($0, name: "/worktrees/\($0)", look: "look at \($0.shortName)") }
  }

  package func remove(_ kind: CollectedKind, of run: RunID, evenUnmerged: Bool, isBegun: Bool) async throws -> Int64 {
    try state.withLock { state in
      state.removals.append((kind, run, isBegun))
      if let failure = state.removalFailure { throw failure }
      defer {
        switch kind {
        case .worktree: state.remains[run]?.worktree = nil
        case .branch: state.remains[run]?.branch = nil
        case .output: state.remains[run]?.output = nil
        case .events, .answers: break
        }
      }
      switch kind {
      case .worktree: return state.remains[run]?.worktree?.bytes ?? 0
      case .output: return state.remains[run]?.output?.bytes ?? 0
      case .branch, .events, .answers: return 0
      }
    }
  }
}

/// A verifier whose commands end as the test says.
package final class ScriptedVerifier: Verifier {
  private let exitCodes: Mutex<[String: Int]>
  private let commands = Mutex<[String]>([])
  package init(_ exitCodes: [String: Int] = [:]) { self.exitCodes = Mutex(exitCodes) }
  package var ran: [String] { commands.withLock { $0 } }

  package func verify(_ command: String, in workspace: Workspace, run: RunID) async throws -> Verification {
    commands.withLock { $0.append(command) }
    if command == "hang" {
      try await Task.sleep(for: .seconds(3600))  // ends by cancellation
    }
    let code = exitCodes.withLock { $0[command] ?? 0 }
    return Verification(
      exitCode: code, durationMilliseconds: 5, output: "ran \(command)",
      tests: [TestRecord(name: command, status: code == 0 ? .passed : .failed, durationMilliseconds: 5, exitCode: code)]
    )
  }
}
