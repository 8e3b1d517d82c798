import RunModel

/// What of a run the pulse counts.
struct RunMoments: Sendable, Equatable {
  var created: Timestamp
  var started: Timestamp?
  var ended: Timestamp?
  var status: RunStatus
  var runtime: RuntimeID?
  var tokens: Int64
  /// Millionths of a dollar: whole numbers add up to the same in any order.
  var cost: Int64

  init(_ run: Run) {
    created = run.createdAt
    started = run.startedAt
    ended = run.status.isTerminal ? run.endedAt : nil
    status = run.status
    runtime = run.runtimeId
    tokens = max(0, run.inputTokens ?? 0) &+ max(0, run.outputTokens ?? 0)
    let dollars = run.costUSD ?? 0
    cost = dollars.isFinite && dollars > 0 ? Int64(min(dollars, 1e9) * 1_000_000) : 0
  }
}

/// How long runs took, as counts in bins of a width of an eighth: any two add up, and what was added can be taken away.
struct DurationCounts: Sendable, Equatable {
  private var bins: [UInt8: Int32] = [:]
  private(set) var count: Int32 = 0

  static func bin(_ milliseconds: Int64) -> UInt8 {
    let value = UInt64(max(1, min(milliseconds, 1 << 31)))
    let octave = 63 - value.leadingZeroBitCount
    let part = octave >= 3 ? value >> UInt64(octave - 3) & 7 : value << UInt64(3 - octave) & 7
    return UInt8(octave * 8 + Int(part))
  }

  /// The middle of a bin, in milliseconds.
  static func value(_ bin: UInt8) -> Double {
    let octave = Int(bin) / 8
    return (8.5 + Double(bin % 8)) * Double(UInt64(1) << UInt64(octave)) / 8
  }

  mutating func add(_ milliseconds: Int64, _ sign: Int32) { add(bin: Self.bin(milliseconds), sign) }

  mutating func add(_ other: DurationCounts, _ sign: Int32) {
    for (bin, count) in other.bins { add(bin: bin, count * sign) }
  }

  private mutating func add(bin: UInt8, _ change: Int32) {
    let sum = (bins[bin] ?? 0) &+ change
    bins[bin] = sum == 0 ? nil : sum
    count &+= change
  }

  /// The duration that `share` of the runs did not exceed; nil without runs.
  func quantile(_ share: Double) -> Double? {
    guard count > 0 else { return nil }
    let wanted = max(1, Int32((Double(count) * share).rounded(.up)))
    var seen: Int32 = 0
    for (bin, count) in bins.sorted(by: { $0.key < $1.key }) {
      seen &+= count
      if seen >= wanted { return Self.value(bin) }
    }
    return nil
  }
}

/// What happened in a stretch of time.
struct PulseBucket: Sendable, Equatable {
  var started = 0
  var succeeded = 0
  var failed = 0
  var canceled = 0
  /// How the numbers of live and of waiting runs changed.
  var runningChange = 0
  var queuedChange = 0
  /// Of the runs that ended.
  var tokens: Int64 = 0
  var cost: Int64 = 0
  var durations = DurationCounts()
  /// Seen by this dashboard.
  var events: Int64 = 0

  var ended: Int { succeeded + failed + canceled }
}

/// Buckets of one width, the latest so many; older ones fall off.
struct PulseRing: Sendable, Equatable {
  let width: Int64
  private(set) var buckets: [PulseBucket]
  /// The number of the last bucket: its beginning divided by the width.
  private(set) var last: Int64

  init(width: Int64, count: Int, end: Timestamp) {
    self.width = width
    buckets = Array(repeating: PulseBucket(), count: count)
    last = Self.number(end, width)
  }

  private static func number(_ time: Timestamp, _ width: Int64) -> Int64 {
    let milliseconds = time.milliseconds
    return milliseconds >= 0 ? milliseconds / width : (milliseconds - width + 1) / width
  }

  mutating func advance(to time: Timestamp) {
    let steps = Self.number(time, width) - last
    guard steps > 0 else { return }
    last += steps
    let dropped = Int(min(Int64(buckets.count), steps))
    buckets.removeFirst(dropped)
    buckets += Array(repeating: PulseBucket(), count: dropped)
  }

  /// What is older than the ring is left out; what is ahead of it belongs to the last bucket.
  mutating func change(at time: Timestamp, _ change: (inout PulseBucket) -> Void) {
    let back = max(0, last - Self.number(time, width))
    guard back < Int64(buckets.count) else { return }
    change(&buckets[buckets.count - 1 - Int(back)])
  }
}

/// What happened over time: counted as events come, of bounded size, and the same as counting all runs anew.
struct Pulse: Sendable, Equatable {
  /// 5 s for a quarter of an hour, 30 s for six hours, 5 min for a day; one more of each, for the one that is filling.
  private(set) var fine: PulseRing
  private(set) var middle: PulseRing
  private(set) var coarse: PulseRing
  /// 30 s for an hour, each runtime's own.
  private(set) var runtimes: [RuntimeID: PulseRing] = [:]
  private(set) var running = 0
  private(set) var queued = 0
  private(set) var end: Timestamp
  /// Since when this dashboard counts events.
  private(set) var eventsSince: Timestamp?

  private static let mostRuntimes = 200

  init(end: Timestamp = Timestamp(milliseconds: 0)) {
    self.end = end
    fine = PulseRing(width: 5000, count: 193, end: end)
    middle = PulseRing(width: 30_000, count: 745, end: end)
    coarse = PulseRing(width: 300_000, count: 301, end: end)
  }

  /// All runs counted from nothing.
  init(_ board: RunBoard, end: Timestamp) {
    self.init(end: end)
    for place in board.runs.indices { add(RunMoments(board.runs[place]), 1) }
  }

  /// The same from a new snapshot; events that were counted stay.
  mutating func reset(_ board: RunBoard, now: Timestamp) {
    var fresh = Pulse(board, end: max(now, end))
    let old = self
    if let since = old.eventsSince {
      fresh.eventsSince = since
      fresh.copyEvents(from: old)
    }
    self = fresh
  }

  private mutating func copyEvents(from old: Pulse) {
    func copy(_ from: PulseRing, _ to: inout PulseRing) {
      for (offset, bucket) in from.buckets.enumerated() where bucket.events > 0 {
        let start = (from.last - Int64(from.buckets.count - 1 - offset)) * from.width
        to.change(at: Timestamp(milliseconds: start)) { $0.events += bucket.events }
      }
    }
    copy(old.fine, &fine)
    copy(old.middle, &middle)
    copy(old.coarse, &coarse)
  }

  mutating func advance(to time: Timestamp) {
    guard time > end else { return }
    end = time
    fine.advance(to: time)
    middle.advance(to: time)
    coarse.advance(to: time)
    for runtime in runtimes.keys { runtimes[runtime]?.advance(to: time) }
  }

  mutating func count(events: Int) {
    eventsSince = eventsSince ?? end
    change(at: end, nil) { $0.events += Int64(events) }
  }

  /// A run is other than it was; `before` is nil for a new one.
  mutating func changed(from before: RunMoments?, to after: RunMoments) {
    guard before != after else { return }
    if let before { add(before, -1) }
    add(after, 1)
  }

  private mutating func add(_ run: RunMoments, _ sign: Int) {
    switch run.status {
    case .queued: queued += sign
    case .running: running += sign
    case .succeeded, .failed, .canceled: break
    }
    change(at: run.created, nil) { $0.queuedChange += sign }
    if let started = run.started {
      change(at: started, run.runtime) {
        $0.started += sign
        $0.queuedChange -= sign
        $0.runningChange += sign
      }
    }
    guard let ended = run.ended else { return }
    change(at: ended, run.runtime) { bucket in
      switch run.status {
      case .succeeded: bucket.succeeded += sign
      case .failed: bucket.failed += sign
      case .canceled: bucket.canceled += sign
      case .queued, .running: break
      }
      bucket.tokens &+= run.tokens &* Int64(sign)
      bucket.cost &+= run.cost &* Int64(sign)
      if let started = run.started {
        bucket.runningChange -= sign
        // How long the work takes: a cancel says nothing of that.
        if run.status != .canceled { bucket.durations.add((ended - started).milliseconds, Int32(sign)) }
      } else {
        bucket.queuedChange -= sign
      }
    }
  }

  private mutating func change(at time: Timestamp, _ runtime: RuntimeID?, _ change: (inout PulseBucket) -> Void) {
    fine.change(at: time, change)
    middle.change(at: time, change)
    coarse.change(at: time, change)
    guard let runtime else { return }
    if runtimes[runtime] == nil, runtimes.count < Self.mostRuntimes {
      runtimes[runtime] = PulseRing(width: 30_000, count: 121, end: end)
    }
    runtimes[runtime]?.change(at: time, change)
  }
}
