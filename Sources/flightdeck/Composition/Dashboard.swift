import DashboardUI
import FoundationEssentials
import Glibc
import RunClient
import RunModel
import TerminalKit

/// How `--once` draws.
typealias OnceFormat = ScreenFormat

/// The dashboard on the terminal, until the user quits or a signal comes, which it returns: the caller cleans up and ends
/// the process by it.
///
/// `directory`: the repository that the dispatch form begins with; nil for the git repository that one stands in.
func runDashboard(
  client: RunClient, configuration: Configuration, paths: Paths, directory: String? = nil, tour: Bool = false,
  revival: Revival? = nil, remark: String? = nil
) async throws -> Int32? {
  let memory = PreferencesFile(paths)
  var destinations = Destinations(configuration, paths, memory, from: client.address)
  destinations.revival = revival
  let session = DashboardSession(
    live: client, place: destinations.name(of: client.address), memory: memory, templates: paths.templates,
    revival: revival)
  if let remark { await session.inbox.put(message: .note(remark)) }
  return try await runDashboard(session, destinations, configuration, paths, directory: directory, tour: tour)
}

/// The same for anything that can be looked at.
func runDashboard(
  _ session: DashboardSession, _ destinations: Destinations, _ configuration: Configuration, _ paths: Paths,
  directory: String? = nil, tour: Bool = false
) async throws -> Int32? {
  let (themes, broken) = ThemeShelf.load(paths.themes)
  try ThemeShelf.check(configuration.theme, at: configuration.themePlace, among: themes, broken)
  let keys = try KeyMap(overrides: configuration.keys.mapValues { $0.joined(separator: " ") })
  // The link is made while the terminal opens: the first frame already shows what is known.
  session.begin()
  do {
    return try await show(
      session, destinations, configuration: configuration, themes: themes, broken: broken, keys: keys, paths: paths,
      directory: directory ?? workingRepository(), tour: tour)
  } catch {
    await session.end()
    throw error
  }
}

@TerminalActor private func show(
  _ session: DashboardSession, _ destinations: Destinations, configuration: Configuration, themes: [Theme],
  broken: [ThemeFault], keys: KeyMap, paths: Paths, directory: String, tour: Bool
) async throws -> Int32? {
  var options = Terminal.Options()
  options.mouse = configuration.mouse
  let terminal: Terminal
  do { terminal = try Terminal.open(options) } catch { throw Problem(.invalid, "\(error)") }
  let remembered = destinations.memory.read()
  var state = DashboardState(
    size: terminal.size, now: .now, themes: themes, keys: keys, preferences: remembered.preferences,
    directory: directory)
  if let columns = configuration.columns { state.standardColumns = columns }
  state.hasBraille = ProcessInfo.processInfo.environment["TERM"] != "linux"
  state.asciiOnly = configuration.ascii || !terminal.isUTF8
  state.isColorless = terminal.colorDepth == .none
  var isLight = environmentIsLight
  if !state.isColorless, configuration.theme.isAutomatic {
    // The link is made meanwhile; a later answer still changes the theme, so that nobody waits long for the first frame.
    if let ground = await terminal.askBackground(within: 20) { isLight = TerminalGround.isLight(ground) }
  }
  state.setUpTheme(configuration.theme, groundIsLight: isLight)
  if !broken.isEmpty { _ = state.update(.themes(themes, broken: broken)) }
  if let complaint = remembered.complaint { _ = state.update(.failed(complaint, .here)) }
  state.utcOffset = localOffset()
  if tour {
    state.isDemo = true
    state.toggleTour()
  }
  state.isReadOnly = configuration.readOnly
  state.notificationRules = configuration.notifications
  state.screenFormat = configuration.screenFormat
  state.clipboardTool = ClipboardTool.find { name in getenv(name).map { String(cString: $0) } }?.name
  state.orchestrators = destinations.sights
  state.place = session.place
  state.isHere = session.isHere
  let loop = DashboardLoop(state: state, terminal: terminal, session: session, destinations: destinations)
  let watch = ThemeWatch(paths.themes) {
    Task {
      let (themes, broken) = ThemeShelf.load(paths.themes)
      await loop.deliver(.themes(themes, broken: broken))
    }
  }
  await loop.run()
  withExtendedLifetime(watch) {}
  return terminal.endedBy
}

/// The git repository that one stands in; empty when there is none.
private func workingRepository() -> String {
  DispatchCommand.gitTopLevel(of: FileManager.default.currentDirectoryPath) ?? ""
}

extension RunClient {
  /// Whether the orchestrator is on this machine.
  var isHere: Bool { if case .unix = address { true } else { false } }
}

/// What the environment says of the terminal's ground; dark when it says nothing.
var environmentIsLight: Bool {
  TerminalGround.isLight(environment: ProcessInfo.processInfo.environment["COLORFGBG"]) ?? false
}

/// Seconds east of Greenwich, now.
func localOffset() -> Int {
  var now = time(nil)
  var parts = tm()
  localtime_r(&now, &parts)
  return parts.tm_gmtoff
}

/// One screen, drawn to standard output. `screen`: a `Destination`; nil is the home screen.
func drawOnce(
  client: RunClient, configuration: Configuration, paths: Paths, screen: String?, size: Size, format: OnceFormat
) async throws {
  let (themes, broken) = ThemeShelf.load(paths.themes)
  try ThemeShelf.check(configuration.theme, at: configuration.themePlace, among: themes, broken)
  let memory = PreferencesFile(paths)
  let remembered = memory.read()
  if let complaint = remembered.complaint { Console.note(complaint.detail) }
  var state = DashboardState(
    size: size, now: .now, themes: themes,
    keys: try KeyMap(overrides: configuration.keys.mapValues { $0.joined(separator: " ") }),
    preferences: remembered.preferences, directory: workingRepository())
  if let columns = configuration.columns { state.standardColumns = columns }
  state.setUpTheme(configuration.theme, groundIsLight: environmentIsLight)
  state.utcOffset = localOffset()
  state.isReadOnly = configuration.readOnly
  state.asciiOnly = configuration.ascii || !Surroundings.present.isUTF8
  state.place = Destinations(configuration, paths, memory, from: client.address).name(of: client.address)
  state.isHere = client.isHere
  _ = state.update(.link(.live))
  let snapshot = try await client.snapshot()
  var effects = state.update(.snapshot(snapshot))
  effects += state.update(.tick(.now))
  // The preview follows a moment after the cursor has come to rest.
  effects += state.update(.tick(.now + .seconds(2)))
  if let screen { effects += try state.go(to: Destination(screen)) }
  await fetch(effects, Errands(client: client, memory: memory, templates: paths.templates), into: &state)
  printScreen(state, format)
}

/// Fetches what the screen asks for, until it asks for nothing more.
func fetch(_ effects: [Effect], _ errands: any ErrandDoer, into state: inout DashboardState) async {
  var effects = effects
  while !effects.isEmpty {
    let asked = effects
    effects = []
    for effect in asked {
      for message in await errands.answers(to: effect) { effects += state.update(message) }
    }
  }
  _ = state.update(.tick(.now))
}

func printScreen(_ state: DashboardState, _ format: OnceFormat) {
  let frame = drawDashboard(state)
  switch format {
  case .text: Console.print(frame.text)
  case .ansi:
    var renderer = ANSIRenderer(
      depth: ColorDepth.fromEnvironment { ProcessInfo.processInfo.environment[$0] }, isUTF8: !state.asciiOnly)
    Console.print(renderer.render(frame))
  case .svg: Console.print(SVGRenderer(colors: state.canvas, title: "flightdeck").render(frame))
  case .html: Console.print(HTMLRenderer(colors: state.canvas).render(frame))
  }
}
