package import RunModel

/// Puts a text into every field of a value that takes any text: found out by trying, so that a new field is not forgotten.
package struct Planting<Value: Sendable>: Sendable {
  private let template: JSONValue
  private let read: @Sendable (JSONValue) throws -> Value
  private let write: @Sendable (Value) -> JSONValue
  /// Where a text can be put, as paths of member names and places.
  package let fields: [String]

  /// `read` throws or leaves the text out where a field cannot take it.
  package init(
    _ template: JSONValue, read: @escaping @Sendable (JSONValue) throws -> Value,
    write: @escaping @Sendable (Value) -> JSONValue
  ) {
    self.template = template
    self.read = read
    self.write = write
    let mark = "zz planted zz"
    var fields: [String] = []
    for place in Self.leaves(template, "") {
      let planted = Self.replacing(template, at: [place], by: { _ in mark }, "")
      // What cannot be read, cannot be planted.
      guard let value = try? read(planted), Self.leaves(write(value), "", where: { $0.contains(mark) }).count > 0
      else { continue }
      fields.append(place)
    }
    self.fields = fields
  }

  package func value(_ text: String) throws -> Value {
    try read(Self.replacing(template, at: Set(fields), by: { _ in text }, ""))
  }

  private static func leaves(_ value: JSONValue, _ path: String, where isWanted: (String) -> Bool = { _ in true })
    -> [String]
  {
    switch value {
    case .string(let text): isWanted(text) ? [path] : []
    case .array(let elements):
      elements.enumerated().flatMap { leaves($0.element, "\(path)/\($0.offset)", where: isWanted) }
    case .object(let object): object.flatMap { leaves($0.value, "\(path)/\($0.key)", where: isWanted) }
    case .null, .bool, .int, .double: []
    }
  }

  private static func replacing(
    _ value: JSONValue, at places: Set<String>, by change: (String) -> String, _ path: String
  ) -> JSONValue {
    switch value {
    case .string(let text): .string(places.contains(path) ? change(text) : text)
    case .array(let elements):
      .array(elements.enumerated().map { replacing($0.element, at: places, by: change, "\(path)/\($0.offset)") })
    case .object(let object):
      .object(
        JSONObject(
          object.map { (key: $0.key, value: replacing($0.value, at: places, by: change, "\(path)/\($0.key)")) }))
    case .null, .bool, .int, .double: value
    }
  }
}
