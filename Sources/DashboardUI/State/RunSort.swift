import RunModel

enum SortColumn: String, CaseIterable, Sendable {
  /// Those that need someone, then running, queued, ended newest first.
  case state
  case run, title, runtime, progress, elapsed, files, tests, activity, priority, attempt, branch, labels, reference
  case cost, tokens, score, created, ended, reason
}

struct RunSort: Sendable, Equatable {
  var column = SortColumn.state
  var isInverted = false
}

/// Where a run belongs among the others: small keys come first. None depends on the time of day, so that rows hold still
/// while clocks run.
struct SortKey: Sendable, Equatable {
  var high: Int64 = 0
  var low: Int64 = 0

  init(high: Int64 = 0, low: Int64 = 0) {
    self.high = high
    self.low = low
  }

  /// The first 14 bytes; what is empty comes last.
  init(_ bytes: some Sequence<UInt8>) {
    var index: Int64 = 0
    for byte in bytes.prefix(14) {
      if index < 7 { high |= Int64(byte) << (8 * (6 - index)) } else { low |= Int64(byte) << (8 * (13 - index)) }
      index += 1
    }
    if index == 0 { high = .max }
  }

  /// Text of a run, whatever its case; nil and empty come last.
  init(text: String?) {
    self.init((text ?? "").utf8.lazy.map { $0 >= 65 && $0 <= 90 ? $0 | 32 : $0 })
  }
}

extension SortColumn {
  /// Whether events that change no state move runs.
  var followsActivity: Bool {
    switch self {
    case .progress, .activity, .cost, .tokens: true
    default: false
    }
  }

  /// The key of a run but for those that `RunList` has the bytes of: title and runtime.
  func key(of run: Run, at place: Int) -> SortKey {
    let started = run.startedAt?.milliseconds ?? run.createdAt.milliseconds
    switch self {
    case .state:
      if run.needsAttention { return SortKey(high: 0, low: run.attention?.since.milliseconds ?? 0) }
      switch run.status {
      case .running: return SortKey(high: 1, low: -started)
      case .queued:
        return SortKey(high: Int64(2000 - max(1, min(1000, run.priority))), low: run.createdAt.milliseconds)
      case .succeeded, .failed, .canceled:
        return SortKey(high: 10_000, low: -(run.endedAt ?? run.lastEventAt).milliseconds)
      }
    case .run: return SortKey(high: -Int64(place))
    case .title, .runtime: return SortKey()
    case .progress:
      guard run.progressKnown else { return SortKey(high: 1) }
      return SortKey(low: -Int64(Format.percent(run.progress)))
    case .elapsed:
      guard run.startedAt != nil else { return SortKey(high: 2, low: run.createdAt.milliseconds) }
      if let ended = run.endedAt { return SortKey(high: 1, low: started - ended.milliseconds) }
      return SortKey(high: 0, low: started)
    case .files: return SortKey(low: 0 &- Int64((run.added ?? 0) &+ (run.removed ?? 0)))
    case .tests:
      guard let total = run.testsTotal, total > 0 else { return SortKey(high: 1) }
      return SortKey(low: Int64(Format.percent(Double(run.testsPassed ?? 0) / Double(total))))
    case .activity:
      // In steps of ten seconds, so that rows do not dance.
      return SortKey(high: run.status.isTerminal ? 1 : 0, low: -(run.lastEventAt.milliseconds / 10_000))
    case .priority: return SortKey(high: 0 &- Int64(max(-1_000_000, min(1_000_000, run.priority))))
    case .attempt: return SortKey(high: -Int64(max(0, min(1_000_000, run.attempt))))
    case .branch: return SortKey(text: run.branch.map { String($0.hasPrefix("awf/") ? $0.dropFirst(4) : $0[...]) })
    case .labels: return SortKey(text: run.labels.first)
    case .reference: return SortKey(text: run.externalRef)
    case .cost:
      guard let cost = run.costUSD, cost.isFinite else { return SortKey(high: 1) }
      return SortKey(low: -Int64(max(-1e12, min(1e12, cost)) * 10_000))
    case .tokens:
      guard run.inputTokens != nil || run.outputTokens != nil else { return SortKey(high: 1) }
      let sum = (run.inputTokens ?? 0).addingReportingOverflow(run.outputTokens ?? 0)
      return SortKey(low: sum.overflow ? .min : 0 &- sum.partialValue)
    case .score:
      guard let score = run.score else { return SortKey(high: 1) }
      return SortKey(low: -Int64(score.total))
    case .created: return SortKey(low: -run.createdAt.milliseconds)
    case .ended:
      guard let ended = run.endedAt else { return SortKey(high: 1) }
      return SortKey(low: -ended.milliseconds)
    case .reason: return SortKey(text: run.reason)
    }
  }
}
