package import RunModel

/// Which moment of the recording is now: real milliseconds go in, the recording's time comes out.
package struct ReplayClock: Sendable {
  package private(set) var speed: ReplaySpeed
  package private(set) var isPlaying: Bool
  private var recorded: Timestamp
  private var real: Int64

  package init(at recorded: Timestamp, real: Int64, speed: ReplaySpeed = .normal, isPlaying: Bool = true) {
    self.recorded = recorded
    self.real = real
    self.speed = speed
    self.isPlaying = isPlaying
  }

  /// At the greatest speed it stands still: how far one has come is told by `set`.
  package func time(_ now: Int64) -> Timestamp {
    guard isPlaying, let factor = speed.factor else { return recorded }
    return recorded + .milliseconds(Int64(Double(max(0, now - real)) * factor))
  }

  package mutating func set(_ time: Timestamp, _ now: Int64) {
    recorded = time
    real = now
  }

  package mutating func setPlaying(_ playing: Bool, _ now: Int64) {
    set(time(now), now)
    isPlaying = playing
  }

  package mutating func setSpeed(_ speed: ReplaySpeed, _ now: Int64) {
    set(time(now), now)
    self.speed = speed
  }
}
