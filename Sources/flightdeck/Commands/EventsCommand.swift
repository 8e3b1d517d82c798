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
    var query = EventQuery(after: after, runs: run, types: type, follow: follow)
    try await link.withClient { client in
      if follow {
        noteUnknownTypes()
        try await followOn(&query, client)
      } else {
        try await read(query, client)
      }
    }
  }

  private func read(_ query: EventQuery, _ client: RunClient) async throws {
    var last: ArraySlice<UInt8>?
    do {
      for try await lines in try await client.eventLines(query) {
        Console.write(json: lines)
        last = lines
      }
    } catch let broken as LinkBroken {
      let seq = last.flatMap(Self.lastSeq) ?? after
      throw LinkBroken(address: broken.address, cause: "\(broken.cause); go on with flightdeck events --after \(seq)")
    }
    guard last == nil, let stranger = unknownTypes.first else { return }
    throw Problem(
      .notFound,
      "There is no event of the type \"\(stranger)\".\(Nearest.hint(for: stranger, among: EventType.known.map(\.shortName)))"
    )
  }

  /// Until somebody ends it: a lost link is tried again from the last event that was printed, and said on standard error.
  private func followOn(_ query: inout EventQuery, _ client: RunClient) async throws {
    // Also: with no orchestrator to begin with there is nothing to wait for.
    query.store = try await client.health().store
    var backoff = Backoff(first: .milliseconds(200), longest: .seconds(5))
    var isLost = false
    while true {
      do {
        let stream = try await client.eventLines(query)
        if isLost { Console.note("the link is back; going on after event \(query.after)") }
        isLost = false
        backoff.reset()
        for try await lines in stream {
          Console.write(json: lines)
          if let seq = Self.lastSeq(lines) { query.after = seq }
        }
        throw LinkBroken(address: client.address, cause: "the orchestrator ended")
      } catch  where error is LinkBroken || error is NoOrchestrator {
        if !isLost { Console.note(Plain.line("\(error) Trying again, after event \(query.after).")) }
        isLost = true
        try await Task.sleep(for: backoff.next())
      }
    }
  }

  /// Those that neither we nor a runtime's own events are called by.
  private var unknownTypes: [String] {
    let known = EventType.known
    return type.filter { name in
      !name.hasPrefix("awf.runtime.") && !known.contains { $0.rawValue == name || $0.shortName == name }
    }
  }

  private func noteUnknownTypes() {
    for name in unknownTypes {
      Console.note(
        Plain.line(
          "No event is of the type \"\(name)\" so far as is known here.\(Nearest.hint(for: name, among: EventType.known.map(\.shortName)))"
        ))
    }
  }

  private static func lastSeq(_ lines: ArraySlice<UInt8>) -> UInt64? {
    guard let line = lines.split(separator: UInt8(ascii: "\n")).last else { return nil }
    // What is no event has no seq to go on from.
    return (try? RunEvent(parsing: Array(line)))?.seq
  }
}
