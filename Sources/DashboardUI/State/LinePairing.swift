/// Which removed line became which added one, within one block of changed lines.
///
/// Pairs never cross. In a block of at most `mostPairs` combinations they are those whose words are most alike; a larger
/// one is paired by position, so that no block costs more than a moment.
struct LinePairing: Sendable {
  static let mostPairs = 4096
  private static let leastAlike: Float = 0.42

  let block: ChangeBlock
  /// For each removed line its added one, as an offset from `block.middle`; nil: by position.
  private var partners: [Int?]?
  private var reindented: Set<Int> = []

  init(_ block: ChangeBlock, of patch: Patch) {
    self.block = block
    let removed = block.middle - block.start
    let added = block.end - block.middle
    guard removed > 0, added > 0, removed <= 256, added <= 256, removed * added <= Self.mostPairs else { return }
    let old = (block.start..<block.middle).map { Bag(patch.line($0, limit: 400).body) }
    let new = (block.middle..<block.end).map { Bag(patch.line($0, limit: 400).body) }
    let width = added + 1
    var scores = [Float](repeating: 0, count: removed * added)
    for i in 0..<removed {
      for j in 0..<added { scores[i * added + j] = old[i].likeness(to: new[j]) }
    }
    var best = [Float](repeating: 0, count: (removed + 1) * width)
    for i in stride(from: removed - 1, through: 0, by: -1) {
      for j in stride(from: added - 1, through: 0, by: -1) {
        let score = scores[i * added + j]
        let paired = score >= Self.leastAlike ? score + best[(i + 1) * width + j + 1] : 0
        best[i * width + j] = max(paired, max(best[(i + 1) * width + j], best[i * width + j + 1]))
      }
    }
    var found = [Int?](repeating: nil, count: removed)
    var i = 0
    var j = 0
    while i < removed, j < added {
      let here = best[i * width + j]
      let score = scores[i * added + j]
      if score >= Self.leastAlike, here == score + best[(i + 1) * width + j + 1] {
        found[i] = j
        if old[i].isSame(as: new[j]) { reindented.insert(i) }
        i += 1
        j += 1
      } else if here == best[(i + 1) * width + j] {
        i += 1
      } else {
        j += 1
      }
    }
    partners = found
  }

  /// The line on the other side that `line` is shown against; nil when it is alone.
  func partner(of line: Int) -> Int? {
    if line < block.middle {
      guard line >= block.start else { return nil }
      guard let partners else {
        let other = block.middle + line - block.start
        return other < block.end ? other : nil
      }
      return partners[line - block.start].map { block.middle + $0 }
    }
    guard line < block.end else { return nil }
    guard let partners else {
      let other = block.start + line - block.middle
      return other < block.middle ? other : nil
    }
    return partners.firstIndex { $0 == line - block.middle }.map { block.start + $0 }
  }

  /// Whether the two differ in white space alone.
  func isReindented(_ line: Int) -> Bool {
    guard !reindented.isEmpty else { return false }
    if line < block.middle { return reindented.contains(line - block.start) }
    return partner(of: line).map { reindented.contains($0 - block.start) } ?? false
  }

  /// The block as rows of two sides: each line once, in order, pairs on one row; what is between two pairs is set side
  /// by side from the top.
  func rows() -> BlockRows {
    let removed = block.middle - block.start
    let added = block.end - block.middle
    guard let partners else { return BlockRows(block: block, rows: nil) }
    var rows: [DiffRow] = []
    var i = 0
    var j = 0
    func fill(to nextI: Int, _ nextJ: Int) {
      while i < nextI || j < nextJ {
        rows.append(
          DiffRow(old: i < nextI ? block.start + i : nil, new: j < nextJ ? block.middle + j : nil))
        if i < nextI { i += 1 }
        if j < nextJ { j += 1 }
      }
    }
    for (place, partner) in partners.enumerated() {
      guard let partner else { continue }
      fill(to: place, partner)
      rows.append(DiffRow(old: block.start + place, new: block.middle + partner))
      i = place + 1
      j = partner + 1
    }
    fill(to: removed, added)
    return BlockRows(block: block, rows: rows)
  }
}

/// The rows of one block, side by side.
struct BlockRows: Sendable {
  let block: ChangeBlock
  /// Nil: both sides from the top.
  let rows: [DiffRow]?

  var count: Int { rows?.count ?? max(block.middle - block.start, block.end - block.middle) }

  subscript(place: Int) -> DiffRow {
    if let rows { return rows[place] }
    let old = block.start + place
    let new = block.middle + place
    return DiffRow(old: old < block.middle ? old : nil, new: new < block.end ? new : nil)
  }

  func place(of line: Int) -> Int {
    guard let rows else { return line < block.middle ? line - block.start : line - block.middle }
    return rows.firstIndex { $0.old == line || $0.new == line } ?? 0
  }
}

/// A line's words without their order, to tell quickly how alike two lines are.
private struct Bag {
  private var words: [(hash: UInt64, weight: Int)] = []
  private var weight = 0
  /// Of all its words in order, white space left out.
  private var whole: UInt64 = 0x9E37_79B9

  init(_ line: ArraySlice<UInt8>) {
    let words = Words(line)
    for place in 0..<words.count {
      let range = words.range(place)
      let first = line[line.startIndex + range.lowerBound]
      if first == 32 || first == 9 || first == 13 { continue }
      // Words weigh by their length, brackets and commas next to nothing.
      let weight = range.count > 1 || first > 0x7F ? range.count + 1 : 1
      self.words.append((words.hash(place), weight))
      self.weight += weight
      whole = (whole ^ words.hash(place)) &* 0x100_0000_01B3
    }
    self.words.sort { $0.hash < $1.hash }
  }

  func isSame(as other: Bag) -> Bool { whole == other.whole && weight == other.weight && weight > 0 }

  /// From 0 to 1.
  func likeness(to other: Bag) -> Float {
    if whole == other.whole, weight == other.weight { return 1 }
    guard weight > 0, other.weight > 0 else { return 0 }
    // No more than the shorter can be common.
    guard 2 * min(weight, other.weight) * 5 >= weight + other.weight else { return 0 }
    var common = 0
    var i = 0
    var j = 0
    while i < words.count, j < other.words.count {
      if words[i].hash == other.words[j].hash {
        common += words[i].weight
        i += 1
        j += 1
      } else if words[i].hash < other.words[j].hash {
        i += 1
      } else {
        j += 1
      }
    }
    return Float(2 * common) / Float(weight + other.weight)
  }
}
