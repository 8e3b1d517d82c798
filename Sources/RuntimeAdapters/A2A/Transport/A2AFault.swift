import RunModel

/// Why an agent could not be asked, or what it answered instead.
struct A2AFault: Error, Sendable, CustomStringConvertible {
  enum Kind: Sendable, Equatable {
    /// Nothing was sent: no server, no name, no trust, no token.
    case unreachable, distrusted, notConfigured
    /// The link broke, or nothing came in time: what was sent may have been taken.
    case broken
    /// 401 or 403.
    case refused
    case http(Int)
    case rpc(Int64)
    /// No agent card where one should be, or none that can be used.
    case noCard
    /// What came is not what the protocol says.
    case unreadable
  }

  var kind: Kind
  /// As a person would say it, with the way out where there is one.
  var detail: String

  init(_ kind: Kind, _ detail: String) {
    self.kind = kind
    self.detail = detail
  }

  var description: String { detail }

  var problem: Problem {
    switch kind {
    case .refused, .distrusted: Problem(.unauthorized, detail)
    case .notConfigured, .noCard: Problem(.invalid, detail)
    case .rpc: Problem(.conflict, detail)
    case .unreachable, .broken, .http, .unreadable: Problem(.unavailable, detail)
    }
  }

  /// Whether what was sent may have been taken all the same.
  var mayHaveBeenTaken: Bool {
    switch kind {
    case .broken, .unreadable: true
    // 503: whoever stands before the agent has nobody to hand it to.
    case .http(let status): status >= 500 && status != 503
    case .unreachable, .distrusted, .notConfigured, .refused, .rpc, .noCard: false
    }
  }

  /// Whether it says that the server cannot be reached or used, and not merely that it does not do this one thing.
  var isOutage: Bool {
    switch kind {
    case .unreachable, .distrusted, .notConfigured, .broken, .refused, .noCard, .unreadable: true
    case .http(let status): status >= 500 || status == 429
    case .rpc: false
    }
  }
}
