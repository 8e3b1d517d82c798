import RunModel

/// When an adapter that has ended is started again. A value with no I/O.
struct AdapterLife: Equatable {
  private let pause: Duration
  private let patience: Int
  /// Ends in a row, without a quiet time between them.
  private(set) var failures = 0
  static let longestPause = Duration.seconds(60)
  /// Who was up for so long has not failed in a row.
  static let quiet = Duration.seconds(60)

  init(pause: Duration, patience: Int) {
    self.pause = pause
    self.patience = patience
  }

  struct Restart: Equatable {
    var pause: Duration
    /// The runs that wait for it should wait no more.
    var givesUp: Bool
  }

  /// It has ended, or could not be started (`upFor` nil).
  mutating func failed(upFor: Duration?) -> Restart {
    if let upFor, upFor >= Self.quiet { failures = 0 }
    failures += 1
    var pause = pause
    for _ in 1..<max(2, min(failures, 16)) where failures > 1 { pause *= 2 }
    return Restart(pause: min(pause, Self.longestPause), givesUp: failures >= patience)
  }

  /// `2.5 s`.
  static func words(_ duration: Duration) -> String {
    "\(JSONWriter.number((Double(duration.milliseconds) / 100).rounded() / 10)) s"
  }
}
