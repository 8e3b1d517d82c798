package import Logging
package import Orchestration
package import RunModel
import Synchronization

/// A runtime whose seven members are answered by an adapter in a process of its own, in any language, by JSON-RPC 2.0 lines
/// on its standard input and output: see `PROTOCOL.md`.
///
/// The adapter lives as long as the runtime. A run's end is what the adapter answers to `getStatus`, whatever its events say.
package final class BridgeRuntime: WorkspaceRuntime, ForceCancelingRuntime, AnswerableRuntime, ConversingRuntime,
  AdoptingRuntime, PacedRuntime, CheckableRuntime, RetirableRuntime
{
  package static let kind = "bridge"

  struct State {
    var runs: [RunID: BridgeRun] = [:]
    /// By what the adapter calls them.
    var names: [String: RunID] = [:]
    /// Events of runs whose start has not been answered, by the adapter's name for the run.
    var held: [String: [BridgeEvent]] = [:]
    var heldCount = 0
    var heldBytes = 0
    /// Starts under way: only while there are any can an event of an unknown run be worth holding.
    var starts = 0
    /// Those that have ended, the oldest first.
    var ended: [RunID] = []
    var endedBytes = 0
    var isTicking = false
    var isEnded = false
    var isGone = false
  }

  package let runtimeId: RuntimeID
  let configuration: Configuration
  let clock: BridgeClock
  let now: @Sendable () -> Timestamp
  let outlet = EventOutlet()
  let state = Mutex(State())
  let records: BridgeRecords
  let opening: AdapterOpening
  let keeper: AdapterKeeper
  let log: AdapterLog
  let git: Git
  let desk: RequestDesk
  private let relay: Relay

  /// What the adapter's link calls back to: the runtime, once there is one.
  private final class Relay: Sendable {
    private let runtime = Mutex(WeakRuntime())

    private struct WeakRuntime: Sendable {
      weak var runtime: BridgeRuntime?
    }

    func connect(_ runtime: BridgeRuntime) { self.runtime.withLock { $0.runtime = runtime } }
    var target: BridgeRuntime? { runtime.withLock { $0.runtime } }
  }

  /// `state` is the orchestrator's folder, by absolute path; `environment` is the operator's.
  package init(
    _ configuration: Configuration, state: String, environment: [String: String],
    clock: any Clock<Duration> = ContinuousClock(), now: @escaping @Sendable () -> Timestamp = { .now },
    logger: Logger
  ) {
    runtimeId = configuration.id
    self.configuration = configuration
    self.now = now
    self.clock = BridgeClock(clock)
    let folder = "\(state)/bridge-\(configuration.id)"
    records = BridgeRecords(folder: folder)
    git = Git(environment: environment, standIns: "\(state)/git")
    desk = RequestDesk(
      configuration.pullRequests, git: git, environment: environment, standIns: "\(state)/git")
    log = AdapterLog(configuration.id, logger, clock: self.clock)
    let relay = Relay()
    self.relay = relay
    opening = AdapterOpening(
      configuration: configuration, folder: folder, environment: environment, clock: self.clock,
      ready: { [outlet] in await outlet.ready() },
      report: { link, report in relay.target?.take(report, from: link) })
    keeper = AdapterKeeper(opening, clock: self.clock) { reason, givesUp in
      relay.target?.adapterIsGone(reason, givesUp: givesUp)
    }
    relay.connect(self)
  }

  package func onEvent(_ handler: @escaping @Sendable (RuntimeEvent) -> Void) { outlet.add(handler) }

  package func pace(by ready: @escaping @Sendable () async -> Void) { outlet.pace(by: ready) }

  /// Starts the adapter, if nobody has, and says what is wrong with it if it is no adapter.
  package func getCapabilities() async throws -> RuntimeCapabilities {
    try await keeper.begun().description.capabilities
  }

  /// Ends the adapter and all that came of it. Live runs are taken up by the next orchestrator, if the adapter knows them.
  package func retire() async {
    state.withLock { $0.isEnded = true }
    await keeper.end()
    state.withLock { $0.isGone = true }
  }

  /// Nothing of its adapter is left, and none is started any more.
  package var isGone: Bool { state.withLock { $0.isGone } }

  /// A look at the one that is up; where none has been started yet, a start of its own, which is ended again.
  package func check() async throws -> RuntimeCheck {
    if await keeper.hasBegun {
      let adapter = try await keeper.begun()
      return check(try await AdapterDescription.ask(adapter.link, configuration, limit: configuration.callLimit))
    }
    var trial = opening
    trial.isKept = false
    let (link, description) = try await trial.open()
    await link.end(grace: configuration.stopGrace)
    return check(description)
  }

  package var isCheapToCheck: Bool { true }

  private func check(_ description: AdapterDescription) -> RuntimeCheck {
    var check = RuntimeCheck(
      agent: description.name ?? description.ownId, agentVersion: description.version,
      protocolName: "bridge", protocolVersion: "\(AdapterDescription.protocolVersion)",
      capabilities: description.capabilities)
    let features: [(BridgeMember, String)] = [
      (.answer, "asks questions"), (.sendMessage, "takes messages"), (.getPatch, "gives patches"),
    ]
    check.features = features.filter { description.members.contains($0.0) }.map(\.1)
    check.notes = configuration.environment.warnings
    if description.ownId != runtimeId.rawValue {
      check.notes.append("It calls itself \(description.ownId); here it is \(runtimeId).")
    }
    return check
  }

  package func startTask(_ contract: Contract) async throws -> StartedTask {
    // Not to be broken off halfway: what a canceled caller had begun would be left behind.
    try await Task { try await start(contract) }.value
  }

  /// The adapter is asked, unless the end is known.
  package func getStatus(_ run: RunID) async throws -> TaskStatus {
    let known = try find(run)
    guard case .running = known.phase else { return known.status }
    await look(after: run)
    return try find(run).status
  }

  package func cancelTask(_ run: RunID, reason: String) async throws { try cancel(run, reason: reason, force: false) }

  package func forceCancelTask(_ run: RunID, reason: String) async throws {
    try cancel(run, reason: reason, force: true)
  }

  package func getArtifacts(_ run: RunID) async throws -> Artifacts {
    let known = try find(run)
    guard known.isLive else { return known.artifacts }
    // What there is so far, if the adapter tells.
    guard let adapter = try? await keeper.current() else { return known.artifacts }  // it has none while it is down
    return (try? await artifacts(of: known, from: adapter, limit: configuration.callLimit)) ?? known.artifacts
  }

  /// As the adapter gives it; empty for one that gives none.
  package func patch(of run: RunID) async throws -> [UInt8] {
    let known = try find(run)
    guard known.isLive else { return known.patch }
    guard let adapter = try? await keeper.current() else { return known.patch }  // it has none while it is down
    return try await patch(of: known, from: adapter, limit: configuration.callLimit)
  }

  /// Where the adapter said that the run works, if that is a folder of this machine.
  package func workspace(of run: RunID) async throws -> Workspace? { try find(run).workspace }

  package func answer(_ run: RunID, attentionId: String, answer: String) async throws {
    let known = try find(run)
    guard known.isLive, known.question == attentionId else {
      throw Problem(.conflict, "Nothing in the run \(run) waits for an answer under \"\(attentionId)\".")
    }
    try await tell(
      .answer, .answer, BridgeParams(texts: ["runId": known.name, "attentionId": attentionId, "answer": answer]), run)
    change(run) { $0.resolved(attentionId, answer: answer, by: "operator") }
  }

  package func send(_ message: String, to run: RunID) async throws {
    let known = try find(run)
    guard known.isLive else { throw Problem(.conflict, "The run \(run) has ended, and takes no messages any more.") }
    try await tell(.sendMessage, .sendMessage, BridgeParams(texts: ["runId": known.name, "message": message]), run)
  }

  /// Asks what not every adapter has.
  private func tell(_ member: BridgeMember, _ method: BridgeMethod, _ params: BridgeParams, _ run: RunID) async throws {
    let adapter = try await keeper.current()
    guard adapter.description.members.contains(member) else {
      throw Problem(.conflict, "The adapter of runtime \(runtimeId) does not implement \(member.rawValue).")
    }
    do {
      _ = try await adapter.link.call(method, params, run: run, limit: configuration.callLimit)
    } catch let fault as BridgeFault { throw fault.problem(method.rawValue, of: runtimeId) }
  }

  // MARK: The runs known

  func find(_ run: RunID) throws -> BridgeRun {
    guard let known = state.withLock({ $0.runs[run] }) else {
      throw Problem(.notFound, "The runtime \(runtimeId) has no run \(run).")
    }
    return known
  }

  /// Changes a run and sends what comes of it, in order with its other events: under the lock.
  func change(_ run: RunID, _ body: (inout BridgeRun) -> [RuntimeEvent.Kind]) {
    state.withLock { state in
      guard var known = state.runs[run] else { return }
      outlet.send(body(&known).map { RuntimeEvent(run, $0) })
      state.runs[run] = known
    }
  }

  /// What comes from the adapter: on its link's queue, in order.
  private func take(_ report: AdapterLink.Report, from link: AdapterLink) {
    switch report {
    case .event(let event): take(event)
    case .remark(let text): log.note(text)
    case .complaint(let text):
      guard log.warn(text) else { return }
      let time = clock.now()
      for run in state.withLock({ $0.runs.values.filter(\.isLive).map(\.run) }) {
        change(run) { $0.remark("its adapter survived an error: \(text)", at: time) }
      }
    case .late(let method, let run, let answer):
      log.note("a late reply to \(method)")
      // Who asked for it has given it up: it must not work for nobody.
      if method == BridgeMethod.startTask.rawValue, let run {
        withdraw(run, as: answer?["runId"]?.string, from: link)
      }
    }
  }

  private func take(_ json: JSONObject) {
    guard let event = BridgeEvent(json) else {
      return log.note("an event without runId and type: \(JSONValue.object(json).jsonText.bounded(200))")
    }
    let time = clock.now()
    let isUnknown = state.withLock { state -> Bool in
      guard let run = state.names[event.run], var known = state.runs[run] else {
        return !hold(event, bytes: json.weight, &state)
      }
      outlet.send(known.take(event, at: time).map { RuntimeEvent(run, $0) })
      state.runs[run] = known
      if event.isHint { nudge(run, &state) }
      return false
    }
    if isUnknown { log.note("an event of the run \(event.run.bounded(80)), which is not known") }
  }

  /// False when nobody can be waiting for it, or there is no room.
  private func hold(_ event: BridgeEvent, bytes: Int, _ state: inout State) -> Bool {
    guard state.starts > 0 else { return false }
    // What speaks of an end is little, and worth more than what fills the room.
    let isFull = state.heldCount >= BridgeBounds.heldEvents || state.heldBytes + bytes > BridgeBounds.held
    guard !isFull || (event.isHint && state.heldCount < 2 * BridgeBounds.heldEvents) else { return false }
    state.held[event.run, default: []].append(event)
    state.heldCount += 1
    state.heldBytes += bytes
    return true
  }
}

/// The adapter's own words in the orchestrator's log: so many a second, the others counted.
final class AdapterLog: Sendable {
  private struct State {
    var window = Duration.zero
    var count = 0
    var dropped = 0
  }

  private let id: RuntimeID
  private let logger: Logger
  private let clock: BridgeClock
  private let state = Mutex(State())

  init(_ id: RuntimeID, _ logger: Logger, clock: BridgeClock) {
    self.id = id
    self.logger = logger
    self.clock = clock
  }

  func note(_ text: String) { _ = write(.notice, text) }
  /// False when it was one too many.
  @discardableResult func warn(_ text: String) -> Bool { write(.warning, text) }

  private func write(_ level: Logger.Level, _ text: String) -> Bool {
    let time = clock.now()
    let (passes, dropped) = state.withLock { state -> (Bool, Int) in
      var dropped = 0
      if time - state.window > .seconds(1) {
        state.window = time
        state.count = 0
        dropped = state.dropped
        state.dropped = 0
      }
      state.count += 1
      guard state.count <= BridgeBounds.remarksPerSecond else {
        state.dropped += 1
        return (false, 0)
      }
      return (true, dropped)
    }
    if dropped > 0 { logger.warning("adapter", metadata: ["runtime": "\(id)", "dropped": "\(dropped) lines"]) }
    if passes { logger.log(level: level, "adapter", metadata: ["runtime": "\(id)", "says": "\(text)"]) }
    return passes
  }
}
