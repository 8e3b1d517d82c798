import FoundationEssentials
import Glibc
import RunClient
import RunModel

/// An agent that prints too much; `script` is what `/bin/sh -c` runs.
private struct FloodAgent {
  var name: String
  var script: String

  static let all = [
    FloodAgent(
      name: "1gb", script: "yes 'a line of some sixty characters, as compilers and tests print' | head -c 1073741824"),
    FloodAgent(
      name: "100mb-lines",
      script: "for i in 1 2 3 4 5; do head -c 104857600 /dev/zero | tr '\\0' x; echo; done; echo end"),
    FloodAgent(name: "endless-line", script: "head -c 1073741824 /dev/zero | tr '\\0' x"),
    FloodAgent(name: "binary", script: "head -c 268435456 /dev/urandom"),
    FloodAgent(name: "zeros", script: "head -c 268435456 /dev/zero"),
    FloodAgent(name: "empty-lines", script: "yes '' | head -n 1000000"),
    FloodAgent(name: "redraws", script: "yes | head -c 100000000 | tr '\\n' '\\r'; echo"),
    FloodAgent(
      name: "both-streams",
      script: "(yes 'this is standard error' | head -c 268435456 >&2) & yes 'this is output' | head -c 268435456; wait"),
    FloodAgent(
      name: "speech",
      script: #"""
        awk 'BEGIN { for (i = 1; i <= 300000; i++) {
          printf "{\"awf\":\"progress\",\"progress\":%.6f,\"message\":\"step %d\"}\n", i / 300001, i
          printf "{\"awf\":\"tool\",\"name\":\"edit\",\"target\":\"file%d\"}\n", i
          printf "{\"awf\":\"attention\",\"question\":\"question %d?\",\"attentionId\":\"q%d\"}\n", i, i
          printf "{\"awf\":\"usage\",\"inputTokens\":%d}\n", i } }'
        """#),
    FloodAgent(
      name: "patch",
      script: "yes 'a new line of a new file, of which there are very many' | head -c 1200000000 > new.txt"),
  ]
}

/// While each agent floods: the memory of orchestrator and supervisor, and how long others wait for an answer.
func agentFloods(_ workshop: Workshop, only: [String]) async throws -> [Row] {
  let scripts = try workshop.makeFolder("agents")
  for agent in FloodAgent.all {
    try Data("\(agent.script)\ngrep VmHWM /proc/$PPID/status | tr -dc 0-9 > '\(scripts)/'$1.peak\n".utf8)
      .write(to: URL(fileURLWithPath: "\(scripts)/\(agent.name)"))
  }
  let orchestrator = try OrchestratorProcess(
    workshop, state: try workshop.makeFolder("floods"),
    configuration: """
      runtimes:
        - id: local
          kind: local
          command: [sh, -c, ". '\(scripts)/'$1", sh, "{title}"]
      """)
  defer { orchestrator.stop() }
  let gauge = Gauge(pid: orchestrator.pid)
  let client = RunClient(orchestrator.address)
  let repository = try workshop.makeRepository("flood-repository")
  var rows: [Row] = []
  for agent in FloodAgent.all
  where only.isEmpty || only.contains(where: { "flood-\(agent.name)".hasPrefix($0) }) {
    gauge.reset()
    var contract = Contract(title: agent.name)
    contract.repository = repository
    var work = DispatchRequest(contracts: [contract])
    work.runtimes = ["local"]
    let start = ContinuousClock.now
    guard let id = try await client.dispatch(work).first?.runId else { throw Problem(.internal, "No run was made.") }
    var answers: [Double] = []
    var run: Run?
    while run?.status.isTerminal != true {
      guard start.duration(to: .now) < .seconds(600) else { throw Problem(.unavailable, "\(agent.name) never ended.") }
      let asked = ContinuousClock.now
      run = try await client.runs(RunQuery(limit: 20)).runs.first { $0.runId == id }
      answers.append(asked.duration(to: .now).inMilliseconds)
      try await Task.sleep(for: .milliseconds(20))
    }
    let seconds = start.duration(to: .now).inSeconds
    guard run?.status == .succeeded else {
      throw Problem(.internal, "\(agent.name) ended as \(run?.status.rawValue ?? ""): \(run?.reason ?? "")")
    }
    let peak = (try? String(contentsOfFile: "\(scripts)/\(agent.name).peak", encoding: .utf8)).flatMap(Double.init) ?? 0
    rows += [
      Row("flood-\(agent.name)-memory", gauge.peak, .atMost, agent.name == "patch" ? 400 : 200, "MB"),
      // Most of it is the program's own text, which all supervisors share.
      Row("flood-\(agent.name)-supervisor", peak * 1024 / 1_000_000, .atMost, 40, "MB"),
      Row("flood-\(agent.name)-answer", answers.quantile(0.99), .atMost, 200, "ms"),
      Row("flood-\(agent.name)-seconds", seconds, .atMost, 300, "s"),
    ]
  }
  await client.shutdown()
  return rows
}
