/// Where a run stands; the raw values are the contract's words.
package enum RunStatus: String, Sendable, Hashable, CaseIterable, Codable {
  case queued, running, succeeded, failed, canceled

  package var isTerminal: Bool {
    switch self {
    case .queued, .running: false
    case .succeeded, .failed, .canceled: true
    }
  }
}
