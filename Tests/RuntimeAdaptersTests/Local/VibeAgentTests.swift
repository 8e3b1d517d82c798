import FoundationEssentials
import Orchestration
import RunModel
import TestSupport
import Testing

@testable import RuntimeAdapters
@testable import flightdeck

/// `PEERS_KIT=FOLDER` with `offline.sh` and `peers/vibe.sh`, and `PEERS_BASE=FOLDER` with mistral-vibe 3.0.2 as these install
/// it: the agent and a scripted model in a network namespace of their own, which takes root.
@Suite(
  "mistral-vibe, which nobody here wrote", .serialized, .timeLimit(.minutes(10)),
  .enabled(if: Vibe.isInstalled, "set PEERS_KIT, and PEERS_BASE with vibe installed, to have these tests run"))
struct VibeAgentTests {
  private func run(_ prompt: String) async throws -> (Bench, LocalRuntime, RuntimeEventRecorder, RunID, TaskEnd) {
    let bench = try Bench()
    let runtime = bench.local(
      LocalRuntime.Configuration(
        id: "vibe",
        command: [
          "/bin/bash", "\(Vibe.kit)/offline.sh", "\(Vibe.kit)/peers/vibe.sh", "-p", "{prompt}", "--output", "streaming",
          "--auto-approve", "--trust",
        ],
        environment: [
          "STUB_LOG": .text(bench.folder + "/stub.log"), "K": .text(Vibe.kit), "PYTHONDONTWRITEBYTECODE": "1",
        ],
        profile: try ProfileShelf(folder: "/nowhere").profile("vibe")))
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.contract("Work") { $0.prompt = prompt }
    let run = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    return (bench, runtime, recorder, run, try await recorder.end(of: run, within: .seconds(120)))
  }

  @Test("Its words, edits and commands are events, its last message is the note, and its work is kept")
  func works() async throws {
    let (bench, runtime, recorder, run, end) = try await run("[[ok]] add calc")
    #expect(end.outcome == .succeeded && end.commit != nil)
    let tools = recorder.events(of: run).compactMap { if case .tool(let call) = $0.kind { call } else { nil } }
    #expect(tools.map(\.target).prefix(2) == ["calc.py", "test_calc.py"])
    #expect(tools.first?.diff?.hasSuffix("+def add(a, b):\n+    return a + b\n") == true)
    let artifacts = try await runtime.getArtifacts(run)
    #expect(artifacts.filesChanged.contains("calc.py"))
    #expect(artifacts.handoffNote == "Done: calc.py added and the check passed.")
    #expect(try bench.shell("git show \(end.commit ?? "none"):calc.py") == "def add(a, b):\n    return a + b\n")
  }

  @Test("A model that refuses the key fails the run, with the agent's reason")
  func refused() async throws {
    let (_, _, _, _, end) = try await run("[[err401]] go")
    #expect(end.outcome == .failed && end.exitCode == 1)
    #expect(end.reason == "bash exited 1: Error: Invalid API key. Please check your API key and try again.")
  }
}

private enum Vibe {
  private static let environment = ProcessInfo.processInfo.environment
  static let kit = environment["PEERS_KIT"] ?? "/nowhere"

  static var isInstalled: Bool {
    let program = (environment["PEERS_BASE"] ?? "/nowhere") + "/venvs/vibe/bin/vibe"
    return FileManager.default.isExecutableFile(atPath: program)
      && FileManager.default.isReadableFile(atPath: kit + "/peers/vibe.sh")
  }
}
