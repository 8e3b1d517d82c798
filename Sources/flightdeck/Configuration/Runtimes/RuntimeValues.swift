import RunModel
import RuntimeAdapters
import Yams

/// What several kinds of runtimes have among their keys, read the same way for all.
extension ConfigurationFile {
  /// A program and its arguments. A misspelt placeholder is an error; other braces are left as they are.
  func command(_ node: Node, placeholders: [String]) throws(Problem) -> [String] {
    let words = try texts(node, "command")
    if words.first?.isEmpty ?? true { throw error("\"command\" must name a program.", node) }
    for (word, place) in zip(words, Array(node.sequence ?? [])) {
      for name in Placeholder.names(in: word) where !placeholders.contains(name) {
        guard let meant = Placeholder.meant(by: name, among: placeholders) else { continue }
        throw error(
          "There is no placeholder {\(name)}. Did you mean {\(meant)}? Known are "
            + "\(Self.list(placeholders.map { "{\($0)}" })). If the text itself is meant, write { \(name) }.", place)
      }
    }
    return words
  }

  /// Variables for the agent: texts, and secrets by reference.
  func variables(_ node: Node) throws(Problem) -> [String: EnvironmentValue] {
    var variables: [String: EnvironmentValue] = [:]
    for (name, value) in try members(node, of: "\"env\"", known: nil) {
      guard !name.isEmpty, !name.contains("="), !name.contains("\0") else {
        throw error("\"\(name)\" cannot be the name of a variable.", value)
      }
      if case .scalar = value {
        variables[name] = .text(try text(value, name))
      } else {
        variables[name] = .secret(try secret(value, name))
      }
    }
    return variables
  }

  /// `{env: NAME}` or `{file: PATH}`: never the secret itself.
  func secret(_ node: Node, _ key: String) throws(Problem) -> SecretReference {
    guard case .mapping = node, let pairs = try? members(node, of: "\"\(key)\"", known: nil), pairs.count == 1,
      let (kind, value) = pairs.first, kind == "env" || kind == "file"
    else { throw error("\"\(key)\" must say where the secret is: {env: NAME} or {file: PATH}.", node) }
    guard try !text(value, kind).isEmpty else { throw error("\"\(kind)\" must not be empty.", value) }
    return kind == "env" ? .environment(try text(value, kind)) : .file(try absolute(value, kind))
  }

  /// `{remote: NAME, draft: true}`.
  func pullRequests(_ node: Node) throws(Problem) -> PullRequestSettings {
    var settings = PullRequestSettings()
    for (key, value) in try members(node, of: "\"pullRequests\"", known: ["draft", "remote"]) {
      if key == "draft" { settings.isDraft = try flag(value, key) } else { settings.remote = try text(value, key) }
    }
    guard RepositoryNames.isRemote(settings.remote) else {
      throw error("\"remote\" must be the name of a remote, such as origin.", node)
    }
    return settings
  }
}

/// `{name}` in a command's word.
enum Placeholder {
  /// The names in braces, those of a shell's `${name}` left out.
  static func names(in text: String) -> [String] {
    var names: [String] = []
    var before: Character = " "
    var rest = text[...]
    while let open = rest.firstIndex(of: "{") {
      if open > rest.startIndex { before = rest[rest.index(before: open)] }
      rest = rest[rest.index(after: open)...]
      guard let close = rest.firstIndex(where: { !isNamePart($0) }) else { break }
      if rest[close] == "}", close > rest.startIndex, before != "$" { names.append(String(rest[..<close])) }
      before = "{"
    }
    return names
  }

  /// The placeholder that was probably meant: near, and with the same first letter, so that awk's and jq's programs pass.
  static func meant(by name: String, among known: [String]) -> String? {
    let first = name.first?.lowercased()
    return Nearest.nearest(to: name, among: known.filter { $0.first?.lowercased() == first })
  }

  private static func isNamePart(_ character: Character) -> Bool {
    character.isASCII && (character.isLetter || character.isNumber || character == "_" || character == "-")
  }
}
