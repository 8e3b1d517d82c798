package import RunModel

/// Nothing answers at the address: exit code 3.
package struct NoOrchestrator: Error, Sendable, Hashable, CustomStringConvertible {
  package var address: ServerAddress
  /// What the system said, when it was more than "nobody is there".
  package var cause: String?

  package init(address: ServerAddress, cause: String? = nil) {
    self.address = address
    self.cause = cause
  }

  package var description: String {
    let why = cause.map { " (\($0))" } ?? ""
    return "No orchestrator answers at \(address)\(why). Start one with flightdeck serve, or just flightdeck."
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

  package var description: String { "The link to the orchestrator at \(address) broke: \(cause)." }
}
