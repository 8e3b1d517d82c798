import DashboardUI
import RunModel
import RuntimeAdapters
import Yams

/// Reads a profile as people write it. Every issue has its line and the way out.
enum ProfileFile {
  struct Issue: Equatable, CustomStringConvertible {
    /// From 1; nil when it is the whole file.
    var line: Int?
    var message: String
    var description: String { line.map { "line \($0): \(message)" } ?? message }
  }

  /// Nil with the issues that keep it from being one.
  static func read(_ text: String, name: String) -> (profile: AgentProfile?, issues: [Issue]) {
    let root: Node?
    do { root = try PlainYAML.compose(text) } catch { return (nil, [notYAML(error)]) }
    guard let root, case .mapping = root else {
      return (nil, [Issue(line: nil, message: "A profile is a mapping with keys such as command, objects and lines.")])
    }
    let json: JSONValue
    do throws(Issue.Odd) { json = try value(of: root, depth: 0) } catch { return (nil, [error.issue]) }
    let (profile, issues) = AgentProfile.read(json, name: name)
    guard issues.isEmpty else { return (nil, issues.map { Issue(line: line(of: $0, in: root), message: $0.message) }) }
    return (profile, [])
  }

  /// Throws `Problem(.invalid)` that lists every issue.
  static func parse(_ text: String, name: String) throws(Problem) -> AgentProfile {
    let (profile, issues) = read(text, name: name)
    guard let profile else {
      throw Problem(.invalid, "The profile \"\(name)\": " + issues.map(\.description).joined(separator: " "))
    }
    return profile
  }

  private static func value(of node: Node, depth: Int) throws(Issue.Odd) -> JSONValue {
    func odd(_ node: Node, _ message: String) -> Issue.Odd {
      Issue.Odd(issue: Issue(line: node.mark?.line, message: message))
    }
    guard depth < 20 else { throw odd(node, "It is nested too deeply.") }
    switch node {
    case .scalar(let scalar): return value(of: scalar)
    case .sequence(let sequence):
      var items: [JSONValue] = []
      for item in sequence { items.append(try value(of: item, depth: depth + 1)) }
      return .array(items)
    case .mapping(let mapping):
      var object = JSONObject()
      for (key, item) in mapping {
        guard case .scalar(let name) = key else { throw odd(key, "A key must be text.") }
        object.append(name.string, try value(of: item, depth: depth + 1))
      }
      return .object(object)
    case .alias: throw odd(node, "Write it out: an alias (*name) has no place here.")
    }
  }

  /// Words that YAML takes for more than text only where they are no text to JSON either: `no` and `1:30` are texts.
  private static func value(of scalar: Node.Scalar) -> JSONValue {
    guard scalar.style == .plain || scalar.style == .any else { return .string(scalar.string) }
    switch scalar.string {
    case "", "~", "null": return .null
    case "true": return .bool(true)
    case "false": return .bool(false)
    default:
      let text = scalar.string
      if let number = Int64(text) { return .int(number) }
      let isNumber = text.utf8.allSatisfy { (0x30...0x39).contains($0) || [0x2B, 0x2D, 0x2E, 0x45, 0x65].contains($0) }
      if isNumber, let number = Double(text), number.isFinite { return .double(number) }
      return .string(text)
    }
  }

  private static func line(of issue: ProfileIssue, in root: Node) -> Int? {
    var node = root
    var line = root.mark?.line
    for (depth, step) in issue.place.enumerated() {
      switch step {
      case .key(let name):
        guard let (key, value) = node.mapping?.first(where: { $0.key.string == name }) else { return line }
        let isLast = depth == issue.place.count - 1
        line = (issue.isAboutKey && isLast ? key.mark : value.mark)?.line ?? line
        node = value
      case .index(let index):
        guard let items = node.sequence, items.indices.contains(index) else { return line }
        node = items[index]
        line = node.mark?.line ?? line
      }
    }
    return line
  }

  private static func notYAML(_ error: any Error) -> Issue {
    let (line, message) = PlainYAML.words(error, of: "profile")
    return Issue(line: line, message: message)
  }
}

extension ProfileFile.Issue {
  fileprivate struct Odd: Error { var issue: ProfileFile.Issue }
}
