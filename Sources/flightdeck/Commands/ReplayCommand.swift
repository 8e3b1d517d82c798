import ArgumentParser
import DashboardUI
import FoundationEssentials
import RunClient
import RunModel
import TerminalKit

struct ReplayCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay", abstract: "Play a recording on the dashboard's screens.",
    discussion: """
      WHAT is a file of events as flightdeck events prints them (- with --once: standard input), or a run, whose events \
      are fetched from the orchestrator. Space pauses, . and , step, < and > change the speed, the arrows go back and on.
      """)

  @Argument(help: ArgumentHelp("A file, - or a run.", valueName: "what"), completion: .file())
  var what: String
  @Option(help: "0.25, 0.5, 1, 2, 4, 8, 16, 32, 64 or max.")
  var speed: ReplaySpeed = .normal
  @Option(help: ArgumentHelp("Begin there: 50%, 12:31:07, or a time with its date.", valueName: "place"))
  var at: ReplayPlace?
  @Flag(help: "Draw one screen to standard output and end: the end of the recording, or --at.")
  var once = false
  @OptionGroup var picture: PictureOptions
  @OptionGroup var settings: ConfigurationOption
  @OptionGroup var link: LinkOptions

  func validate() throws {
    if !once { try picture.demandOnce() }
    if what == "-", !once {
      throw ValidationError(
        "On a terminal the keys come from standard input: save the events to a file, or add --once.")
    }
  }

  func run() async throws {
    let surroundings = Surroundings.present
    let paths = try Paths(
      environment: surroundings.environment, state: link.store.state, configuration: settings.config)
    let configuration = try ConfigurationFile.load(paths)
    if !once, !surroundings.outputIsTerminal {
      throw Problem(.invalid, "A replay needs a terminal. For a picture of its end: flightdeck replay \(what) --once.")
    }
    let name = what == "-" ? "standard input" : what.split(separator: "/").last.map(String.init) ?? what
    let recording = Recording(try await source(paths, surroundings.environment))
    if once {
      try await drawReplayOnce(
        recording, name: name, at: at, configuration: configuration, paths: paths, screen: picture.screen,
        size: picture.size(in: surroundings), format: picture.format)
      return
    }
    let memory = PreferencesFile(paths)
    let session = DashboardSession(
      replay: Replay(recording, name: name, speed: speed), place: "\(name) recorded", memory: memory,
      at: at.map { $0.command(offset: localOffset()) })
    RunClient.useOneThread()
    let destinations = Destinations(configuration, paths, memory, from: nil)
    if let signal = try await runDashboard(session, destinations, configuration, paths) { Terminal.end(by: signal) }
  }

  /// A file where there is one, else a run.
  private func source(_ paths: Paths, _ environment: [String: String]) async throws -> any RecordingSource {
    if what == "-" { return RecordedBytes(try WholeFile.read("-")) }
    if FileManager.default.fileExists(atPath: what) || what.contains("/") || what.contains(".") {
      return try RecordingFile(what)
    }
    RunClient.useOneThread()
    let client = try Link.client(connect: link.connection.connect, paths: paths, environment: environment)
    do {
      let file = try await RecordingFile.fetch(client, run: what)
      await client.shutdown()
      return file
    } catch {
      await client.shutdown()
      guard error is NoOrchestrator else { throw error }
      throw Problem(.notFound, "There is no file \(what), and no orchestrator to ask for a run of that name.")
    }
  }
}

/// A moment of a recording.
enum ReplayPlace: ExpressibleByArgument, Equatable {
  case share(Double)
  /// Seconds after midnight, where the person is.
  case timeOfDay(Int)
  case time(Timestamp)

  init?(argument: String) {
    if argument.hasSuffix("%"), let percent = Double(argument.dropLast()), (0...100).contains(percent) {
      self = .share(percent / 100)
    } else if let time = Timestamp(argument) {
      self = .time(time)
    } else {
      let parts = argument.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
      guard parts.count == 2 || parts.count == 3, let hour = parts[0], let minute = parts[1],
        let second = parts.count == 3 ? parts[2] : 0, (0..<24).contains(hour), (0..<60).contains(minute),
        (0..<60).contains(second)
      else { return nil }
      self = .timeOfDay(hour * 3600 + minute * 60 + second)
    }
  }

  /// `offset`: seconds east of Greenwich.
  func command(offset: Int) -> Replay.Command {
    switch self {
    case .share(let share): return .go(share)
    case .time(let time): return .goTo(time)
    case .timeOfDay(let seconds): return .goToTimeOfDay(seconds, offset: offset)
    }
  }
}

extension ReplaySpeed: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
}

/// One screen of a recording, drawn to standard output.
func drawReplayOnce(
  _ recording: Recording, name: String, at: ReplayPlace?, configuration: Configuration, paths: Paths, screen: String?,
  size: Size, format: OnceFormat
) async throws {
  let memory = PreferencesFile(paths)
  let remembered = memory.read()
  if let complaint = remembered.complaint { Console.note(complaint.detail) }
  let (themes, broken) = ThemeShelf.load(paths.themes)
  try ThemeShelf.check(configuration.theme, at: configuration.themePlace, among: themes, broken)
  var state = DashboardState(
    size: size, now: .now, themes: themes,
    keys: try KeyMap(overrides: configuration.keys.mapValues { $0.joined(separator: " ") }),
    preferences: remembered.preferences)
  state.setUpTheme(configuration.theme, groundIsLight: environmentIsLight)
  state.utcOffset = localOffset()
  state.asciiOnly = configuration.ascii || !Surroundings.present.isUTF8
  state.place = "\(name) recorded"
  var replay = Replay(recording, name: name, isPlaying: false)
  var effects: [Effect] = []
  func settle() {
    while replay.rest(0) == .atOnce { for message in replay.advance(0) { effects += state.update(message) } }
  }
  settle()
  replay.take(at.map { $0.command(offset: state.utcOffset) } ?? .go(1), 0)
  for message in replay.advance(0) { effects += state.update(message) }
  settle()
  effects += state.update(.tick(.now))
  effects += state.update(.tick(.now + .seconds(2)))
  if let screen { effects += try state.go(to: Destination(screen)) }
  await fetch(effects, ReplayErrands(player: ReplayPlayer(replay, inbox: EventInbox()), memory: memory), into: &state)
  state.dropToasts()
  printScreen(state, format)
}
