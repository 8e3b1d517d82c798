import FoundationEssentials
import Glibc
import Orchestration
import RunModel
import TestSupport
import Testing

@testable import RuntimeAdapters

@Suite("What a local run's folder is enough for", .timeLimit(.minutes(20)))
struct AdoptionTests {
  private func recorded(_ contract: Contract, _ bench: Bench) throws -> Run {
    var run = Run(
      runId: try #require(contract.runId), contractId: ContractID(bench.ids.next()), title: contract.title,
      createdAt: .now)
    run.status = .running
    return run
  }

  private func machine(_ boot: String) -> Machine {
    Machine { MachineTime(boot: boot, milliseconds: 1) }
  }

  private func local(_ bench: Bench, _ script: String, boot: String, id: RuntimeID = "local") -> LocalRuntime {
    LocalRuntime(
      LocalRuntime.Configuration(id: id, command: ["/bin/bash", "-c", script]), state: bench.state,
      environment: ProcessInfo.processInfo.environment, launcher: Bench.launcher, machine: machine(boot))
  }

  @Test("From any report on, exactly those that follow are told: lines, redrawn lines, progress, tools, other streams")
  func everyPlace() async throws {
    let bench = try Bench()
    let runtime = try bench.local(
      """
      echo one; printf 'a\\rb\\rc\\n'; echo '{"awf":"progress","progress":0.25}'; echo two >&2
      printf 'half '; sleep 0.3; echo between >&2; echo line
      echo '{"awf":"tool","name":"edit"}'; printf 'x\\033]9;4;1;50\\007y\\n'; echo; echo last
      """)
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.contract()
    let id = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    try await recorder.end(of: id)
    let told = recorder.events(of: id).filter { $0.position != nil }
    #expect(told.count >= 12)
    #expect(told.compactMap(\.position) == told.compactMap(\.position).sorted())
    for count in 0...told.count {
      let next = try bench.local("unused")
      let seen = RuntimeEventRecorder(next)
      let position = count == 0 ? nil : told[count - 1].position
      var run = try recorded(contract, bench)
      for event in told.prefix(count) {
        if case .progress(let value, _) = event.kind { (run.progress, run.progressKnown) = (value, true) }
      }
      #expect(try await next.adopt(contract, run: run, Adoption(position: position)))
      try await seen.end(of: id)
      #expect(seen.events(of: id).filter { $0.position != nil } == Array(told.dropFirst(count)), "after \(count)")
    }
  }

  @Test("A run that an earlier version followed goes on from the position that it left")
  func earlierVersion() async throws {
    let bench = try Bench()
    let runtime = try bench.local("echo one; echo two; echo three")
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.contract()
    let id = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    try await recorder.end(of: id)
    let place = try #require(
      recorder.events(of: id).first { $0.kind == .output(stream: .stdout, text: "two", dropped: 0) })
    try Files.write(Array("\(place.position?.offset ?? 0)".utf8), to: bench.runFolder(id) + "/position")
    let next = try bench.local("unused")
    let seen = RuntimeEventRecorder(next)
    #expect(try await next.adopt(contract, run: recorded(contract, bench), Adoption()))
    try await seen.end(of: id)
    #expect(seen.lines(of: id) == ["two", "three"])
  }

  @Test(
    "After a restart of the machine a live run has failed for that, its work is kept, and no pid of then is touched")
  func reboot() async throws {
    let bench = try Bench()
    let mark = "\(61_000_000 + Int.random(in: 0..<9_000_000))"
    let before = local(bench, "echo said; echo made > made.txt; exec sleep \(mark)", boot: "first")
    let recorder = RuntimeEventRecorder(before)
    let contract = bench.contract()
    let id = try #require(contract.runId)
    _ = try await before.startTask(contract)
    try await until("the agent") { processes(running: "sleep \(mark)").count == 1 }
    let after = local(bench, "unused", boot: "second")
    let seen = RuntimeEventRecorder(after)
    // Also one whose start is not on record.
    #expect(try await after.hasBegun(id))
    #expect(try await after.adopt(contract, run: recorded(contract, bench), Adoption()))
    let end = try await seen.end(of: id)
    #expect(end.outcome == .failed)
    #expect(end.reason == "The machine was restarted while bash worked; its work is kept")
    #expect(try bench.shell("git show \(end.commit ?? "none"):made.txt") == "made\n")
    #expect(seen.lines(of: id) == ["said"])
    // It stands for a stranger who has got the agent's pid, environment and all.
    #expect(processes(running: "sleep \(mark)").count == 1)
    try await before.forceCancelTask(id, reason: "end of the test")
    try await recorder.end(of: id)
  }

  @Test("A cancel that was asked for before the machine restarted is carried out by it")
  func rebootWhileCanceling() async throws {
    let bench = try Bench()
    let before = local(bench, "echo up; exec sleep 300", boot: "first")
    let recorder = RuntimeEventRecorder(before)
    let contract = bench.contract()
    let id = try #require(contract.runId)
    _ = try await before.startTask(contract)
    try await recorder.first("up") { $0.kind == .output(stream: .stdout, text: "up", dropped: 0) }
    let after = local(bench, "unused", boot: "second")
    let seen = RuntimeEventRecorder(after)
    var run = try recorded(contract, bench)
    run.cancellation = Cancellation(by: "ada", reason: "enough", force: false, requestedAt: .now)
    #expect(try await after.adopt(contract, run: run, Adoption()))
    let end = try await seen.end(of: id)
    #expect(end.outcome == .canceled && end.proof?.confirmedAt != nil && end.proof?.killed == 0)
    try await before.forceCancelTask(id, reason: "end of the test")
    try await recorder.end(of: id)
  }

  @Test("Another local runtime of the same state takes up no run that is not its own")
  func ownRunsOnly() async throws {
    let bench = try Bench()
    let runtime = local(bench, "echo done", boot: "b")
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.contract()
    let id = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    try await recorder.end(of: id)
    let other = local(bench, "unused", boot: "b", id: "other")
    #expect(try await other.adopt(contract, run: recorded(contract, bench), Adoption()) == false)
    #expect(try await !other.hasBegun(id))
    await #expect(throws: Problem.self) { try await other.workspace(of: id) }
  }

  enum Broken: String, CaseIterable {
    case folderAlone, worktree, lockedWorktree, halfWorktree, spec
  }

  @Test(
    "A start that its orchestrator did not survive is made anew, with the first branch name", arguments: Broken.allCases
  )
  func brokenStart(_ broken: Broken) async throws {
    let bench = try Bench()
    let contract = bench.contract()
    let id = try #require(contract.runId)
    let runtime = local(bench, "echo works > made.txt", boot: "b")
    let path = "\(bench.state)/worktrees/\(id)"
    let branch = try #require(BranchName.candidates(for: contract, run: id).first)
    if broken != .folderAlone {
      try bench.shell("mkdir -p \(bench.state)/worktrees && git worktree add -q -b \(branch) \(path)")
    }
    if broken == .lockedWorktree { try bench.shell("git worktree lock --reason initializing \(path)") }
    if broken == .halfWorktree { try bench.shell("rm \(path)/.git; git worktree lock \(path)") }
    try Files.makeFolder(bench.runFolder(id))
    try Files.write(Array("{}".utf8), to: bench.runFolder(id) + "/contract.json")
    if broken == .spec {
      let spec = LocalRunSpec(
        run: id, title: "x", runtime: "local", boot: "b", workspace: Workspace(path: path, branch: branch),
        agentName: "bash", supervisor: SupervisorSpec(command: ["/bin/true"], directory: path))
      try Files.write(spec.jsonBytes, to: bench.runFolder(id) + "/spec.json")
    }
    #expect(try await !runtime.hasBegun(id))
    #expect(try await runtime.adopt(contract, run: recorded(contract, bench), Adoption()) == false)
    let recorder = RuntimeEventRecorder(runtime)
    _ = try await runtime.startTask(contract)
    #expect(try await recorder.end(of: id).outcome == .succeeded)
    #expect(try await runtime.workspace(of: id)?.branch?.hasPrefix("awf/") == true)
    if broken != .halfWorktree { #expect(try await runtime.workspace(of: id)?.branch == branch) }
    let list = try bench.shell("git worktree prune; git worktree list --porcelain")
    #expect(!list.contains("locked"))
    #expect(list.split(separator: "\n").count { $0.hasPrefix("worktree ") } == 2)
  }

  @Test("Locks that a killed git has left do not keep the work from being kept, and are gone after")
  func staleLocks() async throws {
    let bench = try Bench()
    let runtime = try bench.local(
      """
      echo made > made.txt
      for lock in index.lock HEAD.lock "$(git symbolic-ref HEAD).lock"; do : > "$(git rev-parse --git-path $lock)"; done
      """)
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.contract()
    let id = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    let end = try await recorder.end(of: id)
    #expect(end.outcome == .succeeded && end.reason == nil)
    #expect(try bench.shell("git show \(end.commit ?? "none"):made.txt") == "made\n")
    #expect(try bench.shell("find .git -name '*.lock'") == "")
  }

  @Test("What an earlier orchestrator left verifying is ended, strays and all")
  func verifying() async throws {
    let bench = try Bench()
    let mark = "\(62_000_000 + Int.random(in: 0..<9_000_000))"
    func runner() -> VerifyRunner {
      VerifyRunner(state: bench.state, environment: ProcessInfo.processInfo.environment, launcher: Bench.launcher)
    }
    let run = RunID(bench.ids.next())
    let earlier = Task {
      try await runner().verify("setsid sleep \(mark) & sleep 600", in: Workspace(path: bench.repository), run: run)
    }
    try await until("the stray") { processes(running: "sleep \(mark)").count == 1 }
    await runner().endEarlier(of: run)
    #expect(processes(running: "sleep \(mark)") == [])
    _ = await earlier.result
    #expect(try FileManager.default.contentsOfDirectory(atPath: bench.runFolder(run)) == [])
  }
}
