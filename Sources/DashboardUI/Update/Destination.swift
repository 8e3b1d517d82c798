package import RunModel

/// A place in the dashboard that can be named from outside: `runs`, `runtimes`, `queue`, `audit`, `pulse`, `dispatch`, `help`,
/// `run:RUN` or
/// `run:RUN/TAB`, where RUN is a run id or any unambiguous end of one.
package enum Destination: Sendable, Equatable {
  case runs, runtimes, dispatch, help
  case queue, audit, pulse
  case run(String, RunTab)

  /// Throws `Problem(.invalid)` that lists what there is.
  package init(_ text: String) throws(Problem) {
    switch text {
    case "runs": self = .runs
    case "runtimes": self = .runtimes
    case "queue": self = .queue
    case "audit": self = .audit
    case "pulse": self = .pulse
    case "dispatch": self = .dispatch
    case "help": self = .help
    default:
      guard text.hasPrefix("run:"), text.count > 4 else {
        throw Problem(
          .invalid,
          "There is no screen \"\(text)\". "
            + "There are: runs, runtimes, queue, audit, pulse, dispatch, help, run:RUN and run:RUN/TAB.")
      }
      let parts = text.dropFirst(4).split(separator: "/", maxSplits: 1)
      let names = RunTab.allCases.map { $0.title.lowercased() }
      guard let run = parts.first else { throw Problem(.invalid, "run: needs a run id after it.") }
      guard parts.count == 2 else {
        self = .run(String(run), .overview)
        return
      }
      guard let tab = RunTab.allCases.first(where: { $0.title.lowercased() == parts[1].lowercased() }) else {
        throw Problem(.invalid, "A run has no tab \"\(parts[1])\". It has: \(names.joined(separator: ", ")).")
      }
      self = .run(String(run), tab)
    }
  }
}

extension DashboardState {
  /// Goes there; throws `Problem(.notFound)` when no run, or more than one, ends like that.
  package mutating func go(to destination: Destination) throws(Problem) -> [Effect] {
    defer { outbox = [] }
    switch destination {
    case .runs: show(.runs)
    case .runtimes: show(.runtimes)
    case .queue: show(.queue)
    case .audit: show(.audit)
    case .pulse: show(.pulse)
    case .dispatch: show(.dispatch)
    case .help: perform(.help)
    case .run(let text, let tab):
      let found = board.runs(endingIn: text)
      guard found.count == 1, let run = found.first else {
        let names = found.prefix(5).map(\.runId.shortName).joined(separator: ", ")
        throw Problem(
          .notFound,
          found.isEmpty
            ? "No run ends in \"\(text)\"." : "\(found.count) runs end in \"\(text)\": \(names). Give more of it.")
      }
      openRun(run.runId, tab)
    }
    return outbox
  }
}
