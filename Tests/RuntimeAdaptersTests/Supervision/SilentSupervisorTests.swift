import FoundationEssentials
import Glibc
import Orchestration
import RunModel
import TestSupport
import Testing

@testable import RuntimeAdapters

@Suite("A supervisor that is killed before it says that its command runs")
struct SilentSupervisorTests {
  @Test("Its agent, which may have begun, is ended, and the run is not begun a second time")
  func silent() async throws {
    let bench = try Bench()
    let mark = "\(51_000_000 + Int.random(in: 0..<900_000))"
    // As far as a real one comes: it holds the folder, makes the log, starts the agent, and dies.
    let wrapper = try bench.script(
      "wrapper",
      """
      exec 9> "$2/lock"; flock -n 9; : > "$2/output"
      setsid sleep \(mark) 9>&- > /dev/null 2>&1 &
      kill -9 $$
      """)
    let runtime = LocalRuntime(
      LocalRuntime.Configuration(command: ["/bin/true"]), state: bench.state,
      environment: ProcessInfo.processInfo.environment, launcher: SupervisorLauncher(executable: wrapper))
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.contract()
    let run = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    let end = try await recorder.end(of: run)
    #expect(end.outcome == .failed && end.reason?.contains("Its supervisor was killed") == true)
    #expect(processes(running: "sleep \(mark)") == [])
    await #expect(throws: Problem.self) { _ = try await runtime.startTask(contract) }
  }
}
