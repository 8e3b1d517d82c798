import FoundationEssentials
import Orchestration
import RunModel
import TestSupport
import Testing

@testable import RuntimeAdapters

@Suite("Adapters in any language keep AWFAgentRuntime over the bridge", .serialized)
struct BridgeConformanceTests {
  /// In the sources, beside the protocol that they show.
  private static let examples = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Sources/RuntimeAdapters/Bridge/Examples")
    .path

  private static let hasNode = run(["/bin/sh", "-c", "command -v node > /dev/null"]) == 0

  @Test("The example in Python")
  func python() async throws {
    try await keeps(.command([BridgeBench.python, "\(Self.examples)/adapter.py"]), try Bench(hasRepository: false))
  }

  @Test("The example in sh, in front of a command")
  func shell() async throws {
    let agent = "if grep -q endless; then exec sleep 86421; fi; echo working"
    try await keeps(
      .command(["sh", "\(Self.examples)/adapter.sh", "sh", "-c", agent]), try Bench(hasRepository: false))
  }

  @Test("A cancel of the example in sh ends what its command has started as well")
  func shellCancel() async throws {
    let mark = "\(41_000_000 + Int.random(in: 0..<900_000))"
    let agent = "echo up; sleep \(mark); echo done"
    try await BridgeBench.with(.command(["sh", "\(Self.examples)/adapter.sh", "sh", "-c", agent]), try Bench()) {
      bridge in
      let run = try await bridge.start("endless")
      try await bridge.recorder.first("up") { $0.kind == .output(stream: .stdout, text: "up", dropped: 0) }
      try await bridge.runtime.cancelTask(run, reason: "enough")
      #expect(try await bridge.recorder.end(of: run).outcome == .canceled)
      #expect(processes(running: "sleep \(mark)") == [])
    }
  }

  @Test("A JavaScript subclass as an ES module", .enabled(if: hasNode, "node is not installed"))
  func esModule() async throws {
    let bench = try Bench(hasRepository: false)
    let file = try Self.package(bench, isModule: true)
    try await keeps(.module(.init(file: file)), bench)
  }

  @Test(
    "A JavaScript subclass as a CommonJS module, one export of several", .enabled(if: hasNode, "node is not installed"))
  func commonJS() async throws {
    let bench = try Bench(hasRepository: false)
    let file = try Self.package(bench, isModule: false)
    try await keeps(.module(.init(file: file, export: "PlainRuntime")), bench)
  }

  @Test(
    "What a JavaScript adapter prints and throws late ends nothing, and is told",
    .enabled(if: hasNode, "node is not installed")
  )
  func lateThrows() async throws {
    let bench = try Bench(hasRepository: false)
    let file = try Self.package(bench, isModule: true)
    try await BridgeBench.with(.module(.init(file: file)), bench) { bridge in
      let run = try await bridge.start("endless throwing")
      try await bridge.recorder.first {
        if case .custom("adapter_error", let data) = $0.kind {
          data["message"]?.string?.contains("thrown late") == true
        } else {
          false
        }
      }
      try await bridge.runtime.cancelTask(run, reason: "seen")
      #expect(try await bridge.recorder.end(of: run).proof?.confirmedAt != nil)
    }
  }

  @Test(
    "A JavaScript adapter that leaves members to its base class names them, and one that is none says what it is",
    .enabled(if: hasNode, "node is not installed"),
    arguments: [
      (
        "bare.mjs",
        "import { AWFAgentRuntime } from './lib/AWFAgentRuntime.js'; export default class extends AWFAgentRuntime { get runtimeId() { return 'b'; } }",
        "does not implement startTask, getStatus, cancelTask, getArtifacts, onEvent, getCapabilities: "
      ),
      (
        "bare.cjs",
        "const { AWFAgentRuntime } = require('./AWFAgentRuntime'); exports.Bare = class extends AWFAgentRuntime { getStatus() {} startTask() {} };",
        "does not implement cancelTask, getArtifacts, onEvent, runtimeId, getCapabilities: "
      ),
      ("none.mjs", "export const answer = 42;", "none.mjs exports no AWFAgentRuntime. It exports answer."),
      ("broken.mjs", "export default {", "broken.mjs cannot be loaded: SyntaxError: "),
    ])
  func incompleteScripts(_ name: String, _ script: String, _ words: String) async throws {
    let bench = try Bench(hasRepository: false)
    let file = "\(bench.folder)/\(name)"
    try script.write(toFile: file, atomically: false, encoding: .utf8)
    try await BridgeBench.with(.module(.init(file: file)), bench) { bridge in
      let problem = await #expect(throws: Problem.self) { try await bridge.runtime.getCapabilities() }
      #expect(problem?.detail.contains(words) == true, "\(problem?.detail ?? "no problem")")
    }
  }

  /// All checks with one adapter.
  private func keeps(_ adapter: BridgeRuntime.Configuration.Adapter, _ bench: Bench) async throws {
    try await BridgeBench.with(adapter, bench) { bridge in
      _ = try await bridge.runtime.getCapabilities()
      let suite = RuntimeConformance(
        bridge.runtime,
        ending: { _ in
          var contract = Contract(title: "quick")
          contract.metadata = ["seconds": 0.1]
          return contract
        },
        endless: { _ in
          var contract = Contract(title: "endless")
          contract.metadata = ["seconds": 86_421]
          return contract
        })
      for check in RuntimeConformance.Check.allCases {
        do { try await suite.run(check) } catch { throw ConformanceFailure("\(check): \(error)") }
      }
    }
  }

  /// A package in the published style, with its base class beside it.
  private static func package(_ bench: Bench, isModule: Bool) throws -> String {
    let body = """
        constructor() { super(); this.handlers = []; this.runs = new Map(); console.log('constructed'); }
        get runtimeId() { return 'plain'; }
        onEvent(handler) { this.handlers.push(handler); }
        emit(event) { for (const handler of this.handlers) handler(event); }
        getCapabilities() {
          return { canCreateBranch: false, canCreatePR: false, supportsWebhooks: false, supportsStreaming: true, maxParallelTasks: 4 };
        }
        async startTask(contract) {
          process.stdout.write('starting ' + contract.title + '\\n');
          if (this.runs.has(contract.runId)) throw new Error('started already');
          const isEndless = contract.title.includes('endless');
          this.runs.set(contract.runId, isEndless ? 'running' : 'succeeded');
          this.emit({ type: 'task.started', runId: contract.runId, at: new Date() });
          if (!isEndless) this.emit({ type: 'task.completed', runId: contract.runId });
          if (contract.title.includes('throwing')) {
            setTimeout(() => { throw new Error('thrown late'); }, 1);
            Promise.reject(new Error('rejected'));
          }
          return { runId: contract.runId, runtimeSessionId: 'plain-' + this.runs.size };
        }
        async getStatus(runId) {
          const status = this.runs.get(runId);
          if (status === undefined) return { status: 'unknown', progress: 0 };
          return { status, progress: status === 'succeeded' ? 1 : 0.5 };
        }
        async cancelTask(runId, reason) {
          this.runs.set(runId, 'canceled');
          this.emit({ type: 'task.canceled', runId, reason });
        }
        async getArtifacts(runId) {
          return { files_changed: ['index.js'], diff_summary: '', commands_run: [], tests_run: [], handoff_note: 'done' };
        }
      """
    let base = """
      class AWFAgentRuntime {
        get runtimeId() { throw new Error('AWFAgentRuntime: runtimeId must be implemented'); }
        async startTask(contract) { throw new Error('AWFAgentRuntime: startTask must be implemented'); }
        async getStatus(runId) { throw new Error('AWFAgentRuntime: getStatus must be implemented'); }
        async cancelTask(runId, reason) { throw new Error('AWFAgentRuntime: cancelTask must be implemented'); }
        async getArtifacts(runId) { throw new Error('AWFAgentRuntime: getArtifacts must be implemented'); }
        onEvent(handler) { throw new Error('AWFAgentRuntime: onEvent must be implemented'); }
        async getCapabilities() { throw new Error('AWFAgentRuntime: getCapabilities must be implemented'); }
      }
      """
    let files =
      isModule
      ? [
        "package.json": "{\"type\": \"module\"}",
        "AWFAgentRuntime.js": "export \(base)",
        "index.js":
          "import { AWFAgentRuntime } from './AWFAgentRuntime.js';\nexport class PlainRuntime extends AWFAgentRuntime {\n\(body)\n}\n",
      ]
      : [
        "package.json": "{}",
        "AWFAgentRuntime.js": "\(base)\nmodule.exports = { AWFAgentRuntime };",
        "index.js":
          "const { AWFAgentRuntime } = require('./AWFAgentRuntime');\nclass PlainRuntime extends AWFAgentRuntime {\n\(body)\n}\nclass Other extends PlainRuntime {}\nmodule.exports = { PlainRuntime, Other, AWFAgentRuntime };\n",
      ]
    let folder = "\(bench.folder)/plain"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for (name, text) in files {
      try text.write(toFile: "\(folder)/\(name)", atomically: false, encoding: .utf8)
    }
    return "\(folder)/index.js"
  }
}
