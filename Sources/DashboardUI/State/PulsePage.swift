import RunModel

/// The pulse screen: which window it shows, and where the person is in the timeline.
struct PulsePage: Sendable {
  enum Window: Int, CaseIterable, Sendable {
    case fiveMinutes, quarter, hour, sixHours, day

    var milliseconds: Int64 {
      switch self {
      case .fiveMinutes: 300_000
      case .quarter: 900_000
      case .hour: 3_600_000
      case .sixHours: 21_600_000
      case .day: 86_400_000
      }
    }

    var title: String {
      switch self {
      case .fiveMinutes: "5 min"
      case .quarter: "15 min"
      case .hour: "1 h"
      case .sixHours: "6 h"
      case .day: "24 h"
      }
    }
  }

  var window = Window.quarter
  var cursor = 0
}
