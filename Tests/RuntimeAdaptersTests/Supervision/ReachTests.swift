import FoundationEssentials
import Glibc
import Orchestration
import RunModel
import TestSupport
import Testing

@testable import RuntimeAdapters

/// Whether a run has a control group of its own. Where none can be had the first is left out.
enum Hold: String, CaseIterable, CustomTestStringConvertible {
  case group, none

  var testDescription: String { rawValue }
  var confinement: Confinement {
    self == .group ? .found : Confinement(groups: .failure(.init(reason: "this test wants none")))
  }

  static let here: [Hold] = {
    if case .success = Confinement.found.groups { return allCases }
    return [.none]
  }()
}

/// A run whose agent starts fugitives.
private struct Chase {
  let bench: Bench
  let runtime: LocalRuntime
  let recorder: RuntimeEventRecorder
  let run: RunID
  var pidFolder: String { bench.folder + "/pids" }

  init(
    _ names: [String], _ hold: Hold, grace: Duration = .milliseconds(300), before: String = "",
    limits: RunLimits = .init()
  ) async throws {
    let bench = try Bench()
    self.bench = bench
    try bench.shell("mkdir -p ../pids ../t")
    let script = bench.folder + "/fugitives.py"
    try Fugitives.script.write(toFile: script, atomically: false, encoding: .utf8)
    var environment = ["PIDS": bench.folder + "/pids", "SOCKETS": bench.folder + "/t"]
    if case .success(let groups) = Confinement.found.groups { environment["ELSEWHERE"] = groups.base + "/cgroup.procs" }
    runtime = try bench.local(
      "\(before)\nexec python3 \(script) \(names.joined(separator: " "))", confinement: hold.confinement
    ) {
      $0.stopGrace = grace
      $0.environment = environment.mapValues { .text($0) }
      $0.limits = limits
    }
    recorder = RuntimeEventRecorder(runtime)
    let contract = bench.contract()
    run = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    let folder = pidFolder
    for name in names { try await until("the fugitive \(name)") { bench.read("\(folder)/\(name)") != nil } }
  }

  /// The fugitives by name.
  var pids: [String: pid_t] {
    var found: [String: pid_t] = [:]
    for name in Files.names(in: pidFolder) {
      found[name] = bench.read("\(pidFolder)/\(name)").flatMap { pid_t($0) }
    }
    return found
  }

  var survivors: [String] { pids.filter { isAlive($0.value) }.keys.sorted() }
}

private func isAlive(_ pid: pid_t) -> Bool { ProcessTable.entry(pid).map { !$0.isZombie } ?? false }

@Suite("The supervisor's reach")
struct ReachTests {
  /// Every way to get away that one process has by itself.
  private static var names: [String] {
    var names = [
      "session", "daemon", "nohup", "bare", "stubborn", "stopped", "ttystopped", "traced", "zombies", "headless",
      "subreaper", "tmux",
    ]
    if getuid() == 0 { names.append("namespace") }
    if Hold.here.contains(.group) { names.append("elsewhere") }
    return names
  }

  @Test(
    """
    A cancel ends whatever has tried to get away, with a control group and without, and says what it took: sessions,
    daemons, tmux, nohup, a cleared environment, ignored and stopped, traced, zombies, a leader that left its threads,
    a subreaper of its own, a pid namespace, another control group
    """, arguments: Hold.here)
  func fugitives(_ hold: Hold) async throws {
    let chase = try await Chase(Self.names, hold)
    let pids = chase.pids
    #expect(chase.survivors == pids.keys.sorted())
    try await chase.runtime.cancelTask(chase.run, reason: "enough")
    let end = try await chase.recorder.end(of: chase.run)
    // At once: the proof has come, so nothing may be left to wait for.
    #expect(chase.survivors == [])
    #expect(end.outcome == .canceled)
    let proof = try #require(end.proof)
    #expect(proof.processes >= pids.count)
    #expect((proof.strays ?? 0) >= 5)
    #expect(proof.killed >= 5)
    #expect(proof.how == (hold == .group ? .cgroup : .kill))
    #expect((proof.milliseconds ?? 0) >= 300)
    if case .success(let groups) = Confinement.found.groups {
      #expect(!Files.exists("\(groups.base)/flightdeck-\(chase.run)"))
    }
  }

  @Test("A forced cancel ends a fork storm, whose processes are never the same for long", arguments: Hold.here)
  func storm(_ hold: Hold) async throws {
    let chase = try await Chase(["storm"], hold)
    try await chase.runtime.forceCancelTask(chase.run, reason: "a storm")
    let end = try await chase.recorder.end(of: chase.run)
    #expect(ProcessTable().marked(by: RunFolder.mark(of: chase.run)).isEmpty)
    #expect(end.proof?.how == (hold == .group ? .cgroup : .kill))
    #expect((end.proof?.processes ?? 0) >= 30)
  }

  @Test("What begets a child in a new session and ends, faster than anyone can list it, is ended", arguments: Hold.here)
  func comet(_ hold: Hold) async throws {
    let chase = try await Chase(["comet"], hold)
    try await chase.runtime.forceCancelTask(chase.run, reason: "a comet")
    let end = try await chase.recorder.end(of: chase.run)
    #expect(end.outcome == .canceled)
    #expect(ProcessTable().marked(by: RunFolder.mark(of: chase.run)).isEmpty)
  }

  @Test("A process that somebody else's tmux server started for the run is known by its mark")
  func joinedServer() async throws {
    let bench = try Bench()
    let mark = "\(61_000_000 + Int.random(in: 0..<9_000_000))"
    let server = "tmux -S \(bench.folder)/t -f /dev/null"
    try bench.shell("\(server) new-session -d 'exec sleep 600'")
    defer { _ = try? bench.shell("\(server) kill-server") }  // a server that has gone needs no end
    let runtime = try bench.local(
      "\(server) new-window -d -e FLIGHTDECK_RUN_ID=$FLIGHTDECK_RUN_ID 'exec sleep \(mark)'; echo up; exec sleep 600")
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.contract()
    let run = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    try await until("the window") { processes(running: "sleep \(mark)").count == 1 }
    try await runtime.cancelTask(run, reason: "enough")
    let end = try await recorder.end(of: run)
    #expect(processes(running: "sleep \(mark)") == [])
    #expect((end.proof?.strays ?? 0) >= 1)
    // The server itself is the operator's, and goes on.
    #expect(try bench.shell("\(server) display -p up") == "up\n")
  }

  @Test("An agent that stops its own supervisor, at once or later, is canceled all the same", arguments: [true, false])
  func stoppedSupervisor(_ atOnce: Bool) async throws {
    let bench = try Bench()
    // A supervisor goes to the root folder when it has said that the command runs.
    let wait = atOnce ? "" : "until [ \"$(readlink /proc/$PPID/cwd)\" = / ]; do :; done;"
    let runtime = try bench.local("\(wait) kill -STOP $PPID; echo stopped > kept.txt; exec sleep 600")
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.contract()
    let run = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    let worktree = try #require(try await runtime.workspace(of: run)?.path)
    try await until("the stop") { bench.read(worktree + "/kept.txt") == "stopped\n" }
    try await runtime.cancelTask(run, reason: "enough")
    #expect(try await recorder.end(of: run).outcome == .canceled)
  }

  @Test("A supervisor that is kept from its work is ended, and what it watched over is swept")
  func deafSupervisor() async throws {
    let bench = try Bench()
    let mark = "\(62_000_000 + Int.random(in: 0..<9_000_000))"
    let runtime = try bench.local(
      "setsid sleep \(mark) & S=$PPID; until [ \"$(readlink /proc/$S/cwd)\" = / ]; do :; done; while kill -STOP $S 2> /dev/null; do :; done; exec sleep 600"
    ) {
      $0.supervisorPatience = .milliseconds(500)
    }
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.contract()
    let run = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    let supervisor = try #require(SupervisedFolder(path: bench.runFolder(run)).supervisor)
    try await until("its stop") { ProcessTable.entry(supervisor)?.state == UInt8(ascii: "T") }
    try await runtime.cancelTask(run, reason: "enough")
    let end = try await recorder.end(of: run)
    #expect(end.outcome == .canceled)
    #expect((end.proof?.processes ?? 0) >= 2)
    #expect(processes(running: "sleep \(mark)") == [])
  }

  @Test(
    "When the supervisor is killed, its control group still holds what has cleared its environment",
    .enabled(if: Hold.here.contains(.group)))
  func groupOutlivesSupervisor() async throws {
    let chase = try await Chase(["bare", "daemon", "stubborn"], .group)
    let supervisor = try #require(SupervisedFolder(path: chase.bench.runFolder(chase.run)).supervisor)
    kill(supervisor, SIGKILL)
    let end = try await chase.recorder.end(of: chase.run)
    #expect(end.outcome == .failed)
    #expect(end.reason?.contains("supervisor was killed") == true)
    #expect(chase.survivors == [])
  }

  @Test("A run that has frozen its own control group is canceled", .enabled(if: Hold.here.contains(.group)))
  func frozen() async throws {
    let chase = try await Chase(["stubborn", "session"], .group)
    let groups = try Confinement.found.groups.get()
    let group = ControlGroup(path: "\(groups.base)/flightdeck-\(chase.run)")
    #expect(ControlGroup.write("1", to: group.path + "/cgroup.freeze"))
    try await chase.runtime.cancelTask(chase.run, reason: "enough")
    #expect(try await chase.recorder.end(of: chase.run).outcome == .canceled)
    #expect(chase.survivors == [])
    #expect(!Files.exists(group.path))
  }

  @Test("An agent's tmux speaks to a server of its own, not to the operator's")
  func ownTmux() async throws {
    let bench = try Bench()
    let configuration = LocalRuntime.Configuration(
      command: ["/bin/sh", "-c", #"echo "${TMUX-none} ${TMUX_PANE-none} $TMUX_TMPDIR""#])
    let runtime = bench.local(configuration, adding: ["TMUX": "/tmp/tmux-0/default,1,0", "TMUX_PANE": "%1"])
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.contract()
    let run = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    try await recorder.end(of: run)
    let folder = bench.runFolder(run)
    #expect(recorder.lines(of: run) == ["none none \(folder.utf8.count <= 80 ? folder : "")"])
  }

  @Test(
    "What belongs to another user is named and asked about, nothing is claimed, and the end comes when it is gone",
    .enabled(if: getuid() == 0 && access("/usr/bin/setpriv", X_OK) == 0))
  func anotherUsers() async throws {
    let bench = try Bench()
    // Its command becomes root's by a set-user-id program.
    let program = bench.folder + "/sudo"
    try bench.shell("cp /usr/bin/setpriv \(program) && chmod 4755 \(program)")
    let (folder, supervisor) = try await launchAsNobody(
      [program, "--reuid", "0", "--clear-groups", "sleep", "600"], bench)
    defer { kill(supervisor, SIGKILL) }
    let agent = try #require(ProcessTable().descendants(of: supervisor).first?.pid)
    defer { kill(agent, SIGKILL) }
    try await until("its change of user") {
      let status = ControlGroup.text("/proc/\(agent)/status") ?? ""
      return status.contains("\nUid:\t0\t") && ProcessTable.entry(agent)?.name == "sleep"
    }
    #expect(folder.send("kill"))
    var complaint: String?
    try await until("the complaint") {
      var reader = OutputLogReader(path: folder.output, from: 0)
      complaint = reader?.next().first { $0.kind == .stuck }?.text
      return complaint != nil
    }
    #expect(complaint == "1 process could not be ended: sleep (pid \(agent)), which belongs to root")
    #expect(try folder.exitRecord() == nil)
    kill(agent, SIGKILL)
    try await until("the exit record") { try folder.exitRecord() != nil }
    let record = try #require(try folder.exitRecord())
    #expect(record.stopped == .asked)
    #expect(record.killed == 0)
    var status: CInt = 0
    waitpid(supervisor, &status, 0)
  }

  /// A supervisor of the user nobody.
  private func launchAsNobody(
    _ command: [String], _ bench: Bench, limits: RunLimits = RunLimits()
  ) async throws -> (SupervisedFolder, pid_t) {
    let folder = SupervisedFolder(path: bench.folder + "/supervised")
    try Files.makeFolder(folder.path)
    var spec = SupervisorSpec(command: command, directory: folder.path)
    spec.mark = "FLIGHTDECK_TEST=\(bench.folder)"
    spec.limits = limits
    var json = JSONWriter()
    json.object { spec.writeMembers(to: &$0) }
    try Files.write(json.bytes, to: folder.spec)
    try bench.shell("chmod 755 .. && chown nobody \(folder.path) \(folder.spec)")
    let wrapper = try bench.script(
      "wrapper", "exec setpriv --reuid nobody --clear-groups \(Bench.launcher.executable) \"$@\"")
    let launcher = SupervisorLauncher(executable: wrapper)
    return (folder, try await launcher.launch(folder, environment: ["PATH": "/usr/bin:/bin"]))
  }

  @Test(
    "For a user who is not root the kernel brakes a storm, and the supervisor stops it",
    .enabled(if: getuid() == 0 && access("/usr/bin/setpriv", X_OK) == 0))
  func brake() async throws {
    let bench = try Bench()
    // Bounded by itself too: 200 at most.
    let (folder, supervisor) = try await launchAsNobody(
      [
        "/usr/bin/python3", "-c",
        """
        import os, time
        for i in range(200):
          try:
            if os.fork() == 0: time.sleep(60); os._exit(0)
          except OSError as error: print(i, error, flush=True); break
        time.sleep(60)
        """,
      ], bench, limits: RunLimits(processes: 8))
    defer { kill(supervisor, SIGKILL) }
    try await until("the exit record") { try folder.exitRecord() != nil }
    let record = try #require(try folder.exitRecord())
    #expect(record.exceeded?.limit == .processes)
    #expect((record.exceeded?.found ?? 200) < 100)
    var reader = OutputLogReader(path: folder.output, from: 0)
    #expect(reader?.next().contains { $0.text.contains("Resource temporarily unavailable") } == true)
    var status: CInt = 0
    waitpid(supervisor, &status, 0)
  }

  @Test("A supervisor keeps 8 MB to itself at most, and sleeps while nothing happens")
  func small() async throws {
    let chase = try await Chase(["session"], .none)
    let supervisor = try #require(SupervisedFolder(path: chase.bench.runFolder(chase.run)).supervisor)
    let memory = try #require(ControlGroup.text("/proc/\(supervisor)/smaps_rollup"))
    let own = memory.split(separator: "\n").filter { $0.hasPrefix("Private_") }.reduce(0) {
      $0 + (Int($1.filter { $0.isNumber }) ?? 0)
    }
    #expect(own > 0 && own <= 8192, "\(own) kB")
    try await until("its sleep") { ProcessTable.entry(supervisor)?.state == UInt8(ascii: "S") }
    try await chase.runtime.forceCancelTask(chase.run, reason: "seen enough")
    try await chase.recorder.end(of: chase.run)
  }
}
