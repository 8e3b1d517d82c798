package import RunModel
package import TerminalKit

/// How it stands with the orchestrator.
package enum LinkState: Sendable, Equatable {
  case connecting
  case live
  /// What is on the screen is as of `since`.
  case lost(since: Timestamp, nextTry: Timestamp?)
  /// It has died, and this dashboard, which had started it, does so again.
  case starting(since: Timestamp)
  /// The orchestrator lets nobody in from here; the reason says what to do. What is on the screen is as of `since`.
  case refused(since: Timestamp, reason: String)

  /// Why nobody is let in.
  var refusal: String? { if case .refused(_, let reason) = self { reason } else { nil } }

  var isLost: Bool {
    switch self {
    case .lost, .starting: true
    case .connecting, .live, .refused: false
    }
  }

  /// Since when the screen has stood still.
  var staleSince: Timestamp? {
    switch self {
    case .connecting, .live: nil
    case .lost(let since, _), .starting(let since), .refused(let since, _): since
    }
  }
}

enum Screen: Sendable, Equatable {
  case runs, runtimes
  case queue, audit, pulse
  case run, dispatch
}

/// All that the dashboard knows and shows: a value. `update` changes it, `drawDashboard` draws it.
package struct DashboardState: Sendable {
  // What is known.
  package internal(set) var board = RunBoard()
  package internal(set) var runtimes: [RuntimeSummary] = [] { didSet { quietTimes = QuietTimes(runtimes) } }
  private(set) var quietTimes = QuietTimes()
  package internal(set) var link = LinkState.connecting
  /// What may be done with the token; nil when everything may, or nobody has said.
  package internal(set) var role: AccessRole?
  package internal(set) var now: Timestamp
  var hasSnapshot = false
  /// Why the orchestrator cannot record anything, while it cannot.
  var outage: StoreOutage?
  /// Why a changed configuration is not taken over, while it is not.
  var configurationProblem: String?
  /// What happened over time.
  var history = Pulse()
  var timeline = Timeline()
  var drops = Drops()
  /// When events came last.
  var eventsAt: Timestamp?
  var rate = EventRate()

  // The terminal.
  package internal(set) var size: Size
  package internal(set) var theme: Theme
  /// Those that `T` and `:theme` choose from.
  package internal(set) var themes: [Theme]
  /// What the configuration says of the theme.
  var themeSetting = ThemeSetting()
  /// As the terminal tells it; dark until it does.
  var groundIsLight = false
  /// The terminal shows no colours: one theme does for all.
  package var isColorless = false
  package var keys: KeyMap
  /// Only ASCII can be shown: every frame is brought down to it.
  package var asciiOnly = false
  /// Whether its font has braille: the Linux console has not.
  package var hasBraille = true
  /// Seconds east of Greenwich, for clocks.
  package var utcOffset = 0
  /// The orchestrator's name in the header: `local`, or its address.
  package var place = "local"
  /// Changed by `keep` alone.
  package internal(set) var preferences: Preferences
  /// Nothing is changed from here.
  package var isReadOnly = false
  package var notificationRules = NotificationRules()
  /// What ctrl-s saves.
  package var screenFormat = ScreenFormat.svg
  /// The program that can copy where the terminal does not, by name.
  package var clipboardTool: String?

  // Where the person is.
  var screens: [Screen] = [.runs]
  var layers: [Layer] = []
  var list = RunList()
  var selection: RunID?
  /// The group whose header the cursor is on; then no run is selected.
  var selectedGroup: String?
  var paces = Paces()
  /// All columns, scrolled to the side, without the preview.
  var isWide = false
  var wideLeft = 0
  /// The columns of those who chose none: the configuration's.
  package var standardColumns = ColumnChoice.standard
  /// The view last taken; what is on the screen may have moved on from it.
  var viewName: String?
  /// A run just dispatched, to be selected as soon as it is among the rows.
  var wantedSelection: RunID?
  /// The row of the selection.
  var cursor = 0
  var top = 0
  /// Until someone moves the cursor it stays on the first row.
  var cursorTouched = false
  var actingUntil = Timestamp(milliseconds: 0)
  var settledAt = Timestamp(milliseconds: 0)
  var marks: Set<RunID> = []
  var lastMark: RunID?
  var open: OpenRun?
  /// Runs whose words that waited for their end are on their way.
  var waitingUnderWay: Set<RunID> = []
  /// Words that a run's new one was refused for: in the dialog again.
  var refusedWords: [RunID: String] = [:]
  /// Runs that a new one goes on with for what was said, and not for comments.
  var messagesUnderWay: Set<RunID> = []
  var log: RunLog?
  /// When the preview turns to the selected run: a moment after the cursor rests.
  var previewAt: Timestamp?
  var runtimeCursor = 0
  var runtimesPage = RuntimesPage()
  var runtimesStale = false
  var runtimesAskedAt = Timestamp(milliseconds: 0)
  var queue = QueuePage()
  var audit = AuditPage()
  var pulse = PulsePage()
  var form: DispatchForm
  /// Where the dashboard was started: the repository of a new form.
  let directory: String
  /// Whether the orchestrator's files are on this machine, so that they can be looked at.
  package var isHere = true
  var fileTemplates: [WorkTemplate] = []
  var tour: Tour?
  /// Everything here ends with the dashboard.
  package var isDemo = false
  var toasts: [Toast] = []
  var notices = NotificationMachine()
  var lastCopy: LastCopy?
  /// That the dashboard can turn to; this one is among them.
  package var orchestrators: [OrchestratorSight] = []
  /// Where one was at each of them.
  var positions: [String: Position] = [:]
  /// Leaving the replay leads back to an orchestrator and not out.
  package var replayReturns = false
  /// What is played, if this is no live dashboard.
  var replay: ReplayStatus?
  var outbox: [Effect] = []

  /// `directory` fills in the repository of the dispatch form.
  package init(
    size: Size, now: Timestamp, theme: Theme = ThemeLibrary.standard, themes: [Theme] = ThemeLibrary.builtin,
    keys: KeyMap = .standard, preferences: Preferences = Preferences(), directory: String = ""
  ) {
    self.size = size
    self.now = now
    self.theme = theme
    self.themes = themes
    self.keys = keys
    self.preferences = preferences
    self.directory = directory
    form = DispatchForm(directory: directory)
    if let unsent = preferences.unsent { form.load(unsent.draft) }
    pulse.window = preferences.pulseWindow.flatMap(PulsePage.Window.init) ?? .quarter
  }

  /// The run whose events are wanted whole, output text included; of all others the orchestrator's state events do.
  package var openRun: RunID? { log?.run }

  var screen: Screen { screens.last ?? .runs }
  var selected: Run? { selection.flatMap { board[$0] } }

  /// The run that a key is about: the open one, else the one under the cursor.
  var currentRun: Run? {
    switch screen {
    case .run: open.flatMap { board[$0.id] }
    case .runs: selected
    case .queue, .audit, .pulse: runOnPage
    case .runtimes, .dispatch: nil
    }
  }

  /// The moment that clocks of live runs go by: with the link lost they stand still.
  var boardTime: Timestamp {
    if let replay { return replay.time }
    return link.staleSince ?? now
  }

  var isActing: Bool { now < actingUntil || layers.contains(where: \.holdsRows) }

  /// Where keys are looked up now.
  var contexts: [KeyContext] { replay == nil ? screenContexts : [.replay] + screenContexts }

  private var screenContexts: [KeyContext] {
    switch screen {
    case .runs: [.runs, .pages, .moving, .everywhere]
    case .runtimes: [.runtimes, .pages, .moving, .everywhere]
    case .queue: [.queue, .pages, .moving, .everywhere]
    case .audit: [.audit, .pages, .moving, .everywhere]
    case .pulse: [.pulse, .pages, .moving, .everywhere]
    case .dispatch: form.batch == nil ? [.form, .everywhere] : [.batch, .moving, .everywhere]
    case .run:
      switch open?.tab ?? .overview {
      case .events where open?.events.tree != nil: [.tree, .run, .moving, .everywhere]
      case .events: [.events, .run, .moving, .everywhere]
      case .files: [.files, .run, .moving, .everywhere]
      case .diff: [.diff, .run, .moving, .everywhere]
      case .commands, .tests: [.records, .run, .moving, .everywhere]
      case .handoff: [.note, .run, .moving, .everywhere]
      case .evidence: [.tree, .run, .moving, .everywhere]
      case .audit where open?.audit.tree != nil: [.tree, .run, .moving, .everywhere]
      case .audit: [.trail, .run, .moving, .everywhere]
      case .overview: [.run, .moving, .everywhere]
      }
    }
  }
}

/// Events a second, over the last second or so.
struct EventRate: Sendable {
  private(set) var perSecond: Int64 = 0
  private var count: Int64 = 0
  private var since = Timestamp(milliseconds: 0)

  mutating func add(_ events: Int) { count += Int64(events) }

  mutating func tick(_ now: Timestamp) {
    let passed = (now - since).milliseconds
    guard passed >= 1000 else { return }
    perSecond = passed > 3000 ? 0 : count * 1000 / passed
    if passed > 3000, count > 0 { perSecond = min(count, count * 1000 / passed + 1) }
    count = 0
    since = now
  }

  /// When to look again; nil when all is quiet.
  var next: Timestamp? { perSecond > 0 || count > 0 ? since + .seconds(1) : nil }
}
