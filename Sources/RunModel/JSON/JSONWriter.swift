/// Writes JSON text as bytes; `/` and non-ASCII are not escaped, numbers print as JavaScript prints them.
package struct JSONWriter: Sendable {
  package private(set) var bytes: [UInt8] = []
  private var needsComma = false

  package init(reserving capacity: Int = 256) { bytes.reserveCapacity(capacity) }

  package mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    needsComma = false
  }

  package mutating func object(_ members: (inout JSONWriter) -> Void) {
    bytes.append(UInt8(ascii: "{"))
    needsComma = false
    members(&self)
    bytes.append(UInt8(ascii: "}"))
    needsComma = true
  }

  package mutating func array(_ elements: (inout JSONWriter) -> Void) {
    bytes.append(UInt8(ascii: "["))
    needsComma = false
    elements(&self)
    bytes.append(UInt8(ascii: "]"))
    needsComma = true
  }

  package mutating func key(_ key: String) {
    separate()
    string(key)
    bytes.append(UInt8(ascii: ":"))
    needsComma = false
  }

  package mutating func member(_ name: String, _ value: String?) {
    key(name)
    if let value { string(value) } else { raw("null") }
    needsComma = true
  }
  package mutating func member(_ name: String, _ value: Int64?) {
    key(name)
    if let value { integer(value) } else { raw("null") }
    needsComma = true
  }
  package mutating func member(_ name: String, _ value: Int?) { member(name, value.map(Int64.init)) }
  package mutating func member(_ name: String, _ value: Double?) {
    key(name)
    raw(value.map(Self.number) ?? "null")
    needsComma = true
  }
  package mutating func member(_ name: String, _ value: Bool?) {
    key(name)
    raw(value.map { $0 ? "true" : "false" } ?? "null")
    needsComma = true
  }
  package mutating func member(_ name: String, _ value: Timestamp?) { member(name, value?.description) }
  package mutating func member(_ name: String, _ value: [String]?) {
    key(name)
    if let value { array { json in for text in value { json.element(text) } } } else { raw("null") }
    needsComma = true
  }
  package mutating func member(_ name: String, _ value: JSONValue?) {
    key(name)
    self.value(value ?? .null)
    needsComma = true
  }
  package mutating func member(_ name: String, _ value: (some JSONWritable)?) {
    key(name)
    if let value { value.write(to: &self) } else { raw("null") }
    needsComma = true
  }

  package mutating func element(_ value: String) {
    separate()
    string(value)
    needsComma = true
  }
  package mutating func element(_ value: some JSONWritable) {
    separate()
    value.write(to: &self)
    needsComma = true
  }
  package mutating func element(_ value: JSONValue) {
    separate()
    self.value(value)
    needsComma = true
  }
  /// An element that is JSON text already.
  package mutating func element(encoded: some Sequence<UInt8>) {
    separate()
    bytes.append(contentsOf: encoded)
    needsComma = true
  }
  /// A member whose value is JSON text already.
  package mutating func member(_ name: String, encoded: some Sequence<UInt8>) {
    key(name)
    bytes.append(contentsOf: encoded)
    needsComma = true
  }

  package mutating func value(_ value: JSONValue) {
    switch value {
    case .null: raw("null")
    case .bool(let value): raw(value ? "true" : "false")
    case .int(let value): integer(value)
    case .double(let value): raw(Self.number(value))
    case .string(let value): string(value)
    case .array(let elements): array { json in for element in elements { json.element(element) } }
    case .object(let object): self.object { json in for (name, value) in object { json.member(name, value) } }
    }
  }

  private mutating func separate() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
  }

  private mutating func raw(_ text: String) { bytes.append(contentsOf: text.utf8) }

  private mutating func integer(_ value: Int64) {
    if value < 0 { bytes.append(UInt8(ascii: "-")) }
    var magnitude = value.magnitude
    let start = bytes.count
    repeat {
      bytes.append(UInt8(ascii: "0") + UInt8(magnitude % 10))
      magnitude /= 10
    } while magnitude > 0
    bytes[start...].reverse()
  }

  private mutating func string(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    var text = text
    text.withUTF8 { utf8 in
      var plain = 0
      for position in 0..<utf8.count {
        let byte = utf8[position]
        guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
        bytes.append(contentsOf: utf8[plain..<position])
        plain = position + 1
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
        default:
          bytes.append(contentsOf: "u00".utf8)
          bytes.append(Self.hex[Int(byte >> 4)])
          bytes.append(Self.hex[Int(byte & 15)])
        }
      }
      bytes.append(contentsOf: utf8[plain...])
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private static let hex = Array("0123456789abcdef".utf8)

  /// ECMAScript's Number::toString; what JSON cannot hold (NaN, infinities) becomes null, as `JSON.stringify` does.
  package static func number(_ value: Double) -> String {
    guard value.isFinite else { return "null" }
    if value == 0 { return "0" }
    if value.magnitude < 9_007_199_254_740_992, value == value.rounded() { return String(Int64(value)) }
    var digits = ""
    var exponent = 0
    let text = value.magnitude.description
    let parts = text.split(separator: "e")
    if parts.count == 2 { exponent = Int(parts[1]) ?? 0 }
    let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    digits = mantissa.joined()
    var point = mantissa[0].count + exponent
    while digits.hasPrefix("0") {
      digits.removeFirst()
      point -= 1
    }
    while digits.hasSuffix("0") { digits.removeLast() }
    let count = digits.count
    let sign = value < 0 ? "-" : ""
    if point >= count, point <= 21 { return sign + digits + String(repeating: "0", count: point - count) }
    if point > 0, point <= 21 { return sign + digits.prefix(point) + "." + digits.dropFirst(point) }
    if point > -6, point <= 0 { return sign + "0." + String(repeating: "0", count: -point) + digits }
    let power = point - 1
    let tail = count > 1 ? "." + digits.dropFirst() : ""
    return sign + digits.prefix(1) + tail + "e" + (power < 0 ? "-" : "+") + String(power.magnitude)
  }
}
