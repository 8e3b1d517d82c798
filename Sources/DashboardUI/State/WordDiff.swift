/// Which words of two versions of a line differ.
enum WordDiff {
  private static let mostWords = 160

  /// Character ranges that changed, in the old and the new line; nil when the lines have too little in common for the
  /// marks to help, or are too long to look at.
  static func changes(_ old: String, _ new: String) -> (old: [Range<Int>], new: [Range<Int>])? {
    guard old.utf8.count <= 2000, new.utf8.count <= 2000 else { return nil }
    let a = words(old)
    let b = words(new)
    var start = 0
    while start < a.count, start < b.count, a[start].text == b[start].text { start += 1 }
    var tail = 0
    while tail < a.count - start, tail < b.count - start, a[a.count - 1 - tail].text == b[b.count - 1 - tail].text {
      tail += 1
    }
    let x = Array(a[start..<(a.count - tail)])
    let y = Array(b[start..<(b.count - tail)])
    guard x.count <= mostWords, y.count <= mostWords else { return nil }
    var keptX = [Bool](repeating: false, count: x.count)
    var keptY = [Bool](repeating: false, count: y.count)
    if !x.isEmpty, !y.isEmpty {
      let width = y.count + 1
      var table = [UInt16](repeating: 0, count: (x.count + 1) * width)
      for i in stride(from: x.count - 1, through: 0, by: -1) {
        for j in stride(from: y.count - 1, through: 0, by: -1) {
          table[i * width + j] =
            x[i].text == y[j].text
            ? table[(i + 1) * width + j + 1] + 1 : max(table[(i + 1) * width + j], table[i * width + j + 1])
        }
      }
      var i = 0
      var j = 0
      while i < x.count, j < y.count {
        if x[i].text == y[j].text {
          // A space alone between two changes would only make the marks flicker.
          keptX[i] = x[i].text != " "
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
    func ranges(_ words: [Word], _ kept: [Bool]) -> [Range<Int>] {
      var ranges: [Range<Int>] = []
      for (word, kept) in zip(words, kept) where !kept {
        if let last = ranges.last, last.upperBound == word.range.lowerBound {
          ranges[ranges.count - 1] = last.lowerBound..<word.range.upperBound
        } else {
          ranges.append(word.range)
        }
      }
      return ranges
    }
    let (oldRanges, newRanges) = (ranges(x, keptX), ranges(y, keptY))
    let changed = max(oldRanges.reduce(0) { $0 + $1.count }, newRanges.reduce(0) { $0 + $1.count })
    guard changed * 10 <= max(old.count, new.count) * 7 else { return nil }
    return (oldRanges, newRanges)
  }

  private struct Word {
    var text: Substring
    var range: Range<Int>
  }

  private static func words(_ line: String) -> [Word] {
    var words: [Word] = []
    var start = line.startIndex
    var column = 0
    while start < line.endIndex {
      let isWord = line[start].isLetter || line[start].isNumber || line[start] == "_"
      var end = line.index(after: start)
      var length = 1
      while isWord, end < line.endIndex, line[end].isLetter || line[end].isNumber || line[end] == "_" {
        end = line.index(after: end)
        length += 1
      }
      words.append(Word(text: line[start..<end], range: column..<column + length))
      column += length
      start = end
    }
    return words
  }
}
