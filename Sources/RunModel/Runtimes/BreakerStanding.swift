/// Whether a runtime is given runs, by how its starts and checks went.
package struct BreakerStanding: Sendable, Hashable {
  package enum State: String, Sendable, Hashable {
    /// It is given runs.
    case closed
    /// It is given none until `retryAt`, when it is checked again.
    case open
    /// One run is tried; how its start goes decides.
    case halfOpen = "half_open"
  }

  package var state: State
  /// Starts that failed in a row.
  package var failures: Int
  package var retryAt: Timestamp?

  package init(_ state: State = .closed, failures: Int = 0, retryAt: Timestamp? = nil) {
    self.state = state
    self.failures = failures
    self.retryAt = retryAt
  }

  /// `tried again in 40 s`; nil while nothing is waited for.
  package func retryWords(at now: Timestamp) -> String? {
    guard state == .open, let retryAt else { return nil }
    let left = (retryAt - now).milliseconds
    return left > 0 ? "tried again in \(RunLimits.words(.seconds((left + 999) / 1000)))" : "tried again now"
  }
}

extension BreakerStanding: JSONWritable {
  package func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("state", state.rawValue)
      json.member("failures", failures)
      json.member("retryAt", retryAt)
    }
  }

  package init?(json: JSONValue) {
    guard let state = json["state"]?.string.flatMap(State.init) else { return nil }
    self.init(
      state, failures: Int(json["failures"]?.int ?? 0), retryAt: json["retryAt"]?.string.flatMap { Timestamp($0) })
  }
}
