import RunModel

/// Output lines that were left out under a bound, of all runs: so that nobody takes for whole what is not.
struct Drops: Sendable, Equatable {
  private(set) var total: Int64 = 0
  /// Since it began to happen; over once nothing has been dropped for a while.
  private(set) var lately: Int64 = 0
  private var last = Timestamp(milliseconds: 0)

  static let memory = Duration.seconds(60)

  mutating func reset(_ board: RunBoard) {
    total = board.runs.reduce(0) { $0 + $1.outputDropped }
  }

  mutating func add(_ lines: Int64, at now: Timestamp) {
    guard lines > 0 else { return }
    total += lines
    lately = isLate(now) ? lines : lately + lines
    last = now
  }

  /// Nil when nothing was dropped in the last minute.
  func recent(_ now: Timestamp) -> Int64? { lately > 0 && !isLate(now) ? lately : nil }

  private func isLate(_ now: Timestamp) -> Bool { now - last > Self.memory }

  /// When the header has no more to say of it.
  func ends(after now: Timestamp) -> Timestamp? { recent(now) == nil ? nil : last + Self.memory + .milliseconds(1) }
}
