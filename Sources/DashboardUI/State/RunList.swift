import RunModel

enum SortColumn: String, CaseIterable, Sendable {
  /// Those that need someone, then running, queued, ended newest first.
  case state, run, title, runtime, progress, elapsed, files, tests
}

struct RunSort: Sendable, Equatable {
  var column = SortColumn.state
  var isInverted = false
}

/// The order and the choice of the runs on the home screen, kept as events come in: places in a `RunBoard`, which only
/// grows. Work is proportional to what changed, but for one pass over the places when anything moved.
struct RunList: Sendable {
  private(set) var sort = RunSort()
  private(set) var filter = RunFilter.none
  /// The places that the filter lets through, in order.
  private(set) var visible: [Int32] = []

  private struct Key: Sendable, Equatable {
    var high: Int64 = 0
    var low: Int64 = 0
  }

  private var order: [Int32] = []
  private var keys: [Key] = []
  private var matching: [Bool] = []
  /// Title, id, reference and labels of every run, lower-cased, one after the other.
  private var hay: [UInt8] = []
  private var hayEnds: [(title: UInt32, all: UInt32)] = []
  /// Of the title and of all: most runs are ruled out by these alone.
  private var letters: [(title: UInt64, all: UInt64)] = []
  private var runtimeOf: [UInt16] = []
  private var runtimeNames: [RuntimeID?] = [nil]
  private var runtimeBytes: [[UInt8]] = [[]]
  private var dirty: [Int32] = []
  private var isDirty: [Bool] = []
  private var matchesChanged = false

  var hasChanges: Bool { !dirty.isEmpty || matchesChanged }
  var changeCount: Int { dirty.count }

  // MARK: Taking in

  mutating func reset(_ board: RunBoard) {
    let (sort, filter) = (sort, filter)
    self = RunList()
    self.sort = sort
    self.filter = filter
    keys.reserveCapacity(board.runs.count)
    hayEnds.reserveCapacity(board.runs.count)
    letters.reserveCapacity(board.runs.count)
    hay.reserveCapacity(board.runs.count * 80)
    for place in board.runs.indices { append(place, board) }
    isDirty = Array(repeating: false, count: keys.count)
    dirty = []
    sortAll()
    chooseAll(board, within: nil)
  }

  /// Tells the list that the run at `place` is new or has changed.
  mutating func touch(_ place: Int, _ board: RunBoard) {
    while keys.count <= place {
      append(keys.count, board)
      markDirty(keys.count - 1)
    }
    let runtime = intern(board.runs[place].runtimeId)
    if runtimeOf[place] != runtime { runtimeOf[place] = runtime }
    let key = key(for: place, board)
    if key != keys[place] {
      keys[place] = key
      markDirty(place)
    }
    if !filter.isEmpty, filter.dependsOnState || isDirty[place] {
      let match = matches(place, board)
      if match != matching[place] {
        matching[place] = match
        matchesChanged = true
      }
    }
  }

  private mutating func append(_ place: Int, _ board: RunBoard) {
    let run = board.runs[place]
    let start = hay.count
    appendLowercased(run.title)
    let title = hay.count
    for text in [run.runId.description] + (run.externalRef.map { [$0] } ?? []) + run.labels {
      hay.append(UInt8(ascii: "\n"))
      appendLowercased(text)
    }
    hayEnds.append((UInt32(title), UInt32(hay.count)))
    letters.append((ByteSearch.letters(hay[start..<title]), ByteSearch.letters(hay[start...])))
    runtimeOf.append(intern(run.runtimeId))
    matching.append(true)
    isDirty.append(false)
    keys.append(Key())
    keys[place] = key(for: place, board)
    if !filter.isEmpty { matching[place] = matches(place, board) }
  }

  private mutating func appendLowercased(_ text: String) {
    guard text.utf8.allSatisfy({ $0 < 0x80 }) else {
      hay.append(contentsOf: text.lowercased().utf8)
      return
    }
    for byte in text.utf8 { hay.append(byte >= 65 && byte <= 90 ? byte | 32 : byte) }
  }

  private mutating func intern(_ runtime: RuntimeID?) -> UInt16 {
    guard let runtime else { return 0 }
    if let known = runtimeNames.firstIndex(of: runtime) { return UInt16(known) }
    guard runtimeNames.count < Int(UInt16.max) else { return 0 }
    runtimeNames.append(runtime)
    runtimeBytes.append(Array(runtime.rawValue.lowercased().utf8))
    return UInt16(runtimeNames.count - 1)
  }

  private mutating func markDirty(_ place: Int) {
    guard !isDirty[place] else { return }
    isDirty[place] = true
    dirty.append(Int32(place))
  }

  // MARK: Order

  mutating func setSort(_ sort: RunSort, _ board: RunBoard) {
    self.sort = sort
    for place in keys.indices { keys[place] = key(for: place, board) }
    for place in dirty { isDirty[Int(place)] = false }
    dirty = []
    sortAll()
    choose()
  }

  /// Puts what changed where it belongs. True if any row moved, came or went.
  mutating func settle(_ board: RunBoard) -> Bool {
    guard hasChanges else { return false }
    if !dirty.isEmpty {
      if dirty.count > order.count / 4 {
        for place in dirty { isDirty[Int(place)] = false }
        dirty = []
        sortAll()
      } else {
        mergeDirty()
      }
    }
    matchesChanged = false
    choose()
    return true
  }

  private mutating func mergeDirty() {
    let rest = order.filter { !isDirty[Int($0)] }
    for place in dirty { isDirty[Int(place)] = false }
    let moved = dirty.sorted { precedes($0, $1) }
    dirty = []
    var merged: [Int32] = []
    merged.reserveCapacity(rest.count + moved.count)
    var from = 0
    for place in moved {
      var low = from
      var high = rest.count
      while low < high {
        let middle = (low + high) / 2
        if precedes(rest[middle], place) { low = middle + 1 } else { high = middle }
      }
      merged.append(contentsOf: rest[from..<low])
      merged.append(place)
      from = low
    }
    merged.append(contentsOf: rest[from...])
    order = merged
  }

  private mutating func sortAll() {
    let places = (0..<Int32(keys.count)).map { $0 }
    order = places.sorted { precedes($0, $1) }
  }

  private func precedes(_ a: Int32, _ b: Int32) -> Bool {
    let x = keys[Int(a)]
    let y = keys[Int(b)]
    if x.high != y.high { return (x.high < y.high) != sort.isInverted }
    if x.low != y.low { return (x.low < y.low) != sort.isInverted }
    if sort.column == .title {
      let order = compareTitles(Int(a), Int(b))
      if order != 0 { return (order < 0) != sort.isInverted }
    }
    return a > b
  }

  private func title(_ place: Int) -> Range<Int> {
    Int(place == 0 ? 0 : hayEnds[place - 1].all)..<Int(hayEnds[place].title)
  }

  private func compareTitles(_ a: Int, _ b: Int) -> Int {
    let (x, y) = (title(a), title(b))
    return hay.withUnsafeBufferPointer { bytes in
      for (left, right) in zip(bytes[x], bytes[y]) where left != right { return left < right ? -1 : 1 }
      return x.count - y.count
    }
  }

  /// Small keys come first. None depends on the time of day, so that rows hold still while clocks run.
  private func key(for place: Int, _ board: RunBoard) -> Key {
    let run = board.runs[place]
    let started = run.startedAt?.milliseconds ?? run.createdAt.milliseconds
    switch sort.column {
    case .state:
      if run.needsAttention { return Key(high: 0, low: run.attention?.since.milliseconds ?? 0) }
      switch run.status {
      case .running: return Key(high: 1, low: -started)
      case .queued: return Key(high: Int64(2000 - max(1, min(1000, run.priority))), low: run.createdAt.milliseconds)
      case .succeeded, .failed, .canceled: return Key(high: 10_000, low: -(run.endedAt ?? run.lastEventAt).milliseconds)
      }
    case .run: return Key(high: -Int64(place))
    case .title:
      var key = Key()
      for (index, byte) in hay[title(place)].prefix(14).enumerated() {
        if index < 7 { key.high |= Int64(byte) << Int64(8 * (6 - index)) }
        if index >= 7 { key.low |= Int64(byte) << Int64(8 * (13 - index)) }
      }
      return key
    case .runtime:
      // Names are few: their order is their bytes, seven of them here.
      var high: Int64 = 0
      let bytes = runtimeBytes[Int(runtimeOf[place])]
      var low: Int64 = 0
      for (index, byte) in bytes.prefix(14).enumerated() {
        if index < 7 {
          high |= Int64(byte) << Int64(8 * (6 - index))
        } else {
          low |= Int64(byte) << Int64(8 * (13 - index))
        }
      }
      return Key(high: bytes.isEmpty ? .max : high, low: low)
    case .progress:
      guard run.progressKnown else { return Key(high: 1) }
      return Key(low: -Int64(Format.percent(run.progress)))
    case .elapsed:
      guard run.startedAt != nil else { return Key(high: 2, low: run.createdAt.milliseconds) }
      if let ended = run.endedAt { return Key(high: 1, low: started - ended.milliseconds) }
      return Key(high: 0, low: started)
    case .files: return Key(low: 0 &- Int64((run.added ?? 0) &+ (run.removed ?? 0)))
    case .tests:
      guard let total = run.testsTotal, total > 0 else { return Key(high: 1) }
      return Key(low: Int64(Format.percent(Double(run.testsPassed ?? 0) / Double(total))))
    }
  }

  // MARK: Choice

  mutating func setFilter(_ filter: RunFilter, _ board: RunBoard) {
    let before = self.filter
    guard filter != before else { return }
    self.filter = filter
    chooseAll(board, within: filter.narrows(before) && !matchesChanged ? before : nil)
  }

  private mutating func chooseAll(_ board: RunBoard, within before: RunFilter?) {
    if filter.isEmpty {
      matching = Array(repeating: true, count: keys.count)
    } else {
      for place in keys.indices where before == nil || matching[place] { matching[place] = matches(place, board) }
    }
    choose()
  }

  private mutating func choose() {
    visible = filter.isEmpty ? order : order.filter { matching[Int($0)] }
  }

  private func matches(_ place: Int, _ board: RunBoard) -> Bool {
    let start = place == 0 ? 0 : Int(hayEnds[place - 1].all)
    return hay.withUnsafeBufferPointer { bytes in
      let title = UnsafeBufferPointer(rebasing: bytes[start..<Int(hayEnds[place].title)])
      let whole = UnsafeBufferPointer(rebasing: bytes[start..<Int(hayEnds[place].all)])
      for term in filter.terms {
        let found: Bool
        let mayHold = (title: term.letters & ~letters[place].title == 0, all: term.letters & ~letters[place].all == 0)
        switch term.kind {
        case .text(let needle):
          found = needle.withUnsafeBufferPointer { needle in
            (mayHold.all && ByteSearch.find(needle, in: whole) != nil)
              || (mayHold.title && ByteSearch.fuzzy(needle, in: title))
              || runtimeBytes[Int(runtimeOf[place])].withUnsafeBufferPointer { ByteSearch.find(needle, in: $0) != nil }
          }
        case .title(let needle):
          found = mayHold.title && needle.withUnsafeBufferPointer { ByteSearch.find($0, in: title) != nil }
        case .runtime(let needle):
          found = needle.withUnsafeBufferPointer { needle in
            runtimeBytes[Int(runtimeOf[place])].withUnsafeBufferPointer { ByteSearch.find(needle, in: $0) != nil }
          }
        case .status(let statuses, let attention):
          found =
            statuses.contains(board.runs[place].status) || attention && board.runs[place].needsAttention
        case .pattern(let pattern): found = mayHold.title && pattern.matches(title)
        case .unfinished: continue
        }
        if found == term.isNegated { return false }
      }
      return true
    }
  }
}
