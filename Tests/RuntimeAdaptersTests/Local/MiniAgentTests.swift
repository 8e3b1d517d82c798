import FoundationEssentials
import Glibc
import Orchestration
import RunModel
import RuntimeAdapters
import TestSupport
import Testing

/// To install the agent: Tests/Agents/install-mini.sh
@Suite(
  "mini-swe-agent, which nobody here wrote", .serialized,
  .enabled(if: MiniAgent.isInstalled, "run Tests/Agents/install-mini.sh to have these tests run"))
struct MiniAgentTests {
  private func runtime(_ bench: Bench, _ script: String) throws -> LocalRuntime {
    let agents = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Agents")
    let home = bench.folder + "/home"
    try FileManager.default.createDirectory(atPath: home + "/mini", withIntermediateDirectories: true)
    return bench.local(
      LocalRuntime.Configuration(
        id: "mini",
        command: [
          MiniAgent.program, "-t", "{prompt}", "-y", "-c", "mini.yaml", "-c", agents.appending(path: script).path, "-o",
          "\(bench.folder)/trajectory-{runId}.json", "--exit-immediately",
        ],
        environment: [
          "HOME": .text(home), "MSWEA_GLOBAL_CONFIG_DIR": "\(home)/mini", "MSWEA_CONFIGURED": "true",
          "MSWEA_SILENT_STARTUP": "1", "MSWEA_COST_TRACKING": "ignore_errors", "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        ]))
  }

  @Test("It is dispatched and watched, and its diff and handoff are read")
  func dispatched() async throws {
    let bench = try Bench()
    let runtime = try runtime(bench, "mini-change.yaml")
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.contract("Add a doubling module")
    let run = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    try await recorder.first("its own words") { event in
      if case .output(_, let text, _) = event.kind { text.contains("I write the module.") } else { false }
    }
    #expect(try await recorder.end(of: run).outcome == .succeeded)
    let artifacts = try await runtime.getArtifacts(run)
    #expect(artifacts.filesChanged.sorted() == ["double.py", "moved.txt", "renamed.txt"])
    #expect(artifacts.handoffNote == "double.py is there and tried\n")
    try Data(try await runtime.patch(of: run)).write(to: URL(filePath: bench.folder + "/patch"))
    try bench.shell("git apply --check ../patch")
    #expect(try bench.shell("grep -c 'return 2' ../patch") == "1\n")
  }

  @Test("It is canceled while its tool sleeps, strays and all")
  func canceled() async throws {
    let bench = try Bench()
    let runtime = try runtime(bench, "mini-sleep.yaml")
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.contract("Sleep")
    let run = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    try await until("three sleeping tools") { processes(running: "sleep 7200.125").count == 3 }
    try await runtime.cancelTask(run, reason: "it only sleeps")
    let end = try await recorder.end(of: run)
    #expect(end.outcome == .canceled)
    #expect(processes(running: "sleep 7200.125") == [])
    #expect(end.proof?.processes ?? 0 >= 4)
    #expect(try bench.shell("git show \(end.commit ?? "none"):half.txt") == "half\n")
  }
}

private enum MiniAgent {
  static let program: String = {
    let environment = ProcessInfo.processInfo.environment
    let cache = environment["XDG_CACHE_HOME"] ?? (environment["HOME"] ?? "") + "/.cache"
    return cache + "/flightdeck-tests/mini/bin/mini"
  }()

  static var isInstalled: Bool { access(program, X_OK) == 0 }
}
