import HTTPTypes
import NIOHTTP1
import RunModel

/// A problem whose HTTP status is not the one of its code: what only the protocol knows.
struct Refusal: Error, Hashable, Sendable {
  var problem: Problem
  var status: HTTPResponse.Status

  init(_ status: HTTPResponse.Status, _ detail: String, code: Problem.Code = .invalid) {
    problem = Problem(code, detail)
    self.status = status
  }

  static let headTooSlow = Refusal(
    .requestTimeout,
    "The request's head did not arrive in time. Send it at once, or open a connection when it is ready."
  )
  static let bodyTooSlow = Refusal(
    .requestTimeout, "The request's body came too slowly. Send it at 16 KB a second or more.")
  static let bodyTooLarge = Refusal(
    .contentTooLarge, "The request's body is larger than 16 MB. Send the contracts in several requests.",
    code: .tooLarge)
  static let tooManyConnections = Refusal(
    .serviceUnavailable, "Too many connections are busy here. Try again in a moment, or close some.",
    code: .unavailable)

  /// What is wrong with bytes that are not the HTTP/1.1 that is spoken here.
  init(_ error: HTTPParserError) {
    switch error {
    case .headerOverflow:
      self.init(
        .requestHeaderFieldsTooLarge, "The request's head is too long: 64 KB and 128 fields are read.", code: .tooLarge)
    case .invalidVersion:
      self.init(.httpVersionNotSupported, "This is not HTTP/1.1, which is what is spoken here.")
    case .unexpectedContentLength, .invalidContentLength:
      self.init(
        .badRequest, "The request's length is not clear: it needs one Content-Length, or chunks, and not both.")
    case .invalidMethod: self.init(.badRequest, "The request begins with no method that HTTP knows.")
    case .invalidURL: self.init(.badRequest, "The request's target is no address.")
    case .invalidHeaderToken: self.init(.badRequest, "The request's head has a field that HTTP does not allow.")
    case .invalidChunkSize: self.init(.badRequest, "A chunk of the request's body does not say how long it is.")
    case .invalidEOFState: self.init(.badRequest, "The request ended before it was whole.")
    default: self.init(.badRequest, "The request is no HTTP/1.1 (\(error)).")
    }
  }
}
