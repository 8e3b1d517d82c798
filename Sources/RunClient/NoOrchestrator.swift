package import RunModel

/// Nothing answers at the address: exit code 3.
package struct NoOrchestrator: Error, Sendable, Hashable, CustomStringConvertible {
  package var address: ServerAddress
  /// What the system said, when it was more than "nobody is there".
  package var cause: String?
  /// What to do, where more is known than the address tells.
  package var wayOut: String?

  package init(address: ServerAddress, cause: String? = nil) {
    self.address = address
    self.cause = cause
  }

  package var description: String {
    let why = cause.map { " (\($0))" } ?? ""
    return "No orchestrator answers at \(address)\(why). \(wayOut ?? usualWayOut)"
  }

  private var usualWayOut: String {
    switch address {
    case .unix: "Start one with flightdeck serve, or just flightdeck."
    case .http where address.isLocal, .https where address.isLocal:
      "Start one there: flightdeck serve --listen \(address)"
    case .http, .https:
      "Look at the name and the port, and whether flightdeck serve --listen \(address) runs on that machine."
    }
  }
}

/// The link broke after it had been made: trying again may help.
package struct LinkBroken: Error, Sendable, Hashable, CustomStringConvertible {
  package var address: ServerAddress
  package var cause: String

  package init(address: ServerAddress, cause: String) {
    self.address = address
    self.cause = cause
  }

  package var description: String { "The link to the orchestrator at \(address) broke: \(cause).\(hint)" }

  /// A server that speaks TLS ends what does not.
  private var hint: String {
    guard case .http(let host, let port) = address else { return "" }
    return " If TLS is served there: --connect https://\(host):\(port)"
  }
}
