import Glibc
import Orchestration
import RunModel

/// Starts the agent in a folder of its own, asks it who it is, opens a session as a run would, and ends it before any prompt.
struct ACPCheck {
  private let configuration: ACPRuntime.Configuration
  private let state: String
  private let environment: [String: String]
  private let launcher: SupervisorLauncher

  init(
    _ configuration: ACPRuntime.Configuration, state: String, environment: [String: String],
    launcher: SupervisorLauncher
  ) {
    self.configuration = configuration
    self.state = state
    self.environment = environment
    self.launcher = launcher
  }

  /// `plain`: what is known of the program itself.
  func perform(_ plain: RuntimeCheck) async throws -> RuntimeCheck {
    let name = "check-\(ULIDGenerator().next())"
    let folder = SupervisedFolder(path: "\(state)/checks/\(name)")
    let work = folder.path + "/work"
    let mark = "FLIGHTDECK_CHECK=\(folder.path)"
    try Files.makeFolder(work)
    // Not to be broken off halfway, or something would be left: a canceled caller ends the agent and waits for that.
    let task = Task {
      let result: Result<RuntimeCheck, any Error>
      do { result = .success(try await examine(folder, work, mark, plain)) } catch { result = .failure(error) }
      if folder.send("kill") { await ended(folder) }
      _ = await SupervisedFolder.sweep(mark: mark)
      Files.removeTree(folder.path)
      return try result.get()
    }
    return try await withTaskCancellationHandler {
      try await task.value
    } onCancel: {
      task.cancel()
    }
  }

  private func examine(
    _ folder: SupervisedFolder, _ work: String, _ mark: String, _ plain: RuntimeCheck
  ) async throws -> RuntimeCheck {
    var variables = LaunchPlan.agentEnvironment(environment)
    variables.merge(try configuration.environment.read(environment: environment)) { $1 }
    variables["PWD"] = work
    variables["FLIGHTDECK_CHECK"] = folder.path
    let program = configuration.command.first ?? ""
    guard let path = LaunchPlan.locate(program, in: variables["PATH"] ?? "/usr/bin:/bin", worktree: work) else {
      throw Problem(.invalid, "\(program) is not there. Install it, or correct the command of \(configuration.id).")
    }
    var spec = SupervisorSpec(
      command: [path] + configuration.command.dropFirst(), directory: work, input: .log, graceMilliseconds: 1000,
      strayGraceMilliseconds: 500, limitMilliseconds: configuration.startLimit.milliseconds + 10_000)
    spec.mark = mark
    spec.isConversation = true
    var json = JSONWriter()
    json.object { spec.writeMembers(to: &$0) }
    try Files.write(json.bytes, to: folder.spec)
    var conversation = ACPConversation(configuration.settings(in: work, environment) { () throws(Problem) in "" })
    conversation.begin(said: [])
    let log = try InputLog(path: folder.input)
    for case .tell(let line) in conversation.takeActions() { try log.append(.line, tag: line.tag, line.bytes) }
    let supervisor = try await launcher.launch(folder, environment: variables)
    defer { Task { await reap(supervisor) } }
    let last = try await openSession(folder, conversation, log)
    if case .failed(let reason)? = last.verdict { throw Problem(.unavailable, "\(program) \(reason).") }
    guard last.phase == .prompting else {
      throw Problem(.unavailable, "\(program) \(await complaint(folder, last)).")
    }
    let answer = last.agent
    var check = plain
    check.agent = answer.name ?? plain.agent
    check.agentVersion = answer.release
    check.protocolName = "Agent Client Protocol"
    check.protocolVersion = answer.version.map { "\($0)" }
    check.features = answer.features
    for server in configuration.servers {
      guard case .address(let type, _, _) = server.reach, !answer.serverKinds.contains(type) else { continue }
      check.notes.append("It takes no MCP servers by \(type), so \(server.name) will be left out.")
    }
    return check
  }

  /// Sooner than whoever asked for the check gives up, so that it is told what was waited for.
  private var patience: Duration { min(configuration.startLimit, .seconds(40)) }

  /// How far it comes on the way to a prompt, which is not sent. Each answer may take the start limit.
  private func openSession(
    _ folder: SupervisedFolder, _ conversation: ACPConversation, _ log: InputLog
  ) async throws -> ACPConversation {
    var conversation = conversation
    guard var reader = OutputLogReader(path: folder.output, from: 0) else { return conversation }
    var stream = AgentStream(conversation)
    let clock = ContinuousClock()
    var until = clock.now + patience
    while clock.now < until {
      let hasEnded = Files.exists(folder.exit) || !Files.isLocked(folder.lock)
      for record in reader.next() {
        _ = stream.take(record)
        guard var now = stream.language as? ACPConversation else { continue }
        let actions = now.takeActions()
        stream.language = now
        if now.phase != conversation.phase { until = clock.now + patience }
        conversation = now
        if [.prompting, .closing, .over].contains(now.phase) { return now }
        for case .tell(let line) in actions { try log.append(.line, tag: line.tag, line.bytes) }
        if !actions.isEmpty { _ = folder.send("input") }
      }
      if hasEnded { return conversation }
      try await clock.sleep(for: .milliseconds(10))
    }
    return conversation
  }

  private func complaint(_ folder: SupervisedFolder, _ conversation: ACPConversation) async -> String {
    let what = conversation.wait?.what ?? "initialize"
    // A damaged record tells no more than none.
    guard let record = try? folder.exitRecord() else {
      return "did not answer \(what) within \(RunLimits.words(patience))"
        + (conversation.phase == .initializing
          ? "; does it need another argument to speak the Agent Client Protocol?" : "")
    }
    let how = record.exitCode.map { "exited \($0)" } ?? "was ended by signal \(record.signal ?? 0)"
    return "\(how) before it had answered \(what)\(lastWords(folder))"
  }

  private func lastWords(_ folder: SupervisedFolder) -> String {
    guard var reader = OutputLogReader(path: folder.output, from: 0) else { return "" }
    var stream = AgentStream()
    for record in reader.next() { _ = stream.take(record) }
    return stream.tail.last.map { ": \($0.bounded(300))" } ?? ""
  }

  private func ended(_ folder: SupervisedFolder) async {
    while Files.isLocked(folder.lock) {
      // Also in a canceled task, which must not spin.
      await Task { try? await Task.sleep(for: .milliseconds(10)) }.value
    }
  }
}
