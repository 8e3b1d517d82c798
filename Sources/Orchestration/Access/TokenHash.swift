import Crypto

/// The SHA-256 of a token's secret: all that is kept of it. The secret is 256 random bits, so that a fast hash is enough.
package struct TokenHash: Sendable, Hashable {
  /// Words rather than bytes, so that a comparison touches all of them and branches on none.
  private let words: (UInt64, UInt64, UInt64, UInt64)

  package init(of secret: some Sequence<UInt8>) {
    self.init(digest: Array(SHA256.hash(data: Array(secret))))
  }

  init?(stored bytes: [UInt8]) {
    guard bytes.count == 32 else { return nil }
    self.init(digest: bytes)
  }

  private init(digest bytes: [UInt8]) {
    func word(_ at: Int) -> UInt64 { bytes[at * 8..<at * 8 + 8].reduce(0) { $0 << 8 | UInt64($1) } }
    words = (word(0), word(1), word(2), word(3))
  }

  package var bytes: [UInt8] {
    [words.0, words.1, words.2, words.3].flatMap { word in
      (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) }
    }
  }

  /// Takes the same time whatever is in them.
  func matches(_ other: TokenHash) -> Bool {
    let difference =
      (words.0 ^ other.words.0) | (words.1 ^ other.words.1) | (words.2 ^ other.words.2) | (words.3 ^ other.words.3)
    return difference == 0
  }

  package static func == (a: Self, b: Self) -> Bool { a.matches(b) }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(words.0)
    hasher.combine(words.3)
  }
}

/// What a token's secret looks like: 256 random bits behind a mark that scanners for leaked secrets can look for.
package enum TokenSecret {
  package static let mark = "fdt_"

  package static func make(using random: inout some RandomNumberGenerator) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text = Array(mark.utf8)
    for _ in 0..<32 {
      let byte = UInt8.random(in: 0...255, using: &random)
      text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
    return String(decoding: text, as: UTF8.self)
  }

  package static func make() -> String {
    var random = SystemRandomNumberGenerator()
    return make(using: &random)
  }
}
