package import Logging
package import RunModel

/// Takes contracts in, sends them to runtimes, sees their runs through to the end, and records all of it.
///
/// It decides on what it knows; the world sees only what the journal has stored.
package actor Orchestrator {
  /// A run that has not ended.
  struct Live {
    var machine: RunMachine
    /// As handed to the runtime: with `runId`, and pinned if the run is.
    var contract: Contract
    var priority: Int
    var runtime: RuntimeID?
    /// The runtime as it was when it took the run: its settings may have changed since.
    var instance: (any AgentRuntime)?
    /// Which of the settings that its runtime has had.
    var generation = 0
    /// How often it could not be started for a reason of the runtime's that the runtime's own check did not find.
    var failedStarts = 0
    /// The runtime's own name for the run.
    var nameThere: RunID?
    var workspace: Workspace?
    /// Whether a runtime has taken it.
    var isStarted = false
    var canceledBy: Actor?
    var end: TaskEnd?
    var stopSentAt: Timestamp?
    var verifications: [(command: String, result: Verification)] = []
    var verification: Task<Void, Never>?
    var timeout: Task<Void, Never>?
    var attention: String?
    /// What people have said to answer likewise, the latest last.
    var remembered: [PermissionRule] = []
    /// What was found wrong with its repository when it was taken in, by runtime: those are not tried.
    var faults: [RuntimeID: Problem] = [:]
    /// The conflicts that were last put on record.
    var conflicts = ConflictRadar.Finding()
    /// What it must have been granted before it starts.
    var approval: Approval?
    /// People whose approval is being put on record.
    var approving: Set<String> = []
    /// What it was last said to wait for.
    var waitsFor: [String] = []
  }

  struct Environment: Sendable {
    var store: any RunStore
    var verifier: any Verifier
    var approvals: ApprovalPolicy
    var retention: RetentionPolicy
    var ids: ULIDGenerator
    var now: @Sendable () -> Timestamp
    var sleep: @Sendable (Duration) async throws -> Void
    var machine: Machine
    var logger: Logger
  }

  let environment: Environment
  let store: StoreID
  package nonisolated let journal: Journal
  /// Who may come in over TCP.
  package nonisolated let access: AccessControl
  nonisolated let gate = EventGate()
  private nonisolated let control: AsyncStream<RuntimeEvent>
  nonisolated let controller: AsyncStream<RuntimeEvent>.Continuation
  private let registrations: [Registration]

  var live: [RunID: Live] = [:]
  var queue = RunQueue()
  var radar = ConflictRadar()
  /// Queued runs that wait for others to succeed.
  var blocked: Set<RunID> = []
  /// By the name in `dependsOn`; some may wait no more.
  var dependents: [String: Set<RunID>] = [:]
  var pool = RuntimePool()
  var runsOfContract: [ContractID: [RunID]] = [:]
  var contractOfReference: [String: ContractID] = [:]
  var isShuttingDown = false
  var isCollecting = false
  /// Runs whose pull request is being opened.
  var opening: Set<RunID> = []
  /// Ended runs that somebody is known to have looked at.
  var seen: Set<RunID> = []
  /// Idempotency keys whose request is being done, and who waits for each.
  var keysUnderWay: [String: [CheckedContinuation<Void, Never>]] = [:]
  private var healthWatch: Task<Void, Never>?
  /// Checks under way, shared by all who ask meanwhile.
  var checks: [RuntimeID: Task<Problem?, Never>] = [:]
  /// When each runtime was last checked, by the machine's clock.
  var checkedAt: [RuntimeID: Duration] = [:]
  /// Why a changed configuration is not taken over.
  var rejected: String?
  /// Ended runs whose work could not be committed, and who tries it again while there are any.
  var unkept: Set<RunID> = []
  var keeping: Task<Void, Never>?

  private init(
    environment: Environment, store: StoreID, journal: Journal, access: AccessControl, registrations: [Registration]
  ) {
    self.environment = environment
    self.store = store
    self.journal = journal
    self.access = access
    self.registrations = registrations
    (control, controller) = AsyncStream.makeStream()
  }

  /// An orchestrator with the state that the store holds; `run` sets it to work.
  package static func restore(
    from store: any RunStore, registrations: [Registration], verifier: any Verifier,
    approvals: ApprovalPolicy = ApprovalPolicy(), retention: RetentionPolicy = RetentionPolicy(),
    ids: ULIDGenerator = ULIDGenerator(),
    now: @escaping @Sendable () -> Timestamp = { .now },
    sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
    machine: Machine = .present(), logger: Logger
  ) async throws -> Orchestrator {
    let board = try await RunBoard.restore(from: store)
    // Ids go on rising, whatever the clock says now.
    for run in board.runs { ids.pass(max(run.runId.ulid, run.contractId.ulid)) }
    let journal = Journal(store: store, board: board, now: now, logger: logger)
    return Orchestrator(
      environment: Environment(
        store: store, verifier: verifier, approvals: approvals, retention: retention, ids: ids, now: now, sleep: sleep,
        machine: machine, logger: logger),
      store: try await store.id(), journal: journal,
      access: AccessControl(tokens: try await store.tokens(), keeper: journal, ids: ids, now: now),
      registrations: registrations)
  }

  /// Works until it is canceled or shut down; agents under supervisors go on. `ready` is called when runs that were live
  /// before have been taken up.
  package func run(ready: @Sendable () -> Void = {}) async throws {
    try await withThrowingDiscardingTaskGroup { group in
      group.addTask { try await self.journal.run() }
      try await self.begin()
      ready()
      group.addTask {
        for await event in self.control {
          await self.handle(event)
          self.journal.charge(-event.weight)
        }
      }
      // Nothing was started while nothing could be recorded.
      group.addTask { for await _ in self.journal.recoveries { await self.schedule() } }
      // Canceled by shutDown, apart from the journal, which is not.
      self.healthWatch = Task { await self.watchHealth() }
    }
  }

  /// Stops intake, writes what is under way and ends `run`.
  package func shutDown() {
    isShuttingDown = true
    healthWatch?.cancel()
    for check in checks.values { check.cancel() }
    keeping?.cancel()
    for run in live.values {
      run.timeout?.cancel()
      run.verification?.cancel()
    }
    controller.finish()
    access.settleRefusals(all: true)
    journal.close()
  }

  /// Whether nothing is queued or running.
  package var isIdle: Bool { live.isEmpty }

  private func begin() async throws {
    await registerAll(registrations)
    await checkRuntimes()
    try await takeUp()
    resumePullRequests()
    schedule()
  }

  func workspace(of run: RunID, on runtime: any AgentRuntime) async -> Workspace? {
    do {
      return try await (runtime as? any WorkspaceRuntime)?.workspace(of: run)
    } catch {
      environment.logger.error("no workspace", metadata: ["run": "\(run)", "error": "\(error)"])
      return nil
    }
  }

  /// Where a report goes: what changes decisions to the actor, in order; all else straight to the journal.
  nonisolated func pass(_ event: RuntimeEvent, from runtime: RuntimeID) {
    switch event.kind {
    case .attention, .resolved, .stopSent, .ended: decide(on: event)
    case .progress, .output, .outputCut, .tool, .usage, .plan, .changes, .custom:
      if case .changes(_, _, _, _?) = event.kind { decide(on: event) }
      if let report = RunEvent(report: event, by: runtime, at: environment.now()) {
        journal.note(report: report, at: event.position)
      }
    }
  }

  /// What waits for the actor takes its room with what waits to be stored.
  private nonisolated func decide(on event: RuntimeEvent) {
    journal.charge(event.weight)
    controller.yield(event)
  }
}

extension RunBoard {
  /// The board as stored: the rows, and on live ones what came after them.
  static func restore(from store: any RunStore) async throws -> RunBoard {
    do { return try await read(from: store) } catch let error as JSONError {
      throw Problem(
        .unavailable,
        "The store is damaged: what it holds of a run cannot be read (\(error)). Move it away to begin anew, or restore it from a backup."
      )
    }
  }

  private static func read(from store: any RunStore) async throws -> RunBoard {
    let last = try await store.lastSeq()
    var runs: [Run] = []
    var replayFrom = last
    for stored in try await store.runs() {
      let run = try stored.json.readJSON { reader throws(JSONError) in try Run(from: &reader) }
      if !run.status.isTerminal { replayFrom = min(replayFrom, run.lastSeq) }
      runs.append(run)
    }
    var board = RunBoard(runs: runs, seq: replayFrom)
    while board.seq < last {
      let page = try await store.events(
        after: board.seq, through: last, run: nil, limit: 5000, bytes: Bounds.commit)
      guard !page.isEmpty else { throw Problem(.internal, "The store lacks event \(board.seq + 1) of \(last).") }
      for stored in page { board.apply(try RunEvent(parsing: stored.json)) }
    }
    return board
  }
}
