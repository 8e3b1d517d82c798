import FoundationEssentials
import Orchestration
import RunModel
import RuntimeAdapters
import TestSupport
import Testing

@Suite("Verify commands")
struct VerifyRunnerTests {
  private func runner(_ bench: Bench, limit: Duration = .seconds(60)) -> VerifyRunner {
    VerifyRunner(
      state: bench.state, environment: ProcessInfo.processInfo.environment, launcher: Bench.launcher, limit: limit,
      stopGrace: .milliseconds(200))
  }

  @Test("A command without a report is itself the one entry, with its exit code and output", arguments: [0, 3])
  func exitCode(_ code: Int) async throws {
    let bench = try Bench()
    let run = RunID(bench.ids.next())
    let command = "echo out; echo err >&2; echo $FLIGHTDECK_RUN_ID; exit \(code)"
    let result = try await runner(bench).verify(command, in: Workspace(path: bench.repository), run: run)
    #expect(result.exitCode == code)
    #expect(result.output.contains("out\n") && result.output.contains("err\n") && result.output.contains("\(run)\n"))
    #expect(!result.timedOut)
    #expect(result.tests.map(\.status) == [code == 0 ? .passed : .failed])
    #expect(result.tests.map(\.name) == [command])
    #expect(result.tests.first?.exitCode == code)
    #expect(try FileManager.default.contentsOfDirectory(atPath: bench.runFolder(run)) == [])
  }

  @Test("A JUnit report that the command writes gives the entries; an older one does not")
  func report() async throws {
    let bench = try Bench()
    let command = """
      mkdir -p build/test-results && printf '%s' '<testsuite name="s"><testcase name="a" time="0.5"/>\
      <testcase name="b"><failure message="no">trace</failure></testcase></testsuite>' > build/test-results/x.xml; exit 1
      """
    let workspace = Workspace(path: bench.repository)
    let run = RunID(bench.ids.next())
    let result = try await runner(bench).verify(command, in: workspace, run: run)
    #expect(result.exitCode == 1)
    #expect(
      result.tests == [
        TestRecord(name: "s.a", status: .passed, durationMilliseconds: 500),
        TestRecord(name: "s.b", status: .failed, durationMilliseconds: 0, output: "no\ntrace"),
      ])
    try bench.shell("touch -d '1 minute ago' build/test-results/x.xml")
    let after = try await runner(bench).verify("true", in: workspace, run: run)
    #expect(after.tests.map(\.name) == ["true"])
  }

  @Test("A command that takes too long is stopped with all its processes, and says so")
  func limit() async throws {
    let bench = try Bench()
    let mark = "\(41_000_000 + Int.random(in: 0..<9_000_000))"
    let result = try await runner(bench, limit: .milliseconds(300)).verify(
      "setsid sleep \(mark) & echo begun; sleep 600", in: Workspace(path: bench.repository),
      run: RunID(bench.ids.next()))
    #expect(result.timedOut)
    #expect(result.tests.map(\.status) == [.error])
    #expect(result.output.contains("begun"))
    #expect(processes(running: "sleep \(mark)") == [])
  }

  @Test("Canceling the task ends every process of the command before it returns")
  func cancel() async throws {
    let bench = try Bench()
    let mark = "\(51_000_000 + Int.random(in: 0..<9_000_000))"
    let runner = runner(bench)
    let workspace = Workspace(path: bench.repository)
    let run = RunID(bench.ids.next())
    let task = Task {
      try await runner.verify("setsid sleep \(mark) & trap '' TERM; sleep 600; sleep 600", in: workspace, run: run)
    }
    try await until("the stray") { processes(running: "sleep \(mark)").count == 1 }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(processes(running: "sleep \(mark)") == [])
  }
}
