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
func runDashboard(client: RunClient, configuration: Configuration, paths: Paths, tour: Bool = false) async throws
  -> Int32?
{
  let memory = PreferencesFile(paths)
  let destinations = Destinations(configuration, paths, memory, from: client.address)
  let session = DashboardSession(live: client, place: destinations.name(of: client.address), memory: memory)
  return try await runDashboard(session, destinations, configuration, paths, tour: tour)
}

/// The same for anything that can be looked at.
func runDashboard(
  _ session: DashboardSession, _ destinations: Destinations, _ configuration: Configuration, _ paths: Paths,
  tour: Bool = false
) async throws -> Int32? {
  let themes = try ThemeShelf.themes(paths)
  let theme = try ThemeShelf.choose(configuration.theme, among: themes)
  let keys = try KeyMap(overrides: configuration.keys.mapValues { $0.joined(separator: " ") })
  // The link is made while the terminal opens: the first frame already shows what is known.
  session.begin()
  do {
    return try await show(
      session, destinations, theme: theme, themes: themes, keys: keys, configuration: configuration, tour: tour)
  } catch {
    await session.end()
    throw error
  }
}

@TerminalActor private func show(
  _ session: DashboardSession, _ destinations: Destinations, theme: Theme, themes: [Theme], keys: KeyMap,
  configuration: Configuration, tour: Bool
) async throws -> Int32? {
  var options = Terminal.Options()
  options.mouse = configuration.mouse
  let terminal: Terminal
  do { terminal = try Terminal.open(options) } catch { throw Problem(.invalid, "\(error)") }
  var state = DashboardState(
    size: terminal.size, now: .now, theme: theme, themes: themes, keys: keys,
    preferences: destinations.memory.read(), directory: FileManager.default.currentDirectoryPath)
  state.asciiOnly = !terminal.isUTF8
  if terminal.colorDepth == .none { _ = state.update(.setTheme(.monochrome)) }
  state.utcOffset = localOffset()
  if tour { state.toggleTour() }
  state.isReadOnly = configuration.readOnly
  state.notificationRules = configuration.notifications
  state.screenFormat = configuration.screenFormat
  state.clipboardTool = ClipboardTool.find { name in getenv(name).map { String(cString: $0) } }?.name
  state.orchestrators = destinations.sights
  state.place = session.place
  let loop = DashboardLoop(state: state, terminal: terminal, session: session, destinations: destinations)
  await loop.run()
  return terminal.endedBy
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
  let themes = try ThemeShelf.themes(paths)
  let memory = PreferencesFile(paths)
  var state = DashboardState(
    size: size, now: .now, theme: try ThemeShelf.choose(configuration.theme, among: themes), themes: themes,
    keys: try KeyMap(overrides: configuration.keys.mapValues { $0.joined(separator: " ") }),
    preferences: memory.read(), directory: FileManager.default.currentDirectoryPath)
  state.utcOffset = localOffset()
  state.isReadOnly = configuration.readOnly
  state.asciiOnly = !Surroundings.present.isUTF8
  state.place = Destinations(configuration, paths, memory, from: client.address).name(of: client.address)
  _ = state.update(.link(.live))
  let snapshot = try await client.snapshot()
  var effects = state.update(.snapshot(snapshot))
  effects += state.update(.tick(.now))
  // The preview follows a moment after the cursor has come to rest.
  effects += state.update(.tick(.now + .seconds(2)))
  if let screen { effects += try state.go(to: Destination(screen)) }
  await fetch(effects, Errands(client: client, memory: memory), into: &state)
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
