import ArgumentParser
import RunClient
import RunModel

struct PullRequestCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pr",
    abstract: "Push the branch of a succeeded run and open a pull request for it; prints where it is.",
    discussion: """
      gh does it for GitHub and glab for GitLab, as the orchestrator's user is logged in there; git pushes, never by force. \
      A request that is open for the branch already is found. What goes wrong loses nothing: it can be tried again.
      """)

  @OptionGroup var runs: RunsArgument
  @OptionGroup var output: JSONOption
  @OptionGroup var link: LinkOptions

  func run() async throws {
    try await link.withClient { client in
      let (runs, worst) = try await Each.of(self.runs.run) { try await client.openPullRequest($0) }
      if output.json {
        Console.print(
          .array(
            runs.map {
              [
                "runId": .string($0.runId.description),
                "url": ($0.pullRequest?.url).map { .string($0) } ?? .null,
              ]
            }) as JSONValue)
      } else {
        for run in runs { Console.print(Plain.line(run.pullRequest?.url ?? run.runId.description)) }
      }
      if worst != 0 { throw ExitCode(worst) }
    }
  }
}
