import ArgumentParser
import FoundationEssentials
import Glibc
import RunModel

struct ServiceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "service", abstract: "Run the orchestrator as a systemd user service.",
    discussion: """
      The service starts with your session (before it with: loginctl enable-linger), is restarted when it fails, and \
      agents outlive its restarts.

      Examples:
        flightdeck service install --now
        flightdeck service print --config ~/flightdeck.yaml > ~/.config/systemd/user/flightdeck.service
        systemctl --user restart flightdeck     # after an upgrade; agents go on
        journalctl --user -u flightdeck -f      # or: flightdeck logs --follow
      """,
    subcommands: [Print.self, Install.self, Uninstall.self, Status.self])

  struct UnitOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Where to listen; may be repeated.", valueName: "address"))
    var listen: [String] = []
    @OptionGroup var settings: ConfigurationOption
    @OptionGroup var store: StoreOption

    func validate() throws {
      for address in listen { _ = try ConnectOption.address(address) }
    }

    func unit() throws -> String {
      let folder = FileManager.default.currentDirectoryPath
      let environment = ProcessInfo.processInfo.environment
      var program = [CChar](repeating: 0, count: 4096)
      let length = readlink("/proc/self/exe", &program, program.count - 1)
      guard length > 0 else { throw Problem(.internal, "Cannot tell where this program lies.") }
      let path = (environment["PATH"] ?? "").split(separator: ":").filter { $0.hasPrefix("/") }
      func named(_ option: String?, _ variable: String) -> String? {
        (option ?? environment[variable].flatMap { $0.isEmpty ? nil : $0 }).map { Paths.absolute($0, in: folder) }
      }
      return try ServiceUnit(
        program: String(decoding: program[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self),
        state: named(store.state, "FLIGHTDECK_STATE"), configuration: named(settings.config, "FLIGHTDECK_CONFIG"),
        listen: listen, path: path.isEmpty ? nil : path.joined(separator: ":"),
        folders: environment.filter { ServiceUnit.folderVariables.contains($0.key) && $0.value.hasPrefix("/") },
        namesSubgroup: ServiceCommand.systemdVersion.map { $0 >= 254 } ?? false
      ).text()
    }
  }

  struct Print: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print the unit.")
    @OptionGroup var options: UnitOptions

    func run() async throws { Console.write(Array(try options.unit().utf8)) }
  }

  struct Install: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write the unit into your configuration.",
      discussion: """
        Run it again after this program has moved, or your PATH has changed: the unit holds both. Way out: \
        flightdeck service uninstall.
        """)
    @Flag(help: "Enable and start it too.")
    var now = false
    @OptionGroup var options: UnitOptions

    func run() async throws {
      let unit = try options.unit()
      let path = try ServiceCommand.path()
      let before = FileManager.default.contents(atPath: path)
      do {
        try FileManager.default.createDirectory(atPath: Paths.parent(of: path), withIntermediateDirectories: true)
        try Data(unit.utf8).write(to: URL(filePath: path), options: .atomic)
      } catch { throw Problem(.unavailable, "Cannot write \(path): \(error.plainDescription)") }
      Console.print("wrote \(path)")
      guard now else {
        return Console.print(
          "Start it with: systemctl --user daemon-reload && systemctl --user enable --now flightdeck")
      }
      do throws(Problem) {
        try ServiceCommand.systemctl("daemon-reload")
        try ServiceCommand.systemctl("enable", "--now", ServiceUnit.name)
      } catch {
        throw Problem(error.code, "\(error.detail) \(Self.undo(path, before))")
      }
      Console.print("enabled and started; it says: flightdeck service status")
    }

    /// What could not be started is not left behind to start with the next session; says what has become of the unit.
    private static func undo(_ path: String, _ before: Data?) -> String {
      // Of a service that was half enabled; where systemd is not reached there is nothing to disable.
      if before == nil { _ = Tool.run(["systemctl", "--user", "disable", ServiceUnit.name]) }
      do {
        if let before {
          try before.write(to: URL(filePath: path), options: .atomic)
        } else {
          try FileManager.default.removeItem(atPath: path)
        }
      } catch { return "The unit stays at \(path): \(error.plainDescription)" }
      return before == nil ? "The unit was removed again." : "The unit is as it was before."
    }
  }

  struct Uninstall: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Stop the service and remove the unit; agents go on, the store stays.")

    func run() async throws {
      let path = try ServiceCommand.path()
      guard FileManager.default.fileExists(atPath: path) else {
        throw Problem(.notFound, "There is no unit at \(path).")
      }
      let stopped = Tool.run(["systemctl", "--user", "disable", "--now", ServiceUnit.name])
      do { try FileManager.default.removeItem(atPath: path) } catch {
        throw Problem(.unavailable, "Cannot remove \(path): \(error.plainDescription)")
      }
      Console.print("removed \(path)")
      if stopped.status == 0 {
        try ServiceCommand.systemctl("daemon-reload")
      } else {
        Console.note("systemd was not reached, so what runs goes on: \(Plain.line(stopped.output))")
      }
    }
  }

  struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say whether the unit is there and how the service is; exit 1 when it does not run.")
    @OptionGroup var output: JSONOption

    func run() async throws {
      let path = try ServiceCommand.path()
      let isThere = FileManager.default.fileExists(atPath: path)
      if !output.json {
        Console.print(isThere ? "unit     \(path)" : "unit     none; write one with: flightdeck service install")
      }
      let answer = Tool.run([
        "systemctl", "--user", "show", ServiceUnit.name, "--property=ActiveState,SubState,StatusText,MainPID",
      ])
      let unit: JSONValue = isThere ? .string(path) : .null
      guard answer.status == 0 else {
        if output.json {
          Console.print(["unit": unit, "problem": .string(Plain.line(answer.output))] as JSONValue)
          throw ExitCode(ExitStatus.failed)
        }
        Console.print("systemd  not reached: \(Plain.line(answer.output))")
        throw ExitCode(ExitStatus.failed)
      }
      let facts = answer.output.split(separator: "\n").map { $0.split(separator: "=", maxSplits: 1) }
      func fact(_ name: String) -> String {
        facts.first { $0.first == Substring(name) }.flatMap { $0.count > 1 ? Plain.line(String($0[1])) : nil } ?? ""
      }
      if output.json {
        Console.print(
          [
            "unit": unit, "active": .string(fact("ActiveState")), "sub": .string(fact("SubState")),
            "pid": Int64(fact("MainPID")).map { .int($0) } ?? .null, "says": .string(fact("StatusText")),
          ] as JSONValue)
        if fact("ActiveState") != "active" { throw ExitCode(ExitStatus.failed) }
        return
      }
      Console.print("service  \(fact("ActiveState")) (\(fact("SubState"))), pid \(fact("MainPID"))")
      if !fact("StatusText").isEmpty { Console.print("says     \(fact("StatusText"))") }
      if fact("ActiveState") != "active" { throw ExitCode(ExitStatus.failed) }
    }
  }

  /// Where a user's own units lie.
  static func path() throws(Problem) -> String {
    let environment = ProcessInfo.processInfo.environment
    func base(_ name: String) -> String? { environment[name].flatMap { $0.hasPrefix("/") ? $0 : nil } }
    guard let folder = base("XDG_CONFIG_HOME") ?? base("HOME").map({ $0 + "/.config" }) else {
      throw Problem(.invalid, "Neither XDG_CONFIG_HOME nor HOME is set, so there is no place for the unit.")
    }
    return "\(folder)/systemd/user/\(ServiceUnit.name)"
  }

  private static func systemctl(_ words: String...) throws(Problem) {
    let ending = Tool.run(["systemctl", "--user"] + words)
    guard ending.status == 0 else {
      throw Problem(
        .unavailable,
        "systemctl --user \(words.joined(separator: " ")) failed: \(Plain.line(ending.output).trimmingFullStop). "
          + "Without a session of systemd's, run: flightdeck serve.")
    }
  }

  /// Nil where there is none.
  private static var systemdVersion: Int? {
    let answer = Tool.run(["systemctl", "--version"])
    // `systemd 252 (252.39-1~deb12u1)`
    guard answer.status == 0, let word = answer.output.split(separator: " ").dropFirst().first else { return nil }
    return Int(word.prefix(while: \.isNumber))
  }
}

extension String {
  fileprivate var trimmingFullStop: String { hasSuffix(".") ? String(dropLast()) : self }
}
