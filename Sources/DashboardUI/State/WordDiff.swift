/// Which words of two versions of a line differ.
enum WordDiff {
  private static let mostWords = 160

  /// Byte ranges that changed, in the old and the new line; nil when the lines have too little in common for the marks
  /// to help.
  ///
  /// Of lines with more words than can be compared only what both begin and end with counts as kept.
  static func changes(
    _ old: ArraySlice<UInt8>, _ new: ArraySlice<UInt8>
  ) -> (old: [Range<Int>], new: [Range<Int>])? {
    let a = Words(old)
    let b = Words(new)
    var start = 0
    while start < a.count, start < b.count, a[start] == b[start] { start += 1 }
    var tail = 0
    while tail < a.count - start, tail < b.count - start, a[a.count - 1 - tail] == b[b.count - 1 - tail] { tail += 1 }
    let x = start..<(a.count - tail)
    let y = start..<(b.count - tail)
    var keptX = [Bool](repeating: false, count: x.count)
    var keptY = [Bool](repeating: false, count: y.count)
    if !x.isEmpty, !y.isEmpty, x.count <= mostWords, y.count <= mostWords {
      keepCommon(a, x, b, y, &keptX, &keptY)
    }
    let changedOld = ranges(a, x, keptX)
    let changedNew = ranges(b, y, keptY)
    let changed = max(changedOld.reduce(0) { $0 + $1.count }, changedNew.reduce(0) { $0 + $1.count })
    guard changed * 10 <= max(old.count, new.count) * 7 else { return nil }
    return (changedOld, changedNew)
  }

  /// The longest common subsequence.
  private static func keepCommon(
    _ a: Words, _ x: Range<Int>, _ b: Words, _ y: Range<Int>, _ keptX: inout [Bool], _ keptY: inout [Bool]
  ) {
    let width = y.count + 1
    var table = [UInt16](repeating: 0, count: (x.count + 1) * width)
    for i in stride(from: x.count - 1, through: 0, by: -1) {
      for j in stride(from: y.count - 1, through: 0, by: -1) {
        table[i * width + j] =
          a[x.lowerBound + i] == b[y.lowerBound + j]
          ? table[(i + 1) * width + j + 1] + 1 : max(table[(i + 1) * width + j], table[i * width + j + 1])
      }
    }
    var i = 0
    var j = 0
    while i < x.count, j < y.count {
      let word = a[x.lowerBound + i]
      if word == b[y.lowerBound + j] {
        // A space alone between two changes would only make the marks flicker.
        keptX[i] = word.bytes != [UInt8(ascii: " ")]
        keptY[j] = keptX[i]
        i += 1
        j += 1
      } else if table[(i + 1) * width + j] >= table[i * width + j + 1] {
        i += 1
      } else {
        j += 1
      }
    }
  }

  private static func ranges(_ words: Words, _ part: Range<Int>, _ kept: [Bool]) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    for (place, kept) in zip(part, kept) where !kept {
      let range = words.range(place)
      if let last = ranges.last, last.upperBound == range.lowerBound {
        ranges[ranges.count - 1] = last.lowerBound..<range.upperBound
      } else {
        ranges.append(range)
      }
    }
    return ranges
  }
}

/// A line cut into words: letters and digits together, each sign and each CJK character alone.
struct Words {
  struct Word: Equatable {
    var hash: UInt64
    var bytes: ArraySlice<UInt8>
    static func == (a: Word, b: Word) -> Bool { a.hash == b.hash && a.bytes == b.bytes }
  }

  private let line: ArraySlice<UInt8>
  private var found: [(range: Range<Int>, hash: UInt64)] = []

  init(_ line: ArraySlice<UInt8>) {
    self.line = line
    found.reserveCapacity(line.count / 4 + 1)
    line.withUnsafeBufferPointer { bytes in
      var start = 0
      while start < bytes.count {
        var end = start + 1
        if Self.isWord(bytes, start) {
          while end < bytes.count, Self.isWord(bytes, end) { end += 1 }
        } else if bytes[start] >= 0xC0 {
          while end < bytes.count, bytes[end] & 0xC0 == 0x80 { end += 1 }
        }
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for place in start..<end { hash = (hash ^ UInt64(bytes[place])) &* 0x100_0000_01B3 }
        found.append((start..<end, hash))
        start = end
      }
    }
  }

  var count: Int { found.count }
  /// In bytes from the start of the line.
  func range(_ place: Int) -> Range<Int> { found[place].range }
  func hash(_ place: Int) -> UInt64 { found[place].hash }

  subscript(place: Int) -> Word {
    let word = found[place]
    let start = line.startIndex + word.range.lowerBound
    return Word(hash: word.hash, bytes: line[start..<start + word.range.count])
  }

  /// ASCII letters, digits and `_`, and the letters of scripts that are written with spaces (below U+2E80).
  private static func isWord(_ bytes: UnsafeBufferPointer<UInt8>, _ place: Int) -> Bool {
    let byte = bytes[place]
    switch byte {
    case 48...57, 65...90, 95, 97...122: return true
    case ..<0x80: return false
    default:
      var lead = place
      while lead > 0, place - lead < 3, bytes[lead] & 0xC0 == 0x80 { lead -= 1 }
      // U+2000…U+2BFF are punctuation and signs; from U+2E80 on come scripts without spaces.
      return bytes[lead] >= 0xC2 && bytes[lead] < 0xE2
    }
  }
}
