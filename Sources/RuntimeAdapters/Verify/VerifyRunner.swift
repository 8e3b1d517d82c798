import CProcess
import Glibc
package import Orchestration
package import RunModel
import Synchronization

/// Runs `verify` commands under a supervisor of their own, which ends every process of theirs at the limit too when
/// nobody is left to ask for it.
package final class VerifyRunner: Verifier {
  private let state: String
  private let environment: [String: String]
  private let launcher: SupervisorLauncher
  private let limit: Duration
  private let stopGrace: Duration
  private let confinement: Confinement
  private let watch = FolderWatch()
  /// Folders of ours; what else lies there is from an orchestrator that died.
  private let own = Mutex<Set<String>>([])
  /// Folders need names that no earlier orchestrator used, whose pid may have been ours.
  private let names = ULIDGenerator()

  /// The end of the output that is kept.
  static let longestOutput = 256 << 10

  /// `state` and `environment` as for `LocalRuntime`.
  package init(
    state: String, environment: [String: String], launcher: SupervisorLauncher = SupervisorLauncher(),
    limit: Duration = .seconds(600), stopGrace: Duration = .seconds(2), confinement: Confinement = .found
  ) {
    self.confinement = confinement
    self.state = state
    self.environment = environment
    self.launcher = launcher
    self.limit = limit
    self.stopGrace = stopGrace
  }

  package func verify(_ command: String, in workspace: Workspace, run: RunID) async throws -> Verification {
    try Task.checkCancellation()
    let runFolder = RunFolder(state: state, run: run)
    let name = "verify-\(names.next())"
    own.withLock { _ = $0.insert(name) }
    defer { own.withLock { _ = $0.remove(name) } }
    let folder = SupervisedFolder(path: "\(runFolder.path)/\(name)")
    await endOlder(in: runFolder)
    defer { Files.removeTree(folder.path) }
    try Files.makeFolder(folder.path)
    let limits = limits(of: runFolder)
    var spec = SupervisorSpec(
      command: ["/bin/sh", "-c", command], directory: workspace.path, graceMilliseconds: stopGrace.milliseconds,
      strayGraceMilliseconds: 500, limitMilliseconds: limit.milliseconds, outputLimit: 64 << 20)
    spec.mark = Self.mark(folder)
    spec.limits = limits
    let began = TestReports.now(in: folder.path)
    var environment = LaunchPlan.environment(
      environment, [:], run: run, folder: runFolder, worktree: workspace.path)
    environment["FLIGHTDECK_VERIFY"] = folder.path
    let variables = environment
    let group = folder.path.split(separator: "/").suffix(2).joined(separator: "-")
    let supervisor = try await confinement.launch(group, limits, spec) { confined, _ in
      spec = confined
      var json = JSONWriter()
      json.object { confined.writeMembers(to: &$0) }
      try Files.write(json.bytes, to: folder.spec)
      return try await launcher.launch(folder, environment: variables)
    }
    await withTaskCancellationHandler {
      await end(of: folder)
    } onCancel: {
      // Nobody there to take it means that it has ended.
      _ = folder.send("stop \(stopGrace.milliseconds)")
    }
    var code: CInt = 0
    var signal: CInt = 0
    for _ in 0..<100 where cprocess_reap(supervisor, &code, &signal) == 0 {
      // Cancelation only makes this short wait for its exit status shorter.
      try? await Task.sleep(for: .milliseconds(10))
    }
    guard let record = try folder.exitRecord() else {
      _ = await SupervisedFolder.sweep(mark: Self.mark(folder), group: spec.group)
      try Task.checkCancellation()
      throw Problem(.unavailable, "The supervisor of \"\(command)\" was killed, so nobody knows how it ended.")
    }
    if record.stopped == .asked { throw CancellationError() }
    return verification(of: command, record, folder: folder, workspace: workspace, began: began)
  }

  package func endEarlier(of run: RunID) async { await endOlder(in: RunFolder(state: state, run: run)) }

  /// Those of the run itself: what it has made is tested under the bounds that it was made under.
  private func limits(of folder: RunFolder) -> RunLimits {
    // Without a spec (no run of the local runtime) or with a damaged one there are none.
    (try? folder.json(folder.spec))?["limits"].map(RunLimits.init) ?? RunLimits()
  }

  private static func mark(_ folder: SupervisedFolder) -> String { "FLIGHTDECK_VERIFY=\(folder.path)" }

  /// Returns when the exit record is there, or the supervisor is not, whether or not the task is canceled.
  private func end(of folder: SupervisedFolder) async {
    // A stream ends at once in a canceled task; this one must see the processes gone.
    await Task { [watch] in
      for await _ in watch.wakes(folder.path) {
        if Files.exists(folder.exit) || !Files.isLocked(folder.lock) { return }
      }
    }.value
  }

  /// Ends what an orchestrator that died left running here.
  private func endOlder(in folder: RunFolder) async {
    let known = own.withLock { $0 }
    for name in Files.names(in: folder.path) where name.hasPrefix("verify-") && !known.contains(name) {
      let older = SupervisedFolder(path: "\(folder.path)/\(name)")
      if Files.isLocked(older.lock), older.send("kill") { await end(of: older) }
      _ = await SupervisedFolder.sweep(mark: Self.mark(older), group: older.group)
      Files.removeTree(older.path)
    }
  }

  private func verification(
    of command: String, _ record: ExitRecord, folder: SupervisedFolder, workspace: Workspace, began: TestReports.Moment
  ) -> Verification {
    let timedOut = record.stopped == .limit && record.exceeded?.limit == .time
    var output = output(of: folder)
    if timedOut { output += "[stopped: it took longer than \(limit.milliseconds / 1000) s]\n" }
    let exceeded = timedOut ? nil : record.exceeded?.text
    if let exceeded { output += "[stopped: it \(exceeded)]\n" }
    let exitCode = record.exitCode ?? 128 + (record.signal ?? 0)
    var verification = Verification(
      exitCode: exitCode, durationMilliseconds: max(0, record.confirmedAt - record.startedAt), output: output,
      timedOut: timedOut, exceeded: exceeded)
    verification.tests = TestReports.records(in: workspace.path, since: began)
    if verification.tests.isEmpty {
      verification.tests = [
        TestRecord(
          name: command, status: timedOut || exceeded != nil ? .error : exitCode == 0 ? .passed : .failed,
          durationMilliseconds: verification.durationMilliseconds, exitCode: exitCode, output: output)
      ]
    }
    return verification
  }

  private func output(of folder: SupervisedFolder) -> String {
    guard let (tail, isCut) = OutputLogReader.tail(of: folder.output, most: Self.longestOutput) else { return "" }
    let text = String(decoding: tail, as: UTF8.self)
    return isCut ? "[the beginning is left out]\n" + text : text
  }
}
