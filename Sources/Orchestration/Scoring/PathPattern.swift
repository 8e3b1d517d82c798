/// One entry of a contract's `allowedPaths`: a file, a folder with all below it, or a pattern with `*` (within a name),
/// `**` (across folders) and `?`.
struct PathPattern: Sendable {
  private let pattern: [Character]
  private let isPattern: Bool

  init(_ text: String) {
    var text = text[...]
    if text.hasPrefix("./") { text = text.dropFirst(2) }
    if text.hasSuffix("/**") { text = text.dropLast(3) }
    while text.hasSuffix("/") { text = text.dropLast() }
    if text == "." || text == "**" { text = "" }
    pattern = Array(text)
    isPattern = text.contains { $0 == "*" || $0 == "?" }
  }

  func admits(_ path: String) -> Bool {
    if pattern.isEmpty { return true }
    let path = Array(path)
    // A folder admits what is below it, and a pattern that matches a folder does too.
    let ends = path.indices.filter { path[$0] == "/" } + [path.count]
    return ends.contains { end in
      isPattern ? Self.matches(pattern[...], path[..<end]) : pattern == Array(path[..<end])
    }
  }

  private static func matches(_ pattern: ArraySlice<Character>, _ path: ArraySlice<Character>) -> Bool {
    var pattern = pattern
    var path = path
    while let next = pattern.first {
      if next == "*" {
        let crosses = pattern.dropFirst().first == "*"
        var rest = pattern.dropFirst(crosses ? 2 : 1)
        // `**/` also stands for no folder at all.
        if crosses, rest.first == "/" { rest = rest.dropFirst() }
        while true {
          if matches(rest, path) { return true }
          guard let character = path.first, crosses || character != "/" else { return false }
          path = path.dropFirst()
        }
      }
      guard let character = path.first, next == character || (next == "?" && character != "/") else { return false }
      pattern = pattern.dropFirst()
      path = path.dropFirst()
    }
    return path.isEmpty
  }
}
