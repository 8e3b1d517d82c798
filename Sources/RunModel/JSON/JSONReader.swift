/// What was wrong with a JSON text, and where.
package struct JSONError: Error, Equatable, CustomStringConvertible {
  package var message: String
  /// Bytes from the start of the text.
  package var offset: Int
  package var description: String { "\(message) at byte \(offset)" }
}

/// A pull parser over bytes: strict JSON (RFC 8259), no look-back, nothing allocated for what is skipped.
///
/// The bytes must outlive the reader: make one inside `withUnsafeBytes`, or use `JSONValue(parsing:)`.
package struct JSONReader {
  private let bytes: UnsafeRawBufferPointer
  package private(set) var offset = 0
  private static let deepest = 128

  package init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  package func error(_ message: String) -> JSONError { JSONError(message: message, offset: offset) }

  /// Throws unless only white space is left.
  package mutating func finish() throws(JSONError) {
    skipSpace()
    if offset < bytes.count { throw error("Something follows the JSON value") }
  }

  /// Calls `member` for each key, with the reader on its value, which `member` must read or skip.
  package mutating func object(_ member: (String, inout JSONReader) throws(JSONError) -> Void) throws(JSONError) {
    try expect(UInt8(ascii: "{"), "an object")
    if take(UInt8(ascii: "}")) { return }
    repeat {
      let key = try string()
      try expect(UInt8(ascii: ":"), "\":\"")
      try member(key, &self)
    } while take(UInt8(ascii: ","))
    try expect(UInt8(ascii: "}"), "\",\" or \"}\"")
  }

  package mutating func array(_ element: (inout JSONReader) throws(JSONError) -> Void) throws(JSONError) {
    try expect(UInt8(ascii: "["), "an array")
    if take(UInt8(ascii: "]")) { return }
    repeat { try element(&self) } while take(UInt8(ascii: ","))
    try expect(UInt8(ascii: "]"), "\",\" or \"]\"")
  }

  /// Whether the next value is an object, which is not read.
  package var isAtObject: Bool {
    var ahead = self
    return ahead.peek() == UInt8(ascii: "{")
  }

  /// Reads an object and keeps of it the members of this name alone.
  mutating func member(_ name: String) throws(JSONError) -> JSONObject {
    var kept = JSONObject()
    try object { key, reader throws(JSONError) in
      if key == name { kept.append(key, try reader.value(depth: 1)) } else { try reader.skip(depth: 1) }
    }
    return kept
  }

  /// True, and read, if the next value is null.
  package mutating func null() throws(JSONError) -> Bool {
    guard peek() == UInt8(ascii: "n") else { return false }
    try literal("null")
    return true
  }

  package mutating func string() throws(JSONError) -> String {
    try expect(UInt8(ascii: "\""), "a string")
    let start = offset
    while offset < bytes.count {
      switch bytes[offset] {
      case UInt8(ascii: "\""):
        let text = String(decoding: UnsafeRawBufferPointer(rebasing: bytes[start..<offset]), as: UTF8.self)
        offset += 1
        return text
      case UInt8(ascii: "\\"): return try escapedString(from: start)
      case 0..<0x20: throw error("A control character in a string must be escaped")
      default: offset += 1
      }
    }
    throw error("The string has no end")
  }

  /// Calls `body` with the bytes of a string: where they stand, or, if it has escapes, unescaped.
  package mutating func stringBytes<Value>(_ body: (UnsafeRawBufferPointer) -> Value) throws(JSONError) -> Value {
    let before = offset
    try expect(UInt8(ascii: "\""), "a string")
    let start = offset
    while offset < bytes.count {
      switch bytes[offset] {
      case UInt8(ascii: "\""):
        defer { offset += 1 }
        return body(UnsafeRawBufferPointer(rebasing: bytes[start..<offset]))
      case UInt8(ascii: "\\"):
        offset = before
        var text = try string()
        return text.withUTF8 { body(UnsafeRawBufferPointer($0)) }
      case 0..<0x20: throw error("A control character in a string must be escaped")
      default: offset += 1
      }
    }
    throw error("The string has no end")
  }

  package mutating func bool() throws(JSONError) -> Bool {
    switch peek() {
    case UInt8(ascii: "t"):
      try literal("true")
      return true
    case UInt8(ascii: "f"):
      try literal("false")
      return false
    default: throw error("Expected true or false")
    }
  }

  package mutating func double() throws(JSONError) -> Double {
    guard let value = try number().double else { throw error("Expected a number") }
    return value
  }

  package mutating func int() throws(JSONError) -> Int64 {
    guard let value = try number().int else { throw error("Expected a whole number") }
    return value
  }

  package mutating func value() throws(JSONError) -> JSONValue { try value(depth: 0) }

  private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
    if depth > Self.deepest { throw error("Nested deeper than \(Self.deepest)") }
    switch peek() {
    case UInt8(ascii: "{"):
      var object = JSONObject()
      try self.object { key, reader throws(JSONError) in object.append(key, try reader.value(depth: depth + 1)) }
      return .object(object)
    case UInt8(ascii: "["):
      var elements: [JSONValue] = []
      try array { reader throws(JSONError) in elements.append(try reader.value(depth: depth + 1)) }
      return .array(elements)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool(try bool())
    case UInt8(ascii: "n"):
      try literal("null")
      return .null
    default: return try number()
    }
  }

  package mutating func skip() throws(JSONError) { try skip(depth: 0) }

  private mutating func skip(depth: Int) throws(JSONError) {
    if depth > Self.deepest { throw error("Nested deeper than \(Self.deepest)") }
    switch peek() {
    case UInt8(ascii: "{"): try object { _, reader throws(JSONError) in try reader.skip(depth: depth + 1) }
    case UInt8(ascii: "["): try array { reader throws(JSONError) in try reader.skip(depth: depth + 1) }
    case UInt8(ascii: "\""): try stringBytes { _ in }
    case UInt8(ascii: "t"), UInt8(ascii: "f"): _ = try bool()
    case UInt8(ascii: "n"): try literal("null")
    default: _ = try number()
    }
  }

  private mutating func number() throws(JSONError) -> JSONValue {
    skipSpace()
    let start = offset
    var whole = true
    if byte == UInt8(ascii: "-") { offset += 1 }
    let first = byte
    try digits()
    if first == UInt8(ascii: "0"), offset - start > (bytes[start] == UInt8(ascii: "-") ? 2 : 1) {
      throw error("A number may not begin with 0")
    }
    if byte == UInt8(ascii: ".") {
      whole = false
      offset += 1
      try digits()
    }
    if byte | 0x20 == UInt8(ascii: "e") {
      whole = false
      offset += 1
      if byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") { offset += 1 }
      try digits()
    }
    // Up to 18 digits fit.
    if whole, offset - start <= 18 {
      let isNegative = bytes[start] == UInt8(ascii: "-")
      var value: Int64 = 0
      for place in (isNegative ? start + 1 : start)..<offset { value = value * 10 + Int64(bytes[place] & 15) }
      return .int(isNegative ? -value : value)
    }
    let text = String(decoding: UnsafeRawBufferPointer(rebasing: bytes[start..<offset]), as: UTF8.self)
    if whole, let value = Int64(text) { return .int(value) }
    guard let value = Double(text), value.isFinite else { throw error("The number \(text) is too large") }
    return .double(value)
  }

  private mutating func digits() throws(JSONError) {
    let start = offset
    while byte >= 48, byte <= 57 { offset += 1 }
    if offset == start { throw error(offset < bytes.count ? "Expected a value" : "The text ends too early") }
  }

  /// The byte here; 0 past the end.
  private var byte: UInt8 { offset < bytes.count ? bytes[offset] : 0 }

  private mutating func peek() -> UInt8 {
    skipSpace()
    return byte
  }

  private mutating func take(_ wanted: UInt8) -> Bool {
    guard peek() == wanted else { return false }
    offset += 1
    return true
  }

  private mutating func expect(_ wanted: UInt8, _ name: String) throws(JSONError) {
    if !take(wanted) {
      throw error(offset < bytes.count ? "Expected \(name)" : "The text ends where \(name) should be")
    }
  }

  private mutating func literal(_ word: StaticString) throws(JSONError) {
    let count = word.utf8CodeUnitCount
    guard offset + count <= bytes.count, (0..<count).allSatisfy({ bytes[offset + $0] == word.utf8Start[$0] }) else {
      throw error("Expected \(word)")
    }
    offset += count
  }

  private mutating func skipSpace() {
    while offset < bytes.count {
      let byte = bytes[offset]
      guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
      offset += 1
    }
  }

  private mutating func escapedString(from start: Int) throws(JSONError) -> String {
    var text = Array(bytes[start..<offset])
    while offset < bytes.count {
      let byte = bytes[offset]
      offset += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
      case 0..<0x20: throw error("A control character in a string must be escaped")
      case UInt8(ascii: "\\"):
        let escape = self.byte
        offset += 1
        switch escape {
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(escape)
        case UInt8(ascii: "u"): text.append(contentsOf: Array(String(Character(try unicodeEscape())).utf8))
        default: throw error("Unknown escape in a string")
        }
      default: text.append(byte)
      }
    }
    throw error("The string has no end")
  }

  /// A lone surrogate becomes U+FFFD.
  private mutating func unicodeEscape() throws(JSONError) -> Unicode.Scalar {
    let first = try hex4()
    if first & 0xFC00 == 0xD800, byte == UInt8(ascii: "\\"), offset + 1 < bytes.count,
      bytes[offset + 1] == UInt8(ascii: "u")
    {
      let before = offset
      offset += 2
      let second = try hex4()
      if second & 0xFC00 == 0xDC00 {
        return Unicode.Scalar(0x10000 + ((first & 0x3FF) << 10) + (second & 0x3FF)) ?? "\u{FFFD}"
      }
      offset = before
    }
    return Unicode.Scalar(first) ?? "\u{FFFD}"
  }

  private mutating func hex4() throws(JSONError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      switch byte {
      case 48...57: value = value << 4 | UInt32(byte - 48)
      case 65...70: value = value << 4 | UInt32(byte - 55)
      case 97...102: value = value << 4 | UInt32(byte - 87)
      default: throw error("Expected four hexadecimal digits")
      }
      offset += 1
    }
    return value
  }
}

extension JSONValue: JSONWritable {
  package init(parsing bytes: some Sequence<UInt8>) throws(JSONError) {
    let whole = Array(bytes)
    self = try whole.readJSON { reader throws(JSONError) in try reader.value() }
  }

  package init(parsing text: String) throws(JSONError) { try self.init(parsing: text.utf8) }

  package func write(to json: inout JSONWriter) { json.value(self) }
}

extension Array where Element == UInt8 {
  /// Reads one JSON value that must be the whole text.
  package func readJSON<Value>(_ read: (inout JSONReader) throws(JSONError) -> Value) throws(JSONError) -> Value {
    let result = withUnsafeBytes { bytes -> Result<Value, JSONError> in
      var reader = JSONReader(bytes)
      do throws(JSONError) {
        let value = try read(&reader)
        try reader.finish()
        return .success(value)
      } catch { return .failure(error) }
    }
    return try result.get()
  }
}
