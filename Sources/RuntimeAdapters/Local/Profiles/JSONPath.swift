package import RunModel

/// A path into a JSON value: `message.content[].text`, `items[0].name`, `["a.b"].c`; `$.` begins at the line's own object.
///
/// It can only look: no expression, no call.
package struct JSONPath: Sendable, Equatable {
  enum Step: Sendable, Equatable {
    case member(String)
    /// Counted from 0; from the end where negative.
    case element(Int)
    case each
  }

  package let text: String
  let steps: [Step]
  /// Begins at the line's own object, where a rule looks at parts of it.
  let isAbsolute: Bool

  static let mostSteps = 16
  static let mostValues = 1000

  /// Nil for a text that is no path.
  package init?(_ text: String) {
    self.text = text
    var rest = text[...]
    isAbsolute = rest.first == "$" && (rest.dropFirst().first == "." || rest.count == 1)
    if isAbsolute { rest = rest.dropFirst().first == "." ? rest.dropFirst(2) : rest.dropFirst() }
    var steps: [Step] = []
    var needsDot = false
    while let first = rest.first {
      if first == "[" {
        if rest.hasPrefix("[\"") {
          guard let end = rest.range(of: "\"]") else { return nil }
          steps.append(.member(String(rest[..<end.lowerBound].dropFirst(2))))
          rest = rest[end.upperBound...]
        } else {
          guard let end = rest.firstIndex(of: "]") else { return nil }
          let inner = rest[..<end].dropFirst()
          if inner.isEmpty {
            steps.append(.each)
          } else {
            guard let index = Int(inner) else { return nil }
            steps.append(.element(index))
          }
          rest = rest[end...].dropFirst()
        }
        needsDot = true
        continue
      }
      if needsDot {
        guard first == "." else { return nil }
        rest = rest.dropFirst()
      }
      let name = rest.prefix { $0 != "." && $0 != "[" }
      guard !name.isEmpty, !name.contains(where: { $0.isWhitespace || $0 == "]" || $0 == "\"" || $0 == "$" }) else {
        return nil
      }
      steps.append(.member(String(name)))
      rest = rest[name.endIndex...]
      needsDot = true
    }
    if rest.isEmpty, text.last == "." { return nil }
    guard steps.count <= Self.mostSteps, isAbsolute || !steps.isEmpty else { return nil }
    self.steps = steps
  }

  /// What is there, in order; null is not.
  package func values(in value: JSONValue) -> [JSONValue] {
    var found = [value]
    for step in steps {
      var next: [JSONValue] = []
      for value in found {
        switch step {
        case .member(let name): if let member = value[name] { next.append(member) }
        case .element(let index):
          guard let items = value.array else { continue }
          let place = index < 0 ? items.count + index : index
          if items.indices.contains(place) { next.append(items[place]) }
        case .each: next += value.array?.prefix(Self.mostValues - min(next.count, Self.mostValues)) ?? []
        }
        if next.count >= Self.mostValues { break }
      }
      found = next
      if found.isEmpty { break }
    }
    return found.filter { !$0.isNull }
  }
}

extension Substring {
  /// Where a text is in it, without Foundation.
  fileprivate func range(of text: String) -> Range<Index>? {
    var place = startIndex
    while place < endIndex {
      if self[place...].hasPrefix(text) { return place..<index(place, offsetBy: text.count) }
      place = index(after: place)
    }
    return nil
  }
}
