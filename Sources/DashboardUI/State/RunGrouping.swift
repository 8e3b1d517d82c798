import RunModel

/// What the rows of the table are put together by.
enum RunGrouping: String, CaseIterable, Sendable {
  case none, runtime, status, batch, label
}

/// A group of rows: what its header tells.
struct RunGroup: Sendable, Equatable {
  /// The same group has the same key from one moment to the next: a status, a runtime, a batch's first run, a label.
  /// Empty: what has none of these.
  var key: String
  var isFolded: Bool
  /// Of those that the filter lets through, by `RunStanding`.
  var counts: [Int]

  var total: Int { counts.reduce(0, +) }
  subscript(standing: RunStanding) -> Int { counts[standing.rawValue] }
}

/// A status, or that someone is needed, which comes before any.
enum RunStanding: Int, CaseIterable, Sendable {
  case attention, running, queued, failed, succeeded, canceled

  init(_ run: Run) {
    if run.needsAttention {
      self = .attention
      return
    }
    self =
      switch run.status {
      case .queued: .queued
      case .running: .running
      case .succeeded: .succeeded
      case .failed: .failed
      case .canceled: .canceled
      }
  }

  var status: RunStatus? {
    switch self {
    case .attention: nil
    case .running: .running
    case .queued: .queued
    case .failed: .failed
    case .succeeded: .succeeded
    case .canceled: .canceled
    }
  }

  var name: String { self == .attention ? "needs you" : status?.rawValue ?? "" }
}

/// A row of the screen.
enum RunRow: Sendable, Equatable {
  /// A place in the board.
  case run(Int)
  /// An index into `groups`.
  case group(Int)
}

/// Which group each run is in, kept as runs change.
struct RunGroups: Sendable {
  private(set) var grouping = RunGrouping.none
  var folded: Set<String> = []
  private var groupOf: [Int32] = []
  private var names: [String] = []
  private var known: [String: Int32] = [:]
  /// The groups in their order on the screen; nil when a new one came.
  private var order: [Int32]?

  mutating func reset(_ grouping: RunGrouping, _ board: RunBoard) {
    if grouping != self.grouping { folded = [] }
    self.grouping = grouping
    names = []
    known = [:]
    order = nil
    groupOf = []
    guard grouping != .none else { return }
    groupOf.reserveCapacity(board.runs.count)
    for place in board.runs.indices { groupOf.append(group(of: place, board)) }
  }

  func key(ofRunAt place: Int) -> String? {
    guard grouping != .none, groupOf.indices.contains(place) else { return nil }
    return names[Int(groupOf[place])]
  }

  /// True if the run is in another group now.
  mutating func touch(_ place: Int, _ board: RunBoard) -> Bool {
    guard grouping != .none else { return false }
    while groupOf.count < place { groupOf.append(group(of: groupOf.count, board)) }
    let group = group(of: place, board)
    guard place < groupOf.count else {
      groupOf.append(group)
      return true
    }
    guard groupOf[place] != group else { return false }
    groupOf[place] = group
    return true
  }

  private mutating func group(of place: Int, _ board: RunBoard) -> Int32 {
    let run = board.runs[place]
    let key: String =
      switch grouping {
      case .none: ""
      case .status: RunStanding(run).name
      case .runtime: run.runtimeId?.rawValue ?? ""
      case .batch: run.batch?.description ?? ""
      case .label: run.labels.first ?? ""
      }
    if let known = known[key] { return known }
    let new = Int32(names.count)
    names.append(key)
    known[key] = new
    order = nil
    return new
  }

  /// Puts `chosen`, which is in order, together by group: the runs in their new order, the groups that hold any, and the
  /// rows, headers (`~index`) among them.
  mutating func arrange(
    _ chosen: [Int32], standings: [RunStanding]
  ) -> (visible: [Int32], groups: [RunGroup], rows: [Int32]) {
    let order = order ?? sorted()
    self.order = order
    var sizes = [Int](repeating: 0, count: names.count)
    for place in chosen { sizes[Int(groupOf[Int(place)])] += 1 }
    var starts = [Int](repeating: 0, count: names.count)
    var slots = [Int](repeating: 0, count: names.count)
    var groups: [RunGroup] = []
    var at = 0
    let none = [Int](repeating: 0, count: RunStanding.allCases.count)
    for id in order.map(Int.init) where sizes[id] > 0 {
      starts[id] = at
      slots[id] = groups.count
      at += sizes[id]
      groups.append(RunGroup(key: names[id], isFolded: folded.contains(names[id]), counts: none))
    }
    var next = starts
    var visible = [Int32](repeating: 0, count: chosen.count)
    for place in chosen {
      let id = Int(groupOf[Int(place)])
      visible[next[id]] = place
      next[id] += 1
      groups[slots[id]].counts[standings[Int(place)].rawValue] += 1
    }
    var rows: [Int32] = []
    rows.reserveCapacity(visible.count + groups.count)
    at = 0
    for (index, group) in groups.enumerated() {
      rows.append(~Int32(index))
      let size = group.total
      if !group.isFolded { rows.append(contentsOf: visible[at..<at + size]) }
      at += size
    }
    return (visible, groups, rows)
  }

  /// Statuses as they matter, batches newest first, names by the alphabet; what has no group comes last.
  private func sorted() -> [Int32] {
    let ids = (0..<Int32(names.count)).map { $0 }
    return ids.sorted { a, b in
      let (x, y) = (names[Int(a)], names[Int(b)])
      if x.isEmpty != y.isEmpty { return y.isEmpty }
      switch grouping {
      case .status:
        func rank(_ name: String) -> Int { RunStanding.allCases.firstIndex { $0.name == name } ?? 0 }
        return rank(x) < rank(y)
      case .batch: return x > y
      case .runtime, .label, .none: return x < y
      }
    }
  }
}
