import Glibc
import Orchestration
import RunModel
import Synchronization
import TestSupport
import Testing

@testable import RuntimeAdapters

@Suite("Limits of a run")
struct LimitTests {
  private func end(
    _ script: String, _ limits: RunLimits, _ hold: Hold = .none, grace: Duration = .milliseconds(300)
  ) async throws -> (end: TaskEnd, bench: Bench) {
    let bench = try Bench()
    let runtime = try bench.local(script, confinement: hold.confinement) {
      $0.limits = limits
      $0.stopGrace = grace
    }
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.contract()
    let run = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    let end = try await recorder.end(of: run)
    #expect(ProcessTable().marked(by: RunFolder.mark(of: run)).isEmpty)
    // What is said to hold is what the run was started under.
    let said = try await runtime.limits(of: run)
    #expect(said == hold.confinement.holdings(limits))
    return (end, bench)
  }

  @Test("A run with too many processes is stopped, says so, and its work is kept", arguments: Hold.here)
  func processes(_ hold: Hold) async throws {
    let (end, bench) = try await end(
      "echo half > kept.txt; for i in $(seq 30); do setsid sleep 600 & done; exec sleep 600", RunLimits(processes: 20),
      hold)
    #expect(end.outcome == .failed)
    let reason = try #require(end.reason)
    #expect(reason.hasPrefix("bash had "))
    #expect(reason.hasSuffix(" its limit of 20, so it was stopped"))
    #expect(try bench.shell("git show \(end.commit ?? "none"):kept.txt") == "half\n")
  }

  @Test("A run whose processes together use too much memory is stopped, and says so")
  func memory() async throws {
    let script = """
      for i in 1 2 3; do python3 -c 'import time; x = bytearray(b"x") * (60 << 20); time.sleep(600)' & done; wait
      """
    let (end, _) = try await end(script, RunLimits(memory: 120_000_000))
    #expect(end.outcome == .failed)
    #expect(end.reason?.hasSuffix(" of memory, more than its memory limit of 120 MB, so it was stopped") == true)
  }

  @Test("Memory that processes share is counted once")
  func sharedMemory() async throws {
    let script = """
      python3 -c 'import os, time
      x = bytearray(b"x") * (60 << 20)
      for i in range(4):
        if os.fork() == 0: time.sleep(2.5); os._exit(0)
      for i in range(4): os.wait()'
      """
    let (end, _) = try await end(script, RunLimits(memory: 150_000_000))
    #expect(end == TaskEnd(.succeeded, exitCode: 0))
  }

  @Test("A worktree that takes too much is measured, and the run stopped")
  func disk() async throws {
    let (end, _) = try await end(
      "mkdir -p a/b; for i in $(seq 30); do head -c 1000000 /dev/urandom > a/b/$i; done; exec sleep 600",
      RunLimits(disk: 20_000_000))
    #expect(end.outcome == .failed)
    #expect(end.reason?.hasSuffix(" of disk, more than its disk limit of 20 MB, so it was stopped") == true)
  }

  @Test("No single file grows beyond the disk limit, not even for a moment")
  func fileSize() async throws {
    let (end, _) = try await end("exec head -c 3000000 /dev/zero > big", RunLimits(disk: 1_000_000))
    #expect(end.outcome == .failed)
    #expect(end.reason == "bash wrote a file larger than its disk limit of 1 MB, so the kernel ended it")
  }

  @Test("A run that takes too long is stopped by its supervisor, whether or not anyone asks")
  func time() async throws {
    let (end, _) = try await end("exec sleep 600", RunLimits(time: .milliseconds(400)))
    #expect(end.outcome == .failed)
    #expect(end.reason == "bash ran longer than its limit of 400 ms, so it was stopped")
  }

  @Test("An address space that was asked for is held by the kernel, for each process")
  func addressSpace() async throws {
    let (end, _) = try await end(
      "python3 -c 'x = bytearray(1 << 30)' 2> /dev/null || exit 7", RunLimits(addressSpace: 500_000_000))
    #expect(end.exitCode == 7)
  }

  @Test("Output beyond its limit is gone and counted, and the run goes on; the limit is of the agent's own bytes")
  func output() async throws {
    let bench = try Bench()
    let runtime = try bench.local("seq 100000; echo end") { $0.limits.output = 100_000 }
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.contract()
    let run = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    #expect(try await recorder.end(of: run).outcome == .succeeded)
    // `seq` prints 588,895 bytes; lines of the log have heads of twenty bytes more, which are not the agent's.
    let log = try #require(try Files.read(RunFolder(state: bench.state, run: run).supervised.output))
    var kept = 0
    var lines = 0
    guard var reader = OutputLogReader(path: RunFolder(state: bench.state, run: run).supervised.output, from: 0) else {
      Issue.record("no log")
      return
    }
    while case let records = reader.next(), !records.isEmpty {
      for record in records where record.kind == .stdout {
        kept += record.payload.count + 1
        lines += 1
      }
    }
    #expect(log.count > 200_000)
    #expect((99_990...100_000).contains(kept))
    let cuts = recorder.events(of: run).compactMap { event in
      if case .outputCut(let cut) = event.kind { cut } else { nil }
    }
    #expect(cuts.reduce(0) { $0 + $1.lines } == Int64(100_001 - lines))
    #expect(!cuts.isEmpty && cuts.allSatisfy { $0.limit == 100_000 })
    // What the flood's own bound left out is in the log, and only that is said to be there.
    let left = recorder.events(of: run).reduce(0) { sum, event in
      if case .output(_, _, let dropped) = event.kind { return sum + dropped }
      return sum
    }
    #expect(left < lines)
  }

  @Test("What goes beyond the limit is counted while the agent works, not only when it has ended")
  func outputCountedMeanwhile() async throws {
    let bench = try Bench()
    try bench.shell("mkfifo ../gate")
    let runtime = try bench.local("seq 200000; read -r line < '\(bench.folder)/gate'") { $0.limits.output = 100_000 }
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.contract()
    let run = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    let told = Mutex<Int64>(0)
    // 100 kB hold the first 18,517 numbers.
    try await recorder.first("all that is gone") { event in
      guard case .outputCut(let cut) = event.kind else { return false }
      return told.withLock { sum in
        sum += cut.lines
        return sum == 200_000 - 18_517
      }
    }
    try bench.shell("echo go > ../gate")
    #expect(try await recorder.end(of: run).outcome == .succeeded)
  }

  @Test("Verify commands have the limits of the run whose work they test")
  func verify() async throws {
    let bench = try Bench()
    let runtime = try bench.local("echo done") { $0.limits = RunLimits(processes: 15) }
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.contract()
    let run = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    #expect(try await recorder.end(of: run).outcome == .succeeded)
    let workspace = try #require(try await runtime.workspace(of: run))
    let mark = "\(64_000_000 + Int.random(in: 0..<9_000_000))"
    let runner = VerifyRunner(
      state: bench.state, environment: ["PATH": "/usr/bin:/bin"], launcher: Bench.launcher,
      stopGrace: .milliseconds(100))
    let result = try await runner.verify(
      "for i in $(seq 30); do setsid sleep \(mark) & done; wait", in: workspace, run: run)
    #expect(result.exceeded?.hasSuffix(" its limit of 15") == true)
    #expect(!result.timedOut)
    #expect(result.tests.map(\.status) == [.error])
    #expect(RuntimeAdaptersTests.processes(running: "sleep \(mark)") == [])
  }
}
