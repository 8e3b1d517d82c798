import ArgumentParser
import FoundationEssentials
import Glibc
import RunModel

struct StopCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stop", abstract: "Stop this machine's orchestrator of the store; its agents go on.",
    discussion: """
      For an upgrade, or when its environment or its configuration has changed. Agents go on under their supervisors, and \
      the next orchestrator takes them up: flightdeck starts one, and an open dashboard that had started it does so by itself.
      """)

  @Option(help: ArgumentHelp("How long to wait for its end.", valueName: "seconds"))
  var within = 30.0
  @OptionGroup var store: StoreOption

  func validate() throws {
    if !(within > 0) { throw ValidationError("--within takes a number of seconds above 0.") }
  }

  func run() async throws {
    let paths = try Paths(environment: ProcessInfo.processInfo.environment, state: store.state)
    let note = ListeningNote(state: paths.state)
    guard let pid = note.holder else {
      return Console.note("No orchestrator works on the store in \(paths.state).")
    }
    guard kill(pid, SIGTERM) == 0 else {
      throw Problem(
        .unavailable, "The orchestrator (process \(pid)) cannot be told to stop: \(String(cString: strerror(errno))).")
    }
    let clock = ContinuousClock()
    let start = clock.now
    while note.holder == pid {
      guard clock.now - start < .seconds(clamping: within) else {
        throw Problem(
          .unavailable,
          "The orchestrator (process \(pid)) still writes what has happened. Wait longer with --within, or look at flightdeck logs."
        )
      }
      try await clock.sleep(for: .milliseconds(50))
    }
    Console.print("The orchestrator (process \(pid)) has stopped. Agents go on; the next one takes them up.")
  }
}
