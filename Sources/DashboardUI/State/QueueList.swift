import RunModel

/// What kind of thing a queued run waits for.
enum QueueWait: Int, CaseIterable, Sendable {
  case approval, dependency, health, slot, turn

  init(_ run: Run) {
    let kinds = run.waits.map(\.kind)
    if run.awaitsApproval {
      self = .approval
    } else if kinds.contains(.dependency) {
      self = .dependency
    } else if kinds.contains(.health) {
      self = .health
    } else {
      self = kinds.contains(.slot) ? .slot : .turn
    }
  }

  var word: String {
    switch self {
    case .approval: "approval"
    case .dependency: "other work"
    case .health: "health"
    case .slot: "slot"
    case .turn: "its turn"
    }
  }
}

/// The queued runs in the order in which they will go: those that need an approval first, as a person must act on them,
/// then by priority, then as they were created. Kept only while someone looks.
struct QueueList: Sendable {
  private struct Entry: Sendable, Comparable {
    var group: Int8
    var priority: Int
    var run: RunID
    var place: Int32

    static func < (a: Self, b: Self) -> Bool {
      if a.group != b.group { return a.group < b.group }
      if a.priority != b.priority { return a.priority > b.priority }
      return a.run < b.run
    }
  }

  private var entries: [Entry] = []
  private var touched: Set<Int32> = []

  var count: Int { entries.count }
  var hasChanges: Bool { !touched.isEmpty }
  /// How many of the first need an approval.
  private(set) var approvals = 0

  /// The place in the board of the run at `index`.
  subscript(index: Int) -> Int? { entries.indices.contains(index) ? Int(entries[index].place) : nil }

  func index(of run: RunID) -> Int? { entries.firstIndex { $0.run == run } }

  mutating func reset(_ board: RunBoard) {
    entries = board.runs.indices.compactMap { Self.entry($0, board) }.sorted()
    touched = []
    countApprovals()
  }

  mutating func touch(_ place: Int) { touched.insert(Int32(place)) }

  /// Puts what changed where it belongs.
  mutating func settle(_ board: RunBoard) {
    guard !touched.isEmpty else { return }
    let moved = touched.compactMap { Self.entry(Int($0), board) }.sorted()
    var merged: [Entry] = []
    merged.reserveCapacity(entries.count + moved.count)
    var next = 0
    for entry in entries where !touched.contains(entry.place) {
      while next < moved.count, moved[next] < entry {
        merged.append(moved[next])
        next += 1
      }
      merged.append(entry)
    }
    merged += moved[next...]
    entries = merged
    touched = []
    countApprovals()
  }

  private mutating func countApprovals() {
    approvals = entries.firstIndex { $0.group > 0 } ?? entries.count
  }

  private static func entry(_ place: Int, _ board: RunBoard) -> Entry? {
    guard board.runs.indices.contains(place), board.runs[place].status == .queued else { return nil }
    let run = board.runs[place]
    return Entry(
      group: run.awaitsApproval ? 0 : 1, priority: run.priority, run: run.runId, place: Int32(place))
  }
}

/// The queue screen: the rows and where the person is among them.
struct QueuePage: Sendable {
  var list = QueueList()
  var selection: RunID?
  /// The place of the selection in the list.
  var cursor = 0
  var top = 0
}
