/// An identifier of ours: a ULID with a meaning.
package protocol ULIDIdentifier: Hashable, Sendable, Comparable, CustomStringConvertible, Codable {
  var ulid: ULID { get }
  init(_ ulid: ULID)
}

extension ULIDIdentifier {
  package init?(_ text: some StringProtocol) {
    guard let ulid = ULID(text) else { return nil }
    self.init(ulid)
  }

  init?(utf8: UnsafeRawBufferPointer) {
    guard let ulid = ULID(utf8: utf8) else { return nil }
    self.init(ulid)
  }

  package var description: String { ulid.description }

  /// The last six characters, enough for a person to tell runs apart.
  package var shortName: String { String(ulid.description.suffix(6)) }

  package static func < (a: Self, b: Self) -> Bool { a.ulid < b.ulid }

  package init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let ulid = ULID(text) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "\"\(text)\" is not a ULID (26 characters)"))
    }
    self.init(ulid)
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

package struct RunID: ULIDIdentifier {
  package let ulid: ULID
  package init(_ ulid: ULID) { self.ulid = ulid }
}

package struct ContractID: ULIDIdentifier {
  package let ulid: ULID
  package init(_ ulid: ULID) { self.ulid = ulid }
}

/// Which record a seq or a cursor belongs to: made with a store, and anew when another history takes its place.
package struct StoreID: ULIDIdentifier {
  package let ulid: ULID
  package init(_ ulid: ULID) { self.ulid = ulid }
}

/// A bearer token's id: not the secret itself.
package struct TokenID: ULIDIdentifier {
  package let ulid: ULID
  package init(_ ulid: ULID) { self.ulid = ulid }
}

/// A runtime's short stable name: `simulated`, `mock`, `local`, or what the configuration calls it.
package struct RuntimeID: RawRepresentable, Hashable, Sendable, Comparable, Codable, CustomStringConvertible,
  ExpressibleByStringLiteral
{
  package let rawValue: String
  package init(rawValue: String) { self.rawValue = rawValue }
  package init(_ text: String) { rawValue = text }
  package init(stringLiteral text: String) { rawValue = text }
  package var description: String { rawValue }
  package static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}
