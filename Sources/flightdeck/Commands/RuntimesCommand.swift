import ArgumentParser
import FoundationEssentials
import RunClient
import RunModel

struct RuntimesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "runtimes",
    abstract:
      "List the agent runtimes with what they can do, their health and their slots; add, check and remove them.",
    subcommands: [List.self, Add.self, Check.self, Remove.self], defaultSubcommand: List.self)

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "The matrix: what each can do, its health and its slots.")

    @OptionGroup var output: JSONOption
    @OptionGroup var link: LinkOptions

    func run() async throws {
      try await link.withClient { client in
        let runtimes = try await client.runtimes()
        if output.json { return Console.print(runtimes) }
        let surroundings = Surroundings.present
        let (yes, no) = surroundings.isUTF8 ? ("✔", "✖") : ("yes", "no")
        var table = Table([
          .init(title: "RUNTIME"), .init(title: "KIND"), .init(title: "HEALTH"), .init(title: "SLOTS", side: .right),
          .init(title: "BRANCH"), .init(title: "PR"), .init(title: "WEBHOOKS"), .init(title: "STREAMING"),
          .init(title: "ENDED"), .init(title: "MEDIAN", side: .right), .init(title: "WHY", shrinksTo: 8),
        ])
        for runtime in runtimes {
          func mark(_ capability: Capability) -> Table.Field {
            runtime.capabilities.has(capability) ? .init(yes, .good) : .init(no, .faint)
          }
          let tone: Tone =
            switch runtime.health {
            case .healthy: .good
            case .degraded: .warning
            case .lost: .bad
            }
          table.add([
            .init(runtime.runtimeId.rawValue), .init(runtime.kind), .init(runtime.health.rawValue, tone),
            .init("\(runtime.slotsUsed)/\(runtime.capabilities.maxParallelTasks)"), mark(.canCreateBranch),
            mark(.canCreatePR), mark(.supportsWebhooks), mark(.supportsStreaming),
            .init("\(runtime.succeeded) ok, \(runtime.failed) failed, \(runtime.canceled) canceled"),
            .init(runtime.medianMilliseconds.map { RunWords.clock(.milliseconds($0)) } ?? ""),
            .init(runtime.trouble(at: .now) ?? ""),
          ])
        }
        Console.print(table.text(width: surroundings.columns, colour: surroundings.wantsColour))
        for runtime in runtimes where !runtime.limits.isEmpty {
          Console.print("")
          Console.print(
            Tone.heading.paint("Each run of \(Plain.line(runtime.runtimeId.rawValue))", in: surroundings.wantsColour))
          for limit in runtime.limits { Console.print("  " + Plain.line(limit.text)) }
        }
      }
    }
  }
}
