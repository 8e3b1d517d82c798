import Orchestration
import RunModel
import TestSupport
import Testing

/// Requests under an idempotency key.
@Suite struct OnceTests {
  private func request(_ title: String, _ key: String = "k") -> DispatchRequest {
    DispatchRequest(contracts: [Contract(title: title)], idempotencyKey: key)
  }

  @Test("Sent again, at once and many times, it is done once and answered the same")
  func together() async throws {
    try await Rig.with { rig in
      let answers = try await withThrowingTaskGroup(of: [DispatchOutcome].self) { group in
        for _ in 0..<20 {
          group.addTask { try await rig.orchestrator.dispatch(request("x"), by: rig.human) }
        }
        return try await group.reduce(into: [[DispatchOutcome]]()) { $0.append($1) }
      }
      #expect(Set(answers.map { $0.map(\.runId) }).count == 1)
      #expect(await rig.orchestrator.runs(RunQuery()).runs.count == 1)
    }
  }

  @Test("The same key for another request is refused, and nothing is done")
  func otherRequest() async throws {
    try await Rig.with { rig in
      let first = try await rig.dispatchOnce(request("x"))
      let problem = await #expect(throws: Problem.self) { try await rig.dispatchOnce(request("y")) }
      #expect(problem?.code == .conflict)
      #expect(problem?.detail.contains("\"k\" was used for another request") == true)
      #expect(try await rig.dispatchOnce(request("y", "l")) != first)
      #expect(await rig.orchestrator.runs(RunQuery()).runs.count == 2)
    }
  }

  @Test("A key is known after a restart")
  func restart() async throws {
    let store = InMemoryRunStore()
    var first: RunID?
    try await Rig.with(store: store) { rig in first = try await rig.dispatchOnce(request("x")) }
    try await Rig.with(store: store) { rig in
      let again = try await rig.dispatchOnce(request("x"))
      #expect(again == first)
      await #expect(throws: Problem.self) { try await rig.dispatchOnce(request("y")) }
    }
  }

  @Test("A request that could not be stored is not done, and may be sent again")
  func refused() async throws {
    try await Rig.with { rig in
      rig.store.failCommits(with: Problem(.unavailable, "The disk is full."))
      await #expect(throws: Problem.self) { try await rig.dispatchOnce(request("x")) }
      // The outage's end is the first that is stored again.
      let seq = await rig.orchestrator.lastSeq()
      rig.store.failCommits(with: nil)
      _ = try await rig.orchestrator.events(after: seq, wait: true)
      _ = try await rig.dispatchOnce(request("x"))
      #expect(await rig.orchestrator.runs(RunQuery()).runs.count == 1)
    }
  }

  @Test("A retry under a key makes one run")
  func retry() async throws {
    try await Rig.with { rig in
      let run = try await rig.dispatch()
      try await rig.wait(for: .started, of: run)
      rig.runtime.end(run, .succeeded)
      try await rig.wait(for: .succeeded, of: run)
      let first = try await rig.orchestrator.retry(run, idempotencyKey: "r", by: rig.human)
      let second = try await rig.orchestrator.retry(run, idempotencyKey: "r", by: rig.human)
      #expect(first.runId == second.runId)
      #expect(try await rig.orchestrator.retry(run, idempotencyKey: "s", by: rig.human).runId != first.runId)
      let other = try #require(first.runId)
      await #expect(throws: Problem.self) {
        try await rig.orchestrator.retry(other, idempotencyKey: "r", by: rig.human)
      }
    }
  }
}

extension Rig {
  fileprivate func dispatchOnce(_ request: DispatchRequest) async throws -> RunID? {
    try await orchestrator.dispatch(request, by: human).first?.runId
  }
}
