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
    guard isPattern else { return ends.contains { pattern == Array(path[..<$0]) } }
    let reached = reach(in: path)
    return ends.contains { reached[$0] }
  }

  /// Whether the pattern can stand for the first n characters of the path, for each n. Each sign of the pattern goes over
  /// the path once, so that no pattern takes longer than its length times the path's.
  private func reach(in path: [Character]) -> [Bool] {
    var reached = [Bool](repeating: false, count: path.count + 1)
    reached[0] = true
    var place = 0
    while place < pattern.count {
      let sign = pattern[place]
      place += 1
      if sign == "*" {
        let crosses = place < pattern.count && pattern[place] == "*"
        if crosses { place += 1 }
        // `**/` also stands for no folder at all.
        if crosses, place < pattern.count, pattern[place] == "/" { place += 1 }
        for end in path.indices where reached[end] && (crosses || path[end] != "/") { reached[end + 1] = true }
      } else {
        for end in path.indices.reversed() {
          reached[end + 1] = reached[end] && (sign == path[end] || sign == "?" && path[end] != "/")
        }
        reached[0] = false
      }
    }
    return reached
  }
}
