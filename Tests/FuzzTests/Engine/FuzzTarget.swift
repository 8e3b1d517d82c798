/// Something that is fed bytes: what mutation begins from, and what must hold whatever comes.
struct FuzzTarget: Sendable {
  let name: String
  /// Real samples.
  var seeds: [[UInt8]] = []
  /// Tried once each and never mutated: what is long, deep or slow.
  var heavy: [[UInt8]] = []
  /// What the format is made of: mutations put it in anywhere.
  var words: [String] = []
  /// No case is longer.
  var longest = 4096
  /// How many cases the suite runs.
  var cases = 300
  /// Makes a well-formed case; nil where mutated samples do.
  var make: (@Sendable (inout SplitMix) -> [UInt8])?
  /// Throws what does not hold. All else that it needs, such as where to cut, comes from the bytes, so that a file is
  /// all that a case is.
  let check: @Sendable ([UInt8]) throws -> Void
}

/// What did not hold.
struct Broken: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

func hold(_ condition: Bool, _ what: @autoclosure () -> String) throws(Broken) {
  if !condition { throw Broken(what()) }
}

/// The same numbers for the same seed, everywhere (SplitMix64: G. Steele, D. Lea, C. Flood, 2014).
struct SplitMix: RandomNumberGenerator, Sendable {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed }

  /// Choices that belong to these bytes.
  init(of bytes: some Sequence<UInt8>) {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    state = hash
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }

  /// In 0..<count; 0 when there is nothing to choose from.
  mutating func below(_ count: Int) -> Int { count > 1 ? Int(next() % UInt64(count)) : 0 }
  mutating func chance(_ share: Double) -> Bool { Double(next() >> 11) / Double(1 << 53) < share }
  mutating func one<Element>(of elements: [Element]) -> Element { elements[below(elements.count)] }
}

/// Bytes as a source of choices, for what is driven by steps rather than read; 0 past the end.
struct Choices {
  private let bytes: [UInt8]
  private var place = 0
  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isEmpty: Bool { place >= bytes.count }

  mutating func byte() -> UInt8 {
    guard place < bytes.count else { return 0 }
    defer { place += 1 }
    return bytes[place]
  }

  mutating func below(_ count: Int) -> Int { count > 0 ? Int(byte()) % count : 0 }
  mutating func wide() -> UInt64 { (0..<8).reduce(0) { sum, _ in sum << 8 | UInt64(byte()) } }
  mutating func one<Element>(of elements: [Element]) -> Element { elements[below(elements.count)] }
  mutating func flag() -> Bool { byte() & 1 == 1 }
}

extension Array where Element == UInt8 {
  init(_ text: String) { self = Array(text.utf8) }

  /// The text again and again, up to so many bytes.
  init(_ text: String, times count: Int) {
    let piece = Array(text.utf8)
    self = (0..<count).map { piece[$0 % piece.count] }
  }

  var text: String { String(decoding: self, as: UTF8.self) }

  /// Cut at places that belong to the bytes: all sizes from one byte to the whole.
  func portions() -> [ArraySlice<UInt8>] {
    var random = SplitMix(of: self)
    let largest = [1, 3, 17, 200, Swift.max(1, count)][random.below(5)]
    var portions: [ArraySlice<UInt8>] = []
    var start = 0
    while start < count {
      let end = Swift.min(count, start + 1 + random.below(largest))
      portions.append(self[start..<end])
      start = end
    }
    return portions
  }

  /// For messages.
  var shown: String {
    let head = prefix(400).map { byte in
      byte >= 0x20 && byte < 0x7F && byte != 0x5C ? String(Unicode.Scalar(byte)) : "\\x" + String(byte, radix: 16)
    }
    return head.joined() + (count > 400 ? "… (\(count) bytes)" : "")
  }
}
