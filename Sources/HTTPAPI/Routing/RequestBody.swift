import Hummingbird
import RunModel

extension JSONValue {
  /// More values than any work that is dispatched at once needs; each takes some 30 bytes of memory.
  private static let mostValues = 1_000_000

  /// Reads a body that anybody may have sent, so that what is stored is what was meant: UTF-8, no member twice, no NUL
  /// (which would end a path or an argument early), and no more values than memory should hold.
  init(requestBody bytes: [UInt8]) throws {
    let values = Self.count(bytes)
    guard values <= Self.mostValues else {
      throw Problem(
        .tooLarge,
        "The request's body holds \(values) values; a million are read. Send the contracts in several requests."
      )
    }
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw Problem(.invalid, "The request's body is not UTF-8, which JSON must be.")
    }
    do throws(JSONError) { self = try JSONValue(parsing: bytes) } catch {
      throw Problem(.invalid, "The request's body is not JSON: \(error).")
    }
    try check()
  }

  /// Values and members, counted without reading them.
  private static func count(_ bytes: [UInt8]) -> Int {
    var count = 1
    var isText = false
    var isEscaped = false
    for byte in bytes {
      if isText {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isText = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): isText = true
      case UInt8(ascii: ","), UInt8(ascii: "["), UInt8(ascii: "{"): count += 1
      default: break
      }
    }
    return count
  }

  private func check() throws(Problem) {
    switch self {
    case .string(let text): try Self.check(text)
    case .array(let elements): for element in elements { try element.check() }
    case .object(let object):
      var seen: Set<String> = []
      for (key, value) in object {
        try Self.check(key)
        guard seen.insert(key).inserted else {
          throw Problem(.invalid, "\"\(key)\" is there twice in one object of the request's body. Send it once.")
        }
        try value.check()
      }
    case .null, .bool, .int, .double: break
    }
  }

  private static func check(_ text: String) throws(Problem) {
    guard text.utf8.contains(0) else { return }
    throw Problem(.invalid, "The request's body holds the character NUL (\\u0000), which no text here may hold.")
  }
}
