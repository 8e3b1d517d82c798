import Glibc

struct PatchHunk: Sendable, Equatable {
  /// The line of its `@@`.
  var line: Int
  /// One past its last line.
  var end: Int
  var file: Int
}

/// Removed lines and the added ones right after them; either may be missing.
struct ChangeBlock: Sendable, Equatable {
  /// The removed lines begin here, the added ones at `middle`.
  var start: Int
  var middle: Int
  var end: Int
}

enum PatchLineKind: Sendable { case file, meta, hunk, context, added, removed, noNewline }

struct PatchLine: Sendable {
  var kind: PatchLineKind
  /// Without the sign; cut at `Patch.longest` bytes, or where it was asked for.
  var body: ArraySlice<UInt8>
  var isCut = false
  var old: Int?
  var new: Int?

  var text: String { String(decoding: body, as: UTF8.self) }
}

/// A git patch as bytes, with an index of its lines, files and hunks that is made piece by piece: a million lines show
/// their first screen at once, and only what is visible is ever turned into text.
struct Patch: Sendable {
  private let bytes: [UInt8]
  private var starts: [UInt32] = [0]
  private(set) var files: [PatchFile] = []
  private(set) var hunks: [PatchHunk] = []
  private var blockStarts: [UInt32] = []
  private var blockMiddles: [UInt32] = []
  private var blockEnds: [UInt32] = []
  /// Old and new line numbers at every 512th line.
  private var checkpoints: [(old: UInt32, new: UInt32)] = []
  private var place = 0
  private var oldLeft = 0
  private var newLeft = 0
  private var old = 0
  private var new = 0

  static let longest = 4096
  private static let stride = 512

  init(_ bytes: [UInt8]) {
    self.bytes = bytes.count < Int(UInt32.max) ? bytes : Array(bytes.prefix(Int(UInt32.max) - 1))
  }

  var isComplete: Bool { place >= bytes.count }
  /// Lines indexed so far.
  var lineCount: Int { starts.count - 1 }
  var byteCount: Int { bytes.count }
  var added: Int { files.reduce(0) { $0 + $1.added } }
  var removed: Int { files.reduce(0) { $0 + $1.removed } }

  /// Indexes about `budget` bytes more.
  mutating func index(_ budget: Int = 8 << 20) {
    guard !isComplete else { return }
    if place == 0 { starts.reserveCapacity(bytes.count / 36 + 2) }
    let goal = min(bytes.count, place + budget)
    bytes.withUnsafeBufferPointer { all in
      guard let base = all.baseAddress else { return }
      while place < goal {
        let rest = all.count - place
        let newline = memchr(base + place, 10, rest)
        let end = newline.map { UnsafeRawPointer(base).distance(to: UnsafeRawPointer($0)) } ?? all.count
        let number = starts.count - 1
        if number % Self.stride == 0 { checkpoints.append((UInt32(clamping: old), UInt32(clamping: new))) }
        take(UnsafeBufferPointer(rebasing: all[place..<end]), number)
        place = min(end + 1, all.count)
        starts.append(UInt32(newline == nil ? end + 1 : place))
      }
    }
  }

  private mutating func take(_ line: UnsafeBufferPointer<UInt8>, _ number: Int) {
    if oldLeft > 0 || newLeft > 0 {
      switch line.first {
      case UInt8(ascii: "+"):
        hunks[hunks.count - 1].end = number + 1
        newLeft -= 1
        new += 1
        files[files.count - 1].added += 1
        takeChange(number, isRemoved: false)
        return
      case UInt8(ascii: "-"):
        hunks[hunks.count - 1].end = number + 1
        oldLeft -= 1
        old += 1
        files[files.count - 1].removed += 1
        takeChange(number, isRemoved: true)
        return
      case UInt8(ascii: "\\"):
        hunks[hunks.count - 1].end = number + 1
        takeNoNewline(number)
        return
      case UInt8(ascii: " "), nil:
        hunks[hunks.count - 1].end = number + 1
        oldLeft -= 1
        newLeft -= 1
        old += 1
        new += 1
        return
      default:  // shorter than it said: not a hunk any more
        oldLeft = 0
        newLeft = 0
      }
    }
    switch line.first {
    case UInt8(ascii: "\\"):
      if let last = hunks.indices.last, hunks[last].end == number {
        hunks[last].end = number + 1
        takeNoNewline(number)
      }
    case UInt8(ascii: "@"): if !files.isEmpty { takeHunk(line, number) }
    case UInt8(ascii: "d"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "n"), UInt8(ascii: "o"),
      UInt8(ascii: "r"), UInt8(ascii: "c"), UInt8(ascii: "B"), UInt8(ascii: "G"), UInt8(ascii: "i"),
      UInt8(ascii: "l"):
      takeHeader(String(decoding: line.prefix(Self.longest), as: UTF8.self), number)
    default: break
    }
  }

  private mutating func takeChange(_ number: Int, isRemoved: Bool) {
    let last = blockEnds.count - 1
    let here = UInt32(number)
    if last >= 0, blockEnds[last] == here, !isRemoved || blockMiddles[last] == here {
      blockEnds[last] = here + 1
      if isRemoved { blockMiddles[last] = here + 1 }
    } else {
      blockStarts.append(here)
      blockMiddles.append(isRemoved ? here + 1 : here)
      blockEnds.append(here + 1)
    }
  }

  /// The mark belongs to the side of the line before it.
  private mutating func takeNoNewline(_ number: Int) {
    let last = blockEnds.count - 1
    let here = UInt32(number)
    guard last >= 0, blockEnds[last] == here else { return }
    if blockMiddles[last] == here { blockMiddles[last] = here + 1 }
    blockEnds[last] = here + 1
  }

  private mutating func takeHunk(_ line: UnsafeBufferPointer<UInt8>, _ number: Int) {
    var numbers: [Int] = []
    var value: Int?
    var hasCount = [false, false]
    var side = -1
    for byte in line.dropFirst(2) {
      switch byte {
      case 48...57: value = min((value ?? 0) * 10 + Int(byte - 48), 1 << 31)
      default:
        if let number = value { numbers.append(number) }
        value = nil
        if byte == UInt8(ascii: "-") { side = 0 }
        if byte == UInt8(ascii: "+") { side = 1 }
        if byte == UInt8(ascii: ","), side >= 0 { hasCount[side] = true }
      }
      if byte == UInt8(ascii: "@") { break }
    }
    guard line.count > 2, line[1] == UInt8(ascii: "@"), line[2] != UInt8(ascii: "@"), !numbers.isEmpty else { return }
    var values = numbers[...]
    old = values.popFirst() ?? 0
    oldLeft = hasCount[0] ? values.popFirst() ?? 1 : 1
    new = values.popFirst() ?? 0
    newLeft = hasCount[1] ? values.popFirst() ?? 1 : 1
    hunks.append(PatchHunk(line: number, end: number + 1, file: files.count - 1))
    if files[files.count - 1].firstHunk == nil { files[files.count - 1].firstHunk = number }
  }

  private mutating func takeHeader(_ line: String, _ number: Int) {
    if line.hasPrefix("diff --git ") {
      files.append(PatchFile(firstLine: number, names: line.dropFirst(11)))
    } else if line.hasPrefix("+++ "), files.last.map(\.isBegun) ?? true, number > (hunks.last?.end ?? 0) {
      // A patch without git's own lines has nothing else to begin a file with.
      let before = String(decoding: bytes(of: number - 1).prefix(Self.longest), as: UTF8.self)
      if before.hasPrefix("--- ") { files.append(PatchFile(firstLine: number - 1, old: before, new: line)) }
    } else if !files.isEmpty {
      files[files.count - 1].take(header: line, number)
    }
  }

  // MARK: Reading

  /// Where a symbolic link leads now, where the patch shows it.
  func linkTarget(_ file: PatchFile) -> String? {
    guard file.isLink, file.change != .deleted, let hunk = file.firstHunk else { return nil }
    // Its old target, if any, then the new one.
    let line = (hunk + 1..<hunk + 4).first { kind(of: $0) == .added }
    return line.map { String(decoding: bytes(of: $0).dropFirst().prefix(300), as: UTF8.self) }
  }

  /// The hunk that holds `line`, its header included.
  func hunk(at line: Int) -> PatchHunk? {
    let place = partition(hunks.count) { hunks[$0].line > line } - 1
    guard place >= 0, line < hunks[place].end else { return nil }
    return hunks[place]
  }

  var blockCount: Int { blockEnds.count }

  func block(_ index: Int) -> ChangeBlock {
    guard index >= 0, index < blockEnds.count else { return ChangeBlock(start: 0, middle: 0, end: 0) }
    return ChangeBlock(start: Int(blockStarts[index]), middle: Int(blockMiddles[index]), end: Int(blockEnds[index]))
  }

  /// The block of changed lines that holds `line`.
  func block(at line: Int) -> ChangeBlock? {
    let place = partition(blockEnds.count) { Int(blockEnds[$0]) > line }
    guard place < blockEnds.count, Int(blockStarts[place]) <= line else { return nil }
    return block(place)
  }

  /// The place in `hunks` of the first hunk that begins after `line`, `hunks.count` when there is none.
  func hunkPlace(after line: Int) -> Int { partition(hunks.count) { hunks[$0].line > line } }

  /// The lines of a file, its header first.
  func lines(ofFile file: Int) -> Range<Int> {
    guard files.indices.contains(file) else { return 0..<0 }
    let end = file + 1 < files.count ? files[file + 1].firstLine : lineCount
    return files[file].firstLine..<max(files[file].firstLine, end)
  }

  /// Some lines as they are in the patch, each with its line end.
  func raw(_ lines: Range<Int>) -> ArraySlice<UInt8> {
    guard let first = lines.first, let last = lines.last, last < lineCount else { return [] }
    let start = bytes(of: first).startIndex
    let end = bytes(of: last).endIndex
    return bytes[start..<min(bytes.count, max(start, end + 1))]
  }

  func isSame(as other: [UInt8]) -> Bool { bytes == other }

  func fileIndex(at line: Int) -> Int? {
    let place = partition(files.count) { files[$0].firstLine > line } - 1
    return place >= 0 ? place : nil
  }

  func bytes(of line: Int) -> ArraySlice<UInt8> {
    guard line >= 0, line < lineCount else { return [] }
    let start = Int(starts[line])
    var end = min(Int(starts[line + 1]) - 1, bytes.count)
    if line == lineCount - 1, end >= 0, end < bytes.count, bytes[end] != 10 { end = bytes.count }
    guard start <= end else { return [] }
    return bytes[start..<end]
  }

  func kind(of line: Int) -> PatchLineKind {
    guard let hunk = hunk(at: line) else {
      if let file = fileIndex(at: line), files[file].firstLine == line { return .file }
      return .meta
    }
    if hunk.line == line { return .hunk }
    switch bytes(of: line).first {
    case UInt8(ascii: "+"): return .added
    case UInt8(ascii: "-"): return .removed
    case UInt8(ascii: "\\"): return .noNewline
    default: return .context
    }
  }

  /// `limit`: bytes of its text that are wanted.
  func line(_ number: Int, limit: Int = Patch.longest) -> PatchLine {
    let kind = kind(of: number)
    let raw = bytes(of: number)
    let hasSign = kind == .added || kind == .removed || kind == .context
    let body = raw.dropFirst(hasSign ? 1 : 0)
    var line = PatchLine(kind: kind, body: body.prefix(limit), isCut: body.count > limit)
    guard hasSign, let hunk = hunk(at: number) else { return line }
    let numbers = numbers(before: number, in: hunk)
    if kind != .added { line.old = numbers.old }
    if kind != .removed { line.new = numbers.new }
    return line
  }

  struct Numbers: Sendable, Equatable {
    var old: Int
    var new: Int
    subscript(side: LineComment.Side) -> Int { side == .old ? old : new }
  }

  /// The numbers that `line` has, or would have, on both sides.
  func numbers(before line: Int, in hunk: PatchHunk) -> Numbers {
    let (start, first) = start(of: hunk, before: line)
    var numbers = Numbers(old: start.value, new: first)
    for earlier in start.from..<max(start.from, line) {
      switch bytes(of: earlier).first {
      case UInt8(ascii: "+"): numbers.new += 1
      case UInt8(ascii: "-"): numbers.old += 1
      case UInt8(ascii: "\\"): break
      default:
        numbers.old += 1
        numbers.new += 1
      }
    }
    return numbers
  }

  /// The numbers at the nearest line before `number` where they are known.
  private func start(of hunk: PatchHunk, before number: Int) -> ((value: Int, from: Int), Int) {
    let checkpoint = number / Self.stride
    if checkpoint * Self.stride > hunk.line, checkpoint < checkpoints.count {
      return ((Int(checkpoints[checkpoint].old), checkpoint * Self.stride), Int(checkpoints[checkpoint].new))
    }
    let header = String(decoding: bytes(of: hunk.line).prefix(200), as: UTF8.self)
    let parts = header.split(separator: " ")
    func first(_ sign: Character) -> Int {
      parts.first { $0.first == sign }.flatMap { Int($0.dropFirst().prefix { $0.isNumber }) }.map { min($0, 1 << 31) }
        ?? 0
    }
    return ((first("-"), hunk.line + 1), first("+"))
  }

  /// The next line in `direction` (1 or -1) whose text holds `needle` (lower-cased), going round once.
  func search(_ needle: String, from line: Int, direction: Int) -> Int? {
    let wanted = Array(needle.lowercased().utf8)
    guard !wanted.isEmpty, lineCount > 0 else { return nil }
    for step in 1...lineCount {
      let at = ((line + step * direction) % lineCount + lineCount) % lineCount
      if contains(wanted, bytes(of: at)) { return at }
    }
    return nil
  }

  func contains(_ wanted: [UInt8], _ line: ArraySlice<UInt8>) -> Bool {
    guard line.count >= wanted.count else { return false }
    return line.withUnsafeBufferPointer { line in
      wanted.withUnsafeBufferPointer { wanted in
        var at = 0
        while at + wanted.count <= line.count {
          var next = 0
          while next < wanted.count {
            let byte = line[at + next]
            let lower = byte >= 65 && byte <= 90 ? byte | 32 : byte
            if lower != wanted[next] { break }
            next += 1
          }
          if next == wanted.count { return true }
          at += 1
        }
        return false
      }
    }
  }

  /// The first of 0..<count for which `isPast` holds, which must hold for all after it.
  private func partition(_ count: Int, _ isPast: (Int) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if isPast(middle) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
