import FoundationEssentials
import Glibc
import Orchestration
import RunModel
import TestSupport
import Testing

@testable import RuntimeAdapters

/// `PEERS` names the folder with the peers' install.sh and stub_llm.py, `PEERS_BASE` the one that they were installed into:
///
///     PEERS_BASE=… $PEERS/install.sh vibe && PEERS=… PEERS_BASE=… swift test --filter VibeTests
@Suite(
  "mistral-vibe, which nobody here wrote, over the Agent Client Protocol", .serialized, .timeLimit(.minutes(10)),
  .enabled(if: Vibe.isInstalled, "install it and set PEERS and PEERS_BASE to have these tests run"))
struct VibeTests {
  private func with(
    _ prompt: String, mode: String? = nil, calc: Bool = false,
    _ body: (Bench, ACPRuntime, RuntimeEventRecorder, RunID) async throws -> Void
  ) async throws {
    let bench = try Bench()
    let model = try Vibe.Model(bench)
    defer { model.end() }
    if calc {
      try bench.shell("printf 'def add(a, b):\\n    return a + b\\n' > calc.py; git add calc.py; git commit -qm calc")
    }
    let runtime = bench.acp(try model.environment()) {
      $0.command = [Vibe.program]
      $0.mode = mode
    }
    let recorder = RuntimeEventRecorder(runtime)
    var contract = bench.prompt("")
    let run = try #require(contract.runId)
    contract.prompt = prompt.replacing("@", with: "@\(bench.state)/worktrees/\(run)")
    _ = try await runtime.startTask(contract)
    try await body(bench, runtime, recorder, run)
  }

  private func answer(_ answer: String, _ runtime: ACPRuntime, _ recorder: RuntimeEventRecorder, _ run: RunID)
    async throws
  {
    let asked = try await recorder.waitForQuestion(of: run)
    #expect(asked.options == ["Allow once", "Allow for remainder of this session", "Always allow", "Deny"])
    #expect(asked.detail?.tool == .execute && asked.detail?.command != nil)
    try await runtime.answer(run, attentionId: asked.id, answer: answer)
  }

  @Test("It writes two files and runs a test that a person allows")
  func works() async throws {
    try await with("[[ok@]] add calc") { bench, runtime, recorder, run in
      try await answer("Allow once", runtime, recorder, run)
      let end = try await recorder.end(of: run)
      #expect(end.outcome == .succeeded && end.exitCode == 0)
      #expect(try bench.shell("git show \(end.commit ?? "none"):calc.py").contains("def add"))
      #expect(recorder.lines(of: run).last == "Done: calc.py added and the check passed.")
      #expect(try await runtime.getArtifacts(run).commandsRun.count == 1)
      #expect(recorder.events(of: run).map(\.kind).contains(.usage(.init(inputTokens: 400, outputTokens: 80))))
    }
  }

  @Test("It edits a file, and the edit is a diff")
  func edits() async throws {
    try await with("[[edit@]] edit", calc: true) { bench, runtime, recorder, run in
      try await answer("Allow once", runtime, recorder, run)
      let end = try await recorder.end(of: run)
      #expect(end.outcome == .succeeded)
      #expect(try bench.shell("git show \(end.commit ?? "none"):calc.py").contains("return b + a"))
      #expect(
        recorder.events(of: run).contains { event in
          if case .tool(let call) = event.kind { call.diff?.contains("+return b + a") ?? false } else { false }
        })
    }
  }

  @Test("What is denied does not happen, and it says so")
  func denied() async throws {
    try await with("[[fail@]] run") { _, runtime, recorder, run in
      try await answer("Deny", runtime, recorder, run)
      #expect(try await recorder.end(of: run).outcome == .succeeded)
      #expect(
        recorder.events(of: run).contains { event in
          if case .tool(let call) = event.kind { call.status == "failed" } else { false }
        })
    }
  }

  @Test(
    "It is canceled in the middle of its words, and while a tool of it sleeps: nothing of it is left",
    arguments: ["[[slowtext@]] talk", "[[slow@]] run slow"])
  func canceled(_ prompt: String) async throws {
    try await with(prompt) { _, runtime, recorder, run in
      if prompt.contains("[[slow@") {
        try await answer("Allow once", runtime, recorder, run)
        try await until("its tool") {
          ProcessTable().marked(by: RunFolder.mark(of: run)).contains { $0.name == "sleep" }
        }
      } else {
        try await until("its words") {
          isInTurn(recorder, run)
        }
      }
      try await runtime.cancelTask(run, reason: "enough")
      let end = try await recorder.end(of: run)
      #expect(end.outcome == .canceled && end.proof?.confirmedAt != nil)
      #expect(!recorder.events(of: run).map(\.type).contains("cancel_unanswered"))
      #expect(ProcessTable().marked(by: RunFolder.mark(of: run)).isEmpty)
    }
  }

  /// Its words have no line's end for long: that it is in its turn is seen by what it tells of its session.
  private func isInTurn(_ recorder: RuntimeEventRecorder, _ run: RunID) -> Bool {
    recorder.events(of: run).contains { $0.type == "session_info_update" }
  }

  @Test("A cancel while it waits for leave is answered at once, and the question is closed")
  func canceledWhileAsking() async throws {
    try await with("[[fail@]] run") { _, runtime, recorder, run in
      _ = try await recorder.waitForQuestion(of: run)
      try await runtime.cancelTask(run, reason: "enough")
      #expect(try await recorder.end(of: run).outcome == .canceled)
      #expect(recorder.events(of: run).map(\.kind).contains(.resolved(id: "p1", answer: "cancelled", by: "cancel")))
    }
  }

  @Test("A key that the model refuses is the run's failure, in its words")
  func unauthorised() async throws {
    try await with("[[err401@]] go") { _, _, recorder, run in
      let end = try await recorder.end(of: run)
      #expect(end.outcome == .failed && end.reason?.contains("Invalid API key") == true)
    }
  }

  @Test("A model that fails again and again is told as it goes, and can be canceled")
  func failingModel() async throws {
    try await with("[[err500@]] go") { _, runtime, recorder, run in
      try await recorder.first("a retry") { $0.type == "session.retrying" }
      try await runtime.cancelTask(run, reason: "enough")
      #expect(try await recorder.end(of: run).outcome == .canceled)
    }
  }

  @Test("In a mode that asks nothing it asks nothing")
  func mode() async throws {
    try await with("[[ok@]] add calc", mode: "auto-approve") { _, _, recorder, run in
      let end = try await recorder.end(of: run)
      #expect(end.outcome == .succeeded)
      #expect(!recorder.events(of: run).map(\.type).contains("attention"))
    }
  }

  @Test("A check says who it is")
  func check() async throws {
    let bench = try Bench()
    let found = try await bench.acp(["VIBE_HOME": bench.folder + "/vibe", "MISTRAL_API_KEY": "test"]) {
      $0.command = [Vibe.program]
    }.check()
    #expect(found.agent == "Mistral Vibe" && found.agentVersion == "3.0.2" && found.features.contains("loads sessions"))
  }
}

private enum Vibe {
  private static let environment = ProcessInfo.processInfo.environment
  static let program = (environment["PEERS_BASE"] ?? "") + "/venvs/vibe/bin/vibe-acp"
  static let stub = (environment["PEERS"] ?? "") + "/stub_llm.py"

  static var isInstalled: Bool { access(program, X_OK) == 0 && access(stub, R_OK) == 0 }

  /// The scripted language model, on a port of its own.
  final class Model {
    private let bench: Bench
    private let port = Int.random(in: 20_000..<60_000)
    private var process: pid_t = 0

    init(_ bench: Bench) throws {
      self.bench = bench
      let script = "exec python3 '\(Vibe.stub)' --port \(port) --log /dev/null > /dev/null 2>&1"
      try bench.shell("(\(script)) & echo $! > ../model.pid")
      process = pid_t(bench.read(bench.folder + "/model.pid")?.filter(\.isNumber) ?? "") ?? 0
      try bench.shell(
        "for i in $(seq 200); do curl -s http://127.0.0.1:\(port)/_health > /dev/null && exit; sleep 0.05; done; exit 1"
      )
    }

    func end() { if process > 1 { kill(process, SIGKILL) } }

    /// A home of its own, in which it is told of the model.
    func environment() throws -> [String: String] {
      let home = bench.folder + "/vibe"
      try bench.shell("mkdir -p '\(home)'")
      let settings = """
        active_model = "stub"
        enable_telemetry = false
        enable_update_checks = false
        enable_auto_update = false
        [[providers]]
        name = "stub"
        api_base = "http://127.0.0.1:\(port)/v1"
        api_key_env_var = ""
        backend = "generic"
        [[models]]
        name = "stub-model"
        provider = "stub"
        alias = "stub"
        """
      try settings.write(toFile: home + "/config.toml", atomically: false, encoding: .utf8)
      return ["VIBE_HOME": home, "HOME": bench.folder, "MISTRAL_API_KEY": "test"]
    }
  }
}
