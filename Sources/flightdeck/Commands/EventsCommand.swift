import ArgumentParser
import RunClient
import RunModel

struct EventsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "events", abstract: "Print events as JSON lines (CloudEvents), in order, without a gap.")

  @Option(help: ArgumentHelp("Begin after this event (default: at the first).", valueName: "seq"))
  var after: UInt64 = 0
  @Option(help: "Only events of this run; may be repeated.")
  var run: [String] = []
  @Option(help: "Only events of this type, such as awf.run.started or started; may be repeated.")
  var type: [String] = []
  @Flag(help: "Wait for more at the end.")
  var follow = false
  @OptionGroup var output: JSONOption
  @OptionGroup var link: LinkOptions

  func run() async throws {
    let query = EventQuery(after: after, runs: run, types: type, follow: follow)
    try await link.withClient { client in
      var last: ArraySlice<UInt8>?
      do {
        for try await lines in try await client.eventLines(query) {
          Console.write(json: lines)
          last = lines
        }
        guard follow else { return }
        throw LinkBroken(address: client.address, cause: "the orchestrator ended")
      } catch let broken as LinkBroken {
        let seq = last.flatMap(Self.lastSeq) ?? after
        throw LinkBroken(
          address: broken.address, cause: "\(broken.cause); go on with flightdeck events --after \(seq)")
      }
    }
  }

  private static func lastSeq(_ lines: ArraySlice<UInt8>) -> UInt64? {
    guard let line = lines.split(separator: UInt8(ascii: "\n")).last else { return nil }
    // What is no event has no seq to go on from.
    return (try? RunEvent(parsing: Array(line)))?.seq
  }
}

struct RuntimesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "runtimes", abstract: "List the agent runtimes with what they can do, their health and their slots.")

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
          .init(runtime.healthReason ?? ""),
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
