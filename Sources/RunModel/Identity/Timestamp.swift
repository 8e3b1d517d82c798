package import FoundationEssentials

/// A moment, in whole milliseconds since 1970-01-01T00:00:00Z.
package struct Timestamp: Hashable, Sendable, Comparable, CustomStringConvertible {
  package var milliseconds: Int64
  package init(milliseconds: Int64) { self.milliseconds = milliseconds }
  /// Cut to the millisecond; by way of whole microseconds, as a `Date` holds 0.123 as slightly less.
  package init(_ date: Date) {
    milliseconds = Int64((date.timeIntervalSince1970 * 1_000_000).rounded()).dividedDown(by: 1000)
  }

  package static var now: Timestamp { Timestamp(Date()) }
  package static func < (a: Self, b: Self) -> Bool { a.milliseconds < b.milliseconds }
  package static func + (a: Self, b: Duration) -> Self {
    Timestamp(milliseconds: a.milliseconds.plus(b.milliseconds))
  }
  package static func - (a: Self, b: Self) -> Duration { .milliseconds(a.milliseconds.minus(b.milliseconds)) }

  /// `YYYY-MM-DDTHH:mm:ss.sssZ`; what lies outside of the years 0 to 9999 has no such form and is written as their ends.
  package var description: String {
    let milliseconds = min(max(milliseconds, -62_167_219_200_000), 253_402_300_799_999)
    let days = milliseconds.dividedDown(by: 86_400_000)
    var rest = milliseconds - days * 86_400_000
    let (year, month, day) = Self.civil(days: days)
    return String(unsafeUninitializedCapacity: 24) { out in
      func put(_ value: Int64, _ at: Int, _ width: Int) {
        var value = value
        for position in stride(from: at + width - 1, through: at, by: -1) {
          out[position] = UInt8(ascii: "0") + UInt8(value % 10)
          value /= 10
        }
      }
      put(year, 0, 4)
      put(month, 5, 2)
      put(day, 8, 2)
      put(rest / 3_600_000, 11, 2)
      rest %= 3_600_000
      put(rest / 60_000, 14, 2)
      rest %= 60_000
      put(rest / 1000, 17, 2)
      put(rest % 1000, 20, 3)
      for (position, mark) in [(4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":"), (19, "."), (23, "Z")]
        as [(Int, Unicode.Scalar)]
      {
        out[position] = UInt8(ascii: mark)
      }
      return 24
    }
  }

  /// Reads RFC 3339; fractions past the millisecond are cut.
  package init?(_ text: some StringProtocol) {
    var text = String(text)
    let read = text.withUTF8 { Timestamp(utf8: UnsafeRawBufferPointer($0)) }
    guard let read else { return nil }
    self = read
  }

  init?(utf8 bytes: UnsafeRawBufferPointer) {
    guard bytes.count >= 20, bytes[10] | 0x20 == UInt8(ascii: "t") else { return nil }
    func number(_ range: Range<Int>) -> Int64? {
      var value: Int64 = 0
      for byte in bytes[range] {
        guard byte >= 48, byte <= 57 else { return nil }
        value = value * 10 + Int64(byte - 48)
      }
      return value
    }
    guard bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"), bytes[13] == UInt8(ascii: ":"),
      bytes[16] == UInt8(ascii: ":"), let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
      let hour = number(11..<13),
      let minute = number(14..<16), let second = number(17..<19), (1...12).contains(month), day >= 1,
      day <= Self.length(ofMonth: month, in: year), hour < 24, minute < 60, second < 61
    else { return nil }
    var position = 19
    var fraction: Int64 = 0
    if bytes[position] == UInt8(ascii: ".") {
      position += 1
      var scale: Int64 = 100
      while position < bytes.count, bytes[position] >= 48, bytes[position] <= 57 {
        fraction += Int64(bytes[position] - 48) * scale
        scale /= 10
        position += 1
      }
      guard position > 20 else { return nil }
    }
    var offset: Int64 = 0
    guard position < bytes.count else { return nil }
    switch bytes[position] {
    case UInt8(ascii: "Z"), UInt8(ascii: "z"): guard position == bytes.count - 1 else { return nil }
    case UInt8(ascii: "+"), UInt8(ascii: "-"):
      guard bytes.count == position + 6, let hours = number(position + 1..<position + 3),
        bytes[position + 3] == UInt8(ascii: ":"), let minutes = number(position + 4..<position + 6), hours < 24,
        minutes < 60
      else { return nil }
      offset = (hours * 60 + minutes) * (bytes[position] == UInt8(ascii: "+") ? 1 : -1)
    default: return nil
    }
    let days = Self.days(year: year, month: month, day: day)
    milliseconds = ((days * 24 + hour) * 60 + minute - offset) * 60_000 + second * 1000 + fraction
  }

  private static func length(ofMonth month: Int64, in year: Int64) -> Int64 {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// Days since 1970-01-01 to a date of the proleptic Gregorian calendar (H. Hinnant, "chrono-compatible date algorithms").
  private static func civil(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = days + 719_468
    let era = shifted.dividedDown(by: 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
  }

  private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
    let year = month <= 2 ? year - 1 : year
    let era = year.dividedDown(by: 400)
    let yearOfEra = year - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }
}

extension Int64 {
  fileprivate func dividedDown(by divisor: Int64) -> Int64 {
    self % divisor < 0 ? self / divisor - 1 : self / divisor
  }

  /// Sums and differences that stay at the end of the range, as the numbers may be anybody's.
  package func plus(_ other: Int64) -> Int64 {
    let (sum, overflows) = addingReportingOverflow(other)
    return overflows ? (other < 0 ? .min : .max) : sum
  }

  fileprivate func minus(_ other: Int64) -> Int64 {
    let (difference, overflows) = subtractingReportingOverflow(other)
    return overflows ? (other < 0 ? .max : .min) : difference
  }
}

extension Duration {
  /// Kept to what 64 bits can hold.
  package var milliseconds: Int64 {
    let (whole, overflows) = components.seconds.multipliedReportingOverflow(by: 1000)
    if overflows { return components.seconds < 0 ? .min : .max }
    return whole.plus(components.attoseconds / 1_000_000_000_000_000)
  }

  /// Seconds as anybody may have written them: none below nothing, and no more than a thousand million, which is longer
  /// than anything here lives and still short enough for every clock.
  package static func seconds(clamping seconds: Double) -> Duration {
    .seconds(seconds.isNaN ? 0 : min(max(seconds, 0), 1e9))
  }
}
