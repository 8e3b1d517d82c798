package import RunModel

/// The life of one run as a value: inputs in, actions out, no I/O. The orchestrator performs the actions.
///
/// `queued → running → succeeded | failed | canceled`, `queued → canceled`; a run that was told to stop ends only when
/// its runtime says that its processes are gone.
package struct RunMachine: Sendable, Equatable {
  package enum Phase: Sendable, Equatable {
    case queued
    /// A runtime has been chosen and asked; the run is still `queued` for the world.
    case starting
    case working
    /// The agent has ended; the verify commands run.
    case verifying(agent: TaskEnd)
    case ended(RunStatus)
  }

  /// Why a run is made to stop.
  package enum Stop: Sendable, Equatable {
    case cancel(reason: String, force: Bool)
    case timeout(seconds: Double)

    var isForced: Bool { if case .cancel(_, true) = self { true } else { false } }
  }

  package enum Input: Sendable, Equatable {
    case startRequested
    case started
    case startFailed(reason: String)
    /// It could not be started for a reason that is not its own: it waits on.
    case startDeferred
    case stopRequested(Stop)
    case stopSent
    case agentEnded(TaskEnd)
    /// All verify commands are through; `failure` names the first that failed.
    case verified(failure: String?)
    /// Nothing is left of it: no process, no runtime that knows it.
    case lost(reason: String)
  }

  package enum Action: Sendable, Equatable {
    case start
    case recordCancelRequest
    case recordStopSent
    case stopAgent(force: Bool)
    case stopVerification
    case verify
    case finish(RunStatus, reason: String?)
  }

  /// An input that cannot come in this phase: a defect of the caller or of an adapter, never of an operator.
  package struct IllegalTransition: Error, Equatable, CustomStringConvertible {
    package var input: Input
    package var phase: Phase
    package var description: String { "\(input) cannot happen to a run that is \(phase)" }
  }

  package private(set) var phase: Phase
  package private(set) var stop: Stop?
  private let hasVerification: Bool

  /// `hasVerification`: whether verify commands follow the agent's end.
  package init(phase: Phase = .queued, hasVerification: Bool) {
    self.phase = phase
    self.hasVerification = hasVerification
  }

  package var status: RunStatus {
    switch phase {
    case .queued, .starting: .queued
    case .working, .verifying: .running
    case .ended(let status): status
    }
  }

  package mutating func receive(_ input: Input) throws(IllegalTransition) -> [Action] {
    switch (phase, input) {
    case (.queued, .startRequested):
      phase = .starting
      return [.start]
    case (.queued, .stopRequested(.cancel(let reason, let force))):
      stop = .cancel(reason: reason, force: force)
      return [.recordCancelRequest] + end(.canceled, reason: reason)

    case (.starting, .started):
      phase = .working
      return stop.map { [.stopAgent(force: $0.isForced)] } ?? []
    case (.starting, .startFailed(let reason)):
      return endStopped() ?? end(.failed, reason: reason)
    case (.starting, .startDeferred):
      if let actions = endStopped() { return actions }
      phase = .queued
      return []
    case (.starting, .lost), (.queued, .lost):
      guard case .lost(let reason) = input else { return [] }
      return endStopped() ?? end(.failed, reason: reason)

    case (.starting, .stopRequested(let wanted)), (.working, .stopRequested(let wanted)),
      (.verifying, .stopRequested(let wanted)):
      return requestStop(wanted)
    case (.working, .stopSent): return [.recordStopSent]
    case (.starting, .agentEnded(let agent)), (.working, .agentEnded(let agent)):
      if let actions = endStopped() { return actions }
      guard hasVerification, agent.outcome != .canceled else { return end(as: agent) }
      phase = .verifying(agent: agent)
      return [.verify]
    case (.working, .lost(let reason)), (.verifying, .lost(let reason)):
      return endStopped() ?? end(.failed, reason: reason)

    case (.verifying(let agent), .verified(let failure)):
      if let actions = endStopped() { return actions }
      if let failure { return end(.failed, reason: failure) }
      return end(as: agent)

    case (.ended, .stopRequested), (.ended, .stopSent): return []
    default: throw IllegalTransition(input: input, phase: phase)
    }
  }

  private mutating func requestStop(_ wanted: Stop) -> [Action] {
    let isFirst = stop == nil
    let escalates = wanted.isForced && stop?.isForced == false
    guard isFirst || escalates else { return [] }
    if case .timeout = wanted {} else { stop = wanted }
    if isFirst { stop = wanted }
    var actions: [Action] = []
    if case .cancel = wanted { actions.append(.recordCancelRequest) }
    switch phase {
    case .working: actions.append(.stopAgent(force: wanted.isForced))
    case .verifying: if isFirst { actions.append(.stopVerification) }
    case .queued, .starting, .ended: break
    }
    return actions
  }

  /// The end of a run that was told to stop; nil when it was not.
  private mutating func endStopped() -> [Action]? {
    switch stop {
    case .cancel(let reason, _): end(.canceled, reason: reason)
    case .timeout(let seconds): end(.failed, reason: "It ran longer than its limit of \(JSONWriter.number(seconds)) s.")
    case nil: nil
    }
  }

  private mutating func end(as agent: TaskEnd) -> [Action] {
    switch agent.outcome {
    case .succeeded: end(.succeeded, reason: agent.reason)
    case .failed: end(.failed, reason: agent.reason)
    case .canceled: end(.canceled, reason: agent.reason)
    }
  }

  private mutating func end(_ status: RunStatus, reason: String?) -> [Action] {
    phase = .ended(status)
    return [.finish(status, reason: reason)]
  }
}
