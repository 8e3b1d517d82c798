import RunModel
import Synchronization
import Testing

@Suite struct ULIDTests {
  @Test("The text form is 26 characters of Crockford's alphabet and reads back")
  func textRoundTrip() {
    var random = Seeded(1)
    for _ in 0..<2000 {
      let ulid = ULID(high: random.next(), low: random.next())
      #expect(ulid.description.wholeMatch(of: /[0-7][0-9A-HJKMNP-TV-Z]{25}/) != nil)
      #expect(ULID(ulid.description) == ulid)
    }
  }

  @Test(
    "Known values have their known texts",
    arguments: [
      (UInt64(0), UInt64(0), "00000000000000000000000000"), (.max, .max, "7ZZZZZZZZZZZZZZZZZZZZZZZZZ"),
      (0, 1, "00000000000000000000000001"), (0, 31, "0000000000000000000000000Z"),
      (0x0156_3DF3_6481_D676, 0x4C61_EFB9_9302_BD5B, "01ARYZ6S41TSV4RRFFQ69G5FAV"),
    ])
  func knownValues(high: UInt64, low: UInt64, text: String) {
    #expect(ULID(high: high, low: low).description == text)
    #expect(ULID(text) == ULID(high: high, low: low))
  }

  @Test(
    "What is no ULID is refused",
    arguments: [
      "", "0", "0000000000000000000000000", "000000000000000000000000000", "80000000000000000000000000",
      "0000000000000000000000000I", "0000000000000000000000000L", "0000000000000000000000000O",
      "0000000000000000000000000U", "0000000000000000000000000a", "000000000000000000000000 0",
      "0000000000000000000000000-", "000000000000000000000000é",
    ])
  func refused(text: String) {
    #expect(ULID(text) == nil)
  }

  @Test("The text sorts as the value does")
  func order() {
    var random = Seeded(2)
    let ulids = (0..<500).map { _ in
      ULID(high: random.next() >> UInt64.random(in: 0..<64, using: &random), low: random.next())
    }
    #expect(ulids.sorted().map(\.description) == ulids.map(\.description).sorted())
  }

  @Test("A generator's ids carry the clock's milliseconds")
  func time() {
    let generator = ULIDGenerator(now: { Timestamp(milliseconds: 1_469_918_176_385) }, random: Seeded(3))
    let ulid = generator.next()
    #expect(ulid.milliseconds == 1_469_918_176_385)
    #expect(ulid.description.hasPrefix("01ARYZ6S41"))
  }

  @Test("Ids rise strictly within a millisecond, when the clock steps back, and when it goes on")
  func monotonic() {
    let clock = Mutex<Int64>(1_000_000)
    let generator = ULIDGenerator(now: { Timestamp(milliseconds: clock.withLock { $0 }) }, random: Seeded(4))
    var last = generator.next()
    for step in [Int64(0), 0, -500, -500, 1, 499, 500, 501, -1_000_000, -2_000_000, 502] {
      clock.withLock { $0 = 1_000_000 + step }
      for _ in 0..<100 {
        let next = generator.next()
        #expect(next > last)
        last = next
      }
    }
    #expect(last.milliseconds == 1_000_502)
  }

  /// All ones: the highest start that the generator may draw.
  private struct Highest: RandomNumberGenerator, Sendable { mutating func next() -> UInt64 { .max } }

  @Test("A carry out of the low half does not reach the time")
  func carry() {
    let generator = ULIDGenerator(now: { Timestamp(milliseconds: 5) }, random: Highest())
    let first = generator.next()
    #expect(first.low == .max)
    let second = generator.next()
    #expect(second > first)
    #expect(second.low == 0)
    #expect(second.milliseconds == 5)
  }

  @Test("Ids made by many tasks at once are all different")
  func concurrent() async {
    let generator = ULIDGenerator()
    let all = await withTaskGroup(of: [ULID].self) { group in
      for _ in 0..<8 { group.addTask { (0..<1000).map { _ in generator.next() } } }
      return await group.reduce(into: Set<ULID>()) { $0.formUnion($1) }
    }
    #expect(all.count == 8000)
  }

  @Test("Ids of a kind are JSON texts, and a bad one names itself")
  func identifiers() {
    #expect(RunID("01ARYZ6S41TSV4RRFFQ69G5FAV")?.shortName == "9G5FAV")
    #expect(RunID("01aryz6s41tsv4rrffq69g5fav") == nil)
    #expect(Sample.run < Sample.other)
  }
}
