import DashboardUI
import Logging
import Orchestration
import RunModel
import RuntimeAdapters
import Testing

@testable import flightdeck

@Suite("The configuration file")
struct ConfigurationFileTests {
  static func parse(_ text: String) throws(Problem) -> Configuration {
    try ConfigurationFile(path: "/etc/fd/config.yaml").parse(text)
  }

  @Test("Without anything in it there are the simulated and the local runtime", arguments: ["", "# nothing\n", "{}"])
  func defaults(text: String) throws {
    let configuration = try Self.parse(text)
    #expect(configuration == Configuration())
    #expect(configuration.runtimes.map(\.id) == ["simulated", "local"])
  }

  @Test("Every setting is read")
  func everything() throws {
    let configuration = try Self.parse(
      """
      runtimes:
        - id: mine
          kind: local
          command: [my-agent, --level, 3, "{prompt}"]
          env: {MODE: batch, N: 4}
          maxParallelTasks: 2
          stdin: answers
          limits: {time: 2h, output: 256MB, processes: 512, memory: 4GB, disk: 10GiB, addressSpace: 16 GiB}
        - {id: fake, kind: simulated, seed: 7, medianSeconds: 0.5, maxSeconds: 1, failureRate: 0, attentionRate: 1,
           eventsPerSecond: 100000}
        - {id: played, kind: mock, script: plays/a.json}
      theme: flightdeck-light
      keys: {cancel: [x, ctrl-k], quit: Q}
      columns: [run, title, "branch:40"]
      mouse: false
      readOnly: true
      screenFormat: html
      notifications: {on: [failed, ended], by: command, command: [notify-send, Flightdeck], quiet: "22:00-07:00"}
      orchestrators:
        - {name: big, address: "https://big.example.org:7777", tokenFile: big.token}
        - {name: other, address: "unix:/run/o.sock"}
      verifyTimeoutSeconds: 60
      stopGraceSeconds: 0.5
      """)
    var local = RuntimeConfiguration.Local()
    local.command = ["my-agent", "--level", "3", "{prompt}"]
    local.env = ["MODE": "batch", "N": "4"]
    local.maxParallelTasks = 2
    local.stdin = .answers
    local.limits = RunLimits(
      time: .seconds(7200), output: 256_000_000, processes: 512, memory: 4_000_000_000, disk: 10 << 30,
      addressSpace: 16 << 30)
    var simulated = RuntimeConfiguration.Simulated()
    simulated.seed = 7
    simulated.medianSeconds = 0.5
    simulated.maxSeconds = 1
    simulated.failureRate = 0
    simulated.attentionRate = 1
    simulated.eventsPerSecond = 100_000
    #expect(
      configuration.runtimes == [
        RuntimeConfiguration(id: "mine", kind: .local(local)),
        RuntimeConfiguration(id: "fake", kind: .simulated(simulated)),
        RuntimeConfiguration(id: "played", kind: .mock(.init(script: "/etc/fd/plays/a.json"))),
      ])
    #expect(configuration.theme == ThemeSetting("flightdeck-light"))
    #expect(configuration.keys == ["cancel": ["x", "ctrl-k"], "quit": ["Q"]])
    #expect(configuration.columns == (try ColumnChoice.list(["run", "title", "branch:40"])))
    #expect(configuration.mouse == false)
    #expect(configuration.readOnly)
    #expect(configuration.screenFormat == .html)
    #expect(configuration.notifications.on == [.failed, .ended])
    #expect(configuration.notifications.by == .command(["notify-send", "Flightdeck"]))
    #expect(configuration.notifications.quiet == QuietHours("22:00-07:00"))
    #expect(
      configuration.orchestrators == [
        OrchestratorConfiguration(
          name: "big", address: .https(host: "big.example.org", port: 7777), tokenFile: "/etc/fd/big.token"),
        OrchestratorConfiguration(name: "other", address: .unix(path: "/run/o.sock")),
      ])
    #expect(configuration.verifyTimeout == .seconds(60))
    #expect(configuration.stopGrace == .milliseconds(500))
  }

  @Test("What waits for approval is a setting, and so is how long a run may be silent")
  func approvals() throws {
    let configuration = try ConfigurationFile(path: "/c.yaml").parse(
      "approvals: {required: [low, critical], ownRequests: false}\n"
        + "runtimes: [{id: a, kind: simulated, quietSeconds: 30}]\n")
    #expect(configuration.approvalsRequired == [.low, .critical] && configuration.approvesOwnRequests == false)
    #expect(configuration.runtimes.first?.quietSeconds == 30)
    let plain = try ConfigurationFile(path: "/c.yaml").parse("approvals: {}")
    #expect(plain.approvalsRequired == [.high, .critical] && plain.approvesOwnRequests == nil)
    #expect(plain.runtimes.first?.quietSeconds == 120)
    #expect(try ConfigurationFile(path: "/c.yaml").parse("approvals: {required: []}").approvalsRequired.isEmpty)
  }

  @Test("The log and the retention are settings; without them the log is bounded and nothing is removed")
  func operation() throws {
    let file = ConfigurationFile(path: "/etc/fd/c.yaml")
    let configuration = try file.parse(
      """
      log: {level: debug, file: fd.log, maxSize: 1MB, keep: 2, format: text}
      retention: {worktrees: 14d, output: 2w, events: never, answers: 12h, branches: true}
      """)
    #expect(
      configuration.log
        == LogSettings(level: .debug, file: "/etc/fd/fd.log", maxSize: 1 << 20, keep: 2, format: .text))
    #expect(configuration.retention.worktrees == .seconds(14 * 86_400) && configuration.retention.events == nil)
    #expect(configuration.retention.branches && configuration.retention.isOn)
    #expect(configuration.retention.policy.ages.count == 3)
    let plain = try file.parse("")
    #expect(plain.log == LogSettings() && !plain.retention.isOn)
  }

  @Test("All that is wrong is said at once, and what is right is read")
  func several() {
    let (configuration, problems) = ConfigurationFile(path: "/c.yaml").check(
      "mous: true\ntheme: mine\nmouse: maybe\nkeys: {cansel: x}\nreadOnly: true\n")
    #expect(problems.count == 3)
    #expect(problems.map { String($0.detail.prefix(9)) } == ["/c.yaml:1", "/c.yaml:3", "/c.yaml:4"])
    #expect(configuration.theme == ThemeSetting("mine"))
    #expect(configuration.readOnly)
  }

  @Test(
    "The theme is one name, one for each ground, or left to the terminal",
    arguments: [
      ("theme: auto", ThemeSetting()), ("", ThemeSetting()), ("theme: hangar", ThemeSetting("hangar")),
      ("theme: {dark: altitude, light: noon}", ThemeSetting(dark: "altitude", light: "noon")),
      ("theme:\n  light: cirrus", ThemeSetting(light: "cirrus")),
    ])
  func theme(text: String, setting: ThemeSetting) throws {
    let configuration = try Self.parse(text)
    #expect(configuration.theme == setting)
  }

  @Test("A theme that does not exist is named with its line, and with what was probably meant")
  func unknownTheme() throws {
    let configuration = try Self.parse("mouse: true\ntheme: {dark: altitude, light: nonn}")
    #expect {
      try ThemeShelf.check(configuration.theme, at: configuration.themePlace, among: ThemeLibrary.builtin, [])
    } throws: {
      let detail = ($0 as? Problem)?.detail ?? ""
      return detail.contains("config.yaml:2: There is no theme \"nonn\". Did you mean \"noon\"?")
    }
  }

  @Test(
    "What is wrong is named with its line and what was probably meant",
    arguments: [
      ("theme: a\nmous: true", ":2: Unknown key \"mous\" in the configuration. Did you mean \"mouse\"?"),
      ("mouse: true\ntheme: {drak: a}", ":2: Unknown key \"drak\" in \"theme\". Did you mean \"dark\"?"),
      ("theme: [a]", ":1: \"theme\" must be a name, auto, or {dark: NAME, light: NAME}."),
      ("ascii: maybe", ":1: \"ascii\" must be true or false."),
      ("runtimes:\n  - id: a\n    kind: local\n    comand: [x]", ":4: Unknown key \"comand\""),
      (
        "runtimes:\n  - {id: a, kind: simulated, command: [x]}",
        ":2: Unknown key \"command\" in a runtime of kind simulated"
      ),
      ("runtimes:\n  - {id: a, kind: locl}", ":2: Unknown kind \"locl\". Did you mean \"local\"?"),
      ("theme: a\ncolumns:\n  - run\n  - titel", ":4: There is no column \"titel\". Did you mean \"title\"?"),
      ("columns: [run, run]", ":1: The column run is there twice."), ("columns: []", "is empty"),
      ("columns:\n  - \"run:0\"", ":2: The width of run must be"), ("columns: run", "must be a list"),
      ("runtimes:\n  - {id: a}", "needs a \"kind\""),
      ("runtimes:\n  - {id: a, kindd: local}", "Unknown key \"kindd\" in a runtime. Did you mean \"kind\"?"),
      ("runtimes:\n  - {kind: local, command: [x]}", "needs an \"id\""),
      ("runtimes:\n  - {id: a b, kind: simulated}", "The id \"a b\""),
      (
        "runtimes:\n  - {id: a, kind: simulated}\n  - {id: a, kind: simulated}",
        ":3: There are two runtimes with the id \"a\""
      ),
      ("runtimes:\n  - {id: a, kind: local}", "needs a \"command\""),
      ("runtimes:\n  - {id: a, kind: local, command: x y}", "\"command\" must be a list"),
      ("runtimes:\n  - {id: a, kind: mock}", "needs a \"script\""),
      (
        "runtimes:\n  - {id: a, kind: simulated,\n     failureRate: 2}",
        ":3: \"failureRate\" must be a number from 0 to 1"
      ),
      ("runtimes:\n  - {id: a, kind: simulated, maxParallelTasks: 0}", "\"maxParallelTasks\""),
      ("runtimes: []", "empty"), ("runtimes: x", "must be a list"),
      ("approvals: {required: [hi]}", "\"hi\" is no risk"), ("approvals: {own: true}", "Unknown key \"own\""),
      ("runtimes: [{id: a, kind: simulated, quietSeconds: 0}]", "\"quietSeconds\""),
      ("mouse: maybe", ":1: \"mouse\" must be true or false"),
      ("verifyTimeoutSeconds: -1", "above 0"), ("- a", "must be"), ("a: [", "not YAML"),
      ("mouse: true\nmouse: false", "twice"),
      ("keys:\n  cancel: x\n  cansel: y", ":3: There is no action \"cansel\". Did you mean \"cancel\"?"),
      ("keys:\n  help: f1\n  cancel: [hyper-x]", ":3: There is no key \"hyper-x\""),
      ("keys:\n  cancel: r", ":2: The key r means both"),
      ("notifications: {on: [fail]}", ":1: There is no notification \"fail\""),
      ("notifications:\n  by: beep", ":2: \"by\" must be bell, osc9 or command"),
      ("notifications: {by: command}", "needs a \"command\""),
      ("notifications: {by: bell, command: [a]}", "\"command\" goes with"),
      ("notifications:\n  quiet: late", ":2: \"quiet\" must be two times of day"),
      ("notifications: {onn: []}", "Did you mean \"on\"?"),
      ("screenFormat: svgg", "Did you mean \"svg\"?"),
      ("readOnly: perhaps", "must be true or false"),
      ("orchestrators:\n  - {name: a, address: nowhere}", ":2: \"nowhere\" is not an address"),
      ("orchestrators:\n  - {name: a}", ":2: The orchestrator \"a\" needs an \"address\""),
      ("orchestrators: [{name: local, address: \"unix:/a\"}]", "two orchestrators"),
      ("log: {level: loud}", "is no level of the log"), ("log:\n  levle: info", ":2: Unknown key \"levle\" in \"log\""),
      ("log: {maxSize: 1KB}", "from 4KB to 1GB"), ("log: {maxSize: big}", "such as 10MB"),
      ("log: {keep: -1}", "from 0 to 100"),
      ("log: {format: xml}", "There are json, text"),
      ("retention:\n  worktrees: old", ":2: \"worktrees\" must be an age"),
      ("retention: {runs: 90d}", "Unknown key \"runs\""), ("retention: {branches: 3d}", "must be true or false"),
    ])
  func errors(text: String, words: String) {
    let problem = #expect(throws: Problem.self) { try Self.parse(text) }
    #expect(problem?.detail.contains(words) ?? false, "\(problem?.detail ?? "")")
    #expect(problem?.detail.hasPrefix("/etc/fd/config.yaml") ?? false)
  }

  @Test(
    "A limit that cannot be read is named with its line and what it should be",
    arguments: [
      ("memory: 4", "\"memory\" must be a number with a unit, such as 256MB, 4GB or 1.5GiB."),
      ("disk: lots", "\"disk\" must be a number with a unit, such as 256MB, 4GB or 1.5GiB."),
      ("time: 90", "\"time\" must be a number with a unit, such as 90s, 30m, 2h, 1h30m or 1d."),
      ("processes: 0", "\"processes\" must be a whole number from 1 to 100000."),
      ("memroy: 4GB", "Unknown key \"memroy\" in \"limits\"."),
    ])
  func badLimits(_ limit: String, _ complaint: String) throws {
    let text = "runtimes:\n  - id: a\n    kind: local\n    command: [x]\n    limits:\n      \(limit)\n"
    let problem = #expect(throws: Problem.self) { try Self.parse(text) }
    #expect(problem?.detail.hasPrefix("/etc/fd/config.yaml:6: \(complaint)") == true)
  }
}

@Suite("Paths")
struct PathsTests {
  @Test("The defaults follow the base directories")
  func defaults() throws {
    let paths = try Paths(
      environment: [
        "HOME": "/h", "XDG_RUNTIME_DIR": "/run/u", "XDG_STATE_HOME": "/s", "XDG_CONFIG_HOME": "/c",
      ], userID: 7)
    #expect(paths.socket == "/run/u/flightdeck/flightdeck.sock")
    #expect(paths.state == "/s/flightdeck")
    #expect(paths.configuration == "/c/flightdeck/config.yaml")
    #expect(paths.token == "/s/flightdeck/token")
    let bare = try Paths(environment: ["HOME": "/h", "XDG_STATE_HOME": "not/absolute"], userID: 7)
    #expect(bare.socket == "/tmp/flightdeck-7/flightdeck.sock")
    #expect(bare.state == "/h/.local/state/flightdeck")
    #expect(bare.configuration == "/h/.config/flightdeck/config.yaml")
  }

  @Test("Another store has a socket of its own, in it, or under a name made from it when the path is too long")
  func otherStore() throws {
    func socket(_ state: String) throws -> String {
      try Paths(environment: ["HOME": "/h"], state: state, userID: 7, workingFolder: "/w").socket
    }
    #expect(try socket("x/../y/") == "/w/y/flightdeck.sock")
    let long = "/" + String(repeating: "d", count: 100)
    #expect(try socket(long).hasPrefix("/tmp/flightdeck-7/"))
    #expect(try socket(long) != socket(long + "e"))
    #expect(try socket(long) == socket(long + "/"))
  }

  @Test("Options win over the environment")
  func precedence() throws {
    let paths = try Paths(
      environment: [
        "FLIGHTDECK_STATE": "/e", "FLIGHTDECK_CONFIG": "/e.yaml", "FLIGHTDECK_TOKEN_FILE": "/t", "HOME": "/h",
      ], state: "/o", configuration: "/o.yaml")
    #expect(paths.state == "/o")
    #expect(paths.configuration == "/o.yaml")
    #expect(paths.token == "/t")
  }

  @Test("Without a home the error says what to set")
  func noHome() {
    #expect(throws: Problem.self) { try Paths(environment: [:]) }
  }
}
