import ArgumentParser
import RunClient
import RunModel

struct ApproveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "approve", abstract: "Let runs start that wait for approval; a critical one needs two people.")

  @OptionGroup var runs: RunsArgument
  @OptionGroup var rationale: RationaleOption
  @OptionGroup var output: JSONOption
  @OptionGroup var link: LinkOptions

  func run() async throws {
    try await link.withClient { client in
      try Decided.report(try await Each.of(runs.run) { try await client.approve($0, why: rationale.why) }, output)
    }
  }
}

struct RejectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reject", abstract: "End runs that wait for approval; the rationale becomes their reason.")

  @OptionGroup var runs: RunsArgument
  @OptionGroup var rationale: RationaleOption
  @OptionGroup var output: JSONOption
  @OptionGroup var link: LinkOptions

  func run() async throws {
    try await link.withClient { client in
      try Decided.report(try await Each.of(runs.run) { try await client.reject($0, why: rationale.why) }, output)
    }
  }
}

struct RationaleOption: ParsableArguments {
  @Option(help: "The rationale; it goes on the audit trail.")
  var why: String

  func validate() throws {
    if why.allSatisfy(\.isWhitespace) { throw ValidationError("--why must say something.") }
  }
}

/// Runs that somebody has decided on, one line each.
enum Decided {
  static func report(_ outcome: (done: [Run], status: Int32), _ output: JSONOption) throws {
    if output.json {
      Console.print(
        .array(
          outcome.done.map {
            [
              "runId": .string($0.runId.description), "status": .string($0.status.rawValue),
              "approval": $0.approval.flatMap { try? JSONValue(parsing: $0.jsonBytes) } ?? .null,  // our own JSON
            ]
          }) as JSONValue)
    } else {
      for run in outcome.done { Console.print(line(run)) }
    }
    if outcome.status != 0 { throw ExitCode(outcome.status) }
  }

  static func line(_ run: Run) -> String {
    var words = "approved"
    if let approval = run.approval {
      if approval.rejection != nil {
        words = "rejected"
      } else if approval.isPending {
        words = "approved, \(approval.given.count) of \(approval.needed): another person must approve it too"
      }
    }
    return "\(run.runId.shortName)  \(words)  \(Plain.line(run.title))"
  }
}
