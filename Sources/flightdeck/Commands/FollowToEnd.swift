import RunClient
import RunModel
import TerminalKit

/// Waits for runs to end, with a progress line where a person looks.
actor FollowToEnd {
  private let wanted: [RunID]
  private let client: RunClient
  private let showsProgress: Bool
  private let finish: AsyncThrowingStream<[Run], any Error>.Continuation
  private let finished: AsyncThrowingStream<[Run], any Error>
  private var board = RunBoard()
  private var line = ""
  private var lastShown: ContinuousClock.Instant?
  /// Since when the link is lost.
  private var lostSince: ContinuousClock.Instant?

  /// A lost link is tried again for this long, enough for a restart.
  private static let patience = Duration.seconds(60)

  /// The runs as they ended, in the order asked for.
  static func follow(_ runs: [RunID], _ client: RunClient) async throws -> [Run] {
    let follow = FollowToEnd(runs, client)
    return try await follow.run()
  }

  private init(_ runs: [RunID], _ client: RunClient) {
    wanted = runs
    self.client = client
    showsProgress = Surroundings.present.errorIsTerminal
    (finished, finish) = AsyncThrowingStream.makeStream()
  }

  private func run() async throws -> [Run] {
    if wanted.isEmpty { return [] }
    let finished = finished
    defer { if showsProgress, !line.isEmpty { Console.noteRaw("\r\u{1B}[K") } }
    return try await withThrowingTaskGroup(of: [Run]?.self) { group in
      group.addTask {
        await LiveFeed(self.client).run { item in await self.take(item) }
        return nil
      }
      group.addTask {
        for try await runs in finished { return runs }
        return nil
      }
      defer { group.cancelAll() }
      while let answer = try await group.next() { if let answer { return answer } }
      throw CancellationError()
    }
  }

  private func take(_ item: FeedItem) {
    switch item {
    case .link(.lost(_, let reason)):
      // Not by the link's own time, as somebody may set the clock that it is of.
      let since = lostSince ?? .now
      lostSince = since
      if since.duration(to: .now) > Self.patience {
        finish.finish(throwing: NoOrchestrator(address: client.address, cause: reason))
      }
      show("the link is lost, trying again")
    case .link(.refused(_, let reason)): finish.finish(throwing: Problem(.unauthorized, reason))
    case .link(.live): lostSince = nil
    case .link, .gap: break
    case .glimpse, .outage: break
    case .snapshot(let snapshot):
      board = RunBoard(runs: snapshot.runs, seq: snapshot.seq)
      check()
    case .events(let events):
      for event in events { board.apply(event) }
      check()
    }
  }

  private func check() {
    let runs = wanted.compactMap { board[$0] }
    let ended = runs.count { $0.status.isTerminal }
    if ended == wanted.count {
      finish.yield(runs)
      finish.finish()
      return
    }
    let running = runs.count { $0.status == .running }
    let waiting = runs.count { $0.needsAttention }
    var words = "\(ended) of \(wanted.count) ended, \(running) running"
    if waiting > 0 { words += ", \(waiting) need you" }
    if runs.count == 1, let run = runs.first {
      let put = RunWords(utf8: true, now: .now)
      words = "\(run.status.rawValue) \(put.progress(run)) \(put.elapsed(run)) \(Plain.line(run.activity ?? ""))"
    }
    show(words)
  }

  private func show(_ text: String) {
    guard showsProgress, text != line, lastShown.map({ $0.duration(to: .now) > .milliseconds(100) }) ?? true else {
      return
    }
    line = text
    lastShown = .now
    let room = (Surroundings.present.columns ?? 80) - 1
    Console.noteRaw("\r\(Table.cut(.init(text), to: room).text)\u{1B}[K")
  }
}
