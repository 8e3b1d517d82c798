import RunModel

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
