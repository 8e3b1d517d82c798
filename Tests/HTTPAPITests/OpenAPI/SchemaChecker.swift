import Foundation
import RunModel

/// Holds JSON values to the schemas of an OpenAPI document: the part of JSON Schema that ours uses.
struct SchemaChecker {
  let document: JSONValue

  /// What a `$ref` points to.
  func resolve(_ schema: JSONValue) -> JSONValue? {
    guard let path = schema["$ref"]?.string else { return schema }
    var value: JSONValue? = document
    for part in path.split(separator: "/").dropFirst() { value = value?[String(part)] }
    return value
  }

  /// What is wrong with `value`, each with its place; empty when it fits.
  func violations(_ value: JSONValue, _ unresolved: JSONValue, at place: String = "$") -> [String] {
    guard let schema = resolve(unresolved) else { return ["\(place): no such schema: \(unresolved.jsonText)"] }
    if let choices = schema["anyOf"]?.array {
      return choices.contains { violations(value, $0, at: place).isEmpty } ? [] : ["\(place): fits no choice"]
    }
    var found: [String] = []
    if let type = schema["type"] {
      let types = type.array?.compactMap(\.string) ?? [type.string ?? ""]
      if !types.contains(where: { fits(value, $0) }) { return ["\(place): is not \(types)"] }
    }
    if let values = schema["enum"]?.array, !values.contains(value) { found.append("\(place): not one of the values") }
    if let pattern = schema["pattern"]?.string, let text = value.string,
      text.range(of: pattern, options: .regularExpression) == nil
    {
      found.append("\(place): does not match \(pattern)")
    }
    if let items = schema["items"], let elements = value.array {
      for (index, element) in elements.enumerated() {
        found += violations(element, items, at: "\(place)[\(index)]")
      }
    }
    if let object = value.object {
      for name in schema["required"]?.array?.compactMap(\.string) ?? [] where object[name] == nil {
        found.append("\(place): lacks \(name)")
      }
      for (name, member) in object {
        if let property = schema["properties"]?[name] {
          found += violations(member, property, at: "\(place).\(name)")
        } else if schema["additionalProperties"] == .bool(false) {
          found.append("\(place): \(name) is not described")
        }
      }
    }
    return found
  }

  private func fits(_ value: JSONValue, _ type: String) -> Bool {
    switch (type, value) {
    case ("null", .null), ("boolean", .bool), ("string", .string), ("array", .array), ("object", .object): true
    case ("integer", _): value.int != nil
    case ("number", _): value.double != nil
    default: false
    }
  }
}
