/// Lines that were taken out in one place and put in at another, and blocks that were only indented anew.
///
/// A move is at least three lines, one after the other, with at least twenty letters or digits. They are found a piece at
/// a time, and not at all in patches of more than `mostLines` changed lines.
struct MovedLines: Sendable {
  struct Move: Sendable, Equatable {
    /// The first removed line and the first added one.
    var from: Int
    var to: Int
    var count: Int
  }

  static let mostLines = 100_000
  private static let leastLines = 3
  private static let leastLetters = 20
  private static let mostCandidates = 8

  private(set) var isComplete = false
  /// In the order of the added lines.
  private(set) var moves: [Move] = []
  private var byRemoved: [Move] = []
  private var next = 0
  private var removed: [(hash: UInt64, line: Int)] = []

  /// Does a piece of the work; `budget` in lines.
  mutating func advance(_ patch: Patch, budget: Int = 20_000) {
    guard !isComplete, patch.isComplete else { return }
    if next == 0, patch.added + patch.removed > Self.mostLines || patch.added == 0 || patch.removed == 0 {
      isComplete = true
      return
    }
    var done = 0
    let blocks = patch.blockCount
    while next < blocks, done < budget {
      let block = patch.block(next)
      for line in block.start..<block.middle {
        if let hash = Self.hash(patch.bytes(of: line)) { removed.append((hash, line)) }
      }
      done += block.middle - block.start
      next += 1
    }
    if next == blocks {
      removed.sort { ($0.hash, $0.line) < ($1.hash, $1.line) }
      next = blocks + 1
      if done > 0 { return }
    }
    while next > blocks, next <= 2 * blocks, done < budget {
      let block = patch.block(next - blocks - 1)
      find(in: block, patch)
      done += block.end - block.middle
      next += 1
    }
    if next > 2 * blocks {
      byRemoved = moves.sorted { $0.from < $1.from }
      removed = []
      isComplete = true
    }
  }

  private mutating func find(in block: ChangeBlock, _ patch: Patch) {
    var line = block.middle
    while line < block.end {
      var best: Move?
      if let hash = Self.hash(patch.bytes(of: line)) {
        var place = Self.partition(removed.count) { removed[$0].hash >= hash }
        var tried = 0
        while place < removed.count, removed[place].hash == hash, tried < Self.mostCandidates {
          let move = run(from: removed[place].line, to: line, block, patch)
          if move.count > best?.count ?? 0 { best = move }
          place += 1
          tried += 1
        }
      }
      if let best, best.count >= Self.leastLines, letters(best, patch) >= Self.leastLetters {
        moves.append(best)
        line += best.count
      } else {
        line += 1
      }
    }
  }

  private func run(from: Int, to: Int, _ block: ChangeBlock, _ patch: Patch) -> Move {
    let middle = patch.block(at: from)?.middle ?? from
    var count = 0
    while from + count < middle, to + count < block.end,
      Self.trimmed(patch.bytes(of: from + count)) == Self.trimmed(patch.bytes(of: to + count))
    { count += 1 }
    return Move(from: from, to: to, count: count)
  }

  private func letters(_ move: Move, _ patch: Patch) -> Int {
    var count = 0
    for line in move.to..<move.to + min(move.count, 40) {
      for byte in patch.bytes(of: line).prefix(200) where byte >= 0x80 || Self.isLetter(byte) { count += 1 }
    }
    return count
  }

  /// The move that a removed or an added line is part of.
  func move(of line: Int) -> Move? {
    guard isComplete else { return nil }
    let added = Self.partition(moves.count) { moves[$0].to > line } - 1
    if added >= 0, line < moves[added].to + moves[added].count { return moves[added] }
    // Some lines may have been copied to several places; the nearest that begins before is looked at.
    let taken = Self.partition(byRemoved.count) { byRemoved[$0].from > line } - 1
    if taken >= 0, line < byRemoved[taken].from + byRemoved[taken].count { return byRemoved[taken] }
    return nil
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
  }

  /// Without the sign and the white space at both ends.
  private static func trimmed(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var body = line.dropFirst()
    while let first = body.first, first == 32 || first == 9 { body = body.dropFirst() }
    while let last = body.last, last == 32 || last == 9 || last == 13 { body = body.dropLast() }
    return body
  }

  /// Nil for a line without a letter or digit, which says nothing about where it came from.
  private static func hash(_ line: ArraySlice<UInt8>) -> UInt64? {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    var hasLetter = false
    for byte in trimmed(line).prefix(2000) {
      hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
      hasLetter = hasLetter || byte >= 0x80 || isLetter(byte)
    }
    return hasLetter ? hash : nil
  }

  private static func partition(_ count: Int, _ isPast: (Int) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if isPast(middle) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
