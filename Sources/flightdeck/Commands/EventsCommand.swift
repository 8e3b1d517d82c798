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
