import CProcess
import Glibc
import Orchestration
import RunModel

/// What an agent may have done for it in its worktree: files read and written, commands run in terminals.
///
/// Each terminal's command has a supervisor of its own, in a folder of the run's: it outlives the orchestrator, its output is
/// bounded, and it carries the run's mark and is born into the run's control group, so that the run's cancel ends it too.
actor WorktreeService: AgentService {
  private let folder: RunFolder
  private let run: RunID
  private let worktree: String
  private let group: ControlGroup?
  private let bounds: RunLimits
  private let environment: @Sendable () throws -> [String: String]
  private let launcher: SupervisorLauncher
  private let watch: FolderWatch
  private var limits: [Int: Int] = [:]
  private var starting = 0
  private var hasStarted = false
  private var isClosed = false

  /// The end of the output that is kept of each terminal.
  static let longestOutput = 1 << 20

  init(
    folder: RunFolder, run: RunID, worktree: String, group: ControlGroup?, bounds: RunLimits,
    environment: @escaping @Sendable () throws -> [String: String],
    launcher: SupervisorLauncher, watch: FolderWatch
  ) {
    self.folder = folder
    self.run = run
    self.worktree = worktree
    self.group = group
    self.bounds = bounds
    self.environment = environment
    self.launcher = launcher
    self.watch = watch
  }

  func serve(_ request: ServiceRequest) async -> ServiceReply {
    switch request {
    case .read(let path, let line, let limit):
      return files { files throws(WorktreeFiles.Refusal) in
        ["content": .string(try files.read(path, line: line, limit: limit))]
      }
    case .write(let path, let text):
      return files { files throws(WorktreeFiles.Refusal) in
        try files.write(text, to: path)
        return [:]
      }
    case .create(let number, let command): return await create(number, command)
    case .output(let number): return output(number)
    case .waitForExit(let number):
      await exit(of: number)
      return status(number).map { .result($0) } ?? Self.unknown(number)
    case .kill(let number):
      _ = folder.terminal(number).send("stop 1000")
      return .result([:])
    }
  }

  func close() async {
    isClosed = true
    for name in Files.names(in: folder.path) where name.hasPrefix("terminal-") {
      hasStarted = true
      _ = SupervisedFolder(path: "\(folder.path)/\(name)").send("kill")
    }
    // One that is being started has been seen by nobody yet.
    while starting > 0 {
      // Nothing cancels this.
      try? await Task.sleep(for: .milliseconds(10))
    }
    if hasStarted { _ = await SupervisedFolder.sweep(mark: RunFolder.mark(of: run)) }
  }

  private func files(_ body: (WorktreeFiles) throws(WorktreeFiles.Refusal) -> JSONValue) -> ServiceReply {
    do throws(WorktreeFiles.Refusal) {
      return .result(try body(WorktreeFiles(root: worktree)))
    } catch {
      switch error {
      case .missing: return .refused(code: -32002, "There is no such file.")
      case .because(let reason): return .refused(code: -32602, reason)
      }
    }
  }

  // MARK: Terminals

  private func create(_ number: Int, _ command: TerminalCommand) async -> ServiceReply {
    let place = folder.terminal(number)
    limits[number] = command.outputLimit
    // An earlier orchestrator started it and died before it could say so.
    if Files.exists(place.output) { return .result(["terminalId": .string("\(number)")]) }
    guard !isClosed, number <= AgentTerminals.most else {
      return .refused(code: -32603, "No terminal can be opened any more.")
    }
    var directory = worktree
    if let asked = command.directory, asked != worktree {
      do throws(WorktreeFiles.Refusal) {
        directory = "\(worktree)/\(try WorktreeFiles(root: worktree).place(of: asked))"
      } catch { return .refused(code: -32602, "The folder \(asked) is not in the worktree.") }
    }
    let base: [String: String]
    do { base = try environment() } catch {
      return .refused(code: -32603, (error as? Problem)?.detail ?? "\(error)")
    }
    var variables = base
    variables.merge(command.environment) { $1 }
    // What ties it to the run is not the agent's to change.
    for name in base.keys where name.hasPrefix("FLIGHTDECK_") { variables[name] = base[name] }
    variables["FLIGHTDECK_TERMINAL"] = place.path
    variables["PWD"] = directory
    guard let words = words(of: command, variables["PATH"], in: directory) else {
      return .refused(code: -32602, "There is no program \(command.command).")
    }
    var spec = SupervisorSpec(
      command: words, directory: directory, graceMilliseconds: 1000, strayGraceMilliseconds: 500,
      outputLimit: 16 << 20)
    spec.mark = "FLIGHTDECK_TERMINAL=\(place.path)"
    spec.birthGroup = group
    spec.limits = bounds
    starting += 1
    hasStarted = true
    defer { starting -= 1 }
    do {
      try Files.makeFolder(place.path)
      var json = JSONWriter()
      json.object { spec.writeMembers(to: &$0) }
      try Files.write(json.bytes, to: place.spec)
      let supervisor = try await launcher.launch(place, environment: variables)
      Task { await collect(supervisor, at: place) }
      return .result(["terminalId": .string("\(number)")])
    } catch {
      return .refused(code: -32603, (error as? Problem)?.detail ?? "\(error)")
    }
  }

  /// Some agents give a whole command line as the command.
  private func words(of command: TerminalCommand, _ path: String?, in directory: String) -> [String]? {
    let path = path ?? "/usr/bin:/bin"
    if let program = LaunchPlan.locate(command.command, in: path, worktree: directory), Files.isProgram(program) {
      return [program] + command.arguments
    }
    guard command.arguments.isEmpty, command.command.contains(where: \.isWhitespace) else { return nil }
    return ["/bin/sh", "-c", command.command]
  }

  private func exit(of number: Int) async {
    let place = folder.terminal(number)
    guard Files.exists(place.path) else { return }
    for await _ in watch.wakes(place.path) where Files.exists(place.exit) || !Files.isLocked(place.lock) { return }
  }

  private func collect(_ supervisor: pid_t, at place: SupervisedFolder) async {
    for await _ in watch.wakes(place.path) where Files.exists(place.exit) || !Files.isLocked(place.lock) { break }
    await reap(supervisor)
  }

  private func output(_ number: Int) -> ServiceReply {
    let place = folder.terminal(number)
    let most = max(0, min(limits[number] ?? Self.longestOutput, Self.longestOutput))
    guard let (tail, isCut) = OutputLogReader.tail(of: place.output, most: most) else { return Self.unknown(number) }
    // Cut within a character: its rest is no text.
    let text = tail.drop { isCut && $0 & 0xC0 == 0x80 }
    var result: JSONObject = ["output": .string(String(decoding: text, as: UTF8.self)), "truncated": .bool(isCut)]
    if let status = status(number) { result.append("exitStatus", status) }
    return .result(.object(result))
  }

  /// Nil while it runs.
  private func status(_ number: Int) -> JSONValue? {
    let place = folder.terminal(number)
    // A damaged record tells nothing; without one the supervisor was killed.
    if let record = try? place.exitRecord() {
      return [
        "exitCode": record.exitCode.map { .int(Int64($0)) } ?? .null,
        "signal": record.signal.map { .string("\($0)") } ?? .null,
      ]
    }
    guard Files.exists(place.output), !Files.isLocked(place.lock) else { return nil }
    return ["exitCode": .null, "signal": "9"]
  }

  private static func unknown(_ number: Int) -> ServiceReply {
    .refused(code: -32602, "There is no terminal \(number).")
  }
}
