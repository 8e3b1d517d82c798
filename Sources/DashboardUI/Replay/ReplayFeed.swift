package import RunModel

/// A recording folded up to one place, and the way to any other.
///
/// Boards are kept at regular places, so that going back folds a few thousand events and not all; when they would hold too
/// much, every second one goes and the steps double.
package struct ReplayFeed: Sendable {
  package var recording: Recording
  package private(set) var board = RunBoard()
  /// Events folded in.
  package private(set) var place = 0
  private var checkpoints: [(place: Int, board: RunBoard)] = []
  private var spacing: Int
  /// As they registered; going back forgets none.
  private var registered: [RuntimeID: RuntimeSummary] = [:]
  private let mostRuns: Int

  private static let mostCheckpoints = 128

  /// `mostRuns`: how many runs all kept boards may hold together.
  package init(_ recording: Recording, spacing: Int = 4096, mostRuns: Int = 100_000) {
    self.recording = recording
    self.spacing = spacing
    self.mostRuns = mostRuns
  }

  package var checkpointCount: Int { checkpoints.count }

  /// Goes to the nearest place from which `target` is reached forwards: here, or a kept board.
  package mutating func approach(_ target: Int) {
    let nearest = checkpoints.last { $0.place <= target }
    if target < place || (nearest?.place ?? 0) > place {
      place = nearest?.place ?? 0
      board = nearest?.board ?? RunBoard()
    }
  }

  /// Folds on towards `target`, at most `budget` events, and returns them.
  @discardableResult
  package mutating func advance(
    to target: Int, budget: Int = .max, wantsOutput: (RunID) -> Bool = { _ in false }
  ) -> [RunEvent] {
    var folded: [RunEvent] = []
    var left = budget
    let target = min(target, recording.count)
    while place < target, left > 0 {
      let stop = min(target, (place / spacing + 1) * spacing, left == .max ? .max : place + left)
      let events = recording.events(place..<stop, wantsOutput: wantsOutput)
      for event in events {
        board.apply(event)
        if event.type == .runtimeRegistered { register(event) }
      }
      left -= stop - place
      place = stop
      folded += events
      if place % spacing == 0, place > checkpoints.last?.place ?? 0 { keep() }
    }
    return folded
  }

  private mutating func register(_ event: RunEvent) {
    guard let id = event.data["runtimeId"]?.string.map({ RuntimeID($0) }), let kind = event.data["kind"]?.string,
      let capabilities = event.data["capabilities"]
    else { return }
    registered[id] = RuntimeSummary(
      runtimeId: id, kind: kind, capabilities: RuntimeCapabilities(json: capabilities), health: .healthy)
  }

  private mutating func keep() {
    checkpoints.append((place, board))
    while checkpoints.count > 1,
      checkpoints.count > Self.mostCheckpoints || checkpoints.reduce(0, { $0 + $1.board.runs.count }) > mostRuns
    {
      spacing *= 2
      checkpoints.removeAll { $0.place % spacing != 0 }
    }
  }

  /// The whole state here.
  package var snapshot: Snapshot { Snapshot(seq: board.seq, runs: board.runs, runtimes: runtimes) }

  /// The runtimes as far as the runs tell of them.
  package var runtimes: [RuntimeSummary] {
    var found = registered
    for run in board.runs {
      guard let id = run.runtimeId else { continue }
      var summary =
        found[id]
        ?? RuntimeSummary(
          runtimeId: id, kind: "recorded", capabilities: RuntimeCapabilities(maxParallelTasks: 1), health: .healthy)
      switch run.status {
      case .queued: break
      case .running: summary.slotsUsed += 1
      case .succeeded: summary.succeeded += 1
      case .failed: summary.failed += 1
      case .canceled: summary.canceled += 1
      }
      summary.capabilities.maxParallelTasks = max(summary.capabilities.maxParallelTasks, summary.slotsUsed)
      found[id] = summary
    }
    return found.values.sorted { $0.runtimeId < $1.runtimeId }
  }
}
