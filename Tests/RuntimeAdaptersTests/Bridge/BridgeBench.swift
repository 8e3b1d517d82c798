import FoundationEssentials
import Logging
import Orchestration
import RunModel
import TestSupport

@testable import RuntimeAdapters

/// A bridge runtime in front of a scripted adapter, gone with the test, processes and all.
struct BridgeBench {
  let bench: Bench
  let runtime: BridgeRuntime
  let recorder: RuntimeEventRecorder

  func contract(_ title: String = "Fix the login") -> Contract { bench.contract(title) }

  /// Starts the adapter and a run of it.
  func start(_ title: String = "Fix the login") async throws -> RunID {
    _ = try await runtime.getCapabilities()
    return try await runtime.startTask(contract(title)).runId
  }

  /// The messages of the events of a type of the adapter's own.
  func messages(_ type: String, of run: RunID) -> [String] {
    recorder.events(of: run).compactMap {
      if case .custom(type, let data) = $0.kind { data["message"]?.string ?? "" } else { nil }
    }
  }

  /// With an adapter in Python that answers everything well, changed by `script`, which may define its functions anew.
  static func with<Result>(
    _ script: String = "", in bench: Bench? = nil, adding environment: [String: String] = [:],
    _ change: (inout BridgeRuntime.Configuration) -> Void = { _ in }, _ body: (BridgeBench) async throws -> Result
  ) async throws -> Result {
    let bench = try bench ?? Bench(hasRepository: false)
    let file = "\(bench.folder)/adapter.py"
    try (Self.beginning + script + Self.end).write(toFile: file, atomically: false, encoding: .utf8)
    return try await with(.command([python, file]), bench, adding: environment, change, body)
  }

  /// The interpreter itself: what stands for it in PATH may be a script that looks for it, which takes longer than the test.
  static let python: String = {
    let bench = try? Bench(hasRepository: false)  // without one the name in PATH does as well
    let path = try? bench?.shell("python3 -c 'import sys; print(sys.executable)'")
    return path.map { String($0.prefix { !$0.isNewline }) } ?? "python3"
  }()

  static func with<Result>(
    _ adapter: BridgeRuntime.Configuration.Adapter, _ bench: Bench, adding environment: [String: String] = [:],
    _ change: (inout BridgeRuntime.Configuration) -> Void = { _ in },
    _ body: (BridgeBench) async throws -> Result
  ) async throws -> Result {
    var configuration = BridgeRuntime.Configuration(id: "bridged", adapter: adapter, directory: bench.folder)
    configuration.pollInterval = .milliseconds(20)
    configuration.restartPause = .milliseconds(10)
    configuration.stopGrace = .milliseconds(300)
    change(&configuration)
    let runtime = BridgeRuntime(
      configuration, state: bench.state,
      environment: ProcessInfo.processInfo.environment.merging(environment) { $1 },
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let whole = BridgeBench(bench: bench, runtime: runtime, recorder: RuntimeEventRecorder(runtime))
    do {
      let result = try await body(whole)
      await runtime.retire()
      return result
    } catch {
      await runtime.retire()
      throw error
    }
  }

  private static let beginning = """
    import json, os, subprocess, sys, threading, time
    out = sys.stdout
    lock = threading.Lock()
    def send(message):
        with lock:
            out.write(json.dumps({"jsonrpc": "2.0", **message}) + "\\n")
            out.flush()
    def event(run, type, **more): send({"method": "event", "params": {"runId": run, "type": type, **more}})
    class Fault(Exception):
        def __init__(self, code, message):
            super().__init__(message)
            self.code = code
    class Silence(Exception): pass
    def note(text):
        with open("notes", "a") as file: file.write(text + "\\n")
    def times(what):
        note(what)
        return open("notes").read().split("\\n").count(what)
    MEMBERS = ["startTask", "getStatus", "cancelTask", "getArtifacts", "onEvent", "runtimeId", "getCapabilities"]
    runs = {}
    def initialize(p): return {"protocol": 1, "name": "scripted", "version": "7", "members": MEMBERS}
    def runtimeId(p): return "scripted"
    def getCapabilities(p):
        return {"canCreateBranch": False, "canCreatePR": False, "supportsWebhooks": False, "supportsStreaming": True,
                "maxParallelTasks": 4}
    def startTask(p):
        run = p["contract"]["runId"]
        runs[run] = "running"
        return {"runId": run, "runtimeSessionId": "s-1"}
    def getStatus(p):
        if p["runId"] not in runs: raise Fault(-32001, "unknown run")
        return {"status": runs[p["runId"]], "progress": 0.5}
    def cancelTask(p): runs[p["runId"]] = "canceled"
    def getArtifacts(p):
        return {"files_changed": ["a.txt"], "diff_summary": "1 file", "commands_run": ["make"],
                "tests_run": [{"name": "t", "status": "passed", "duration_ms": 3}], "handoff_note": "done"}

    """

  private static let end = """

    for line in sys.stdin:
        call = json.loads(line)
        if "id" not in call or "method" not in call: continue
        try:
            method = globals().get(call["method"])
            if method is None: raise Fault(-32601, "there is no " + call["method"])
            send({"id": call["id"], "result": method(call["params"])})
        except Silence: pass
        except Fault as fault: send({"id": call["id"], "error": {"code": fault.code, "message": str(fault)}})

    """
}
