import DashboardUI
import FoundationEssentials
import RunModel
import Yams

/// Reads `config.yaml`. Every error names the file, the line and the way out.
struct ConfigurationFile {
  /// For errors.
  let path: String
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
      let file = Paths.absolute(try text(value, key), in: folder)
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

  private func runtimes(_ node: Node) throws(Problem) -> [RuntimeConfiguration] {
    guard case .sequence(let entries) = node else {
      throw error("\"runtimes\" must be a list of entries that begin with \"- id:\".", node)
    }
    var runtimes: [RuntimeConfiguration] = []
    for entry in entries {
      let runtime = try runtime(entry)
      if runtimes.contains(where: { $0.id == runtime.id }) {
        throw error("There are two runtimes with the id \"\(runtime.id)\". Give each one of its own.", entry)
      }
      runtimes.append(runtime)
    }
    if runtimes.isEmpty { throw error("\"runtimes\" is empty. Add one, or leave the key out.", node) }
    return runtimes
  }

  private func runtime(_ entry: Node) throws(Problem) -> RuntimeConfiguration {
    let all = try members(entry, of: "a runtime", known: nil)
    guard let kindNode = all.first(where: { $0.0 == "kind" })?.1 else {
      throw error("The runtime needs a \"kind\": \(Self.list(RuntimeConfiguration.Kind.names)).", entry)
    }
    let kind = try text(kindNode, "kind")
    guard let own = Self.keysOfKind[kind] else {
      let hint = Nearest.hint(for: kind, among: RuntimeConfiguration.Kind.names)
      throw error(
        "Unknown kind \"\(kind)\".\(hint) There are \(Self.list(RuntimeConfiguration.Kind.names)).", kindNode)
    }
    let known = ["id", "kind", "maxParallelTasks", "quietSeconds"] + own
    let pairs = try members(entry, of: "a runtime of kind \(kind)", known: known)
    guard let idNode = pairs.first(where: { $0.0 == "id" })?.1 else {
      throw error("The runtime needs an \"id\".", entry)
    }
    let id = try text(idNode, "id")
    guard !id.isEmpty, id.utf8.count <= 64, id.utf8.allSatisfy(Self.isIDByte) else {
      throw error(
        "The id \"\(id)\" must be 1 to 64 letters, digits, \".\", \"_\" or \"-\": it is part of addresses and branches.",
        idNode)
    }
    var runtime = RuntimeConfiguration(id: RuntimeID(id), kind: try settings(of: kind, pairs, entry))
    for (key, value) in pairs where key == "quietSeconds" { runtime.quietSeconds = try number(value, key, above: 0) }
    return runtime
  }

  private static let keysOfKind = [
    "simulated": ["seed", "medianSeconds", "maxSeconds", "failureRate", "attentionRate", "eventsPerSecond"],
    "mock": ["script"],
    "local": ["command", "env", "stdin", "limits"],
  ]

  private static func isIDByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }

  private func settings(
    of kind: String, _ pairs: [(String, Node)], _ entry: Node
  ) throws(Problem) -> RuntimeConfiguration.Kind {
    switch kind {
    case "simulated":
      var simulated = RuntimeConfiguration.Simulated()
      for (key, value) in pairs {
        switch key {
        case "maxParallelTasks": simulated.maxParallelTasks = try count(value, key)
        case "seed": simulated.seed = UInt64(bitPattern: Int64(try whole(value, key)))
        case "medianSeconds": simulated.medianSeconds = try number(value, key, above: 0)
        case "maxSeconds": simulated.maxSeconds = try number(value, key, above: 0)
        case "failureRate": simulated.failureRate = try rate(value, key)
        case "attentionRate": simulated.attentionRate = try rate(value, key)
        case "eventsPerSecond": simulated.eventsPerSecond = try number(value, key, above: 0)
        default: break
        }
      }
      simulated.maxSeconds = max(simulated.maxSeconds, simulated.medianSeconds)
      return .simulated(simulated)
    case "mock":
      guard let script = pairs.first(where: { $0.0 == "script" })?.1 else {
        throw error("A mock runtime needs a \"script\": the file that it plays.", entry)
      }
      var mock = RuntimeConfiguration.Mock(script: Paths.absolute(try text(script, "script"), in: folder))
      for (key, value) in pairs where key == "maxParallelTasks" { mock.maxParallelTasks = try count(value, key) }
      return .mock(mock)
    default:
      guard let command = pairs.first(where: { $0.0 == "command" })?.1 else {
        throw error("A local runtime needs a \"command\": a list such as [my-agent, --task, \"{prompt}\"].", entry)
      }
      var local = RuntimeConfiguration.Local()
      local.command = try texts(command, "command")
      if local.command?.first?.isEmpty ?? true { throw error("\"command\" must name a program.", command) }
      for (key, value) in pairs {
        switch key {
        case "maxParallelTasks": local.maxParallelTasks = try count(value, key)
        case "env":
          for (name, setting) in try members(value, of: "\"env\"", known: nil) {
            local.env[name] = try text(setting, name)
          }
        case "stdin":
          let word = try text(value, key)
          guard let input = RuntimeConfiguration.Local.Input(rawValue: word) else {
            throw error("\"stdin\" must be prompt, answers or none, not \"\(word)\".", value)
          }
          local.stdin = input
        case "limits": local.limits = try limits(value)
        default: break
        }
      }
      return .local(local)
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

  private func number(_ node: Node, _ key: String, above least: Double) throws(Problem) -> Double {
    guard let number = node.float, number > least, number <= Self.most else {
      throw error(
        "\"\(key)\" must be a number above \(JSONWriter.number(least)), \(JSONWriter.number(Self.most)) at most.", node)
    }
    return number
  }

  /// Seconds of some thirty years: no clock has trouble with them.
  private static let most = 1e9

  private func rate(_ node: Node, _ key: String) throws(Problem) -> Double {
    guard let number = node.float, (0...1).contains(number) else {
      throw error("\"\(key)\" must be a number from 0 to 1.", node)
    }
    return number
  }
}

extension Node {
  fileprivate var isNull: Bool { null != nil }
}
