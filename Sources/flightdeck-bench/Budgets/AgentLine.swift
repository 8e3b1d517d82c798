import Glibc
import RunClient
import RunModel

/// From an agent's write to the frame that shows the line: the local runtime, supervisor, store, stream and screen.
func agentLine(_ workshop: Workshop) async throws -> [Row] {
  let state = try workshop.makeFolder("line")
  let pipe = workshop.folder + "/agent.fifo"
  guard mkfifo(pipe, 0o600) == 0 else { throw Problem(.unavailable, "No FIFO can be made at \(pipe).") }
  let orchestrator = try OrchestratorProcess(
    workshop, state: state,
    configuration: """
      runtimes:
        - id: local
          kind: local
          command: [cat, "\(pipe)"]
          stdin: none
      """)
  defer { orchestrator.stop() }
  let client = RunClient(orchestrator.address)
  var contract = Contract(title: "Say what you are told")
  contract.repository = try workshop.makeRepository("repository")
  var work = DispatchRequest(contracts: [contract])
  work.runtimes = ["local"]
  let outcomes = try await client.dispatch(work)
  guard let run = outcomes.first?.runId else { throw Problem(.internal, "The dispatch made no run.") }
  let agent = try openWriter(pipe)
  defer { close(agent) }

  let screen = try Screen(workshop, ["--state", state])
  defer { screen.stop() }
  try screen.wait(for: run.shortName)
  screen.press("\r")
  screen.read(for: .milliseconds(500))
  screen.press("2")
  screen.read(for: .milliseconds(500))
  var random = SystemRandomNumberGenerator()
  var times: [Double] = []
  for sample in 0..<210 {
    // No letter is where the line before had it, so that all of them are painted.
    let letters = Array((sample % 2 == 0 ? "ABCDEFGHJKLM" : "NOPQRSTUVWXY").utf8)
    let word = letters.shuffled(using: &random)
    screen.forget()
    let written = ContinuousClock.now
    let line = word + [UInt8(ascii: "\n")]
    guard write(agent, line, line.count) == line.count else { throw Problem(.internal, "The agent has ended.") }
    try screen.wait(forAny: [word], seconds: 10)
    times.append(written.duration(to: .now).inMilliseconds)
    screen.read(for: .milliseconds(Int64.random(in: 40...90, using: &random)))
  }
  await client.shutdown()
  return [Row("agent-line", Array(times.dropFirst(10)).quantile(0.99), .atMost, 60, "ms")]
}

/// Opens a FIFO for writing once its reader is there.
func openWriter(_ path: String) throws -> Int32 {
  for _ in 0..<1000 {
    let descriptor = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
    if descriptor >= 0 { return descriptor }
    usleep(20_000)
  }
  throw Problem(.unavailable, "The agent never opened \(path).")
}
