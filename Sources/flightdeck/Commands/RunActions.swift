import ArgumentParser
import FoundationEssentials
import RunClient
import RunModel
import RuntimeAdapters

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
      var (runs, worst) = try await Each.of(self.runs.run) { name in
        do { return try await client.cancel(name, reason: reason, force: force) } catch let problem as Problem
          where problem.code == .notFound
        { throw stranger(named: name, client) ?? problem }
      }
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

  /// Of an agent that works while the store does not know its run, as an older backup was restored, only its supervisor takes
  /// orders.
  private func stranger(named text: String, _ client: RunClient) -> Problem? {
    guard case .unix = client.address,
      let paths = try? Paths(environment: ProcessInfo.processInfo.environment, state: link.store.state)  // it was made
    else { return nil }
    let found = LiveSupervisors.processes(in: paths.state).filter { $0.run.description.hasSuffix(text.uppercased()) }
    guard found.count == 1, let agent = found.first else { return nil }
    let way = agent.process.map { " To end it with all that it has started: kill \($0); its work stays." } ?? ""
    return Problem(
      .notFound,
      "The store does not know run \(agent.run.shortName), whose agent works: an older backup was restored.\(way)")
  }

  private static func proof(_ run: Run) -> String {
    guard let proof = run.proof else { return "" }
    guard let confirmed = proof.confirmedAt else { return "  (its end is unconfirmed)" }
    let work =
      proof.commit.map { ", work kept in \(Plain.line(String($0.prefix(12))))" } ?? proof.uncommitted.map {
        ", its work could not be committed and lies in \(Plain.line($0))"
      } ?? ""
    // Nothing was running, or it runs elsewhere.
    guard proof.processes > 0 else { return "  (ended at \(confirmed)\(work))" }
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
