package import RunModel

/// A recording being played: commands and the time go in, what the dashboard is to be told comes out. No I/O but the
/// recording's own bytes, and no more work at a time than fits into a frame or two.
package struct Replay: Sendable {
  /// What a person asks of it.
  package enum Command: Sendable, Equatable {
    case playOrPause
    case step(Int)
    case speed(ReplaySpeed)
    /// By this share of the whole time.
    case skip(Double)
    /// To this share of the whole time.
    case go(Double)
    case goTo(Timestamp)
    /// The first time that it is so late, in seconds after midnight, `offset` seconds east of Greenwich.
    case goToTimeOfDay(Int, offset: Int)
  }

  /// How soon `advance` is to be called again.
  package enum Rest: Sendable, Equatable {
    case atOnce
    /// With the next frame.
    case soon
    /// After the next command.
    case idle
  }

  package private(set) var feed: ReplayFeed
  private var clock: ReplayClock
  private let name: String
  /// Where it is going by itself; nil: where the clock says.
  private var goal: Int?
  private var hasBegun = false
  private var hasEnded = false
  private var tellsState = true
  /// A place asked for that is not looked through yet.
  private var wish: Command?

  /// Events given out one by one for each turn; what is further away is folded and given out as a state.
  private static let most = 4000
  /// Events folded each turn on the way to another place.
  private static let stride = 20_000
  private static let indexed = 1 << 20

  package init(_ recording: Recording, name: String, speed: ReplaySpeed = .normal, isPlaying: Bool = true) {
    feed = ReplayFeed(recording)
    self.name = name
    clock = ReplayClock(at: Timestamp(milliseconds: 0), real: 0, speed: speed, isPlaying: isPlaying)
  }

  private var recording: Recording { feed.recording }

  // MARK: Commands

  package mutating func take(_ command: Command, _ now: Int64) {
    guard let first = recording.first, let last = recording.last else {
      // Nothing is looked through yet.
      if !recording.isComplete { wish = command }
      return
    }
    let span = Double((last - first).milliseconds)
    switch command {
    case .playOrPause:
      if hasEnded {
        go(to: first, now)
        clock.setPlaying(true, now)
      } else {
        clock.setPlaying(!clock.isPlaying, now)
      }
    case .speed(let speed): clock.setSpeed(speed, now)
    case .step(let count):
      clock.setPlaying(false, now)
      let target = max(0, min(recording.count, (goal ?? feed.place) + count))
      hasEnded = false
      goal = target
      clock.set(recording.time(before: target) ?? first, now)
    case .skip(let share): go(to: clock.time(now) + .milliseconds(Int64(span * share)), now)
    case .go(let share):
      // What is not looked through yet has no times: the end waits for it.
      if !recording.isComplete { wish = command }
      go(to: first + .milliseconds(Int64(span * max(0, min(1, share)))), now)
      if share <= 0 { goal = 0 }
    case .goTo(let time):
      if !recording.isComplete { wish = command }
      go(to: time, now)
    case .goToTimeOfDay(let seconds, let offset):
      if !recording.isComplete { wish = command }
      let day: Int64 = 86_400_000
      let begins = ((first.milliseconds + Int64(offset) * 1000) % day + day) % day
      let later = (Int64(seconds) * 1000 - begins + day) % day
      go(to: first + .milliseconds(later), now)
    }
  }

  private mutating func go(to time: Timestamp, _ now: Int64) {
    guard let first = recording.first, let last = recording.last else { return }
    let time = max(first, min(last, time))
    hasEnded = false
    goal = recording.place(at: time)
    clock.set(time, now)
  }

  // MARK: Going on

  /// What has changed by now, for the dashboard; ends with the status.
  package mutating func advance(_ now: Int64, wantsOutput: (RunID) -> Bool = { _ in false }) -> [Message] {
    if !recording.isComplete {
      feed.recording.index(Self.indexed)
      if recording.isComplete, let command = wish {
        wish = nil
        take(command, now)
      }
    }
    guard let first = recording.first, let last = recording.last else {
      return recording.isComplete && tellsState ? begin(now) : [.replay(status(now))]
    }
    if !hasBegun {
      hasBegun = true
      clock.set(first, now)
    }
    var messages: [Message] = []
    let target = target(now)
    if target < feed.place || target - feed.place > Self.most {
      feed.approach(target)
      feed.advance(to: target, budget: Self.stride)
      goal = goal ?? (feed.place < target ? target : nil)
      tellsState = true
      if feed.place == target { messages += tell() }
    } else {
      let events = feed.advance(to: target, wantsOutput: wantsOutput)
      if tellsState { messages += tell() } else if !events.isEmpty { messages.append(.events(events)) }
    }
    if feed.place == target {
      goal = nil
      if clock.isPlaying, clock.speed == .max, let time = recording.time(before: feed.place) { clock.set(time, now) }
      if recording.isComplete, feed.place == recording.count, clock.isPlaying, clock.time(now) >= last {
        clock.setPlaying(false, now)
        clock.set(last, now)
        hasEnded = true
      }
    }
    return messages + [.replay(status(now))]
  }

  private mutating func tell() -> [Message] {
    tellsState = false
    return [.snapshot(feed.snapshot)]
  }

  /// A recording without an event.
  private mutating func begin(_ now: Int64) -> [Message] {
    clock.setPlaying(false, now)
    hasEnded = true
    return tell() + [.replay(status(now))]
  }

  private func target(_ now: Int64) -> Int {
    if let goal { return goal }
    guard clock.isPlaying else { return feed.place }
    if clock.speed == .max { return min(recording.count, feed.place + Self.most / 2) }
    return max(feed.place, recording.place(at: clock.time(now)))
  }

  package func rest(_ now: Int64) -> Rest {
    if goal != nil || !recording.isComplete { return .atOnce }
    return clock.isPlaying ? .soon : .idle
  }

  package func status(_ now: Int64) -> ReplayStatus {
    let zero = Timestamp(milliseconds: 0)
    let (first, last) = (recording.first ?? zero, recording.last ?? zero)
    var status = ReplayStatus(name: name, time: max(first, min(last, clock.time(now))), first: first, last: last)
    status.motion = goal != nil ? .seeking : hasEnded ? .ended : clock.isPlaying ? .playing : .paused
    status.speed = clock.speed
    status.place = feed.place
    status.count = recording.count
    status.isIndexing = !recording.isComplete
    status.badLines = recording.badLines
    status.badCount = recording.badCount
    status.marks = recording.marks
    return status
  }

  /// The last events of a run up to here.
  package func backlog(_ run: RunID, limit: Int) -> [RunEvent] {
    feed.recording.events(of: run, before: feed.place, limit: limit)
  }
}
