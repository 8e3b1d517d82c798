/// Keeps secrets out of what is written down, by the names that they go under.
enum Redaction {
  static let mark = "[redacted]"

  private static let words = [
    "token", "secret", "password", "passwd", "authorization", "cookie", "apikey", "credential", "privatekey",
  ]
  private static let wordBytes = words.map { Array($0.utf8) }
  private static let bearer = Array("bearer ".utf8)

  /// Whether a value under this name is a secret: `apiToken`, `api-token` and `API_TOKEN` are; `inputTokens` is a count.
  static func isSecret(_ key: String) -> Bool {
    let folded = key.lowercased().filter { $0 != "_" && $0 != "-" && $0 != "." }
    return !folded.hasSuffix("tokens") && words.contains { folded.contains($0) }
  }

  /// The text without what follows `Bearer `, `token=`, `"password": "` and the like.
  static func text(_ text: String) -> String {
    let bytes = Array(text.utf8)
    var kept: [UInt8] = []
    var copied = 0
    var place = 0
    while place < bytes.count {
      guard let start = secret(in: bytes, at: place) else {
        place += 1
        continue
      }
      var end = start
      while end < bytes.count, !isEnd(bytes[end]) { end += 1 }
      if end > start {
        kept += bytes[copied..<start]
        kept += mark.utf8
        copied = end
      }
      place = max(end, place + 1)
    }
    if copied == 0 { return text }
    kept += bytes[copied...]
    return String(decoding: kept, as: UTF8.self)
  }

  /// Where the secret begins that is announced at `place`; nil when none is.
  private static func secret(in bytes: [UInt8], at place: Int) -> Int? {
    if isThere(bearer, in: bytes, at: place) { return place + bearer.count }
    guard let word = wordBytes.first(where: { isThere($0, in: bytes, at: place) }) else { return nil }
    var next = place + word.count
    if next < bytes.count, bytes[next] == UInt8(ascii: "\"") { next += 1 }
    guard next < bytes.count, bytes[next] == UInt8(ascii: "=") || bytes[next] == UInt8(ascii: ":") else { return nil }
    next += 1
    while next < bytes.count, bytes[next] == 0x20 || bytes[next] == UInt8(ascii: "\"") { next += 1 }
    // What follows may announce it once more: "Authorization: Bearer …".
    return isThere(bearer, in: bytes, at: next) ? next + bearer.count : next
  }

  private static func isThere(_ word: [UInt8], in bytes: [UInt8], at place: Int) -> Bool {
    guard bytes.count - place >= word.count else { return false }
    for offset in word.indices where bytes[place + offset] | 0x20 != word[offset] { return false }
    return true
  }

  private static func isEnd(_ byte: UInt8) -> Bool {
    byte <= 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: ",") || byte == UInt8(ascii: "&")
      || byte == UInt8(ascii: ";") || byte == UInt8(ascii: "'")
  }
}
