import RunModel

/// Pseudo-random numbers that a failing test can be repeated with (SplitMix64).
struct Seeded: RandomNumberGenerator, Sendable {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}

enum Sample {
  static let run = RunID(ULID(high: 0x0190_0000_0000_0000, low: 1))
  static let other = RunID(ULID(high: 0x0190_0000_0000_0000, low: 2))
  static let contract = ContractID(ULID(high: 0x0190_0000_0000_0000, low: 3))
  static let time = Timestamp(milliseconds: 1_790_000_000_123)

  static func event(
    _ seq: UInt64, _ type: EventType, _ data: JSONObject = [:], run: RunID? = run, after: Int64 = 0
  ) -> RunEvent {
    RunEvent(seq: seq, type: type, run: run, time: Timestamp(milliseconds: time.milliseconds + after), data: data)
  }

  static func queued(_ seq: UInt64 = 1, run: RunID = run) -> RunEvent {
    event(
      seq, .queued, ["contractId": .string(contract.description), "title": "Fix it", "priority": 7], run: run)
  }
}
