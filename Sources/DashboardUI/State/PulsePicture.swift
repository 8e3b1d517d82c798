import RunModel

/// What the charts of one window show: a value a bucket, oldest first.
struct PulsePicture: Sendable, Equatable {
  var succeeded: [Double?] = []
  var failed: [Double?] = []
  var canceled: [Double?] = []
  /// Shares of 1.
  var success: [Double?] = []
  /// Milliseconds.
  var median: [Double?] = []
  var longest: [Double?] = []
  var running: [Double?] = []
  var queued: [Double?] = []
  /// A second; nil before this dashboard began to count.
  var events: [Double?] = []
  /// Dollars and tokens a minute, of the runs that ended.
  var cost: [Double?] = []
  var tokens: [Double?] = []
  /// When it was made: its right edge.
  var end = Timestamp(milliseconds: 0)

  init() {}

  init(_ pulse: Pulse, _ window: PulsePage.Window) {
    end = pulse.end
    let ring = pulse.ring(for: window)
    let count = Int(window.milliseconds / ring.width)
    let all = ring.buckets
    // A rate is that of the last minute at least, so that one run makes no spike; shares and medians look back further.
    let rateSpan = Int(max(1, 60_000 / ring.width))
    let shareSpan = max(rateSpan, count / 12)
    let minutes = Double(rateSpan) * Double(ring.width) / 60_000
    var rate = PulseBucket()
    var share = PulseBucket()
    let first = all.count - count
    for index in max(0, first - shareSpan)..<all.count {
      rate.add(all[index], 1)
      share.add(all[index], 1)
      if index - rateSpan >= max(0, first - shareSpan) { rate.add(all[index - rateSpan], -1) }
      if index - shareSpan >= max(0, first - shareSpan) { share.add(all[index - shareSpan], -1) }
      guard index >= first else { continue }
      succeeded.append(Double(rate.succeeded) / minutes)
      failed.append(Double(rate.failed) / minutes)
      canceled.append(Double(rate.canceled) / minutes)
      cost.append(Double(rate.cost) / 1_000_000 / minutes)
      tokens.append(Double(rate.tokens) / minutes)
      let judged = share.succeeded + share.failed
      success.append(judged > 0 ? Double(share.succeeded) / Double(judged) : nil)
      median.append(share.durations.quantile(0.5))
      longest.append(share.durations.quantile(0.9))
      let start = (ring.last - Int64(all.count - 1 - index)) * ring.width
      let seconds = Double(index == all.count - 1 ? max(1000, end.milliseconds - start) : ring.width) / 1000
      let isKnown = pulse.eventsSince.map { $0.milliseconds < start + ring.width } ?? false
      events.append(isKnown ? Double(all[index].events) / seconds : nil)
    }
    // From the numbers of now back through the changes.
    var (live, waiting) = (pulse.running, pulse.queued)
    var levels: [(Double, Double)] = []
    for index in stride(from: all.count - 1, through: max(0, first), by: -1) {
      levels.append((Double(max(0, live)), Double(max(0, waiting))))
      live -= all[index].runningChange
      waiting -= all[index].queuedChange
    }
    running = levels.reversed().map(\.0)
    queued = levels.reversed().map(\.1)
  }
}

extension PulseBucket {
  fileprivate mutating func add(_ other: PulseBucket, _ sign: Int) {
    succeeded += other.succeeded * sign
    failed += other.failed * sign
    canceled += other.canceled * sign
    tokens &+= other.tokens &* Int64(sign)
    cost &+= other.cost &* Int64(sign)
    durations.add(other.durations, Int32(sign))
  }
}

extension Pulse {
  func ring(for window: PulsePage.Window) -> PulseRing {
    switch window {
    case .fiveMinutes, .quarter: fine
    case .hour, .sixHours: middle
    case .day: coarse
    }
  }

  /// Runs of a runtime that ended, in `cells` equal parts of the last half hour, oldest first; those that failed beside.
  func ended(on runtime: RuntimeID, cells: Int) -> (all: [Double], failed: [Double]) {
    guard cells > 0 else { return ([], []) }
    let buckets = runtimes[runtime]?.buckets.suffix(60) ?? []
    var all = [Double](repeating: 0, count: cells)
    var failed = all
    for (offset, bucket) in buckets.enumerated() {
      let cell = offset * cells / buckets.count
      all[cell] += Double(bucket.ended)
      failed[cell] += Double(bucket.failed)
    }
    return (all, failed)
  }

  /// Runs a minute that ended on a runtime, over the last five.
  func throughput(of runtime: RuntimeID) -> Double {
    let ended = runtimes[runtime]?.buckets.suffix(11).reduce(0) { $0 + $1.ended } ?? 0
    return Double(ended) / 5
  }
}
