import Orchestration
import RunModel
import RuntimeAdapters
import Synchronization
import TestSupport
import Testing

@Suite("The simulated runtime")
struct SimulatedRuntimeTests {
  private let ids = ULIDGenerator()

  private func contract(_ title: String = "Fix the flaky test") -> Contract {
    var contract = Contract(title: title)
    contract.runId = RunID(ids.next())
    return contract
  }

  private func configuration(_ change: (inout SimulatedRuntime.Configuration) -> Void) -> SimulatedRuntime.Configuration
  {
    var configuration = SimulatedRuntime.Configuration(
      medianSeconds: 0.2, maxSeconds: 0.3, failureRate: 0, attentionRate: 0)
    change(&configuration)
    return configuration
  }

  @Test("Every artifact string begins with [PREVIEW], however the run ended", arguments: [0.0, 1.0])
  func preview(_ failureRate: Double) async throws {
    let runtime = SimulatedRuntime(configuration { $0.failureRate = failureRate })
    let recorder = RuntimeEventRecorder(runtime)
    let contract = contract()
    let run = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    let end = try await recorder.end(of: run)
    #expect(end.outcome == (failureRate == 0 ? .succeeded : .failed))
    let artifacts = try await runtime.getArtifacts(run)
    var texts = artifacts.filesChanged + artifacts.commandsRun + [artifacts.diffSummary, artifacts.handoffNote]
    texts += artifacts.testsRun.flatMap { [$0.name, $0.output ?? "[PREVIEW]"] }
    #expect(texts.allSatisfy { $0.hasPrefix("[PREVIEW]") }, "\(texts)")
    #expect(!artifacts.filesChanged.isEmpty && !artifacts.testsRun.isEmpty)
    #expect(String(decoding: try await runtime.patch(of: run), as: UTF8.self).contains("diff --git"))
  }

  @Test("The same seed and run id play the same run")
  func seeded() async throws {
    let contract = contract()
    let run = try #require(contract.runId)
    var played: [Artifacts] = []
    for _ in 0..<2 {
      let runtime = SimulatedRuntime(configuration { $0.seed = 42 })
      let recorder = RuntimeEventRecorder(runtime)
      _ = try await runtime.startTask(contract)
      try await recorder.end(of: run)
      played.append(try await runtime.getArtifacts(run))
    }
    #expect(played[0] == played[1])
  }

  @Test("A question resolves by an answer, or by itself")
  func attention() async throws {
    let runtime = SimulatedRuntime(configuration { $0.attentionRate = 1 })
    let recorder = RuntimeEventRecorder(runtime)
    let answered = contract()
    let left = contract()
    for contract in [answered, left] { _ = try await runtime.startTask(contract) }
    let run = try #require(answered.runId)
    try await recorder.first("a question") { $0.runId == run && $0.type == "attention" }
    try await runtime.answer(run, attentionId: "a1", answer: "stop here")
    for contract in [answered, left] { try await recorder.end(of: try #require(contract.runId)) }
    #expect(
      recorder.events(of: run).contains {
        $0.kind == .resolved(id: "a1", answer: "stop here", by: "operator")
      })
    #expect(
      recorder.events(of: left.runId).contains {
        $0.kind == .resolved(id: "a1", answer: "go on", by: "simulated")
          || $0.kind == .resolved(id: "a1", answer: "Yes", by: "simulated")
      })
    await #expect(throws: Problem.self) { try await runtime.answer(run, attentionId: "a1", answer: "again") }
  }

  @Test("What it asks is a question, leave for an edit with its diff, or for a command; and it tells a plan")
  func asks() async throws {
    let runtime = SimulatedRuntime(configuration { $0.attentionRate = 1 })
    let recorder = RuntimeEventRecorder(runtime)
    let runs = try (0..<40).map { _ in
      let contract = contract()
      return (contract, try #require(contract.runId))
    }
    for (contract, _) in runs { _ = try await runtime.startTask(contract) }
    for (_, run) in runs { try await recorder.end(of: run) }
    var tools: Set<AttentionDetail.Tool?> = []
    for (_, run) in runs {
      let events = recorder.events(of: run)
      #expect(events.contains { if case .plan(let plan) = $0.kind { plan.progress == 1 } else { false } })
      for event in events {
        guard case .attention(_, _, let options, let kind, let detail) = event.kind else { continue }
        tools.insert(detail?.tool)
        #expect((kind == "permission") == (detail != nil))
        #expect(detail == nil || detail?.choices.count == options.count)
        #expect(detail?.tool != .edit || detail?.diff?.contains("@@ -1") == true)
        #expect(detail?.tool != .execute || detail?.command?.hasPrefix("pytest") == true)
      }
    }
    #expect(tools == [nil, .edit, .execute])
  }

  @Test("An adopted run goes on from its progress")
  func adoption() async throws {
    let runtime = SimulatedRuntime(configuration { $0.medianSeconds = 0.4 })
    let recorder = RuntimeEventRecorder(runtime)
    let contract = contract()
    var run = Run(
      runId: try #require(contract.runId), contractId: ContractID(ids.next()), title: contract.title, createdAt: .now)
    run.progress = 0.6
    #expect(try await !runtime.adopt(contract, run: run, Adoption(followsRestart: true)))
    #expect(try await runtime.adopt(contract, run: run, Adoption()))
    #expect(try await runtime.getStatus(run.runId).progress == 0.6)
    #expect(try await recorder.end(of: run.runId).outcome == .succeeded)
    for event in recorder.events(of: run.runId) {
      if case .progress(let value, _) = event.kind { #expect(value >= 0.6) }
    }
  }

  @Test("A high rate is shared by the live runs and kept to", arguments: [2000.0, 100_000.0])
  func rate(_ rate: Double) async throws {
    let runtime = SimulatedRuntime(
      configuration {
        $0.eventsPerSecond = rate
        $0.medianSeconds = 600
        $0.maxSeconds = 600
      })
    let counts = Mutex<[RunID: Int]>([:])
    let (stream, enough) = AsyncStream.makeStream(of: Void.self)
    runtime.onEvent { event in
      let total = counts.withLock { counts in
        counts[event.runId, default: 0] += 1
        return counts.values.reduce(0, +)
      }
      if total == Int(rate / 2) { enough.finish() }
    }
    let contracts = (0..<4).map { _ in contract() }
    for contract in contracts { _ = try await runtime.startTask(contract) }
    let clock = ContinuousClock()
    let took = await clock.measure { for await _ in stream {} }
    // Never faster than asked; how much slower depends on the machine.
    #expect(took > .milliseconds(400))
    let shares = counts.withLock { Array($0.values) }
    #expect(shares.count == 4)
    #expect((shares.min() ?? 0) * 2 > (shares.max() ?? 0))
    for contract in contracts { try await runtime.forceCancelTask(try #require(contract.runId), reason: "enough") }
  }
}
