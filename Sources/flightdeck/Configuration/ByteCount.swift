/// Bytes as a person writes and reads them: `10 MB`, in steps of 1024.
enum ByteCount {
  private static let units = ["B", "KB", "MB", "GB", "TB"]

  /// `10MB`, `512 kb`, `1048576`; nil for anything else.
  static func parse(_ text: String) -> Int? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    let rest = text.dropFirst(digits.count).filter { $0 != " " }.uppercased()
    guard let count = Int(digits) else { return nil }
    if rest.isEmpty { return count }
    guard let step = units.firstIndex(where: { $0 == rest || ($0 != "B" && $0.dropLast() == rest) }) else { return nil }
    let (bytes, overflow) = count.multipliedReportingOverflow(by: 1 << (10 * step))
    return overflow ? nil : bytes
  }

  static func text(_ bytes: Int64) -> String {
    var size = Double(max(0, bytes))
    var unit = 0
    while size >= 1000, unit < units.count - 1 {
      size /= 1024
      unit += 1
    }
    if unit == 0 { return "\(bytes) B" }
    let tenths = Int((size * 10).rounded())
    return tenths >= 100 ? "\((tenths + 5) / 10) \(units[unit])" : "\(tenths / 10).\(tenths % 10) \(units[unit])"
  }
}
