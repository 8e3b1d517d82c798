import Foundation
import RunModel
import Testing

@Suite struct TimestampTests {

  @Test("Texts are those of Foundation, over many dates, and read back")
  func againstFoundation() {
    let formatter = ISO8601DateFormatter()
    formatter.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
    var random = Seeded(1)
    var moments: [Int64] = [0, 1, 999, 1000, 951_782_399_999, 951_782_400_000, 1_709_164_800_000, 4_107_542_400_000]
    // 1601 to 9999: Foundation changes to the Julian calendar before 1582.
    for _ in 0..<3000 { moments.append(.random(in: -11_644_473_600_000...253_402_300_799_999, using: &random)) }
    for milliseconds in moments {
      let stamp = Timestamp(milliseconds: milliseconds)
      let whole = Date(timeIntervalSince1970: (Double(milliseconds) / 1000).rounded(.down))
      let text = formatter.string(from: whole)
      let fraction = String(1000 + milliseconds - Int64(whole.timeIntervalSince1970) * 1000).dropFirst()
      #expect(stamp.description == text.dropLast(4) + fraction + "Z")
      #expect(Timestamp(stamp.description) == stamp)
    }
  }

  @Test(
    "RFC 3339 in its forms",
    arguments: [
      ("1970-01-01T00:00:00Z", 0), ("1970-01-01t00:00:00z", 0), ("1970-01-01T00:00:00.5Z", 500),
      ("1970-01-01T00:00:00.1239999Z", 123), ("1970-01-01T01:00:00+01:00", 0), ("1969-12-31T18:30:00-05:30", 0),
      ("1970-01-01T00:00:00.250-00:00", 250), ("2000-02-29T00:00:00Z", 951_782_400_000),
      ("2024-02-29T23:59:59.999Z", 1_709_251_199_999), ("1969-12-31T23:59:59.999Z", -1),
      ("1972-06-30T23:59:60Z", 78_796_800_000),
    ])
  func reads(text: String, milliseconds: Int) {
    #expect(Timestamp(text)?.milliseconds == Int64(milliseconds))
  }

  @Test(
    "What is no time is refused",
    arguments: [
      "", "2026", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01 00:00:00Z", "2026-13-01T00:00:00Z",
      "2026-00-01T00:00:00Z", "2026-01-32T00:00:00Z", "2026-01-00T00:00:00Z", "2026-02-29T00:00:00Z",
      "1900-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
      "2026-01-01T00:00:61Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00X", "2026-01-01T00:00:00Z ",
      "2026-01-01T00:00:00+0100", "2026-01-01T00:00:00+01:0", "2026-01-01T00:00:00+24:00", "2026x01x01T00x00x00Z",
      "2026-01-01T00-00-00Z", "2026-01-01T00:00:00+01x00", "+026-01-01T00:00:00Z", "２026-01-01T00:00:00Z",
    ])
  func refused(text: String) {
    #expect(Timestamp(text) == nil)
  }

  @Test("A date is cut to its millisecond, whatever a Double makes of it")
  func dates() {
    var random = Seeded(2)
    for _ in 0..<2000 {
      let milliseconds = Int64.random(in: -1_000_000_000_000...4_000_000_000_000, using: &random)
      #expect(Timestamp(Date(timeIntervalSince1970: Double(milliseconds) / 1000)).milliseconds == milliseconds)
    }
    #expect(Timestamp(Date(timeIntervalSince1970: 1.2349)).milliseconds == 1234)
    #expect(Timestamp(Date(timeIntervalSince1970: -0.0001)).milliseconds == -1)
  }

  @Test("Times and durations add up")
  func arithmetic() {
    let start = Timestamp(milliseconds: 1000)
    #expect(start + .seconds(2) == Timestamp(milliseconds: 3000))
    #expect(start + .milliseconds(-1500) == Timestamp(milliseconds: -500))
    #expect(Timestamp(milliseconds: 3000) - start == .seconds(2))
    #expect(start < Timestamp(milliseconds: 1001))
  }
}
