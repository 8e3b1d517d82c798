package import RunModel

/// How far a replay is, as its player tells.
package struct ReplayStatus: Sendable, Equatable {
  package enum Motion: Sendable, Equatable {
    case playing, paused
    /// Everything has been shown.
    case ended
    /// On the way to another place.
    case seeking
  }

  /// The file, or the run.
  package var name: String
  package var motion = Motion.paused
  package var speed = ReplaySpeed.normal
  /// The recording's time.
  package var time: Timestamp
  package var first: Timestamp
  package var last: Timestamp
  /// Events shown, and how many there are; more are found while `isIndexing`.
  package var place = 0
  package var count = 0
  package var isIndexing = false
  /// Lines that are no events.
  package var badLines: [Int] = []
  package var badCount = 0
  /// Where something failed or someone was needed.
  package var marks: [ReplayMark] = []

  package init(name: String, time: Timestamp, first: Timestamp, last: Timestamp) {
    self.name = name
    self.time = time
    self.first = first
    self.last = last
  }
}

/// A moment worth going to.
package struct ReplayMark: Sendable, Equatable {
  package enum Kind: Sendable { case attention, failed }
  package var time: Timestamp
  package var kind: Kind

  package init(time: Timestamp, kind: Kind) {
    self.time = time
    self.kind = kind
  }
}

/// Recorded seconds for each second of watching.
package enum ReplaySpeed: Sendable, Equatable, CaseIterable {
  case quarter, half, normal, double, four, eight, sixteen, thirtyTwo, sixtyFour
  /// As fast as it can be drawn.
  case max

  /// Nil for `max`.
  package var factor: Double? {
    switch self {
    case .quarter: 0.25
    case .half: 0.5
    case .normal: 1
    case .double: 2
    case .four: 4
    case .eight: 8
    case .sixteen: 16
    case .thirtyTwo: 32
    case .sixtyFour: 64
    case .max: nil
    }
  }

  /// `0.25×`, `4×`, `max`.
  package var name: String {
    switch self {
    case .quarter: "0.25×"
    case .half: "0.5×"
    default: factor.map { "\(Int($0))×" } ?? "max"
    }
  }

  /// Reads `0.25`, `4`, `4x` or `max`; nil for a speed that there is not.
  package init?(_ text: String) {
    let bare = text.lowercased().replacing("×", with: "").replacing("x", with: "")
    if text.lowercased() == "max" {
      self = .max
    } else if let number = Double(bare), let speed = Self.allCases.first(where: { $0.factor == number }) {
      self = speed
    } else {
      return nil
    }
  }

  package func turned(_ step: Int) -> ReplaySpeed {
    let all = Self.allCases
    let place = (all.firstIndex(of: self) ?? 2) + step
    return all[Swift.max(0, Swift.min(all.count - 1, place))]
  }
}
