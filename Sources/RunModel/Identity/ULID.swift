import FoundationEssentials
import Synchronization

/// A 128-bit sortable identifier: 48 bits of milliseconds since 1970, 80 bits of randomness.
///
/// Text form: 26 characters of Crockford's base 32, upper case, matching `^[0-9A-HJKMNP-TV-Z]{26}$`; the first is 0–7.
package struct ULID: Hashable, Sendable, Comparable, CustomStringConvertible {
  package let high: UInt64
  package let low: UInt64

  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// Nil unless `text` is exactly the 26-character text form.
  package init?(_ text: some StringProtocol) { self.init(utf8: text.utf8) }

  init?(utf8: some Collection<UInt8>) {
    guard utf8.count == 26 else { return nil }
    var high: UInt64 = 0
    var low: UInt64 = 0
    for (position, byte) in utf8.enumerated() {
      let digit = Self.value(of: byte)
      guard digit < 32, position > 0 || digit < 8 else { return nil }
      high = high << 5 | low >> 59
      low = low << 5 | UInt64(digit)
    }
    self.init(high: high, low: low)
  }

  package var milliseconds: Int64 { Int64(high >> 16) }

  package var description: String {
    String(unsafeUninitializedCapacity: 26) { buffer in
      var high = high
      var low = low
      for position in stride(from: 25, through: 0, by: -1) {
        buffer[position] = Self.digits[Int(low & 31)]
        low = low >> 5 | high << 59
        high >>= 5
      }
      return 26
    }
  }

  package static func < (a: Self, b: Self) -> Bool { a.high == b.high ? a.low < b.low : a.high < b.high }

  private static let digits = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

  private static func value(of byte: UInt8) -> UInt8 {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "A")...UInt8(ascii: "H"): byte - UInt8(ascii: "A") + 10
    case UInt8(ascii: "J"), UInt8(ascii: "K"): byte - UInt8(ascii: "J") + 18
    case UInt8(ascii: "M"), UInt8(ascii: "N"): byte - UInt8(ascii: "M") + 20
    case UInt8(ascii: "P")...UInt8(ascii: "T"): byte - UInt8(ascii: "P") + 22
    case UInt8(ascii: "V")...UInt8(ascii: "Z"): byte - UInt8(ascii: "V") + 27
    default: 255
    }
  }
}

/// Makes ULIDs that rise strictly, also within one millisecond and when the clock steps back.
package final class ULIDGenerator: Sendable {
  private let state: Mutex<(last: ULID, random: any RandomNumberGenerator & Sendable)>
  private let now: @Sendable () -> Timestamp

  package init(
    now: @escaping @Sendable () -> Timestamp = { .now },
    random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
  ) {
    self.now = now
    state = Mutex((ULID(high: 0, low: 0), random))
  }

  /// What comes next is greater than `ulid`, also when the clock was set back since that was made.
  package func pass(_ ulid: ULID) { state.withLock { $0.last = max($0.last, ulid) } }

  package func next() -> ULID {
    let milliseconds = UInt64(clamping: now().milliseconds) & 0xFFFF_FFFF_FFFF
    return state.withLock { state in
      var random = state.random
      let fresh = ULID(
        high: milliseconds << 16 | UInt64(UInt16.random(in: 0...0x7FFF, using: &random)), low: random.next())
      state.random = random
      if fresh.high >> 16 > state.last.high >> 16 {
        state.last = fresh
      } else {
        let (low, carried) = state.last.low.addingReportingOverflow(1)
        state.last = ULID(high: carried ? state.last.high + 1 : state.last.high, low: low)
      }
      return state.last
    }
  }
}
