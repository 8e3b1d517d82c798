import Foundation
import RunModel

@testable import DashboardUI
@testable import Orchestration

/// What people type to find things, over text of any kind.
enum SearchTargets {
  static let all = [pattern, filter, glob]

  private static func matches(_ pattern: BytePattern, _ line: String) -> Bool {
    Array(line.utf8).withUnsafeBufferPointer { pattern.matches($0) }
  }

  private static let regexParts = [
    "a", "b", "c", "x", ".", "*", "+", "?", "(", ")", "|", "[a-c]", "[^a]", "[]a]", "[^]]", "\\d", "\\w", "\\s", "\\b",
    "^", "$", "\\.",
    "\\\\", "(a|b)*", "(a*)*", "(a+)+b", "(b?)+", "()", "(|a)", " ", "1", "-", "[", "]", "\\", "é",
  ]

  /// Against `NSRegularExpression`, on ASCII. What is meant to differ: a set that begins with `]` or holds `[`, `&` or `-`
  /// at odd places is read otherwise there, so that of sets only plain ones are compared; a line that takes more steps
  /// than are allowed does not match with us.
  static let pattern = FuzzTarget(
    name: "pattern",
    seeds: ["a.*b\nxaxb", "(a+)+$\naaaaaaaaaaaaaaaaaaaaaaaaab", "^[a-c]+\\d?\nabc1"].map { Array($0) },
    heavy: ["*", "(", "(a)*", "((a)*)*", "[", "a?", "a|", "\\b", "()", "(a*)*"].map {
      [UInt8]("a" + String(repeating: $0, count: 100), times: 399) + [0x0A] + [UInt8]("a", times: 60_000)
    } + [
      Array("a") + [UInt8]("*", times: 1 << 20),
      [UInt8]("((((((((((((((((a*)*)*)*)*)*)*)*)*)*)*)*)*)*)*)*)*b\n", times: 53) + [UInt8]("a", times: 60_000),
    ],
    words: regexParts + ["\n"], longest: 3000, cases: 500,
    make: { random in
      let pattern = (0..<(1 + random.below(6))).map { _ in random.one(of: regexParts) }.joined()
      return Array(
        pattern + "\n" + (0..<random.below(10)).map { _ in random.one(of: ["a", "b", "c", "x", "1", " "]) }.joined())
    }
  ) { bytes in
    let place = bytes.firstIndex(of: 0x0A) ?? bytes.count
    let text = Array(bytes[..<place]).text.lowercased()
    let line = Array(bytes[min(place + 1, bytes.count)...]).text.lowercased()
    guard let ours = BytePattern(text) else { return }
    let found = matches(ours, line)
    if found {
      let has = ByteSearch.letters(line.utf8)
      try hold(ours.letters & ~has == 0, "it finds what lacks the letters it says it needs")
    }
    let isPlain = text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F } && line.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }
    // Groups that repeat in one another keep the other one busy for as long as it likes.
    let repeats = text.split(separator: ")").dropFirst().count { "*+".contains($0.first ?? " ") }
    guard isPlain, repeats < 2, text.utf8.count <= 24, line.utf8.count <= 16, isComparable(text),
      let theirs = try? NSRegularExpression(pattern: text)
    else { return }
    // A group that repeats what repeats may take more steps than are allowed.
    if !found, text.contains(")*") || text.contains(")+") { return }
    let theirsFound = theirs.firstMatch(in: line, range: NSRange(location: 0, length: line.utf16.count)) != nil
    try hold(found == theirsFound, "in \"\(line)\" it \(found ? "matches" : "does not match"), elsewhere not so")
  }

  /// Signs that both read alike: no set but of letters and digits, no quantifier on a quantifier (possessive and lazy ones
  /// there), no escape but of the ones we have.
  private static func isComparable(_ pattern: String) -> Bool {
    if pattern.contains(where: { "{}#&".contains($0) }) { return false }
    for odd in [
      "(?", "**", "*+", "*?", "++", "+*", "+?", "?*", "?+", "??", "^*", "^+", "^?", "$*", "$+", "$?", "\\b*", "\\b+",
      "\\b?",
    ]
    where pattern.contains(odd) {
      return false
    }
    if pattern.contains("[") {
      guard let set = try? NSRegularExpression(pattern: #"\[\^?[a-z0-9](-[a-z0-9])?[a-z0-9]*\]"#) else { return false }
      let rest = set.stringByReplacingMatches(
        in: pattern, range: NSRange(location: 0, length: pattern.utf16.count), withTemplate: "")
      if rest.contains("[") || rest.contains("]") { return false }
    } else if pattern.contains("]") {
      return false
    }
    var escaped = false
    for character in pattern {
      if escaped {
        if !"dwsb.\\*+?()|[]^$".contains(character) { return false }
        escaped = false
      } else {
        escaped = character == "\\"
      }
    }
    return true
  }

  private static let filterWords = FilterFieldWords.all

  /// A filter that is typed letter by letter lets through what it lets through at once.
  static let filter = FuzzTarget(
    name: "filter", seeds: filterWords.map { Array($0) } + [Array("!status:failed \"rate lim\" ~^add.* age:<10m")],
    words: filterWords + [" ", "!", "~", "\"", ":", "<", ">=", "$1e309", "\u{1B}", "é", "İ"], longest: 200, cases: 150,
    make: { random in Array((0..<(1 + random.below(4))).map { _ in random.one(of: filterWords) }.joined(separator: " "))
    }
  ) { bytes in
    var random = SplitMix(of: bytes)
    let board = JSONTargets.board(&random)
    var typed = RunList()
    typed.reset(board)
    typed.setFilter(RunFilter(""), board)
    let text = bytes.text
    for end in text.indices.suffix(12) { typed.setFilter(RunFilter(String(text[...end])), board) }
    typed.setFilter(RunFilter(text), board)
    _ = typed.settle(board)
    var fresh = RunList()
    fresh.setFilter(RunFilter(text), RunBoard())
    fresh.reset(board)
    try hold(typed.visible == fresh.visible, "typed it lets through \(typed.visible), at once \(fresh.visible)")
  }

  // MARK: Paths

  /// As the pattern is explained, told plainly: by all its prefixes, each step once.
  private static func admits(_ pattern: [Character], _ path: [Character]) -> Bool {
    // reach[i]: the pattern up to here can stand for the first i characters.
    var reach = [Bool](repeating: false, count: path.count + 1)
    reach[0] = true
    var at = 0
    while at < pattern.count {
      var next = [Bool](repeating: false, count: path.count + 1)
      if pattern[at] == "*" {
        let crosses = at + 1 < pattern.count && pattern[at + 1] == "*"
        at += crosses ? 2 : 1
        if crosses, at < pattern.count, pattern[at] == "/" { at += 1 }
        for start in reach.indices where reach[start] {
          var end = start
          next[end] = true
          while end < path.count, crosses || path[end] != "/" {
            end += 1
            next[end] = true
          }
        }
      } else {
        for start in reach.indices.dropLast() where reach[start] {
          next[start + 1] = pattern[at] == path[start] || pattern[at] == "?" && path[start] != "/"
        }
        at += 1
      }
      reach = next
    }
    return reach.indices.contains { reach[$0] && ($0 == path.count || path[$0] == "/") }
  }

  private static let globParts = [
    "a", "b", "*", "**", "?", "/", "**/", "/**", "*.swift", "src/", "é", "./", "a*", "*a*",
  ]

  static let glob = FuzzTarget(
    name: "glob",
    seeds: ["src/**/*.swift\nsrc/a/b.swift", "a*\nab/c", "**\nx", "*a*a*a*a*b\naaaaaaaaaaaaaaaaaaaaaaaa"].map {
      Array($0)
    },
    words: globParts + ["\n"], longest: 300, cases: 500,
    make: { random in
      let parts = (0..<(1 + random.below(8))).map { _ in random.one(of: globParts) }.joined()
      return Array(
        parts + "\n" + (0..<random.below(12)).map { _ in random.one(of: ["a", "b", "/", "é", "x.swift"]) }.joined())
    }
  ) { bytes in
    let place = bytes.firstIndex(of: 0x0A) ?? bytes.count
    let text = Array(bytes[..<place]).text
    let path = Array(bytes[min(place + 1, bytes.count)...]).text
    let found = PathPattern(text).admits(path)
    var bare = text[...]
    if bare.hasPrefix("./") { bare = bare.dropFirst(2) }
    if bare.hasSuffix("/**") { bare = bare.dropLast(3) }
    while bare.hasSuffix("/") { bare = bare.dropLast() }
    if bare == "." || bare == "**" { bare = "" }
    let wanted = bare.isEmpty || admits(Array(bare), Array(path))
    try hold(found == wanted, "\(text) \(found ? "admits" : "does not admit") \(path)")
  }
}

private enum FilterFieldWords {
  static let all =
    FilterField.allCases.map(\.hint) + [
      "status:running", "status:fail", "!status:queued", "is:attention", "is:live", "runtime:local", "title:hello",
      "label:x",
      "ref:GH-1", "age:<10m", "priority:>5", "progress:>=50", "cost:<=$0.5", "tokens:=0", "hello", "hllo",
      "\"hello world\"",
      "~h.*o", "~(", "id:1", "silence:>1d", "é", "日本",
    ]
}
