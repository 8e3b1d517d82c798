import RunModel

/// A systemd user unit that runs the orchestrator.
struct ServiceUnit: Sendable, Equatable {
  /// Absolute path of this program.
  var program: String
  /// The store and the configuration, absolute; nil: the defaults.
  var state: String?
  var configuration: String?
  var listen: [String] = []
  /// The PATH that agents are looked for in: a user manager's own is short.
  var path: String?
  /// Those of `folderVariables` that are set: a session of systemd's may not have them, and service and shell must come to
  /// the same store, socket and configuration.
  var folders: [String: String] = [:]
  /// Whether systemd knows `DelegateSubgroup=` (254 and later; others warn of it).
  var namesSubgroup = false

  static let folderVariables = ["XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"]
  static let name = "flightdeck.service"

  /// Throws a `Problem` for a path that no unit can hold.
  func text() throws(Problem) -> String {
    var words = [program, "serve"]
    if let state { words += ["--state", state] }
    if let configuration { words += ["--config", configuration] }
    for address in listen { words += ["--listen", address] }
    var command: [String] = []
    for (place, word) in words.enumerated() { command.append(try Self.quoted(word, isExpanded: place > 0)) }
    var environment = ""
    for name in ["PATH"] + Self.folderVariables {
      guard let value = name == "PATH" ? path : folders[name] else { continue }
      environment += "Environment=\(try Self.quoted("\(name)=\(value)", isExpanded: false))\n"
    }
    let subgroup = namesSubgroup ? "DelegateSubgroup=orchestrator\n" : ""
    return """
      [Unit]
      Description=Flightdeck, the orchestrator of coding-agent runs
      StartLimitIntervalSec=60
      StartLimitBurst=5

      [Service]
      Type=notify
      NotifyAccess=main
      ExecStart=\(command.joined(separator: " "))
      # The runtimes of a changed configuration are taken over by themselves; this takes them over at once.
      ExecReload=/bin/kill -HUP $MAINPID
      \(environment)Restart=on-failure
      RestartSec=2
      # Agents work under supervisors of their own and outlive the orchestrator: a stop or restart ends it alone, and the
      # next one takes them up. To end the agents too, cancel their runs first.
      KillMode=process
      # A stop takes seconds: it stores what is left. A start migrates and reads in the store, and says so meanwhile.
      TimeoutStopSec=30
      TimeoutStartSec=120
      # Control groups below this one are the orchestrator's, for the limits of runs.
      Delegate=yes
      \(subgroup)# An agent that eats all memory is ended by the kernel; the orchestrator records that and goes on.
      OOMPolicy=continue
      UMask=0077
      LimitNOFILE=65536
      # No NoNewPrivileges, ProtectSystem or PrivateTmp: agents inherit them, and they build, install and sudo as you do.

      [Install]
      WantedBy=default.target

      """
  }

  /// As one word of a unit (systemd.syntax(7)) that means what it says: `%` is no specifier, and where variables are
  /// expanded, in the arguments of a command, `$` is none.
  static func quoted(_ word: String, isExpanded: Bool) throws(Problem) -> String {
    guard !word.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
      throw Problem(.invalid, "A unit cannot hold a path with control characters: \(word).")
    }
    var text = word.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("%", with: "%%")
    if isExpanded { text = text.replacing("$", with: "$$") }
    let isPlain =
      !word.isEmpty && word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "/._-+:@,=".contains($0)) }
    return isPlain ? text : "\"\(text)\""
  }
}
