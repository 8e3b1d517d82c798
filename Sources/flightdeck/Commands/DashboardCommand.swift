import ArgumentParser
import DashboardUI
import FoundationEssentials
import RunClient
import RunModel
import TerminalKit

/// Bare `flightdeck`.
struct DashboardCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dashboard", abstract: "Open the dashboard; with --once, draw one screen and end.")

  @Flag(help: "Draw one screen to standard output and end.")
  var once = false
  @OptionGroup var picture: PictureOptions
  @Flag(help: "Draw with ASCII alone (also: ascii in the configuration).")
  var ascii = false
  @Flag(help: "Change nothing from here: no dispatch, no cancel, no answer (or readOnly: true in the configuration).")
  var readOnly = false
  @OptionGroup var settings: ConfigurationOption
  @OptionGroup var link: LinkOptions

  func validate() throws {
    if !once { try picture.demandOnce() }
  }

  func run() async throws {
    let environment = ProcessInfo.processInfo.environment
    let paths = try Paths(environment: environment, state: link.store.state, configuration: settings.config)
    var configuration = try ConfigurationFile.load(paths)
    if ascii { configuration.ascii = true }
    if readOnly { configuration.readOnly = true }
    let surroundings = Surroundings.present
    if !once, !surroundings.outputIsTerminal {
      throw Problem(
        .invalid,
        "The dashboard needs a terminal. For a picture of it: flightdeck --once. For a table: flightdeck runs.")
    }
    RunClient.useOneThread()
    let client = try Link.client(connect: link.connection.connect, paths: paths, environment: environment)
    do {
      var revival: Revival?
      if link.connection.connect == nil, surroundings.variable("FLIGHTDECK_CONNECT") == nil, !once {
        var hasStarted = try await start(paths, client, surroundings)
        // One that was just ending may have answered its last.
        do { _ = try await client.health() } catch  where error is NoOrchestrator || error is LinkBroken {
          hasStarted = try await start(paths, client, surroundings)
        }
        // A read-only dashboard lets others start what they ended.
        if hasStarted, !configuration.readOnly {
          revival = Revival {
            // With a link of its own: the first may have been let go of for another orchestrator.
            let client = try Link.client(connect: nil, paths: paths, environment: environment)
            do { try await BackgroundOrchestrator(paths: paths).ensure(client) } catch {
              await client.shutdown()
              throw error
            }
            await client.shutdown()
          }
        }
      }
      let remark = try await remark(on: client.health(), paths)
      if once {
        if let remark { Console.note(remark) }
        try await drawOnce(
          client: client, configuration: configuration, paths: paths, screen: picture.screen,
          size: picture.size(in: surroundings), format: picture.format)
      } else {
        let signal = try await runDashboard(
          client: client, configuration: configuration, paths: paths, revival: revival, remark: remark)
        if let signal { Terminal.end(by: signal) }
      }
      await client.shutdown()
    } catch {
      await client.shutdown()
      throw Link.explained(error, paths)
    }
  }

  /// A configuration that was named sets this screen alone when an orchestrator is up that was started with another.
  private func remark(on health: Health, _ paths: Paths) -> String? {
    guard paths.configurationWasNamed, let other = health.configuration, other != paths.configuration else {
      return nil
    }
    return
      "The orchestrator was started with \(other): runtimes and limits are from there, not from \(paths.configuration). "
      + "To change that: kill \(health.pid), then flightdeck again; agents go on meanwhile."
  }

  private func start(_ paths: Paths, _ client: RunClient, _ surroundings: Surroundings) async throws -> Bool {
    var said = false
    let starting = ContinuousClock.now
    let shows = surroundings.errorIsTerminal
    defer { if said { Console.noteRaw("\r\u{1B}[K") } }
    return try await BackgroundOrchestrator(
      paths: paths,
      onWait: {
        // What takes no noticeable time needs no word.
        guard shows, !said, starting.duration(to: .now) > .milliseconds(300) else { return }
        said = true
        Console.noteRaw("starting the orchestrator …")
      }
    ).ensure(client)
  }
}

/// `120x40`.
struct ScreenSize: ExpressibleByArgument, Equatable {
  var size: Size

  init?(argument: String) {
    let parts = argument.lowercased().split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let width = parts[0], let height = parts[1], (1...1000).contains(width),
      (1...1000).contains(height)
    else { return nil }
    size = Size(width: width, height: height)
  }
}

extension OnceFormat: ExpressibleByArgument {}

struct DemoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Take a tour that needs nothing and leaves nothing behind; without a terminal it plays itself.")

  func run() async throws { try await runDemo() }
}
