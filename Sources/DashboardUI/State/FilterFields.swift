import RunModel

/// What a filter knows beside the runs.
struct FilterSurroundings: Sendable, Equatable {
  var now = Timestamp(milliseconds: 0)
  var quietTimes = QuietTimes()
  /// Places in the board.
  var marked: Set<Int> = []
}

/// How long a live run may say nothing before it is called stalled: as its runtime says.
struct QuietTimes: Sendable, Equatable {
  static let standard = Duration.seconds(120)
  private var own: [RuntimeID: Duration] = [:]

  init(_ runtimes: [RuntimeSummary] = []) {
    for runtime in runtimes { own[runtime.runtimeId] = .seconds(clamping: runtime.quietSeconds) }
  }

  subscript(run: Run) -> Duration { run.runtimeId.flatMap { own[$0] } ?? Self.standard }
}

extension Run {
  /// How long ago it was last heard of.
  func silence(at now: Timestamp) -> Duration { now - lastEventAt }

  /// Alive, waits for nobody, and said nothing for longer than `quiet`. The agent is silent while others act: a question,
  /// a cancel and verify commands are no stall.
  func isStalled(at now: Timestamp, after quiet: Duration) -> Bool {
    status == .running && attention == nil && cancellation == nil && !isVerifying && silence(at: now) > quiet
  }
}

/// Text of a run that changes, searched where it lies.
enum RunFact: String, CaseIterable, Sendable {
  case branch, reason, activity
  case reference = "ref"

  /// `needle` is lower-cased.
  func holds(_ needle: [UInt8], _ run: Run) -> Bool {
    let text: String? =
      switch self {
      case .branch: run.branch
      case .reason: run.reason
      case .activity: run.status.isTerminal ? nil : run.activity
      case .reference: run.externalRef
      }
    guard let text else { return false }
    let found = needle.withUnsafeBufferPointer { needle in
      text.utf8.withContiguousStorageIfAvailable { ByteSearch.findAnyCase(needle, in: $0) }
    }
    return found ?? text.lowercased().utf8.contains(needle)
  }
}

extension Collection where Element == UInt8 {
  fileprivate func contains(_ needle: [UInt8]) -> Bool {
    let own = Array(self)
    return own.withUnsafeBufferPointer { own in
      needle.withUnsafeBufferPointer { ByteSearch.find($0, in: own) != nil }
    }
  }
}

/// `priority:>5`, `age:<10m`, `cost:<=0.5`, `attempt:2`.
struct NumberTerm: Sendable, Equatable {
  enum Subject: String, CaseIterable, Sendable {
    case priority, age, files, cost, attempt, tokens, progress, silence

    var isTime: Bool { self == .age || self == .silence }
  }

  enum Relation: Sendable { case less, atMost, equal, atLeast, more }

  let subject: Subject
  let relation: Relation
  /// Times in milliseconds.
  let value: Double

  /// Nil when there is no number yet; throws the word that is none.
  init?(_ subject: Subject, _ text: Substring) throws(Problem) {
    var text = text
    func drop(_ prefix: String) -> Bool {
      guard text.hasPrefix(prefix) else { return false }
      text = text.dropFirst(prefix.count)
      return true
    }
    relation =
      drop(">=") ? .atLeast : drop("<=") ? .atMost : drop(">") ? .more : drop("<") ? .less : drop("=") ? .equal : .equal
    self.subject = subject
    guard !text.isEmpty else { return nil }
    guard let value = subject.isTime ? Self.milliseconds(text) : Double(text.drop { $0 == "$" }), value.isFinite else {
      throw Problem(
        .invalid,
        subject.isTime
          ? "\(subject.rawValue): wants a time such as <10m, >2h, >90s or >1d, not \(text)"
          : "\(subject.rawValue): wants a number such as >5, not \(text)")
    }
    self.value = value
  }

  private static func milliseconds(_ text: Substring) -> Double? {
    let units: [Character: Double] = ["s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000]
    if let last = text.last, let unit = units[last] { return Double(text.dropLast()).map { $0 * unit } }
    return Double(text).map { $0 * 60_000 }
  }

  func holds(_ run: Run, _ surroundings: FilterSurroundings) -> Bool {
    let own: Double
    switch subject {
    case .priority: own = Double(run.priority)
    case .age: own = Double((surroundings.now - run.createdAt).milliseconds)
    case .silence:
      guard !run.status.isTerminal else { return false }
      own = Double(run.silence(at: surroundings.now).milliseconds)
    case .files:
      guard let files = run.filesChanged else { return false }
      own = Double(files)
    case .cost:
      guard let cost = run.costUSD else { return false }
      own = cost
    case .attempt: own = Double(run.attempt)
    case .tokens:
      guard run.inputTokens != nil || run.outputTokens != nil else { return false }
      own = Double(run.inputTokens ?? 0) + Double(run.outputTokens ?? 0)
    case .progress:
      guard run.progressKnown else { return false }
      own = run.progress * 100
    }
    return switch relation {
    case .less: own < value
    case .atMost: own <= value
    case .equal: own == value
    case .atLeast: own >= value
    case .more: own > value
    }
  }
}

/// `is:stalled` and the like.
enum RunCondition: String, CaseIterable, Sendable {
  case attention, stalled, conflict, marked, live, ended

  func holds(_ run: Run, _ place: Int, _ surroundings: FilterSurroundings) -> Bool {
    switch self {
    case .attention: run.needsAttention
    case .stalled: run.isStalled(at: surroundings.now, after: surroundings.quietTimes[run])
    case .conflict: !run.conflicts.isEmpty && !run.status.isTerminal
    case .marked: surroundings.marked.contains(place)
    case .live: !run.status.isTerminal
    case .ended: run.status.isTerminal
    }
  }
}
