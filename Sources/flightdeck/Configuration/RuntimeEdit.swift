import DashboardUI
import RunModel
import Yams

/// Adds a runtime to the text of a configuration, or takes one out, as a person would: all else stays as it is, comments,
/// order and layout included. The result is read again before anybody gets it.
struct RuntimeEdit {
  /// For errors and relative paths.
  let path: String
  let text: String
  private let old: Configuration
  private let lines: [String]

  /// Throws a `Problem` for a text that is no configuration: it is to be mended first.
  init(path: String, text: String) throws(Problem) {
    self.path = path
    self.text = text
    let (configuration, problems) = ConfigurationFile(path: path).check(text)
    guard problems.isEmpty else {
      throw Problem(
        .invalid, problems.map(\.detail).joined(separator: "\n") + "\nNothing was changed. Mend this first.")
    }
    old = configuration
    lines = text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).map {
      String(decoding: $0, as: UTF8.self)
    }
  }

  /// What adding did, beside the new text.
  struct Addition {
    var text: String
    /// The lines of the entry.
    var entry: String
    /// What was there without being written down, and is now written down so that it does not vanish.
    var defaults: [RuntimeID]
  }

  /// `settings` in their order, each value as YAML on one line.
  func adding(_ id: RuntimeID, _ settings: [(key: String, value: String)]) throws(Problem) -> Addition {
    if old.runtimes.contains(where: { $0.id == id }), try list() != nil {
      throw Problem(
        .conflict,
        "There is a runtime \"\(id)\" in \(path) already. Choose another id, or first: flightdeck runtimes remove \(id)"
      )
    }
    let members = settings.map { "\($0.key): \($0.value)" }
    var addition = Addition(
      text: "", entry: "- " + members.joined(separator: "\n  "), defaults: try list() == nil ? defaultsBeside(id) : [])
    if let list = try list() {
      addition.text = try isFlow(list) ? addingInFlow(members, list) : addingInBlock(members, list)
    } else {
      addition.text = appendingList(members, addition.defaults)
    }
    let known = try list() == nil ? RuntimeConfiguration.defaults.filter { $0.id != id } : old.runtimes
    try prove(addition.text) { $0.dropLast().elementsEqual(known) && $0.last?.id == id }
    return addition
  }

  /// Throws `.notFound` for one that is not there.
  func removing(_ id: RuntimeID) throws(Problem) -> (text: String, isLast: Bool) {
    guard let list = try list(), let index = old.runtimes.firstIndex(where: { $0.id == id }) else {
      let known = old.runtimes.map(\.id.rawValue)
      let isDefault = try self.list() == nil && known.contains(id.rawValue)
      throw Problem(
        .notFound,
        isDefault
          ? "\(path) names no runtimes, so \(known.joined(separator: " and ")) are there by themselves. They go when you add others and remove them."
          : "There is no runtime \"\(id)\" in \(path).\(Nearest.hint(for: id.rawValue, among: known)) There are \(known.joined(separator: ", "))."
      )
    }
    let isLast = old.runtimes.count == 1
    let result: String
    if isLast {
      result = try withoutList()
    } else if isFlow(list) {
      result = try removingInFlow(index, list)
    } else {
      result = try removingInBlock(index, list)
    }
    let left = isLast ? RuntimeConfiguration.defaults : old.runtimes.filter { $0.id != id }
    try prove(result) { $0 == left }
    return (result, isLast)
  }

  /// Whatever was cut and put together, nothing is handed out that reads otherwise than it should.
  private func prove(_ text: String, _ isRight: ([RuntimeConfiguration]) -> Bool) throws(Problem) {
    let (found, problems) = ConfigurationFile(path: path).check(text)
    if let problem = problems.first { throw Problem(.invalid, "\(problem.detail)\nNothing was changed.") }
    var (before, after) = (old, found)
    (before.runtimes, after.runtimes) = ([], [])
    (before.themePlace, after.themePlace) = (nil, nil)
    guard before == after, isRight(found.runtimes) else {
      throw Problem(.conflict, "\(path) is laid out in a way that cannot be edited safely. Change it by hand.")
    }
  }

  // MARK: The text

  private var newline: String { lines.first?.utf8.last == 0x0D ? "\r\n" : "\n" }

  private func joined(_ lines: [String]) -> String { lines.joined(separator: "\n") }

  private func root() throws(Problem) -> Node.Mapping? {
    // It has been read once already.
    do { return try PlainYAML.compose(text)?.mapping } catch { throw Problem(.invalid, "\(path): \(error)") }
  }

  private func list() throws(Problem) -> Node.Sequence? {
    try root()?.first { $0.key.string == "runtimes" }?.value.sequence
  }

  /// The entries of the runtimes' list as lines, counted from 0: from the first dash up to what belongs to the next key.
  private func block(_ list: Node.Sequence) throws(Problem) -> (lines: Range<Int>, indent: Int, starts: [Int]) {
    var starts: [Int] = []
    guard let mark = list.mark else { throw unknownPlace }
    let indent = mark.column - 1
    for entry in list {
      guard let place = entry.mark else { throw unknownPlace }
      var line = place.line - 1
      while line >= 0, !isDash(lines[line], indent) { line -= 1 }
      guard line >= 0, starts.last.map({ $0 < line }) ?? true else { throw unknownPlace }
      starts.append(line)
    }
    guard let first = starts.first, let last = starts.last else { throw unknownPlace }
    let nextKey = try root()?.compactMap { $0.key.mark.map { $0.line - 1 } }.filter { $0 > last }.min()
    var end = nextKey ?? lines.count
    while end > last + 1, !belongs(lines[end - 1], indent) { end -= 1 }
    return (first..<end, indent, starts)
  }

  private var unknownPlace: Problem {
    Problem(.conflict, "\(path) is laid out in a way that cannot be edited safely. Change it by hand.")
  }

  private func isDash(_ line: String, _ indent: Int) -> Bool {
    let bytes = Array(line.utf8)
    guard bytes.count > indent, bytes[indent] == UInt8(ascii: "-"), bytes[..<indent].allSatisfy({ $0 == 0x20 }) else {
      return false
    }
    return bytes.count == indent + 1 || [0x20, 0x09, 0x0D].contains(bytes[indent + 1])
  }

  /// A line at the end of an entry: not a blank one, nor a comment or a mark that stands out to the left of it.
  private func belongs(_ line: String, _ indent: Int) -> Bool {
    let depth = line.utf8.prefix { $0 == 0x20 }.count
    let rest = line.utf8.dropFirst(depth)
    guard let first = rest.first, first != 0x0D else { return false }
    if first == UInt8(ascii: "#") { return depth > indent }
    return depth > indent || isDash(line, indent)
  }

  private func isComment(_ line: String, _ indent: Int) -> Bool {
    line.utf8.prefix { $0 == 0x20 }.count == indent && line.utf8.dropFirst(indent).first == UInt8(ascii: "#")
  }

  private func entryLines(_ members: [String], indent: Int) -> [String] {
    let spaces = String(repeating: " ", count: indent)
    let end = newline == "\r\n" ? "\r" : ""
    return members.enumerated().map { spaces + ($0.offset == 0 ? "- " : "  ") + $0.element + end }
  }

  private func addingInBlock(_ members: [String], _ list: Node.Sequence) throws(Problem) -> String {
    let block = try block(list)
    var lines = lines
    let isAtEnd = block.lines.upperBound == lines.count
    lines.insert(contentsOf: entryLines(members, indent: block.indent), at: block.lines.upperBound)
    // A file whose last line had no end.
    if isAtEnd { lines.append("") }
    return joined(lines)
  }

  private func removingInBlock(_ index: Int, _ list: Node.Sequence) throws(Problem) -> String {
    let block = try block(list)
    // A comment right above an entry is about it.
    func start(_ index: Int) -> Int {
      var line = block.starts[index]
      let least = index == 0 ? 0 : block.starts[index - 1] + 1
      while line > least, isComment(self.lines[line - 1], block.indent) { line -= 1 }
      return line
    }
    let end = index + 1 < block.starts.count ? start(index + 1) : block.lines.upperBound
    var lines = lines
    lines.removeSubrange(start(index)..<end)
    return joined(lines)
  }

  /// The key with all that is below it.
  private func withoutList() throws(Problem) -> String {
    guard let root = try root(), let key = root.first(where: { $0.key.string == "runtimes" })?.key.mark else {
      throw unknownPlace
    }
    let first = key.line - 1
    let nextKey = root.compactMap { $0.key.mark.map { $0.line - 1 } }.filter { $0 > first }.min()
    var end = nextKey ?? lines.count
    while end > first + 1, lines[end - 1].utf8.allSatisfy({ $0 == 0x20 || $0 == 0x0D }) || isComment(lines[end - 1], 0)
    {
      end -= 1
    }
    var lines = lines
    lines.removeSubrange(first..<end)
    return joined(lines)
  }

  private func appendingList(_ members: [String], _ defaults: [RuntimeID]) -> String {
    var added: [String] = ["runtimes:"]
    if !defaults.isEmpty { added.append("  # What there is without a configuration; take out what you do not want.") }
    for id in defaults {
      added.append("  - id: \(id)")
      added.append("    kind: \(id)")
      if id == "local" { added.append("    command: null   # each contract's metadata.command") }
    }
    let end = newline == "\r\n" ? "\r" : ""
    added = added.map { $0 + end } + entryLines(members, indent: 2)
    var lines = lines
    while let last = lines.last, last.utf8.allSatisfy({ $0 == 0x20 || $0 == 0x0D }) { lines.removeLast() }
    // `{}` and a lone `---` are a configuration too, to which nothing can be appended.
    return joined(lines + added + [""])
  }

  private func defaultsBeside(_ id: RuntimeID) -> [RuntimeID] {
    RuntimeConfiguration.defaults.map(\.id).filter { $0 != id }
  }
}

// MARK: - Lists in brackets

extension RuntimeEdit {
  private func addingInFlow(_ members: [String], _ list: Node.Sequence) throws(Problem) -> String {
    var scalars = Array(text.unicodeScalars)
    guard let last = list.last, let place = place(of: last, scalars), let end = end(of: place, scalars) else {
      throw unknownPlace
    }
    scalars.insert(contentsOf: ", {\(members.joined(separator: ", "))}".unicodeScalars, at: end)
    return String(String.UnicodeScalarView(scalars))
  }

  private func removingInFlow(_ index: Int, _ list: Node.Sequence) throws(Problem) -> String {
    var scalars = Array(text.unicodeScalars)
    let places = list.compactMap { place(of: $0, scalars) }
    guard places.count == list.count, let end = end(of: places[index], scalars) else { throw unknownPlace }
    if index + 1 < places.count {
      scalars.removeSubrange(places[index]..<places[index + 1])
    } else {
      guard let before = self.end(of: places[index - 1], scalars) else { throw unknownPlace }
      scalars.removeSubrange(before..<end)
    }
    return String(String.UnicodeScalarView(scalars))
  }

  /// By what is there: Yams does not tell the style of what it has read.
  private func isFlow(_ list: Node.Sequence) -> Bool {
    place(of: list.mark, "[", Array(text.unicodeScalars)) != nil
  }

  /// Where an entry in braces begins.
  private func place(of node: Node, _ scalars: [Unicode.Scalar]) -> Int? { place(of: node.mark, "{", scalars) }

  private func place(of mark: Mark?, _ wanted: Unicode.Scalar, _ scalars: [Unicode.Scalar]) -> Int? {
    guard let mark else { return nil }
    var line = 1
    var place = 0
    while line < mark.line, place < scalars.count {
      if scalars[place] == "\n" { line += 1 }
      place += 1
    }
    place += mark.column - 1
    return place < scalars.count && scalars[place] == wanted ? place : nil
  }

  /// After the brace that closes the one there; nil when there is none.
  private func end(of start: Int, _ scalars: [Unicode.Scalar]) -> Int? {
    var depth = 0
    var quote: Unicode.Scalar?
    var place = start
    while place < scalars.count {
      let scalar = scalars[place]
      if let open = quote {
        let next = place + 1 < scalars.count ? scalars[place + 1] : " "
        if open == "\"" ? scalar == "\\" : scalar == open && next == open {
          place += 1
        } else if scalar == open {
          quote = nil
        }
      } else {
        switch scalar {
        case "\"", "'":
          // Within a plain word it is no more than a character.
          if "{[,: \n\t".unicodeScalars.contains(scalars[place - 1]) { quote = scalar }
        case "#" where scalars[place - 1] == " " || scalars[place - 1] == "\t":
          while place + 1 < scalars.count, scalars[place + 1] != "\n" { place += 1 }
        case "{", "[": depth += 1
        case "}", "]":
          depth -= 1
          if depth == 0 { return place + 1 }
        default: break
        }
      }
      place += 1
    }
    return nil
  }
}

// MARK: - Values

/// Texts as YAML on one line, in braces and brackets too.
enum YAMLText {
  static func scalar(_ text: String) -> String {
    let words = ["null", "~", "true", "false", "yes", "no", "on", "off", "y", "n"]
    let isPlain =
      !text.isEmpty && !words.contains(text.lowercased()) && text != "-"
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."),
          UInt8(ascii: "/"), UInt8(ascii: "+"), UInt8(ascii: "="):
          true
        default: false
        }
      } && !text.hasPrefix("---") && !text.hasPrefix("=")
    // JSON's texts are YAML's, and hold no line end.
    return isPlain ? text : String(decoding: JSONValue.string(text).jsonBytes, as: UTF8.self)
  }

  static func list(_ texts: [String]) -> String { "[\(texts.map(scalar).joined(separator: ", "))]" }

  /// What somebody has typed for a setting: YAML in brackets, braces or quotes as it is, all else as one text.
  static func setting(_ text: String) -> String {
    let isYAML = ["[", "{", "\"", "'"].contains { text.hasPrefix($0) } || ["true", "false"].contains(text)
    return isYAML && !text.contains("\n") ? text : scalar(text)
  }
}
