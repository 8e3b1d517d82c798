import Glibc
import Orchestration
import RunModel

/// What is started for a contract, worked out before anything is made: a value, tested without a process.
struct LaunchPlan {
  /// An absolute path where the program was found in PATH, then the arguments.
  var command: [String]
  var input: SupervisorSpec.Input
  var environment: [String: String]
  /// What the agent is called in messages: the program's file name.
  var agentName: String

  /// The longest single argument that Linux takes, its end mark included (MAX_ARG_STRLEN).
  static let longestArgument = 131_072

  /// Throws a `Problem` for a missing command or a prompt too long for an argument.
  init(
    _ contract: Contract, run: RunID, configuration: LocalRuntime.Configuration, folder: RunFolder, worktree: String,
    operatorEnvironment: [String: String]
  ) throws(Problem) {
    let template = try Self.template(contract, configuration)
    environment = Self.environment(
      operatorEnvironment, try configuration.environment.read(environment: operatorEnvironment), run: run,
      folder: folder, worktree: worktree)
    var takesPrompt = false
    let values = [
      "prompt": contract.effectivePrompt, "promptFile": folder.prompt, "title": contract.title, "worktree": worktree,
      "runId": run.description, "contractFile": folder.contract,
    ]
    command = []
    for argument in template {
      let filled = Self.fill(argument, values) { name in if name.hasPrefix("prompt") { takesPrompt = true } }
      guard filled.utf8.count < Self.longestArgument else {
        throw Problem(
          .tooLarge,
          "An argument of the command is \(filled.utf8.count / 1024) KiB long, and the system takes no more than 128. "
            + "Use {promptFile} in the command instead of {prompt}.")
      }
      guard !filled.utf8.contains(0) else {
        throw Problem(.invalid, "The prompt holds a NUL character, which no argument can. Use {promptFile} instead.")
      }
      command.append(filled)
    }
    let program = command[0]
    agentName = String(program.split(separator: "/").last ?? Substring(program))
    switch configuration.input {
    case .prompt: input = .prompt
    case .answers: input = .log
    case .some(.none): input = .none
    case nil: input = takesPrompt ? .none : .prompt
    }
    guard let path = Self.locate(program, in: environment["PATH"] ?? "/usr/bin:/bin", worktree: worktree) else {
      throw Self.missing(program, configuration)
    }
    command[0] = path
  }

  private static func template(
    _ contract: Contract, _ configuration: LocalRuntime.Configuration
  ) throws(Problem) -> [String] {
    if let command = configuration.command {
      guard let program = command.first, !program.isEmpty else {
        throw Problem(.invalid, "The runtime \(configuration.id) has an empty command in the configuration.")
      }
      return command
    }
    guard let value = contract.metadata["command"], !value.isNull else {
      throw Problem(
        .ineligible,
        "The runtime \(configuration.id) has no command: give the contract one as metadata.command "
          + "(an array of strings), or the runtime one in the configuration.")
    }
    guard let list = value.array, let program = list.first?.string, !program.isEmpty else {
      throw Problem(.invalid, "metadata.command must be an array of strings: the program, then its arguments.")
    }
    var command: [String] = []
    for item in list {
      guard let text = item.string else { throw Problem(.invalid, "metadata.command must hold strings alone.") }
      command.append(text)
    }
    return command
  }

  /// Puts the values in, once: what a value holds is never looked at again. Unknown names stay as they are.
  static func fill(_ text: String, _ values: [String: String], used: (String) -> Void) -> String {
    guard text.contains("{") else { return text }
    var filled = ""
    var rest = text[...]
    while let open = rest.firstIndex(of: "{") {
      filled += rest[..<open]
      let after = rest[rest.index(after: open)...]
      if let close = after.firstIndex(of: "}"), let value = values[String(after[..<close])] {
        used(String(after[..<close]))
        filled += value
        rest = after[after.index(after: close)...]
      } else {
        filled += "{"
        rest = after
      }
    }
    return filled + rest
  }

  /// The operator's environment without what is ours, then the configuration's, then what each run is told.
  static func environment(
    _ operatorEnvironment: [String: String], _ configured: [String: String], run: RunID, folder: RunFolder,
    worktree: String
  ) -> [String: String] {
    var environment = agentEnvironment(operatorEnvironment)
    environment["PWD"] = worktree
    // An agent's tmux would else speak to the operator's server, which is not ours to end, and which an agent must not
    // end either: it gets a server of its own. A socket's path has to fit into 108 bytes.
    environment["TMUX"] = nil
    environment["TMUX_PANE"] = nil
    if folder.path.utf8.count <= 80 { environment["TMUX_TMPDIR"] = folder.path }
    environment.merge(configured) { _, configured in configured }
    environment["FLIGHTDECK_RUN_ID"] = run.description
    environment["FLIGHTDECK_CONTRACT"] = folder.contract
    environment["FLIGHTDECK_WORKTREE"] = worktree
    environment["FLIGHTDECK_HANDOFF"] = folder.handoff
    return environment
  }

  /// The operator's environment less our own names, secrets among them, and what ties git to another repository.
  static func agentEnvironment(_ environment: [String: String]) -> [String: String] {
    environment.filter {
      !$0.key.hasPrefix("FLIGHTDECK_") && !Git.repositoryVariables.contains($0.key) && $0.key != "OLDPWD"
    }
  }

  /// Nil for a program that is not there. A relative path with a slash belongs to the worktree, which may not be there
  /// yet: it is taken as it is.
  static func locate(_ program: String, in path: String, worktree: String) -> String? {
    if program.hasPrefix("/") { return Files.isProgram(program) ? program : nil }
    if program.contains("/") { return worktree + "/" + program }
    return Program.find(program, in: path)
  }

  static func missing(_ program: String, _ configuration: LocalRuntime.Configuration) -> Problem {
    let place = program.hasPrefix("/") ? "\(program) is no program" : "\(program) is not in PATH"
    let remedy =
      configuration.command == nil
      ? "correct the contract's metadata.command" : "correct the command of runtime \(configuration.id)"
    return Problem(.invalid, "\(place). Install it, or \(remedy).")
  }
}
