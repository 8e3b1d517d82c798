import ArgumentParser
import FoundationEssentials
import Glibc
import RunModel

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Run the orchestrator in the foreground.",
    discussion: """
      Prints one line "listening on ADDR" for each address when it is ready. SIGTERM stops intake, stores what is left \
      and leaves agents running; the next orchestrator takes them up again. Runtimes that are added to the configuration, \
      changed or removed there are taken over while it works. SIGHUP does that at once and opens the log anew, unless \
      it runs at a terminal.
      """)

  @Option(
    help: ArgumentHelp(
      "Where to listen: unix:PATH, http://127.0.0.1:PORT or https://HOST:PORT (0: any free port); may be repeated.",
      valueName: "address"))
  var listen: [String] = []
  @Flag(help: .private)
  var exitWhenIdle = false
  @OptionGroup var settings: ConfigurationOption
  @OptionGroup var store: StoreOption

  func validate() throws {
    for address in listen { _ = try ConnectOption.address(address) }
  }

  func run() async throws {
    let environment = ProcessInfo.processInfo.environment
    let paths = try Paths(environment: environment, state: store.state, configuration: settings.config)
    let configuration = try ConfigurationFile.load(paths)
    let folder = FileManager.default.currentDirectoryPath
    let addresses =
      listen.isEmpty
      ? [paths.address]
      : try listen.map { text -> ServerAddress in
        let address = try ConnectOption.address(text)
        // Said and stored whole, so that others who stand elsewhere can use it.
        guard case .unix(let path) = address else { return address }
        return .unix(path: Paths.absolute(path, in: folder))
      }
    try PrivateFolder.make(paths.state)
    for case .unix(let path) in addresses where Paths.parent(of: path) != paths.state {
      let parent = Paths.parent(of: path)
      // A folder that somebody chose may be anybody's; the one that is made from our own name must be ours.
      if path == paths.socket { try PrivateFolder.make(parent) }
    }
    // In the background it must not keep the caller's folder from being unmounted; every path is absolute by now.
    if exitWhenIdle { _ = chdir("/") }
    let exitWhenIdle = exitWhenIdle
    // The terminal has gone: as orderly an end as any.
    try await Termination.cancels(also: LogBook.isAtTerminal ? [SIGHUP] : []) {
      try await flightdeck.serve(
        configuration: configuration, paths: paths, listen: addresses, exitWhenIdle: exitWhenIdle
      ) { address in Console.print("listening on \(address)") }
    }
  }
}
