import FoundationEssentials
import Glibc
import Orchestration
import RunModel
import RuntimeAdapters
import TestSupport
import Testing

@Suite("The local runtime")
struct LocalRuntimeTests {
  @Test("A run's diff applies to a fresh clone: commits, a rename, a binary, an untracked and a removed file")
  func diffApplies() async throws {
    let bench = try Bench()
    let runtime = try bench.local(
      """
      set -e
      echo more >> kept.txt; git mv moved.txt 'named anew.txt'; git commit -q -am 'by the agent'
      printf '\\377\\000\\001' > picture.bin; git add picture.bin
      printf 'untracked \\303\\244\\n' > 'new ü.txt'; rm gone.txt; mkdir ignored; echo x > ignored/y
      echo 'all done' > "$FLIGHTDECK_HANDOFF"; echo finished
      """)
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.contract()
    let run = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    let end = try await recorder.end(of: run)
    #expect(end.outcome == .succeeded)
    let workspace = try #require(try await runtime.workspace(of: run))
    let branch = try #require(workspace.branch)
    #expect(branch == "awf/fix-the-login-\(run.shortName)")
    #expect(try bench.shell("git rev-parse \(branch)") == (end.commit ?? "") + "\n")
    #expect(try bench.shell("git status --porcelain", in: workspace.path) == "")
    let artifacts = try await runtime.getArtifacts(run)
    #expect(
      artifacts.filesChanged.sorted()
        == ["gone.txt", "kept.txt", "moved.txt", "named anew.txt", "new ü.txt", "picture.bin"])
    #expect(artifacts.diffSummary.contains("5 files changed"))
    #expect(artifacts.handoffNote == "all done\n")
    let patch = try await runtime.patch(of: run)
    try Data(patch).write(to: URL(filePath: bench.folder + "/patch"))
    try bench.shell(
      "git clone -q . ../clone && cd ../clone && git checkout -q \(workspace.base ?? "") && git apply --index ../patch")
    #expect(
      try bench.shell("git write-tree", in: bench.folder + "/clone")
        == bench.shell("git rev-parse \(branch)^{tree}"))
    #expect(recorder.lines(of: run) == ["finished"])
  }

  @Test("The diff can be read while the agent works, and its index stays as it was")
  func diffLive() async throws {
    let bench = try Bench()
    let runtime = try bench.local("echo a >> kept.txt; git add kept.txt; echo b > fresh; echo ready; sleep 300")
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.contract()
    let run = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    try await recorder.first("ready") { $0.kind == .output(stream: .stdout, text: "ready", dropped: 0) }
    let path = try #require(try await runtime.workspace(of: run)?.path)
    let before = try bench.shell("git status --porcelain", in: path)
    #expect(try await runtime.getArtifacts(run).filesChanged.sorted() == ["fresh", "kept.txt"])
    #expect(String(decoding: try await runtime.patch(of: run), as: UTF8.self).contains("+++ b/fresh"))
    #expect(try bench.shell("git status --porcelain", in: path) == before)
    try await recorder.first("the live counts") { event in
      guard case .changes(2, 2, 0, let paths?) = event.kind else { return false }
      return paths.count == 2
    }
    try await runtime.forceCancelTask(run, reason: "enough")
    #expect(try await recorder.end(of: run).outcome == .canceled)
  }

  @Test("A canceled run ends only when nothing of it lives: a session of its own, a daemon, one that ignores TERM")
  func cancelKillsStrays() async throws {
    let bench = try Bench()
    let marks = (1...3).map { "\(31_000_000 + Int.random(in: 0..<900_000) * 10 + $0)" }
    let runtime = try bench.local(
      """
      setsid sleep \(marks[0]) &
      ( ( setsid sleep \(marks[1]) > /dev/null 2>&1 & ) & )
      ( trap '' TERM; exec sleep \(marks[2]) ) &
      echo half > kept.txt; echo up; wait; sleep 300
      """
    ) { $0.stopGrace = .milliseconds(300) }
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.contract()
    let run = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    try await recorder.first("up") { $0.kind == .output(stream: .stdout, text: "up", dropped: 0) }
    try await until("three strays") { marks.allSatisfy { processes(running: "sleep \($0)").count == 1 } }
    try await runtime.cancelTask(run, reason: "wrong task")
    let end = try await recorder.end(of: run)
    #expect(marks.flatMap { processes(running: "sleep \($0)") } == [])
    let proof = try #require(end.proof)
    #expect(end.outcome == .canceled)
    #expect(proof.processes >= 4)
    #expect(proof.killed >= 1)
    #expect(proof.stopSentAt != nil)
    #expect(proof.confirmedAt != nil)
    let commit = try #require(proof.commit)
    #expect(try bench.shell("git show \(commit):kept.txt") == "half\n")
  }

  @Test("An agent that ends by itself leaves no stray, and its exit decides")
  func straysOfAnEndedAgent() async throws {
    let bench = try Bench()
    let mark = "\(32_000_000 + Int.random(in: 0..<9_000_000))"
    let runtime = try bench.local("setsid sleep \(mark) & echo bye; exit 3") { $0.strayGrace = .milliseconds(100) }
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.contract()
    let run = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    let end = try await recorder.end(of: run)
    #expect(processes(running: "sleep \(mark)") == [])
    #expect(end == TaskEnd(.failed, exitCode: 3, reason: "bash exited 3"))
    #expect(!recorder.events(of: run).map(\.type).contains("stop_sent"))
    let told = recorder.events(of: run).compactMap { event in
      if case .custom("strays_ended", let data) = event.kind { data["message"]?.string } else { nil }
    }
    #expect(told.count == 1 && told.first?.contains("left 1 process behind") == true, "\(told)")
    let artifacts = try await runtime.getArtifacts(run)
    #expect(artifacts.handoffNote == "bye" && artifacts.noteIsOutput && !artifacts.hasNote)
  }

  @Test("When the supervisor is killed the agent is swept, the run fails and says so, and its work is kept")
  func killedSupervisor() async throws {
    let bench = try Bench()
    let mark = "\(33_000_000 + Int.random(in: 0..<9_000_000))"
    let runtime = try bench.local("echo half > kept.txt; setsid sleep \(mark) & echo up; wait; sleep 300")
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.contract()
    let run = try #require(contract.runId)
    let started = try await runtime.startTask(contract)
    try await recorder.first("up") { $0.kind == .output(stream: .stdout, text: "up", dropped: 0) }
    try await until("a stray") { processes(running: "sleep \(mark)").count == 1 }
    let supervisor = try #require(pid_t(started.runtimeSessionId.dropFirst("supervisor-".count)))
    kill(supervisor, SIGKILL)
    let end = try await recorder.end(of: run)
    #expect(end.outcome == .failed)
    #expect(end.reason?.contains("supervisor was killed") == true)
    #expect(processes(running: "sleep \(mark)") == [])
    #expect(try bench.shell("git show \(end.commit ?? "none"):kept.txt") == "half\n")
  }

  @Test("A new adapter takes up a run that goes on, and no line comes twice or is missing")
  func adoption() async throws {
    let bench = try Bench()
    let gate = bench.folder + "/gate"
    let script = """
      for i in 1 2 3; do echo "before $i"; done; echo '{"awf":"progress","progress":0.5}'
      while [ ! -e \(gate) ]; do sleep 0.02; done
      for i in 1 2 3; do echo "after $i"; done; echo x > made.txt
      """
    let contract = bench.contract()
    let id = try #require(contract.runId)
    var first: LocalRuntime? = try bench.local(script)
    let before = RuntimeEventRecorder(try #require(first))
    _ = try await first?.startTask(contract)
    try await before.first("the progress") { $0.type == "progress" }
    let position = try #require(before.events(of: id).last?.position)
    first = nil
    let second = try bench.local(script)
    let after = RuntimeEventRecorder(second)
    var recorded = Run(
      runId: id, contractId: ContractID(bench.ids.next()), title: contract.title, createdAt: .now)
    recorded.status = .running
    recorded.progress = 0.5
    #expect(try await second.adopt(contract, run: recorded, Adoption(position: position)))
    #expect(try await second.getStatus(id).status == .running)
    try bench.shell("touch \(gate)")
    #expect(try await after.end(of: id).outcome == .succeeded)
    #expect(before.lines(of: id).prefix(3) == ["before 1", "before 2", "before 3"])
    #expect(after.lines(of: id) == ["after 1", "after 2", "after 3"])
    #expect(!after.events(of: id).map(\.type).contains("progress"))
    #expect(try await second.getArtifacts(id).filesChanged == ["made.txt"])
  }

  @Test("A run that ended while nobody looked is settled on adoption; one that left nothing cannot be adopted")
  func adoptionOfTheEnded() async throws {
    let bench = try Bench()
    let runtime = try bench.local("echo one; exit 4")
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.contract()
    let id = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    let end = try await recorder.end(of: id)
    let later = try bench.local("unused")
    let seen = RuntimeEventRecorder(later)
    var recorded = Run(runId: id, contractId: ContractID(bench.ids.next()), title: "t", createdAt: .now)
    recorded.status = .running
    let position = recorder.events(of: id).compactMap(\.position).max()
    #expect(try await later.adopt(contract, run: recorded, Adoption(position: position)))
    #expect(try await seen.end(of: id) == end)
    let unknown = Run(
      runId: RunID(bench.ids.next()), contractId: ContractID(bench.ids.next()), title: "t", createdAt: .now)
    #expect(try await later.adopt(contract, run: unknown, Adoption()) == false)
  }

  @Test("An agent asks, the answer reaches it as one JSON line, and awf lines are no output")
  func awfLines() async throws {
    let bench = try Bench()
    let runtime = try bench.local(
      """
      echo '{"awf":"progress","progress":0.25,"message":"quarter"}'
      echo '{"awf":"tool","name":"edit","target":"a.swift","summary":"+4 -1"}'
      echo '{"awf":"usage","inputTokens":1,"outputTokens":2,"costUSD":0.01}'
      echo '{"awf":"mine","x":1}'; echo '{"not":"ours"}'
      printf '\\033]9;4;1;50\\007'; sleep 0.3; printf 'half\\033]9;4;1;75\\033\\\\ way\\n'
      echo '{"awf":"attention","question":"Go on?","options":["yes","no"]}'
      read -r line; echo "got $line"; echo '{"awf":"handoff","note":"over to you"}'
      """
    ) { $0.input = .answers }
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.contract()
    let run = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    let asked = try await recorder.first("the question") { $0.type == "attention" }
    #expect(asked.kind == .attention(id: "q1", question: "Go on?", options: ["yes", "no"], kind: "question"))
    await #expect(throws: Problem.self) { try await runtime.answer(run, attentionId: "other", answer: "yes") }
    try await runtime.answer(run, attentionId: "q1", answer: "y\"es\nplease")
    #expect(try await recorder.end(of: run).outcome == .succeeded)
    let kinds = recorder.events(of: run).map(\.kind)
    #expect(kinds.contains(.progress(0.25, message: "quarter")))
    #expect(kinds.contains(.tool(.init(name: "edit", target: "a.swift", summary: "+4 -1"))))
    #expect(kinds.contains(.usage(.init(inputTokens: 1, outputTokens: 2, costUSD: 0.01))))
    #expect(kinds.contains(.custom(type: "mine", data: ["x": 1])))
    #expect(kinds.contains(.progress(0.5, message: nil)))
    #expect(kinds.contains(.progress(0.75, message: nil)))
    #expect(kinds.contains(.resolved(id: "q1", answer: "y\"es\nplease", by: "operator")))
    let answer = #"got {"awf":"answer","attentionId":"q1","answer":"y\"es\nplease"}"#
    #expect(recorder.lines(of: run) == [#"{"not":"ours"}"#, "half way", answer])
    let artifacts = try await runtime.getArtifacts(run)
    #expect(artifacts.handoffNote == "over to you" && artifacts.hasNote)
  }

  @Test("Placeholders and environment tell the agent where it is, and our own secrets stay ours")
  func placeholders() async throws {
    let bench = try Bench()
    var configuration = LocalRuntime.Configuration(command: [
      "/bin/bash", "-c",
      #"printf '%s\n' "$@" "$PWD" "$FLIGHTDECK_RUN_ID" "$MINE" "${FLIGHTDECK_TOKEN_FILE-none}" "$(cat "$1")""#, "agent",
      "{promptFile}", "{title}|{runId}|{worktree}|{contractFile}|{other}",
    ])
    configuration.environment = ["MINE": "set"]
    let runtime = bench.local(configuration, adding: ["FLIGHTDECK_TOKEN_FILE": "/secret"])
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.contract("A {prompt} title") { $0.prompt = "Do {title}" }
    let run = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    try await recorder.end(of: run)
    let worktree = "\(bench.state)/worktrees/\(run)"
    let folder = bench.runFolder(run)
    #expect(
      recorder.lines(of: run) == [
        "\(folder)/prompt.txt", "A {prompt} title|\(run)|\(worktree)|\(folder)/contract.json|{other}", worktree,
        run.description, "set", "none", "Do {title}",
      ])
  }

  @Test("Without a placeholder the prompt comes on standard input, and its end with it")
  func promptOnStandardInput() async throws {
    let bench = try Bench()
    let runtime = bench.local(LocalRuntime.Configuration(command: ["cat"]))
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.contract { $0.prompt = "line one\nline two" }
    let run = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    #expect(try await recorder.end(of: run).outcome == .succeeded)
    #expect(recorder.lines(of: run) == ["line one", "line two"])
  }

  @Test("Uncommitted files of the checkout are noted and no hindrance")
  func dirtyCheckout() async throws {
    let bench = try Bench()
    try bench.shell("echo x >> kept.txt; echo y > stray1; echo z > stray2")
    let runtime = try bench.local("cat kept.txt | tail -1; sleep 0.3")
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.contract()
    let run = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    let note = try await recorder.first("the note") { $0.type == "base_dirty" }
    #expect(
      note.kind
        == .custom(type: "base_dirty", data: ["files": 3, "message": "3 uncommitted files are not in the base"]))
    try await recorder.end(of: run)
    #expect(recorder.lines(of: run) == ["40"])
    #expect(try await runtime.getArtifacts(run).filesChanged == [])
  }

  @Test("An agent that leaves its branch, detached or on another, loses nothing")
  func otherBranch() async throws {
    let bench = try Bench()
    let runtime = try bench.local(
      "echo 1 > one; git add one; git commit -qm one; git checkout -q -b elsewhere HEAD~1; echo 2 > two; git add two;"
        + " git commit -qm two; echo 3 > three")
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.contract()
    let run = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    let commit = try #require(try await recorder.end(of: run).commit)
    let branch = try #require(try await runtime.workspace(of: run)?.branch)
    #expect(try bench.shell("git rev-parse \(branch)") == commit + "\n")
    #expect(try bench.shell("git log --format=%s \(branch)").contains("one"))
    #expect(try bench.shell("git ls-tree --name-only \(branch)").contains("three"))
  }
}
