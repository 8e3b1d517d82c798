import RunModel

/// One measured budget.
struct Row {
  enum Bound { case atMost, atLeast }

  var name: String
  var unit: String
  var measured: Double
  var budget: Double
  var bound: Bound

  init(_ name: String, _ measured: Double, _ bound: Bound, _ budget: Double, _ unit: String) {
    self.name = name
    self.unit = unit
    self.measured = measured
    self.budget = budget
    self.bound = bound
  }

  /// 1 or less is within the budget.
  var ratio: Double {
    switch bound {
    case .atMost where budget == 0: measured > 0 ? .infinity : 0
    case .atMost: measured / budget
    case .atLeast: measured > 0 ? budget / measured : .infinity
    }
  }

  /// For people.
  var line: String {
    let limit = "\(bound == .atMost ? "≤" : "≥") \(Self.short(budget))"
    let mark = ratio <= 1 ? "✓" : ratio.isFinite ? "✗ over by \(Int(((ratio - 1) * 100).rounded(.up))) %" : "✗"
    return [
      name.padded(to: 24), Self.short(measured).padded(to: 12), unit.padded(to: 10), limit.padded(to: 12), mark,
    ].joined(separator: " ")
  }

  private static func short(_ value: Double) -> String {
    JSONWriter.number(value.magnitude < 100 ? (value * 100).rounded() / 100 : value.rounded())
  }
}

extension Row: JSONWritable {
  func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("name", name)
      json.member("unit", unit)
      json.member("measured", measured)
      json.member("budget", budget)
      json.member("ratio", ratio)
    }
  }
}

extension String {
  fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}

extension [Double] {
  /// `share` in [0, 1]; 0 without values.
  func quantile(_ share: Double) -> Double {
    let sorted = sorted()
    guard let last = sorted.last else { return 0 }
    let place = Int((share * Double(count)).rounded(.up)) - 1
    return sorted.indices.contains(place) ? sorted[place] : last
  }

  var median: Double { quantile(0.5) }
}

extension Duration {
  var inMilliseconds: Double { self / .milliseconds(1) }
  var inSeconds: Double { self / .seconds(1) }
}

/// The milliseconds that `body` takes.
func milliseconds(_ body: () throws -> Void) rethrows -> Double {
  try ContinuousClock().measure(body).inMilliseconds
}
