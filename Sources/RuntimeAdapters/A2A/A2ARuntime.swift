package import Orchestration
package import RunModel
import Synchronization

/// Runs contracts on an agent that speaks Agent2Agent 1.0, or 0.3, as JSON-RPC over HTTP.
///
/// The agent works elsewhere: there is no worktree here, and a canceled run is proven by the agent's own word alone. What it
/// has said and the files that it made lie in `<state>/runs/<runId>`.
package final class A2ARuntime: WorkspaceRuntime, ForceCancelingRuntime, AnswerableRuntime, ConversingRuntime,
  AdoptingRuntime, PacedRuntime, RetirableRuntime
{
  package static let kind = "a2a"

  package let runtimeId: RuntimeID
  let configuration: Configuration
  let state: String
  let agent: A2AAgent
  private let outlet = EventOutlet()
  private let runs = Mutex<[RunID: A2ARun]>([:])
  /// The latest of those that have ended, which `runs` still holds.
  private let ended = Mutex<[RunID]>([])
  private static let mostEnded = 64
  private let capabilities = Mutex<RuntimeCapabilities?>(nil)
  private let ids = ULIDGenerator()
  let began = ContinuousClock.now
  /// How long whoever asks for capabilities or health waits for the agent.
  static let shortTime = Duration.seconds(3)

  /// `state` is an absolute path.
  package init(_ configuration: Configuration, state: String) {
    self.configuration = configuration
    self.state = state
    runtimeId = configuration.id
    agent = A2AAgent(configuration)
  }

  package func onEvent(_ handler: @escaping @Sendable (RuntimeEvent) -> Void) { outlet.add(handler) }
  package func pace(by ready: @escaping @Sendable () async -> Void) { outlet.pace(by: ready) }

  /// By the agent's card; of an agent that is away, nothing but how many runs it may have.
  ///
  /// Webhooks need an address at which agents reach the orchestrator, which there is not; so they are never supported.
  package func getCapabilities() async throws -> RuntimeCapabilities {
    if let known = capabilities.withLock({ $0 }) { return known }
    var found = RuntimeCapabilities(
      canCreatePR: configuration.opensPullRequests, maxParallelTasks: configuration.maxParallelTasks)
    let card = await within(Self.shortTime) { [agent] in try? await agent.card() }  // `check` and health say why
    if let card = card ?? nil { found.supportsStreaming = card.hasStreaming }
    return capabilities.withLock { known in
      if known == nil { known = found }
      return known ?? found
    }
  }

  package func startTask(_ contract: Contract) async throws -> StartedTask {
    guard let run = contract.runId else { throw Problem(.internal, "The contract carries no run id.") }
    let folder = A2AFolder(state: state, run: run)
    guard !Files.exists(folder.record) else { throw Problem(.conflict, "The run \(run) has been started already.") }
    var record = A2ARecord(run: run, runtime: runtimeId, title: contract.title)
    if let old = try await predecessor(of: contract) {
      record.context = old.context
      record.references = [old.task].compactMap { $0 }
    }
    // What is wrong with the address, the card or the token is found before anything is written.
    do { _ = try await agent.link() } catch { throw error.problem }
    let started = A2ARun(record, folder: folder, agent: agent, outlet: outlet, configuration: configuration)
    let isNew = runs.withLock { runs in
      guard runs[run] == nil else { return false }
      runs[run] = started
      return true
    }
    guard isNew else { throw Problem(.conflict, "The run \(run) has been started already.") }
    do {
      try Files.makeFolder(folder.path)
      try Files.write(record.jsonBytes, to: folder.record, durably: true)
      try await started.openRecord()
      Task {  // the run's life
        await started.live(sending: contract.effectivePrompt)
        letGo(run)
      }
      do { try await started.awaitStart() } catch { throw error.problem }
    } catch {
      runs.withLock { $0[run] = nil }
      Files.removeTree(folder.path)
      throw error
    }
    let task = try await started.thread().task
    return StartedTask(
      runId: run, runtimeSessionId: task.map { $0.bounded(200) } ?? "a2a-\(run.shortName.lowercased())")
  }

  package func getStatus(_ run: RunID) async throws -> TaskStatus { try await find(run).status }
  package func cancelTask(_ run: RunID, reason: String) async throws { try await find(run).cancel(force: false) }
  package func forceCancelTask(_ run: RunID, reason: String) async throws { try await find(run).cancel(force: true) }
  package func getArtifacts(_ run: RunID) async throws -> Artifacts { try await find(run).artifacts() }
  package func patch(of run: RunID) async throws -> [UInt8] { try await find(run).patch() }

  /// Nil: the agent works elsewhere.
  package func workspace(of run: RunID) async throws -> Workspace? {
    _ = try find(run)
    return nil
  }

  package func answer(_ run: RunID, attentionId: String, answer: String) async throws {
    try await find(run).answer(attentionId, answer)
  }

  package func send(_ message: String, to run: RunID) async throws { try await find(run).send(message, id: ids.next()) }

  package func adopt(_ contract: Contract, run: Run, _ adoption: Adoption) async throws -> Bool {
    let id = run.runId
    if runs.withLock({ $0[id] != nil }) { return true }
    guard let adopted = try stored(id) else { return false }
    runs.withLock { $0[id] = adopted }
    // Another machine's agent does not notice when this one is restarted.
    Task {  // the run's life
      await adopted.resume(run, from: adoption.position)
      letGo(id)
    }
    return true
  }

  /// Also of a start whose message may never have gone out: it is looked for with the agent, and not sent again.
  package func hasBegun(_ run: RunID) async throws -> Bool { try stored(run) != nil }

  /// Follows no run any more, which another instance can take up, and lets go of its connections.
  package func retire() async {
    for run in runs.withLock({ Array($0.values) }) { await run.leave() }
    await agent.hangUp()
  }

  private func find(_ run: RunID) throws -> A2ARun {
    if let known = runs.withLock({ $0[run] }) { return known }
    // One that ended long ago, or under an earlier orchestrator, can still be looked at.
    if let stored = try stored(run, mustHaveEnded: true) { return stored }
    throw Problem(.notFound, "The runtime \(runtimeId) has no run \(run).")
  }

  private func stored(_ run: RunID, mustHaveEnded: Bool = false) throws -> A2ARun? {
    let folder = A2AFolder(state: state, run: run)
    guard let record = try folder.readRecord(), record.run == run, record.runtime == runtimeId else { return nil }
    let end = try folder.readEnd()
    if mustHaveEnded, end == nil { return nil }
    return A2ARun(record, folder: folder, agent: agent, outlet: outlet, configuration: configuration, end: end)
  }

  private func letGo(_ run: RunID) {
    ended.withLock { ended in
      ended.append(run)
      guard ended.count > Self.mostEnded else { return }
      let oldest = ended.removeFirst()
      runs.withLock { $0[oldest] = nil }
    }
  }

  /// The task and context of the run that a contract goes on with.
  private func predecessor(of contract: Contract) async throws -> (task: String?, context: String?)? {
    guard let old = try contract.followUpOf() else { return nil }
    do { return try await find(old).thread() } catch let problem as Problem where problem.code == .notFound {
      throw Problem(.conflict, "The runtime \(runtimeId) has no record of run \(old), so it cannot go on with it.")
    }
  }
}

/// The result of a body that gets no more time than this; nil when it took longer.
func within<Result: Sendable>(
  _ time: Duration, _ body: @escaping @Sendable () async -> Result
) async -> Result? {
  await withTaskGroup(of: Result?.self) { group in
    group.addTask { await body() }
    group.addTask {
      // Cut short when the body is done.
      try? await Task.sleep(for: time)
      return nil
    }
    let first = await group.next() ?? nil
    group.cancelAll()
    return first
  }
}
