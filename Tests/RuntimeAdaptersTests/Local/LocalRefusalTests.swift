import FoundationEssentials
import Glibc
import Orchestration
import RunModel
import RuntimeAdapters
import TestSupport
import Testing

@Suite("What the local runtime refuses, it refuses clearly and whole")
struct LocalRefusalTests {
  enum Refusal: String, CaseIterable {
    case noRepository, notAFolder, notGit, noCommit, unknownBase, missingCommand, missingRelativeCommand, noCommand
    case longPrompt, notAProgram, badCommand
  }

  @Test("Each refusal says what is wrong and leaves no worktree, branch or folder", arguments: Refusal.allCases)
  func refuses(_ refusal: Refusal) async throws {
    let bench = try Bench()
    var configuration = LocalRuntime.Configuration(command: ["/bin/echo", "{prompt}"])
    var contract = bench.contract()
    let words: [String]
    switch refusal {
    case .noRepository:
      contract.repository = nil
      words = ["--repo"]
    case .notAFolder:
      contract.repository = bench.folder + "/nowhere"
      words = ["no folder", "nowhere"]
    case .notGit:
      try FileManager.default.createDirectory(atPath: bench.folder + "/plain", withIntermediateDirectories: true)
      contract.repository = bench.folder + "/plain"
      words = ["not a git repository", "git init"]
    case .noCommit:
      try bench.shell("git init -q ../empty")
      contract.repository = bench.folder + "/empty"
      words = ["no commit yet"]
    case .unknownBase:
      contract.base = "release/9"
      words = ["release/9", "no commit"]
    case .missingCommand:
      configuration.command = ["no-such-agent", "{prompt}"]
      words = ["no-such-agent", "not in PATH"]
    case .missingRelativeCommand:
      configuration.command = ["./no-such-agent"]
      words = ["does not exist"]
    case .noCommand:
      configuration.command = nil
      words = ["metadata.command"]
    case .longPrompt:
      contract.prompt = String(repeating: "a", count: 140_000)
      words = ["{promptFile}", "136 KiB"]
    case .notAProgram:
      let path = bench.folder + "/no-program"
      try "plain text".write(toFile: path, atomically: false, encoding: .utf8)
      chmod(path, 0o755)
      configuration.command = [path]
      words = ["#!"]
    case .badCommand:
      configuration.command = nil
      contract.metadata = ["command": ["echo", 3]]
      words = ["metadata.command", "strings"]
    }
    let runtime = bench.local(configuration)
    let refused = contract
    let problem = await #expect(throws: Problem.self) { _ = try await runtime.startTask(refused) }
    for word in words { #expect(problem?.detail.contains(word) == true, "\(problem?.detail ?? "") lacks \(word)") }
    let run = try #require(contract.runId)
    #expect(bench.read(bench.runFolder(run) + "/contract.json") == nil)
    #expect(!FileManager.default.fileExists(atPath: bench.runFolder(run)))
    #expect(!FileManager.default.fileExists(atPath: "\(bench.state)/worktrees/\(run)"))
    #expect(try bench.shell("git branch --list 'awf/*'; git worktree list | wc -l") == "1\n")
    await #expect(throws: Problem.self) { _ = try await runtime.getStatus(run) }
  }

  @Test(
    "A full disk is a clear error and leaves nothing half-made",
    .enabled(if: getuid() == 0, "mounts a small tmpfs, which only root may"))
  func fullDisk() async throws {
    let bench = try Bench()
    try bench.shell("head -c 3000000 /dev/urandom > big && git add big && git commit -qm big; mkdir ../state")
    guard run(["/bin/mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", bench.state]) == 0 else {
      // A container without the right to mount cannot show this.
      withKnownIssue("no right to mount a tmpfs here") { Issue.record("skipped") }
      return
    }
    defer { _ = run(["/bin/umount", "-l", bench.state]) }
    let runtime = bench.local(LocalRuntime.Configuration(command: ["/bin/echo", "{prompt}"]))
    let contract = bench.contract()
    let problem = await #expect(throws: Problem.self) { _ = try await runtime.startTask(contract) }
    #expect(problem?.detail.contains("No space is left") == true, "\(problem?.detail ?? "")")
    #expect(try bench.shell("git branch --list 'awf/*'; git worktree list | wc -l") == "1\n")
    #expect(try FileManager.default.contentsOfDirectory(atPath: bench.state + "/worktrees") == [])
  }

  @Test("A branch that is there already stays as it is, and the run gets a longer name")
  func takenBranch() async throws {
    let bench = try Bench()
    let contract = bench.contract()
    let run = try #require(contract.runId)
    let taken = "awf/fix-the-login-\(run.shortName)"
    try bench.shell("git branch \(taken)")
    let runtime = bench.local(LocalRuntime.Configuration(command: ["cat"]))
    let recorder = RuntimeEventRecorder(runtime)
    _ = try await runtime.startTask(contract)
    try await recorder.end(of: run)
    #expect(
      try await runtime.workspace(of: run)?.branch == "awf/fix-the-login-\(run.description.suffix(10))")
    #expect(try bench.shell("git branch --list \(taken) | wc -l") == "1\n")
  }

  @Test("What is wrong with the runtime's command is what its check says")
  func health() async throws {
    let bench = try Bench()
    let found = try await bench.local(LocalRuntime.Configuration(command: ["cat"])).check()
    #expect(found.agent?.hasSuffix("/cat") == true && found.notes.isEmpty)
    let problem = await #expect(throws: Problem.self) {
      try await bench.local(LocalRuntime.Configuration(command: ["no-such-agent"])).check()
    }
    #expect(problem?.detail.contains("not in PATH") == true)
  }

  @Test("Runs that start at once in one repository all get their worktree, and titles alike get branches of their own")
  func concurrentStarts() async throws {
    let bench = try Bench()
    let runtime = bench.local(LocalRuntime.Configuration(command: ["cat"]))
    let recorder = RuntimeEventRecorder(runtime)
    let contracts = (0..<8).map { _ in bench.contract("Same title") }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for contract in contracts { group.addTask { _ = try await runtime.startTask(contract) } }
      try await group.waitForAll()
    }
    for contract in contracts { try await recorder.end(of: try #require(contract.runId)) }
    #expect(try bench.shell("git branch --list 'awf/same-title-*' | wc -l") == "8\n")
  }
}
