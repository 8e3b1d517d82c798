import DashboardUI
import FoundationEssentials
import RunModel
import Yams

/// Reads `config.yaml`. Every error names the file, the line and the way out.
struct ConfigurationFile {
  /// For errors.
  let path: String
  /// What `~/` in it stands for.
  var home = ProcessInfo.processInfo.environment["HOME"]
  /// What relative paths in it start from.
  var folder: String { Paths.parent(of: path) }

  /// The configuration of these paths; the defaults when there is no file and none was named.
  static func load(_ paths: Paths) throws(Problem) -> Configuration {
    if !paths.configurationWasNamed, !FileManager.default.fileExists(atPath: paths.configuration) {
      return Configuration()
    }
    let bytes = try WholeFile.read(paths.configuration)
    return try ConfigurationFile(path: paths.configuration).parse(String(decoding: bytes, as: UTF8.self))
  }

  /// Throws one `Problem(.invalid)` that says all that is wrong, a line each.
  func parse(_ text: String) throws(Problem) -> Configuration {
    let (configuration, problems) = check(text)
    guard problems.isEmpty else { throw Problem(.invalid, problems.map(\.detail).joined(separator: "\n")) }
    return configuration
  }

  /// What can be read, and every setting that cannot.
  func check(_ text: String) -> (Configuration, [Problem]) {
    var configuration = Configuration()
    var problems: [Problem] = []
    let pairs: [(String, Node)]
    do throws(Problem) {
      let root: Node?
      do { root = try PlainYAML.compose(text) } catch { throw yaml(error) }
      guard let root, !root.isNull else { return (configuration, []) }
      pairs = try members(root, of: "the configuration", known: nil)
      for case (let key, _) in root.mapping ?? [:] where !Self.keys.contains(key.string ?? "") {
        problems.append(unknown(key, of: "the configuration", known: Self.keys))
      }
    } catch { return (configuration, [error]) }
    for (key, value) in pairs {
      do throws(Problem) {
        switch key {
        case "runtimes": configuration.runtimes = try runtimes(value)
        case "theme":
          configuration.theme = try theme(value)
          configuration.themePlace = value.mark.map { "\(path):\($0.line)" } ?? path
        case "ascii": configuration.ascii = try flag(value, key)
        case "mouse": configuration.mouse = try flag(value, key)
        case "keys": configuration.keys = try keys(value, &problems)
        case "columns": configuration.columns = try columns(value)
        case "readOnly": configuration.readOnly = try flag(value, key)
        case "screenFormat": configuration.screenFormat = try screenFormat(value, key)
        case "notifications": configuration.notifications = try notifications(value)
        case "orchestrators": configuration.orchestrators = try orchestrators(value)
        case "verifyTimeoutSeconds": configuration.verifyTimeout = .seconds(try number(value, key, above: 0))
        case "stopGraceSeconds": configuration.stopGrace = .seconds(try number(value, key, above: 0))
        case "approvals": try approvals(value, &configuration)
        case "hostNames": configuration.hostNames = try texts(value, key)
        case "tls": configuration.tls = try tls(value)
        case "log": configuration.log = try log(value)
        case "retention": configuration.retention = try retention(value)
        default: break
        }
      } catch { problems.append(error) }
    }
    return (configuration, problems)
  }

  /// A name, `auto`, or a name for dark terminals and one for light ones.
  private func theme(_ node: Node) throws(Problem) -> ThemeSetting {
    if case .scalar = node {
      let name = try text(node, "theme")
      return name == "auto" ? ThemeSetting() : ThemeSetting(name)
    }
    guard case .mapping = node else {
      throw error("\"theme\" must be a name, auto, or {dark: NAME, light: NAME}.", node)
    }
    var setting = ThemeSetting()
    for (key, value) in try members(node, of: "\"theme\"", known: ["dark", "light"]) {
      if key == "dark" { setting.dark = try text(value, key) } else { setting.light = try text(value, key) }
    }
    return setting
  }

  /// The settings there are.
  private static let keys = [
    "runtimes", "theme", "ascii", "keys", "columns", "mouse", "readOnly", "screenFormat", "notifications",
    "orchestrators", "verifyTimeoutSeconds", "stopGraceSeconds", "approvals", "hostNames", "tls",
    "log", "retention",
  ]

  private func tls(_ node: Node) throws(Problem) -> TLSSettings {
    var tls = TLSSettings()
    let known = ["certificate", "key", "clientCA", "ca", "clientCertificate", "clientKey"]
    for (key, value) in try members(node, of: "\"tls\"", known: known) {
      let file = try absolute(value, key)
      switch key {
      case "certificate": tls.certificate = file
      case "key": tls.key = file
      case "clientCA": tls.clientCA = file
      case "ca": tls.ca = file
      case "clientCertificate": tls.clientCertificate = file
      case "clientKey": tls.clientKey = file
      default: break
      }
    }
    for (one, other, first, second) in [
      (tls.certificate, tls.key, "certificate", "key"),
      (tls.clientCertificate, tls.clientKey, "clientCertificate", "clientKey"),
    ] where (one == nil) != (other == nil) {
      throw error("\"\(first)\" and \"\(second)\" go together: name both files.", node)
    }
    return tls
  }

  private func approvals(_ node: Node, _ configuration: inout Configuration) throws(Problem) {
    for (key, value) in try members(node, of: "\"approvals\"", known: ["required", "ownRequests"]) {
      switch key {
      case "required":
        configuration.approvalsRequired = []
        for word in try texts(value, key) {
          guard let risk = Contract.Risk(rawValue: word) else {
            let known = Contract.Risk.allCases.map(\.rawValue)
            throw error(
              "\"\(word)\" is no risk.\(Nearest.hint(for: word, among: known)) There are \(Self.list(known)).", value)
          }
          configuration.approvalsRequired.insert(risk)
        }
      case "ownRequests": configuration.approvesOwnRequests = try flag(value, key)
      default: break
      }
    }
  }
}

// MARK: - Values with their places

extension ConfigurationFile {
  func error(_ text: String, _ node: Node) -> Problem {
    Problem(.invalid, "\(path)\(node.mark.map { ":\($0.line)" } ?? ""): \(text)")
  }

  private func yaml(_ error: any Error) -> Problem {
    switch error {
    case YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _),
      YamlError.composer(_, let problem, let mark, _):
      return Problem(.invalid, "\(path):\(mark.line): This is not YAML: \(problem).")
    case YamlError.duplicatedKeysInMapping(let duplicates, let context):
      return Problem(
        .invalid, "\(path):\(context.mark.line): The key \"\(duplicates.first ?? "")\" is there twice.")
    case let error as PlainYAML.TooMuch:
      return Problem(.invalid, "\(path): This is not YAML for a configuration: \(error).")
    default: return Problem(.invalid, "\(path): This is not YAML: \(error).")
    }
  }

  /// The members of a mapping in their order; with `known`, any other key is an error.
  func members(_ node: Node, of what: String, known: [String]?) throws(Problem) -> [(String, Node)] {
    guard case .mapping(let mapping) = node else {
      throw error("\(what.prefix(1).uppercased() + what.dropFirst()) must be a list of \"key: value\".", node)
    }
    var members: [(String, Node)] = []
    for (key, value) in mapping {
      guard case .scalar(let scalar) = key else { throw error("A key must be text.", key) }
      if let known, !known.contains(scalar.string) { throw unknown(key, of: what, known: known) }
      members.append((scalar.string, value))
    }
    return members
  }

  private func unknown(_ key: Node, of what: String, known: [String]) -> Problem {
    let name = key.scalar?.string ?? ""
    let hint = Nearest.hint(for: name, among: known)
    return error(
      "Unknown key \"\(name)\" in \(what)." + (hint.isEmpty ? " Known are \(Self.list(known))." : hint), key)
  }

  static func list(_ words: [String]) -> String { words.joined(separator: ", ") }

  func text(_ node: Node, _ key: String) throws(Problem) -> String {
    guard case .scalar(let scalar) = node, !node.isNull else { throw error("\"\(key)\" must be text.", node) }
    return scalar.string
  }

  func texts(_ node: Node, _ key: String) throws(Problem) -> [String] {
    guard case .sequence(let sequence) = node else {
      throw error("\"\(key)\" must be a list of texts, such as [a, \"b c\"].", node)
    }
    var texts: [String] = []
    for item in sequence { texts.append(try text(item, key)) }
    return texts
  }

  /// The absolute path of a file or a folder: `~/` stands for the home folder, and others begin at the configuration's.
  func absolute(_ node: Node, _ key: String) throws(Problem) -> String {
    let place = try text(node, key)
    guard place.hasPrefix("~") else { return Paths.absolute(place, in: folder) }
    guard place == "~" || place.hasPrefix("~/") else {
      throw error(
        "\"\(key)\": only ~/ stands for a home folder, your own. Write the path in full, or ./\(place).", node)
    }
    guard let home, home.hasPrefix("/") else {
      throw error("\"\(key)\": ~ stands for HOME, which is not set. Write the path in full.", node)
    }
    return Paths.absolute("." + place.dropFirst(), in: home)
  }

  func flag(_ node: Node, _ key: String) throws(Problem) -> Bool {
    guard let flag = node.bool else { throw error("\"\(key)\" must be true or false.", node) }
    return flag
  }

  func whole(_ node: Node, _ key: String) throws(Problem) -> Int {
    guard let number = node.int else { throw error("\"\(key)\" must be a whole number.", node) }
    return number
  }

  func count(_ node: Node, _ key: String) throws(Problem) -> Int {
    guard let number = node.int, (1...100_000).contains(number) else {
      throw error("\"\(key)\" must be a whole number from 1 to 100000.", node)
    }
    return number
  }

  func number(_ node: Node, _ key: String, above least: Double) throws(Problem) -> Double {
    guard let number = node.float, number > least, number <= Self.most else {
      throw error(
        "\"\(key)\" must be a number above \(JSONWriter.number(least)), \(JSONWriter.number(Self.most)) at most.", node)
    }
    return number
  }

  /// Seconds of some thirty years: no clock has trouble with them.
  private static let most = 1e9

  func rate(_ node: Node, _ key: String) throws(Problem) -> Double {
    guard let number = node.float, (0...1).contains(number) else {
      throw error("\"\(key)\" must be a number from 0 to 1.", node)
    }
    return number
  }
}

extension Node {
  fileprivate var isNull: Bool { null != nil }
}
