import RunModel

/// Numbers for the scales of charts: few characters each.
extension Format {
  /// `0`, `0.4`, `12`, `1.2k`.
  static func amount(_ value: Double) -> String {
    guard value.isFinite else { return "—" }
    let value = max(0, min(value, 1e15))
    if value >= 10 || value == value.rounded() { return count(Int64(value.rounded())) }
    let tenths = Int64((value * 10).rounded())
    if tenths == 0 { return "<0.1" }
    return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
  }

  /// `0`, `240ms`, `3.1s`, `42s`, `5.2m`, `3.5h`.
  static func brief(_ milliseconds: Double) -> String {
    guard milliseconds.isFinite else { return "—" }
    let value = max(0, min(milliseconds, 1e15))
    if value == 0 { return "0" }
    if value < 1000 { return "\(Int64(value))ms" }
    func scaled(_ unit: Double, _ name: String) -> String {
      let tenths = Int64(value / unit * 10)
      return (tenths < 100 && tenths % 10 != 0 ? "\(tenths / 10).\(tenths % 10)" : "\(tenths / 10)") + name
    }
    if value < 60_000 { return scaled(1000, "s") }
    return value < 3_600_000 ? scaled(60_000, "m") : scaled(3_600_000, "h")
  }

  /// `$0`, `$0.02`, `$1.50`, `$120`.
  static func money(_ value: Double) -> String {
    guard value.isFinite else { return "$?" }
    let value = max(0, min(value, 1e12))
    if value == 0 { return "$0" }
    if value >= 100 { return "$" + count(Int64(value.rounded())) }
    let cents = Int64((value * 100).rounded())
    return cents == 0 ? "<$0.01" : "$\(cents / 100)." + two(cents % 100)
  }
}
