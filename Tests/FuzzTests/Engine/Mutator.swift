/// Makes cases: a well-formed one, or a sample with some things done to it.
struct Mutator: Sendable {
  let target: FuzzTarget
  /// The target's samples and the cases that were kept.
  let pool: [[UInt8]]

  /// Case `number` of `seed`: the same bytes each time.
  func input(_ number: Int, seed: UInt64) -> [UInt8] {
    var random = SplitMix(of: target.name.utf8)
    random = SplitMix(random.next() ^ seed &* 0x9E37_79B9_7F4A_7C15 ^ UInt64(number))
    if let make = target.make, random.chance(0.5) {
      let made = make(&random)
      // Half of them stay whole: what is deep in a reader is only reached by what is well-formed.
      return random.chance(0.5) ? Array(made.prefix(target.longest)) : mutated(made, &random)
    }
    return mutated(pool.isEmpty ? [] : random.one(of: pool), &random)
  }

  private func mutated(_ sample: [UInt8], _ random: inout SplitMix) -> [UInt8] {
    var bytes = sample
    for _ in 0..<(1 << random.below(4)) { step(&bytes, &random) }
    if bytes.count > target.longest { bytes.removeLast(bytes.count - target.longest) }
    return bytes
  }

  private static let telling: [UInt8] = [
    0, 1, 0x07, 0x09, 0x0A, 0x0D, 0x1B, 0x20, 0x22, 0x27, 0x2C, 0x2D, 0x2F, 0x3A, 0x3C, 0x5B, 0x5C, 0x5D, 0x7B, 0x7D,
    0x7F, 0x80, 0x9B, 0xBF, 0xC0, 0xC3, 0xE2, 0xED, 0xF0, 0xFE, 0xFF,
  ]
  private static let numbers = [
    "0", "-0", "1", "-1", "127", "128", "255", "256", "32768", "65535", "65536", "2147483647", "2147483648",
    "4294967295", "4294967296", "9007199254740993", "9223372036854775807", "9223372036854775808",
    "-9223372036854775808", "-9223372036854775809", "18446744073709551615", "18446744073709551616", "1e308", "1e309",
    "-1e400", "1e-400", "0.1", "00", "1.0", "999999999999999999999999999999",
  ]

  private func step(_ bytes: inout [UInt8], _ random: inout SplitMix) {
    let at = random.below(bytes.count + 1)
    func range(_ longest: Int) -> Range<Int> {
      let start = random.below(bytes.count + 1)
      return start..<min(bytes.count, start + 1 + random.below(longest))
    }
    switch random.below(13) {
    case 0 where at < bytes.count: bytes[at] ^= 1 << UInt8(random.below(8))
    case 1 where at < bytes.count: bytes[at] = random.one(of: Self.telling)
    case 2: bytes.insert(random.one(of: Self.telling), at: at)
    case 3: bytes.insert(contentsOf: (0..<(1 + random.below(8))).map { _ in UInt8(random.below(256)) }, at: at)
    case 4: bytes.removeSubrange(range(1 + random.below(64)))
    case 5:
      let piece = bytes[range(64)]
      bytes.insert(contentsOf: piece, at: at)
    case 6 where !pool.isEmpty:
      let other = random.one(of: pool)
      let start = random.below(other.count + 1)
      bytes.insert(contentsOf: other[start..<min(other.count, start + random.below(200))], at: at)
    case 7 where !pool.isEmpty:
      let other = random.one(of: pool)
      bytes = Array(bytes[..<at] + other[random.below(other.count + 1)...])
    case 8 where !target.words.isEmpty: bytes.insert(contentsOf: random.one(of: target.words).utf8, at: at)
    case 9 where !target.words.isEmpty:
      let word = Array(random.one(of: target.words).utf8)
      bytes.replaceSubrange(at..<min(bytes.count, at + word.count), with: word)
    case 10: replaceNumber(&bytes, from: at, with: random.one(of: Self.numbers))
    case 11: bytes.removeLast(bytes.count - at)
    default:
      // Many times the same: what nests, repeats or backtracks.
      let piece =
        target.words.isEmpty || random.chance(0.5) ? Array(bytes[range(6)]) : Array(random.one(of: target.words).utf8)
      let times = 2 << random.below(10)
      let room = max(0, target.longest - bytes.count)
      bytes.insert(
        contentsOf: repeatElement(piece, count: piece.isEmpty ? 0 : min(times, room / piece.count)).joined(), at: at)
    }
  }

  private func replaceNumber(_ bytes: inout [UInt8], from start: Int, with number: String) {
    func isDigit(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 57 }
    guard let first = bytes[start...].firstIndex(where: isDigit) else { return }
    let end = bytes[first...].firstIndex { !isDigit($0) } ?? bytes.count
    bytes.replaceSubrange(first..<end, with: number.utf8)
  }
}
