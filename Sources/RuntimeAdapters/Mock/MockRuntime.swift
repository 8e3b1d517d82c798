package import Orchestration
package import RunModel

/// Plays a `MockScript`: for tests, demos and the conformance suite.
package final class MockRuntime: WorkspaceRuntime, ForceCancelingRuntime, AnswerableRuntime {
  package static let kind = "mock"

  package let runtimeId: RuntimeID
  private let script: MockScript
  private let stage: Stage

  package init(
    id: RuntimeID = "mock", script: MockScript, clock: any Clock<Duration> = ContinuousClock(),
    now: @escaping @Sendable () -> Timestamp = { .now }
  ) {
    runtimeId = id
    self.script = script
    stage = Stage(id: id, script: script, clock: clock, now: now)
  }

  package func onEvent(_ handler: @escaping @Sendable (RuntimeEvent) -> Void) { stage.outlet.add(handler) }
  package func getCapabilities() async throws -> RuntimeCapabilities { script.capabilities }
  package func startTask(_ contract: Contract) async throws -> StartedTask { try await stage.start(contract) }
  package func getStatus(_ run: RunID) async throws -> TaskStatus { try await stage.find(run).status }
  package func getArtifacts(_ run: RunID) async throws -> Artifacts { try await stage.find(run).scenario.artifacts }
  package func cancelTask(_ run: RunID, reason: String) async throws { try await stage.cancel(run, force: false) }
  package func forceCancelTask(_ run: RunID, reason: String) async throws { try await stage.cancel(run, force: true) }

  package func answer(_ run: RunID, attentionId: String, answer: String) async throws {
    try await stage.answer(run, attentionId, answer)
  }

  /// Nil: a scripted run works nowhere.
  package func workspace(of run: RunID) async throws -> Workspace? {
    _ = try await stage.find(run)
    return nil
  }

  package func patch(of run: RunID) async throws -> [UInt8] {
    Array(try await stage.find(run).scenario.patch.utf8)
  }
}

/// The runs of one mock runtime.
private actor Stage {
  struct Part {
    var scenario: MockScript.Scenario
    var status = TaskStatus(status: .running, progress: 0)
    var task: Task<Void, Never>?
    var question: String?
    var answered: CheckedContinuation<Void, Never>?
    var isCanceling = false
  }

  nonisolated let outlet = EventOutlet()
  private let id: RuntimeID
  private let script: MockScript
  private let clock: any Clock<Duration>
  private let now: @Sendable () -> Timestamp
  private var parts: [RunID: Part] = [:]
  private var turn = 0

  init(id: RuntimeID, script: MockScript, clock: any Clock<Duration>, now: @escaping @Sendable () -> Timestamp) {
    self.id = id
    self.script = script
    self.clock = clock
    self.now = now
  }

  func find(_ run: RunID) throws -> Part {
    guard let part = parts[run] else { throw Problem(.notFound, "The runtime \(id) has no run \(run).") }
    return part
  }

  func start(_ contract: Contract) throws -> StartedTask {
    guard let run = contract.runId else { throw Problem(.internal, "The contract carries no run id.") }
    guard parts[run] == nil else { throw Problem(.conflict, "The run \(run) has been started already.") }
    let scenario = scenario(for: contract)
    if let error = scenario.startError { throw Problem(.unavailable, error) }
    parts[run] = Part(scenario: scenario)
    parts[run]?.task = Task { await play(run, scenario.steps) }
    return StartedTask(runId: run, runtimeSessionId: scenario.sessionId ?? "mock-\(run.shortName.lowercased())")
  }

  private func scenario(for contract: Contract) -> MockScript.Scenario {
    let matching = script.scenarios.first { $0.match.map(contract.title.contains) ?? false }
    if let matching { return matching }
    let open = script.scenarios.filter { $0.match == nil }
    guard !open.isEmpty else {
      return MockScript.Scenario(startError: "The mock script has no run for \"\(contract.title)\".")
    }
    defer { turn += 1 }
    return open[turn % open.count]
  }

  private func play(_ run: RunID, _ steps: [MockScript.Step]) async {
    for step in steps {
      if step.after > 0 {
        // Cut short by a cancel, which the next line sees.
        try? await clock.sleep(for: .seconds(clamping: step.after))
      }
      guard let part = parts[run], !part.isCanceling, !part.status.status.isTerminal else { return }
      switch step.action {
      case .event(let kind):
        if case .progress(let value, _) = kind, value >= part.status.progress, value <= 1 {
          parts[run]?.status.progress = value
        }
        outlet.send(RuntimeEvent(run, kind))
        if let question = step.question {
          parts[run]?.question = question
          await withCheckedContinuation { parts[run]?.answered = $0 }
        }
      case .end(let end):
        finish(run, end)
        return
      }
    }
  }

  private func finish(_ run: RunID, _ end: TaskEnd) {
    guard parts[run]?.status.status.isTerminal == false else { return }
    switch end.outcome {
    case .succeeded: parts[run]?.status = TaskStatus(status: .succeeded, progress: 1)
    case .failed: parts[run]?.status.status = .failed
    case .canceled: parts[run]?.status.status = .canceled
    }
    outlet.send(RuntimeEvent(run, .ended(end)))
  }

  func answer(_ run: RunID, _ attentionId: String, _ answer: String) throws {
    let part = try find(run)
    guard part.question == attentionId, !part.isCanceling, let waiting = part.answered else {
      throw Problem(.conflict, "Nothing in the run \(run) waits for an answer under \"\(attentionId)\".")
    }
    parts[run]?.question = nil
    parts[run]?.answered = nil
    outlet.send(RuntimeEvent(run, .resolved(id: attentionId, answer: answer, by: "operator")))
    waiting.resume()
  }

  func cancel(_ run: RunID, force: Bool) throws {
    let part = try find(run)
    guard !part.status.status.isTerminal, !part.isCanceling || force else { return }
    let stopSentAt = now()
    if !part.isCanceling {
      parts[run]?.isCanceling = true
      outlet.send(RuntimeEvent(run, .stopSent))
      part.task?.cancel()
      parts[run]?.answered = nil
      part.answered?.resume()
    }
    let seconds = force ? 0 : part.scenario.cancelAfter
    if seconds == 0 {
      end(run, stopSentAt)
    } else {
      Task {
        // Nothing cancels this task.
        try? await clock.sleep(for: .seconds(clamping: seconds))
        end(run, stopSentAt)
      }
    }
  }

  private func end(_ run: RunID, _ stopSentAt: Timestamp) {
    finish(run, TaskEnd(.canceled, proof: CancelProof(stopSentAt: stopSentAt, confirmedAt: now())))
  }
}
