import ArgumentParser
import FoundationEssentials
import Glibc
import Logging
import RunModel

struct LogsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logs", abstract: "Show what the orchestrator has written down about its own work.",
    discussion: """
      Reads the files of this machine, the earlier ones first; no orchestrator need run. What agents print is not \
      here: see flightdeck events.

      Examples:
        flightdeck logs --since 1h --level warning
        flightdeck logs --follow --run Q4MZK9
        flightdeck logs --json | jq 'select(.level == "error")'
      """)

  @Flag(name: .shortAndLong, help: "Wait for more at the end; ctrl-c ends it.")
  var follow = false
  @Option(help: "Only this level and those above: trace, debug, info, notice, warning, error, critical.")
  var level = "trace"
  @Option(help: ArgumentHelp("Only what is younger: an age such as 10m, 2h or 3d, or a time.", valueName: "age"))
  var since: String?
  @Option(help: ArgumentHelp("Only lines about this run, by any end of its id.", valueName: "run"))
  var run: String?
  @OptionGroup var output: JSONOption
  @OptionGroup var settings: ConfigurationOption
  @OptionGroup var store: StoreOption

  func validate() throws {
    guard Logger.Level(rawValue: level) != nil else {
      let known = Logger.Level.allCases.map(\.rawValue)
      throw ValidationError("There is no level \"\(level)\".\(Nearest.hint(for: level, among: known))")
    }
    if let since, Age.moment(since, before: .now) == nil {
      throw ValidationError("--since takes an age such as 10m, 2h or 3d, or a time such as 2026-01-31T12:00:00Z.")
    }
  }

  func run() async throws {
    let paths = try Paths(
      environment: ProcessInfo.processInfo.environment, state: store.state, configuration: settings.config)
    let path = paths.logFile(try ConfigurationFile.load(paths).log)
    guard follow || !RotatingFile.files(of: path).isEmpty else {
      throw Problem(.notFound, "There is no log at \(path). An orchestrator writes one: flightdeck serve")
    }
    let surroundings = Surroundings.present
    let filter = LogFilter(
      level: Logger.Level(rawValue: level) ?? .trace, since: since.flatMap { Age.moment($0, before: .now) },
      run: run?.uppercased())
    let colour = surroundings.wantsColour
    let isJSON = output.json
    @Sendable func show(_ lines: [ArraySlice<UInt8>]) {
      var text: [UInt8] = []
      for line in lines {
        guard let shown = filter.show(line, asJSON: isJSON, colour: colour) else { continue }
        text += shown
        text.append(UInt8(ascii: "\n"))
      }
      if text.isEmpty { return }
      if isJSON { Console.write(json: text) } else { Console.write(text) }
    }
    let follow = follow
    try await Termination.cancels {
      var last: LogTail?
      for file in RotatingFile.files(of: path) {
        guard var tail = LogTail(file) else { continue }
        repeat { show(tail.lines()) } while tail.hasMore
        if file == path { last = tail } else { tail.close() }
      }
      while follow {
        // The file may have been put aside: its rest first, then the new one.
        let isPutAside = last.map { !$0.isStill(path) } ?? true
        if var tail = last {
          repeat { show(tail.lines()) } while tail.hasMore
          last = tail
        }
        if isPutAside {
          last?.close()
          last = LogTail(path)
          if last != nil { continue }
        }
        try await Task.sleep(for: .milliseconds(250))
      }
    }
  }
}

/// Which lines of the log are shown, and how.
struct LogFilter: Sendable {
  var level = Logger.Level.trace
  var since: Timestamp?
  /// Upper case; the end of a run's id.
  var run: String?

  /// Nil for a line that is left out. A line that is no record (the text format) is judged by its first words.
  func show(_ line: ArraySlice<UInt8>, asJSON: Bool, colour: Bool) -> [UInt8]? {
    guard let json = try? JSONValue(parsing: line), json.object != nil else {  // the text format
      let text = String(decoding: line, as: UTF8.self)
      let words = text.split(separator: " ", maxSplits: 2)
      if let since, let time = words.first.flatMap({ Timestamp($0) }), time < since { return nil }
      if words.count > 1, let said = Logger.Level(rawValue: String(words[1])), said < level { return nil }
      if let run, !text.uppercased().contains(run) { return nil }
      return asJSON ? JSONValue.string(text).jsonBytes : Array(Plain.line(text).utf8)
    }
    let said = json["level"]?.string.flatMap(Logger.Level.init(rawValue:)) ?? .info
    guard said >= level else { return nil }
    if let since, let time = json["time"]?.string.flatMap({ Timestamp($0) }), time < since { return nil }
    let runId = json["runId"]?.string
    if let run, runId?.hasSuffix(run) != true { return nil }
    if asJSON { return Array(line) }
    let tone: Tone =
      switch said {
      case .trace, .debug: .faint
      case .info, .notice: .plain
      case .warning: .warning
      case .error, .critical: .bad
      }
    var text = Tone.faint.paint(Plain.line(json["time"]?.string ?? ""), in: colour)
    text += " " + tone.paint(said.rawValue.padded(to: 8), in: colour) + " "
    text += tone.paint(Plain.line(json["message"]?.string ?? ""), in: colour && said >= .warning)
    let rest =
      (runId.map { [("run", $0)] } ?? []) + (json["metadata"]?.object?.map { ($0.key, $0.value.string ?? "") } ?? [])
    for (name, value) in rest {
      text += " " + Tone.faint.paint(Plain.line("\(name)=\(LogRecord.quotedIfNeeded(value))"), in: colour)
    }
    return Array(text.utf8)
  }
}

extension String {
  fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}

/// A file read line by line as it grows.
struct LogTail: Sendable {
  private let descriptor: Int32
  private var rest: [UInt8] = []
  private(set) var hasMore = false

  /// Nil when there is none.
  init?(_ path: String) {
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 { return nil }
  }

  func close() { Glibc.close(descriptor) }

  /// The whole lines that came since; of a very long file a portion, and then `hasMore`.
  mutating func lines() -> [ArraySlice<UInt8>] {
    var chunk = [UInt8](repeating: 0, count: 256 << 10)
    let count = read(descriptor, &chunk, chunk.count)
    hasMore = count == chunk.count
    guard count > 0 else { return [] }
    rest += chunk[..<count]
    guard let end = rest.lastIndex(of: UInt8(ascii: "\n")) else { return [] }
    let whole = Array(rest[...end])
    rest.removeSubrange(...end)
    return whole.split(separator: UInt8(ascii: "\n"))
  }

  /// Whether the path still names this file.
  func isStill(_ path: String) -> Bool {
    var here = stat()
    var there = stat()
    return fstat(descriptor, &here) == 0 && stat(path, &there) == 0 && here.st_ino == there.st_ino
      && here.st_dev == there.st_dev
  }
}
