package import RunModel
import Synchronization

/// How the link to the orchestrator is.
package enum FeedLink: Sendable, Hashable {
  case connecting
  case live
  /// What is shown is as of `since`; trying again goes on for ever.
  case lost(since: Timestamp, reason: String)
  /// It answers, and lets nobody in: the token, the address or the certificate is at fault. Asked again now and then, as
  /// somebody may mend it; the reason says how.
  case refused(since: Timestamp, reason: String)
}

/// What a live feed tells.
package enum FeedItem: Sendable {
  case link(FeedLink)
  /// The runs that a screen shows first; the snapshot with all of them follows.
  case glimpse(Snapshot)
  /// Replaces all that was known.
  case snapshot(Snapshot)
  /// The next events in order; never empty.
  case events([RunEvent])
  /// Events after this seq are missing for good; a snapshot follows.
  case gap(after: UInt64)
  /// The orchestrator cannot record anything, and why; nil when it can again. A snapshot tells by itself.
  case outage(StoreOutage?)
}

/// The whole state and every event after it, through lost links and restarts, without a gap and without a double.
///
/// `run` delivers until its task is canceled. It waits for the receiver, so that a slow one slows the socket and no
/// memory grows.
package struct LiveFeed: Sendable {
  private let client: RunClient
  private let wantsOutput: @Sendable (RunID) -> Bool
  private let pace: Pace

  /// How it waits; tests make it short.
  package struct Pace: Sendable {
    package var firstRetry: Duration = .milliseconds(100)
    package var longestRetry: Duration = .seconds(5)
    /// After a refusal, which asking again does not change.
    package var refusedRetry: Duration = .seconds(30)
    /// The orchestrator gives a sign of life every 15 s; without one for this long the link is taken for dead.
    package var silence: Duration = .seconds(45)
    package init() {}
  }

  /// `wantsOutput`: whether the text of a run's output is needed; it is asked for each line, from any thread.
  package init(
    _ client: RunClient, pace: Pace = Pace(), wantsOutput: @escaping @Sendable (RunID) -> Bool = { _ in false }
  ) {
    self.client = client
    self.pace = pace
    self.wantsOutput = wantsOutput
  }

  /// The link was silent for too long.
  private struct Silent: Error, CustomStringConvertible {
    var description: String { "no sign of life" }
  }

  package func run(_ deliver: @escaping @Sendable (FeedItem) async -> Void) async {
    var position = Position()
    var backoff = Backoff(first: pace.firstRetry, longest: pace.longestRetry)
    var lostSince: Timestamp?
    await deliver(.link(.connecting))
    while !Task.isCancelled {
      do {
        let progress = Progress(position)
        defer { position = progress.position }
        try await follow(from: position, progress, deliver)
        throw LinkBroken(address: client.address, cause: "it ended the stream")
      } catch {
        if Task.isCancelled { return }
        if position.wasLive {
          lostSince = nil
          backoff.reset()
        }
        if let gap = error as? EventGap {
          await deliver(.gap(after: gap.after))
          position = Position()
        } else {
          let since = lostSince ?? .now
          lostSince = since
          position.wasLive = false
          if (error as? Problem)?.isRefusal == true {
            await deliver(.link(.refused(since: since, reason: "\(error)")))
            // Sleeping ends early only when the task is canceled, which the loop sees.
            try? await Task.sleep(for: pace.refusedRetry)
            continue
          }
          await deliver(.link(.lost(since: since, reason: "\(error)")))
        }
        // As above.
        try? await Task.sleep(for: backoff.next())
      }
    }
  }

  /// One connection, from where the last one got to.
  private func follow(
    from position: Position, _ progress: Progress, _ deliver: @escaping @Sendable (FeedItem) async -> Void
  ) async throws {
    var after: UInt64
    if let seq = position.seq {
      // A store that was replaced by another would let us wait for events that it never had.
      let health = try await client.health()
      if health.seq < seq || health.store != position.store { throw EventGap(after: seq, next: 0) }
      after = seq
      await deliver(.outage(health.outage))
    } else {
      let snapshot = try await client.snapshot { await deliver(.glimpse($0)) }
      after = snapshot.seq
      await deliver(.snapshot(snapshot))
      progress.reached(after, of: snapshot.store)
    }
    let stream: EventStream
    do {
      stream = try await client.events(
        EventQuery(after: after, follow: true, store: progress.position.store), wantsOutput: wantsOutput
      ) { progress.told($0) }
    } catch let problem as Problem where problem.code == .notFound || problem.code == .conflict {
      throw EventGap(after: after, next: 0)
    }
    progress.becameLive()
    await deliver(.link(.live))
    let silence = pace.silence
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        for try await events in stream {
          progress.heard()
          if let outage = progress.takeOutage() { await deliver(.outage(outage)) }
          guard let last = events.last else { continue }
          progress.delivering(true)
          await deliver(.events(events))
          progress.reached(last.seq)
          progress.delivering(false)
        }
      }
      group.addTask {
        while true {
          let before = progress.portions
          try await Task.sleep(for: silence)
          if progress.portions == before, !progress.isDelivering { throw Silent() }
        }
      }
      defer { group.cancelAll() }
      try await group.next()
    }
  }

  fileprivate struct Position: Sendable {
    /// The last event delivered; nil before a snapshot was.
    var seq: UInt64?
    /// Which record that belongs to.
    var store: StoreID?
    var wasLive = false
  }

  /// Where the present connection has got to, seen by the reader and by who watches for silence.
  private final class Progress: Sendable {
    private let state: Mutex<(position: Position, portions: Int, delivering: Bool, outage: StoreOutage??)>

    init(_ position: Position) { state = Mutex((position, 0, false, nil)) }

    var position: Position { state.withLock { $0.position } }
    var portions: Int { state.withLock { $0.portions } }
    /// A receiver that takes its time is not a silent link.
    var isDelivering: Bool { state.withLock { $0.delivering } }

    func told(_ outage: StoreOutage?) { state.withLock { $0.outage = .some(outage) } }
    func takeOutage() -> StoreOutage?? {
      state.withLock { state in
        defer { state.outage = nil }
        return state.outage
      }
    }
    func heard() { state.withLock { $0.portions += 1 } }
    func delivering(_ busy: Bool) { state.withLock { $0.delivering = busy } }
    func reached(_ seq: UInt64, of store: StoreID?) {
      state.withLock {
        $0.position.seq = seq
        $0.position.store = store
      }
    }
    func reached(_ seq: UInt64) { state.withLock { $0.position.seq = seq } }
    func becameLive() { state.withLock { $0.position.wasLive = true } }
  }
}

/// How long to wait before each try: doubling, with jitter so that a hundred clients do not come back at once.
package struct Backoff {
  private let first: Duration
  private let longest: Duration
  private var present: Duration

  package init(first: Duration, longest: Duration) {
    self.first = first
    self.longest = longest
    present = first
  }

  package mutating func reset() { present = first }

  package mutating func next() -> Duration {
    defer { present = min(longest, present * 2) }
    return present * Double.random(in: 0.75...1.0)
  }
}
