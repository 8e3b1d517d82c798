import DashboardUI
import RunModel
import Yams

/// The dashboard's settings.
extension ConfigurationFile {
  /// Adds a problem for each key that cannot be; the keys are given out only when there is none.
  func keys(_ node: Node, _ problems: inout [Problem]) throws(Problem) -> [String: [String]] {
    var keys: [String: [String]] = [:]
    var places: [String: Node] = [:]
    for (action, value) in try members(node, of: "\"keys\"", known: nil) {
      keys[action] = if case .scalar = value { [try text(value, action)] } else { try texts(value, action) }
      places[action] = value
    }
    for (key, _) in node.mapping ?? [:] { if let action = key.scalar?.string { places[action] = key } }
    let complaints = KeyMap.read(keys.mapValues { $0.joined(separator: " ") }).complaints
    for complaint in complaints { problems.append(error(complaint.text, places[complaint.action] ?? node)) }
    return complaints.isEmpty ? keys : [:]
  }

  func screenFormat(_ node: Node, _ key: String) throws(Problem) -> ScreenFormat {
    let word = try text(node, key)
    guard let format = ScreenFormat(rawValue: word) else {
      let known = ScreenFormat.allCases.map(\.rawValue)
      throw error("\"\(key)\" must be one of \(Self.list(known)).\(Nearest.hint(for: word, among: known))", node)
    }
    return format
  }

  func notifications(_ node: Node) throws(Problem) -> NotificationRules {
    var rules = NotificationRules()
    var command: (words: [String], node: Node)?
    var means: (word: String, node: Node)?
    let known = ["on", "by", "command", "quiet"]
    for (key, value) in try members(node, of: "\"notifications\"", known: known) {
      switch key {
      case "on":
        rules.on = []
        for word in try texts(value, key) {
          guard let kind = RunNotification.Kind(rawValue: word) else {
            let names = RunNotification.Kind.allCases.map(\.rawValue)
            throw error(
              "There is no notification \"\(word)\": \(Self.list(names)).\(Nearest.hint(for: word, among: names))",
              value)
          }
          rules.on.insert(kind)
        }
      case "by": means = (try text(value, key), value)
      case "command":
        let words = try texts(value, key)
        if words.first?.isEmpty ?? true { throw error("\"command\" must name a program.", value) }
        command = (words, value)
      case "quiet":
        guard let quiet = QuietHours(try text(value, key)) else {
          throw error("\"quiet\" must be two times of day such as \"22:00-07:00\".", value)
        }
        rules.quiet = quiet
      default: break
      }
    }
    switch means?.word ?? (command == nil ? "bell" : "command") {
    case "bell": rules.by = .bell
    case "osc9": rules.by = .osc9
    case "command":
      guard let command else {
        throw error("\"by: command\" needs a \"command\": a list of texts.", means?.node ?? node)
      }
      rules.by = .command(command.words)
    case let word:
      throw error("\"by\" must be bell, osc9 or command, not \"\(word)\".", means?.node ?? node)
    }
    if case .command = rules.by { return rules }
    if let command { throw error("\"command\" goes with \"by: command\".", command.node) }
    return rules
  }

  func orchestrators(_ node: Node) throws(Problem) -> [OrchestratorConfiguration] {
    guard case .sequence(let entries) = node else {
      throw error("\"orchestrators\" must be a list of entries that begin with \"- name:\".", node)
    }
    var found: [OrchestratorConfiguration] = []
    for entry in entries {
      var name: String?
      var address: ServerAddress?
      var files: [String: String] = [:]
      let known = ["name", "address", "tokenFile", "ca", "certificate", "key"]
      for (key, value) in try members(entry, of: "an orchestrator", known: known) {
        switch key {
        case "name": name = try text(value, key)
        case "address":
          let words = try text(value, key)
          do throws(Problem) { address = try ServerAddress(words) } catch { throw self.error(error.detail, value) }
        case "tokenFile", "ca", "certificate", "key": files[key] = try absolute(value, key)
        default: break
        }
      }
      guard let name, !name.isEmpty else { throw error("The orchestrator needs a \"name\".", entry) }
      guard let address else { throw error("The orchestrator \"\(name)\" needs an \"address\".", entry) }
      if name == "local" || found.contains(where: { $0.name == name }) {
        throw error("There are two orchestrators with the name \"\(name)\". Give each one of its own.", entry)
      }
      if (files["certificate"] == nil) != (files["key"] == nil) {
        throw error("\"certificate\" and \"key\" go together: name both files.", entry)
      }
      found.append(
        OrchestratorConfiguration(
          name: name, address: address, tokenFile: files["tokenFile"], ca: files["ca"],
          certificate: files["certificate"], key: files["key"]))
    }
    return found
  }

  /// Each error names the line of the column that it is about.
  func columns(_ node: Node) throws(Problem) -> [ColumnChoice] {
    guard case .sequence(let entries) = node else {
      throw error("\"columns\" must be a list of columns, such as [run, title, progress, \"branch:40\"].", node)
    }
    var texts: [String] = []
    var columns: [ColumnChoice] = []
    for entry in entries {
      texts.append(try text(entry, "columns"))
      do throws(Problem) { columns = try ColumnChoice.list(texts) } catch { throw self.error(error.detail, entry) }
    }
    if columns.isEmpty { throw error("\"columns\" is empty. Name some, or leave the key out.", node) }
    return columns
  }
}
