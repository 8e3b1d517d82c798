import ArgumentParser
import RunClient
import RunModel

struct CancelCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cancel", abstract: "Stop runs; their work is kept. A run that has ended is left as it is.")

  @OptionGroup var runs: RunsArgument
  @Option(help: "Why; it goes on the audit trail.")
  var reason: String
  @Flag(help: "Kill at once, without the time to stop in order.")
  var force = false
  @Flag(help: "Wait until the processes are proven gone.")
  var wait = false
  @OptionGroup var output: JSONOption
  @OptionGroup var link: LinkOptions

  func validate() throws {
    if reason.allSatisfy(\.isWhitespace) { throw ValidationError("--reason must say something.") }
  }

  func run() async throws {
    try await link.withClient { client in
      var (runs, worst) = try await Each.of(self.runs.run) { try await client.cancel($0, reason: reason, force: force) }
      if wait {
        let live = runs.filter { !$0.status.isTerminal }.map(\.runId)
        for ended in try await FollowToEnd.follow(live, client) {
          for place in runs.indices where runs[place].runId == ended.runId { runs[place] = ended }
        }
      }
      if output.json {
        Console.print(
          .array(
            runs.map {
              [
                "runId": .string($0.runId.description), "status": .string($0.status.rawValue),
                "proof": $0.proof.flatMap { try? JSONValue(parsing: $0.jsonBytes) } ?? .null,  // our own JSON
              ]
            }) as JSONValue)
      } else {
        let words = RunWords(utf8: Surroundings.present.isUTF8, now: .now)
        for run in runs {
          Console.print("\(run.runId.shortName)  \(words.status(run))  \(Plain.line(run.title))\(Self.proof(run))")
        }
      }
      if worst != 0 { throw ExitCode(worst) }
    }
  }

  private static func proof(_ run: Run) -> String {
    guard let proof = run.proof else { return "" }
    guard let confirmed = proof.confirmedAt else { return "  (its end is unconfirmed)" }
    let work =
      proof.commit.map { ", work kept in \(Plain.line(String($0.prefix(12))))" } ?? proof.uncommitted.map {
        ", its work could not be committed and lies in \(Plain.line($0))"
      } ?? ""
    return "  (gone since \(confirmed), \(proof.words)\(work))"
  }
}

struct RetryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retry", abstract: "Do the same contract again as a new run; prints the new run ids.")

  @OptionGroup var runs: RunsArgument
  @OptionGroup var output: JSONOption
  @OptionGroup var link: LinkOptions

  func run() async throws {
    try await link.withClient { client in
      let (outcomes, worst) = try await Each.of(runs.run) { try await client.retry($0) }
      if output.json {
        Console.print(outcomes)
      } else {
        for run in outcomes.compactMap(\.runId) { Console.print(run.description) }
      }
      if worst != 0 { throw ExitCode(worst) }
    }
  }
}

/// Several runs, each on its own: one that fails keeps no other from being done.
enum Each {
  /// What succeeded, and the exit status: 0, or that of the failures (1 unless all of them were refusals).
  static func of<Done>(
    _ runs: [String], _ action: (String) async throws -> Done
  ) async throws -> (done: [Done], status: Int32) {
    var done: [Done] = []
    var statuses: Set<Int32> = []
    for run in runs {
      do {
        done.append(try await action(run))
      } catch let problem as Problem {
        Console.note(Plain.line("\(run): \(problem.detail)"))
        statuses.insert(problem.code.exitCode)
      }
    }
    return (done, statuses.count == 1 ? statuses.first ?? 0 : statuses.isEmpty ? 0 : ExitStatus.failed)
  }
}
