import ArgumentParser
import Glibc
import RunModel

/// The program's name, its options for every command and the commands.
struct Flightdeck: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "flightdeck",
    abstract: "Run coding agents, watch them live, cancel them with proof, and read what they changed.",
    discussion: """
      Without a command it opens the dashboard and starts this user's orchestrator in the background if none is \
      running. RUN is a run id or any unambiguous end of one.

      Exit status: 0 done, 1 failed, 2 usage, 3 no orchestrator, 4 refused.
      """,
    version: flightdeckVersion,
    subcommands: [
      DashboardCommand.self, DemoCommand.self, ServeCommand.self, StopCommand.self, DispatchCommand.self,
      RunsCommand.self,
      ShowCommand.self, ArtifactsCommand.self, CancelCommand.self, AnswerCommand.self, MessageCommand.self,
      RetryCommand.self, PullRequestCommand.self,
      ApproveCommand.self, RejectCommand.self, EventsCommand.self, RuntimesCommand.self, AuditCommand.self,
      ReplayCommand.self, ThemesCommand.self, ProfilesCommand.self, KeysCommand.self, TokenCommand.self,
      DoctorCommand.self, LogsCommand.self, ServiceCommand.self, GCCommand.self, BackupCommand.self,
      RestoreCommand.self,
    ],
    defaultSubcommand: DashboardCommand.self)

  // Here so that they may also stand before the command's name.
  @OptionGroup var connection: ConnectOption
  @OptionGroup var store: StoreOption
  @OptionGroup var settings: ConfigurationOption

  /// Parses, runs, prints what there is to say and exits.
  static func start(_ arguments: [String]) async -> Never {
    // A closed pipe is seen where it is written to.
    signal(SIGPIPE, SIG_IGN)
    do {
      try checkCommandName(arguments)
      var command = try parseAsRoot(arguments)
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
      Glibc.exit(0)
    } catch {
      let ending = ExitStatus.ending(for: error)
      if let output = ending.output, !output.isEmpty { Console.print(output) }
      if let diagnostic = ending.diagnostic, !diagnostic.isEmpty {
        Console.note(Plain.lines(diagnostic).joined(separator: "\n"))
      }
      Glibc.exit(ending.status)
    }
  }
}

extension Flightdeck {
  /// Without this a mistyped command would be reported as an argument too many for the dashboard.
  private static func checkCommandName(_ arguments: [String]) throws {
    guard let word = arguments.first, !word.hasPrefix("-") else { return }
    let known = configuration.subcommands.compactMap { $0.configuration.commandName } + ["help"]
    guard !known.contains(word) else { return }
    throw ValidationError("Unknown command \"\(word)\".\(Nearest.hint(for: word, among: known))")
  }
}

/// What `--version` prints and `/healthz` tells.
let flightdeckVersion = "0.1.0"
