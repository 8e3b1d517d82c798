import RunClient
import RunModel
import Synchronization

/// Durable events a second from 500 simulated runs, as the slowest of ten subscribers sees them; then the memory.
func orchestratorEvents(_ workshop: Workshop) async throws -> [Row] {
  let orchestrator = try OrchestratorProcess(
    workshop, state: try workshop.makeFolder("events"),
    configuration: """
      runtimes:
        - id: simulated
          kind: simulated
          seed: 7
          maxParallelTasks: 500
          medianSeconds: 3600
          maxSeconds: 7200
          failureRate: 0
          attentionRate: 0
          eventsPerSecond: 60000
      """)
  defer { orchestrator.stop() }
  let client = RunClient(orchestrator.address)
  _ = try await client.dispatch(DispatchRequest(contracts: [Contract(title: "Work for an hour")], count: 500))
  let seq = try await client.health().seq
  await client.shutdown()
  let subscribers = try Subscribers(10, socket: orchestrator.socket, after: seq)
  defer { subscribers.close() }
  try subscribers.read(for: .seconds(3))
  let before = subscribers.seqs
  let start = ContinuousClock.now
  try subscribers.read(for: .seconds(8))
  let seconds = start.duration(to: .now).inSeconds
  let slowest = zip(subscribers.seqs, before).map { Double($0 - $1) / seconds }.min() ?? 0
  return [
    Row("orchestrator-events", slowest, .atLeast, 20_000, "events/s"),
    Row("orchestrator-memory", residentMegabytes(of: orchestrator.pid), .atMost, 200, "MB"),
  ]
}

/// Dispatches a second, one contract each, by 32 clients at once; the runs are done by the simulated runtime meanwhile.
func orchestratorDispatches(_ workshop: Workshop) async throws -> [Row] {
  let orchestrator = try OrchestratorProcess(
    workshop, state: try workshop.makeFolder("dispatches"),
    configuration: """
      runtimes:
        - id: simulated
          kind: simulated
          seed: 7
          maxParallelTasks: 500
          medianSeconds: 1
          maxSeconds: 2
          failureRate: 0
          attentionRate: 0
      """)
  defer { orchestrator.stop() }
  let client = RunClient(orchestrator.address)
  _ = try await client.health()
  let start = ContinuousClock.now
  let end = start + .seconds(5)
  let dispatched = try await withThrowingTaskGroup(of: Int.self) { group in
    for place in 0..<32 {
      group.addTask {
        var count = 0
        while ContinuousClock.now < end {
          _ = try await client.dispatch(DispatchRequest(contracts: [Contract(title: SampleRuns.title(place + count))]))
          count += 1
        }
        return count
      }
    }
    return try await group.reduce(0, +)
  }
  let rate = Double(dispatched) / start.duration(to: .now).inSeconds
  await client.shutdown()
  return [Row("orchestrator-dispatches", rate, .atLeast, 500, "runs/s")]
}
