import ArgumentParser
import FoundationEssentials
import Glibc
import Orchestration
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
    guard let pid = try Self.holder(paths.state) else {
      return Console.note("No orchestrator works on the store in \(paths.state).")
    }
    guard kill(pid, SIGTERM) == 0 else {
      throw Problem(
        .unavailable, "The orchestrator (process \(pid)) cannot be told to stop: \(String(cString: strerror(errno))).")
    }
    let clock = ContinuousClock()
    let start = clock.now
    while try Self.holder(paths.state) == pid {
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

  /// The process that holds the store; nil when none does.
  private static func holder(_ state: String) throws(Problem) -> pid_t? {
    let path = state + "/lock"
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    do throws(FileLock.Failure) {
      // Given back at once.
      _ = try FileLock(path: path)
      return nil
    } catch {
      guard case .held(let pid?) = error else {
        throw Problem(.unavailable, "\(path) does not say whose it is: \(error.cause).")
      }
      return pid
    }
  }
}
