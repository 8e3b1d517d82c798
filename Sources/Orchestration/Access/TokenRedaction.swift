import Glibc
import RunModel

/// Takes secrets out of what is about to be kept and shown.
enum TokenRedaction {
  private static let mark = Array(TokenSecret.mark.utf8)

  /// Tokens of an orchestrator's, which an agent may have printed: what they look like is known, they themselves are not.
  static func tokens(in text: String) -> String {
    var text = text
    let holdsOne = text.withUTF8 { bytes in
      // Nearly every line holds none, and each line of every agent comes by here.
      guard var place = bytes.baseAddress else { return false }
      let end = place + bytes.count
      while end - place > mark.count, let first = memchr(place, Int32(mark[0]), end - place - mark.count) {
        if memcmp(first, mark, mark.count) == 0 { return true }
        place += UnsafeRawPointer(place).distance(to: first) + 1
      }
      return false
    }
    guard holdsOne else { return text }
    var kept: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let found = rest.firstRange(of: mark) {
      // No more than a secret has: the mark of the next begins with a digit too.
      let digits = rest[found.upperBound...].prefix(64).prefix { isHexDigit($0) }
      kept += rest[..<found.upperBound]
      // A word that only begins so is no secret.
      kept += digits.count >= 16 ? Array("…".utf8) : Array(digits)
      rest = rest[digits.endIndex...]
    }
    return String(decoding: kept + rest, as: UTF8.self)
  }

  private static func isHexDigit(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"): true
    default: false
    }
  }

  /// An address without the user name and the password in it.
  static func userInfo(in address: String) -> String {
    guard let scheme = address.firstRange(of: "://") else { return address }
    let rest = address[scheme.upperBound...]
    let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    guard let at = authority.lastIndex(of: "@") else { return address }
    return String(address[..<scheme.upperBound] + rest[rest.index(after: at)...])
  }
}

extension Contract {
  /// What is stored and shown of it to everybody holds no password.
  mutating func redact() {
    externalURL = externalURL.map(TokenRedaction.userInfo)
    repository = repository.map(TokenRedaction.userInfo)
  }
}
