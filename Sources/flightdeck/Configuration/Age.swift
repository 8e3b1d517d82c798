import RunModel

/// How long ago, as a person writes it: `30d`, `12h`, `90m`, `45s`, `2w`.
enum Age {
  private static let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800]

  /// Nil for anything else, and for more than a hundred years.
  static func parse(_ text: String) -> Duration? {
    guard let unit = text.last.flatMap({ units[$0] }), let count = Int64(text.dropLast()), count >= 0,
      count <= 3_153_600_000 / unit
    else { return nil }
    return .seconds(count * unit)
  }

  /// The largest unit that leaves nothing over.
  static func text(_ duration: Duration) -> String {
    let seconds = duration.components.seconds
    for (unit, size) in [("d", 86_400), ("h", 3600), ("m", 60)] as [(String, Int64)] where seconds % size == 0 {
      if seconds > 0 { return "\(seconds / size)\(unit)" }
    }
    return "\(seconds)s"
  }

  /// An age before `now`, or a time in RFC 3339.
  static func moment(_ text: String, before now: Timestamp) -> Timestamp? {
    Timestamp(text) ?? parse(text).map { Timestamp(milliseconds: now.milliseconds - $0.milliseconds) }
  }
}
