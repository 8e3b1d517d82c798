import RunClient
import RunModel

/// `runs --watch`: the table redrawn in place on a terminal; in a pipe a run's line (or, with `--json`, the whole array)
/// whenever something that it shows has changed.
actor RunsWatch {
  private let query: RunQuery
  private let json: Bool
  private let surroundings = Surroundings.present
  private var board = RunBoard()
  private var runtimes: [RuntimeSummary] = []
  private var link = FeedLink.connecting
  private var printed: [String] = []
  private var lastArray: [UInt8] = []
  private var lastLines: [RunID: String] = [:]
  private var lastDraw: ContinuousClock.Instant?
  private var drawIsPending = false

  init(query: RunQuery, json: Bool) {
    self.query = query
    self.json = json
  }

  /// Until its task is canceled.
  func run(_ client: RunClient) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await LiveFeed(client).run { item in await self.take(item) } }
      if surroundings.outputIsTerminal, !json {
        // Elapsed times go on while no event comes.
        group.addTask {
          while !Task.isCancelled {
            // It fails only when canceled, which ends the loop.
            try? await Task.sleep(for: .seconds(1))
            await self.draw()
          }
        }
      }
    }
  }

  private func take(_ item: FeedItem) async {
    switch item {
    case .link(let state): link = state
    case .snapshot(let snapshot):
      board = RunBoard(runs: snapshot.runs, seq: snapshot.seq)
      runtimes = snapshot.runtimes
    case .events(let events): for event in events { board.apply(event) }
    case .gap, .glimpse, .outage: break
    }
    if !drawIsPending {
      drawIsPending = true
      // What comes while one waits is drawn together; the feed waits for the receiver, so nothing piles up.
      let wait = lastDraw.map { Duration.milliseconds(100) - ($0.duration(to: .now)) } ?? .zero
      if wait > .zero { try? await Task.sleep(for: wait) }  // ends early only when canceled
      drawIsPending = false
      draw()
    }
  }

  private var shown: [Run] {
    var runs: [Run] = []
    for run in board.runs.reversed() {
      if !query.statuses.isEmpty, !query.statuses.contains(run.status) { continue }
      if let runtime = query.runtime, run.runtimeId != runtime { continue }
      runs.append(run)
      if runs.count == query.limit { break }
    }
    return runs
  }

  private func draw() {
    lastDraw = .now
    let runs = shown
    if json {
      let array = runs.jsonBytes
      if array != lastArray, link != .connecting { Console.write(json: array + [UInt8(ascii: "\n")]) }
      lastArray = array
      return
    }
    var words = RunWords(utf8: surroundings.isUTF8, now: .now)
    // In a pipe a line comes with a change, and time alone is none.
    guard surroundings.outputIsTerminal else { return changedLines(runs, words) }
    words.runtimes = runtimes
    let now = Surroundings.present
    var lines = words.table(runs).lines(width: now.columns.map { $0 - 1 }, colour: now.wantsColour)
    if case .lost(let since, _) = link { lines.append("link lost since \(since), trying again") }
    if case .refused(_, let reason) = link { lines.append(Plain.line("refused: \(reason)")) }
    if let rows = now.rows, lines.count >= rows { lines = Array(lines.prefix(max(1, rows - 1))) }
    var text = printed.isEmpty ? "" : "\u{1B}[\(printed.count)A\r"
    for line in lines { text += line + "\u{1B}[K\n" }
    Console.write(Array((text + "\u{1B}[J").utf8))
    printed = lines
  }

  private func changedLines(_ runs: [Run], _ words: RunWords) {
    // Newest last, as lines that follow one another are read.
    for run in runs.reversed() {
      let parts = [
        run.runId.description, words.status(run), words.progress(run), words.files(run), words.tests(run),
        Plain.line(run.title),
      ]
      let line = parts.filter { !$0.isEmpty }.map { Plain.line($0) }.joined(separator: "  ")
      if lastLines[run.runId] != line { Console.print(line) }
      lastLines[run.runId] = line
    }
  }
}
