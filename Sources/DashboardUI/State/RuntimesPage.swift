import RunModel

/// The runtimes screen beside its matrix: the pane that tells more of the one under the cursor.
struct RuntimesPage: Sendable {
  /// That a runtime fell ill or got well, as its event says.
  struct HealthChange: Sendable, Equatable {
    var seq: UInt64
    var time: Timestamp
    var runtime: RuntimeID
    var health: RuntimeSummary.Health
    var reason: String?

    /// Nil for any other event.
    init?(_ event: RunEvent) {
      switch event.type {
      case .runtimeRegistered: health = .healthy
      case .runtimeDegraded: health = .degraded
      case .runtimeLost: health = .lost
      default: return nil
      }
      let named = event.data["runtimeId"]?.string
      guard let id = named ?? (event.source.hasPrefix("/runtimes/") ? String(event.source.dropFirst(10)) : nil) else {
        return nil
      }
      runtime = RuntimeID(id)
      seq = event.seq
      time = event.time
      reason = event.data["reason"]?.string
    }
  }

  var isOpen = false
  /// Lines of the pane above its first that shows.
  var top = 0
  /// Of the runtime under the cursor, once a second: its live runs, the latest first, and its latest failures.
  var live: [RunID] = []
  var failures: [RunID] = []
  var shownAt = Timestamp(milliseconds: 0)
  /// Ascending, the latest.
  private(set) var health: [HealthChange] = []
  var askedHealth = false

  static let mostChanges = 300

  mutating func add(_ events: some Sequence<RunEvent>) {
    var new = events.compactMap { HealthChange($0) }
    guard !new.isEmpty else { return }
    let known = Set(health.map(\.seq))
    new.removeAll { known.contains($0.seq) }
    health = Array((health + new).sorted { $0.seq < $1.seq }.suffix(Self.mostChanges))
  }
}
