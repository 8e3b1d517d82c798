package import Orchestration
package import RunModel

/// What a runtime does that AWFAgentRuntime does not allow.
package struct ConformanceFailure: Error, CustomStringConvertible {
  package var description: String
  package init(_ description: String) { self.description = description }
}

/// AWFAgentRuntime v1.0 as checks that any adapter can be run through.
///
/// Each throws a `ConformanceFailure` that says what is wrong. The adapter needs one kind of contract that ends by
/// itself within seconds and one that goes on until it is canceled.
package struct RuntimeConformance: Sendable {
  package enum Check: String, CaseIterable, Sendable, CustomStringConvertible {
    case theRunIdIsOurs, theRuntimeIdIsShort, capabilitiesAreStable, unknownRunsAreErrors, aRunEnds
    case progressNeverGoesBack, cancelEndsTheRun, cancelTwiceIsOneCancel, cancelAfterTheEndChangesNothing
    case artifactsHaveTheirShape, eventsCarryRunAndType, nothingFollowsTheEnd, aRunStartsOnce

    package var description: String { rawValue }
  }

  private let runtime: any AgentRuntime
  private let recorder: RuntimeEventRecorder
  private let ending: @Sendable (RunID) -> Contract
  private let endless: @Sendable (RunID) -> Contract
  private let ids = ULIDGenerator()

  package init(
    _ runtime: any AgentRuntime, ending: @escaping @Sendable (RunID) -> Contract,
    endless: @escaping @Sendable (RunID) -> Contract
  ) {
    self.runtime = runtime
    self.ending = ending
    self.endless = endless
    recorder = RuntimeEventRecorder(runtime)
  }

  package func run(_ check: Check) async throws {
    switch check {
    case .theRunIdIsOurs: try await theRunIdIsOurs()
    case .theRuntimeIdIsShort: try theRuntimeIdIsShort()
    case .capabilitiesAreStable: try await capabilitiesAreStable()
    case .unknownRunsAreErrors: try await unknownRunsAreErrors()
    case .aRunEnds: try await aRunEnds()
    case .progressNeverGoesBack: try await progressNeverGoesBack()
    case .cancelEndsTheRun: try await cancelEndsTheRun()
    case .cancelTwiceIsOneCancel: try await cancelTwiceIsOneCancel()
    case .cancelAfterTheEndChangesNothing: try await cancelAfterTheEndChangesNothing()
    case .artifactsHaveTheirShape: try await artifactsHaveTheirShape()
    case .eventsCarryRunAndType: try await eventsCarryRunAndType()
    case .nothingFollowsTheEnd: try await nothingFollowsTheEnd()
    case .aRunStartsOnce: try await aRunStartsOnce()
    }
  }

  private func require(_ condition: Bool, _ otherwise: @autoclosure () -> String) throws {
    if !condition { throw ConformanceFailure(otherwise()) }
  }

  private func start(_ contract: (RunID) -> Contract) async throws -> RunID {
    let run = RunID(ids.next())
    var contract = contract(run)
    contract.runId = run
    _ = try await runtime.startTask(contract)
    return run
  }

  private func theRunIdIsOurs() async throws {
    let run = RunID(ids.next())
    var contract = ending(run)
    contract.runId = run
    let started = try await runtime.startTask(contract)
    try require(started.runId == run, "startTask answered with \(started.runId), not with our \(run)")
    try require(!started.runtimeSessionId.isEmpty, "the runtimeSessionId is empty")
    try await recorder.end(of: run)
  }

  private func theRuntimeIdIsShort() throws {
    let id = runtime.runtimeId.rawValue
    try require(!id.isEmpty && id.count <= 40, "the runtimeId \"\(id)\" is empty or long")
    try require(id == runtime.runtimeId.rawValue, "the runtimeId changes")
    try require(!id.contains { $0.isWhitespace || $0 == "/" }, "the runtimeId \"\(id)\" does not fit an event's type")
  }

  private func capabilitiesAreStable() async throws {
    let before = try await runtime.getCapabilities()
    try require(before.maxParallelTasks >= 1, "maxParallelTasks is \(before.maxParallelTasks)")
    let run = try await start(ending)
    try require(try await runtime.getCapabilities() == before, "the capabilities changed while a run lives")
    try await recorder.end(of: run)
    try require(try await runtime.getCapabilities() == before, "the capabilities changed after a run")
  }

  private func unknownRunsAreErrors() async throws {
    let run = RunID(ids.next())
    let runtime = runtime
    try await mustNotFind("getStatus") { _ = try await runtime.getStatus(run) }
    try await mustNotFind("cancelTask") { try await runtime.cancelTask(run, reason: "test") }
    try await mustNotFind("getArtifacts") { _ = try await runtime.getArtifacts(run) }
    if let runtime = runtime as? any WorkspaceRuntime {
      try await mustNotFind("patch") { _ = try await runtime.patch(of: run) }
    }
  }

  private func mustNotFind(_ name: String, _ call: () async throws -> Void) async throws {
    do {
      try await call()
    } catch let problem as Problem {
      try require(problem.code == .notFound, "\(name) of an unknown run throws \(problem.code), not notFound")
      return
    }
    throw ConformanceFailure("\(name) of an unknown run is no error")
  }

  private func aRunEnds() async throws {
    let run = try await start(ending)
    let end = try await recorder.end(of: run)
    try require(end.outcome != .canceled, "a run that nobody canceled is canceled")
    let status = try await runtime.getStatus(run)
    try require(
      status.status.rawValue == end.outcome.rawValue, "getStatus says \(status.status), the event \(end.outcome)")
    if status.status == .succeeded {
      try require(status.progress == 1, "a succeeded run has progress \(status.progress)")
    }
  }

  private func progressNeverGoesBack() async throws {
    let run = try await start(ending)
    var last = 0.0
    while true {
      let status = try await runtime.getStatus(run)
      try require((0...1).contains(status.progress), "progress is \(status.progress)")
      try require(status.progress >= last, "progress went from \(last) to \(status.progress)")
      last = status.progress
      if status.status.isTerminal { return }
      try require(status.status == .running || status.status == .queued, "the status is \(status.status)")
      try await Task.sleep(for: .milliseconds(5))
    }
  }

  private func cancelEndsTheRun() async throws {
    let run = try await start(endless)
    try require(!(try await runtime.getStatus(run).status.isTerminal), "an endless run has ended by itself")
    try await runtime.cancelTask(run, reason: "conformance")
    let end = try await recorder.end(of: run)
    try require(end.outcome == .canceled, "a canceled run ended as \(end.outcome)")
    try require(end.proof?.confirmedAt != nil, "the end of a canceled run carries no proof")
    try require(try await runtime.getStatus(run).status == .canceled, "getStatus does not say canceled")
    let kinds = recorder.events(of: run).map(\.type)
    try require(kinds.contains("stop_sent"), "no event says that the stop was sent: \(kinds)")
  }

  private func cancelTwiceIsOneCancel() async throws {
    let run = try await start(endless)
    for _ in 0..<3 { try await runtime.cancelTask(run, reason: "conformance") }
    try await recorder.end(of: run)
    try await runtime.cancelTask(run, reason: "conformance")
    let events = recorder.events(of: run).map(\.type)
    try require(
      events.count { $0 == "ended" } == 1, "canceled twice, the run ended \(events.count { $0 == "ended" }) times")
    try require(events.count { $0 == "stop_sent" } == 1, "canceled twice, the stop was sent twice")
  }

  private func cancelAfterTheEndChangesNothing() async throws {
    let run = try await start(ending)
    try await recorder.end(of: run)
    let before = try await runtime.getStatus(run)
    let count = recorder.events(of: run).count
    try await runtime.cancelTask(run, reason: "too late")
    try require(try await runtime.getStatus(run) == before, "a cancel after the end changed the status")
    try require(recorder.events(of: run).count == count, "a cancel after the end made events")
  }

  private func artifactsHaveTheirShape() async throws {
    let run = try await start(ending)
    _ = try await runtime.getArtifacts(run)
    try await recorder.end(of: run)
    let artifacts = try await runtime.getArtifacts(run)
    let json = try JSONValue(parsing: artifacts.jsonBytes)
    for (key, isRight) in [
      ("files_changed", json["files_changed"]?.array?.allSatisfy { $0.string != nil }),
      ("diff_summary", json["diff_summary"]?.string.map { _ in true }),
      ("commands_run", json["commands_run"]?.array?.allSatisfy { $0.string != nil }),
      ("tests_run", json["tests_run"]?.array?.allSatisfy { $0.object != nil }),
      ("handoff_note", json["handoff_note"]?.string.map { _ in true }),
    ] {
      try require(isRight == true, "\(key) is not as the contract has it: \(json[key] ?? .null)")
    }
    try require(try await runtime.getArtifacts(run) == artifacts, "the artifacts of an ended run change")
    if !(try await runtime.getCapabilities().canCreatePR) {
      try require(artifacts.prURL == nil, "a runtime that cannot open pull requests gives a pr_url")
    }
  }

  private func eventsCarryRunAndType() async throws {
    let run = try await start(ending)
    try await recorder.end(of: run)
    let events = recorder.events(of: run)
    try require(!events.isEmpty, "no event carries the run's id")
    try require(events.allSatisfy { !$0.type.isEmpty }, "an event has no type")
  }

  private func nothingFollowsTheEnd() async throws {
    let first = try await start(ending)
    try await recorder.end(of: first)
    // Another run's whole life is time enough for a late event of the first.
    try await recorder.end(of: try await start(ending))
    try require(recorder.events(of: first).last?.type == "ended", "events follow the end")
  }

  private func aRunStartsOnce() async throws {
    let run = try await start(endless)
    var contract = endless(run)
    contract.runId = run
    do {
      _ = try await runtime.startTask(contract)
      throw ConformanceFailure("a run id that lives was started again")
    } catch is Problem {
      try await runtime.cancelTask(run, reason: "conformance")
      try await recorder.end(of: run)
    }
  }
}
