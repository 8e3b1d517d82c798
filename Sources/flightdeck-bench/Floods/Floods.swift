import Glibc
import RunClient
import RunModel

/// Everything that can be too much, at full size, against the bounds: a row for each thing that must stay within.
///
/// `only`: what the names of the wanted parts begin with: `flood`, `queue`, `subscribers`, `frozen`; empty: all.
func measureFloods(_ workshop: Workshop, only: [String], tell: (Row) -> Void) async throws -> [Row] {
  let parts: [(name: String, measure: (Workshop) async throws -> [Row])] = [
    ("flood", { try await agentFloods($0, only: only) }), ("queue", longQueue), ("subscribers", manySubscribers),
    ("frozen", frozenDashboards),
  ]
  var rows: [Row] = []
  for part in parts where only.isEmpty || only.contains(where: { $0.hasPrefix(part.name) || part.name.hasPrefix($0) }) {
    for row in try await part.measure(workshop) {
      tell(row)
      rows.append(row)
    }
  }
  return rows
}

/// 10,000 contracts queued at once, and worked off.
private func longQueue(_ workshop: Workshop) async throws -> [Row] {
  let state = try workshop.makeFolder("queue")
  let orchestrator = try OrchestratorProcess(
    workshop, state: state,
    configuration: """
      runtimes:
        - {id: simulated, kind: simulated, maxParallelTasks: 200, medianSeconds: 0.05, maxSeconds: 0.1, failureRate: 0, attentionRate: 0}
      """)
  defer { orchestrator.stop() }
  let gauge = Gauge(pid: orchestrator.pid)
  let client = RunClient(orchestrator.address)
  let contracts = (0..<10_000).map { place in
    var contract = Contract(title: SampleRuns.title(place))
    contract.priority = 1 + place * 7919 % 1000
    return contract
  }
  let start = ContinuousClock.now
  _ = try await client.dispatch(DispatchRequest(contracts: contracts))
  let dispatched = start.duration(to: .now).inSeconds
  // One more, while they wait: the latency of a dispatch behind a long queue.
  let asked = ContinuousClock.now
  _ = try await client.dispatch(DispatchRequest(contracts: [Contract(title: "One more")]))
  let latency = asked.duration(to: .now).inMilliseconds
  let screen = try Screen(workshop, ["--state", state])
  defer { screen.stop() }
  try screen.wait(for: " live")
  screen.press("3")
  while try await client.runs(RunQuery(statuses: [.queued, .running], limit: 1)).runs.first != nil {
    guard start.duration(to: .now) < .seconds(300) else { throw Problem(.unavailable, "The queue never ended.") }
    screen.read(for: .milliseconds(100))
    screen.forget()
  }
  let seconds = start.duration(to: .now).inSeconds - dispatched
  await client.shutdown()
  return [
    Row("queue-dispatch", dispatched, .atMost, 5, "s"),
    Row("queue-one-more", latency, .atMost, 500, "ms"),
    Row("queue-rate", 10_001 / seconds, .atLeast, 500, "runs/s"),
    Row("queue-memory", gauge.peak, .atMost, 200, "MB"),
    Row("queue-dashboard-memory", Gauge(pid: screen.pid).peak, .atMost, 150, "MB"),
  ]
}

/// 100 subscribers at 10,000 events/s, half of whom never read, until these are let go.
private func manySubscribers(_ workshop: Workshop) async throws -> [Row] {
  let orchestrator = try OrchestratorProcess(
    workshop, state: try workshop.makeFolder("subscribers"), configuration: talkative(rate: 10_000))
  defer { orchestrator.stop() }
  let gauge = Gauge(pid: orchestrator.pid)
  let client = RunClient(orchestrator.address)
  _ = try await client.dispatch(DispatchRequest(contracts: [Contract(title: "Work for an hour")], count: 500))
  let seq = try await client.health().seq
  let stalled = try Subscribers(50, socket: orchestrator.socket, after: seq)
  defer { stalled.close() }
  let reading = try Subscribers(50, socket: orchestrator.socket, after: seq)
  defer { reading.close() }
  try reading.read(for: .seconds(5))
  var behind: [Double] = []
  let start = ContinuousClock.now
  let first = try await client.health().seq
  while start.duration(to: .now) < Bounds.stall + .seconds(20) {
    try reading.read(for: .milliseconds(500))
    let now = try await client.health().seq
    behind.append(Double(now - min(now, reading.seqs.min() ?? 0)))
  }
  let last = try await client.health().seq
  let rate = Double(last - first) / start.duration(to: .now).inSeconds
  await client.shutdown()
  return [
    Row("subscribers-rate", rate, .atLeast, 9000, "events/s"),
    // Of those that read, the slowest: what it lacks, as time.
    Row("subscribers-behind", behind.quantile(0.99) / rate * 1000, .atMost, 500, "ms"),
    Row("subscribers-memory", gauge.peak, .atMost, 200, "MB"),
    Row("subscribers-stalled-left", Double(stalled.open), .atMost, 0, "streams"),
  ]
}

/// Runs for hours that say so many things a second together.
func talkative(rate: Int) -> String {
  """
  runtimes:
    - {id: simulated, kind: simulated, seed: 7, maxParallelTasks: 500, medianSeconds: 36000, maxSeconds: 72000, failureRate: 0, attentionRate: 0, eventsPerSecond: \(rate)}
  """
}

/// Dashboards on terminals that nobody reads, and one that is stopped, at 10,000 events/s.
private func frozenDashboards(_ workshop: Workshop) async throws -> [Row] {
  let state = try workshop.makeFolder("frozen")
  let orchestrator = try OrchestratorProcess(workshop, state: state, configuration: talkative(rate: 10_000))
  defer { orchestrator.stop() }
  let client = RunClient(orchestrator.address)
  _ = try await client.dispatch(DispatchRequest(contracts: [Contract(title: "Work for an hour")], count: 500))
  let unread = try Screen(workshop, ["--state", state])
  defer { unread.stop() }
  let stopped = try Screen(workshop, ["--state", state])
  defer { stopped.stop() }
  for screen in [unread, stopped] { try screen.wait(for: " live") }
  kill(stopped.pid, SIGSTOP)
  try await Task.sleep(for: .seconds(10))
  let gauge = Gauge(pid: unread.pid)
  let before = gauge.resident
  let first = try await client.health().seq
  let start = ContinuousClock.now
  try await Task.sleep(for: Bounds.stall + .seconds(15))
  let rate = Double(try await client.health().seq - first) / start.duration(to: .now).inSeconds
  let after = gauge.resident
  var answers: [Double] = []
  kill(stopped.pid, SIGCONT)
  for screen in [unread, stopped] {
    screen.read(for: .seconds(3))
    screen.forget()
    let pressed = ContinuousClock.now
    screen.press("?")
    try screen.wait(for: "invert")
    answers.append(pressed.duration(to: .now).inMilliseconds)
  }
  await client.shutdown()
  return [
    Row("frozen-growth", after - before, .atMost, 8, "MB"),
    Row("frozen-rate", rate, .atLeast, 9000, "events/s"),
    Row("frozen-thaw-key", answers.max() ?? 0, .atMost, 200, "ms"),
    Row("frozen-memory", max(gauge.peak, Gauge(pid: stopped.pid).peak), .atMost, 150, "MB"),
    Row("frozen-orchestrator", Gauge(pid: orchestrator.pid).peak, .atMost, 200, "MB"),
  ]
}
