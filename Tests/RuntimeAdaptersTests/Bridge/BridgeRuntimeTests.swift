import FoundationEssentials
import Orchestration
import RunModel
import Synchronization
import TestSupport
import Testing

@testable import RuntimeAdapters

@Suite("A bridge runtime sees its runs through, whatever its adapter does", .serialized)
struct BridgeRuntimeTests {
  @Test("A run is started, followed by its events and by its status, and ends with its artifacts")
  func wholeLife() async throws {
    let script = """
      def getStatus(p):
          event(p["runId"], "task.output", text="line 1\\nline 2")
          event(p["runId"], "agent.progress", percent=70)
          event(p["runId"], "weather", sun=True)
          return {"status": "succeeded", "progress": 1}
      """
    try await BridgeBench.with(script) { bridge in
      let run = try await bridge.start()
      let end = try await bridge.recorder.end(of: run)
      #expect(end.outcome == .succeeded)
      #expect(bridge.recorder.lines(of: run) == ["line 1", "line 2"])
      let kinds = bridge.recorder.events(of: run).map(\.kind)
      #expect(kinds.contains(.progress(0.7, message: nil)))
      #expect(kinds.contains(.custom(type: "weather", data: ["sun": true])))
      let artifacts = try await bridge.runtime.getArtifacts(run)
      #expect(artifacts.filesChanged == ["a.txt"])
      #expect(artifacts.testsRun.map(\.status) == [.passed])
      let left = try FileManager.default.contentsOfDirectory(atPath: "\(bridge.bench.state)/bridge-bridged/runs")
      #expect(left.isEmpty, "the record of an ended run stays")
    }
  }

  @Test(
    "Events before the start's answer are kept, under the adapter's own name for the run, and calls carry that name")
  func earlyEventsAndAliases() async throws {
    let script = """
      def startTask(p):
          event("their-7", "task.started", step=1)
          event("their-7", "task.completed")
          return {"runId": "their-7", "runtimeSessionId": ""}
      def getStatus(p):
          if p["runId"] != "their-7": raise Fault(-32001, "unknown run")
          return {"status": "succeeded", "progress": 1}
      """
    try await BridgeBench.with(script, { $0.pollInterval = .seconds(600) }) { bridge in
      _ = try await bridge.runtime.getCapabilities()
      let contract = bridge.contract()
      let started = try await bridge.runtime.startTask(contract)
      #expect(started.runId == contract.runId)
      #expect(started.runtimeSessionId == "their-7")
      try await bridge.recorder.end(of: started.runId)
      let types = bridge.recorder.events(of: started.runId).map(\.type)
      #expect(types.filter { $0 != "progress" } == ["task.started", "task.completed", "ended"])
    }
  }

  @Test("Noise, unknown replies, calls of its own and lines past the bound do no harm")
  func noise() async throws {
    let script = """
      print("hello from the adapter", flush=True)
      def startTask(p):
          run = p["contract"]["runId"]
          runs[run] = "succeeded"
          print("{not json"); print("[]"); print("7"); print('{"jsonrpc":"2.0"}')
          print("\\x1b[31mred\\x1b[0m", file=sys.stderr)
          sys.stdout.flush()
          out.buffer.write(b"\\xff\\xfe\\n" + b"x" * (17 << 20) + b"\\n")
          send({"id": 4711, "result": 1})
          send({"id": "other", "method": "fs/read", "params": {}})
          send({"method": "event", "params": {"type": "nobody"}})
          send({"method": "event", "params": {"runId": "nobody", "type": "progress"}})
          send({"method": "unheard", "params": {}})
          send({"method": "event"})
          return {"runId": run, "runtimeSessionId": "s"}
      """
    try await BridgeBench.with(script) { bridge in
      let run = try await bridge.start()
      #expect(try await bridge.recorder.end(of: run).outcome == .succeeded)
      #expect(bridge.recorder.events(of: run).map(\.type).filter { $0 != "progress" } == ["ended"])
    }
  }

  @Test("A flood is counted: what is not passed on is known in its number")
  func flood() async throws {
    let script = """
      def startTask(p):
          run = p["contract"]["runId"]
          runs[run] = "running"
          def work():
              for i in range(0, 20000, 100):
                  for _ in range(100): event(run, "output", text="x")
              runs[run] = "succeeded"
              event(run, "completed")
          threading.Thread(target=work, daemon=True).start()
          return {"runId": run, "runtimeSessionId": "s"}
      """
    try await BridgeBench.with(script, { $0.linesPerSecond = 500 }) { bridge in
      let run = try await bridge.start()
      try await bridge.recorder.end(of: run)
      var passed = 0
      var dropped = 0
      for event in bridge.recorder.events(of: run) {
        switch event.kind {
        case .output(_, let text, let lost):
          if text == "x" { passed += 1 }
          dropped += lost
        case .custom: passed += 1
        default: break
        }
      }
      // The word of its end is a line among the others.
      #expect(passed + dropped == 20_001)
      #expect(dropped > 0)
    }
  }

  @Test("While nobody has room, nothing is read")
  func backPressure() async throws {
    let script = """
      def startTask(p):
          run = p["contract"]["runId"]
          runs[run] = "running"
          def work():
              while not os.path.exists("go"): time.sleep(0.01)
              for i in range(3000):
                  event(run, "output", text="y" * 100)
                  if i == 200: note("begun")
              note("written")
              runs[run] = "succeeded"
          threading.Thread(target=work, daemon=True).start()
          return {"runId": run, "runtimeSessionId": "s"}
      """
    try await BridgeBench.with(script) { bridge in
      let gate = Gate()
      bridge.runtime.pace { await gate.pass() }
      let run = try await bridge.start()
      gate.close()
      try "".write(toFile: "\(bridge.bench.folder)/go", atomically: false, encoding: .utf8)
      let notes = "\(bridge.bench.folder)/notes"
      try await until("it has begun to write, and somebody waits for room") {
        bridge.bench.read(notes) != nil && gate.isWaitedAt
      }
      // A pipe holds 64 KiB, and one piece more may have been read: the rest waits in the adapter.
      #expect(bridge.bench.read(notes) == "begun\n")
      #expect(bridge.recorder.lines(of: run).count < 3000)
      gate.open()
      try await bridge.recorder.end(of: run)
      #expect(bridge.recorder.lines(of: run).count == 3000)
    }
  }

  @Test("A question reaches the operator one at a time, and its answer the adapter")
  func questions() async throws {
    let script = """
      MEMBERS += ["answer", "sendMessage", "getPatch"]
      def startTask(p):
          run = p["contract"]["runId"]
          runs[run] = "running"
          event(run, "attention", attentionId="q1", question="Which?", options=["a", "b"])
          event(run, "attention", attentionId="q2", question="Really?", kind="permission", detail={"tool": "execute", "command": "rm x"})
          return {"runId": run, "runtimeSessionId": "s"}
      def answer(p):
          note(p["attentionId"] + "=" + p["answer"])
          if p["attentionId"] == "q2": runs[p["runId"]] = "succeeded"
      def sendMessage(p): note("message " + p["message"])
      def getPatch(p): return {"patch": "diff --git a/x b/x"}
      """
    try await BridgeBench.with(script) { bridge in
      let run = try await bridge.start()
      try await bridge.recorder.first {
        $0.kind == .attention(id: "q1", question: "Which?", options: ["a", "b"], kind: "question")
      }
      await #expect(throws: Problem.self) { try await bridge.runtime.answer(run, attentionId: "q2", answer: "yes") }
      try await bridge.runtime.send("and the docs", to: run)
      try await bridge.runtime.answer(run, attentionId: "q1", answer: "b")
      try await bridge.recorder.first {
        if case .attention("q2", _, _, "permission", let detail) = $0.kind { detail?.command == "rm x" } else { false }
      }
      try await bridge.runtime.answer(run, attentionId: "q2", answer: "yes")
      try await bridge.recorder.end(of: run)
      #expect(bridge.bench.read("\(bridge.bench.folder)/notes") == "message and the docs\nq1=b\nq2=yes\n")
      #expect(bridge.recorder.events(of: run).contains { $0.kind == .resolved(id: "q1", answer: "b", by: "operator") })
      let patch = try await bridge.runtime.patch(of: run)
      #expect(String(decoding: patch, as: UTF8.self) == "diff --git a/x b/x")
    }
  }

  @Test("A cancel that the adapter does not confirm in time ends the run, and says that it is unconfirmed")
  func unconfirmedCancel() async throws {
    let script = """
      def cancelTask(p): note(p["reason"])
      """
    try await BridgeBench.with(script, { $0.cancelLimit = .milliseconds(300) }) { bridge in
      let run = try await bridge.start()
      try await bridge.runtime.cancelTask(run, reason: "enough")
      let end = try await bridge.recorder.end(of: run)
      #expect(end.outcome == .canceled)
      #expect(end.proof?.stopSentAt != nil)
      #expect(end.proof?.confirmedAt == nil)
      #expect(end.reason?.contains("has not confirmed within 0.3 s") == true)
      #expect(bridge.bench.read("\(bridge.bench.folder)/notes") == "enough\n")
    }
  }

  @Test("What the adapter gives in another shape is kept, and said so")
  func otherShapes() async throws {
    let script = """
      def startTask(p):
          run = p["contract"]["runId"]
          runs[run] = 0
          return {"runId": run, "runtimeSessionId": "s"}
      def getStatus(p):
          runs[p["runId"]] += 1
          return {"status": 3} if runs[p["runId"]] == 1 else {"status": "completed"}
      def getArtifacts(p):
          return {"files_changed": ["a", 7], "handoff_note": "n", "pr_url": "https://example.invalid/1", "mood": "fine",
                  "tests_run": [{"test": "t", "passed": False}, 9]}
      """
    try await BridgeBench.with(script) { bridge in
      let run = try await bridge.start()
      #expect(try await bridge.recorder.end(of: run).outcome == .succeeded)
      #expect(
        bridge.messages("adapter_error", of: run).first?.contains("answered getStatus with {\"status\":3}") == true)
      let artifacts = try await bridge.runtime.getArtifacts(run)
      #expect(artifacts.testsRun == [TestRecord(name: "t", status: .failed, durationMilliseconds: 0)])
      #expect(artifacts.prURL == nil)
      let unread = Set(artifacts.evidence?["unread"]?.object?.keys ?? [])
      #expect(unread == ["files_changed", "pr_url", "mood", "tests_run"])
    }
  }

  @Test("An error at the start is a problem in the adapter's words")
  func refusals() async throws {
    let script = """
      def startTask(p): raise Fault(-32003, "no room for " + p["contract"]["title"])
      """
    try await BridgeBench.with(script) { bridge in
      let problem = await #expect(throws: Problem.self) { try await bridge.start("big") }
      #expect(problem?.code == .invalid)
      #expect(problem?.detail == "The adapter of runtime bridged answered startTask with an error: no room for big.")
    }
  }
}

/// Lets through, or holds until it is opened.
private final class Gate: Sendable {
  private let state = Mutex((isClosed: false, waiting: [CheckedContinuation<Void, Never>]()))

  func pass() async {
    await withCheckedContinuation { continuation in
      let isOpen = state.withLock { state in
        if state.isClosed { state.waiting.append(continuation) }
        return !state.isClosed
      }
      if isOpen { continuation.resume() }
    }
  }

  var isWaitedAt: Bool { state.withLock { !$0.waiting.isEmpty } }
  func close() { state.withLock { $0.isClosed = true } }

  func open() {
    let waiting = state.withLock { state in
      defer { state = (false, []) }
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
  }
}
