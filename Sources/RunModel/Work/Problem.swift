/// Why something asked for was not done: an error for a person and, on the wire, an RFC 9457 problem document.
package struct Problem: Error, Sendable, Hashable, CustomStringConvertible {
  /// What decides the exit code and the HTTP status.
  package enum Code: String, Sendable, CaseIterable {
    /// Malformed or contradictory input: HTTP 400, exit 1.
    case invalid
    /// No such run, or more than one: HTTP 404, exit 1.
    case notFound = "not-found"
    /// It does not fit the present state: HTTP 409, exit 1.
    case conflict
    /// Not allowed, not eligible: HTTP 403 or 422, exit 4.
    case unauthorized, forbidden, ineligible
    /// Too large or too many: HTTP 413, exit 1.
    case tooLarge = "too-large"
    /// Refused for now: HTTP 429, exit 4.
    case tooMany = "too-many"
    /// Ours: HTTP 500 or 503, exit 1.
    case `internal`, unavailable

    package var httpStatus: Int {
      switch self {
      case .invalid: 400
      case .unauthorized: 401
      case .forbidden: 403
      case .notFound: 404
      case .conflict: 409
      case .tooLarge: 413
      case .ineligible: 422
      case .tooMany: 429
      case .internal: 500
      case .unavailable: 503
      }
    }

    package var exitCode: Int32 {
      switch self {
      case .unauthorized, .forbidden, .ineligible, .tooMany: 4
      default: 1
      }
    }
  }

  package var code: Code
  /// What is wrong and the way out, as a person would say it.
  package var detail: String
  /// The contract's member that it is about, when it is about one: `repository`, `base`.
  package var member: String?
  /// What is wrong in a few words, where there is no room for more; never on the wire.
  package var cause: String?

  package init(_ code: Code, _ detail: String, member: String? = nil, cause: String? = nil) {
    self.code = code
    self.detail = detail
    self.member = member
    self.cause = cause
  }

  package var description: String { detail }

  /// Whether somebody is not let in: trying again as before will not help.
  package var isRefusal: Bool {
    switch code {
    case .unauthorized, .forbidden, .tooMany: true
    case .invalid, .notFound, .conflict, .ineligible, .tooLarge, .internal, .unavailable: false
    }
  }
}

extension Problem: JSONWritable {
  package func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("type", "urn:flightdeck:problem:\(code.rawValue)")
      json.member("title", code.rawValue)
      json.member("status", code.httpStatus)
      json.member("detail", detail)
      json.member("code", code.rawValue)
      if let member { json.member("member", member) }
    }
  }

  package init?(json: JSONValue) {
    guard let code = json["code"]?.string.flatMap(Code.init), let detail = json["detail"]?.string else { return nil }
    self.init(code, detail, member: json["member"]?.string)
  }
}
