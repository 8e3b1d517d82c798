package import RunModel

/// Something about runs that a person who looks elsewhere may want to hear.
package struct RunNotification: Sendable, Equatable {
  /// The raw value is its name in the configuration.
  package enum Kind: String, CaseIterable, Sendable { case attention, failed, ended }

  package var kind: Kind
  /// Oldest first; one, unless several came at once.
  package var runs: [Run]

  package init(kind: Kind, runs: [Run]) {
    self.kind = kind
    self.runs = runs
  }

  /// One line, as a person would say it.
  package var text: String {
    guard let run = runs.first, runs.count == 1 else {
      switch kind {
      case .attention: return "\(runs.count) runs need you"
      case .failed: return "\(runs.count) runs failed"
      case .ended: return "\(runs.count) runs ended"
      }
    }
    switch kind {
    case .attention: return "\(run.runId.shortName) asks: \(run.attention?.question ?? "") (\(run.title))"
    case .failed: return "\(run.runId.shortName) failed: \(run.title)\(run.reason.map { " (\($0))" } ?? "")"
    case .ended: return "\(run.runId.shortName) \(run.status.rawValue): \(run.title)"
    }
  }
}

/// What a person wants to hear of, how, and when not.
package struct NotificationRules: Sendable, Equatable {
  package enum Means: Sendable, Equatable {
    case bell, osc9
    /// A program with its arguments; the facts are in its environment.
    case command([String])
  }

  package var on: Set<RunNotification.Kind> = [.attention]
  package var by = Means.bell
  package var quiet: QuietHours?

  package init() {}
}

/// A stretch of every day, in minutes after midnight where the person is; it may go over midnight.
package struct QuietHours: Sendable, Equatable {
  package var from: Int
  package var to: Int

  /// Reads `22:00-07:00`.
  package init?(_ text: String) {
    let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { end -> Int? in
      let parts = end.split(separator: ":", omittingEmptySubsequences: false)
      guard parts.count == 2, parts.allSatisfy({ $0.utf8.count == 2 && $0.utf8.allSatisfy { $0 >= 48 && $0 <= 57 } }),
        let hour = Int(parts[0]), let minute = Int(parts[1]), hour < 24, minute < 60
      else { return nil }
      return hour * 60 + minute
    }
    guard ends.count == 2, let from = ends[0], let to = ends[1], from != to else { return nil }
    self.from = from
    self.to = to
  }

  /// `offset`: seconds east of Greenwich.
  func contains(_ time: Timestamp, offset: Int) -> Bool {
    let day: Int64 = 1440
    let minute = Int(((time.milliseconds / 60_000 + Int64(offset) / 60) % day + day) % day)
    return from < to ? minute >= from && minute < to : minute >= from || minute < to
  }
}

/// Tells each transition once: what comes again after a reconnect, or is only seen in a snapshot, is compared with what
/// was known before. The first is told at once; what follows within two seconds is told together.
struct NotificationMachine: Sendable {
  private var waiting: [(kind: RunNotification.Kind, run: RunID)] = []
  private var notBefore = Timestamp(milliseconds: 0)

  static let gathering = Duration.seconds(2)

  /// Whether an event of this type can be worth a word: only then the state before it is needed.
  static func concerns(_ type: EventType) -> Bool { type == .attention || type.endsRun }

  mutating func observe(_ before: Run?, _ after: Run, _ rules: NotificationRules) {
    guard let kind = Self.kind(before, after, rules.on) else { return }
    waiting.append((kind, after.runId))
  }

  /// What a person wants to hear of this step of a run; nil: nothing.
  static func kind(_ before: Run?, _ after: Run, _ wanted: Set<RunNotification.Kind>) -> RunNotification.Kind? {
    if after.status.isTerminal {
      guard before?.status.isTerminal != true else { return nil }
      if after.status == .failed, wanted.contains(.failed) { return .failed }
      return wanted.contains(.ended) ? .ended : nil
    }
    guard wanted.contains(.attention), let attention = after.attention else { return nil }
    return before?.attention?.attentionId == attention.attentionId ? nil : .attention
  }

  /// When there is something to tell; nil: nothing waits.
  var due: Timestamp? { waiting.isEmpty ? nil : notBefore }

  /// What is to be told now, one of each kind at most. Questions that were answered meanwhile are left out.
  mutating func flush(_ board: RunBoard, now: Timestamp) -> [RunNotification] {
    guard !waiting.isEmpty, now >= notBefore else { return [] }
    defer { waiting = [] }
    var told: [RunNotification] = []
    for kind in RunNotification.Kind.allCases {
      var seen: Set<RunID> = []
      let runs = waiting.filter { $0.kind == kind && seen.insert($0.run).inserted }.compactMap { board[$0.run] }
        .filter { kind != .attention || $0.needsAttention }
      if !runs.isEmpty { told.append(RunNotification(kind: kind, runs: runs)) }
    }
    if !told.isEmpty { notBefore = now + Self.gathering }
    return told
  }
}

extension DashboardState {
  mutating func tellNotices() {
    guard replay == nil else { return }
    let told = notices.flush(board, now: now)
    guard !told.isEmpty, notificationRules.quiet?.contains(now, offset: utcOffset) != true else { return }
    switch notificationRules.by {
    case .bell: emit(.bell)
    case .osc9, .command: for notification in told { emit(.notify(notification)) }
    }
  }

  /// What happened while the link was down.
  mutating func noticeChanges(since before: RunBoard) {
    for run in board.runs { notices.observe(before[run.runId], run, notificationRules) }
  }
}
