import Logging
import RunModel
import Yams

/// `log:` and `retention:`.
extension ConfigurationFile {
  func log(_ node: Node) throws(Problem) -> LogSettings {
    var log = LogSettings()
    for (key, value) in try members(node, of: "\"log\"", known: ["level", "file", "maxSize", "keep", "format"]) {
      switch key {
      case "level":
        let word = try text(value, key)
        guard let level = Logger.Level(rawValue: word) else {
          throw unknown(word, "level of the log", among: Logger.Level.allCases.map(\.rawValue), value)
        }
        log.level = level
      case "file": log.file = try absolute(value, key)
      case "maxSize":
        let word = try text(value, key)
        guard let bytes = ByteCount.parse(word), LogSettings.sizes.contains(bytes) else {
          throw error("\"maxSize\" must be a size from 4KB to 1GB, such as 10MB, not \"\(word)\".", value)
        }
        log.maxSize = bytes
      case "keep":
        let count = try whole(value, key)
        guard LogSettings.keeps.contains(count) else {
          throw error("\"keep\" must be from 0 to \(LogSettings.keeps.upperBound) earlier files.", value)
        }
        log.keep = count
      case "format":
        let word = try text(value, key)
        guard let format = LogSettings.Format(rawValue: word) else {
          throw unknown(word, "format of the log", among: LogSettings.Format.allCases.map(\.rawValue), value)
        }
        log.format = format
      default: break
      }
    }
    return log
  }

  func retention(_ node: Node) throws(Problem) -> RetentionSettings {
    var retention = RetentionSettings()
    for (key, value) in try members(
      node, of: "\"retention\"", known: ["worktrees", "output", "events", "answers", "branches"])
    {
      if key == "branches" {
        retention.branches = try flag(value, key)
        continue
      }
      let word = try text(value, key)
      let age = word == "never" ? nil : Age.parse(word)
      guard word == "never" || age != nil else {
        throw error("\"\(key)\" must be an age such as 30d, 12h or 2w, or never, not \"\(word)\".", value)
      }
      switch key {
      case "worktrees": retention.worktrees = age
      case "output": retention.output = age
      case "events": retention.events = age
      case "answers": retention.answers = age
      default: break
      }
    }
    return retention
  }

  private func unknown(_ word: String, _ what: String, among known: [String], _ node: Node) -> Problem {
    error("\"\(word)\" is no \(what).\(Nearest.hint(for: word, among: known)) There are \(Self.list(known)).", node)
  }
}
