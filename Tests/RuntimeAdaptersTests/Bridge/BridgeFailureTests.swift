import FoundationEssentials
import Logging
import Orchestration
import RunModel
import TestSupport
import Testing

@testable import RuntimeAdapters

@Suite("An adapter that is wrong, crashes or hangs is named, ended and started again", .serialized)
struct BridgeFailureTests {
  @Test(
    "What is missing or of the wrong shape names itself when the runtime is registered",
    arguments: [
      (
        "MEMBERS.remove(\"getArtifacts\"); MEMBERS.remove(\"onEvent\")",
        "The adapter of runtime bridged does not implement getArtifacts, onEvent: AWFAgentRuntime has seven members, and an adapter must have them all."
      ),
      ("del initialize", "The adapter of runtime bridged does not implement initialize: there is no initialize."),
      (
        "def initialize(p): return {\"protocol\": 2, \"members\": MEMBERS}",
        "The adapter of runtime bridged speaks version 2 of the bridge protocol, and flightdeck version 1. Update the older of the two."
      ),
      (
        "def initialize(p): return 7",
        "The adapter of runtime bridged answered initialize with 7, where {protocol, members} belongs."
      ),
      (
        "def runtimeId(p): return None",
        "The adapter of runtime bridged answered runtimeId with null, where a text belongs."
      ),
      (
        "def getCapabilities(p): return {\"canCreatePR\": \"yes\"}",
        "The adapter of runtime bridged answered getCapabilities with \"yes\", where canCreatePR: true or false belongs."
      ),
      (
        "sys.exit(\"no licence\")",
        "The adapter of runtime bridged was gone before it answered initialize: it ended with status 1: no licence."
      ),
    ])
  func registration(_ script: String, _ words: String) async throws {
    try await BridgeBench.with(script + "\n") { bridge in
      let problem = await #expect(throws: Problem.self) { try await bridge.runtime.getCapabilities() }
      #expect(problem?.detail == words)
      let checked = await #expect(throws: Problem.self) { try await bridge.runtime.check() }
      #expect(checked?.detail == words)
    }
  }

  @Test("A program that is not there is an error with the way out")
  func noProgram() async throws {
    try await BridgeBench.with(.command(["no-such-adapter"]), try Bench(hasRepository: false)) { bridge in
      let problem = await #expect(throws: Problem.self) { try await bridge.runtime.getCapabilities() }
      #expect(
        problem?.detail == "no-such-adapter is not in PATH. Install it, or correct runtime bridged in config.yaml.")
    }
  }

  @Test("Without node a JavaScript adapter is refused with the way out")
  func noNode() async throws {
    let bench = try Bench(hasRepository: false)
    let file = "\(bench.folder)/adapter.mjs"
    try "export default class {}".write(toFile: file, atomically: false, encoding: .utf8)
    try await BridgeBench.with(.module(.init(file: file, node: "no-such-node")), bench) { bridge in
      let problem = await #expect(throws: Problem.self) { try await bridge.runtime.check() }
      #expect(
        problem?.detail
          == "no-such-node is not in PATH. A JavaScript adapter needs Node.js 18 or newer: install it (on Debian: apt install nodejs), or name its program with \"node\" of runtime bridged in config.yaml."
      )
    }
  }

  @Test("A check of an adapter that is not up starts it, and leaves no process")
  func check() async throws {
    let script = """
      subprocess.Popen(["sleep", "86411"], start_new_session=True)
      """
    try await BridgeBench.with(script) { bridge in
      let check = try await bridge.runtime.check()
      #expect(check.agent == "scripted")
      #expect(check.agentVersion == "7")
      #expect(check.capabilities.maxParallelTasks == 4)
      #expect(check.notes == ["It calls itself scripted; here it is bridged."])
      #expect(processes(running: "sleep 86411").isEmpty)
    }
  }

  @Test("After a crash a run is asked for in the next adapter, and goes on where that knows it")
  func crash() async throws {
    let script = """
      def getStatus(p):
          if times("asked") == 1:
              print("out of memory", file=sys.stderr, flush=True)
              os._exit(3)
          return {"status": "succeeded", "progress": 1}
      """
    try await BridgeBench.with(script) { bridge in
      let run = try await bridge.start()
      #expect(try await bridge.recorder.end(of: run).outcome == .succeeded)
      let words = bridge.messages("adapter_error", of: run)
      #expect(words == ["The adapter of runtime bridged is gone: it ended with status 3: out of memory."])
    }
  }

  @Test("After a crash a run fails where the next adapter does not know it")
  func crashAndLoss() async throws {
    let script = """
      def getStatus(p):
          if times("asked") == 1: os.kill(os.getpid(), 9)
          raise Fault(-32001, "unknown run")
      """
    try await BridgeBench.with(script) { bridge in
      let run = try await bridge.start()
      let end = try await bridge.recorder.end(of: run)
      #expect(end.outcome == .failed)
      #expect(
        end.reason
          == "Its adapter had to be started again (it was ended by signal 9) and does not know it any more.")
    }
  }

  @Test("An adapter that cannot be started again gives its runs up")
  func givingUp() async throws {
    let script = """
      if times("started") > 1: sys.exit("broken")
      def getStatus(p): os._exit(3)
      """
    try await BridgeBench.with(script, { $0.patience = 3 }) { bridge in
      let run = try await bridge.start()
      let end = try await bridge.recorder.end(of: run)
      #expect(end.outcome == .failed)
      #expect(end.reason?.hasSuffix("it ended with status 1: broken. It could not be started again.") == true)
      let problem = await #expect(throws: Problem.self) { try await bridge.runtime.check() }
      #expect(problem?.detail.contains("broken") == true)
    }
  }

  @Test("A call that hangs names its method, and what it answers late is withdrawn")
  func hang() async throws {
    let script = """
      def startTask(p):
          def late():
              while not os.path.exists("late"): time.sleep(0.01)
              send({"id": number, "result": {"runId": "their-1", "runtimeSessionId": "s"}})
          number = call["id"]
          threading.Thread(target=late, daemon=True).start()
          raise Silence()
      def cancelTask(p): note("cancel " + p["runId"])
      """
    try await BridgeBench.with(script, { $0.callLimit = .seconds(2) }) { bridge in
      let problem = await #expect(throws: Problem.self) { try await bridge.start() }
      #expect(problem?.detail.contains("has not answered startTask within 2 s.") == true)
      try "".write(toFile: "\(bridge.bench.folder)/late", atomically: false, encoding: .utf8)
      try await until("the late start is withdrawn") {
        bridge.bench.read("\(bridge.bench.folder)/notes") == "cancel their-1\n"
      }
    }
  }

  @Test("An adapter that answers nothing any more is ended and started again")
  func hung() async throws {
    let script = """
      def getStatus(p):
          if times("asked") <= 3: raise Silence()
          return {"status": "succeeded", "progress": 1}
      """
    try await BridgeBench.with(script, { $0.callLimit = .milliseconds(500) }) { bridge in
      let run = try await bridge.start()
      #expect(try await bridge.recorder.end(of: run).outcome == .succeeded)
      let words = bridge.messages("adapter_error", of: run)
      #expect(words.first?.contains("has not answered getStatus within 0.5 s.") == true)
      #expect(bridge.bench.read("\(bridge.bench.folder)/notes")?.split(separator: "\n").count == 4)
    }
  }

  @Test("A runtime that is retired leaves no process, whatever its adapter has started")
  func retiring() async throws {
    let script = """
      import signal
      signal.signal(signal.SIGTERM, signal.SIG_IGN)
      subprocess.Popen(["sleep", "86412"], start_new_session=True)
      subprocess.Popen(["env", "-i", "sleep", "86412"])
      def cancelTask(p): time.sleep(1000)
      """
    try await BridgeBench.with(script) { bridge in
      let run = try await bridge.start()
      try await bridge.runtime.cancelTask(run, reason: "hang")
      try await until("both processes run") { processes(running: "sleep 86412").count == 2 }
      await bridge.runtime.retire()
      #expect(processes(running: "sleep 86412").isEmpty)
    }
  }

  @Test("A runtime that is removed while it works keeps its adapter until its last run has ended, and no longer")
  func removing() async throws {
    let script = """
      subprocess.Popen(["sleep", "86414"], start_new_session=True)
      def getStatus(p):
          if os.path.exists("go"): return {"status": "succeeded", "progress": 1}
          return {"status": "running", "progress": 0.25}
      """
    try await BridgeBench.with(script) { bridge in
      let orchestrator = try await Orchestrator.restore(
        from: InMemoryRunStore(), registrations: [], verifier: ScriptedVerifier(),
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
      let (ready, isReady) = AsyncStream<Void>.makeStream()
      async let work: Void = orchestrator.run { isReady.yield() }
      for await _ in ready { break }
      let registration = Registration(bridge.runtime, kind: BridgeRuntime.kind)
      await orchestrator.reconfigure([.add(registration)], later: [], file: "c.yaml")
      let outcomes = try await orchestrator.dispatch(
        DispatchRequest(contracts: [Contract(title: "x")]), by: Actor(.human, "ada"))
      let run = try #require(outcomes.first?.runId)
      func status() async -> RunStatus? {
        await orchestrator.runs(RunQuery(limit: 10)).runs.first { $0.runId == run }?.status
      }
      while await status() != .running { await Task.yield() }
      await orchestrator.reconfigure([.remove("bridged")], later: [], file: "c.yaml")
      // It answers for its run as before.
      #expect(try await bridge.runtime.getStatus(run).status == .running)
      #expect(processes(running: "sleep 86414").count == 1)
      try "".write(toFile: "\(bridge.bench.folder)/go", atomically: false, encoding: .utf8)
      try await until("the adapter has gone with its run") { processes(running: "sleep 86414").isEmpty }
      #expect(await status() == .succeeded)
      await #expect(throws: Problem.self) { try await bridge.runtime.check() }
      await orchestrator.shutDown()
      try await work
    }
  }

  @Test("What a killed orchestrator has left is ended before the adapter is started")
  func sweeping() async throws {
    try await BridgeBench.with { bridge in
      try bridge.bench.shell(
        "FLIGHTDECK_BRIDGE='\(bridge.bench.state)/bridge-bridged' setsid sleep 86413 > /dev/null 2>&1 &")
      try await until("the orphan runs") { processes(running: "sleep 86413").count == 1 }
      _ = try await bridge.runtime.getCapabilities()
      #expect(processes(running: "sleep 86413").isEmpty)
    }
  }

  @Test(
    "The next orchestrator takes a run up by its status, and fails one that the adapter does not know",
    arguments: [true, false])
  func adoption(_ knows: Bool) async throws {
    let script = """
      def getStatus(p):
          if os.path.exists("knows"): return {"status": "succeeded", "progress": 1}
          if p["runId"] not in runs: raise Fault(-32001, "unknown run")
          return {"status": "running", "progress": 0.25}
      """
    try await BridgeBench.with(script) { first in
      let contract = first.contract()
      let id = try #require(contract.runId)
      _ = try await first.runtime.getCapabilities()
      _ = try await first.runtime.startTask(contract)
      await first.runtime.retire()
      #expect(first.recorder.events(of: id).allSatisfy { $0.type != "ended" })
      if knows { try "".write(toFile: "\(first.bench.folder)/knows", atomically: false, encoding: .utf8) }
      let command = BridgeRuntime.Configuration.Adapter.command([
        BridgeBench.python, "\(first.bench.folder)/adapter.py",
      ])
      try await BridgeBench.with(command, first.bench) { second in
        _ = try await second.runtime.getCapabilities()
        let hasBegun = try await second.runtime.hasBegun(id)
        #expect(hasBegun == knows)
        let run = Run(runId: id, contractId: ContractID(id.ulid), title: "x", createdAt: .now)
        let isAdopted = try await second.runtime.adopt(contract, run: run, Adoption())
        // What the look for a start has found to be lost is lost.
        #expect(isAdopted == knows)
        guard knows else { return }
        #expect(try await second.recorder.end(of: id).outcome == .succeeded)
      }
    }
  }

  @Test("A run of an earlier orchestrator that its adapter has forgotten fails with that reason")
  func forgotten() async throws {
    try await BridgeBench.with { first in
      let contract = first.contract()
      let id = try #require(contract.runId)
      _ = try await first.runtime.getCapabilities()
      _ = try await first.runtime.startTask(contract)
      await first.runtime.retire()
      let command = BridgeRuntime.Configuration.Adapter.command([
        BridgeBench.python, "\(first.bench.folder)/adapter.py",
      ])
      try await BridgeBench.with(command, first.bench) { second in
        _ = try await second.runtime.getCapabilities()
        let run = Run(runId: id, contractId: ContractID(id.ulid), title: "x", createdAt: .now)
        let isAdopted = try await second.runtime.adopt(contract, run: run, Adoption())
        #expect(isAdopted)
        let end = try await second.recorder.end(of: id)
        #expect(end.reason == "Its adapter did not know it any more when the orchestrator was started again.")
      }
    }
  }
}
