import RunModel

/// The pulse screen: which window it shows, what it shows of it, and where the person is in the timeline.
struct PulsePage: Sendable {
  enum Window: String, CaseIterable, Sendable {
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

  enum Parts: String, CaseIterable, Sendable { case both, charts, timeline }

  var window = Window.quarter
  var parts = Parts.both
  /// Drawn anew once a second at most.
  var picture = PulsePicture()
  var rows: [RunID] = []
  var cursor = 0
  var top = 0
  var selection: RunID?
}
