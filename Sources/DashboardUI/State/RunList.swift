import RunModel

/// The order and the choice of the runs on the home screen, kept as events come in: places in a `RunBoard`, which only
/// grows. Work is proportional to what changed, but for one pass over the places when anything moved.
struct RunList: Sendable {
  private(set) var sort = RunSort()
  private(set) var filter = RunFilter.none
  /// The places that the filter lets through, in order, group by group; those of folded groups among them.
  private(set) var visible: [Int32] = []
  /// The groups that hold any of them; none without grouping.
  private(set) var groups: [RunGroup] = []
  /// What the table shows: places, and `~index` for the header of a group. The same as `visible` without grouping.
  private var rows: [Int32] = []

  private var grouper = RunGroups()
  private var standings: [RunStanding] = []
  private var order: [Int32] = []
  private var keys: [SortKey] = []
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
  /// What the filter knows beside the runs.
  private(set) var surroundings = FilterSurroundings()
  private(set) var labelNames: [String] = []
  private var knownLabels: Set<String> = []

  var grouping: RunGrouping { grouper.grouping }
  var hasChanges: Bool { !dirty.isEmpty || matchesChanged }
  var changeCount: Int { dirty.count }
  var rowCount: Int { rows.count }
  /// Whether events that change no state move, show or hide runs.
  var followsActivity: Bool { sort.column.followsActivity || filter.dependsOnActivity }

  /// What is in the row; nil past the last.
  func row(_ index: Int) -> RunRow? {
    guard rows.indices.contains(index) else { return nil }
    let row = rows[index]
    return row < 0 ? .group(Int(~row)) : .run(Int(row))
  }

  /// The row of the run at `place`; nil when it is held back or folded away.
  func index(ofRunAt place: Int) -> Int? { rows.firstIndex(of: Int32(place)) }

  /// The row of a group's header.
  func index(ofGroup key: String) -> Int? {
    groups.firstIndex { $0.key == key }.flatMap { rows.firstIndex(of: ~Int32($0)) }
  }

  /// The header of the group that the run at `place` is in; nil when the filter holds it back.
  func header(ofRunAt place: Int) -> Int? {
    grouper.key(ofRunAt: place).flatMap { matching[safe: place] == true ? index(ofGroup: $0) : nil }
  }

  /// The group whose rows the row is one of.
  func group(at index: Int) -> Int? {
    guard grouping != .none else { return nil }
    for row in rows.prefix(index + 1).reversed() where row < 0 { return Int(~row) }
    return nil
  }

  /// The places of a group's runs, folded or not.
  func places(ofGroup index: Int) -> ArraySlice<Int32> {
    guard groups.indices.contains(index) else { return [] }
    let start = groups[..<index].reduce(0) { $0 + $1.total }
    return visible[start..<start + groups[index].total]
  }

  // MARK: Taking in

  mutating func reset(_ board: RunBoard) {
    let (sort, filter, surroundings, grouper) = (sort, filter, surroundings, grouper)
    self = RunList()
    self.sort = sort
    self.filter = filter
    self.surroundings = surroundings
    self.grouper = grouper
    self.grouper.reset(grouper.grouping, board)
    standings.reserveCapacity(board.runs.count)
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
    let standing = RunStanding(board.runs[place])
    let stands = standing == standings[place]
    standings[place] = standing
    // A header counts what stands how, whether any row moves or not.
    if grouper.touch(place, board) || !stands && grouping != .none { matchesChanged = true }
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
      appendLowercased(text.utf8.contains(10) ? text.replacing("\n", with: " ") : text)
    }
    hayEnds.append((UInt32(title), UInt32(hay.count)))
    letters.append((ByteSearch.letters(hay[start..<title]), ByteSearch.letters(hay[start...])))
    for label in run.labels where knownLabels.insert(label).inserted { labelNames.append(label) }
    standings.append(RunStanding(run))
    runtimeOf.append(intern(run.runtimeId))
    matching.append(true)
    isDirty.append(false)
    keys.append(SortKey())
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

  private func key(for place: Int, _ board: RunBoard) -> SortKey {
    switch sort.column {
    case .title: SortKey(hay[title(place)])
    case .runtime: SortKey(runtimeBytes[Int(runtimeOf[place])])
    default: sort.column.key(of: board.runs[place], at: place)
    }
  }

  // MARK: Groups

  mutating func setGrouping(_ grouping: RunGrouping, _ board: RunBoard) {
    guard grouping != self.grouping else { return }
    grouper.reset(grouping, board)
    choose()
  }

  mutating func setFolded(_ key: String, _ isFolded: Bool) {
    if isFolded { grouper.folded.insert(key) } else { grouper.folded.remove(key) }
    choose()
  }

  // MARK: Choice

  mutating func setFilter(_ filter: RunFilter, _ board: RunBoard) {
    let before = self.filter
    guard filter != before else { return }
    self.filter = filter
    chooseAll(board, within: filter.narrows(before) && !matchesChanged ? before : nil)
  }

  /// Looks at every run again, for a filter that asks for what no event tells: the time, the marks.
  mutating func setSurroundings(_ surroundings: FilterSurroundings, _ board: RunBoard) -> Bool {
    self.surroundings = surroundings
    guard filter.dependsOnTime || filter.dependsOnMarks else { return false }
    let before = matching
    for place in keys.indices { matching[place] = matches(place, board) }
    guard matching != before else { return false }
    choose()
    return true
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
    let chosen = filter.isEmpty ? order : order.filter { matching[Int($0)] }
    if grouping == .none {
      (visible, groups, rows) = (chosen, [], chosen)
    } else {
      (visible, groups, rows) = grouper.arrange(chosen, standings: standings)
    }
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
        case .phrase(let needle):
          found = mayHold.all && needle.withUnsafeBufferPointer { ByteSearch.find($0, in: whole) != nil }
        case .id(let needle):
          let id = UnsafeBufferPointer(
            rebasing: whole[min(title.count + 1, whole.count)..<min(title.count + 27, whole.count)])
          found = mayHold.all && needle.withUnsafeBufferPointer { ByteSearch.find($0, in: id) != nil }
        case .label(let needle):
          found =
            mayHold.all && !board.runs[place].labels.isEmpty
            && needle.withUnsafeBufferPointer {
              ByteSearch.find($0, in: Self.labels(whole, title.count, board.runs[place].externalRef != nil)) != nil
            }
        case .status(let statuses, let attention):
          found = statuses.contains(board.runs[place].status) || attention && standings[place] == .attention
        case .pattern(let pattern): found = mayHold.title && pattern.matches(title)
        case .fact(let fact, let needle): found = fact.holds(needle, board.runs[place])
        case .number(let comparison):
          found = comparison.holds(board.runs[place], surroundings)
        case .condition(let condition):
          found = condition.holds(board.runs[place], place, surroundings)
        case .unfinished: continue
        }
        if found == term.isNegated { return false }
      }
      return true
    }
  }

  /// The part of a run's bytes that holds its labels: after title, id and reference.
  private static func labels(
    _ whole: UnsafeBufferPointer<UInt8>, _ title: Int, _ hasReference: Bool
  ) -> UnsafeBufferPointer<UInt8> {
    var start = min(title + 28, whole.count)
    if hasReference {
      while start < whole.count, whole[start] != UInt8(ascii: "\n") { start += 1 }
      start = min(start + 1, whole.count)
    }
    return UnsafeBufferPointer(rebasing: whole[start...])
  }
}
