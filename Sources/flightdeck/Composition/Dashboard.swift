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
  let themes = try ThemeShelf.themes(paths)
  let theme = try ThemeShelf.choose(configuration.theme, among: themes)
  let keys = try KeyMap(overrides: configuration.keys.mapValues { $0.joined(separator: " ") })
  let inbox = EventInbox()
  let feed = LiveFeed(client) { inbox.isOpen($0) }
  // The link is made while the terminal opens: the first frame already shows what is known.
  let reading = Task { await read(feed, into: inbox) }
  defer { reading.cancel() }
  return try await show(
    client: client, inbox: inbox, theme: theme, themes: themes, keys: keys, memory: PreferencesFile(paths),
    configuration: configuration, tour: tour)
}

@concurrent private func read(_ feed: LiveFeed, into inbox: EventInbox) async {
  await feed.run { await inbox.put($0) }
}

@TerminalActor private func show(
  client: RunClient, inbox: EventInbox, theme: Theme, themes: [Theme], keys: KeyMap,
  memory: PreferencesFile, configuration: Configuration, tour: Bool
) async throws -> Int32? {
  var options = Terminal.Options()
  options.mouse = configuration.mouse
  let terminal: Terminal
  do { terminal = try Terminal.open(options) } catch { throw Problem(.invalid, "\(error)") }
  var state = DashboardState(
    size: terminal.size, now: .now, theme: theme, themes: themes, keys: keys,
    preferences: memory.read(), directory: FileManager.default.currentDirectoryPath)
  state.asciiOnly = !terminal.isUTF8
  if terminal.colorDepth == .none { _ = state.update(.setTheme(.monochrome)) }
  state.utcOffset = localOffset()
  if tour { state.toggleTour() }
  state.isReadOnly = configuration.readOnly
  state.notificationRules = configuration.notifications
  state.screenFormat = configuration.screenFormat
  state.clipboardTool = ClipboardTool.find { name in getenv(name).map { String(cString: $0) } }?.name
  if case .unix = client.address { state.place = "local" } else { state.place = "\(client.address)" }
  let loop = DashboardLoop(
    state: state, terminal: terminal, inbox: inbox, errands: Errands(client: client, memory: memory))
  inbox.onArrival { Task { await loop.requestFrame() } }
  await loop.run()
  return terminal.endedBy
}

/// Seconds east of Greenwich, now.
private func localOffset() -> Int {
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
  if case .unix = client.address { state.place = "local" } else { state.place = "\(client.address)" }
  _ = state.update(.link(.live))
  let snapshot = try await client.snapshot()
  var effects = state.update(.snapshot(snapshot))
  effects += state.update(.tick(.now))
  // The preview follows a moment after the cursor has come to rest.
  effects += state.update(.tick(.now + .seconds(2)))
  if let screen { effects += try state.go(to: Destination(screen)) }
  let errands = Errands(client: client, memory: memory)
  // What the screen asks for is fetched until it asks for nothing more.
  while !effects.isEmpty {
    let asked = effects
    effects = []
    for effect in asked {
      for message in await errands.answers(to: effect) { effects += state.update(message) }
    }
  }
  _ = state.update(.tick(.now))
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
