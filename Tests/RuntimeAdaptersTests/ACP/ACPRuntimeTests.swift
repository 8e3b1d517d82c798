import FoundationEssentials
import Glibc
import Orchestration
import RunModel
import TestSupport
import Testing

@testable import RuntimeAdapters

@Suite("The acp runtime, with a scripted agent", .serialized, .timeLimit(.minutes(20)))
struct ACPRuntimeTests {
  private func run(
    _ bench: Bench, _ runtime: ACPRuntime, _ prompt: String
  ) async throws -> (end: TaskEnd, run: RunID, recorder: RuntimeEventRecorder) {
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.prompt(prompt)
    let id = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    return (try await recorder.end(of: id), id, recorder)
  }

  @Test("A run from the prompt to its work kept: lines, thought, plan, tool, usage, an unknown update, noise")
  func whole() async throws {
    let bench = try Bench()
    let runtime = bench.acp()
    let (end, id, recorder) = try await run(
      bench, runtime, "say:hello thought:why plan tool usage unknown noise write:made.txt half:last say:words")
    #expect(end.outcome == .succeeded && end.exitCode == 0 && end.reason == nil)
    #expect(try bench.shell("git show \(end.commit ?? "none"):made.txt") == "made by the agent\n")
    let kinds = recorder.events(of: id).map(\.kind)
    #expect(
      recorder.lines(of: id) == [
        "hello", "plain words", #"{"json": "and no message"}"#, "{broken", "last words",
      ])
    #expect(kinds.contains(.custom(type: "thought", data: ["message": "why"])))
    #expect(kinds.contains(.progress(0.25, message: "step 1")))
    let diff = "--- a/kept.txt\n+++ b/kept.txt\n@@ -1,1 +1,1 @@\n-3\n+three\n"
    #expect(
      kinds.contains(
        .tool(.init(name: "edit", target: "kept.txt", summary: "Editing kept.txt", status: "completed", diff: diff))))
    #expect(kinds.contains(.usage(.init(inputTokens: 400, outputTokens: 80, costUSD: 0.25))))
    #expect(kinds.contains { $0 == .custom(type: "agent.retrying", data: ["detail": "HTTP 500"]) })
    #expect(try await runtime.getArtifacts(id).handoffNote == "last words\n")
    #expect(try await runtime.getArtifacts(id).filesChanged == ["made.txt"])
  }

  @Test("A permission is put to a person with its command, the answer reaches the agent, and its command is on record")
  func permission() async throws {
    let bench = try Bench()
    let runtime = bench.acp()
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.prompt("ask")
    let id = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    let asked = try await recorder.waitForQuestion(of: id)
    #expect(asked.options == ["Allow once", "Allow always", "Allow always (forever)", "Reject"])
    #expect(asked.detail?.command == "rm -rf build" && asked.detail?.tool == .execute)
    await #expect(throws: Problem.self) { try await runtime.answer(id, attentionId: asked.id, answer: "maybe") }
    try await runtime.answer(id, attentionId: asked.id, answer: "Reject")
    await #expect(throws: Problem.self) { try await runtime.answer(id, attentionId: asked.id, answer: "Reject") }
    #expect(try await recorder.end(of: id).outcome == .succeeded)
    #expect(recorder.lines(of: id) == ["answer: no"])
    #expect(recorder.events(of: id).map(\.kind).contains(.resolved(id: "p1", answer: "Reject", by: "operator")))
    #expect(try await runtime.getArtifacts(id).commandsRun == ["rm -rf build"])
  }

  @Test("Two permissions at once come one after the other")
  func twoPermissions() async throws {
    let bench = try Bench()
    let runtime = bench.acp()
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.prompt("ask2")
    let id = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    for name in ["p1", "p2"] {
      try await recorder.first(name) { event in
        if case .attention(name, _, _, _, _) = event.kind { true } else { false }
      }
      try await runtime.answer(id, attentionId: name, answer: name == "p1" ? "allow_once" : "reject_once")
    }
    try await recorder.end(of: id)
    #expect(recorder.lines(of: id) == ["answers: no yes"])
  }

  @Test("Files are read and written through us in the worktree, and nowhere else")
  func files() async throws {
    let bench = try Bench()
    try bench.shell(
      "ln -s /etc/passwd out; ln -s .git inside; mkdir sub; ln -s ../kept.txt sub/link; git add .; git commit -qm links"
    )
    try "secret\n".write(toFile: bench.folder + "/outside.txt", atomically: false, encoding: .utf8)
    let runtime = bench.acp()
    let (end, id, recorder) = try await run(
      bench, runtime,
      "lines:kept.txt read:new.txt put:a/b/new.txt read:sub/link put:../outside.txt read:../outside.txt "
        + "put:\(bench.folder)/outside.txt read:out put:.git read:inside put:a/../x put:sub/link")
    #expect(end.outcome == .succeeded)
    let lines = recorder.lines(of: id)
    #expect(lines[0] == #"lines: {"content": "2\n3\n"}"#)
    #expect(lines[1].contains("-32002"))
    #expect(lines[2] == "put: {}")
    #expect(lines[3].hasPrefix(#"read: {"content": "1\n2\n"#))
    for line in lines[4...10] { #expect(line.contains("-32602"), "\(line)") }
    #expect(lines[11] == "put: {}")
    #expect(bench.read(bench.folder + "/outside.txt") == "secret\n")
    #expect(
      try bench.shell("git show \(end.commit ?? "none"):a/b/new.txt; git show \(end.commit ?? "none"):kept.txt")
        == "put\nput\n")
  }

  @Test("A terminal's command runs in the worktree with the run's mark; its end, output and release are told")
  func terminals() async throws {
    let bench = try Bench()
    let runtime = bench.acp()
    let (end, id, recorder) = try await run(
      bench, runtime, "term:echo_$MINE;_pwd;_seq_1_9;_echo_err_>&2;_exit_3 kill:7300.25")
    #expect(end.outcome == .succeeded)
    let lines = recorder.lines(of: id)
    #expect(lines.count == 3)
    #expect(lines[0].hasPrefix(#"terminal: {"exitCode": 3, "signal": null} "#))
    #expect(lines[0].contains("set\\n\(bench.state)/worktrees/\(id)\\n1\\n2") && lines[0].contains("err\\n"))
    #expect(lines[0].contains(#""truncated": false"#))
    #expect(lines[1].contains("-32602"))
    #expect(lines[2] == #"killed: {"exitCode": null, "signal": "15"}"#)
    #expect(processes(running: "sleep 7300.25") == [])
  }

  @Test("A cancel ends the agent, and what it has in terminals, in a session of its own or not")
  func cancelEndsTerminals() async throws {
    let bench = try Bench()
    let mark = "\(71_000_000 + Int.random(in: 0..<9_000_000))"
    let runtime = bench.acp()
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.prompt("write:half.txt open:\(mark)")
    let id = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    try await recorder.waitForLine("opened", of: id)
    try await until("the terminal") { ProcessTable.running(withArgument: mark).count == 1 }
    try await runtime.cancelTask(id, reason: "enough")
    let end = try await recorder.end(of: id)
    #expect(end.outcome == .canceled && end.proof?.confirmedAt != nil && end.proof?.stopSentAt != nil)
    #expect(ProcessTable.running(withArgument: mark) == [])
    #expect(try bench.shell("git show \(end.commit ?? "none"):half.txt") == "made by the agent\n")
  }

  @Test("A terminal whose command resists is ended by the run's end, also when the agent ends by itself")
  func leftTerminal() async throws {
    let bench = try Bench()
    let mark = "\(72_000_000 + Int.random(in: 0..<9_000_000))"
    let runtime = bench.acp()
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.prompt("open:\(mark)")
    let id = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    try await recorder.waitForLine("opened", of: id)
    try await until("the terminal") { ProcessTable.running(withArgument: mark).count == 1 }
    let agent = try #require(try await supervised(bench, id))
    kill(agent, SIGKILL)
    let end = try await recorder.end(of: id)
    #expect(end.outcome == .failed)
    #expect(end.reason == "python3 was ended by signal 9 (Killed) in the middle of its turn")
    #expect(ProcessTable.running(withArgument: mark) == [])
  }

  private func supervised(_ bench: Bench, _ run: RunID) async throws -> pid_t? {
    let script = ACPPlayer.agents.appending(path: "acp-agent.py").path
    return ProcessTable.running(withArgument: script).first {
      ControlGroup.text("/proc/\($0)/environ")?.contains("FLIGHTDECK_RUN_ID=\(run)") == true
    }
  }

  enum CancelAt: String, CaseIterable { case initialize, session, text, tool, permission, deaf }

  @Test("A cancel ends the run in each phase, also with an agent that does not hear it", arguments: CancelAt.allCases)
  func cancelInEachPhase(_ phase: CancelAt) async throws {
    let bench = try Bench()
    let variables: [String: String] =
      switch phase {
      case .initialize: ["ACP_HANG": "initialize"]
      case .session: ["ACP_HANG": "session/new"]
      default: [:]
      }
    let runtime = bench.acp(variables) { $0.stopGrace = .milliseconds(600) }
    let recorder = RuntimeEventRecorder(runtime)
    let prompt =
      switch phase {
      case .permission: "ask"
      case .tool: "say:up tool wait"
      case .deaf: "deaf say:up hang"
      default: "say:up wait"
      }
    let contract = bench.prompt(prompt)
    let id = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    switch phase {
    case .initialize, .session:
      let word = phase == .initialize ? "initialize" : "session/new"
      try await until("it was told") { bench.read(bench.runFolder(id) + "/input")?.contains(word) == true }
    case .permission: _ = try await recorder.waitForQuestion(of: id)
    default: try await recorder.waitForLine("up", of: id)
    }
    try await runtime.cancelTask(id, reason: "enough")
    let end = try await recorder.end(of: id)
    #expect(end.outcome == .canceled && end.proof?.confirmedAt != nil)
    let types = recorder.events(of: id).map(\.type)
    #expect(types.count { $0 == "stop_sent" } == 1)
    if phase == .permission {
      #expect(recorder.events(of: id).map(\.kind).contains(.resolved(id: "p1", answer: "cancelled", by: "cancel")))
    }
    #expect(types.contains("cancel_unanswered") == (phase == .deaf))
    #expect(ProcessTable().marked(by: RunFolder.mark(of: id)).isEmpty)
  }

  @Test("A message during a turn is the next one of the same session, and the run ends after it")
  func message() async throws {
    let bench = try Bench()
    let runtime = bench.acp()
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.prompt("say:first ask")
    let id = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    let asked = try await recorder.waitForQuestion(of: id)
    try await runtime.send("say:second", to: id)
    try await runtime.answer(id, attentionId: asked.id, answer: "Allow once")
    #expect(try await recorder.end(of: id).outcome == .succeeded)
    #expect(recorder.lines(of: id) == ["first", "answer: yes", "second"])
    await #expect(throws: Problem.self) { try await runtime.send("late", to: id) }
  }

  @Test(
    "A follow-up goes on with the session of the earlier run, where the agent can load it", arguments: [true, false])
  func followUp(_ loads: Bool) async throws {
    let bench = try Bench()
    let log = bench.folder + "/told"
    let runtime = bench.acp(["ACP_LOG": log].merging(loads ? [:] : ["ACP_NOLOAD": "1"]) { $1 })
    let (end, first, recorder) = try await run(bench, runtime, "write:one.txt")
    #expect(end.outcome == .succeeded)
    let contract = bench.prompt("say:again write:two.txt") { $0.metadata["followUpOf"] = .string("\(first)") }
    let id = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    #expect(try await recorder.end(of: id).outcome == .succeeded)
    #expect(recorder.lines(of: id) == ["again"])
    #expect(bench.read(log)?.contains("session/load") == loads)
    #expect(try await runtime.workspace(of: id)?.path == "\(bench.state)/worktrees/\(first)")
  }

  @Test(
    "What goes wrong is said",
    arguments: [
      (
        ["ACP_VERSION": "2"], "say:x", "python3 speaks version 2 of the Agent Client Protocol, and Flightdeck version 1"
      ),
      (["ACP_EXIT": "4"], "say:x", "python3 exited 4 before it had answered initialize"),
      (["ACP_HANG": "initialize"], "say:x", "python3 did not answer initialize within 500 ms"),
      (["ACP_HANG": "session/new"], "say:x", "python3 did not answer session/new within 500 ms"),
      ([:], "crash:7", "python3 exited 7 in the middle of its turn"),
      ([:], "crash:0", "python3 exited 0 in the middle of its turn"),
      ([:], "stop:refusal", "python3 refused to go on (refusal)"),
      ([:], "error", "python3 answered session/prompt with an error: Invalid API key (-31002)"),
    ])
  func failures(_ variables: [String: String], _ prompt: String, _ reason: String) async throws {
    let bench = try Bench()
    let hangs = variables["ACP_HANG"] != nil
    let runtime = bench.acp(variables) { $0.startLimit = hangs ? .milliseconds(500) : .seconds(60) }
    let (end, _, _) = try await run(bench, runtime, prompt)
    #expect(end.outcome == .failed && end.reason == reason)
  }

  @Test("An agent that asks to be logged in, and one that does not know the mode, fail with the way out")
  func wayOut() async throws {
    let bench = try Bench()
    let (end, _, _) = try await run(bench, bench.acp(["ACP_AUTH": "1"]), "say:x")
    #expect(end.reason?.hasPrefix("python3 asks for authentication (Authentication required). Log it in once") == true)
    let (other, _, _) = try await run(bench, bench.acp { $0.mode = "yolo" }, "say:x")
    #expect(other.reason == "python3 has no mode \"yolo\": it has ask, auto. Correct \"mode\" of its runtime")
    let (good, id, recorder) = try await run(bench, bench.acp { $0.mode = "auto" }, "say:x")
    #expect(good.outcome == .succeeded)
    #expect(recorder.events(of: id).map(\.type).contains("current_mode"))
  }

  @Test("An agent that stays when its work is done is ended, and its work is done all the same")
  func stubborn() async throws {
    let bench = try Bench()
    let (end, _, _) = try await run(
      bench, bench.acp(["ACP_STUBBORN": "1"]) { $0.closeLimit = .milliseconds(200) }, "write:made.txt")
    #expect(end.outcome == .succeeded && end.proof == nil)
    #expect(try bench.shell("git show \(end.commit ?? "none"):made.txt") == "made by the agent\n")
  }

  @Test("Lines of more than a megabyte: an update is left out, a request is answered, the turn goes on")
  func giant() async throws {
    let bench = try Bench()
    let (end, id, recorder) = try await run(bench, bench.acp(), "giant gianterror replies say:on")
    #expect(end.outcome == .succeeded)
    #expect(recorder.lines(of: id).count == 2 && recorder.lines(of: id)[0].contains("-32600"))
    let types = recorder.events(of: id).map(\.type)
    #expect(types.count { $0 == "message_too_long" } == 2 && types.count { $0 == "unknown_reply" } == 2)
  }

  @Test("A prompt of several megabytes reaches the agent, however slowly it reads")
  func longPrompt() async throws {
    let bench = try Bench()
    let filler = String(repeating: "a-word-that-means-nothing ", count: 120_000)
    let (end, id, recorder) = try await run(
      bench, bench.acp(), "say:begin " + filler + "say:end")
    #expect(end.outcome == .succeeded)
    #expect(recorder.lines(of: id) == ["begin", "end"])
  }

  @Test("A check starts the agent, says who it is, and leaves nothing behind; what is wrong is said with the way out")
  func check() async throws {
    let bench = try Bench()
    let found = try await bench.acp().check()
    #expect(found.agent == "Scripted" && found.agentVersion == "1.2" && found.protocolVersion == "1")
    #expect(found.features.contains("loads sessions"))
    #expect(found.notes == [])
    func complaint(_ variables: [String: String], mode: String? = nil, limit: Duration = .seconds(60)) async -> String?
    {
      do {
        _ = try await bench.acp(variables) {
          $0.startLimit = limit
          $0.mode = mode
        }.check()
        return nil
      } catch { return (error as? Problem)?.detail }
    }
    #expect(await complaint(["ACP_VERSION": "7"])?.contains("version 7") == true)
    #expect(
      await complaint(["ACP_EXIT": "4"])?.contains("exited 4 before it had answered initialize: cannot start") == true)
    for method in ["initialize", "session/new"] {
      let words = await complaint(["ACP_HANG": method], limit: .milliseconds(800))
      #expect(words?.contains("did not answer \(method) within 800 ms") == true)
    }
    // What a run would meet only once it was dispatched.
    #expect(await complaint(["ACP_AUTH": "1"])?.contains("asks for authentication") == true)
    #expect(await complaint([:], mode: "nonsense")?.contains("has no mode \"nonsense\": it has ") == true)
    #expect(try FileManager.default.contentsOfDirectory(atPath: bench.state + "/checks") == [])
    await #expect(throws: Problem.self) { try await bench.acp { $0.command = ["/nowhere/agent"] }.check() }
  }
}
