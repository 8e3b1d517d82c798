import FoundationEssentials
import Glibc
import RunModel

/// Where everything lies: store, socket, configuration, token.
///
/// Each store has a socket of its own: with a state folder other than the default one the socket lies in it, or, when
/// that path would be too long for the system, under a name made from it in the runtime folder.
struct Paths: Sendable, Equatable {
  /// The store's folder.
  var state: String
  var socket: String
  /// The configuration file; it need not exist unless it was named.
  var configuration: String
  var configurationWasNamed: Bool
  var token: String
  /// Where a user's own themes lie.
  var themes: String

  /// Where a user's own work templates lie: beside the configuration.
  var templates: String { Self.parent(of: configuration) + "/templates" }
  /// Where a user's own profiles of command-line agents lie.
  var profiles: String { Self.parent(of: configuration) + "/profiles" }
  /// What a background orchestrator says before its own log is open.
  var log: String { state + "/serve.log" }
  func logFile(_ settings: LogSettings) -> String { settings.file ?? state + "/log/flightdeck.log" }
  var address: ServerAddress { .unix(path: socket) }

  /// The system allows 108 bytes; `ServerAddress` keeps some for itself.
  static let longestSocketPath = 103

  /// Options win over the environment, the environment over the defaults.
  init(
    environment: [String: String], state: String? = nil, configuration: String? = nil, userID: UInt32 = getuid(),
    workingFolder: String = FileManager.default.currentDirectoryPath
  ) throws(Problem) {
    func variable(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    // The base directory specification: a relative path there is to be ignored.
    func base(_ name: String) -> String? { variable(name).flatMap { $0.hasPrefix("/") ? $0 : nil } }
    func absolute(_ path: String) -> String { Paths.absolute(path, in: workingFolder) }

    let home = base("HOME")
    func folder(_ name: String, _ fallback: String) throws(Problem) -> String {
      if let folder = base(name) { return folder + "/flightdeck" }
      guard let home else {
        throw Problem(.invalid, "Neither \(name) nor HOME is set. Set HOME, or name the store with --state.")
      }
      return "\(home)/\(fallback)/flightdeck"
    }

    let named = state ?? variable("FLIGHTDECK_STATE")
    let runtimeFolder = base("XDG_RUNTIME_DIR").map { $0 + "/flightdeck" } ?? "/tmp/flightdeck-\(userID)"
    if let named {
      self.state = absolute(named)
      let inside = self.state + "/flightdeck.sock"
      socket =
        inside.utf8.count <= Self.longestSocketPath
        ? inside : "\(runtimeFolder)/\(Self.fingerprint(of: self.state)).sock"
    } else {
      self.state = try folder("XDG_STATE_HOME", ".local/state")
      socket = runtimeFolder + "/flightdeck.sock"
    }
    let file = configuration ?? variable("FLIGHTDECK_CONFIG")
    configurationWasNamed = file != nil
    if let file {
      self.configuration = absolute(file)
      themes = Self.parent(of: self.configuration) + "/themes"
    } else if let folder = base("XDG_CONFIG_HOME").map({ $0 + "/flightdeck" })
      ?? home.map({ $0 + "/.config/flightdeck" })
    {
      self.configuration = folder + "/config.yaml"
      themes = folder + "/themes"
    } else {
      self.configuration = self.state + "/config.yaml"
      themes = self.state + "/themes"
    }
    token = variable("FLIGHTDECK_TOKEN_FILE").map(absolute) ?? self.state + "/token"
    guard socket.utf8.count <= Self.longestSocketPath else {
      throw Problem(
        .invalid,
        "The socket path \(socket) is longer than \(Self.longestSocketPath) bytes. Set XDG_RUNTIME_DIR to a shorter path."
      )
    }
  }

  static func absolute(_ path: String, in workingFolder: String) -> String {
    var whole = path.hasPrefix("/") ? path : workingFolder + "/" + path
    while whole.count > 1, whole.hasSuffix("/") { whole.removeLast() }
    var parts: [Substring] = []
    for part in whole.split(separator: "/") where part != "." {
      if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    return "/" + parts.joined(separator: "/")
  }

  static func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return "/" }
    return String(path[..<slash])
  }

  /// FNV-1a, 64 bits: a short name that differs for each store.
  private static func fingerprint(of text: String) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return String(hash, radix: 36)
  }
}
