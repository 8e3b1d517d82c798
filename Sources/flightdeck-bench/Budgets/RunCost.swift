import CProcess
import FoundationEssentials
import Glibc
import RunClient
import RunModel

/// What a run takes over its agent alone: from the dispatch on record to the end on record, with worktree, supervisor,
/// what changed and the store; for a command line and for an agent that speaks ACP. The median of 40 runs, one at a time.
func runCost(_ workshop: Workshop) async throws -> [Row] {
  let agent = try workshop.write(scriptedAgent, to: "agent.sh")
  let input = try workshop.write(
    #"{"id":1,"method":"initialize"}"# + "\n" + #"{"id":2,"method":"session/new"}"# + "\n"
      + #"{"id":3,"method":"session/prompt"}"# + "\n", to: "agent.in")
  let state = try workshop.makeFolder("cost")
  let orchestrator = try OrchestratorProcess(
    workshop, state: state,
    configuration: """
      runtimes:
        - id: local
          kind: local
          command: [sh, "\(agent)", work]
          stdin: none
        - id: acp
          kind: acp
          command: [sh, "\(agent)"]
      """)
  defer { orchestrator.stop() }
  let client = RunClient(orchestrator.address)
  let repository = try workshop.makeRepository("cost-repository")
  let kinds = [("run-cost", "local", [agent, "work"]), ("run-cost-acp", "acp", [agent])]
  var over = kinds.map { _ in [Double]() }
  // In turns, so that a machine that is slow for a while is so for both; the first ones find nothing in memory yet.
  for round in -5..<40 {
    for (index, (_, runtime, words)) in kinds.enumerated() {
      let alone = try await agentAlone(workshop, words, input: input)
      let whole = try await oneRun(client, on: runtime, in: repository)
      if round >= 0 { over[index].append(whole - alone) }
    }
  }
  await client.shutdown()
  return zip(kinds, over).map { Row($0.0, $1.median, .atMost, 30, "ms") }
}

/// What a live run holds of private memory over its agent: its supervisor, and its share of the orchestrator.
func runMemory(_ workshop: Workshop) async throws -> [Row] {
  let count = 50
  let orchestrator = try OrchestratorProcess(
    workshop, state: try workshop.makeFolder("memory"),
    configuration: """
      runtimes:
        - id: local
          kind: local
          command: [sleep, "600"]
          stdin: none
          maxParallelTasks: \(count)
      """)
  defer { orchestrator.stop() }
  let client = RunClient(orchestrator.address)
  var contract = Contract(title: "Sleep")
  contract.repository = try workshop.makeRepository("memory-repository")
  // The first makes room for what all share.
  let first = try await client.dispatch(DispatchRequest(contracts: [contract]))
  try await awaitRunning(1, client)
  let before = Gauge(pid: orchestrator.pid).unshared
  let outcomes = try await client.dispatch(DispatchRequest(contracts: [contract], count: count - 1))
  try await awaitRunning(count, client)
  let grown = Gauge(pid: orchestrator.pid).unshared - before
  let supervisors = Gauge(pid: orchestrator.pid).children.map { Gauge(pid: $0).unshared }
  guard supervisors.count >= count else {
    throw Problem(.internal, "\(supervisors.count) supervisors are there for \(count) runs.")
  }
  for run in (first + outcomes).compactMap(\.runId) {
    _ = try await client.cancel(run.description, reason: "measured", force: true)
  }
  await client.shutdown()
  return [Row("run-memory", supervisors.median + max(0, grown) / Double(count - 1), .atMost, 8, "MB")]
}

/// Answers what the protocol asks, without doing any work; with `work` it writes a file instead.
private let scriptedAgent = #"""
  if [ "$1" = work ]; then echo done > result.txt; echo done; exit; fi
  while read -r line; do
    id=${line#*\"id\":}; id=${id%%[!0-9]*}
    case $line in
      *'"initialize"'*) result='{"protocolVersion":1,"agentCapabilities":{}}' ;;
      *'"session/new"'*) result='{"sessionId":"s"}' ;;
      *) result='{"stopReason":"end_turn"}' ;;
    esac
    echo '{"jsonrpc":"2.0","id":'"$id"',"result":'"$result"'}'
  done
  """#

/// Milliseconds from the dispatch on record to the end on record.
private func oneRun(_ client: RunClient, on runtime: String, in repository: String) async throws -> Double {
  var contract = Contract(title: "Do next to nothing")
  contract.repository = repository
  var work = DispatchRequest(contracts: [contract])
  work.runtimes = [RuntimeID(runtime)]
  guard let id = try await client.dispatch(work).first?.runId else {
    throw Problem(.internal, "The dispatch made no run.")
  }
  while true {
    let run = try await client.detail(of: id.description).run
    guard let end = run.endedAt, run.status.isTerminal else {
      // Seldom enough that asking costs the run nothing that is seen.
      try await Task.sleep(for: .milliseconds(20))
      continue
    }
    guard run.status == .succeeded else { throw Problem(.internal, "Run \(id) has \(run.status): \(run.reason ?? "")") }
    return Double((end - run.createdAt).milliseconds)
  }
}

/// Milliseconds that the agent takes by itself.
private func agentAlone(_ workshop: Workshop, _ words: [String], input path: String) async throws -> Double {
  let input = open(path, O_RDONLY | O_CLOEXEC)
  let nothing = open("/dev/null", O_WRONLY | O_CLOEXEC)
  defer { for descriptor in [input, nothing] { close(descriptor) } }
  return try milliseconds {
    var pid: pid_t = 0
    let failure = withCStrings(["sh"] + words) { arguments in
      withCStrings(workshop.environment) {
        cprocess_spawn(&pid, "/bin/sh", arguments, $0, workshop.folder, input, nothing, nothing)
      }
    }
    var status: Int32 = 0
    guard failure == 0, waitpid(pid, &status, 0) == pid, status == 0 else {
      throw Problem(.internal, "The agent failed by itself.")
    }
  }
}

private func awaitRunning(_ count: Int, _ client: RunClient) async throws {
  for _ in 0..<600 {
    var query = RunQuery()
    query.statuses = [.running]
    if try await client.runs(query).runs.count >= count { return }
    try await Task.sleep(for: .milliseconds(100))
  }
  throw Problem(.internal, "\(count) runs were not running within a minute.")
}

extension Gauge {
  fileprivate var children: [pid_t] {
    let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")) ?? []
    return tasks.flatMap { task in
      // A thread that has ended has none.
      let text = (try? String(contentsOfFile: "/proc/\(pid)/task/\(task)/children", encoding: .utf8)) ?? ""
      return text.split(separator: " ").compactMap { pid_t($0) }
    }
  }
}
