import Foundation
import RunModel

/// A JSON value as Foundation's decoder reads it, to hold ours against, with the differences that are meant written down:
///
/// - Bytes that are no UTF-8 and halves of a surrogate pair become U+FFFD with us and an error there: Foundation gets the
///   text with U+FFFD in their place.
/// - A text that begins with a byte order mark is refused by us; one with a NUL among its first four bytes Foundation
///   takes for UTF-16 or 32: those are not compared.
/// - Deeper than 128 is refused by us; deeper than 512 Foundation (of Swift 6.3.1) traps: it is not asked about that.
/// - A name twice in one object: we keep both and look up the first, Foundation keeps one, and does not even look whether the
///   numbers of the other are any: not compared.
/// - A comma before a closing bracket is taken there, and refused by us: not compared.
/// - A number is compared as what it is: whole ones up to 64 bits exactly, all others as the nearest `Double`.
/// - A whole number between Int64.max and UInt64.max is a `Double` with us, and with what `FoundationJSON` asks for.
indirect enum FoundationJSON: Decodable, Equatable {
  case null
  case bool(Bool)
  case int(Int64)
  case double(Double)
  case string(String)
  case array([FoundationJSON])
  case object([String: FoundationJSON])

  init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if value.decodeNil() {
      self = .null
    } else if let bool = try? value.decode(Bool.self) {
      self = .bool(bool)
    } else if let string = try? value.decode(String.self) {
      self = .string(string)
    } else if let int = try? value.decode(Int64.self) {
      self = .int(int)
    } else if let double = try? value.decode(Double.self) {
      self = .double(double)
    } else if let array = try? value.decode([FoundationJSON].self) {
      self = .array(array)
    } else {
      self = .object(try value.decode([String: FoundationJSON].self))
    }
  }

  /// Nil when Foundation refuses the text, or the text is one of those that are not compared.
  static func read(_ bytes: [UInt8]) -> FoundationJSON? {
    try? JSONDecoder().decode(Self.self, from: Data(withoutHalves(Array(bytes.text))))
  }

  static func isComparable(_ bytes: [UInt8]) -> Bool {
    !bytes.starts(with: [0xEF, 0xBB, 0xBF]) && !bytes.starts(with: [0xFF, 0xFE]) && !bytes.starts(with: [0xFE, 0xFF])
      && !bytes.prefix(4).contains(0) && !isDeep(bytes) && !hasLastComma(bytes)
  }

  /// The members of all its objects.
  var members: Int {
    switch self {
    case .array(let elements): elements.reduce(0) { $0 + $1.members }
    case .object(let object): object.values.reduce(object.count) { $0 + $1.members }
    case .null, .bool, .int, .double, .string: 0
    }
  }

  /// The members that a text has, also those whose names are there twice: its colons outside of strings.
  static func members(in text: [UInt8]) -> Int {
    var count = 0
    var isInside = false
    var isEscaped = false
    for byte in text {
      switch byte {
      case _ where isEscaped: isEscaped = false
      case UInt8(ascii: "\\"): isEscaped = isInside
      case UInt8(ascii: "\""): isInside.toggle()
      case UInt8(ascii: ":"): if !isInside { count += 1 }
      default: break
      }
    }
    return count
  }

  /// Those in strings count too.
  private static func hasLastComma(_ bytes: [UInt8]) -> Bool {
    var isAfterComma = false
    for byte in bytes {
      switch byte {
      case UInt8(ascii: ","): isAfterComma = true
      case 0x20, 0x09, 0x0A, 0x0D: continue
      case UInt8(ascii: "]"), UInt8(ascii: "}"): if isAfterComma { return true }
      default: isAfterComma = false
      }
    }
    return false
  }

  /// Brackets in strings count too.
  private static func isDeep(_ bytes: [UInt8]) -> Bool {
    var depth = 0
    for byte in bytes {
      switch byte {
      case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
      case UInt8(ascii: "]"), UInt8(ascii: "}"): depth = max(0, depth - 1)
      default: continue
      }
      if depth > 500 { return true }
    }
    return false
  }

  /// `\ud800` without its other half becomes `\ufffd`.
  private static func withoutHalves(_ text: [UInt8]) -> [UInt8] {
    var text = text
    func unit(_ at: Int) -> UInt32? {
      guard at + 6 <= text.count, text[at] == UInt8(ascii: "\\"), text[at + 1] == UInt8(ascii: "u") else { return nil }
      let digits = text[(at + 2)..<(at + 6)]
      guard digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else { return nil }
      return UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
    }
    var at = 0
    while at < text.count {
      guard text[at] == UInt8(ascii: "\\") else {
        at += 1
        continue
      }
      guard let first = unit(at) else {
        at += 2
        continue
      }
      switch first {
      case 0xD800..<0xDC00:
        if let second = unit(at + 6), (0xDC00..<0xE000).contains(second) {
          at += 12
          continue
        }
        text.replaceSubrange(at..<(at + 6), with: Array("\\ufffd"))
      case 0xDC00..<0xE000: text.replaceSubrange(at..<(at + 6), with: Array("\\ufffd"))
      default: break
      }
      at += 6
    }
    return text
  }
}

extension JSONValue {
  func isSame(as other: FoundationJSON) -> Bool {
    switch (self, other) {
    case (.null, .null): true
    case (.bool(let a), .bool(let b)): a == b
    case (.string(let a), .string(let b)): a.utf8.elementsEqual(b.utf8)
    case (.int(let a), .int(let b)): a == b
    case (.int(let a), .double(let b)): Double(a) == b
    case (.double(let a), .double(let b)): a == b
    case (.double(let a), .int(let b)): a == Double(b)
    case (.array(let a), .array(let b)): a.count == b.count && zip(a, b).allSatisfy { $0.isSame(as: $1) }
    case (.object(let a), .object(let b)):
      a.count == b.count && a.allSatisfy { name, value in b[name].map { value.isSame(as: $0) } ?? false }
    default: false
    }
  }

  /// Whether a name is twice in an object of it, as `String` tells names apart.
  var repeatsName: Bool {
    switch self {
    case .array(let elements): elements.contains(where: \.repeatsName)
    case .object(let object):
      Set(object.keys).count != object.count || object.contains { $0.value.repeatsName }
    case .null, .bool, .int, .double, .string: false
    }
  }

  /// The same value, equal members in equal order, also where a name is there twice.
  func isIdentical(to other: JSONValue) -> Bool {
    switch (self, other) {
    case (.array(let a), .array(let b)): a.count == b.count && zip(a, b).allSatisfy { $0.isIdentical(to: $1) }
    case (.object(let a), .object(let b)):
      a.count == b.count
        && zip(a, b).allSatisfy { $0.key.utf8.elementsEqual($1.key.utf8) && $0.value.isIdentical(to: $1.value) }
    case (.string(let a), .string(let b)): a.utf8.elementsEqual(b.utf8)
    // -0.0 and whole doubles are written as JavaScript writes them.
    case (.double(let a), .int(let b)), (.int(let b), .double(let a)): a == Double(b)
    default: self == other
    }
  }
}
