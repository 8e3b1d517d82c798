import RunModel

/// Where the diff tab stands. Lines are those of the patch.
struct DiffPane: Sendable {
  var cursor = 0
  /// The first row under the file's header.
  var top = 0
  var left = 0
  var wraps = false
  var search = ""
  /// The line of the match last gone to.
  var matchLine: Int?
  /// Counted for the words "3 of 17", once they are known.
  var matchCount: MatchCount?
  /// A path to go to as soon as the index has come so far.
  var wantedPath: String?
  /// How the patch on the screen was made, and what was asked for since.
  var shown = PatchOptions()
  var wanted = PatchOptions()
  /// Files of which only the header shows.
  var folded: Set<String> = []
  /// The other end of the range of lines that `v` began.
  var rangeStart: Int?
  /// Where to go once the new patch is indexed so far.
  var place: Place?
  var moved = MovedLines()

  /// A line in words that outlive the patch: found again by file and number, or by its text near there.
  struct Place: Sendable, Equatable {
    var path: String
    var side: LineComment.Side
    /// 0: the file's header.
    var number: Int
    var text: [UInt8]
    /// Rows above it on the screen.
    var above: Int
  }

  /// How many lines hold the search, and how many of them up to a line: counted a piece at a time.
  struct MatchCount: Sendable, Equatable {
    var needle: String
    var next = 0
    var lines: [UInt32] = []
    var isComplete = false
    static let most = 100_000
  }
}

extension DiffPane.MatchCount {
  /// Counts on, about `budget` bytes of the patch.
  mutating func advance(_ patch: Patch, budget: Int = 4 << 20) {
    guard !isComplete else { return }
    let wanted = Array(needle.utf8)
    var left = budget
    while next < patch.lineCount, left > 0, lines.count < Self.most {
      let bytes = patch.bytes(of: next)
      if patch.contains(wanted, bytes) { lines.append(UInt32(next)) }
      left -= bytes.count + 16
      next += 1
    }
    if patch.isComplete, next >= patch.lineCount || lines.count >= Self.most { isComplete = true }
  }

  /// "3 of 17", for the match on `line`.
  func words(at line: Int?) -> String {
    let total = "\(lines.count)\(isComplete && lines.count < Self.most ? "" : "+")"
    guard let line, let place = lines.firstIndex(of: UInt32(clamping: line)) else { return total }
    return "\(place + 1) of \(total)"
  }
}
