/// Any JSON value, kept as it came: what we do not know survives a round trip.
package enum JSONValue: Sendable, Equatable {
  case null
  case bool(Bool)
  case int(Int64)
  case double(Double)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)
}

/// A JSON object that keeps the order of its members; lookup is linear, as objects here are small.
package struct JSONObject: Sendable, Equatable, ExpressibleByDictionaryLiteral, Sequence {
  package typealias Element = (key: String, value: JSONValue)
  package private(set) var members: [Element]

  package init() { members = [] }
  package init(_ members: [Element]) { self.members = members }
  package init(dictionaryLiteral elements: (String, JSONValue)...) {
    members = elements.map { (key: $0.0, value: $0.1) }
  }

  package subscript(key: String) -> JSONValue? {
    get { members.first { $0.key == key }?.value }
    set {
      let place = members.firstIndex { $0.key == key }
      switch (place, newValue) {
      case (let place?, let value?): members[place].value = value
      case (let place?, nil): members.remove(at: place)
      case (nil, let value?): members.append((key, value))
      case (nil, nil): break
      }
    }
  }

  package var isEmpty: Bool { members.isEmpty }
  package var count: Int { members.count }
  package var keys: [String] { members.map(\.key) }
  package func makeIterator() -> IndexingIterator<[Element]> { members.makeIterator() }

  /// Adds without looking whether the key is there: for readers and builders that know it is not.
  package mutating func append(_ key: String, _ value: JSONValue) { members.append((key, value)) }

  package static func == (a: Self, b: Self) -> Bool {
    guard a.members.count == b.members.count else { return false }
    if a.members.count <= 32 { return a.members.allSatisfy { b[$0.key] == $0.value } }
    // A million members, looked up one by one, would take hours.
    let others = Dictionary(b.members.map { ($0.key, $0.value) }) { first, _ in first }
    return a.members.allSatisfy { others[$0.key] == $0.value }
  }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByFloatLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
  package init(stringLiteral value: String) { self = .string(value) }
  package init(integerLiteral value: Int64) { self = .int(value) }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  package init(floatLiteral value: Double) { self = .double(value) }
  package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  package init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(JSONObject(elements.map { (key: $0.0, value: $0.1) }))
  }
  package init(nilLiteral: ()) { self = .null }
}

extension JSONValue {
  package var string: String? { if case .string(let value) = self { value } else { nil } }
  package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  package var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
  package var object: JSONObject? { if case .object(let value) = self { value } else { nil } }
  package var isNull: Bool { self == .null }

  /// A whole number, also when it was written as 3.0.
  package var int: Int64? {
    switch self {
    case .int(let value): value
    case .double(let value): Int64(exactly: value)
    default: nil
    }
  }

  package var double: Double? {
    switch self {
    case .int(let value): Double(value)
    case .double(let value): value
    default: nil
    }
  }

  package subscript(key: String) -> JSONValue? { object?[key] }
}

/// A type with a JSON form of its own, written without intermediate values.
package protocol JSONWritable {
  func write(to json: inout JSONWriter)
}

extension JSONWritable {
  package var jsonBytes: [UInt8] {
    var writer = JSONWriter()
    write(to: &writer)
    return writer.bytes
  }
  package var jsonText: String { String(decoding: jsonBytes, as: UTF8.self) }
}

extension Array: JSONWritable where Element: JSONWritable {
  package func write(to json: inout JSONWriter) {
    json.array { json in for element in self { json.element(element) } }
  }
}
