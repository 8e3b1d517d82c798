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
  /// The text with its agent's colours, where it has any.
  var styled: [Span]?
  /// Whether it tells of something that went wrong: what `e` goes to.
  var isError = false
  /// The event whole; nil when it is too long to be kept.
  var event: RunEvent?

  /// Longer texts are cut here.
  static let longest = 16_384

  init(_ event: RunEvent) {
    seq = event.seq
    time = event.time
    let data = event.data
    func text(_ key: String) -> String? { data[key]?.string }
    switch event.type {
    case .output:
      let isStderr = text("stream") == "stderr"
      kind = isStderr ? .error : .output
      label = isStderr ? "stderr" : "output"
      self.text = text("text") ?? ""
      if let dropped = data["dropped"]?.int, dropped > 0 { detail = "\(dropped) lines dropped before" }
    case .outputCut:
      kind = .bad
      label = "output"
      self.text = OutputCut(json: .object(data)).words
    case .conflict:
      kind = .other
      label = "conflict"
      self.text = LogLine.conflict(data)
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
    case .plan:
      let plan = data["entries"]?.array?.compactMap(PlanEntry.init(json:)) ?? []
      kind = .progress
      label = "plan"
      let spans = PlanWords.spans(plan)
      styled = spans
      self.text = spans.reduce("") { $0 + $1.text }
    case .message:
      kind = .milestone
      label = "message"
      self.text = text("text") ?? ""
      detail = text("by").map { "by \($0)" }
    case .attention:
      kind = .attention
      label = "question"
      let asked = AttentionDetail(json: .object(data)).map { $0.command ?? $0.paths.joined(separator: " ") } ?? ""
      self.text = (text("question") ?? "") + (asked.isEmpty ? "" : "  \(asked)")
      detail = data["options"]?.array?.compactMap(\.string).joined(separator: " / ")
      if detail == "" { detail = nil }
    case .resolved:
      kind = .milestone
      label = "answer"
      self.text = text("answer") ?? ""
      if let rule = data["remember"].flatMap(PermissionRule.init(json:)) {
        self.text += ", and from now on \(rule.words)"
      }
      if data["rule"] != nil, let asked = AttentionDetail(json: .object(data)) {
        self.text += "  \(asked.tool.rawValue) " + (asked.command ?? asked.paths.joined(separator: " "))
      }
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
      // One that brings a message says it by that; enter shows what else there is.
      self.text = text("message") ?? PlainData.words(data)
    }
    if self.text.utf8.count > Self.longest {
      self.text = String(self.text.prefix(8192)) + "…"
    } else {
      self.event = event
    }
    if event.type == .output, self.text.utf8.contains(0x1B) {
      let styled = AgentColors.spans(self.text, kind == .error ? .outputError : .text)
      self.styled = styled
      self.text = styled.reduce("") { $0 + $1.text }
    }
    self.isError = Self.tellsOfError(event.type, data, self.text)
  }

  /// Failed tools, questions and bad ends; of output the lines that compilers, test runners and shells mark so.
  private static func tellsOfError(_ type: EventType, _ data: JSONObject, _ text: String) -> Bool {
    switch type {
    case .failed, .attention: return true
    case .tool:
      let words = ((data["status"]?.string ?? "") + " " + (data["summary"]?.string ?? "")).lowercased()
      if words.contains("fail") || words.contains("error") { return true }
      guard let exit = words.firstRange(of: "exit ") else { return false }
      return words[exit.upperBound...].first.map { $0 != "0" && $0.isNumber } ?? false
    case .output:
      return LineSearch.errors.contains { $0.isIn(text) } || text.hasPrefix("FAIL")
    default: return false
    }
  }

  private static func conflict(_ data: JSONObject) -> String {
    let conflicts = data["conflicts"]?.array?.compactMap(Conflict.init(json:)) ?? []
    guard let first = conflicts.first else { return "no other live run changes its files any more" }
    let runs = Set(conflicts.map(\.run)).sorted().map(\.shortName)
    let files = Int(data["files"]?.int ?? 0)
    let more = files > 1 ? " and \(Format.plural(files - 1, "other file"))" : ""
    return "\(runs.joined(separator: ", ")) \(runs.count == 1 ? "changes" : "change") \(first.path)\(more) too"
  }

  /// About the bytes that it takes.
  var weight: Int { 200 + text.utf8.count + (styled?.count ?? 0) * 64 + (event.map { $0.data.count * 48 } ?? 0) }

  private static func usage(_ data: JSONObject) -> String {
    [
      data["inputTokens"]?.int.map { "\(Format.count($0)) tokens in" },
      data["outputTokens"]?.int.map { "\(Format.count($0)) out" },
      data["costUSD"]?.double.map { Format.dollars($0) },
    ].compactMap { $0 }.joined(separator: ", ")
  }
}

/// Finds a text in lines, whatever the case of its letters.
struct LineSearch: Sendable, Equatable {
  let text: String
  private let wanted: [UInt8]
  private let isCaseSensitive: Bool

  init(_ text: String, isCaseSensitive: Bool = false) {
    self.text = text
    self.isCaseSensitive = isCaseSensitive
    wanted = Array((isCaseSensitive ? text : text.lowercased()).utf8)
  }

  /// How tools of all kinds begin to say that something went wrong.
  static let errors = [
    LineSearch("error:"), LineSearch("fatal:"), LineSearch("panic"), LineSearch("Traceback", isCaseSensitive: true),
    LineSearch("FAILED", isCaseSensitive: true),
  ]

  var isEmpty: Bool { wanted.isEmpty }

  func isIn(_ line: String) -> Bool {
    guard let first = wanted.first else { return false }
    var line = line
    return line.withUTF8 { hay in
      var at = 0
      while at + wanted.count <= hay.count {
        if lower(hay[at]) == first {
          var next = 1
          while next < wanted.count, lower(hay[at + next]) == wanted[next] { next += 1 }
          if next == wanted.count { return true }
        }
        at += 1
      }
      return false
    }
  }

  private func lower(_ byte: UInt8) -> UInt8 {
    !isCaseSensitive && byte >= 65 && byte <= 90 ? byte | 32 : byte
  }
}

/// The latest lines of one run's events, bounded. Lines have numbers that hold while old ones fall off the front.
struct RunLog: Sendable {
  let run: RunID
  private var lines: [LogLine] = []
  private var bytes = 0
  private(set) var firstNumber = 0
  private(set) var isLoaded = false
  /// What is shown, by label; empty: all. `errors` stands for the lines that tell of errors.
  private(set) var types: Set<String> = []
  /// Numbers of the lines that `types` takes, unless it takes all.
  private var chosen: [Int] = []
  /// How many lines of each label there are.
  private(set) var counts: [String: Int] = [:]
  private(set) var errorCount = 0
  private(set) var search = LineSearch("")
  /// Seqs of the shown lines that hold what is searched for.
  private(set) var matches: [UInt64] = []
  /// The tool calls that ran a command, for as long as the artifacts do not tell.
  private(set) var commands: [LogLine] = []
  /// When the verify commands began.
  private(set) var verifyingAt: Timestamp?
  /// How many lines are asked for, and kept; never more than `Bounds.log` bytes.
  private(set) var bound: Int
  /// Earlier ones do not fit: asking for them again would bring the same.
  private var isFull = false
  /// Earlier ones have been asked for.
  var isAsking = false

  static let longest = Bounds.logLines
  /// No more than this is kept however often earlier ones are asked for.
  static let most = 100_000
  static let errors = "errors"
  private static let runningNames: Set<String> = ["run", "exec", "execute", "command", "shell", "bash", "terminal"]

  /// Enough for the preview beside the table.
  static let preview = 1000

  init(run: RunID, bound: Int = Self.longest) {
    self.run = run
    self.bound = bound
  }

  /// It is no preview any more.
  mutating func open() { bound = max(bound, Self.longest) }

  mutating func append(_ event: RunEvent) {
    if let last = lines.last, event.seq <= last.seq { return }
    let line = LogLine(event)
    // The artifacts are told of whenever some of them are there: of use once they are others.
    if event.type == .artifacts, lines.last(where: { $0.event?.type == .artifacts })?.text == line.text { return }
    lines.append(line)
    bytes += line.weight
    note(line, number: firstNumber + lines.count - 1)
    if lines.count > bound + bound / 4 || bytes > Bounds.log + Bounds.log / 4 {
      var excess = max(0, lines.count - bound)
      var left = bytes - lines.prefix(excess).reduce(0) { $0 + $1.weight }
      while left > Bounds.log, excess < lines.count {
        left -= lines[excess].weight
        excess += 1
      }
      bytes = left
      for line in lines.prefix(excess) { forget(line) }
      lines.removeFirst(excess)
      firstNumber += excess
      if !types.isEmpty { chosen.removeAll { $0 < firstNumber } }
      if let first = lines.first { matches.removeAll { $0 < first.seq } }
    }
  }

  private mutating func note(_ line: LogLine, number: Int) {
    counts[line.label, default: 0] += 1
    if line.isError { errorCount += 1 }
    let isShown = takes(line)
    if isShown, !types.isEmpty { chosen.append(number) }
    if isShown, !search.isEmpty, search.isIn(line.text) { matches.append(line.seq) }
    if line.kind == .tool, let name = line.event?.data["name"]?.string, Self.runningNames.contains(name) {
      commands.append(line)
      if commands.count > 1000 { commands.removeFirst(500) }
    }
    if line.event?.type == .verifying { verifyingAt = verifyingAt ?? line.time }
  }

  private mutating func forget(_ line: LogLine) {
    if let count = counts[line.label] { counts[line.label] = count > 1 ? count - 1 : nil }
    if line.isError { errorCount -= 1 }
  }

  private func takes(_ line: LogLine) -> Bool {
    types.isEmpty || types.contains(line.label) || line.isError && types.contains(Self.errors)
  }

  /// What happened before; events that came live meanwhile stay behind it.
  mutating func load(_ events: [RunEvent]) {
    let live = lines
    let first = isLoaded ? lines.first?.seq : nil
    var told: String?
    lines = events.suffix(bound).map(LogLine.init).filter { line in
      guard line.event?.type == .artifacts else { return true }
      defer { told = line.text }
      return line.text != told
    }
    let last = lines.last?.seq ?? 0
    lines += live.filter { $0.seq > last }
    bytes = 0
    var kept = lines.count
    while kept > 0, bytes < Bounds.log {
      kept -= 1
      bytes += lines[kept].weight
    }
    lines.removeFirst(kept)
    isFull = kept > 0 || isAsking && first.map { (lines.first?.seq ?? 0) >= $0 } ?? false
    firstNumber = 0
    isLoaded = true
    isAsking = false
    renew()
  }

  /// Makes room for twice as many lines; returns how many to ask for, nil at the end.
  mutating func askForEarlier() -> Int? {
    guard isLoaded, !isAsking, !isFull, lines.count < Self.most else { return nil }
    let wanted = min(Self.most, max(10_000, lines.count * 2))
    bound = max(bound, wanted)
    isAsking = true
    return wanted
  }

  /// Whether the run has earlier events than the first one here.
  func hasEarlier(_ run: Run) -> Bool { isLoaded && (lines.first?.seq ?? 0) > run.firstSeq }

  private mutating func renew() {
    counts = [:]
    errorCount = 0
    chosen = []
    matches = []
    commands = []
    for (place, line) in lines.enumerated() { note(line, number: firstNumber + place) }
  }

  mutating func setTypes(_ types: Set<String>) {
    self.types = types
    renew()
  }

  mutating func setSearch(_ text: String) {
    search = LineSearch(text)
    renew()
  }

  /// Rows to show: indexes from 0; they move when old lines fall off.
  var count: Int { types.isEmpty ? lines.count : chosen.count }
  var total: Int { lines.count }
  subscript(index: Int) -> LogLine? {
    let place = types.isEmpty ? index : (chosen.indices.contains(index) ? chosen[index] - firstNumber : -1)
    return lines.indices.contains(place) ? lines[place] : nil
  }

  /// The first row whose seq is `seq` or later: what scrolling holds on to.
  func index(ofSeq seq: UInt64) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if (self[middle]?.seq ?? 0) < seq { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The next row in a direction that `isWanted`, from `index` on without going round.
  func next(from index: Int, _ step: Int, where isWanted: (LogLine) -> Bool) -> Int? {
    var at = index + step
    while at >= 0, at < count {
      if let line = self[at], isWanted(line) { return at }
      at += step
    }
    return nil
  }
}
