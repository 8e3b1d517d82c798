import RunModel

/// What kind of line an event makes.
enum LogKind: Sendable { case output, error, tool, progress, milestone, attention, good, bad, other }

/// One event as a line of a run's log.
struct LogLine: Sendable {
  var seq: UInt64
  var time: Timestamp
  var kind: LogKind
  var label: String
  var text: String
  /// At the right: exit codes, counts.
  var detail: String?

  init(_ event: RunEvent) {
    seq = event.seq
    time = event.time
    let data = event.data
    func text(_ key: String) -> String? { data[key]?.string }
    switch event.type {
    case .output:
      let isError = text("stream") == "stderr"
      kind = isError ? .error : .output
      label = isError ? "stderr" : "output"
      self.text = text("text") ?? ""
      if let dropped = data["dropped"]?.int, dropped > 0 { detail = "\(dropped) lines dropped before" }
    case .tool:
      kind = .tool
      label = "tool"
      self.text = [text("name"), text("target")].compactMap { $0 }.joined(separator: "  ")
      detail = [text("summary"), text("status")].compactMap { $0 }.joined(separator: "  ")
      if detail == "" { detail = nil }
    case .progress:
      kind = .progress
      label = "progress"
      let percent = data["progress"]?.double.map { "\(Format.percent($0))%" }
      self.text = text("message") ?? percent ?? ""
      detail = text("message") == nil ? nil : percent
    case .attention:
      kind = .attention
      label = "question"
      self.text = text("question") ?? ""
      detail = data["options"]?.array?.compactMap(\.string).joined(separator: " / ")
      if detail == "" { detail = nil }
    case .resolved:
      kind = .milestone
      label = "answer"
      self.text = text("answer") ?? ""
      detail = text("by").map { "by \($0)" }
    case .queued:
      kind = .milestone
      label = "queued"
      self.text = text("title") ?? ""
    case .waiting:
      kind = .milestone
      label = "waits"
      self.text = data["waitsFor"]?.array?.compactMap(\.string).joined(separator: ", ") ?? ""
    case .started:
      kind = .milestone
      label = "started"
      self.text = text("branch").map { "on \($0)" } ?? ""
      detail = text("runtimeId")
    case .usage:
      kind = .other
      label = "usage"
      self.text = LogLine.usage(data)
    case .verifying:
      kind = .milestone
      label = "verify"
      self.text = text("command") ?? ""
      if let index = data["index"]?.int, let count = data["count"]?.int { detail = "\(index) of \(count)" }
    case .cancelRequested:
      kind = .milestone
      label = "cancel"
      self.text = text("reason") ?? ""
      detail = text("by").map { "by \($0)" }
    case .stopSent:
      kind = .milestone
      label = "stop"
      self.text = "stop sent to the run's processes"
    case .canceled:
      kind = .milestone
      label = "canceled"
      self.text = data["proof"].map { Format.proof(CancelProof(json: $0)) } ?? ""
    case .succeeded:
      kind = .good
      label = "succeeded"
      self.text = text("reason") ?? ""
    case .failed:
      kind = .bad
      label = "failed"
      self.text = text("reason") ?? ""
      detail = data["exitCode"]?.int.map { "exit \($0)" }
    case .artifacts:
      kind = .milestone
      label = "artifacts"
      self.text = data["files"]?.int.map { $0 == 1 ? "1 file changed" : "\($0) files changed" } ?? ""
    default:
      // A type that is not ours, or newer than this program: shown with all it says.
      kind = .other
      label =
        event.type.rawValue.hasPrefix("awf.runtime.") ? String(event.type.rawValue.dropFirst(12)) : event.type.shortName
      self.text = data.isEmpty ? "" : JSONValue.object(data).jsonText
    }
    if self.text.utf8.count > 16_384 { self.text = String(self.text.prefix(8192)) + "…" }
  }

  private static func usage(_ data: JSONObject) -> String {
    [
      data["inputTokens"]?.int.map { "\(Format.count($0)) tokens in" },
      data["outputTokens"]?.int.map { "\(Format.count($0)) out" },
      data["costUSD"]?.double.map { Format.dollars($0) },
    ].compactMap { $0 }.joined(separator: ", ")
  }
}

/// Which events the log shows.
enum LogFilter: String, CaseIterable, Sendable {
  case all, output, tools, milestones

  func takes(_ kind: LogKind) -> Bool {
    switch self {
    case .all: true
    case .output: kind == .output || kind == .error
    case .tools: kind == .tool
    case .milestones: kind != .output && kind != .error && kind != .tool && kind != .progress && kind != .other
    }
  }
}

/// The latest lines of one run's events, bounded. Lines have numbers that hold while old ones fall off the front.
struct RunLog: Sendable {
  let run: RunID
  private var lines: [LogLine] = []
  private(set) var firstNumber = 0
  private(set) var isLoaded = false
  /// Numbers of the lines that the filter takes, unless it takes all.
  private var chosen: [Int] = []
  private(set) var filter = LogFilter.all

  static let longest = 20_000

  init(run: RunID) { self.run = run }

  mutating func append(_ event: RunEvent) {
    if let last = lines.last, event.seq <= last.seq { return }
    let line = LogLine(event)
    if filter != .all, filter.takes(line.kind) { chosen.append(firstNumber + lines.count) }
    lines.append(line)
    if lines.count > Self.longest + Self.longest / 4 {
      let excess = lines.count - Self.longest
      lines.removeFirst(excess)
      firstNumber += excess
      if filter != .all { chosen.removeAll { $0 < firstNumber } }
    }
  }

  /// What happened before; events that came live meanwhile stay behind it.
  mutating func load(_ events: [RunEvent]) {
    let live = lines
    lines = events.suffix(Self.longest).map(LogLine.init)
    let last = lines.last?.seq ?? 0
    lines += live.filter { $0.seq > last }
    firstNumber = 0
    isLoaded = true
    setFilter(filter)
  }

  mutating func setFilter(_ filter: LogFilter) {
    self.filter = filter
    chosen = filter == .all ? [] : lines.indices.filter { filter.takes(lines[$0].kind) }.map { $0 + firstNumber }
  }

  /// Rows to show: indexes from 0; they move when old lines fall off.
  var count: Int { filter == .all ? lines.count : chosen.count }
  var total: Int { lines.count }
  subscript(index: Int) -> LogLine? {
    let place = filter == .all ? index : (chosen.indices.contains(index) ? chosen[index] - firstNumber : -1)
    return lines.indices.contains(place) ? lines[place] : nil
  }

  /// The seq at `index`: what scrolling holds on to.
  func index(ofSeq seq: UInt64) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if (self[middle]?.seq ?? 0) < seq { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
