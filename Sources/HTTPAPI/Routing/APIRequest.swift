import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import Orchestration
import RunModel

/// Gives handlers the connection, which endless streams pace themselves by.
struct APIContext: InitializableFromSource {
  let channel: any Channel

  init(source: ApplicationRequestContextSource) { channel = source.channel }
}

/// A request that has found its route: what a handler reads.
struct APIRequest: Sendable {
  let request: Request
  let channel: any Channel
  let parameters: [String: String]
  let caller: Caller
  let streams: Streams

  var actor: Actor { caller.actor }

  static let longestBody = 16 * 1024 * 1024

  func parameter(_ name: String) -> String { parameters[name] ?? "" }

  /// The query; throws for a name that is not in `known`.
  func query(_ known: String...) throws(Problem) -> Query { try Query(request.uri.queryParameters, known: known) }

  /// The body as JSON, nil when there is none.
  func optionalBody() async throws -> JSONValue? {
    if let coding = request.headers[.contentEncoding], coding.lowercased() != "identity" {
      throw Refusal(.unsupportedMediaType, "A body is read as it is, and this one is \(coding). Send it uncompressed.")
    }
    if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > Self.longestBody {
      throw Refusal.bodyTooLarge
    }
    let buffer: ByteBuffer
    do { buffer = try await request.body.collect(upTo: Self.longestBody) } catch is NIOTooManyBytesError {
      throw Refusal.bodyTooLarge
    }
    if buffer.readableBytes == 0 { return nil }
    return try JSONValue(requestBody: Array(buffer.readableBytesView))
  }

  func body() async throws -> JSONValue {
    guard let body = try await optionalBody() else {
      throw Problem(.invalid, "The request needs a body of JSON, and it has none.")
    }
    return body
  }

  /// The body as an object with no other members than `known`.
  func object(_ known: String...) async throws -> BodyObject {
    guard let object = try await body().object else { throw Problem(.invalid, "The request's body must be an object.") }
    for key in object.keys where !known.contains(key) {
      throw Problem(.invalid, "Unknown key \"\(key)\" in the request's body.\(Nearest.hint(for: key, among: known))")
    }
    return BodyObject(object: object)
  }
}

/// Typed access to a body's members that names them in its errors.
struct BodyObject {
  let object: JSONObject

  func text(_ key: String) throws(Problem) -> String? {
    guard let value = object[key], !value.isNull else { return nil }
    guard let text = value.string else { throw Problem(.invalid, "\"\(key)\" must be text.") }
    return text
  }

  func requiredText(_ key: String) throws(Problem) -> String {
    guard let text = try text(key), !text.allSatisfy(\.isWhitespace) else {
      throw Problem(.invalid, "The request's body needs \"\(key)\", a text that is not empty.")
    }
    return text
  }

  func bool(_ key: String) throws(Problem) -> Bool? {
    guard let value = object[key], !value.isNull else { return nil }
    guard let bool = value.bool else { throw Problem(.invalid, "\"\(key)\" must be true or false.") }
    return bool
  }
}

/// A query whose names are all known.
struct Query {
  private let items: [(key: String, value: String)]

  init(_ parameters: FlatDictionary<Substring, Substring>, known: [String]) throws(Problem) {
    items = parameters.filter { !$0.key.isEmpty }.map { (String($0.key), String($0.value)) }
    for (key, _) in items where !known.contains(key) {
      throw Problem(
        .invalid,
        "Unknown parameter \"\(key)\" in the query.\(Nearest.hint(for: key, among: known))"
          + (known.isEmpty ? "" : " Known here: \(known.joined(separator: ", "))."))
    }
  }

  func all(_ key: String) -> [String] { items.filter { $0.key == key }.map(\.value) }

  func text(_ key: String) throws(Problem) -> String? {
    let values = all(key)
    guard values.count <= 1 else { throw Problem(.invalid, "\"\(key)\" may be given once.") }
    return values.first
  }

  func number(_ key: String, in range: ClosedRange<UInt64>) throws(Problem) -> UInt64? {
    guard let text = try text(key) else { return nil }
    guard let number = UInt64(text), range.contains(number) else {
      let limit =
        range.upperBound == .max ? "of \(range.lowerBound) or more" : "from \(range.lowerBound) to \(range.upperBound)"
      throw Problem(.invalid, "\"\(key)\" must be a whole number \(limit), not \"\(text)\".")
    }
    return number
  }

  func bool(_ key: String) throws(Problem) -> Bool? {
    switch try text(key) {
    case nil: return nil
    case "true": return true
    case "false": return false
    case let text?: throw Problem(.invalid, "\"\(key)\" must be true or false, not \"\(text)\".")
    }
  }
}
