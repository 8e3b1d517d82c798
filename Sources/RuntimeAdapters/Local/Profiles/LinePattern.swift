/// A regular expression over one line, with groups: `. * + ? {n,m} [a-z] [^…] (…) (?:…) | ^ $ \d \w \s \b`.
///
/// Every step goes on with all possibilities at once, so that the time is in proportion to the line and the pattern
/// whatever they are: neither a profile nor an agent's output can hold up the reader of a run's log.
package struct LinePattern: Sendable, Equatable {
  /// Why a text is no pattern.
  package struct Issue: Error, Equatable {
    package var message: String
  }

  enum Instruction: Sendable, Equatable {
    case set(Int)
    case split(Int, Int)
    case jump(Int)
    case save(Int)
    case start, end, edge
    case match
  }

  struct ByteSet: Sendable, Equatable {
    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    func contains(_ byte: UInt8) -> Bool {
      let bit = UInt64(1) << UInt64(byte & 63)
      return switch byte >> 6 {
      case 0: words.0 & bit != 0
      case 1: words.1 & bit != 0
      case 2: words.2 & bit != 0
      default: words.3 & bit != 0
      }
    }

    mutating func insert(_ byte: UInt8) {
      let bit = UInt64(1) << UInt64(byte & 63)
      switch byte >> 6 {
      case 0: words.0 |= bit
      case 1: words.1 |= bit
      case 2: words.2 |= bit
      default: words.3 |= bit
      }
    }

    mutating func invert() { words = (~words.0, ~words.1, ~words.2, ~words.3) }

    static func == (a: Self, b: Self) -> Bool { a.words == b.words }
  }

  package let text: String
  private let program: [Instruction]
  private let sets: [ByteSet]
  /// Groups, the whole match not counted.
  package let groups: Int
  private let isAnchored: Bool

  /// What of a line is looked at.
  package static let longestLine = 4096
  static let longestPattern = 1000
  static let longestProgram = 2000
  static let mostGroups = 9

  package init(_ text: String) throws(Issue) {
    guard text.utf8.count <= Self.longestPattern else {
      throw Issue(message: "It is longer than \(Self.longestPattern) bytes.")
    }
    var compiler = PatternCompiler(bytes: Array(text.utf8))
    try compiler.compile()
    self.text = text
    program = compiler.program
    sets = compiler.sets
    groups = compiler.groups
    isAnchored = program.dropFirst().first == .start
  }

  package static func == (a: Self, b: Self) -> Bool { a.text == b.text }

  private struct Thread {
    var place: Int
    var saved: [Int]
  }

  /// The first match and its groups, "" for one that took no part; nil without a match.
  package func groups(in line: some Collection<UInt8>) -> [String]? {
    let bytes = Array(line.prefix(Self.longestLine))
    var seen = [Int](repeating: -1, count: program.count)
    var current: [Thread] = []
    var next: [Thread] = []
    var found: [Int]?
    for at in 0...bytes.count {
      if found == nil, !isAnchored || at == 0 {
        add(0, at, bytes, [Int](repeating: -1, count: 2 * (groups + 1)), &seen, &current)
      }
      if current.isEmpty {
        if found != nil || isAnchored { break }
        continue
      }
      search: for thread in current {
        switch program[thread.place] {
        case .set(let set) where at < bytes.count && sets[set].contains(bytes[at]):
          add(thread.place + 1, at + 1, bytes, thread.saved, &seen, &next)
        case .match:
          found = thread.saved
          break search
        default: break
        }
      }
      swap(&current, &next)
      next.removeAll(keepingCapacity: true)
    }
    guard let found else { return nil }
    return (0...groups).map { group in
      let (from, to) = (found[2 * group], found[2 * group + 1])
      return from >= 0 && to >= from ? String(decoding: bytes[from..<to], as: UTF8.self) : ""
    }
  }

  package func matches(_ line: some Collection<UInt8>) -> Bool { groups(in: line) != nil }

  /// Follows what takes no byte; `seen` holds for which place in the line a thread is there already.
  private func add(
    _ place: Int, _ at: Int, _ bytes: [UInt8], _ saved: [Int], _ seen: inout [Int], _ list: inout [Thread]
  ) {
    var pending = [Thread(place: place, saved: saved)]
    while var thread = pending.popLast() {
      guard seen[thread.place] != at else { continue }
      seen[thread.place] = at
      switch program[thread.place] {
      case .jump(let target):
        thread.place = target
        pending.append(thread)
      case .split(let first, let second):
        pending.append(Thread(place: second, saved: thread.saved))
        thread.place = first
        pending.append(thread)
      case .save(let slot):
        thread.saved[slot] = at
        thread.place += 1
        pending.append(thread)
      case .start, .end, .edge:
        guard holds(program[thread.place], at, bytes) else { continue }
        thread.place += 1
        pending.append(thread)
      case .set, .match: list.append(thread)
      }
    }
  }

  private func holds(_ instruction: Instruction, _ at: Int, _ bytes: [UInt8]) -> Bool {
    switch instruction {
    case .start: return at == 0
    case .end: return at == bytes.count
    case .edge:
      let before = at > 0 && PatternCompiler.isWord(bytes[at - 1])
      let after = at < bytes.count && PatternCompiler.isWord(bytes[at])
      return before != after
    case .set, .split, .jump, .save, .match: return false
    }
  }
}
