import ArgumentParser
import TerminalKit

/// The runs that a command is about.
struct RunsArgument: ParsableArguments {
  @Argument(help: "Run ids, or unambiguous ends of them.")
  var run: [String]

  func validate() throws {
    if run.isEmpty { throw ValidationError("Name at least one RUN.") }
  }
}

/// The files that a command checks.
struct FilesArgument: ParsableArguments {
  @Argument(help: "Files, or folders whose *.yaml are checked.", completion: .file(extensions: ["yaml", "yml"]))
  var path: [String]

  func validate() throws {
    if path.isEmpty { throw ValidationError("Name at least one file or folder.") }
  }
}

/// What `--once` draws.
struct PictureOptions: ParsableArguments {
  @Option(help: "With --once: which screen (runs, runtimes, …).")
  var screen: String?
  @Option(help: ArgumentHelp("With --once: its size, such as 120x40.", valueName: "CxR"))
  var size: ScreenSize?
  @Option(help: "With --once: text, ansi, svg or html.")
  var format: OnceFormat = .text

  func demandOnce() throws {
    if screen != nil || size != nil || format != .text {
      throw ValidationError("--screen, --size and --format go with --once.")
    }
  }

  func size(in surroundings: Surroundings) -> Size {
    size?.size ?? Size(width: surroundings.columns ?? 120, height: surroundings.rows ?? 40)
  }
}
