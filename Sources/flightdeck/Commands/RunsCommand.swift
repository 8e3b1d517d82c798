import ArgumentParser
import RunClient
import RunModel

struct RunsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "runs", abstract: "List runs, newest first.")

  @Option(help: "Only runs that are queued, running, succeeded, failed or canceled; may be repeated.")
  var status: [RunStatus] = []
  @Option(help: "Only runs of this runtime.")
  var runtime: String?
  @Option(help: "At most this many.")
  var limit = 200
  @Flag(help: "Go on showing them as they change.")
  var watch = false
  @OptionGroup var output: JSONOption
  @OptionGroup var link: LinkOptions

  func validate() throws {
    if limit < 1 { throw ValidationError("--limit must be 1 or more.") }
  }

  private var query: RunQuery {
    RunQuery(statuses: Set(status), runtime: runtime.map { RuntimeID($0) }, limit: limit)
  }

  func run() async throws {
    let query = query
    let json = output.json
    try await link.withClient { client in
      if watch {
        // Without an orchestrator the watch must not begin: it would wait for ever.
        _ = try await client.health()
        await RunsWatch(query: query, json: json).run(client)
      }
      let runs = try await Self.list(query, client)
      // The list is worth having also when this cannot be told.
      if let outage = try? await client.health().outage { Console.note(outage.sentence { "\($0)" }) }
      if json { return Console.print(runs) }
      let surroundings = Surroundings.present
      var words = RunWords(utf8: surroundings.isUTF8, now: .now)
      if runs.contains(where: { $0.status == .running }) { words.runtimes = try await client.runtimes() }
      if runs.isEmpty {
        Console.note("No runs\(query == RunQuery(limit: query.limit) ? " yet" : " of that kind").")
      } else {
        Console.print(words.table(runs).text(width: surroundings.columns, colour: surroundings.wantsColour))
      }
    }
  }

  /// Page by page until the limit.
  static func list(_ query: RunQuery, _ client: RunClient) async throws -> [Run] {
    var runs: [Run] = []
    var page = query
    while runs.count < query.limit {
      page.limit = min(10_000, query.limit - runs.count)
      let answer = try await client.runs(page)
      runs += answer.runs
      guard let next = answer.next, !answer.runs.isEmpty else { break }
      page.before = next
    }
    return runs
  }
}
